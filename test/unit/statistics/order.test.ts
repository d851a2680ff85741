import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeAscending } from '../../../src/statistics/order.js';

test('places hold what a sorted list has there, whatever the ties, infinities and NaN', () => {
  const number = fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }), fc.constant(NaN));
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(59), { maxLength: 6 }),
      (all, some) => {
        const places = [...new Set(some.filter((place) => place < all.length))].sort((a, b) => a - b);
        const values = Float64Array.from(all);
        placeAscending(values, places);
        const ascending = Float64Array.from(all).sort();
        // Which of 0 and -0 comes first is left open.
        for (const place of places) expect(values[place]! + 0).toBe(ascending[place]! + 0);
        expect(values.sort()).toEqual(ascending);
      },
    ),
  );
});
