import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/engine/program.js';
import { trace, type Trace } from '../../src/engine/trace.js';
import type { Architecture } from '../../src/experiment/architectures.js';
import { families } from '../../src/families/index.js';
import { resolveExperiment } from '../../src/experiment/schema.js';
import {
  imagesPerExample,
  parameterCount,
  type Batch,
  type Family,
  type Parameters,
  type Task,
} from '../../src/families/family.js';
import { Random } from '../../src/statistics/random.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, parametersOf, toTensors } from '../../src/training/state.js';
import { stepRandom } from '../../src/training/step.js';
import { combined } from '../../src/families/classification.js';
import { dropout } from '../../src/families/layers.js';
import { finiteDifferences } from '../support/gradients.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const tasks: Record<string, Task> = {
  'grey 28x28': { height: 28, width: 28, channels: 1, classes: 10, meanPixel: 0.25 },
  'colour 17x20': { height: 17, width: 20, channels: 3, classes: 7, meanPixel: 0.25 },
};

const batchOf = (task: Task, n: number): Batch => {
  const random = Random.named(3, 'batch');
  const pixels = Float32Array.from({ length: n * task.height * task.width * task.channels }, () => random.uniform());
  return {
    images: tf.tensor4d(pixels, [n, task.height, task.width, task.channels]),
    labels: tf.tensor1d(
      Int32Array.from({ length: n }, (_, i) => i % task.classes),
      'int32',
    ),
  };
};

/** Products of a trace, from the shapes that TensorFlow itself reported. A multiply-add counts as two operations. */
function tracedFlops({ ops }: Trace): number {
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  return ops.reduce((sum, { name, inputSpecs, outputs, attributes }) => {
    if (name === 'MatMul') {
      const transposed = attributes.some((attribute) => attribute.name === 'transpose_a' && attribute.value === true);
      return sum + 2 * size(outputs[0]!.shape) * inputSpecs[0]!.shape[transposed ? 0 : 1]!;
    }
    // every output (or gradient) position of the convolution meets kh kw in numbers
    if (name === 'BatchMatMulV2') {
      const transposed = attributes.some((attribute) => attribute.name === 'adj_x' && attribute.value === true);
      return sum + 2 * size(outputs[0]!.shape) * inputSpecs[0]!.shape.at(transposed ? -2 : -1)!;
    }
    if (name === 'Conv2D') return sum + 2 * size(outputs[0]!.shape) * size(inputSpecs[1]!.shape.slice(0, 3));
    if (name === 'Conv2DBackpropFilter')
      return sum + 2 * size(inputSpecs[2]!.shape) * size(outputs[0]!.shape.slice(0, 3));
    if (name === 'Conv2DBackpropInput')
      return sum + 2 * size(inputSpecs[2]!.shape) * size(inputSpecs[1]!.shape.slice(0, 3));
    return sum;
  }, 0);
}

