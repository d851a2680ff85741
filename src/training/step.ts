/** One training step and one evaluation batch, as functions to be traced. */
import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, statelessUniform } from '../engine/ops.js';
import { integersOf, packIntegers, unpackBytes } from '../engine/packing.js';
import type { StepFunction } from '../engine/program.js';
import type { Experiment } from '../experiment/schema.js';
import type { Batch, Model, StepRandom, ParameterSpecs, Parameters, Task } from '../families/family.js';
import { classificationOutcomes } from '../families/classification.js';
import { firstOf, nth, present, zip } from '../machine/present.js';
import { augment } from './augmentation.js';
import type { Optimizer } from './optimizers.js';

export interface StepOptions {
  readonly model: Model;
  readonly experiment: Experiment;
  readonly optimizer: Optimizer;
  readonly task: Task;
  /**
   * Equal parts of a batch that are computed side by side, each on threads of its own. Default: one, whose operations
   * share all threads.
   */
  readonly branches?: number | undefined;
}

/** The scalars that a loop over steps carries besides parameters and slots, float32. */
export const counters = ['step', 'lossSum', 'accuracySum'] as const;

/** Order of the loop's state: parameters, then slots of the first parameter, of the second, ..., then counters. */
export function stateNames(specs: ParameterSpecs, optimizer: Optimizer): string[] {
  const names = Object.keys(specs);
  return [...names, ...names.flatMap((name) => optimizer.slots.map((slot) => `${slot}/${name}`)), ...counters];
}

/** The input of the steps of an epoch, each value for each step. */
export interface EpochPlan {
  /** Which images, and their labels: [steps * n]. */
  readonly indices: Int32Array;
  readonly labels: Int32Array;
  /** The schedule's learning rate and the optimiser's effective one: [steps, 2]. */
  readonly rates: readonly (readonly [rate: number, effectiveRate: number])[];
  /** [steps * 2] */
  readonly seeds: Int32Array;
}

/** Index of the learning rates in the list of `planConstants`. */
export const ratesPlace = 2;

/**
 * Constants of the loop of an epoch, besides its images. Indices and labels in the bits of float32, so that a GPU keeps
 * them; seeds as int32, since its random kernels read them in host memory.
 */
export function planConstants({ indices, labels, rates, seeds }: EpochPlan): tf.Tensor[] {
  const steps = rates.length;
  const shape: [number, number] = [steps, indices.length / steps];
  return [
    packIntegers(indices, shape),
    packIntegers(labels, shape),
    tf.tensor2d(rates as [number, number][], [steps, 2]),
    tf.tensor2d(seeds, [steps, 2], 'int32'),
  ];
}

/** A training step. Constants are the packed images [examples, words], followed by those of `planConstants`. */
export function trainingStep({ model, experiment, optimizer, task, branches = 1 }: StepOptions): StepFunction {
  const specs = model.parameters;
  const names = Object.keys(specs);
  return (index, state, [images, order, labels, rates, seeds]) => {
    const noise = stepRandom(gatherRows(present(seeds), index) as tf.Tensor1D);
    const rows = [present(order), present(labels)].map((packed) => integersOf(gatherRows(packed, index)));
    const [chosen, answers] = rows.map((each) => partsOf(each, branches));
    const batches = zip(present(chosen), present(answers)).map(([own, given]) => {
      const picked = batchOf(present(images), own, given, task);
      return { ...picked, images: augment(picked.images, experiment, noise) };
    });
    const [rate, effectiveRate] = tf.unstack(gatherRows(present(rates), index)) as [tf.Scalar, tf.Scalar];
    const [step, lossSum, accuracySum] = state.slice(-counters.length) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const parameters = state.slice(0, names.length);

    let accuracy: tf.Scalar | undefined;
    const { value: loss, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
      const results = batches.map((batch) => model.loss(named(names, values), batch, noise));
      const shares = results.flatMap((result) => result.accuracy ?? []);
      if (shares.length > 0) accuracy = tf.keep(mean(shares));
      return mean(results.map((result) => result.loss));
    })(parameters);

    const next = tf.add<tf.Scalar>(step, 1);
    const slotCount = optimizer.slots.length;
    const updates = names.map((name, i) =>
      optimizer.update({
        parameter: nth(parameters, i),
        gradient: nth(grads, i),
        slots: state.slice(names.length + i * slotCount, names.length + (i + 1) * slotCount),
        rate,
        effectiveRate,
        decays: present(specs[name]).decays,
        scaling: present(specs[name]).scaling,
      }),
    );
    const sums = [tf.add(lossSum, loss), accuracy === undefined ? accuracySum : tf.add(accuracySum, accuracy)];
    accuracy?.dispose();
    return [...updates.map((update) => update.parameter), ...updates.flatMap((update) => update.slots), next, ...sums];
  };
}

