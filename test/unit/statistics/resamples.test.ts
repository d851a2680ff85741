import { describe, expect, test } from 'vitest';
import { drawCounts } from '../../../src/statistics/bootstrap.js';
import { meanOf } from '../../../src/statistics/intervals.js';
import { Random } from '../../../src/statistics/random.js';
import {
  groupingOf,
  groupSums,
  mostBlocks,
  mostUnits,
  ofEachUnit,
  resamples,
} from '../../../src/statistics/resamples.js';

test('lists come from named streams, one per block, and repeat when requested again', () => {
  const blocks = [
    { of: 'units', count: 30 },
    { of: 'sequences', count: 7 },
  ];
  const streams = blocks.map(({ of, count }) => Random.named(5, 'bootstrap', of, count));
  const expected = Array.from({ length: 21 }, () =>
    blocks.flatMap(({ count }, i) => {
      const list = new Float64Array(count);
      drawCounts(streams[i]!, list);
      return [...list];
    }),
  );
  for (const time of [1, 2, 3]) {
    const drawn = [...resamples(blocks, 21, 5)];
    expect(drawn.map((group) => group.length)).toEqual([16, 5]);
    expect(drawn.flat().map((list) => [...list])).toEqual(expected);
    // Others in between.
    if (time === 2) expect([...resamples(blocks, 21, 6)].flat().map((list) => [...list])).not.toEqual(expected);
  }
});

describe('groups of units', () => {
  const units = 200_000;

  test('exist only for large test sets, with sizes that differ by at most one', () => {
    expect(groupingOf(mostUnits)).toBeUndefined();
    const grouping = groupingOf(units)!;
    const sizes = groupSums(new Float64Array(units).fill(1), grouping);
    expect(sizes).toHaveLength(mostBlocks);
    expect([...new Set(sizes)].sort()).toEqual([6, 7]);
    const column = Float64Array.from({ length: units }, (_, i) => i);
    expect(groupSums(column, grouping).reduce((sum, each) => sum + each, 0)).toBe((units * (units - 1)) / 2);
  });

  test('give each unit the count of its group', () => {
    const grouping = groupingOf(units)!;
    const counts = Uint8Array.from({ length: mostBlocks }, (_, group) => group % 7);
    const each = ofEachUnit(counts, grouping);
    expect([each.length, each[0], each[units - 1]]).toEqual([units, grouping.of[0]! % 7, grouping.of[units - 1]! % 7]);
    expect(ofEachUnit(counts, undefined)).toBe(counts);
  });

  /**
   * The plain bootstrap of a mean has the standard error sd / sqrt(n) in closed form. With groups it is that of their means, off by 1 /
   * sqrt(2 x 32768) = 0.4 % because groups are finite in number; here for losses (exponential, skewed), and for a test set in order of
   * classes, where groups of neighbours would be far off: 5 standard deviations of that.
   */
  test('preserve the standard error of means', () => {
    const random = Random.named(0, 'losses');
    const losses = Float64Array.from({ length: units }, () => -Math.log(1 - random.uniform()));
    const inOrder = Float64Array.from({ length: units }, (_, i) => Math.floor(i / (units / 10)));
    const grouping = groupingOf(units)!;
    const sizes = groupSums(new Float64Array(units).fill(1), grouping);
    for (const column of [losses, inOrder]) {
      const { mean, standardError } = meanOf(column);
      // For a ratio of drawn sums: the spread of each group's sum about the mean times its size.
      const left = groupSums(column, grouping).map((sum, i) => sum - mean * sizes[i]!);
      const drawn = Math.sqrt(left.reduce((sum, each) => sum + each * each, 0)) / units;
      expect(Math.abs(drawn / standardError - 1)).toBeLessThan(5 / Math.sqrt(2 * mostBlocks));
    }
  });
});
