/** Members trained together compared with the same members one by one: parameters, losses and slots after several steps. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { packBytes } from '../../src/engine/packing.js';
import { compileLoop, type StepFunction } from '../../src/engine/program.js';
import { stackedStep, stackTensors } from '../../src/engine/stack.js';
import { architectures, type Architecture } from '../../src/experiment/architectures.js';
import { resolveExperiment, type ExperimentInput } from '../../src/experiment/schema.js';
import { imagesPerExample } from '../../src/families/family.js';
import { families } from '../../src/families/index.js';
import { Random } from '../../src/statistics/random.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, toTensors } from '../../src/training/state.js';
import { planConstants, ratesPlace, stateNames, trainingStep } from '../../src/training/step.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const [members, steps, examples] = [3, 4, 40];
/** Noise: no gradient is 0 for lack of light. */
const pixels = new Uint8Array(examples * 784).map((_, i) => (i * 7919) % 251);
const images = () => packBytes(pixels, examples, 784);

interface Trial extends Partial<ExperimentInput> {
  readonly arch: Architecture;
  /** Learning rates, one per member. */
  readonly rates?: readonly number[];
}

interface Own {
  readonly state: tf.Tensor[];
  readonly inputs: tf.Tensor[];
}

interface Prepared {
  readonly step: StepFunction;
  readonly own: readonly Own[];
  readonly names: readonly string[];
  readonly isOneRate: boolean;
}

function prepared({ rates = [0.001, 0.001, 0.001], ...options }: Trial): Prepared {
  // Short sequences: a step of the transformer takes longest to trace.
  const short = options.arch === 'transformer' ? { pairs: 3 } : {};
  const experiment = resolveExperiment({ widths: [8], batchSize: 4, ...short, ...options });
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
      inputs: planConstants({
        ...{ indices: draw(count, examples), labels: draw(count, 10), seeds: draw(2 * steps, 2 ** 31) },
        rates: Array.from({ length: steps }, () => [rates[seed]!, rates[seed]!] as const),
      }),
    };
  });
  const step = trainingStep({ model, experiment, optimizer, task });
  return { step, own, names: stateNames(model.parameters, optimizer), isOneRate: new Set(rates).size === 1 };
}

type Trained = readonly (readonly tf.Tensor[])[];

/** The state of each after all steps, from its own program. */
function oneByOne({ step, own }: Prepared): Trained {
  return own.map(({ state, inputs }) => {
    const program = compileLoop(step, { state, constants: [images(), ...inputs] });
    const result = program.run(0, steps, state, [images(), ...inputs]);
    program.close();
    return result;
  });
}

/** The same from one program for all. */
function atOnce({ step, own, isOneRate }: Prepared): Trained {
  const [first] = own as [Own];
  const shared = isOneRate ? [0, 1 + ratesPlace] : [0];
  const inputs = stackTensors(own.map((each) => each.inputs));
  const constants = [images(), ...inputs.map((tensor, i) => (shared.includes(1 + i) ? first.inputs[i]! : tensor))];
  const examples = { state: first.state, constants: [images(), ...first.inputs] };
  const state = stackTensors(own.map((each) => each.state));
  const program = compileLoop(stackedStep(step, examples, { members: own.length, shared }), { state, constants });
  const result = program.run(0, steps, state, constants);
  program.close();
  const parts = result.map((tensor) => tf.unstack(tensor));
  return own.map((_, member) => parts.map((part) => part[member]!));
}

const bytesOf = (state: readonly tf.Tensor[]) =>
  state.map((tensor) => Buffer.from(tensor.dataSync().buffer).toString('hex'));

/**
 * The distance between two states of a member: relative for the sum of losses, otherwise relative to the change over the steps; the worst
 * of them. Adam divides by the size of a gradient, which amplifies tiny values, so whole tensors are compared.
 */
function apart({ own, names }: Prepared, a: Trained, b: Trained): { loss: number; rest: number } {
  const size = (x: tf.Tensor) => tf.norm(x).dataSync()[0]!;
  const loss = names.indexOf('lossSum');
  const one = (member: number, i: number) =>
    tf.tidy(() => {
      const difference = size(tf.sub(a[member]![i]!, b[member]![i]!));
      return difference === 0 ? 0 : difference / size(tf.sub(b[member]![i]!, own[member]!.state[i]!));
    });
  const rest = own.flatMap((_, member) => names.flatMap((_, i) => (i === loss ? [] : [one(member, i)])));
  return { loss: Math.max(...own.map((_, member) => one(member, loss))), rest: Math.max(...rest) };
}

/** Single precision: rounding is 6e-8, and sums of a few hundred products are in another order. */
const tolerance = { loss: 2e-6, rest: 1e-3 };

const layers = {
  cnn: { depth: 4, dropout: 0.3 },
  autoencoder: { depth: 3, activation: 'tanh' },
  transformer: { blocks: 3, dropout: 0.3 },
} as const;

describe.each(architectures)('%s', (arch) => {
  test.each([
    ['adam', {}],
    ['adam, decay in the gradient', { weightDecay: 0.01 }],
    ['adamw', { optimizer: 'adamw', weightDecay: 0.01 }],
    ['sgd', { optimizer: 'sgd', weightDecay: 0.01 }],
    ['adam, separate rates', { rates: [0.0003, 0.001, 0.003] }],
    ['sgd, separate rates', { optimizer: 'sgd', rates: [0.0003, 0.001, 0.003] }],
    ['augmentation, dropout and further layers', { augmentRotation: 15, augmentShift: 0.1, ...layers[arch] }],
  ] as const)('equals training one by one: %s', (_, options) => {
    const trial = prepared({ arch, ...options });
    const { loss, rest } = apart(trial, atOnce(trial), oneByOne(trial));
    expect(loss).toBeLessThan(tolerance.loss);
    expect(rest).toBeLessThan(tolerance.rest);
  });

  test("a member's bits repeat, whatever the other members are", () => {
    const trial = prepared({ arch });
    const all = atOnce(trial).map(bytesOf);
    expect(atOnce(trial).map(bytesOf)).toEqual(all);
    const [first, second] = trial.own as [Own, Own];
    const [one, two] = atOnce({ ...trial, own: [first, second, first] }).map(bytesOf);
    expect([one, two]).toEqual(all.slice(0, 2));
  });

  test('a diverging member leaves the others unchanged', () => {
    const trial = prepared({ arch });
    const [first, second, ...others] = trial.own as [Own, Own];
    const broken = { ...second, state: second.state.map((tensor) => tf.fill(tensor.shape, NaN)) };
    const [one, , three] = atOnce(trial).map(bytesOf);
    const [same, lost, alike] = atOnce({ ...trial, own: [first, broken, ...others] });
    expect([bytesOf(same!), bytesOf(alike!)]).toEqual([one, three]);
    expect(lost!.at(-2)!.dataSync()[0]).toBeNaN();
  });
});

test('an op without a stacked form is refused by name', () => {
  const step = (_: tf.Scalar, [x]: tf.Tensor[]) => [tf.cumsum(x!)];
  const examples = { state: [tf.tensor1d([1, 2])], constants: [] };
  const stacked = stackedStep(step, examples, { members: 2, shared: [] });
  expect(() => stacked(tf.scalar(0, 'int32'), [tf.tensor2d([[1, 2]])], [])).toThrow(
    'Cumsum has no form for several members at once: train them one by one',
  );
});
