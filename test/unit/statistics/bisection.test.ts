import { expect, test } from 'vitest';
import { bisected, crossing } from '../../../src/statistics/bisection.js';

test('the square root of two is where squares exceed two, from either end', () => {
  expect(crossing((x) => x * x < 2, [0, 2], 60)).toBeCloseTo(Math.SQRT2, 15);
  expect(crossing((x) => x * x < 2, [0, -2], 60)).toBeCloseTo(-Math.SQRT2, 15);
});

test('each halving leaves the half with the crossing, until it is narrow enough', () => {
  expect(bisected((x) => x < 5, [0, 16], 3)).toEqual({ lower: 4, upper: 6 });
  expect(bisected((x) => x < 5, [0, 16], 100, 0.5)).toEqual({ lower: 4, upper: 8 });
});