describe.each<Family>(Object.values(families))('$name', (family) => {
  describe.each(Object.entries(tasks))('%s', (_, task) => {
    const experiment = resolveExperiment({
      arch: family.name as Architecture,
      ...(family.name === 'transformer' ? { pairs: 3 } : {}),
    });
    const examples = 6;
    const pairs = imagesPerExample(family, experiment);
    const n = examples * pairs;
    const width = 4;
    const model = family.model(width, task, experiment);
    const specs = model.parameters;
    const names = Object.keys(specs);
    const optimizer = createOptimizer({ optimizer: 'sgd', weightDecay: 0 });
    const start = () => toTensors(parametersOf(initialHostState(specs, optimizer, 1), specs));
    const named = (values: readonly tf.Tensor[]): Parameters =>
      Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    const noise = { uniform: () => tf.scalar(0) };
    const loss = (values: readonly tf.Tensor[]) => model.loss(named(values), batchOf(task, n), noise).loss;

    test('loss and gradients: compiled equals eager, gradients equal finite differences', () => {
      const values = start();
      const body = (inputs: tf.Tensor[]) => {
        const batch = { images: inputs[0] as tf.Tensor4D, labels: inputs[1] as tf.Tensor1D };
        const { value, grads } = tf.valueAndGrads((...x: tf.Tensor[]) => model.loss(named(x), batch, noise).loss)(
          inputs.slice(2),
        );
        return [value, ...grads];
      };
      const batch = batchOf(task, n);
      const inputs = [batch.images, batch.labels, ...values];
      const program = compile(body, inputs);
      const compiled = program.run(inputs);
      const eager = body(inputs);
      compiled.forEach((tensor, i) => {
        // float32 sums of some thousand terms
        expect(tensor.dataSync()).toBeAllClose(eager[i]!.dataSync(), { rtol: 1e-3, atol: 2e-5 });
      });
      values.forEach((value, k) => {
        const gradient = compiled[1 + k]!.dataSync<'float32'>();
        // the largest entry, which stands furthest above rounding
        const largest = gradient.reduce((best, x, i) => (Math.abs(x) > Math.abs(gradient[best]!) ? i : best), 0);
        const at = (x: tf.Tensor) => loss(values.map((other, i) => (i === k ? x : other)));
        const [slope] = finiteDifferences(at, value, [largest], 3e-3);
        // relu and max pool bend within the step: a few per cent
        expect(gradient[largest]).toBeAllClose([slope!], { rtol: 0.06, atol: 2e-3 });
      });
      program.close();
    });

    test('the operation count equals that of the traced graph', () => {
      const batch = batchOf(task, n);
      const traced = trace(
        ([images, labels, ...values]) =>
          tf.valueAndGrads(
            (...x: tf.Tensor[]) =>
              model.loss(named(x), { images: images as tf.Tensor4D, labels: labels as tf.Tensor1D }, noise).loss,
          )(values).grads,
        [batch.images, batch.labels, ...start()],
      );
      expect(tracedFlops(traced)).toBe(examples * model.flops.training);
      const forward = trace(
        ([images, labels, ...values]) => [
          model.loss(named(values), { images: images as tf.Tensor4D, labels: labels as tf.Tensor1D }, noise).loss,
        ],
        [batch.images, batch.labels, ...start()],
      );
      expect(tracedFlops(forward)).toBe(examples * model.flops.forward);
    });

    test('the outcomes of an example do not depend on its batch', () => {
      const batch = batchOf(task, n);
      const whole = model.outcomes(named(start()), batch);
      const single = model.outcomes(named(start()), {
        images: tf.slice(batch.images, [2 * pairs], [pairs]),
        labels: tf.slice(batch.labels, [2 * pairs], [pairs]),
      });
      for (const [column, values] of Object.entries(single)) {
        expect(values.shape, column).toEqual([pairs]);
        const expected = whole[column]!.dataSync().slice(2 * pairs, 3 * pairs);
        // products are blocked differently in a batch of another size
        expect(values.dataSync(), column).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 });
      }
    });
  });
});

test('LeNet has as many parameters at w = 8, 32, 64 as the same layers in Keras', () => {
  // keras.Sequential of shared layers: m.count_params(), Keras 3.15.1
  const experiment = resolveExperiment({ arch: 'cnn' });
  const count = (w: number) => parameterCount(families.cnn.model(w, tasks['grey 28x28']!, experiment).parameters);
  expect([8, 32, 64].map(count)).toEqual([20522, 317066, 1260810]);
});

test('LeNets of other depths match counts by hand at w = 8 on 28x28x1', () => {
  const count = (depth: number) => {
    const experiment = resolveExperiment({ arch: 'cnn', depth });
    return parameterCount(families.cnn.model(8, tasks['grey 28x28']!, experiment).parameters);
  };
  // conv1 25 x 8 + 8; hidden 12 x 12 x 8 inputs to 64; head 64 to 10. Each further stage is 9 x 16 x 16 + 16.
  expect(count(1)).toBe(208 + (1152 * 64 + 64) + 650);
  expect([3, 4, 6].map(count)).toEqual([1, 2, 4].map((further) => 20522 + further * 2320));
  const flops = (depth: number) =>
    families.cnn.model(8, tasks['grey 28x28']!, resolveExperiment({ arch: 'cnn', depth })).flops;
  // A stage on 4 x 4 positions; each of its two backward products costs the same again.
  const stage = 2 * 9 * 16 * 16 * 16;
  expect(flops(3).forward - flops(2).forward).toBe(stage);
  expect(flops(3).training - flops(2).training).toBe(3 * stage);
});

