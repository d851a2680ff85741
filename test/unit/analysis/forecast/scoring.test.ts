import * as fc from 'fast-check';
import jStat from 'jstat';
import { expect, test } from 'vitest';
import { parseMetric } from '../../../../src/metrics/index.js';
import { levels } from '../../../../src/analysis/forecast/forecast.js';
import {
  centralInterval,
  crps,
  medianOf,
  scoreMetric,
  scoreTarget,
} from '../../../../src/analysis/forecast/scoring.js';

const normalQuantiles = levels.map((level) => jStat.normal.inv(level, 0, 1));

test('CRPS of a normal forecast is near the closed form', () => {
  // Gneiting and Raftery 2007, J. Am. Stat. Assoc. 102, Eq 21: z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)
  const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  for (const z of [-2, -1, 0, 0.5, 1.5]) {
    const probability = jStat.normal.cdf(z, 0, 1);
    const exact = z * (2 * probability - 1) + 2 * density(z) - 1 / Math.sqrt(Math.PI);
    // 39 quantiles leave out the tails: within 4 %.
    expect(crps(normalQuantiles, z) / exact).toBeCloseTo(1, 1);
    expect(Math.abs(crps(normalQuantiles, z) / exact - 1)).toBeLessThan(0.04);
  }
});

test('a forecast of one number scores its absolute error; spreading it where it is right costs', () => {
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

test('central intervals are between the levels that they are named by', () => {
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

test('a method is scored over its targets: errors without their signs, logarithms where there are any, skill against the best baseline', () => {
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
  // Errors of 0.1, -0.2 and -0.5; a logarithm of the first two alone.
  expect(line!.error).toBeCloseTo(0.8 / 3, 12);
  expect(line!.logError).toBeCloseTo((Math.log(0.4 / 0.3) + Math.log(0.4 / 0.2)) / 2, 12);
  expect([lastValue!.skill, line!.skill]).toEqual([1, expect.closeTo(0.8 / 0.6, 12)]);
});
