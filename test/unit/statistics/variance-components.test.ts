import { expect, test } from 'vitest';
import { varianceComponents } from '../../../src/statistics/variance-components.js';

test('groups of one size: the closed form of the analysis of variance', () => {
  const [residuals, sizes, within] = [[0.3, -0.2, 0.1, -0.4, 0.2], [3, 3, 3, 3, 3], 0.05];
  const mean = residuals.reduce((sum, value) => sum + value * value, 0) / 5;
  const { ratio, deviance } = varianceComponents({ residuals, sizes, within });
  // Maximum likelihood: inside W / (N - S), of means R / S minus a third of it (Searle, Casella and McCulloch 1992, Sec. 3.7).
  const inside = within / 10;
  expect(ratio).toBeAllClose((mean - inside / 3) / inside, { rtol: 1e-5 });
  const expected = 15 * (Math.log(2 * Math.PI) + 1) + 10 * Math.log(inside) + 5 * Math.log(3 * mean);
  expect(deviance).toBeAllClose(expected, { rtol: 1e-9 });
});

test('means that scatter less than their members allow: no variance between groups', () => {
  const { ratio, deviance } = varianceComponents({ residuals: [0.01, -0.01, 0], sizes: [2, 4, 3], within: 0.6 });
  expect(ratio).toBe(0);
  const squares = 0.6 + 2 * 0.01 ** 2 + 4 * 0.01 ** 2;
  expect(deviance).toBeAllClose(9 * (Math.log((2 * Math.PI * squares) / 9) + 1), { rtol: 1e-12 });
});

test('groups of different sizes: the deviance of the joint normal distribution, and no ratio has a smaller one', () => {
  const [residuals, sizes, within] = [[0.3, -0.2, 0.1, -0.4], [1, 4, 2, 3], 0.08];
  const { ratio, deviance } = varianceComponents({ residuals, sizes, within });
  const at = (between: number, inside: number) =>
    residuals.reduce(
      (sum, value, i) =>
        sum +
        (sizes[i]! - 1) * Math.log(inside) +
        Math.log(inside + sizes[i]! * between) +
        (sizes[i]! * value ** 2) / (inside + sizes[i]! * between),
      10 * Math.log(2 * Math.PI) + within / inside,
    );
  const grid = Array.from({ length: 200 }, (_, i) => Math.exp(-9 + i / 20));
  const least = Math.min(...grid.flatMap((between) => grid.map((inside) => at(between, inside))));
  expect(deviance).toBeLessThanOrEqual(least);
  expect(deviance).toBeGreaterThan(least - 0.01);
  expect(ratio).toBeGreaterThan(0);
});

test('one value per group: the means alone', () => {
  const { ratio, deviance } = varianceComponents({ residuals: [0.1, -0.3, 0.2], sizes: [1, 1, 1], within: 0 });
  expect(ratio).toBe(Infinity);
  expect(deviance).toBeAllClose(3 * (Math.log((2 * Math.PI * 0.14) / 3) + 1), { rtol: 1e-12 });
});
