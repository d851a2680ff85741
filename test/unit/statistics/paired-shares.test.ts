import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mcnemar, tangoInterval } from '../../../src/statistics/paired-shares.js';

/** statsmodels 0.15: `mcnemar([[10, b], [c, 10]], exact=True)`; mid-p from SciPy 1.17: `2 * binom.cdf - binom.pmf`. */
test.each([
  [0, 0, 1, 1],
  [1, 0, 1, 0.5],
  [5, 15, 0.04138946533203125, 0.026603698730468753],
  [9, 3, 0.14599609375, 0.09228515624999999],
  [10, 10, 1, 1],
  [121, 59, 4.4344492637551645e-6, 3.2666467957745733e-6],
  [900, 1010, 0.012608304160630267, 0.011839737715124223],
  [4000, 4300, 0.001029736761268162, 0.000991051085207288],
])('McNemar: %i against %i', (first, second, exact, midP) => {
  const found = mcnemar({ first, second });
  // Logarithms of factorials of some 1e4 are accurate to 1e-11.
  expect([found.exact / exact, found.midP / midP]).toBeAllClose([1, 1], { atol: 1e-9 });
});

/** The score's root with SciPy; the likelihood maximised numerically over the probability that only the first is right. */
test.each([
  [9, 3, 44, -0.2947856053068775, 0.020095797880281895],
  [0, 7, 50, 0.05866373740402809, 0.261861937105855],
  [0, 0, 100, -0.03699349820699493, 0.03699349820699493],
  [30, 45, 1000, -0.0020209788130641274, 0.032582592236282217],
  [120, 40, 400, -0.2585963328998214, -0.14069565544411186],
  [2, 0, 20, -0.30103364522848725, 0.0772376726570349],
])('Tango: %i and %i of %i', (first, second, count, lower, upper) => {
  const found = tangoInterval({ first, second, count });
  // The accuracy of the numerical maximum.
  expect([found.lower, found.upper]).toBeAllClose([lower, upper], { atol: 1e-6 });
});

test('exchanging the two mirrors the interval and keeps the test', () => {
  const counts = fc.integer({ min: 0, max: 60 });
  fc.assert(
    fc.property(counts, counts, counts, (first, second, alike) => {
      const count = first + second + alike + 1;
      const [one, other] = [
        { first, second, count },
        { first: second, second: first, count },
      ];
      const [a, b] = [tangoInterval(one), tangoInterval(other)];
      expect([a.lower, a.upper]).toBeAllClose([-b.upper, -b.lower], { atol: 1e-9 });
      expect(mcnemar(one)).toEqual(mcnemar(other));
      expect(a.lower).toBeLessThanOrEqual((second - first) / count);
    }),
  );
});
