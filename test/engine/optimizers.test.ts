import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { gatherRows } from '../../src/engine/ops.js';
import { compileLoop } from '../../src/engine/program.js';
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

test.each(references)('%j takes the same steps as in PyTorch', (options, expected) => {
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

test.each(references)('%j takes the same steps in a compiled loop as one by one', (options, expected) => {
  const optimizer = createOptimizer(options);
  const start = [tf.tensor1d([1, -2]), ...optimizer.slots.map(() => tf.zeros([2]))];
  const rates = tf.tensor2d(Array.from({ length: 10 }, (_, i) => [0.1, optimizer.effectiveRate(0.1, i + 1)]));
  const constants = [tf.tensor1d([1, 0.1]), rates];
  const program = compileLoop(
    (index, [parameter, ...slots], [c, rates]) => {
      const [rate, effectiveRate] = tf.unstack(tf.reshape(gatherRows(rates!, index), [2])) as [tf.Scalar, tf.Scalar];
      const gradient = tf.mul(c!, parameter!);
      const update = optimizer.update({ parameter: parameter!, gradient, slots, rate, effectiveRate, decays: true });
      return [update.parameter, ...update.slots];
    },
    { state: start, constants },
  );
  // In two calls: the variables' values have to come out and go in again.
  const half = program.run(0, 4, start, constants);
  const end = program.run(4, 10, half, constants);
  expect(end[0]!.dataSync()).toBeAllClose(expected, { rtol: 2e-5, atol: 1e-6 });
  // The first call's results belong to the caller: the second changed neither them nor its arguments.
  expect(program.run(4, 10, half, constants)[0]!.dataSync()).toEqual(end[0]!.dataSync());
  expect([...start[0]!.dataSync()]).toEqual([1, -2]);
  expect([...program.run(3, 3, start, constants)[0]!.dataSync()]).toEqual([1, -2]);
  program.close();
});
