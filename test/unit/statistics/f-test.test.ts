import { expect, test } from 'vitest';
import { upperF } from '../../../src/statistics/f-test.js';

/** SciPy 1.17: `scipy.stats.f.sf(ratio, above, below)`. */
test.each([
  [1, 1, 1, 0.5],
  [0.5, 2, 5, 0.6339381452606089],
  [3.2, 5, 16, 0.03430106118746807],
  [40, 7, 50, 2.437135555447161e-18],
  [1.1, 30, 200, 0.33889176955997324],
  [250, 5, 18, 5.664084887256338e-16],
  [1e-3, 4, 3, 0.9999966770137493],
  [2.5, 235, 480, 1.4961349105563496e-17],
])('P(F > %f) with %i and %i degrees of freedom', (ratio, above, below, p) => {
  expect(upperF(ratio, above, below) / p).toBeCloseTo(1, 10);
});

test('edge cases: no ratio, an infinite one, and no noise at all', () => {
  expect([upperF(0, 2, 3), upperF(Infinity, 2, 3), upperF(NaN, 2, 3)]).toEqual([1, 0, 1]);
});
