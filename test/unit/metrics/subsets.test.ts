import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareOfSubsets, sharesOfSubsets } from '../../../src/metrics/subsets.js';

test('the share of subsets follows the recurrence, for any k', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(), fc.nat(), (n, a, b) => {
      const k = 1 + (a % n);
      const m = b % (n + 1);
      const [one, all] = [shareOfSubsets(m, n, k), sharesOfSubsets(n, k)[m]!];
      // Sums of up to 400 logarithms of 1e-16 each; below 1e-290 the recurrence loses digits.
      if (all > 1e-290) expect(one / all).toBeAllClose(1, { rtol: 1e-10 });
    }),
  );
});

test('small ones by hand', () => {
  // 3 of 4 right: of the 6 pairs 3 are all right.
  expect(shareOfSubsets(3, 4, 2)).toBeCloseTo(0.5, 14);
  expect(shareOfSubsets(3, 4, 4)).toBe(0);
  expect(shareOfSubsets(4, 4, 4)).toBe(1);
});
