/** Steps of Adam and of gradient descent: as arithmetic, and as one pass of TensorFlow's own kernel over state of a loop. */
import * as tf from '@tensorflow/tfjs-core';
import { T, bool } from './native-op.js';
import { inPlace } from './trace.js';

/** Inputs of a step of Adam: tensors of one shape, and the step's rate, bias corrections included. */
export interface AdamStep {
  readonly parameter: tf.Tensor;
  readonly mean: tf.Tensor;
  readonly square: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly rate: tf.Scalar;
}

export interface AdamConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * mean += (1 - beta1) (g - mean), square += (1 - beta2) (g² - square), parameter -= rate mean / (sqrt(square) +
 * epsilon): returns the three new values.
 */
export function adam({ parameter, mean, square, gradient, rate }: AdamStep, constants: AdamConstants): tf.Tensor[] {
  const { beta1, beta2, epsilon } = constants;
  const nextMean = tf.add(mean, tf.mul(tf.sub(gradient, mean), 1 - beta1));
  const nextSquare = tf.add(square, tf.mul(tf.sub(tf.square(gradient), square), 1 - beta2));
  const move = tf.div(tf.mul(nextMean, rate), tf.add(tf.sqrt(nextSquare), epsilon));
  return [tf.sub(parameter, move), nextMean, nextSquare];
}

/** The same for parameter, mean and square that are state of a loop: one pass of TensorFlow's own kernel. */
export function applyAdam(step: AdamStep, constants: AdamConstants): tf.Tensor[] {
  const { parameter, mean, square, gradient, rate } = step;
  const { beta1, beta2, epsilon } = constants;
  const none = tf.scalar(0);
  const op = {
    name: 'ResourceApplyAdam',
    attributes: [T(parameter), bool('use_locking', false), bool('use_nesterov', false)],
    // The powers of beta1 and beta2 would correct the bias in float32; they are 0 because the rate includes the
    // correction in double precision.
    inputs: [
      ...[parameter, mean, square, none, none, rate],
      ...[tf.scalar(beta1), tf.scalar(beta2), tf.scalar(epsilon), gradient],
    ],
  };
  return inPlace(op, () => adam(step, constants));
}

/** Inputs of a step of gradient descent with momentum. */
export interface MomentumStep extends Omit<AdamStep, 'mean' | 'square'> {
  readonly velocity: tf.Tensor;
}

/** velocity = momentum velocity + g, parameter -= rate velocity: returns the two new values. */
export function descend({ parameter, velocity, gradient, rate }: MomentumStep, momentum: number): tf.Tensor[] {
  const next = tf.add(tf.mul(velocity, momentum), gradient);
  return [tf.sub(parameter, tf.mul(next, rate)), next];
}

/** The same for state of a loop: one pass of TensorFlow's own kernel. */
export function applyMomentum(step: MomentumStep, momentum: number): tf.Tensor[] {
  const { parameter, velocity, gradient, rate } = step;
  const op = {
    name: 'ResourceApplyMomentum',
    attributes: [T(parameter), bool('use_locking', false), bool('use_nesterov', false)],
    inputs: [parameter, velocity, rate, gradient, tf.scalar(momentum)],
  };
  return inPlace(op, () => descend(step, momentum));
}
