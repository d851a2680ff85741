/** Members at once against the same members one by one: the same parameters, losses and slots after several steps. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { packBytes } from '../../src/engine/ops.js';
import { compileLoop } from '../../src/engine/program.js';
import { stackedStep, stackTensors } from '../../src/engine/stack.js';
import { architectures, type Architecture } from '../../src/experiment/architectures.js';
import { resolveExperiment, type ExperimentInput } from '../../src/experiment/schema.js';
import { imagesPerExample } from '../../src/families/family.js';
import { families } from '../../src/families/index.js';
import { Random } from '../../src/statistics/random.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, toTensors } from '../../src/training/state.js';
import { planConstants, stateNames, trainingStep } from '../../src/training/step.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const [members, steps, examples] = [3, 4, 40];
const pixels = new Uint8Array(examples * 784).map((_, i) => (i * 7919) % 256);

interface Trial extends Partial<ExperimentInput> {
  readonly arch: Architecture;
  /** Learning rates, one for each member. */
  readonly rates?: readonly number[];
}

function prepared({ rates = [0.01, 0.01, 0.01], ...options }: Trial) {
  const experiment = resolveExperiment({ widths: [8], batchSize: 4, ...options });
  const family = families[experiment.arch];
  const task = { height: 28, width: 28, channels: 1, classes: 10, meanPixel: 0.25 };
  const model = family.model(8, task, experiment);
  const optimizer = createOptimizer(experiment);
  const count = steps * experiment.batchSize * imagesPerExample(family, experiment);
  const own = Array.from({ length: members }, (_, seed) => {
    const random = Random.named(seed, 'trial');
    const draw = (size: number, below: number) => Int32Array.from({ length: size }, () => random.integer(below));
    return {
      state: toTensors(initialHostState(model.parameters, optimizer, seed)),
      told: planConstants({
        ...{ indices: draw(count, examples), labels: draw(count, 10), seeds: draw(2 * steps, 2 ** 31) },
        rates: Array.from({ length: steps }, () => [rates[seed]!, rates[seed]!] as const),
      }),
    };
  });
  const step = trainingStep({ model, experiment, optimizer, task });
  return { step, own, names: stateNames(model.parameters, optimizer) };
}

/** Size of the difference, by that of what the steps changed; 0 where both are the same. */
function apart(a: tf.Tensor, b: tf.Tensor, before: tf.Tensor): number {
  const size = (x: tf.Tensor) => tf.norm(x).dataSync()[0]!;
  return tf.tidy(() => {
    const difference = size(tf.sub(a, b));
    return difference === 0 ? 0 : difference / size(tf.sub(b, before));
  });
}

function difference(trial: Trial): { worst: number; repeats: boolean } {
  const { step, own, names } = prepared(trial);
  const images = packBytes(pixels, examples, 784);
  const alone = own.map(({ state, told }) => {
    const program = compileLoop(step, { state, constants: [images, ...told] });
    const result = program.run(0, steps, state, [images, ...told]);
    program.close();
    return result;
  });
  const together = stackTensors(own.map(({ state }) => state));
  const told = stackTensors(own.map(({ told }) => told));
  const shared = trial.rates === undefined ? [0, 3] : [0];
  const constants = [images, ...told].map((tensor, i) => (i === 3 && shared.includes(3) ? own[0]!.told[2]! : tensor));
  const stackedLoop = stackedStep(
    step,
    { state: own[0]!.state, constants: [images, ...own[0]!.told] },
    { members, shared },
  );
  const program = compileLoop(stackedLoop, { state: together, constants });
  const [once, again] = [0, 1].map(() => program.run(0, steps, together, constants)) as [tf.Tensor[], tf.Tensor[]];
  program.close();
  const worst = names.map((name, i) => {
    const parts = tf.unstack(once[i]!);
    return Math.max(...parts.map((part, member) => apart(part, alone[member]![i]!, own[member]!.state[i]!)));
  });
  const repeats = once.every((tensor, i) => tf.tidy(() => tf.all(tf.equal(tensor, again[i]!)).dataSync()[0] === 1));
  return { worst: Math.max(...worst), repeats };
}

describe.each(architectures)('%s', (arch) => {
  // Float32 has 6e-8; Adam divides by the size of a gradient, which lifts what is next to nothing.
  test.each(['adam', 'adamw', 'sgd'] as const)('%s: as one by one, the same bits twice', (optimizer) => {
    const { worst, repeats } = difference({ arch, optimizer, weightDecay: 0.01 });
    expect(worst).toBeLessThan(1e-4);
    expect(repeats).toBe(true);
  });

  test('with the learning rate of each', () => {
    for (const optimizer of ['adam', 'sgd'] as const)
      expect(difference({ arch, optimizer, rates: [0.001, 0.01, 0.03] }).worst).toBeLessThan(1e-4);
  });

  test('with augmentation, dropout and further layers', () => {
    const layers = {
      cnn: { depth: 4, dropout: 0.3 },
      autoencoder: { depth: 3, activation: 'tanh' },
      transformer: { blocks: 3, dropout: 0.3 },
    } as const;
    const { worst } = difference({ arch, augmentRotation: 15, augmentShift: 0.1, ...layers[arch] });
    expect(worst).toBeLessThan(1e-4);
  });
});
