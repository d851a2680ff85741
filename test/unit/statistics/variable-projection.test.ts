import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matrix, solveBounded } from '../../../src/statistics/matrices.js';
import { projectionOf } from '../../../src/statistics/variable-projection.js';

const entry = fc.double({ min: -2, max: 2, noNaN: true });

describe('bounded least squares', () => {
  test('no point of a fine grid inside the bounds is better', () => {
    const problem = fc.record({
      a: fc.array(entry, { minLength: 15, maxLength: 15 }),
      b: fc.array(entry, { minLength: 5, maxLength: 5 }),
      lower: fc.array(fc.double({ min: -1, max: 0, noNaN: true }), { minLength: 3, maxLength: 3 }),
      upper: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    });
    fc.assert(
      fc.property(problem, ({ a, b, lower, upper }) => {
        const left = (x: ArrayLike<number>) =>
          b.reduce((sum, value, i) => {
            const fitted = a[3 * i]! * x[0]! + a[3 * i + 1]! * x[1]! + a[3 * i + 2]! * x[2]!;
            return sum + (value - fitted) ** 2;
          }, 0);
        const x = solveBounded(
          { ...matrix(5, 3), data: Float64Array.from(a) },
          Float64Array.from(b),
          Float64Array.from(lower),
          Float64Array.from(upper),
        );
        x.forEach((value, j) => {
          expect(value).toBeGreaterThanOrEqual(lower[j]!);
          expect(value).toBeLessThanOrEqual(upper[j]!);
        });
        const shares = [0, 0.25, 0.5, 0.75, 1];
        const on = (j: number, share: number) => lower[j]! + share * (upper[j]! - lower[j]!);
        const grid = shares.flatMap((p) => shares.flatMap((q) => shares.map((r) => [on(0, p), on(1, q), on(2, r)])));
        expect(left(x)).toBeLessThanOrEqual(Math.min(...grid.map(left)) + 1e-9);
        // And, the problem being convex, none beside it: the best nearby is the best.
        for (const corner of grid) {
          const beside = Array.from(x, (value, j) => value + 1e-3 * (corner[j]! - value));
          expect(left(x)).toBeLessThanOrEqual(left(beside) + 1e-9);
        }
      }),
    );
  });
});

describe('y = a exp(-k x) + c', () => {
  const x = Array.from({ length: 12 }, (_, i) => i / 3);
  const decay = (a: number, k: number, c: number) => x.map((value) => a * Math.exp(-k * value) + c);
  const projection = (y: readonly number[], upper = [Infinity, 10, Infinity]) =>
    projectionOf({
      ...{ linear: [0, 2], x, y, weights: x.map((_, i) => 1 + (i % 3)) },
      gradient: ([a, k], at) => [Math.exp(-k! * at), -a! * at * Math.exp(-k! * at), 1],
      ...{ lower: [-Infinity, 0.01, -Infinity], upper },
    });

  test('only the shape is searched; amplitude and limit follow', () => {
    const found = projection(decay(2.5, 1.3, 0.5)).search([8], 100);
    expect(found.parameters).toBeAllClose([2.5, 1.3, 0.5], { rtol: 1e-8 });
    expect(found.sumOfSquares).toBeLessThan(1e-18);
  });

  test('with a level at its bound the optimum is that of a scan over the shape', () => {
    const y = decay(2.5, 1.3, 0.5).map((value, i) => value + 0.05 * Math.sin(7 * i));
    const bounded = projection(y, [Infinity, 10, 0.4]);
    const scan = Array.from({ length: 4000 }, (_, i) => bounded.at([0.01 + (9.99 * i) / 3999]).sumOfSquares);
    const found = bounded.search([0.5], 200);
    expect(found.parameters[2]).toBe(0.4);
    // The scan is at most 0.00125 away from it.
    expect(found.sumOfSquares).toBeLessThanOrEqual(Math.min(...scan));
    expect(found.sumOfSquares).toBeGreaterThan(0.999 * Math.min(...scan));
  });
});
