import { expect, test } from 'vitest';
import { pearson, ranksOf, spearman } from '../../../src/statistics/ranks.js';

test('equal values share the mean of their ranks', () => {
  expect([...ranksOf([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
});

/** scipy 1.17: spearmanr([1, 2, 3, 4, 5, 6], [2, 1, 4, 4, 6, 5]).statistic, pearsonr of the same. */
test('correlations are SciPy’s', () => {
  const [a, b] = [
    [1, 2, 3, 4, 5, 6],
    [2, 1, 4, 4, 6, 5],
  ];
  expect(spearman(a, b)).toBeAllClose(0.8696565534786727, { rtol: 1e-12 });
  expect(pearson(a, b)).toBeAllClose(0.8612538776448219, { rtol: 1e-12 });
});

test('a constant side has none', () => {
  expect(spearman([1, 2, 3], [5, 5, 5])).toBeNaN();
});

test('a value that is no number has no rank, and is no reason to go on for ever', () => {
  expect([...ranksOf([1, NaN, 2])]).toEqual([NaN, NaN, NaN]);
  expect(spearman([1, NaN, 2], [1, 2, 3])).toBeNaN();
});
