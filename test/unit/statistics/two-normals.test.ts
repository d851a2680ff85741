import { expect, test } from 'vitest';
import { Random } from '../../../src/statistics/random.js';
import { fitTwoNormals, isBimodal, testTwoNormals, unskewed } from '../../../src/statistics/two-normals.js';

const normals = (count: number, random: Random) => Float64Array.from({ length: count }, () => random.normal());

test('a mixture is recovered: weight, means and deviation of 20 000 values', () => {
  const random = Random.named(0, 'mixture');
  const values = normals(20_000, random).map((z) => 2 + 0.5 * z + (random.uniform() < 0.3 ? 3 : 0));
  const { weight, lowerMean, upperMean, deviation } = fitTwoNormals(values)!;
  // Standard errors: 0.0032 of the weight, 0.004 and 0.006 of the means, 0.0025 of the deviation; four of each.
  expect([weight, lowerMean, upperMean, deviation]).toBeAllClose([0.3, 2, 5, 0.5], { atol: 0.026 });
});

test('two peaks, by the density on a fine grid', () => {
  const random = Random.named(1, 'peaks');
  for (let i = 0; i < 200; i++) {
    const [weight, upperMean] = [0.02 + 0.96 * random.uniform(), 1 + 4 * random.uniform()];
    const density = (x: number) =>
      (1 - weight) * Math.exp(-0.5 * x ** 2) + weight * Math.exp(-0.5 * (x - upperMean) ** 2);
    const grid = Array.from({ length: 4001 }, (_, k) => density(-1 + (k * (upperMean + 2)) / 4000));
    const peaks = grid.filter((value, k) => k > 0 && value > grid[k - 1]! && value >= (grid[k + 1] ?? 0)).length;
    expect(isBimodal({ weight, lowerMean: 0, upperMean, deviation: 1, ratio: 1 }), `${weight} ${upperMean}`).toBe(
      peaks === 2,
    );
  }
});

test('nothing is fitted to too few or equal values', () => {
  expect([fitTwoNormals([1, 2, 3]), fitTwoNormals([5, 5, 5, 5, 5])]).toEqual([undefined, undefined]);
});

test('40 seeds: 5 % of single modes are called two, and 80 % of modes 4 deviations apart are seen', () => {
  const random = Random.named(2, 'power');
  // The distribution of the ratio under one normal, once for all samples of 40: like the test's own bootstrap.
  const none = Array.from({ length: 400 }, () => fitTwoNormals(unskewed(normals(40, random)))!.ratio);
  none.sort((a, b) => a - b);
  const critical = none[380]!;
  const rejects = (sample: () => Float64Array, repeats: number) => {
    const fits = Array.from({ length: repeats }, () => fitTwoNormals(unskewed(sample()))!);
    return fits.filter((fit) => fit.ratio > critical && isBimodal(fit)).length / repeats;
  };
  const alone = rejects(() => normals(40, random), 400);
  const apart = rejects(() => normals(40, random).map((z) => z + (random.uniform() < 0.5 ? 4 : 0)), 100);
  // Of 400 at 5 %, two standard errors of both the share and the critical value: 0.03.
  expect(alone).toBeLessThan(0.08);
  expect(apart).toBeGreaterThan(0.8);
});

test('skewness is removed: a power of a normal is a normal again, and equal values stay', () => {
  const random = Random.named(4, 'skew');
  const skewness = (x: Float64Array) => {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const moment = (k: number) => x.reduce((sum, value) => sum + (value - mean) ** k, 0) / x.length;
    return moment(3) / moment(2) ** 1.5;
  };
  const values = normals(10_000, random).map((z) => (0.85 + 0.03 * z) ** 10);
  expect(skewness(values)).toBeGreaterThan(0.9);
  // Standard error of a normal's: sqrt(6 / 10 000) = 0.024; and powers are integers.
  expect(Math.abs(skewness(unskewed(values)))).toBeLessThan(0.15);
  expect([...unskewed([3, 3, 3])]).toEqual([3, 3, 3]);
});

test('the bootstrap: p is small and the weight is covered if there are two modes', () => {
  const random = Random.named(3, 'test');
  const values = normals(48, random).map((z, i) => z + (i % 3 === 0 ? 5 : 0));
  const { p, weightInterval } = testTwoNormals(values, 99)!;
  expect(p).toBeLessThanOrEqual(0.02); // none, or one, of 99
  expect([weightInterval!.lower < 1 / 3, weightInterval!.upper > 1 / 3]).toEqual([true, true]);
  // Without the interval where p is above what it was asked for; the rest is the same.
  expect(testTwoNormals(values, 99, 0, p - 0.001)).toEqual({
    ...testTwoNormals(values, 99),
    weightInterval: undefined,
  });
});

test('a test does not depend on earlier tests: draws of one normal are cached or not', () => {
  const samples = [5, 8, 8, 5].map((count, seed) => normals(count, Random.named(seed, 'tested before')));
  const inOrder = samples.map((values) => testTwoNormals(values, 29));
  const backwards = samples.toReversed().map((values) => testTwoNormals(values, 29));
  expect(inOrder).toEqual(backwards.toReversed());
});
