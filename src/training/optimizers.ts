/**
 * Optimisers as pure functions: `start` describes the state, `update` takes a step. Everything is float32 and part of the
 * traced step. Learning rates are passed as scalar tensors, so that a schedule is data, not graph.
 */
import * as tf from '@tensorflow/tfjs-core';
import { adam, applyAdam, applyMomentum, type AdamStep } from '../engine/update-ops.js';
import type { Experiment } from '../experiment/schema.js';
import type { Scaling } from '../families/family.js';
import { times } from '../families/layers.js';
import { firstOf, present } from '../machine/present.js';

export interface Optimizer {
  /** Slots kept for each parameter, with its shape and zero at the start. */
  readonly slots: readonly string[];
  /**
   * The factor of a step, from the schedule's rate and the step (1 for the first). On the host, in double precision: 1
   * - 0.999 in float32 is off in the fifth digit.
   */
  effectiveRate(rate: number, step: number): number;
  /** The parameter's next value and its next slots. */
  update(input: UpdateInput): Update;
}

export interface Update {
  readonly parameter: tf.Tensor;
  readonly slots: tf.Tensor[];
}

export interface UpdateInput {
  readonly parameter: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly slots: readonly tf.Tensor[];
  readonly rate: tf.Scalar;
  readonly effectiveRate: tf.Scalar;
  /** Whether weight decay applies to this parameter. */
  readonly decays: boolean;
  /**
   * The parameter's learning rate, if it is not that of the step. What decay subtracts in a step does not depend on it.
   */
  readonly scaling?: Scaling | undefined;
}

/**
 * As rounded to float32, in which TensorFlow subtracts them from 1: otherwise bias corrections would be off by 1e-5.
 */
const adamConstants = { beta1: Math.fround(0.9), beta2: Math.fround(0.999), epsilon: 1e-7 };
const momentum = 0.9;

/** Kingma and Ba 2014 (arXiv 1412.6980), Algorithm 1 in the reordered form of its Section 2; epsilon as in Keras. */
function adamStep(input: UpdateInput): Update {
  return updateOf(applyAdam(adamInputs(input), constantsOf(input)));
}

function adamInputs({ parameter, gradient, slots, effectiveRate, scaling }: UpdateInput): AdamStep {
  const [mean, square] = slots as [tf.Tensor, tf.Tensor];
  return { parameter, mean, square, gradient, rate: times(effectiveRate, scaling?.adam ?? 1) };
}

/** Epsilon is compared with gradients, whose size depends on the width under muP (Yang et al. 2022, App. B.3). */
function constantsOf({ scaling }: UpdateInput): typeof adamConstants {
  return scaling === undefined
    ? adamConstants
    : { ...adamConstants, epsilon: adamConstants.epsilon * scaling.gradient };
}

function updateOf([parameter, ...slots]: readonly tf.Tensor[]): Update {
  return { parameter: present(parameter), slots };
}

/** Both bias corrections in one: rate sqrt(1 - beta2^t) / (1 - beta1^t). */
function adamRate(rate: number, step: number): number {
  const { beta1, beta2 } = adamConstants;
  return (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
}

function penalised(input: UpdateInput, weightDecay: number): UpdateInput {
  if (weightDecay === 0 || !input.decays) return input;
  const decay = weightDecay / (input.scaling?.sgd ?? 1);
  return { ...input, gradient: tf.add(input.gradient, tf.mul(input.parameter, decay)) };
}

/** Loshchilov and Hutter 2017 (arXiv 1711.05101): decay beside the adaptive step, scaled by the learning rate. */
function decayedAdamStep(input: UpdateInput, weightDecay: number): Update {
  if (weightDecay === 0 || !input.decays) return adamStep(input);
  const parameter = tf.mul(input.parameter, tf.sub(1, tf.mul(input.rate, weightDecay)));
  return updateOf(adam(adamInputs({ ...input, parameter }), constantsOf(input)));
}

/** Sutskever et al. 2013, as PyTorch and Keras write it without Nesterov: v = 0.9 v + g, p = p - rate v. */
function momentumStep({ parameter, gradient, slots, rate, scaling }: UpdateInput): Update {
  const own = times(rate, scaling?.sgd ?? 1);
  return updateOf(applyMomentum({ parameter, velocity: firstOf(slots), gradient, rate: own }, momentum));
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
        update: (input) => decayedAdamStep(input, weightDecay),
      };
    case 'sgd':
      return {
        slots: ['velocity'],
        effectiveRate: (rate) => rate,
        update: (input) => momentumStep(penalised(input, weightDecay)),
      };
  }
}
