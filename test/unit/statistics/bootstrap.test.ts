import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  drawCounts,
  hullInterval,
  percentileInterval,
  quantile,
  weightedSums,
} from '../../../src/statistics/bootstrap.js';
import { Random } from '../../../src/statistics/random.js';

test('weighted sums equal a plain loop, for odd and even numbers of columns', () => {
  const random = Random.named(0, 'sums');
  for (const columns of [1, 2, 5]) {
    const list = Array.from({ length: columns }, () => Float64Array.from({ length: 30 }, () => random.normal()));
    const counts = Array.from({ length: 16 }, () => new Float64Array(30));
    for (const each of counts) drawCounts(random, each);
    const sums = counts.map(() => new Float64Array(columns));
    weightedSums(list, counts, sums);
    counts.forEach((weights, draw) => {
      const expected = list.map((column) => column.reduce((sum, value, i) => sum + value * weights[i]!, 0));
      expect([...sums[draw]!]).toBeAllClose(expected, { rtol: 1e-12, atol: 1e-12 });
    });
  }
});

test('a draw has as many as there are, each equally likely', () => {
  const random = Random.named(0, 'counts');
  const totals = new Float64Array(10);
  const counts = new Float64Array(10);
  for (let i = 0; i < 2000; i++) {
    drawCounts(random, counts);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10);
    counts.forEach((count, unit) => (totals[unit]! += count));
  }
  // 2000 of each, standard deviation sqrt(20 000 x .1 x .9) = 42; five of them allowed
  expect([...totals]).toBeAllClose(new Array(10).fill(2000) as number[], { atol: 212 });
});

/** numpy 2.4: np.quantile([1, 2, 4, 8, 16], [0.025, 0.3, 0.5, 0.975]) */
test('quantiles match NumPy’s', () => {
  const values = [1, 2, 4, 8, 16];
  expect([0.025, 0.3, 0.5, 0.975].map((p) => quantile(values, p))).toBeAllClose([1.1, 2.4, 4, 15.2], { rtol: 1e-12 });
});

test('infinite draws are ordered; draws without a value are left out, and more than 1 in 20 leave no interval', () => {
  const draws = [...Array.from({ length: 90 }, (_, i) => i), ...(new Array(10).fill(Infinity) as number[])];
  expect(percentileInterval(draws)).toEqual({ lower: expect.closeTo(2.475, 9) as number, upper: Infinity });
  const without = (count: number) => draws.map((draw, i) => (i < count ? NaN : draw));
  expect(percentileInterval(without(5))).toEqual(percentileInterval(draws.slice(5)));
  expect(percentileInterval(without(6))).toEqual({ lower: NaN, upper: NaN });
  expect(percentileInterval([])).toEqual({ lower: NaN, upper: NaN });
});

test('the hull contains the percentile and the basic interval', () => {
  const draws = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 10, maxLength: 50 });
  fc.assert(
    fc.property(draws, fc.double({ min: -10, max: 10, noNaN: true }), (list, observed) => {
      const { lower, upper } = percentileInterval(list);
      const hull = hullInterval(observed, list);
      expect(hull.lower).toBeLessThanOrEqual(Math.min(lower, 2 * observed - upper) + 1e-12);
      expect(hull.upper).toBeGreaterThanOrEqual(Math.max(upper, 2 * observed - lower) - 1e-12);
    }),
  );
});

describe('coverage', () => {
  /** 1000 test sets of 400 losses, exponential (skewed as cross-entropies are): 95 % give or take 0.7 % of simulation. */
  test('percentiles of a mean cover it in 93 to 97 of 100 test sets', () => {
    const random = Random.named(0, 'coverage');
    const [n, draws, trials] = [400, 400, 1000];
    const counts = Array.from({ length: 16 }, () => new Float64Array(n));
    const sums = counts.map(() => new Float64Array(1));
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const losses = Float64Array.from({ length: n }, () => -Math.log(1 - random.uniform()));
      const means: number[] = [];
      while (means.length < draws) {
        for (const each of counts) drawCounts(random, each);
        weightedSums([losses], counts, sums);
        means.push(...sums.map(([sum]) => sum! / n));
      }
      const { lower, upper } = percentileInterval(means);
      if (lower <= 1 && 1 <= upper) covered++;
    }
    expect(covered / trials).toBeGreaterThanOrEqual(0.93);
    expect(covered / trials).toBeLessThanOrEqual(0.97);
  });
});
