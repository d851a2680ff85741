/** One training step and one evaluation batch, as the functions that are traced. */
import * as tf from '@tensorflow/tfjs-core';
import { gatherRows, unpackBytes } from '../engine/ops.js';
import type { Batch, Family, ParameterSpecs, Parameters, Task } from '../families/family.js';
import type { StepFunction } from '../engine/program.js';
import type { Optimizer } from './optimizers.js';

export interface StepOptions {
  readonly family: Family;
  readonly specs: ParameterSpecs;
  readonly optimizer: Optimizer;
  readonly task: Task;
}

/** What a loop over steps carries besides parameters and slots: scalars, float32. */
export const counters = ['step', 'lossSum', 'accuracySum'] as const;

/** Order of the loop's state: parameters, then slots of the first parameter, of the second, ..., then counters. */
export function stateNames(specs: ParameterSpecs, optimizer: Optimizer): string[] {
  const names = Object.keys(specs);
  return [...names, ...names.flatMap((name) => optimizer.slots.map((slot) => `${slot}/${name}`)), ...counters];
}

/**
 * A training step. Constants are the packed images [examples, words], labels [examples], the epoch's order
 * [steps, batch] (int32), and [steps, 2] learning rates: the schedule's and the optimiser's effective one.
 */
export function trainingStep({ family, specs, optimizer, task }: StepOptions): StepFunction {
  const names = Object.keys(specs);
  return (index, state, [images, labels, order, rates]) => {
    const picked = gatherRows(order!, index);
    const batch = batchOf(gatherRows(images!, picked) as tf.Tensor2D, gatherRows(labels!, picked) as tf.Tensor1D, task);
    const [rate, effectiveRate] = tf.unstack(gatherRows(rates!, index)) as [tf.Scalar, tf.Scalar];
    const [step, lossSum, accuracySum] = state.slice(-counters.length) as [tf.Scalar, tf.Scalar, tf.Scalar];
    const parameters = state.slice(0, names.length);

    let accuracy: tf.Scalar | undefined;
    const { value: loss, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
      const result = family.loss(named(names, values), batch);
      accuracy = tf.keep(result.accuracy);
      return result.loss;
    })(parameters);

    const next = tf.add<tf.Scalar>(step, 1);
    const slotCount = optimizer.slots.length;
    const updates = names.map((name, i) =>
      optimizer.update({
        parameter: parameters[i]!,
        gradient: grads[i]!,
        slots: state.slice(names.length + i * slotCount, names.length + (i + 1) * slotCount),
        rate,
        effectiveRate,
        decays: specs[name]!.decays,
      }),
    );
    const sums = [tf.add(lossSum, loss), tf.add(accuracySum, accuracy!)];
    accuracy!.dispose();
    return [...updates.map((update) => update.parameter), ...updates.flatMap((update) => update.slots), next, ...sums];
  };
}

/** Outcomes of `size` test examples from `begin` on; inputs are `[begin, images, labels, ...parameters]`. */
export function evaluationBatch(
  { family, specs, task }: Pick<StepOptions, 'family' | 'specs' | 'task'>,
  size: number,
  columns: readonly string[],
) {
  const names = Object.keys(specs);
  return ([begin, images, labels, ...parameters]: tf.Tensor[]): tf.Tensor[] => {
    const rows = tf.add(tf.range(0, size, 1, 'int32'), begin!);
    const batch = batchOf(gatherRows(images!, rows) as tf.Tensor2D, gatherRows(labels!, rows) as tf.Tensor1D, task);
    const outcomes = family.outcomes(named(names, parameters), batch);
    return columns.map((column) => outcomes[column]!);
  };
}

function batchOf(packed: tf.Tensor2D, labels: tf.Tensor1D, { height, width, channels }: Task): Batch {
  const images = unpackBytes(packed, height * width * channels);
  return { images: tf.reshape(images, [packed.shape[0], height, width, channels]), labels };
}

function named(names: readonly string[], values: readonly tf.Tensor[]): Parameters {
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}
