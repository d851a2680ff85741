import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refuseDependents } from '../../../src/experiment/dependents.js';
import { resolveExperiment, type ExperimentInput } from '../../../src/experiment/schema.js';
import { bestTrial, nextValue, tuningOf, type Trial } from '../../../src/experiment/tuning.js';

const tune = 'learningRate=1e-4:1e-1:4:log';
const refusal = (own: Partial<ExperimentInput>): string => {
  try {
    refuseDependents(resolveExperiment({ arch: 'cnn', validationSize: 100, ...own }));
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

test('a grid in ratio, tried as a whole for each member unless said otherwise', () => {
  expect(tuningOf(resolveExperiment({ arch: 'cnn', tune }))).toEqual({
    ...{ factor: 'learningRate', values: [1e-4, 1e-3, 1e-2, 1e-1], budget: 4, per: 'member', steps: undefined },
  });
  expect(refusal({ tune, tuneBudget: 3, tunePer: 'width', tuneSteps: 10 })).toBe('accepted');
});

test('options that cannot be tuned are refused in one line', () => {
  const lines = [
    refusal({ tune, validationSize: undefined }),
    refusal({ tune: 'learningRate=0.1' }),
    refusal({ tune: 'depth=1,2' }),
    refusal({ tune: 'learningrate=0.1,0.2' }),
    refusal({ tune: 'learningRate=0,0.1' }),
    refusal({ tune: 'learningRate' }),
    refusal({ tune, tuneBudget: 5 }),
    refusal({ tuneSteps: 5 }),
    refusal({ tune, learningRate: [0.1, 0.2] }),
    refusal({ arch: 'autoencoder', tune: 'dropout=0,0.1' }),
  ];
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "--tune: there is no validation split to choose on; add --validation-size, such as 1000
    --tune: one value leaves nothing to choose; give two or more
    --tune: "depth" is not an option that can be tuned; known: learningRate, weightDecay, dropout, augmentShift, augmentRotation, augmentScale
    --tune: "learningrate" is not an option that can be tuned; did you mean learningRate?
    --tune: 0 is not a possible learningRate; give a number above 0 and at most 100
    --tune: "learningRate" does not name a parameter and its values; write for example k=1..20 or c=1e-4:1e-1:200:log
    --tune-budget: 5 is more than the 4 values; give fewer
    --tune-steps: nothing is tuned; add --tune, such as learningRate=1e-4:1e-1:7:log
    --tune: members differ in learningRate, so it cannot be tuned too; leave out one of --tune and the list of --learning-rate
    --tune: "dropout" is not an option that can be tuned; known: learningRate, weightDecay, augmentShift, augmentRotation, augmentScale"
  `);
  expect(() => resolveExperiment({ arch: 'cnn', tune, tuneBudget: 0 })).toThrow();
});

test("tuning adam's L2 penalty under muP is refused; decays that keep their strength are tuned", () => {
  const decay = { parametrization: 'mup', tune: 'weightDecay=0,1e-4' } as const;
  expect(refusal({ ...decay, optimizer: 'adam' })).toBe(
    "--tune: adam's L2 penalty does not keep its strength across widths under mup; give --optimizer adamw, whose decay does",
  );
  expect(refusal({ ...decay, optimizer: 'adamw' })).toBe('accepted');
  expect(refusal({ ...decay, optimizer: 'sgd' })).toBe('accepted');
  expect(refusal({ optimizer: 'adam', tune: decay.tune })).toBe('accepted');
  expect(refusal({ parametrization: 'mup', optimizer: 'adam', tune })).toBe('accepted');
});

/** Trials until the budget is spent, with losses by position. */
function searched(lossAt: (place: number) => number | null, values: readonly number[], budget: number): Trial[] {
  const trials: Trial[] = [];
  for (;;) {
    const value = nextValue({ values, budget }, trials);
    if (value === undefined) return trials;
    trials.push({ value, loss: lossAt(values.indexOf(value)) });
  }
}

test('a full budget tries every value once, and the lowest loss wins', () => {
  const losses = fc.array(fc.option(fc.double({ min: 0, max: 9, noNaN: true }), { nil: null }), {
    minLength: 2,
    maxLength: 9,
  });
  fc.assert(
    fc.property(losses, (all) => {
      const values = all.map((_, i) => i + 1);
      const trials = searched((i) => all[i]!, values, values.length);
      expect(trials.map(({ value }) => value).sort((a, b) => a - b)).toEqual(values);
      const fine = all.filter((loss) => loss !== null);
      const best = fine.length === 0 ? undefined : values[all.indexOf(Math.min(...fine))];
      expect(bestTrial(trials)).toBe(best);
    }),
  );
});

test('with a single minimum, trials walk to it from the middle and stop around it', () => {
  const values = [1, 2, 3, 4, 5, 6, 7];
  const trials = searched((i) => (i - 5) ** 2, values, 5);
  expect(trials.map(({ value }) => value)).toEqual([4, 3, 5, 6, 7]);
  expect(bestTrial(trials)).toBe(6);
});

test('if all trials diverged, there is no best value', () => {
  expect(bestTrial(searched(() => null, [1, 2, 3], 3))).toBeUndefined();
});
