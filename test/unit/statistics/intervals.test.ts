import { expect, test } from 'vitest';
import { meanInterval, meanOf, wilsonInterval } from '../../../src/statistics/intervals.js';

/** Quantiles are accurate to 1e-15. */
const tolerance = { rtol: 1e-12, atol: 1e-14 };

/** statsmodels 0.15.0: proportion_confint(m, n, alpha, 'wilson'). */
test.each([
  [9876, 10000, 0.95, 0.9852361608857194, 0.9895893639031967],
  [0, 100, 0.95, 0, 0.03699349820698569],
  [100, 100, 0.95, 0.9630065017930143, 1],
  [3, 10, 0.95, 0.10779126740630104, 0.6032218525388546],
  [1, 10000, 0.99, 1.1740655287972206e-5, 0.0008511764682251733],
  [0, 1, 0.95, 0, 0.7934506856227627],
])('Wilson, %i of %i at %d', (successes, trials, confidence, lower, upper) => {
  const interval = wilsonInterval(successes, trials, confidence);
  expect([interval.lower, interval.upper]).toBeAllClose([lower, upper], tolerance);
});

/** statsmodels 0.15.0: DescrStatsW(x).zconfint_mean(), .std_mean. */
test('the interval of a mean', () => {
  const mean = meanOf([0.5, 1.25, 0.75, 2.0, 1.5, 0.25, 3.0]);
  expect([mean.mean, mean.standardError]).toBeAllClose([1.3214285714285714, 0.3606966049415028], { rtol: 1e-14 });
  const normal = meanInterval(mean);
  expect([normal.lower, normal.upper]).toBeAllClose([0.6144762163973538, 2.028380926459789], tolerance);
});

test('one value has a mean and no interval', () => {
  expect(meanInterval(meanOf([2]))).toEqual({ lower: NaN, upper: NaN });
  expect(meanOf([2]).mean).toBe(2);
});

test('a small spread far from 0 is not lost to rounding', () => {
  expect(meanOf([1e9 + 1, 1e9 + 2, 1e9 + 3]).standardDeviation).toBe(1);
});
