import fc from 'fast-check';
import { expect, test } from 'vitest';
import { above, below } from '../../../src/metrics/column.js';
import { reconstruction } from '../../../src/metrics/reconstruction.js';

test('below and above: shares of a column on the sides of a cutoff; equal is neither', () => {
  const rank = Int32Array.from([1, 2, 2, 3]);
  expect(below.with({ column: 'rank', c: 2 }).measure({ rank }).value).toBe(0.25);
  expect(above.with({ column: 'rank', c: 2 }).measure({ rank }).value).toBe(0.25);
  // 2.5 is between ranks, and stays so
  expect(below.with({ column: 'rank', c: 2.5 }).measure({ rank }).value).toBe(0.75);
});

test('reconstruction is below on the squared error, also where an error is the cutoff', () => {
  const errors = fc.array(fc.constantFrom(0.001, 0.01, 0.0100001, 0.1), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(errors, fc.constantFrom(0.001, 0.01, 0.05), (list, c) => {
      const mse = Float32Array.from(list);
      const { value } = reconstruction.with({ c }).measure({ mse });
      expect(value).toBe(below.with({ column: 'mse', c }).measure({ mse }).value);
      expect(value).toBe(list.filter((error) => error < c).length / list.length);
    }),
  );
});
