import { describe, expect, test } from 'vitest';
import { lossAt } from '../../../../src/analysis/scaling/law.js';
import { lossCells, notFalling, scalingLaw, untold } from '../../../../src/analysis/scaling/scaling.js';
import { Random } from '../../../../src/statistics/random.js';
import { scaled } from '../../../support/figures.js';
import { gridOf, publishedLaws, ratios, simulatedMembers } from '../../../support/scaling.js';

const at = (coordinates: readonly (readonly number[])[]) => coordinates.map((each) => ({ coordinates: each }));

describe('data that cannot determine a law', () => {
  test('of one factor', () => {
    expect(untold(at([[1], [1], [2]]), ['parameters'])).toBe(
      'has two values of parameters, but a scaling law over it needs three',
    );
    expect(untold(at([[7]]), ['flops'])).toBe('has one value of flops, but a scaling law over it needs three');
    expect(untold(at([[1], [2], [3]]), ['parameters'])).toBeUndefined();
  });

  test('of two: too few values of one, or two that vary together', () => {
    const names = ['parameters', 'examples'];
    expect(untold(at(gridOf([1, 2, 3, 4], [1, 2])), names)).toMatch(/^has two values of examples/);
    expect(untold(at([1, 2, 3, 4, 5, 6].map((x) => [x, 10 * x])), names)).toBe(
      'has 6 combinations of parameters and examples, too few to tell the two apart',
    );
    expect(untold(at(gridOf([1, 2, 3], [1, 2, 3])), names)).toBeUndefined();
  });
});

test('members that differ only in their seed are one cell, in order, with the mean of their FLOPs', () => {
  const member = (parameters: number, value: number, flops: number) => ({ coordinates: { parameters, flops }, value });
  expect(lossCells([member(20, 1, 4), member(10, 3, 2), member(20, 2, 6)], ['parameters'])).toEqual([
    { coordinates: [10], members: [1], values: [3], flops: 2 },
    { coordinates: [20], members: [0, 2], values: [1, 2], flops: 5 },
  ]);
});

test('a loss that rises with a factor is reported', () => {
  const grid = gridOf([1, 10, 100], [1, 10, 100]);
  const members = grid.map(([parameters, examples]) => {
    return { coordinates: { parameters, examples }, value: 1 + parameters ** -0.5 + 0.1 * Math.log(examples + 1) };
  });
  expect(notFalling(members, ['parameters', 'examples'])).toBe('examples');
  expect(notFalling(members, ['parameters'])).toBeUndefined();
});

test('held out: the largest quarter, which the fit never sees', () => {
  const { heldOut, cells } = scaled.two;
  const flops = cells.map((cell) => cell.flops).sort((a, b) => a - b);
  expect(heldOut!.known).toBe(12);
  expect(heldOut!.predicted).toHaveLength(4);
  for (const { coordinates } of heldOut!.predicted)
    expect(6 * coordinates[0]! * coordinates[1]!).toBeGreaterThanOrEqual(flops[12]! * (1 - 1e-12));
  const isHeldOut = (of: readonly number[]) =>
    heldOut!.predicted.some(({ coordinates }) => coordinates.join(' ') === of.join(' '));
  // Other losses of the same members: the predictions do not move.
  const members = cells.flatMap(({ coordinates, values, flops: spent }) =>
    values.map((value) => {
      const [parameters, examples] = coordinates as [number, number];
      return { coordinates: { parameters, examples, flops: spent }, value: isHeldOut(coordinates) ? 2 * value : value };
    }),
  );
  const other = scalingLaw({ members, factors: ['parameters', 'examples'] }).heldOut!;
  expect(other.predicted.map(({ value }) => value)).toEqual(heldOut!.predicted.map(({ value }) => value));
  expect(other.predicted.every(({ isInside }) => !isInside)).toBe(true);
});

test("nothing is held out if the remaining scales would only equal the law's parameters", () => {
  const simulated = { law: { floor: 0.1, terms: [{ amplitude: 5, exponent: 0.5 }] }, seeds: 3, deviation: 0.01 };
  const heldOut = (count: number) =>
    scalingLaw({
      factors: ['parameters'],
      members: simulatedMembers(
        { ...simulated, coordinates: ratios(100, 1e4, count).map((n) => [n]) },
        ['parameters'],
        Random.named(0, count),
      ),
    }).heldOut;
  expect([heldOut(3), heldOut(4)]).toEqual([undefined, undefined]);
  expect(heldOut(5)!.known).toBe(4);
});

test('residuals are relative to the law', () => {
  for (const { coordinates, values, mean, fitted, residual } of scaled.one.cells) {
    expect(mean).toBeCloseTo(values.reduce((a, b) => a + b) / 3, 12);
    expect(fitted).toBe(lossAt(scaled.one.law, coordinates));
    expect((1 + residual) * fitted).toBeCloseTo(mean, 12);
  }
});

test('the curve of one factor follows the law, inside its band', () => {
  for (const { at: n, value, interval } of scaled.one.curve) {
    expect(value).toBe(lossAt(scaled.one.law, [n]));
    expect(interval.lower).toBeLessThan(value);
    expect(interval.upper).toBeGreaterThan(value);
  }
});

test('published exponents are recovered from as many members as published, each with 1 % noise', () => {
  const { law, exponents } = scaled.two;
  publishedLaws.besiroglu.terms.forEach(({ exponent }, k) => {
    expect(law.terms[k]!.exponent).toBe(exponents[k]!.value);
    expect(exponents[k]!.interval.lower).toBeLessThan(exponent);
    expect(exponents[k]!.interval.upper).toBeGreaterThan(exponent);
  });
});
