import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { applyMomentum } from '../../src/engine/update-ops.js';
import { compile, compileLoop } from '../../src/engine/program.js';
import { Random } from '../../src/statistics/random.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const normal = (shape: number[], name: string): tf.Tensor => {
  const random = Random.named(2, name);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );
};

/** Ops whose kernels differ in how they pass attributes, axes and sizes. */
const functions: Record<string, { inputs: number[][]; body: (x: tf.Tensor[]) => tf.Tensor[] }> = {
  arithmetic: {
    inputs: [[3, 4], [4]],
    body: ([a, b]) => [tf.div(tf.add(a!, b!), tf.maximum(tf.square(a!), 0.5)), tf.sub(1, b!)],
  },
  reductions: {
    inputs: [[3, 4, 2]],
    body: ([a]) => [tf.mean(a!, [0, 2]), tf.max(a!, 1, true), tf.sum(a!), tf.logSumExp(a!, -1)],
  },
  shapes: {
    inputs: [[2, 3, 4]],
    body: ([a]) => [
      tf.transpose(a!, [2, 0, 1]),
      tf.reshape(a!, [6, 4]),
      tf.expandDims(a!, 1),
      tf.squeeze(tf.slice(a!, [0, 1, 0], [2, 1, 4])),
      tf.concat([a!, a!], 2),
      ...tf.unstack(a!, 0),
      tf.pad(a!, [
        [0, 0],
        [1, 2],
        [0, 0],
      ]),
      tf.tile(a!, [1, 2, 1]),
    ],
  },
  products: {
    inputs: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    body: ([a, b]) => [tf.matMul(a!, b!), tf.matMul(b!, a!, true, true)],
  },
  activations: {
    inputs: [[3, 4]],
    body: ([a]) => [
      tf.relu(a!),
      tf.sigmoid(a!),
      tf.tanh(a!),
      tf.softmax(a!),
      tf.logSoftmax(a!),
      tf.softplus(a!),
      tf.elu(a!),
    ],
  },
  comparisons: {
    inputs: [[3, 4]],
    body: ([a]) => [
      tf.cast(tf.greater(a!, 0), 'int32'),
      tf.where(tf.less(a!, 0), tf.neg(a!), a!),
      tf.argMax(a!, 1),
      tf.equal(a!, a!),
    ],
  },
  labels: {
    inputs: [[4]],
    body: ([a]) => [
      tf.oneHot(tf.cast(tf.clipByValue(a!, 0, 2), 'int32'), 3),
      tf.linalg.bandPart(tf.outerProduct(a as tf.Tensor1D, a as tf.Tensor1D), -1, 0),
    ],
  },
  images: {
    inputs: [[2, 6, 6, 3]],
    body: ([a]) => [
      tf.maxPool(a as tf.Tensor4D, 2, 2, 'valid'),
      tf.avgPool(a as tf.Tensor4D, 2, 2, 'same'),
      tf.image.resizeBilinear(a as tf.Tensor4D, [3, 4]),
    ],
  },
  gradients: {
    inputs: [
      [2, 6, 6, 3],
      [3, 3, 3, 2],
    ],
    body: ([a, k]) => {
      const f = (x: tf.Tensor, y: tf.Tensor) =>
        tf.sum<tf.Scalar>(
          tf.square(tf.maxPool(tf.conv2d(x as tf.Tensor4D, y as tf.Tensor4D, 1, 'same'), 2, 2, 'valid')),
        );
      return tf.grads(f)([a!, k!]);
    },
  },
  'layer norm': {
    inputs: [[3, 8]],
    body: ([a]) => {
      const norm = (x: tf.Tensor) => {
        const { mean, variance } = tf.moments(x, -1, true);
        return tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-5)));
      };
      return [norm(a!), tf.grad((x) => tf.sum(tf.mul(tf.exp(x), norm(x))))(a!)];
    },
  },
};

describe.each(Object.entries(functions))('compiled and eager agree: %s', (name, { inputs, body }) => {
  test('values, shapes and types', () => {
    const tensors = inputs.map((shape, i) => normal(shape, `${name}${i}`));
    const program = compile(body, tensors);
    const compiled = program.run(tensors);
    const eager = body(tensors);
    compiled.forEach((tensor, i) => {
      expect([tensor.dtype, tensor.shape]).toEqual([eager[i]!.dtype, eager[i]!.shape]);
      // Grappler may reorder sums: a few units in float32's last place
      expect(tensor.dataSync()).toBeAllClose(eager[i]!.dataSync(), { rtol: 1e-5, atol: 1e-6 });
    });
    program.close();
  });
});

