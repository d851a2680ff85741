import { expect, test } from 'vitest';
import { binomialQuantile } from '../../../src/statistics/distributions.js';
import { chiSquare, normalBelow, normalQuantile, normalScores } from '../../../src/statistics/normal.js';
import { Random } from '../../../src/statistics/random.js';

test.each([
  [10, 0.3],
  [1000, 0.001],
  [1000, 0.999],
  [100_000, 0.4],
])('binomials of %i trials with chance %f have the right mean and variance', (n, p) => {
  const random = Random.named(0, 'binomial', n);
  const draws = Array.from({ length: 20_000 }, () => binomialQuantile(n, p, random.normal()));
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
  const expected = n * p * (1 - p);
  expect(mean).toBeAllClose(n * p, { atol: 5 * Math.sqrt(expected / 20_000) });
  // rounding a normal adds 1/12
  expect(variance).toBeAllClose(expected, { rtol: 0.06, atol: 0.1 });
  expect([binomialQuantile(n, 0, 1), binomialQuantile(n, 1, -1)]).toEqual([0, n]);
});

/** scipy.stats.binom.ppf(norm.cdf(z), n, p), SciPy 1.17.1 */
test.each([
  [1000, 0.002, 1.3, 4],
  [1000, 0.002, -2, 0],
  [50, 0.4, 0.7, 22],
  [10_000, 0.3, -1.5, 2931],
  [400, 0.97, 2.2, 395],
  [2000, 0.02, -1, 34],
])('%i trials with chance %f at %f: SciPy gives %i', (n, p, z, expected) => {
  // The approximation rounds to nearest, a quantile rounds up.
  expect(Math.abs(binomialQuantile(n, p, z) - expected)).toBeLessThanOrEqual(1);
});

/** scipy.stats.norm.cdf, SciPy 1.17.1 */
test.each([
  [-7, 1.2798125438858352e-12],
  [-3, 0.0013498980316300933],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [0.3, 0.6179114221889526],
  [2.5, 0.9937903346742238],
  [6, 0.9999999990134123],
])('the normal quantile below %f: SciPy gives %f', (z, expected) => {
  expect(normalBelow(z)).toBeAllClose(expected, { atol: 1e-15 });
});

test('none of a normal is below -Infinity, and all of it below Infinity', () => {
  expect([-Infinity, Infinity, NaN].map(normalBelow)).toEqual([0, 1, NaN]);
});

test('normal scores: quantiles of ranks, ties in the middle', () => {
  // norm.ppf([1/4, 1/2, 3/4]), and for ties at ranks 1.5 of 3
  expect([...normalScores([5, 7, 90])!]).toBeAllClose([-0.6744897501960817, 0, 0.6744897501960817], { atol: 1e-9 });
  expect([...normalScores([7, 5, 5])!]).toBeAllClose([0.6744897501960817, -0.31863936396437514, -0.31863936396437514], {
    atol: 1e-9,
  });
  expect([normalScores([]), normalScores([1, 1]), normalScores([1, NaN])]).toEqual([undefined, undefined, undefined]);
});

test.each([2, 41, 500])(
  'normal scores of %i values with ties are the quantiles of their mean ranks, to the bit',
  (n) => {
    const random = Random.named(0, 'normal scores', n);
    for (const levels of [2, 7, 1000]) {
      const values = Array.from({ length: n }, (_, i) => (i === 0 ? 0 : i === 1 ? 1 : random.integer(levels)));
      values.push(-0, Infinity);
      const scores = values.map((value) => {
        const below = values.filter((other) => other < value).length;
        const equal = values.filter((other) => other === value).length;
        return normalQuantile((2 * below + equal + 1) / 2 / (values.length + 1));
      });
      expect([...normalScores(values)!]).toEqual(scores);
      const counts = Uint16Array.from({ length: n }, (_, i) => (i === 0 ? 65_535 : random.integer(levels)));
      expect(normalScores(counts)).toEqual(normalScores(Float64Array.from(counts)));
    }
  },
);

test.each([0.5, 1, 5.33, 40])(
  'chi-squares with %f degrees of freedom have the right mean, variance and median',
  (degrees) => {
    const random = Random.named(0, 'chi-square', degrees);
    const n = 20_000;
    const draws = Array.from({ length: n }, () => chiSquare(degrees, random)).sort((a, b) => a - b);
    const mean = draws.reduce((sum, value) => sum + value, 0) / n;
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    expect(mean).toBeAllClose(degrees, { atol: 5 * Math.sqrt((2 * degrees) / n) });
    // The variance's own variance: the fourth central moment is 12 k (k + 4).
    expect(variance).toBeAllClose(2 * degrees, {
      atol: 5 * Math.sqrt((12 * degrees * (degrees + 4) - 4 * degrees ** 2) / n),
    });
    // SciPy's chi2.ppf(0.5, k)
    const median = { 0.5: 0.08735, 1: 0.45494, 5.33: 4.68021, 40: 39.33534 }[degrees]!;
    expect(draws.filter((value) => value < median).length / n).toBeAllClose(0.5, { atol: 5 * Math.sqrt(0.25 / n) });
  },
);

test("the normal quantile matches SciPy's ndtri", () => {
  // scipy.special.ndtri of each
  const known = {
    0.5: 0,
    0.975: 1.959963984540054,
    0.9: 1.2815515655446004,
    0.01: -2.3263478740408408,
    1e-8: -5.612001244174789,
    1e-300: -37.0471,
  };
  for (const [p, z] of Object.entries(known))
    expect(normalQuantile(Number(p))).toBeAllClose(z, { rtol: Number(p) < 1e-100 ? 1e-6 : 1e-14, atol: 1e-15 });
  expect([0, 1].map(normalQuantile)).toEqual([-Infinity, Infinity]);
});
