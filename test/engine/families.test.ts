import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../src/engine/program.js';
import { trace, type Trace } from '../../src/engine/trace.js';
import { families } from '../../src/families/index.js';
import { parameterCount, type Batch, type Family, type Parameters, type Task } from '../../src/families/family.js';
import { Random } from '../../src/statistics/random.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialState, parametersOf, toTensors } from '../../src/training/state.js';
import { finiteDifferences } from '../support/gradients.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const tasks: Record<string, Task> = {
  'grey 28x28': { height: 28, width: 28, channels: 1, classes: 10 },
  'colour 17x20': { height: 17, width: 20, channels: 3, classes: 7 },
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

/** Products of a trace, from the shapes that TensorFlow itself reported. A multiply-add is two operations. */
function tracedFlops({ ops }: Trace): number {
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  return ops.reduce((sum, { name, inputSpecs, outputs, attributes }) => {
    if (name === 'MatMul') {
      const transposed = attributes.some((attribute) => attribute.name === 'transpose_a' && attribute.value === true);
      return sum + 2 * size(outputs[0]!.shape) * inputSpecs[0]!.shape[transposed ? 0 : 1]!;
    }
    // every output (or gradient) position of the convolution meets kh kw in numbers
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
    const n = 6;
    const width = 3;
    const specs = family.parameters(width, task);
    const names = Object.keys(specs);
    const optimizer = createOptimizer({ optimizer: 'sgd', weightDecay: 0 });
    const start = () => toTensors(parametersOf(initialState(specs, optimizer, 1), specs));
    const named = (values: readonly tf.Tensor[]): Parameters =>
      Object.fromEntries(names.map((name, i) => [name, values[i]!]));
    const loss = (values: readonly tf.Tensor[]) => family.loss(named(values), batchOf(task, n)).loss;

    test('loss and gradients: compiled as eager, gradients as finite differences', () => {
      const values = start();
      const body = (inputs: tf.Tensor[]) => {
        const batch = { images: inputs[0] as tf.Tensor4D, labels: inputs[1] as tf.Tensor1D };
        const { value, grads } = tf.valueAndGrads((...x: tf.Tensor[]) => family.loss(named(x), batch).loss)(
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
        // float32 over sums of some thousand terms
        expect(tensor.dataSync()).toBeAllClose(eager[i]!.dataSync(), { rtol: 1e-3, atol: 2e-5 });
      });
      values.forEach((value, k) => {
        const gradient = compiled[1 + k]!.dataSync<'float32'>();
        // the largest entry: it stands furthest above rounding
        const largest = gradient.reduce((best, x, i) => (Math.abs(x) > Math.abs(gradient[best]!) ? i : best), 0);
        const at = (x: tf.Tensor) => loss(values.map((other, i) => (i === k ? x : other)));
        const [slope] = finiteDifferences(at, value, [largest], 3e-3);
        // relu and max pool bend within the step: a few per cent
        expect(gradient[largest]).toBeAllClose([slope!], { rtol: 0.06, atol: 2e-3 });
      });
      program.close();
    });

    test('operations are those of the traced graph', () => {
      const batch = batchOf(task, n);
      const traced = trace(
        ([images, labels, ...values]) =>
          tf.valueAndGrads(
            (...x: tf.Tensor[]) =>
              family.loss(named(x), { images: images as tf.Tensor4D, labels: labels as tf.Tensor1D }).loss,
          )(values).grads,
        [batch.images, batch.labels, ...start()],
      );
      expect(tracedFlops(traced)).toBe(n * family.flops(width, task).training);
      const forward = trace(
        ([images, labels, ...values]) => [
          family.loss(named(values), { images: images as tf.Tensor4D, labels: labels as tf.Tensor1D }).loss,
        ],
        [batch.images, batch.labels, ...start()],
      );
      expect(tracedFlops(forward)).toBe(n * family.flops(width, task).forward);
    });

    test('an example alone has the outcomes that it has in a batch', () => {
      const batch = batchOf(task, n);
      const whole = family.outcomes(named(start()), batch);
      const single = family.outcomes(named(start()), {
        images: tf.slice(batch.images, [2], [1]),
        labels: tf.slice(batch.labels, [2], [1]),
      });
      for (const [column, values] of Object.entries(single)) {
        expect(values.shape, column).toEqual([1]);
        // other blocking of the products in a batch of another size
        expect(values.dataSync(), column).toBeAllClose([whole[column]!.dataSync()[2]!], { rtol: 1e-4, atol: 1e-5 });
      }
    });
  });
});

test("LeNet's parameters at w = 8, 32, 64 are Keras's counts of the same layers", () => {
  // keras.Sequential of shared layers: m.count_params(), Keras 3.15.1
  const count = (w: number) => parameterCount(families.cnn.parameters(w, tasks['grey 28x28']!));
  expect([8, 32, 64].map(count)).toEqual([20522, 317066, 1260810]);
});

test('outcomes of a classifier, against a plain loop', async () => {
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
