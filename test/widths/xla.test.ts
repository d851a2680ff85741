/** Training loops that XLA compiles, compared with the same loops run by TensorFlow's own kernels. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { packBytes } from '../../src/engine/packing.js';
import { compileLoop } from '../../src/engine/program.js';
import { stackedStep, stackTensors } from '../../src/engine/stack.js';
import { resolveExperiment, type ExperimentInput } from '../../src/experiment/schema.js';
import { imagesPerExample } from '../../src/families/family.js';
import { families } from '../../src/families/index.js';
import { train } from '../../src/library/train.js';
import { readRunRecord } from '../../src/runs/run.js';
import { Random } from '../../src/statistics/random.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, toTensors } from '../../src/training/state.js';
import { planConstants, stateNames, trainingStep } from '../../src/training/step.js';
import { temporaryFolder } from '../support/runs.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const [steps, examples, rate] = [4, 40, 0.001];

function prepared(options: ExperimentInput) {
  const experiment = resolveExperiment({ batchSize: 4, ...options });
  const family = families[experiment.arch];
  const task = { height: 16, width: 16, channels: 1, classes: 5, meanPixel: 0.5 };
  // Not narrower: a layer norm over 4 numbers makes much of their last bits.
  const model = family.model(16, task, experiment);
  const optimizer = createOptimizer(experiment);
  const random = Random.named(0, 'xla');
  const draw = (size: number, below: number) => Int32Array.from({ length: size }, () => random.integer(below));
  const images = packBytes(Uint8Array.from(draw(examples * 256, 256)), examples, 256);
  const own = Array.from({ length: 2 }, (_, seed) => {
    const count = steps * experiment.batchSize * imagesPerExample(family, experiment);
    return {
      state: toTensors(initialHostState(model.parameters, optimizer, seed)),
      told: planConstants({
        ...{ indices: draw(count, examples), labels: draw(count, 5) },
        seeds: Int32Array.from({ length: 2 * steps }, () => random.uint32()),
        rates: Array.from({ length: steps }, () => [rate, rate] as const),
      }),
    };
  });
  const step = trainingStep({ model, experiment, optimizer, task });
  return { step, images, own, names: stateNames(model.parameters, optimizer) };
}

/** Steps that begin in the middle, as a resumed member's do. */
function taken(
  step: Parameters<typeof compileLoop>[0],
  examples: Parameters<typeof compileLoop>[1],
  options: { readonly xla: boolean },
): Float32Array[] {
  const program = compileLoop(step, examples, options);
  const half = program.run(0, 1, examples.state, examples.constants);
  const values = program.run(1, steps, half, examples.constants).map((tensor) => tensor.dataSync<'float32'>());
  program.close();
  return values;
}

/**
 * A step of Adam moves a weight by up to the learning rate, and where a gradient is nearly 0, its sign is a matter of
 * rounding: after a few steps weights agree to a fraction of that.
 */
function expectAlike(found: readonly Float32Array[], expected: readonly Float32Array[]): void {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  found.forEach((values, i) => {
    values.forEach((value, k) => {
      expect(Math.abs(value - expected[i]![k]!)).toBeLessThan(rate / 50 + 1e-5 * Math.abs(expected[i]![k]!));
    });
  });
}

describe.each<ExperimentInput>([
  { arch: 'cnn' },
  { arch: 'autoencoder' },
  // Key biases have no gradient but rounding, which Adam would scale to whole steps.
  { arch: 'transformer', pairs: 3, dropout: 0.1, optimizer: 'sgd' },
  { arch: 'cnn', precision: 'bfloat16', optimizer: 'adamw', weightDecay: 0.1 },
])('%o', (options) => {
  test('takes the same steps as without XLA, and the same bits each time', () => {
    const { step, images, own } = prepared(options);
    const [{ state, told }] = own as [(typeof own)[0]];
    const examples = { state, constants: [images, ...told] };
    const compiled = taken(step, examples, { xla: true });
    expectAlike(compiled, taken(step, examples, { xla: false }));
    expect(taken(step, examples, { xla: true })).toEqual(compiled);
  });
});

test('a stack takes the steps of its members', () => {
  const { step, images, own } = prepared({ arch: 'autoencoder' });
  const first = { state: own[0]!.state, constants: [images, ...own[0]!.told] };
  const stacked = stackedStep(step, first, { members: 2, shared: [0, 3] });
  const told = stackTensors(own.map((each) => each.told));
  const constants = [images, ...told.map((tensor, i) => (i === 2 ? own[0]!.told[2]! : tensor))];
  const examples = { state: stackTensors(own.map(({ state }) => state)), constants };
  expectAlike(taken(stacked, examples, { xla: true }), taken(stacked, examples, { xla: false }));
});

test('a run records XLA, continues with it without being asked, and keeps it', async () => {
  const root = await temporaryFolder();
  const shared = {
    ...({ arch: 'autoencoder', dataset: 'shapes', device: 'cpu', threads: 2, root, run: 'fused' } as const),
    ...{ widths: [2], trainSize: 64, batchSize: 16, testSize: 20, steps: 8 },
  };
  const weights = (seed: number) =>
    fs.readFile(path.join(root, 'fused', 'members', `autoencoder-w2-s${seed}`, 'weights.safetensors'));
  await train({ ...shared, seeds: [0, 1], xla: true });
  const record = (await readRunRecord(path.join(root, 'fused')))!;
  expect(record.experiment.xla).toBe(true);
  expect(record.branches).toBeUndefined();
  const before = await weights(1);
  await fs.rm(path.join(root, 'fused', 'members', 'autoencoder-w2-s1'), { recursive: true });
  await train({ root, run: 'fused', seeds: [0, 1] });
  expect((await weights(1)).equals(before)).toBe(true);
  await expect(train({ ...shared, xla: false })).rejects.toThrow(
    'compiled without XLA contradicts compiled with XLA, with which',
  );
  await expect(train({ ...shared, run: 'other', xla: true, eager: true })).rejects.toThrow(
    '--eager: XLA compiles the steps, so they do not run op by op; leave --eager or --xla out',
  );
  await expect(train({ ...shared, run: 'other', xla: true, augmentShift: [0, 0.1] })).rejects.toThrow(
    '--augment-shift: XLA has no op that moves images; leave it or --xla out',
  );
});