describe('in a loop', () => {
  /** x <- x / 2 + i: a plain loop gives its result, and the order of its steps matters. */
  const step = (index: tf.Scalar, [x]: tf.Tensor[], [b]: tf.Tensor[]) => [
    tf.add(tf.mul(x!, 0.5), tf.add(b!, tf.cast(index, 'float32'))),
  ];
  const b = () => tf.scalar(0);
  const closedForm = (x0: number, begin: number, end: number) => {
    let x = x0;
    for (let i = begin; i < end; i++) x = x * 0.5 + i;
    return x;
  };

  test.each([
    [0, 10],
    [3, 7],
    [5, 5],
    [9, 2],
    [0, 1000],
  ])('runs the steps from %i up to %i', (begin, end) => {
    const program = compileLoop(step, { state: [tf.scalar(0)], constants: [b()] });
    const [x] = program.run(begin, end, [tf.scalar(8)], [b()]);
    // halves and small integers are exact in float32 up to the 24th bit
    expect(x!.dataSync()[0]).toBeCloseTo(closedForm(8, begin, end), 3);
    program.close();
  });

  test('cut into pieces it gives the same bits as in one go', () => {
    const w = tf.mul(normal([8, 8], 'w'), 0.3);
    const loop = compileLoop((_, [x], [k]) => [tf.tanh(tf.matMul(x!, k!))], { state: [w], constants: [w] });
    const [whole] = loop.run(0, 20, [w], [w]);
    let pieces = [w];
    for (const [begin, end] of [
      [0, 1],
      [1, 7],
      [7, 20],
    ] as const)
      pieces = loop.run(begin, end, pieces, [w]);
    expect(pieces[0]!.dataSync()).toEqual(whole!.dataSync());
    loop.close();
  });

  test('refuses a state that changes its shape', () => {
    const grow = (_: tf.Scalar, [x]: tf.Tensor[]) => [tf.concat([x!, x!])];
    expect(() => compileLoop(grow, { state: [tf.tensor1d([1])], constants: [] })).toThrow(
      'state 0 goes in as type 1, shape [1] and comes out as type 1, shape [2]',
    );
  });

  test('gives the same result eagerly', () => {
    const examples = { state: [tf.scalar(0)], constants: [b()] };
    const [eager] = compileLoop(step, examples, { eager: true }).run(2, 9, [tf.scalar(8)], [b()]);
    expect(eager!.dataSync()[0]).toBeCloseTo(closedForm(8, 2, 9), 4);
  });
});

test('bfloat16 rounds the products and nothing else', () => {
  const a = tf.tensor2d([1.0009765625, 2], [1, 2]); // 1 + 2^-10 needs more than bfloat16's 8 bits
  const k = tf.tensor2d([1, 0], [2, 1]);
  const body = ([x, y]: tf.Tensor[]) => [tf.matMul(x!, y!), tf.mul(x!, 1)];
  const run = (precision: 'float32' | 'bfloat16') => {
    const program = compile(body, [a, k], { precision });
    const results = program.run([a, k]).map((tensor) => tensor.dataSync()[0]);
    program.close();
    return results;
  };
  expect(run('float32')).toEqual([1.0009765625, 1.0009765625]);
  expect(run('bfloat16')).toEqual([1, 1.0009765625]);
});

test('a closed program says so', () => {
  const program = compile(([x]) => [tf.neg(x!)], [tf.scalar(1)]);
  program.close();
  program.close();
  expect(() => program.run([tf.scalar(1)])).toThrow('the program is closed');
});

describe('values changed in place', () => {
  const applied = (velocity: tf.Tensor, gradient: tf.Tensor, parameter: tf.Tensor) =>
    applyMomentum({ parameter, velocity, gradient, rate: tf.scalar(0.5) }, 0.5);

  test('a step that reads one sees the value before the change, whatever the order of its ops', () => {
    const start = [tf.tensor1d([1, 2]), tf.zeros([2]), tf.zeros([2])];
    const program = compileLoop(
      (_, [p, v]) => {
        const [next, velocity] = applied(v!, tf.mul(p!, 2), p!);
        return [next!, velocity!, tf.add(p!, 10)];
      },
      { state: start, constants: [] },
    );
    // v1 = 2 p = [2, 4], p1 = p - v1 / 2 = 0; then v2 = v1 / 2 = [1, 2], p2 = -[1/2, 1]; the third is p1 + 10.
    expect(program.run(0, 2, start, []).map((tensor) => [...tensor.dataSync()])).toEqual([
      [-0.5, -1],
      [1, 2],
      [10, 10],
    ]);
    program.close();
  });

  test('must be state of a loop, and become the same state', () => {
    const start = [tf.tensor1d([1, 2]), tf.zeros([2])];
    const swapped = () => compileLoop((_, [p, v]) => applied(v!, p!, p!).reverse(), { state: start, constants: [] });
    expect(swapped).toThrow('ResourceApplyMomentum: input 0 is changed in place, so it has to be state of the loop');
    const made = () => compileLoop((_, [p, v]) => applied(v!, p!, tf.mul(p!, 2)), { state: start, constants: [] });
    expect(made).toThrow('has to be state of the loop');
    expect(() => compile(([p, v]) => applied(v!, p!, p!), start)).toThrow('it is for the steps of a loop');
  });
});
