import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAxis } from '../../../src/terminal/grid-axis.js';
import { extremes, sweepGrid } from '../../../src/analysis/sweep.js';
import * as z from 'zod';
import { metrics } from '../../../src/metrics/index.js';
import { defineMetric } from '../../../src/metrics/define-metric.js';
import { Random } from '../../../src/statistics/random.js';
import { memberOf, rightWith } from '../../support/members.js';

const random = Random.named(0, 'sweep');
const widths = [1, 2, 4, 8];
const members = widths.flatMap((width) =>
  [0, 1].map((seed) => {
    const correct = rightWith(1 - 0.8 / width, 120, random);
    return memberOf(width, seed, {
      correct,
      rank: Int32Array.from(correct, (right) => (right === 1 ? 1 : 2 + random.integer(8))),
      sequence: Int32Array.from({ length: 120 }, (_, i) => Math.floor(i / 4)),
      example: Int32Array.from({ length: 120 }, (_, i) => i),
      mse: Float32Array.from({ length: 120 }, () => (0.1 / width) * -Math.log(1 - random.uniform())),
    });
  }),
);

describe('every curve of a grid is what the metric measures one by one', () => {
  test.each([
    ['reconstruction', [], { key: 'c', values: [0.001, 0.01, 0.05, 0.2] }],
    ['subset-accuracy', [], { key: 'k', values: [1, 2, 5, 20] }],
    ['subset-trials', [], { key: 'k', values: [1, 2, 5, 20] }],
    ['top-k', [], { key: 'k', values: [1, 2, 5, 20] }],
    ['sequence-accuracy', [], { key: 'l', values: [1, 2, 3, 4] }],
    ['below', [['column', 'mse']], { key: 'c', values: [0.001, 0.01] }],
    ['above', [['column', 'rank']], { key: 'c', values: [1, 1.5, 2] }],
  ] as const)('%s', (name, fixed, axis) => {
    const parameters = Object.fromEntries(fixed);
    const { points } = sweepGrid({ metric: metrics[name], parameters, axes: [axis], members });
    points.forEach(({ metric, values }, j) => {
      expect(metric.parameters[axis.key]).toBe(axis.values[j]);
      const measured = members.map(({ outcomes }) => metric.measure(outcomes).value);
      const means = widths.map((_, i) => (measured[2 * i]! + measured[2 * i + 1]!) / 2);
      expect([...values]).toBeAllClose(means, { rtol: 1e-12, atol: 1e-15 });
    });
  });
});

test('two axes: every combination, the last one fastest', () => {
  const between = defineMetric({
    name: 'between',
    title: () => 'between',
    kind: 'thresholded',
    better: 'higher',
    unit: 'probability',
    formula: 'share of the errors between two cutoffs',
    source: 'this test',
    parameters: z.strictObject({ low: z.number(), high: z.number() }),
    needs: ['mse'],
    units: 'images',
    share: true,
    values: ({ mse }, { low, high }) => Float64Array.from(mse, (value) => (low < value && value < high ? 1 : 0)),
  });
  const axes = [
    { key: 'low', values: [0.01, 0.02] },
    { key: 'high', values: [0.05, 0.1, 0.2] },
  ];
  const { points } = sweepGrid({ metric: between, parameters: {}, axes, members });
  expect(points.map(({ metric: { parameters } }) => [parameters['low'], parameters['high']])).toEqual([
    [0.01, 0.05],
    [0.01, 0.1],
    [0.01, 0.2],
    [0.02, 0.05],
    [0.02, 0.1],
    [0.02, 0.2],
  ]);
});

test('extremes are the highest and lowest score of the curves that move', () => {
  const { points } = sweepGrid({
    metric: metrics.reconstruction,
    parameters: {},
    axes: [parseAxis('c=1e-4:1:40:log')],
    members,
  });
  const found = extremes(points, 'jump', 0.1)!;
  const moving = points.filter(({ range }) => range >= 0.1).map(({ scores }) => scores.jump);
  expect(found.strongest.scores.jump).toBe(Math.max(...moving));
  expect(found.weakest.scores.jump).toBe(Math.min(...moving));
  expect(extremes(points, 'jump', 2)).toBeUndefined();
});

describe('--over', () => {
  test('ranges, lists and grids', () => {
    expect(parseAxis('k=1..4')).toEqual({ key: 'k', values: [1, 2, 3, 4] });
    expect(parseAxis('c=0.1,0.5')).toEqual({ key: 'c', values: [0.1, 0.5] });
    expect(parseAxis('c=0:1:5').values).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(parseAxis('c=1e-4:1e-1:4:log').values).toBeAllClose([1e-4, 1e-3, 1e-2, 1e-1], { rtol: 1e-6 });
  });

  test('a grid has the requested number of values, ascending', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), (n) => {
        const { values } = parseAxis(`c=1e-5:2:${n}:log`);
        expect(values).toHaveLength(n);
        expect(values.every((value, i) => i === 0 || value > values[i - 1]!)).toBe(true);
      }),
    );
  });

  test.each([
    ['k', '"k" does not name a parameter and its values'],
    ['k=4..1', '"4..1" is not a range of whole numbers'],
    ['k=1..x', '"1..x" is not a range of whole numbers'],
    ['c=0:1:4:log', '"0:1:4:log" needs limits above 0 for log spacing'],
    ['c=1:0:4', '"1:0:4" does not increase'],
    ['c=0:1:1', '"0:1:1" is not FROM:TO:COUNT with 2 to 100000 values'],
    ['c=0:1:4:lin', '"0:1:4:lin" is not FROM:TO:COUNT'],
    ['c=1,x', '"x" is not a number'],
    ['c=1,1', '1 is listed twice'],
    ['c=1,', '"" is not a number'],
  ])('%s is refused', (text, message) => {
    expect(() => parseAxis(text)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining(message) as string }),
    );
  });
});
