import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as ops from '../../src/engine/ops.js';
import { packBytes, unpackBytes } from '../../src/engine/packing.js';
import { Random } from '../../src/statistics/random.js';
import { finiteDifferences } from '../support/gradients.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const normal = (shape: number[], name: string): tf.Tensor => {
  const random = Random.named(1, name);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
};

/** [name, function to a scalar, argument, tfjs's own version of the same]. */
type Case = [string, (x: tf.Tensor) => tf.Tensor, number[], (x: tf.Tensor) => tf.Tensor];
const cases: Case[] = [
  ['relu', (x) => ops.relu(x), [5, 4], (x) => tf.relu(x)],
  ['biasAdd, x', (x) => ops.biasAdd(x, normal([3], 'b')), [2, 2, 3], (x) => tf.add(x, normal([3], 'b'))],
  ['biasAdd, bias', (b) => ops.biasAdd(normal([2, 2, 3], 'x'), b), [3], (b) => tf.add(normal([2, 2, 3], 'x'), b)],
  [
    'matMul, left',
    (a) => ops.matMul(a as tf.Tensor2D, normal([4, 3], 'b') as tf.Tensor2D),
    [2, 4],
    (a) => tf.matMul(a, normal([4, 3], 'b')),
  ],
  [
    'matMul, right',
    (b) => ops.matMul(normal([2, 4], 'a') as tf.Tensor2D, b as tf.Tensor2D),
    [4, 3],
    (b) => tf.matMul(normal([2, 4], 'a'), b),
  ],
  [
    'conv2d, images',
    (x) => ops.conv2d(x as tf.Tensor4D, normal([3, 3, 2, 3], 'k') as tf.Tensor4D, { stride: 1, padding: 'valid' }),
    [2, 6, 5, 2],
    (x) => tf.conv2d(x as tf.Tensor4D, normal([3, 3, 2, 3], 'k') as tf.Tensor4D, 1, 'valid'),
  ],
  [
    'conv2d, kernel, stride 2, same',
    (k) => ops.conv2d(normal([2, 7, 6, 2], 'x') as tf.Tensor4D, k as tf.Tensor4D, { stride: 2, padding: 'same' }),
    [3, 3, 2, 3],
    (k) => tf.conv2d(normal([2, 7, 6, 2], 'x') as tf.Tensor4D, k as tf.Tensor4D, 2, 'same'),
  ],
  // The variant for each device; a CPU can run both.
  ...(['cpu', 'gpu'] as const).flatMap((device): Case[] => [
    [
      `sparseSoftmaxCrossEntropy, ${device}`,
      (z) => ops.sparseSoftmaxCrossEntropy(z as tf.Tensor2D, tf.tensor1d([0, 2, 3], 'int32'), device),
      [3, 4],
      (z) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(z), tf.oneHot(tf.tensor1d([0, 2, 3], 'int32'), 4)), 1)),
    ],
    [
      `embed, ${device}`,
      (table) => ops.embed(table as tf.Tensor2D, tf.tensor1d([2, 0, 2, 4], 'int32'), device),
      [5, 3],
      (table) => tf.matMul(tf.oneHot(tf.tensor1d([2, 0, 2, 4], 'int32'), 5), table),
    ],
  ]),
];

describe.each(cases)('%s', (name, f, shape, reference) => {
  /** Weights make the scalar's gradient differ from element to element. */
  const scalar = (g: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor) =>
    tf.tidy(() => {
      const y = g(x);
      return tf.sum<tf.Scalar>(tf.mul(y, normal(y.shape, 'weights')));
    });

  test('value and gradient equal those of tfjs', () => {
    const x = normal(shape, name);
    const ours = tf.valueAndGrad(scalar(f))(x);
    const theirs = tf.valueAndGrad(scalar(reference))(x);
    // float32 sums of up to 100 terms near 1: a few units in the sixth place
    expect(ours.value.arraySync()).toBeCloseTo(theirs.value.arraySync(), 4);
    expect(ours.grad.dataSync()).toBeAllClose(theirs.grad.dataSync(), { rtol: 1e-4, atol: 1e-5 });
  });

  test('gradient agrees with finite differences', () => {
    const x = normal(shape, name);
    const picked = [0, 1, x.size >> 1, x.size - 1];
    const gradient = tf.grad(scalar(f))(x).dataSync();
    const slopes = finiteDifferences(scalar(f), x, picked, 1e-2);
    // float32 rounding over a step of 0.01 leaves about 1e-4; cross-entropy's curvature adds as much
    expect(picked.map((i) => gradient[i]!)).toBeAllClose(slopes, { rtol: 1e-2, atol: 2e-3 });
  });
});

test.each([1, 2, 3, 4, 7, 784])('bytes packed into words are read back as fractions of 255, %i per row', (size) => {
  const rows = 3;
  const bytes = Uint8Array.from({ length: rows * size }, (_, i) => (i * 37 + 11) % 256);
  const unpacked = unpackBytes(packBytes(bytes, rows, size), size);
  expect(unpacked.shape).toEqual([rows, size]);
  // x * (1/255) instead of x / 255: one more rounding
  expect(unpacked.dataSync()).toBeAllClose(
    Float32Array.from(bytes, (x) => x / 255),
    { rtol: 1e-6, atol: 0 },
  );
});

test('gathers pick rows and columns', () => {
  const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  expect(ops.gatherRows(table, tf.tensor1d([2, 0], 'int32')).arraySync()).toEqual([
    [5, 6],
    [1, 2],
  ]);
  expect(ops.gatherColumns(table, tf.tensor1d([1, 0, 1], 'int32')).arraySync()).toEqual([2, 3, 6]);
});
