import { describe, expect, test } from 'vitest';

describe('toBeAllClose', () => {
  test('passes within the combined relative and absolute tolerances', () => {
    expect([1, 100, 0]).toBeAllClose(Float64Array.of(1.1, 101, 0.09), { rtol: 0.01, atol: 0.1 });
    expect(2).toBeAllClose(2, {});
    expect([Infinity, NaN]).toBeAllClose([Infinity, NaN], {});
  });
  test.each([
    [[1, 2, 3], [1, 2.5, 3.2], 'element 1: 2, expected 2.5 (differs by 0.5, 0.1 allowed)'],
    [[1, NaN], [1.5, 2], 'element 1: NaN, expected 2 (differs by NaN, 0.1 allowed)'],
    [[1], [Infinity], 'element 0: 1, expected Infinity (differs by Infinity, 0.1 allowed)'],
    [[1, 2], [1], 'has 2 elements, expected 1'],
    ['12', [1, 2], 'is not a list of numbers'],
  ])('shows the worst element of %s and %s', (actual, expected, line) => {
    expect(() => {
      expect(actual).toBeAllClose(expected, { atol: 0.1 });
    }).toThrow(expect.objectContaining({ message: line }));
  });
});
