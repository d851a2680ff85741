import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createOptimizer } from '../../src/training/optimizers.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

/**
 * Ten steps on f(p) = sum(c p^2 / 2) from p = (1, -2), c = (1, 0.1), rate 0.1; the last p, in double precision by Python:
 * torch 1.13 (Adam and AdamW with eps=1e-7, SGD with momentum=0.9), weight_decay as said.
 */
const references: [Parameters<typeof createOptimizer>[0], [number, number]][] = [
  [{ optimizer: 'adam', weightDecay: 0 }, [0.0762492509, -1.02458736]],
  [{ optimizer: 'adam', weightDecay: 0.1 }, [0.0762492417, -1.0245871]],
  [{ optimizer: 'adamw', weightDecay: 0.1 }, [0.0336056415, -0.882898685]],
  [{ optimizer: 'sgd', weightDecay: 0 }, [-0.588789389, -1.24215822]],
  [{ optimizer: 'sgd', weightDecay: 0.1 }, [-0.571540928, -0.614239522]],
];

test.each(references)('%j goes where PyTorch goes', (options, expected) => {
  const optimizer = createOptimizer(options);
  const c = tf.tensor1d([1, 0.1]);
  let p: tf.Tensor = tf.tensor1d([1, -2]);
  let slots: tf.Tensor[] = optimizer.slots.map(() => tf.zeros([2]));
  for (let t = 1; t <= 10; t++) {
    const rate = tf.scalar(0.1);
    const effectiveRate = tf.scalar(optimizer.effectiveRate(0.1, t));
    ({ parameter: p, slots } = optimizer.update({
      parameter: p,
      gradient: tf.mul(c, p),
      slots,
      rate,
      effectiveRate,
      decays: true,
    }));
  }
  // ten steps in float32
  expect(p.dataSync()).toBeAllClose(expected, { rtol: 2e-5, atol: 1e-6 });
});
