/**
 * Optimisers as pure functions: `start` says what state there is, `update` takes a step. Everything is float32 and part of
 * the traced step. Learning rates come in as scalar tensors, so that a schedule is data, not graph.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Experiment } from '../experiment/schema.js';

export interface Optimizer {
  /** Slots kept for each parameter, of its shape and zero at the start. */
  readonly slots: readonly string[];
  /**
   * The step's own factor, from the schedule's rate and the step (1 for the first). On the host, in double precision:
   * 1 - 0.999 in float32 is off in the fifth digit.
   */
  effectiveRate(rate: number, step: number): number;
  /** The parameter's next value and its next slots. */
  update(input: UpdateInput): { parameter: tf.Tensor; slots: tf.Tensor[] };
}

export interface UpdateInput {
  readonly parameter: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly slots: readonly tf.Tensor[];
  readonly rate: tf.Scalar;
  readonly effectiveRate: tf.Scalar;
  /** Whether weight decay applies to this parameter. */
  readonly decays: boolean;
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-7;
const momentum = 0.9;

/**
 * Kingma and Ba 2014 (arXiv 1412.6980), Algorithm 1 in the reordered form of its Section 2; epsilon as in Keras. The slots
 * are the moments without their constant factors, mean / (1 - beta1) and square / (1 - beta2): the same steps, with two
 * passes over the parameters fewer.
 */
function adamStep({ parameter, gradient, slots: [first, second], effectiveRate }: UpdateInput) {
  const mean = tf.add(tf.mul(first!, beta1), gradient);
  const square = tf.add(tf.mul(second!, beta2), tf.mul(gradient, gradient));
  const move = tf.div(mean, tf.add(tf.sqrt(square), epsilon / Math.sqrt(1 - beta2)));
  return { parameter: tf.sub(parameter, tf.mul(move, effectiveRate)), slots: [mean, square] };
}

/** Both bias corrections and the slots' factors in one: rate sqrt(1 - beta2^t) / (1 - beta1^t) (1 - beta1) / sqrt(1 - beta2). */
function adamRate(rate: number, step: number): number {
  const corrected = (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
  return (corrected * (1 - beta1)) / Math.sqrt(1 - beta2);
}

function penalised(input: UpdateInput, weightDecay: number): UpdateInput {
  if (weightDecay === 0 || !input.decays) return input;
  return { ...input, gradient: tf.add(input.gradient, tf.mul(input.parameter, weightDecay)) };
}

/** Loshchilov and Hutter 2017 (arXiv 1711.05101): decay beside the adaptive step, scaled by the learning rate. */
function decayed(input: UpdateInput, weightDecay: number): UpdateInput {
  if (weightDecay === 0 || !input.decays) return input;
  return { ...input, parameter: tf.mul(input.parameter, tf.sub(1, tf.mul(input.rate, weightDecay))) };
}

/** Sutskever et al. 2013, as PyTorch and Keras write it without Nesterov: v = 0.9 v + g, p = p - rate v. */
function momentumStep({ parameter, gradient, slots: [velocity], rate }: UpdateInput) {
  const next = tf.add(tf.mul(velocity!, momentum), gradient);
  return { parameter: tf.sub(parameter, tf.mul(next, rate)), slots: [next] };
}

export function createOptimizer({ optimizer, weightDecay }: Pick<Experiment, 'optimizer' | 'weightDecay'>): Optimizer {
  switch (optimizer) {
    case 'adam':
      return {
        slots: ['mean', 'square'],
        effectiveRate: adamRate,
        update: (input) => adamStep(penalised(input, weightDecay)),
      };
    case 'adamw':
      return {
        slots: ['mean', 'square'],
        effectiveRate: adamRate,
        update: (input) => adamStep(decayed(input, weightDecay)),
      };
    case 'sgd':
      return {
        slots: ['velocity'],
        effectiveRate: (rate) => rate,
        update: (input) => momentumStep(penalised(input, weightDecay)),
      };
  }
}
