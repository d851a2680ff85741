import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalQuantile } from '../../../../src/statistics/normal.js';
import { quantile } from '../../../../src/statistics/bootstrap.js';
import { Random } from '../../../../src/statistics/random.js';
import { parseMetric } from '../../../../src/metrics/index.js';
import { levels } from '../../../../src/analysis/forecast/forecast.js';
import {
  centralInterval,
  crps,
  medianOf,
  scoreMetric,
  scoreTarget,
} from '../../../../src/analysis/forecast/scoring.js';

const normalQuantiles = levels.map(normalQuantile);
const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** P(normal < z), by SciPy 1.17.1. */
const normalShares = {
  '-6': 9.865876450376946e-10,
  '-2': 0.022750131948179195,
  '-1': 0.15865525393145707,
  '0': 0.5,
  '0.013': 0.5051861035695566,
  '0.5': 0.6914624612740131,
  '1.5': 0.9331927987311419,
  '4': 0.9999683287581669,
};

/** As sealed now, and as by earlier versions. */
test.each([199, 39])('CRPS of a normal forecast by %i quantiles matches the closed form', (count) => {
  const quantiles = Array.from({ length: count }, (_, i) => 3 + 2 * normalQuantile((i + 1) / (count + 1)));
  // Gneiting and Raftery 2007, J. Am. Stat. Assoc. 102, Eq 21: z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)
  for (const [z, below] of Object.entries(normalShares).map((entry) => entry.map(Number) as [number, number])) {
    const exact = z * (2 * below - 1) + 2 * density(z) - 1 / Math.sqrt(Math.PI);
    expect(crps(quantiles, 3 + 2 * z)).toBeAllClose(2 * exact, { rtol: 1e-12 });
  }
});

/** Shaw 2006, J. Comput. Finance 9(4): with 4 degrees of freedom the quantile has a closed form. */
function studentOf4(p: number): number {
  const root = Math.sqrt(4 * p * (1 - p));
  return Math.sign(p - 0.5) * 2 * Math.sqrt(Math.cos(Math.acos(root) / 3) / root - 1);
}

/** Jordan, Krüger and Lerch 2019, J. Stat. Softw. 90(12), App. A; Student's t by SciPy 1.17.1, the integral of (F - 1{x > y})². */
test.each<[string, (p: number) => number, (y: number) => number, readonly number[]]>([
  ['uniform', (p) => p, (y) => (y ** 3 + (1 - y) ** 3) / 3, [0.02, 0.3, 0.5, 0.99]],
  ['exponential', (p) => -Math.log(1 - p), (y) => y - 2 * (1 - Math.exp(-y)) + 1 / 2, [0.01, 0.5, 1, 4]],
  ['logistic', (p) => Math.log(p / (1 - p)), (y) => y + 2 * Math.log(1 + Math.exp(-y)) - 1, [-4, -1, 0, 2]],
  [
    ...(["Student's t, 4 degrees of freedom", studentOf4] as const),
    (y) => ({ '-3': 2.3145403011, '0': 0.2636892218, '1': 0.6053300083 })[String(y)]!,
    [-3, 0, 1],
  ],
])('CRPS within 0.1 %%: %s', (_, quantile, exact, truths) => {
  for (const y of truths) expect(crps(levels.map(quantile), y)).toBeAllClose(exact(y), { rtol: 1e-3 });
});

test('CRPS of draws is the sum over all pairs: E|X - y| - E|X - X*| / 2', () => {
  const random = Random.named(0, 'crps');
  // Two humps and a long tail.
  const draws = Float64Array.from({ length: 4000 }, () =>
    random.uniform() < 0.6 ? random.normal() : 4 + Math.exp(0.5 * random.normal()),
  ).sort();
  const n = draws.length;
  const pairs = draws.reduce((sum, value, i) => sum + value * (2 * i - n + 1), 0) / n ** 2;
  const quantiles = levels.map((level) => quantile(draws, level));
  for (const y of [-2, 0.5, 2.5, 5, 9]) {
    const exact = draws.reduce((sum, value) => sum + Math.abs(value - y), 0) / n - pairs;
    // The gap between the humps lies inside one step between quantiles.
    expect(crps(quantiles, y)).toBeAllClose(exact, { rtol: 2e-3 });
  }
});

test('a single-number forecast scores its absolute error; spreading a correct one costs', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      (q, truth) => {
        expect(
          crps(
            levels.map(() => q),
            truth,
          ),
        ).toBeCloseTo(Math.abs(q - truth), 10);
      },
    ),
  );
  expect(crps(normalQuantiles, 0)).toBeGreaterThan(
    crps(
      normalQuantiles.map((value) => value / 2),
      0,
    ),
  );
});

test('central intervals lie between the levels in their names', () => {
  const quantiles = levels; // of the uniform distribution
  expect(medianOf(quantiles)).toBe(0.5);
  expect(centralInterval(quantiles, 0.5)).toEqual({ lower: 0.25, upper: 0.75 });
  expect(centralInterval(quantiles, 0.8)).toEqual({ lower: 0.1, upper: 0.9 });
  expect(centralInterval(quantiles, 0.95)).toEqual({ lower: 0.025, upper: 0.975 });
});

test('a target is scored over its seeds', () => {
  const score = scoreTarget(levels, [0.26, 0.05, 0.01]);
  const mean = 0.32 / 3;
  expect(score).toMatchObject({ seeds: 3, covered: [1, 1, 2] });
  expect(score.error).toBeCloseTo(0.5 - mean, 12);
  expect(score.logError).toBeCloseTo(Math.log(0.5 / mean), 12);
  expect(score.crps).toBeCloseTo((crps(levels, 0.26) + crps(levels, 0.05) + crps(levels, 0.01)) / 3, 12);
  expect(scoreTarget(levels, [0]).logError).toBeNaN();
});

test('a method is scored over its targets: absolute errors, logarithms where defined, skill against the best baseline', () => {
  const at = (value: number) => levels.map(() => value);
  const targets = [8, 16, 32, 64].map((width) => ({ width, parameters: width, trainingFlops: width }));
  const sealed = {
    metric: 'accuracy',
    better: 'higher' as const,
    known: [],
    silent: [],
    methods: [
      { method: 'last-value', quantiles: [at(0.2), at(0.2), at(0.2), at(0.2)], fits: [] },
      { method: 'line', quantiles: [at(0.4), at(0.2), at(0), at(0.9)], fits: [] },
    ],
  };
  // The last target is not trained.
  const score = scoreMetric(parseMetric('accuracy'), sealed, targets, [[0.3], [0.4], [0.5], undefined]);
  const [lastValue, line] = score.methods;
  expect(score.targets.map(({ width }) => width)).toEqual([8, 16, 32]);
  expect(lastValue!.error).toBeCloseTo((0.1 + 0.2 + 0.3) / 3, 12);
  // Errors of 0.1, -0.2 and -0.5; logarithms exist only for the first two.
  expect(line!.error).toBeCloseTo(0.8 / 3, 12);
  expect(line!.logError).toBeCloseTo((Math.log(0.4 / 0.3) + Math.log(0.4 / 0.2)) / 2, 12);
  expect([lastValue!.skill, line!.skill]).toEqual([1, expect.closeTo(0.8 / 0.6, 12)]);
});
