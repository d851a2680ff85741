import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ascending, placeAscending } from '../../../src/statistics/order.js';

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

test('all values in order are those that the engine sorts, spread out, crowded and equal', () => {
  // Long enough for cells; among wide ones a crowd that falls back on the engine's sort.
  const value = fc.oneof(
    fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
    fc.double({ noNaN: true, min: 0, max: 1e-9 }),
    fc.integer({ min: 0, max: 3 }),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 300 }), (values) => {
      // A zero has no sign here, as -0 and 0 are equal.
      const expected = values.map((each) => each + 0).sort((a, b) => a - b);
      expect([...ascending(values)].map((each) => each + 0)).toEqual(expected);
    }),
  );
});

test('a curve that is flat but for one outlier is in order too', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i === 500 ? -1e300 : Math.sin(i)));
  expect([...ascending(values)]).toEqual([...values].sort((a, b) => a - b));
  const vast = values.map((value, i) => (i % 3) * 1e308 - 1e308 + value);
  expect([...ascending(vast)]).toEqual([...vast].sort((a, b) => a - b));
  expect([...ascending(Array.from({ length: 100 }, () => 7))]).toEqual(Array.from({ length: 100 }, () => 7));
});
