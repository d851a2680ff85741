/**
 * A trained member as one function from images to answers, with its preprocessing inside: `predict` runs it, and exports are made from
 * it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { fromBytes, toBytes } from '../engine/packing.js';
import { openBatch, batchProbes } from '../engine/open-batch.js';
import { trace, type Trace } from '../engine/trace.js';
import { families } from '../families/index.js';
import { imagesPerExample, type Model } from '../families/family.js';
import { firstOf, nth } from '../machine/present.js';
import type { HostTensor } from '../runs/safetensors.js';
import { RunError } from '../terminal/errors.js';
import { named } from './step.js';
import type { MemberWithTask } from './task.js';

/**
 * Takes `images`, bytes [n, height, width, channels], and returns `logits` [n, classes] or `reconstructions` [n, height, width,
 * channels] in 0..1. If an example is a sequence: `images` [n, pairs, height, width, channels] and `labels` [n, pairs] give `logits` [n,
 * pairs, classes], each from the pairs before it and its own image.
 */
export interface Forward {
  readonly inputs: readonly string[];
  readonly output: 'logits' | 'reconstructions';
  /** Of the images of one example. */
  readonly exampleShape: readonly number[];
  /** Names of the weights, in the order in which they follow the inputs. */
  readonly weights: readonly string[];
  apply(inputs: readonly tf.Tensor[]): tf.Tensor;
  /** Inputs and weights of n examples, for a trace: the values are arbitrary. */
  blank(n: number): tf.Tensor[];
}

/** @throws RunError if the weights are not those of such a member */
export function forwardOf({ experiment, record, weights, task, folder }: MemberWithTask): Forward {
  const family = families[experiment.arch];
  const model = family.model(record.width, task, experiment);
  const isSequence = family.examples === 'sequences';
  const names = Object.keys(model.parameters);
  refuseOtherWeights(model, weights, folder);
  const { height, width, channels } = task;
  const sides = [height, width, channels] as const;
  const pairs = imagesPerExample(family, experiment);
  const each = isSequence ? [pairs, ...sides] : [...sides];
  const inputs = isSequence ? ['images', 'labels'] : ['images'];
  return {
    inputs,
    output: model.logits === undefined ? 'reconstructions' : 'logits',
    exampleShape: each,
    weights: names,
    apply(given) {
      const n = firstOf(given).shape[0];
      const values = named(names, given.slice(inputs.length));
      const pixels = fromBytes(firstOf(given)) as tf.Tensor4D;
      if (!isSequence) return answer(model, values, { images: pixels, labels: tf.zeros([n], 'int32') });
      const images = tf.reshape<tf.Rank.R4>(pixels, [n * pairs, ...sides]);
      const logits = answer(model, values, { images, labels: tf.reshape(nth(given, 1), [n * pairs]) });
      return tf.reshape(logits, [n, pairs, task.classes]);
    },
    blank(n) {
      const images = toBytes(tf.zeros([n, ...each]));
      const labels = isSequence ? [tf.zeros([n, pairs], 'int32')] : [];
      return [images, ...labels, ...Object.values(model.parameters).map(({ shape }) => tf.zeros([...shape]))];
    },
  };
}

function answer(model: Model, ...[values, batch]: Parameters<NonNullable<Model['logits']>>): tf.Tensor {
  return model.logits === undefined ? model.reconstruct(values, batch.images) : model.logits(values, batch);
}

/** The function's ops, for any number of examples. */
export function traceForward(forward: Forward): Trace {
  const of = (n: number) => {
    const given = tf.tidy(() => forward.blank(n));
    const traced = trace((inputs) => [forward.apply(inputs)], given);
    tf.dispose(given);
    return traced;
  };
  return openBatch([of(batchProbes[0]), of(batchProbes[1])]);
}

function refuseOtherWeights({ parameters }: Model, weights: MemberWithTask['weights'], folder: string): void {
  const shapes = (entries: Iterable<[string, Pick<HostTensor, 'shape'>]>) =>
    JSON.stringify([...entries].map(([name, { shape }]) => [name, shape]).sort());
  if (shapes(Object.entries(parameters)) === shapes(weights)) return;
  throw new RunError('weights.safetensors does not have the tensors of such a member', folder);
}
