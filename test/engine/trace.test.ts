import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backend } from '../../src/engine/backend.js';
import { compile } from '../../src/engine/program.js';
import { trace, TraceError } from '../../src/engine/trace.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const faultOf = (body: (inputs: tf.Tensor[]) => tf.Tensor[]): string => {
  try {
    trace(body, [tf.tensor1d([1, 2, 3])]);
    return 'none';
  } catch (error) {
    if (error instanceof TraceError) return error.fault;
    throw error;
  }
};

describe('refuses by name', () => {
  test.each<[string, (inputs: tf.Tensor[]) => tf.Tensor[]]>([
    ['host-read', ([x]) => [tf.mul(x!, x!.dataSync()[0]!)]],
    ['host-read', ([x]) => [tf.mul(x!, tf.add(x!, 1).arraySync())]],
    ['host-read', ([x]) => [tf.gather(x!, tf.cast(x!, 'int32'))]],
    ['javascript-random', ([x]) => [tf.add(x!, tf.randomNormal([3]))]],
    ['javascript-random', ([x]) => [tf.add(x!, tf.randomUniform([3], 0, 1, 'float32', 7))]],
    ['javascript-random', ([x]) => [tf.dropout(x!, 0.5)]],
    ['javascript-random', ([x]) => [tf.add(x!, tf.truncatedNormal([3]))]],
    ['stateful-op', ([x]) => [tf.multinomial(tf.softmax(x!) as tf.Tensor1D, 2)]],
    ['none', ([x]) => [tf.add(x!, tf.scalar(2))]],
  ])('%s: %s', (fault, body) => {
    expect(faultOf(body)).toBe(fault);
  });

  test('a tensor from outside', () => {
    const outside = tf.tensor1d([1, 2, 3]);
    expect(faultOf(([x]) => [tf.add(x!, outside)])).toBe('captured-tensor');
  });

  test('with a message that says what to do', () => {
    expect(() =>
      trace(([x]) => [tf.add(x!, tf.randomNormal([3]))], [tf.tensor1d([1, 2, 3])]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[TraceError: tf.randomNormal draws its numbers in JavaScript: in a graph they would be the same at every step. Pass them as an input, or use a stateless random op]`,
    );
  });

  test('and leaves tfjs unchanged', () => {
    expect(faultOf(([x]) => [tf.add(x!, tf.randomNormal([3]))])).toBe('javascript-random');
    expect(tf.tensor1d([1]).dataSync()[0]).toBe(1);
    expect(tf.randomNormal([4]).dataSync()).toHaveLength(4);
    expect(faultOf(([x]) => [tf.square(x!)])).toBe('none');
  });
});

test('keeps only the ops that a result needs, inputs first', () => {
  const traced = trace(
    ([x]) => {
      tf.exp(x!);
      return [tf.square(tf.neg(x!))];
    },
    [tf.tensor1d([1, 2])],
  );
  expect(traced.ops.map((op) => op.name)).toEqual(['Neg', 'Square']);
});

test('leaks no tensor and no session over 100 programs', () => {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const round = () => {
    const program = compile(([a]) => [tf.matMul(a!, tf.softmax(a!)), tf.sum(a!)], [x]);
    tf.dispose(program.run([x]));
    program.close();
  };
  round();
  const { binding } = backend();
  const before = [tf.memory().numTensors, binding.getNumOfTensors(), binding.getNumOfSavedModels()];
  for (let i = 0; i < 100; i++) round();
  expect([tf.memory().numTensors, binding.getNumOfTensors(), binding.getNumOfSavedModels()]).toEqual(before);
});