/** A batch's rows in a number of parts, as equal as whole examples of `pairs` images can be. */
function partsOf(rows: tf.Tensor, parts: number, pairs = 1): tf.Tensor[] {
  if (parts === 1) return [rows];
  const count = firstOf(rows.shape);
  const begin = (part: number) => pairs * Math.floor((part * count) / pairs / parts);
  return Array.from({ length: parts }, (_, part) => tf.slice(rows, [begin(part)], [begin(part + 1) - begin(part)]));
}

function mean(values: readonly tf.Scalar[]): tf.Scalar {
  const sum = values.reduce((a, b) => tf.add(a, b));
  return values.length === 1 ? sum : tf.mul(sum, 1 / values.length);
}

/** Random numbers of a step from its seed [2]; each call adds one to the seed's second number. */
export function stepRandom(seed: tf.Tensor1D): StepRandom {
  let calls = 0;
  return { uniform: (shape) => statelessUniform(shape, tf.add(seed, tf.tensor1d([0, calls++], 'int32'))) };
}

/**
 * Outcomes of the items at `rows` [n]; inputs are `[rows, images, order, labels, ...parameters]`. If a classifier may
 * choose only from the first labels, they are those of the softmax over these. `pairs` images are an example, which a
 * branch has whole.
 */
export function evaluationBatch(
  { model, task, branches = 1 }: Pick<StepOptions, 'model' | 'task' | 'branches'>,
  columns: readonly string[],
  { choices = task.classes, pairs = 1 }: { readonly choices?: number; readonly pairs?: number } = {},
) {
  const names = Object.keys(model.parameters);
  return ([rows, images, order, labels, ...parameters]: tf.Tensor[]): tf.Tensor[] => {
    const outcomesOf = (own: tf.Tensor) => {
      const batch = batchOf(present(images), gatherRows(present(order), own), gatherRows(present(labels), own), task);
      return choices === task.classes || model.logits === undefined
        ? model.outcomes(named(names, parameters), batch)
        : classificationOutcomes(
            tf.slice2d(model.logits(named(names, parameters), batch), [0, 0], [-1, choices]),
            batch.labels,
          );
    };
    const parts = partsOf(present(rows), Math.min(branches, firstOf(present(rows).shape) / pairs), pairs).map(
      outcomesOf,
    );
    return columns.map((column) => {
      const [first, ...others] = parts.map((part) => present(part[column]));
      return others.length === 0 ? present(first) : tf.concat([present(first), ...others]);
    });
  };
}

/** The images at `order` [n] of packed ones, with their labels. */
export function batchOf(
  packed: tf.Tensor,
  order: tf.Tensor,
  labels: tf.Tensor,
  { height, width, channels }: Task,
): Batch {
  const picked = gatherRows(packed, order) as tf.Tensor2D;
  const images = unpackBytes(picked, height * width * channels);
  return { images: tf.reshape(images, [picked.shape[0], height, width, channels]), labels: labels as tf.Tensor1D };
}

export function named(names: readonly string[], values: readonly tf.Tensor[]): Parameters {
  return Object.fromEntries(zip(names, values));
}
