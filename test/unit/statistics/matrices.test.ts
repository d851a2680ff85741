import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matrix, solveLeastSquares } from '../../../src/statistics/matrices.js';

const [rows, columns] = [6, 4];
// Integers: a column either depends on others exactly or is far from that.
const entry = fc.integer({ min: -9, max: 9 });

test('residuals are orthogonal to every column, even if columns are 0 or copies of others', () => {
  const column = fc.oneof(
    fc.array(entry, { minLength: rows, maxLength: rows }),
    fc.constant(Array.from({ length: rows }, () => 0)),
    fc.constantFrom('the first', 'twice the first'),
  );
  const problem = fc.record({
    drawn: fc.array(column, { minLength: columns, maxLength: columns }),
    b: fc.array(entry, { minLength: rows, maxLength: rows }),
  });
  fc.assert(
    fc.property(problem, ({ drawn, b }) => {
      const first = typeof drawn[0] === 'string' ? Array.from({ length: rows }, (_, i) => i + 1) : drawn[0]!;
      const list = drawn.map((each) =>
        typeof each !== 'string' ? each : each === 'the first' ? first : first.map((value) => 2 * value),
      );
      const a = {
        ...matrix(rows, columns),
        data: Float64Array.from({ length: rows * columns }, (_, k) => list[k % columns]![Math.floor(k / columns)]!),
      };
      const x = solveLeastSquares({ ...a, data: a.data.slice() }, Float64Array.from(b));
      const left = b.map((value, i) => list.reduce((sum, each, j) => sum - each[i]! * x[j]!, value));
      // The normal equations; entries and sums are below 10^4, and only rounding remains.
      for (const each of list)
        expect(Math.abs(each.reduce((sum, value, i) => sum + value * left[i]!, 0))).toBeLessThan(1e-7);
    }),
  );
});
