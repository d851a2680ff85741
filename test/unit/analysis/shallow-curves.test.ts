import { expect, test } from 'vitest';
import { rangeInDeviations, shallowLines } from '../../../src/analysis/shallow-curves.js';

const members = (values: readonly (readonly number[])[]) =>
  values.flatMap((seeds, i) => seeds.map((value) => ({ parameters: 10 ** i, value })));

test('the deviation of seeds is pooled over scales by degrees of freedom', () => {
  // Sums of squares 2 and 8 with 1 and 2 degrees of freedom: a variance of 10 / 3.
  const curve = { range: 5, members: members([[0, 2], [3, 5, 7]]) }; // prettier-ignore
  expect(rangeInDeviations(curve)).toBeCloseTo(5 / Math.sqrt(10 / 3), 12);
});

test('one seed at each scale, or seeds that agree, have no deviation to compare with', () => {
  expect(rangeInDeviations({ range: 1, members: members([[0], [1]]) })).toBeUndefined();
  expect(rangeInDeviations({ range: 1, members: members([[0, 0], [1, 1]]) })).toBeUndefined(); // prettier-ignore
  expect(rangeInDeviations({ range: NaN, members: members([[0, 1], [1, 2]]) })).toBeUndefined(); // prettier-ignore
});

test('curves that rise by less than five deviations of a seed are warned of', () => {
  const of = (range: number) => ({ title: `range ${range}`, range, members: members([[0, 2], [0, 2]]) }); // prettier-ignore
  expect(shallowLines([of(5 * Math.SQRT2), of(3.5 * Math.SQRT2)])).toEqual([
    'range 4.949747468305833: its range is 3.5 standard deviations of a seed. Below 5, intervals of linearity and largest step cover too little: 54 to 63 % at 3.5 in simulations.',
  ]);
});
