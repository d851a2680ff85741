import { describe, expect, test } from 'vitest';
import { knotsOf, naturalSpline } from '../../../src/statistics/natural-spline.js';
import { slopesOf } from '../../../src/statistics/partially-linear.js';
import { dot, orthonormal, residualOf } from '../../../src/statistics/projection.js';
import { Random } from '../../../src/statistics/random.js';

const column = (count: number, of: (i: number) => number) => Float64Array.from({ length: count }, (_, i) => of(i));

describe('natural splines', () => {
  test('through (0, 0), (1, 1), (2, 0): 1.5 x - 0.5 x^3 up to 1, mirrored after it, straight beyond', () => {
    const x = [0, 1, 2];
    const at = [-1, 0, 0.25, 0.5, 1, 1.5, 2, 3];
    // A fit of three columns to three points is exact: the combination through the points is the curve.
    const both = naturalSpline([...x, ...at], x);
    const [, line, bend] = both as [Float64Array, Float64Array, Float64Array];
    // y = slope u + factor N, without a constant, as y(0) = 0; u = x / 2, y(1) = 1, y(2) = 0.
    const [n1, n2] = [bend[1]!, bend[2]!];
    const factor = -2 / (n2 - 2 * n1);
    const slope = -factor * n2;
    const fitted = at.map((_, i) => slope * line[3 + i]! + factor * bend[3 + i]!);
    const inside = (value: number) => 1.5 * value - 0.5 * value ** 3;
    expect(fitted[1]).toBeCloseTo(0, 12);
    expect(fitted[2]).toBeCloseTo(inside(0.25), 12);
    expect(fitted[3]).toBeCloseTo(inside(0.5), 12);
    expect(fitted[4]).toBeCloseTo(1, 12);
    expect(fitted[5]).toBeCloseTo(inside(0.5), 12);
    expect(fitted[6]).toBeCloseTo(0, 12);
    expect([fitted[0], fitted[7]]).toEqual([expect.closeTo(-1.5, 12), expect.closeTo(-1.5, 12)]);
  });

  test('have a column for each different knot', () => {
    expect(knotsOf([1, 2, 3, 4, 5], 3)).toEqual([1, 3, 5]);
    expect(knotsOf([1, 1, 1, 1, 5], 3)).toEqual([1, 5]);
    expect(naturalSpline([1, 2], [1, 5])).toHaveLength(2);
    expect(naturalSpline([1, 1], [1])).toHaveLength(1);
  });
});

test('residuals are orthogonal to the basis; dependent columns add nothing', () => {
  const columns = [column(9, () => 1), column(9, (i) => i), column(9, (i) => 3 * i - 2), column(9, (i) => i * i)];
  const basis = orthonormal(columns);
  expect(basis).toHaveLength(3);
  const rest = residualOf(
    basis,
    column(9, (i) => Math.sin(i)),
  );
  for (const each of columns) expect(dot(rest, each)).toBeCloseTo(0, 10);
  expect(Math.max(...residualOf(basis, columns[3]!).map(Math.abs))).toBeLessThan(1e-12);
});

describe('the slope', () => {
  const random = Random.named(0, 'slope');
  const count = 24;
  const basis = orthonormal([column(count, () => 1), column(count, (i) => i)]);
  const term = column(count, () => random.normal());
  const y = column(count, (i) => 3 + 2 * i + 0.5 * term[i]! + 0.1 * random.normal());
  const clusters = Array.from({ length: count }, (_, i) => Math.floor(i / 3));
  const [found] = slopesOf({ y, basis, terms: [term], clusters, draws: 399, random });

  test('is that of least squares including the basis', () => {
    const all = orthonormal([...basis, term]);
    const direction = all.at(-1)!;
    expect(found!.value).toBeCloseTo(dot(direction, y) / dot(direction, term), 12);
  });

  test('has the standard error of the jackknife over clusters', () => {
    const [rest, residual] = [residualOf(basis, term), residualOf(basis, y)];
    const without = Array.from({ length: 8 }, (_, c) => {
      const kept = clusters.flatMap((each, i) => (each === c ? [] : i));
      const sum = (of: (i: number) => number) => kept.reduce((total, i) => total + of(i), 0);
      return sum((i) => rest[i]! * residual[i]!) / sum((i) => rest[i]! ** 2);
    });
    const squares = without.reduce((total, value) => total + (value - found!.value) ** 2, 0);
    expect(found!.standardError).toBeCloseTo(Math.sqrt((7 / 8) * squares), 12);
  });

  test('excludes 0 where the null is rejected, and its interval covers the true value', () => {
    expect(found!.interval.lower).toBeGreaterThan(0);
    expect(found!.interval.lower).toBeLessThan(0.5);
    expect(found!.interval.upper).toBeGreaterThan(0.5);
    expect(found!.null.filter((value) => value >= found!.statistic)).toHaveLength(0);
  });
});
