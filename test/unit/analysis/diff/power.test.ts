import { describe, expect, test } from 'vitest';
import {
  componentsOf,
  imagesFor,
  modelFor,
  mostCorrelation,
  powerOf,
  powerOfOne,
} from '../../../../src/analysis/diff/power.js';
import { estimateInClosedForm, populationOf, simulatedPower } from '../../../../src/analysis/diff/power-simulation.js';
import { differenceOf } from '../../../../src/analysis/diff/difference.js';
import { drawMembers } from '../../../../src/analysis/draws/members.js';
import { accuracy } from '../../../../src/metrics/classification.js';
import { wilsonInterval } from '../../../../src/statistics/intervals.js';
import { Random } from '../../../../src/statistics/random.js';
import { drawTwoRuns } from '../../../support/two-runs.js';

describe('one member against one', () => {
  test('the power is that of McNemar by enumeration', () => {
    // Probabilities of only one right 0.15 and 0.05 with 100 images; the exact power of mid-p, by SciPy over all tables, is 0.6177.
    const share = 0.6;
    const both = share - 0.05;
    const variances = [0.6 * 0.4, 0.7 * 0.3];
    const correlation = (both - 0.6 * 0.7) / Math.sqrt(variances[0]! * variances[1]!);
    const model = modelFor({ share, correlation, seedCorrelation: 1, seedDeviation: 0 }, 0.1);
    expect(powerOf(model, { images: 100, seeds: 1 })).toBeCloseTo(0.6177, 1);
  });

  test('the requested number of images reaches the power, and one fewer does not', () => {
    const model = modelFor({ share: 0.9, correlation: 0.4, seedCorrelation: 0.5, seedDeviation: 0.002 }, 0.01);
    for (const seeds of [1, 3, 8]) {
      const images = imagesFor(model, seeds, { power: 0.8, alpha: 0.05 })!;
      expect(powerOf(model, { images, seeds })).toBeGreaterThanOrEqual(0.8);
      expect(powerOf(model, { images: images - 1, seeds })).toBeLessThan(0.8);
    }
  });
});

test('with infinitely many images only seeds matter: the power of Welch, two groups of n', () => {
  // SciPy 1.17: the share of p <= 0.05 of ttest_ind(equal_var=False) in a million draws, accurate to 0.001.
  const known = [
    [3, 2, 0.3673],
    [5, 2, 0.7672],
    [10, 1, 0.5565],
  ] as const;
  for (const [seeds, size, expected] of known) {
    const model = modelFor(
      { share: undefined, deviation: 1, correlation: 0, seedCorrelation: 0, seedDeviation: 1 },
      size,
    );
    // 48 nodes per chi-square.
    expect(Math.abs(powerOf(model, { images: 1e9, seeds }) - expected)).toBeLessThan(0.005);
  }
});

test('for one share: how often Wilson excludes the fixed value, counted over all binomials', () => {
  const [fixed, truth, images] = [0.5, 0.6, 200];
  const logs = new Float64Array(images + 1);
  for (let k = 1; k <= images; k++) logs[k] = logs[k - 1]! + Math.log(k);
  let exact = 0;
  for (let k = 0; k <= images; k++) {
    const { lower, upper } = wilsonInterval(k, images);
    if (lower <= fixed && fixed <= upper) continue;
    exact += Math.exp(
      logs[images]! - logs[k]! - logs[images - k]! + k * Math.log(truth) + (images - k) * Math.log(1 - truth),
    );
  }
  // Steps of a binomial of 200.
  expect(Math.abs(powerOfOne(fixed, truth - fixed, images) - exact)).toBeLessThan(0.03);
});

test('the largest correlation of right and wrong: the better is right wherever the worse is', () => {
  const [one, other] = [
    Float64Array.from({ length: 100 }, (_, i) => Number(i < 60)),
    Float64Array.from({ length: 100 }, (_, i) => Number(i < 90)),
  ];
  expect(mostCorrelation(0.6, 0.9)).toBeCloseTo(
    componentsOf([one], { isShare: true, others: [other] }).correlation,
    12,
  );
});