test('outcomes of a classifier match a plain loop', async () => {
  const { classificationOutcomes } = await import('../../src/families/classification.js');
  // a tie for first place (row 1) and one below it (row 2)
  const logits = [
    [1, 2, 0.5],
    [3, 3, 1],
    [0, 4, 0],
    [-2, -1, 7],
  ];
  const labels = [0, 1, 2, 2];
  const outcomes = classificationOutcomes(tf.tensor2d(logits), tf.tensor1d(labels, 'int32'));
  const expected = logits.map((row, i) => {
    const y = labels[i]!;
    const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
    const p = row.map((z) => Math.exp(z) / total);
    const order = [0, 1, 2].sort((a, b) => row[b]! - row[a]! || a - b);
    return {
      predicted: order[0]!,
      correct: order[0] === y ? 1 : 0,
      log_probability: Math.log(p[y]!),
      brier: p.reduce((sum, q, k) => sum + (q - (k === y ? 1 : 0)) ** 2, 0),
      confidence: Math.max(...p),
      margin: p[y]! - Math.max(...p.filter((_, k) => k !== y)),
      rank: 1 + order.indexOf(y),
    };
  });
  for (const column of Object.keys(expected[0]!) as (keyof (typeof expected)[0])[]) {
    expect(outcomes[column]!.dataSync(), column).toBeAllClose(
      expected.map((row) => row[column]),
      { rtol: 1e-5, atol: 1e-6 },
    );
  }
});

test('parameter counts match those of peers: autoencoder 3072-64-3072 and transformer with 242 classes', () => {
  // bench.py's JAX models: sums over array sizes. 3072 w + w + w 3072 + 3072; for the transformer the same tables, kernels and norms.
  const colour = { height: 32, width: 32, channels: 3, classes: 100, meanPixel: 0.25 };
  const autoencoder = families.autoencoder.model(64, colour, resolveExperiment({ arch: 'autoencoder' }));
  expect(parameterCount(autoencoder.parameters)).toBe(2 * 3072 * 64 + 64 + 3072);
  const grey = { height: 28, width: 28, channels: 1, classes: 242, meanPixel: 0.25 };
  const transformer = families.transformer.model(64, grey, resolveExperiment({ arch: 'transformer' }));
  const w = 64;
  const block = 4 * w + 3 * w * w + w * w + 8 * w * w;
  expect(parameterCount(transformer.parameters)).toBe(
    9 * 16 + 9 * 16 * 32 + 1568 * w + 242 * w + 16 * w + 2 * block + 242 * w,
  );
});

describe('transformer', () => {
  const task = { height: 8, width: 8, channels: 1, classes: 5, meanPixel: 0.25 };
  const experiment = resolveExperiment({ arch: 'transformer', pairs: 4, heads: 2 });
  const model = families.transformer.model(6, task, experiment);
  const optimizer = createOptimizer(experiment);
  const values = () => toTensors(parametersOf(initialHostState(model.parameters, optimizer, 1), model.parameters));
  const parameters = () => Object.fromEntries(Object.keys(model.parameters).map((name, i) => [name, values()[i]!]));
  const logProbabilities = (images: tf.Tensor4D, labels: number[]) =>
    model.outcomes(parameters(), { images, labels: tf.tensor1d(labels, 'int32') })['log_probability']!.dataSync();

  test('the prediction for an image depends neither on its own label nor on later tokens', () => {
    const random = Random.named(0, 'causal');
    const pixels = (count: number) => Float32Array.from({ length: count * 64 }, () => random.uniform());
    const first = tf.tensor4d(pixels(4), [4, 8, 8, 1]);
    const labels = [0, 1, 2, 3];
    const before = model.outcomes(parameters(), { images: first, labels: tf.tensor1d(labels, 'int32') });
    // the second image's own label, then the third image and what follows
    const told = model.outcomes(parameters(), { images: first, labels: tf.tensor1d([0, 4, 2, 3], 'int32') });
    const others = tf.concat([tf.slice(first, [0], [2]), tf.tensor4d(pixels(2), [2, 8, 8, 1])], 0);
    const changed = logProbabilities(others, [0, 1, 4, 4]);
    expect([...before['predicted']!.dataSync()].slice(0, 2)).toEqual([...told['predicted']!.dataSync()].slice(0, 2));
    expect(before['confidence']!.dataSync().slice(0, 2)).toEqual(told['confidence']!.dataSync().slice(0, 2));
    expect(before['confidence']!.dataSync().slice(2)).not.toEqual(told['confidence']!.dataSync().slice(2));
    expect(changed.slice(0, 2)).toEqual(before['log_probability']!.dataSync().slice(0, 2));
  });

  test('restricting the last block to image tokens does not change the result', () => {
    // A second model whose last block is followed by an identity block (all its products are 0).
    const longer = families.transformer.model(6, task, { ...experiment, blocks: 3 });
    const random = Random.named(1, 'tokens');
    const images = tf.tensor4d(
      Float32Array.from({ length: 4 * 64 }, () => random.uniform()),
      [4, 8, 8, 1],
    );
    const batch = { images, labels: tf.tensor1d([0, 1, 2, 3], 'int32') };
    const known = parameters();
    const extended = Object.fromEntries(
      Object.entries(longer.parameters).map(([name, { shape }]) => [name, known[name] ?? tf.zeros([...shape])]),
    );
    const expected = longer.outcomes(extended, batch)['log_probability']!.dataSync();
    expect(model.outcomes(known, batch)['log_probability']!.dataSync()).toBeAllClose(expected, {
      rtol: 1e-5,
      atol: 1e-6,
    });
  });

  test('refuses a width that the number of heads does not divide', () => {
    expect(families.transformer.refuses?.(7, experiment)).toEqual({
      what: '7 is not a multiple of the 2 heads',
      remedy: 'give multiples, or other --heads',
    });
    expect(families.transformer.refuses?.(6, experiment)).toBeUndefined();
  });
});

