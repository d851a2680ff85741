import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isotonic } from '../../../src/statistics/isotonic.js';

test('isotonic regression is the max-min of weighted means (Barlow et al. 1972)', () => {
  const points = fc.array(fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.integer({ min: 1, max: 4 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(points, (pairs) => {
      const mean = (from: number, to: number) => {
        const part = pairs.slice(from, to + 1);
        const weight = part.reduce((sum, [, each]) => sum + each, 0);
        return part.reduce((sum, [value, each]) => sum + value * each, 0) / weight;
      };
      const places = pairs.map((_, i) => i);
      const expected = places.map((i) =>
        Math.max(...places.slice(0, i + 1).map((from) => Math.min(...places.slice(i).map((to) => mean(from, to))))),
      );
      const found = isotonic(
        pairs.map(([value]) => value),
        pairs.map(([, weight]) => weight),
      );
      // Means of a few numbers below 5: rounding only.
      places.forEach((i) => {
        expect(Math.abs(found[i]! - expected[i]!)).toBeLessThan(1e-12);
      });
    }),
  );
});