test('the components of the variance are recovered from simulated runs', () => {
  const model = { images: 20_000, seeds: [12, 2], truth: [0.5, 0.5], correlation: 0.6, seedDeviation: 0.1 } as const;
  const [members] = drawTwoRuns(model, Random.named(0, 'components'));
  const values = members!.map(({ outcomes }) => Float64Array.from(outcomes.correct!));
  const { seedCorrelation, seedDeviation, share } = componentsOf(values, { isShare: true });
  // For medians of normals with correlation r, that of right and wrong is 2 / pi asin r; r is 0.6 + 0.2.
  expect(seedCorrelation).toBeCloseTo((2 / Math.PI) * Math.asin(0.8), 1);
  // 0.1 on the normal scale is 0.1 times its density; 12 seeds estimate a deviation to a fifth.
  expect(seedDeviation / (0.1 / Math.sqrt(2 * Math.PI))).toBeGreaterThan(0.5);
  expect(seedDeviation / (0.1 / Math.sqrt(2 * Math.PI))).toBeLessThan(1.6);
  expect(share).toBeCloseTo(0.5, 1);
});

test('the simulated test is that of `diff`, in closed form', () => {
  const model = { images: 300, seeds: [3, 4], truth: [0.7, 0.8], correlation: 0.4, seedDeviation: 0.1 } as const;
  const runs = drawTwoRuns(model, Random.named(0, 'closed form'));
  const draws = drawMembers(accuracy.with({}), runs.flat(), { draws: 10_000 });
  const drawn = differenceOf(draws, [{ one: [0, 1, 2], other: [3, 4, 5, 6] }]);
  const [one, other] = runs.map((members) => ({
    right: Int32Array.from({ length: 300 }, (_, i) =>
      members.reduce((sum, { outcomes }) => sum + outcomes.correct![i]!, 0),
    ),
    means: members.map(({ outcomes }) => outcomes.correct!.reduce((sum, value) => sum + value, 0) / 300),
  }));
  const closed = estimateInClosedForm([one!, other!]);
  expect(closed.value).toBeCloseTo(drawn.value, 12);
  // This many draws estimate a standard error to 1 in 140.
  expect(closed.standardError / drawn.standardError).toBeCloseTo(1, 1);
  expect(closed.degrees / drawn.degrees).toBeCloseTo(1, 0);
});

/** In each cell the simulated power is within 5 points of the formula's; a thousand pairs estimate it to 1.6. */
test.each([
  { share: 0.6, effect: 0.1, seeds: 1, correlation: 0.3, seedDeviation: 0, images: 200 },
  { share: 0.9, effect: -0.05, seeds: 1, correlation: 0, seedDeviation: 0, images: 400 },
  { share: 0.6, effect: 0.08, seeds: 3, correlation: 0.57, seedDeviation: 0.01, images: 200 },
  { share: 0.6, effect: 0.08, seeds: 3, correlation: 0, seedDeviation: 0.01, images: 300 },
  { share: 0.9, effect: -0.05, seeds: 5, correlation: 0.3, seedDeviation: 0.01, images: 200 },
  { share: 0.6, effect: -0.05, seeds: 8, correlation: 0.3, seedDeviation: 0.02, images: 200 },
])('formula and simulation agree: %o', ({ share, effect, seeds, images, ...rest }) => {
  const seedCorrelation = 0.6;
  const model = modelFor({ share, seedCorrelation, ...rest }, effect);
  const random = Random.named(0, 'power', share, effect, seeds);
  const population = {
    chances: populationOf({ share, correlation: seedCorrelation, seeds: 0 }, new Uint8Array(5000), random),
    member: Uint8Array.from({ length: 1000 }, (_, i) => Number(i < 1000 * share)),
  };
  const simulated = simulatedPower({ model, share, images, seeds, population, alpha: 0.05, pairs: 1000, random });
  const formula = powerOf(model, { images, seeds });
  expect(formula).toBeGreaterThan(0.2);
  expect(Math.abs(simulated - formula)).toBeLessThan(0.05);
});
