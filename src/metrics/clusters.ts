/**
 * The units that intervals draw. A test set of images is a sample of images; one of sequences shows the same images
 * again and again, and is a sample of those. If the dataset knows groups of images (who wrote them, which patient they
 * are of) and there are enough of them, groups are drawn.
 */
import type { OutcomeTable } from '../runs/outcomes.js';

/**
 * What a metric has one number for. Images of one sequence are not independent: a label that was seen helps with the
 * next.
 */
export type Unit = 'images' | 'sequences';

/**
 * Fewest groups that intervals draw, in terms of equal groups: with fewer, a cluster bootstrap says too little about
 * how groups differ (coverage in docs/metrics.md), and intervals are over images, given the groups.
 */
export const fewestGroups = 40;

export interface Clusters {
  readonly by: 'images' | 'groups';
  readonly count: number;
  /** The cluster of each row, numbered from 0, `[rows]`. */
  readonly of: Int32Array;
}

/**
 * Undefined if rows are drawn one by one: images without enough groups.
 *
 * @throws Error for sequences without the column `example`, which is not a user's mistake
 */
export function clustersOf(
  { example, group }: Partial<Pick<OutcomeTable, 'example' | 'group'>>,
  units: Unit,
): Clusters | undefined {
  if (group !== undefined && effectiveNumber(numbered(group)) >= fewestGroups)
    return { by: 'groups', ...numbered(group) };
  if (units === 'images') return undefined;
  if (example === undefined) throw new Error('sequences need the column example');
  return { by: 'images', ...numbered(example) };
}

interface Numbered {
  readonly count: number;
  readonly of: Int32Array;
}

/** Every metric needs it for the same columns. */
const known = new WeakMap<Int32Array, Numbered>();

/** Ids as numbers from 0, in the order in which they first occur. */
function numbered(ids: Int32Array): Numbered {
  const found = known.get(ids);
  if (found !== undefined) return found;
  const numbers = new Map<number, number>();
  const of = ids.map((id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
  const result = { count: numbers.size, of };
  known.set(ids, result);
  return result;
}

/**
 * (sum of n)² / sum of n²: the number of equal clusters that would be as informative (Carter, Schnepel and Steigerwald
 * 2017, Rev. Econ. Stat. 99(4)).
 */
function effectiveNumber({ count, of }: Numbered): number {
  const sizes = new Float64Array(count);
  for (const number of of) sizes[number]!++;
  return of.length ** 2 / sizes.reduce((sum, size) => sum + size * size, 0);
}
