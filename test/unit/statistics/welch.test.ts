import { expect, test } from 'vitest';
import { logGamma } from '../../../src/statistics/f-test.js';
import { estimateOf, twoSidedP, twoSidedQuantile } from '../../../src/statistics/welch.js';

/** SciPy 1.17: `ttest_ind_from_stats(..., equal_var=False)`, and the interval from `t.ppf`. */
test.each([
  [0, 1, 3, 1, 2, 5, 5.9587628865979365, 0.38405615107955265, -1.609312684209793, 3.609312684209793],
  [0.9, 0.01, 2, 0.93, 0.004, 2, 1.31201248049922, 0.11108044764616425, -0.026247038786244806, 0.08624703878624486],
  [5, 3, 30, 4.5, 1, 12, 39.34506878060154, 0.4241921018369269, -1.7519761412159154, 0.7519761412159154],
])('Welch: %d ± %d of %i against %d ± %d of %i', (m1, s1, n1, m2, s2, n2, degrees, p, lower, upper) => {
  const parts = [
    { variance: s1 ** 2 / n1, degrees: n1 - 1 },
    { variance: s2 ** 2 / n2, degrees: n2 - 1 },
  ];
  const found = estimateOf(m2 - m1, parts);
  expect([found.degrees, found.p, found.interval.lower, found.interval.upper]).toBeAllClose(
    [degrees, p, lower, upper],
    {
      rtol: 1e-9,
    },
  );
});

/** `2 * t.sf(t, degrees)` */
test.each([
  [2, 1.5, 0.22418833035605112],
  [0.3, 2.25, 0.7896615377750452],
  [5, 7.9, 0.0010931689094649149],
  [1.96, 1e5, 0.04999856319430168],
  [30, 5e4, 5.417005900281031e-196],
])('P(|T| > %d) with %d degrees of freedom, and its quantile', (t, degrees, p) => {
  expect(twoSidedP(t, degrees) / p).toBeCloseTo(1, 9);
  expect(twoSidedQuantile(p, degrees) / t).toBeCloseTo(1, 9);
});

/** `scipy.special.gammaln` */
test('the logarithm of the gamma function', () => {
  const known = [
    [0.5, 0.5723649429247],
    [1.3, -0.10817480950786049],
    [2.75, 0.4752146669149372],
    [10.5, 13.940625219403763],
    [333.25, 1600.578320722467],
    [5000, 37582.62631568535],
  ] as const;
  expect(known.map(([x]) => logGamma(x))).toBeAllClose(
    known.map(([, value]) => value),
    { rtol: 1e-12 },
  );
});

test('without variation there is neither an interval nor a test', () => {
  expect(estimateOf(0.1, [{ variance: 0, degrees: 3 }])).toMatchObject({ standardError: 0, p: NaN });
});
