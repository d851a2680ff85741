/** A batch in two branches: the step of the whole batch up to rounding, with the same bits each time. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { packBytes } from '../../src/engine/packing.js';
import { compile, compileLoop } from '../../src/engine/program.js';
import { architectures } from '../../src/experiment/architectures.js';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { imagesPerExample } from '../../src/families/family.js';
import { families } from '../../src/families/index.js';
import { train } from '../../src/library/train.js';
import { readRunRecord, writeRunRecord } from '../../src/runs/run.js';
import { Random } from '../../src/statistics/random.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, parametersOf, toTensors } from '../../src/training/state.js';
import { evaluationBatch, named, planConstants, trainingStep } from '../../src/training/step.js';
import { temporaryFolder } from '../support/runs.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const task = { height: 12, width: 12, channels: 1, classes: 5, meanPixel: 0.5 };
const steps = 3;

function memberOf(arch: (typeof architectures)[number]) {
  const experiment = resolveExperiment({ arch, batchSize: 6 });
  const model = families[arch].model(4, { ...task, height: 16, width: 16 }, experiment);
  return { experiment, model, task: { ...task, height: 16, width: 16 }, optimizer: createOptimizer(experiment) };
}

function inputs(count: number) {
  const random = Random.named(0, 'branches');
  const pixels = Uint8Array.from({ length: count * 256 }, () => random.integer(256));
  return { images: packBytes(pixels, count, 256), labels: Int32Array.from({ length: count }, () => random.integer(5)) };
}

describe.each(architectures)('%s', (arch) => {
  const member = memberOf(arch);
  const { experiment, model, optimizer } = member;
  const pairs = imagesPerExample(families[arch], experiment);
  const start = initialHostState(model.parameters, optimizer, 0);

  function after(branches: number): number[][] {
    const count = steps * experiment.batchSize * pairs;
    const { images, labels } = inputs(count);
    const rates = Array.from({ length: steps }, () => [1e-3, 1e-3] as const);
    const indices = Int32Array.from({ length: count }, (_, i) => i);
    const constants = [images, ...planConstants({ indices, labels, rates, seeds: new Int32Array(2 * steps) })];
    const state = toTensors(start);
    const program = compileLoop(trainingStep({ ...member, branches }), { state, constants });
    const values = program.run(0, steps, state, constants).map((tensor) => [...tensor.dataSync()]);
    program.close();
    return values;
  }

  test('takes the same steps as the whole batch', () => {
    const [whole, halves] = [after(1), after(2)];
    // Sums of the two losses and accuracies, then parameters, which 3 steps of Adam at 0.001 move by 0.003 at most.
    expect(halves.at(-2)![0]).toBeCloseTo(whole.at(-2)![0]!, 5);
    expect(halves.at(-1)![0]).toBeCloseTo(whole.at(-1)![0]!, 5);
    whole.slice(0, Object.keys(model.parameters).length).forEach((values, i) => {
      values.forEach((value, k) => {
        expect(Math.abs(value - halves[i]![k]!)).toBeLessThan(1e-5);
      });
    });
    expect(after(2)).toEqual(halves);
  });

  test('has the outcomes of each example, also for an odd number', () => {
    const count = 7 * pairs;
    const { images, labels } = inputs(count);
    const parameters = toTensors(parametersOf(start, model.parameters));
    const rows = tf.range(0, count, 1, 'int32');
    const all = [rows, images, rows, tf.tensor1d(labels, 'int32'), ...parameters];
    const blank = { images: tf.zeros<tf.Rank.R4>([pairs, 16, 16, 1]), labels: tf.zeros<tf.Rank.R1>([pairs], 'int32') };
    const columns = Object.keys(model.outcomes(named(Object.keys(model.parameters), parameters), blank));
    const [whole, halves] = [1, 2].map((branches) => {
      const program = compile(evaluationBatch({ ...member, branches }, columns, { pairs }), all);
      const values = program.run(all).map((tensor) => [...tensor.dataSync()]);
      program.close();
      return values;
    });
    columns.forEach((_, i) => {
      whole![i]!.forEach((value, k) => {
        expect(halves![i]![k]).toBeCloseTo(value, 5);
      });
    });
  });
});

const shared = {
  ...({ arch: 'autoencoder', dataset: 'shapes', device: 'cpu', threads: 2 } as const),
  ...{ widths: [2], trainSize: 64, batchSize: 16, testSize: 20, steps: 8 },
};

test('a run with two threads records its branches; a member planned without them keeps none', async () => {
  const root = await temporaryFolder();
  const bits = (run: string, seed: number) =>
    fs.readFile(path.join(root, run, 'members', `autoencoder-w2-s${seed}`, 'weights.safetensors'));
  await train({ ...shared, root, run: 'new', seeds: [0, 1] });
  expect((await readRunRecord(path.join(root, 'new')))?.branches).toEqual({
    'autoencoder-w2-s0': 2,
    'autoencoder-w2-s1': 2,
  });

  // As planned by an older version.
  await train({ ...shared, root, run: 'old', seeds: [0], planOnly: true });
  const { branches, ...older } = (await readRunRecord(path.join(root, 'old')))!;
  expect(branches).toEqual({ 'autoencoder-w2-s0': 2 });
  await writeRunRecord(path.join(root, 'old'), older, () => Promise.resolve());
  await train({ root, run: 'old', seeds: [0, 1] });
  expect((await readRunRecord(path.join(root, 'old')))?.branches).toEqual({ 'autoencoder-w2-s1': 2 });
  expect((await bits('old', 0)).equals(await bits('new', 0))).toBe(false);
  expect((await bits('old', 1)).equals(await bits('new', 1))).toBe(true);
});
