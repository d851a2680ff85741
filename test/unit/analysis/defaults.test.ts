import { expect, test } from 'vitest';
import { subsetSizeFor } from '../../../src/analysis/defaults.js';

/** 1000 images, this many of them right. */
function rightOf(right: number, count = 1000): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => Number(i < right));
}

// p^K for p = 0.94: 0.54 at K = 10, 0.29 at 20, 0.045 at 50; for 0.985: 0.47 at 50, 0.22 at 100, 0.049 at 200.
test.each([
  [940, 20],
  [985, 100],
  [600, 2], // 0.36 at 2, 0.078 at 5
  [100, 2], // 0.01 at 2: none is easy enough
])('with %i of 1000 images right, K = %i', (right, k) => {
  expect(subsetSizeFor([rightOf(right)])).toBe(k);
});

test('the test set holds at least ten disjoint groups; with fewer images K = 2, and 1 for a single image', () => {
  expect(subsetSizeFor([rightOf(1000)])).toBe(100);
  expect([0, 1, 19].map((count) => subsetSizeFor([rightOf(count, count)]))).toEqual([2, 1, 2]);
});
