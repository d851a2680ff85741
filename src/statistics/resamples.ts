/**
 * The samples that a bootstrap draws: how often each of a test set's units is in each. All metrics of a test set share
 * the same draws, so the lists are kept, unless they are too large, until others are requested. For a very large test
 * set, groups of units are drawn.
 */
import { drawCounts } from './bootstrap.js';
import { listsAtOnce } from './kernels/kernels.js';
import { latest } from './latest.js';
import { Random } from './random.js';

/** Units drawn with replacement; the lists of counts hold these blocks one after the other. */
export interface ResampleBlock {
  /** Names the stream of random numbers. */
  readonly of: string;
  readonly count: number;
}

interface Lists {
  readonly key: string;
  readonly lists: readonly Uint8Array[];
}

/** The most units that are drawn one by one, and the number of groups that are drawn of more. */
export const mostUnits = 65_536;
export const mostBlocks = 32_768;

/** The size of 2000 draws of `mostUnits`. */
const mostKeptBytes = 2000 * mostUnits;
const kept = latest<Lists>();

/** Lists of counts, `[draws]` in groups of `listsAtOnce`; the last group holds the remainder. */
export function* resamples(
  blocks: readonly ResampleBlock[],
  draws: number,
  seed: number,
): Generator<readonly Uint8Array[]> {
  const key = JSON.stringify([blocks, draws, seed]);
  const known = kept.get();
  if (known?.key === key) {
    for (let i = 0; i < draws; i += listsAtOnce) yield known.lists.slice(i, i + listsAtOnce);
    return;
  }
  const streams = blocks.map(({ of, count }) => Random.named(seed, 'bootstrap', of, count));
  const total = blocks.reduce((sum, { count }) => sum + count, 0);
  const keeps = draws * total <= mostKeptBytes;
  const lists: Uint8Array[] = [];
  const all = keeps ? new Uint8Array(draws * total) : undefined;
  for (let i = 0; i < draws; i += listsAtOnce) {
    const group = Array.from({ length: Math.min(listsAtOnce, draws - i) }, (_, k) => {
      const list = all?.subarray((i + k) * total, (i + k + 1) * total) ?? new Uint8Array(total);
      let at = 0;
      blocks.forEach(({ count }, b) => {
        drawCounts(streams[b]!, list.subarray(at, (at += count)));
      });
      return list;
    });
    if (keeps) lists.push(...group);
    yield group;
  }
  if (keeps) kept.set({ key, lists });
}

/** Units in random groups whose sizes differ by at most one. */
export interface Grouping {
  readonly count: number;
  /** The group of each unit, `[units]`. */
  readonly of: Uint16Array;
}

const groupings = new Map<number, Grouping>();

/**
 * Random groups to draw if there are too many units to draw each of them; otherwise undefined. Means over drawn groups
 * vary like means over drawn units, except for chance in the grouping: a standard error over G groups has a relative
 * error of 1 / sqrt(2 G), 0.4 %, and one over 2000 draws 1.6 %. Groups are random, not neighbours, because test sets
 * are often sorted by class.
 */
export function groupingOf(units: number): Grouping | undefined {
  if (units <= mostUnits) return undefined;
  const known = groupings.get(units);
  if (known !== undefined) return known;
  const of = new Uint16Array(units);
  Random.named(0, 'groups of units', units)
    .permutation(units)
    .forEach((unit, place) => {
      of[unit] = place % mostBlocks;
    });
  const grouping = { count: mostBlocks, of };
  groupings.set(units, grouping);
  return grouping;
}

/** Sums over each group, `[groups]`; the column itself if there are no groups. */
export function groupSums<T extends ArrayLike<number>>(column: T, grouping: Grouping | undefined): T | Float64Array {
  if (grouping === undefined) return column;
  const sums = new Float64Array(grouping.count);
  for (let i = 0; i < grouping.of.length; i++) sums[grouping.of[i]!]! += column[i]!;
  return sums;
}

/** How often each unit is drawn, `[units]`: as often as its group; `counts` itself if there are no groups. */
export function ofEachUnit(counts: Uint8Array, grouping: Grouping | undefined): Uint8Array {
  if (grouping === undefined) return counts;
  const each = new Uint8Array(grouping.of.length);
  for (let i = 0; i < each.length; i++) each[i] = counts[grouping.of[i]!]!;
  return each;
}
