/**
 * Members as graphs for other programs. Here TensorFlow loads and runs a SavedModel; that ONNX Runtime and PyTorch give the same is checked
 * by `npm run test:exports`, which needs their Python packages.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backend } from '../../src/engine/backend.js';
import { servingModel } from '../../src/engine/graph.js';
import { onnxModel } from '../../src/engine/onnx.js';
import { openBatch } from '../../src/engine/open-batch.js';
import { toBytes } from '../../src/engine/packing.js';
import { trace } from '../../src/engine/trace.js';
import type { Architecture } from '../../src/experiment/architectures.js';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { families } from '../../src/families/index.js';
import type { Family } from '../../src/families/family.js';
import { Random } from '../../src/statistics/random.js';
import { answerTo } from '../../src/training/answer.js';
import { forwardOf } from '../../src/training/forward.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, parametersOf } from '../../src/training/state.js';
import { named } from '../../src/training/step.js';
import type { MemberWithTask } from '../../src/training/task.js';
import { onnxOf, signatureOf } from '../support/graph-def.js';
import { runRecord, memberRecord, temporaryFolder } from '../support/runs.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

/** Odd sides and a stride of 2: SAME padding that differs between the two sides, and pools that drop a row. */
const task = { height: 17, width: 20, channels: 3, classes: 7, meanPixel: 0.25 };

function memberOf(family: Family): MemberWithTask {
  const own = { cnn: { depth: 3 }, autoencoder: { depth: 2 }, transformer: { pairs: 3, heads: 2 } };
  const experiment = resolveExperiment({ arch: family.name as Architecture, ...own[family.name as Architecture] });
  const { parameters } = family.model(4, task, experiment);
  const state = initialHostState(parameters, createOptimizer({ optimizer: 'sgd', weightDecay: 0 }), 1);
  const key = { arch: family.name, width: 4, seed: 1 };
  const weights = parametersOf(state, parameters);
  // Biases begin at 0: with other values, a missing or doubled one shows.
  const random = Random.named(5);
  for (const [name, { data }] of weights)
    if (name.endsWith('.bias')) data.forEach((_, i) => (data[i] = random.normal()));
  return { id: 'a', folder: '', run: runRecord(), record: memberRecord(key), experiment, weights, task };
}

const random = Random.named(4);
const examplesOf = (member: MemberWithTask, count: number) => {
  const pairs = member.experiment.arch === 'transformer' ? 3 : 1;
  return {
    count,
    images: Uint8Array.from({ length: count * pairs * 17 * 20 * 3 }, () => random.integer(256)),
    ...(pairs === 1 ? {} : { labels: Int32Array.from({ length: count * pairs }, () => random.integer(7)) }),
  };
};

/** The member's answers from its family's own function, on images as training sees them. */
function expected(
  family: Family,
  { experiment, weights }: MemberWithTask,
  { images, labels }: ReturnType<typeof examplesOf>,
) {
  return tf.tidy(() => {
    const pixels = tf.tensor4d(
      Float32Array.from(images, (byte) => byte / 255),
      [images.length / (17 * 20 * 3), 17, 20, 3],
    );
    const model = family.model(4, task, experiment);
    const values = named(
      [...weights.keys()],
      [...weights.values()].map(({ shape, data }) => tf.tensor(data as Float32Array, [...shape])),
    );
    const batch = { images: pixels, labels: tf.tensor1d(labels ?? new Int32Array(pixels.shape[0]), 'int32') };
    return (model.logits?.(values, batch) ?? model.reconstruct!(values, pixels)).dataSync();
  });
}

describe.each<Family>(Object.values(families))('$name', (family) => {
  const member = memberOf(family);
  const ask = (question: object) => answerTo({ member, ...question } as Parameters<typeof answerTo>[0], '');

  test('answers equal those of the family, over several batches and over a partial one', () => {
    for (const count of [1, 251]) {
      const examples = examplesOf(member, count);
      // float32 sums of some hundred terms, in different blocks
      expect(ask({ want: 'answers', examples })).toBeAllClose(expected(family, member, examples), {
        rtol: 1e-4,
        atol: 1e-5,
      });
    }
  });

  test('its SavedModel accepts any number of examples and gives the same answers', async () => {
    const folder = await temporaryFolder();
    const bytes = ask({ want: 'saved-model' }) as Uint8Array;
    fs.writeFileSync(path.join(folder, 'saved_model.pb'), bytes);
    const { inputs, outputs } = signatureOf(bytes);
    const target = backend();
    const id = target.binding.loadSavedModel(folder, 'serve');
    for (const count of [1, 4]) {
      const examples = examplesOf(member, count);
      const images = toBytes(tf.tensor(Float32Array.from(examples.images), [count, ...forwardOf(member).exampleShape]));
      const labels = 'labels' in examples ? [tf.tensor2d(examples.labels, [count, 3], 'int32')] : [];
      const names = ['images', ...labels.map(() => 'labels')].map((name) => inputs[name]!);
      const fed = target.getInputTensorIds([images, ...labels]);
      const [result] = target.binding.runSavedModel(id, fed, names.join(), Object.values(outputs).join());
      const answer = target.createOutputTensor(result!).dataSync();
      expect(answer).toBeAllClose(expected(family, member, examples), { rtol: 1e-4, atol: 1e-5 });
    }
    target.binding.deleteSavedModel(id);
  });

  test('its ONNX model is well formed: every tensor is defined before use, and every weight stored once', () => {
    const about = { name: 'a', description: 'b', properties: { c: 'd' } };
    const { nodes, initializers, inputs, outputs } = onnxOf(ask({ want: 'onnx', about }) as Uint8Array);
    const known = new Set([...inputs, ...initializers]);
    for (const node of nodes) {
      expect(node.inputs.filter((name) => !known.has(name))).toEqual([]);
      for (const name of node.outputs) {
        expect(known.has(name)).toBe(false);
        known.add(name);
      }
    }
    expect(outputs).toEqual([member.experiment.arch === 'autoencoder' ? 'reconstructions' : 'logits']);
    expect(known.has(outputs[0]!)).toBe(true);
    const weights = initializers.map((name) => name.replace('.oihw', '')).filter((name) => member.weights.has(name));
    expect(weights.sort()).toEqual([...member.weights.keys()].sort());
  });

  test('refuses the weights of another member', () => {
    const weights = new Map([...member.weights].slice(1));
    expect(() => ask({ member: { ...member, weights }, want: 'saved-model' })).toThrow(
      'does not have the tensors of such a member',
    );
  });
});

test('a function that uses its batch size in other ways has no graph for all sizes', () => {
  const of = (n: number) => trace(([x]) => [tf.mul(x!, n * n)], [tf.zeros([n, 2])]);
  expect(() => openBatch([of(2), of(3)])).toThrow(
    'Mul depends on the size of the batch in another way than in proportion',
  );
});

test('an op without a translation is named', () => {
  const of = (n: number) => trace(([x]) => [tf.cumsum(x!, 1)], [tf.zeros([n, 2])]);
  const names = { inputs: ['x'], output: 'y', bound: [] };
  expect(() => onnxModel(openBatch([of(2), of(3)]), names, { name: '', description: '', properties: {} })).toThrow(
    'Cumsum has no translation to ONNX here',
  );
  expect(servingModel(openBatch([of(2), of(3)]), names).length).toBeGreaterThan(0);
});