describe('composed classes', () => {
  const sizes = [2, 3];

  test('the softmax is the product over attributes, in the order of the labels', () => {
    const logits = tf.tensor2d([0.3, -1, 2, 0.1, -0.4, 1, 0.5, -2, 0, 0.7], [2, 5]);
    const [first, second] = tf.split<tf.Tensor2D>(logits, sizes, 1) as [tf.Tensor2D, tf.Tensor2D];
    const [a, b] = [tf.softmax(first).arraySync(), tf.softmax(second).arraySync()];
    const products = a.map((row, i) => row.flatMap((p) => b[i]!.map((q) => p * q)));
    // float32 over a few terms
    expect(tf.softmax(combined(logits, sizes)).dataSync()).toBeAllClose(products.flat(), { rtol: 1e-5 });
  });

  test('a cnn answers each attribute; compiled equals eager', () => {
    const task = { height: 16, width: 16, channels: 3, classes: 6, meanPixel: 0.25, attributes: sizes };
    const model = families.cnn.model(2, task, resolveExperiment({ arch: 'cnn' }));
    expect(model.parameters['head.kernel']?.shape).toEqual([16, 5]);
    const optimizer = createOptimizer({ optimizer: 'sgd', weightDecay: 0 });
    const values = toTensors(parametersOf(initialHostState(model.parameters, optimizer, 1), model.parameters));
    const names = Object.keys(model.parameters);
    const noise = { uniform: () => tf.scalar(0) };
    const body = (inputs: tf.Tensor[]) => {
      const batch = { images: inputs[0] as tf.Tensor4D, labels: inputs[1] as tf.Tensor1D };
      const { value, grads } = tf.valueAndGrads(
        (...x: tf.Tensor[]) => model.loss(Object.fromEntries(names.map((name, i) => [name, x[i]!])), batch, noise).loss,
      )(inputs.slice(2));
      return [value, ...grads];
    };
    const batch = batchOf(task, 6);
    const inputs = [batch.images, batch.labels, ...values];
    const program = compile(body, inputs);
    const eager = body(inputs);
    program.run(inputs).forEach((tensor, i) => {
      expect(tensor.dataSync()).toBeAllClose(eager[i]!.dataSync(), { rtol: 1e-3, atol: 2e-5 });
    });
    program.close();
    // At first no attribute is known: ln 2 + ln 3, up to the logits of random weights.
    expect(Math.abs(eager[0]!.dataSync()[0]! - Math.log(6))).toBeLessThan(1);
  });
});

test('a deeper autoencoder doubles the width of each outer layer', () => {
  const task = { height: 8, width: 8, channels: 1, classes: 2, meanPixel: 0.25 };
  const { parameters } = families.autoencoder.model(3, task, resolveExperiment({ arch: 'autoencoder', depth: 3 }));
  const shapes = Object.entries(parameters).filter(([name]) => name.endsWith('kernel'));
  expect(shapes.map(([, { shape }]) => shape)).toEqual([
    [64, 12],
    [12, 6],
    [6, 3],
    [3, 6],
    [6, 12],
    [64, 12], // the output's is transposed
  ]);
});

test('dropout zeroes the expected share, keeps the mean, differs between calls and does nothing at rate 0', () => {
  const noise = stepRandom(tf.tensor1d([1, 2], 'int32'));
  const ones = tf.ones([100, 100]);
  const drop = dropout(0.25, noise);
  const [first, second] = [drop(ones).dataSync(), drop(ones).dataSync()];
  const zeros = first.filter((value) => value === 0).length;
  // binomial(10000, 0.25): a standard deviation of 43, with five of them allowed
  expect(Math.abs(zeros - 2500)).toBeLessThan(217);
  expect(new Set(first)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
  expect(second).not.toEqual(first);
  expect(dropout(0, noise)(ones)).toBe(ones);
});
