/**
 * A coordinate check (Yang et al. 2022, arXiv 2203.03466, App. D.1): how large the entries of each layer's output are after some
 * steps of training, and how far they have moved since the start, on the batch of the first step.
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../engine/backend.js';
import { loadSplits } from '../datasets/index.js';
import type { Experiment } from '../experiment/schema.js';
import { families } from '../families/index.js';
import { imagesPerExample } from '../families/family.js';
import { firstOf, lastOf, present } from '../machine/present.js';
import { packed } from './open-member.js';
import { createOptimizer } from './optimizers.js';
import { epochItems } from './sampling.js';
import { learningRate } from './schedule.js';
import { initialHostState, toTensors } from './state.js';
import { batchOf, named, planConstants, trainingStep } from './step.js';
import { taskOf } from './task.js';

export interface CoordCheckRequest {
  /** One member's; its batches are those of its first epochs. */
  readonly experiment: Experiment;
  readonly width: number;
  readonly seed: number;
  /** Ascending steps after which layers are measured. */
  readonly steps: readonly number[];
  readonly dataDir?: string | undefined;
}

/** For one layer after one step: mean absolute values of its entries, and of their change since the start. */
export interface LayerSize {
  readonly layer: string;
  readonly step: number;
  readonly size: number;
  readonly change: number;
}

/** In the order of steps, then of layers. NaN and infinities if training diverged. */
export async function measureLayers(request: CoordCheckRequest): Promise<LayerSize[]> {
  const { experiment, width, seed, steps } = request;
  const data = await loadSplits(experiment.dataset, { ...experiment, dataDir: request.dataDir });
  const family = families[experiment.arch];
  const task = taskOf(data);
  const model = family.model(width, task, experiment);
  const optimizer = createOptimizer(experiment);
  const step = trainingStep({ model, experiment, optimizer, task });
  const imagesPerStep = experiment.batchSize * imagesPerExample(family, experiment);
  const names = Object.keys(model.parameters);
  const last = lastOf(steps);
  const epochs = [epochItems(family, experiment, data, { seed, epoch: 0 })];
  // As many as the steps need, as training has them.
  const stepsPerEpoch = firstOf(epochs).indices.length / imagesPerStep;
  while (epochs.length * stepsPerEpoch < last)
    epochs.push(epochItems(family, experiment, data, { seed, epoch: epochs.length }));
  const items = {
    indices: Int32Array.from(epochs.flatMap(({ indices }) => [...indices])),
    labels: Int32Array.from(epochs.flatMap(({ labels }) => [...labels])),
  };
  const rates = Array.from({ length: items.indices.length / imagesPerStep }, (_, i) => {
    const rate = learningRate(experiment, i, last);
    return [rate, optimizer.effectiveRate(rate, i + 1)] as const;
  });
  const images = packed(data.train);
  const constants = [images, ...planConstants({ ...items, rates, seeds: new Int32Array(2 * rates.length) })];
  const watch = (state: readonly tf.Tensor[]) =>
    tf.tidy(() => {
      const order = tf.tensor1d(items.indices.subarray(0, imagesPerStep), 'int32');
      const labels = tf.tensor1d(items.labels.subarray(0, imagesPerStep), 'int32');
      return model.layers(named(names, state.slice(0, names.length)), batchOf(images, order, labels, task));
    });
  let state = toTensors(initialHostState(model.parameters, optimizer, seed));
  const start = watch(state);
  const found: LayerSize[] = [];
  for (let i = 0; i < last; i++) {
    const next = tf.tidy(() => step(tf.scalar(i, 'int32'), state, constants));
    tf.dispose(state);
    state = next;
    if (!steps.includes(i + 1)) continue;
    const now = watch(state);
    for (const [layer, values] of Object.entries(now)) {
      const first = present(start[layer]);
      const size = tf.tidy(() => meanSize(values));
      const change = tf.tidy(() => meanSize(tf.sub(values, first)));
      found.push({ layer, step: i + 1, size, change });
    }
    tf.dispose(now);
  }
  tf.dispose([...state, ...constants, ...Object.values(start)]);
  return found;
}

function meanSize(x: tf.Tensor): number {
  return firstOf(tf.mean(tf.abs(x)).dataSync<'float32'>());
}

/** `measureLayers` of each request in a process whose TensorFlow is not loaded yet. */
export async function answerCoordCheck(
  requests: readonly CoordCheckRequest[],
  bindingPath: string,
): Promise<LayerSize[][]> {
  loadBackend(bindingPath);
  const answers: LayerSize[][] = [];
  for (const request of requests) answers.push(await measureLayers(request));
  return answers;
}
