/** XLA's forms of ops compared with TensorFlow's own; whole steps are in test/widths/xla.test.ts, as XLA compiles for seconds. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { statelessUniform } from '../../src/engine/ops.js';
import { compileLoop } from '../../src/engine/program.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

test('a loop of no steps returns its state', () => {
  const state = [tf.tensor1d([1, 2]), tf.scalar(3)];
  const program = compileLoop((_, [a, b]) => [tf.mul(a!, 2), tf.add(b!, 1)], { state, constants: [] }, { xla: true });
  const after = (begin: number, end: number) => program.run(begin, end, state, []).map((each) => [...each.dataSync()]);
  expect(after(5, 5)).toEqual([[1, 2], [3]]);
  expect(after(5, 8)).toEqual([[8, 16], [6]]);
  program.close();
});

test('maxima pass their gradient to the first of equals, and random numbers are the same', () => {
  // Values 0 to 2, so that windows have equal maxima; the last row and column are in no window.
  const images = tf.tensor4d(
    Array.from({ length: 100 }, (_, i) => (i * 7919) % 3),
    [2, 5, 5, 2],
  );
  const seeds = tf.tensor2d([1, 2, -5, 3, 123456789, -(2 ** 31)], [3, 2], 'int32');
  const state = [tf.zerosLike(images), ...Array.from({ length: 3 }, () => tf.zeros([5]))];
  const slope = tf.tensor4d(
    Array.from({ length: 16 }, (_, i) => i + 1),
    [2, 2, 2, 2],
  );
  const step = (_: tf.Scalar, __: tf.Tensor[], [x, weights, seeds]: tf.Tensor[]) => [
    tf.grad((values) => tf.sum(tf.mul(tf.maxPool(values as tf.Tensor4D, 2, 2, 'valid'), weights!)))(x!),
    ...tf.unstack(seeds!).map((seed) => statelessUniform([5], seed as tf.Tensor1D)),
  ];
  const constants = [images, slope, seeds];
  const [own, compiled] = [false, true].map((xla) => {
    const program = compileLoop(step, { state, constants }, { xla });
    const values = program.run(0, 1, state, constants).map((tensor) => [...tensor.dataSync()]);
    program.close();
    return values;
  });
  expect(compiled).toEqual(own);
  // Each of the 16 slopes went to one image point.
  expect(own![0]!.filter((value) => value !== 0).sort((a, b) => a - b)).toEqual([...slope.dataSync()]);
});
