import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evenWidths } from '../../../../src/analysis/design/widths.js';

test('along a logistic curve, widths are equal steps in closed form, rounded', () => {
  const [middle, slope] = [60, 1.3];
  const value = (width: number) => 1 / (1 + (width / middle) ** -slope);
  const [from, to, count] = [8, 700, 9];
  const inverse = (share: number) => middle * (share / (1 - share)) ** (1 / slope);
  const [least, most] = [value(from), value(to)];
  const exact = Array.from({ length: count }, (_, i) => inverse(least + ((most - least) * i) / (count - 1)));
  const found = evenWidths(value, { from, to, count });
  expect(found).toHaveLength(count);
  // Integers: off by at most 1 where rounding one up suits its neighbours better.
  found.forEach((width, i) => {
    expect(Math.abs(width - exact[i]!)).toBeLessThan(1);
  });
  expect([found[0], found.at(-1)]).toEqual([from, to]);
});

test('no other set of widths with both ends has more equal steps', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
      fc.integer({ min: 3, max: 6 }),
      (rises, count) => {
        const value = (width: number) => rises.slice(0, width).reduce((sum, rise) => sum + rise, 0);
        const step = (value(9) - value(1)) / (count - 1);
        const cost = (widths: readonly number[]) =>
          widths.slice(1).reduce((sum, width, i) => sum + (value(width) - value(widths[i]!) - step) ** 2, 0);
        const all = subsets([2, 3, 4, 5, 6, 7, 8], count - 2).map((inner) => [1, ...inner, 9]);
        const least = Math.min(...all.map(cost));
        // Sums of a few squares below 1: rounding only.
        expect(cost(evenWidths(value, { from: 1, to: 9, count })) - least).toBeLessThan(1e-12);
      },
    ),
  );
});

function subsets(list: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return list.flatMap((first, i) => subsets(list.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
}

test('only multiples of the heads; all widths if there are no more; each once where the range is large', () => {
  expect(evenWidths(Math.log, { from: 3, to: 17, count: 10, multiple: 4 })).toEqual([4, 8, 12, 16]);
  expect(evenWidths(Math.log, { from: 1, to: 4, count: 10 })).toEqual([1, 2, 3, 4]);
  const wide = evenWidths(Math.log, { from: 1, to: 65536, count: 17 });
  // Equal steps of the logarithm are powers of 2, and candidates are 1.4 % apart.
  wide.forEach((width, i) => {
    expect(Math.abs(Math.log2(width) - i)).toBeLessThan(0.02);
  });
});
