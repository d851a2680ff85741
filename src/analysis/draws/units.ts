/**
 * Means and shares of columns of units in each draw of the test set; those that metrics have in common are drawn once.
 */
import { once } from '../../machine/once.js';
import { packer } from '../../machine/packed.js';
import type { UnitNumbers, UnitValues } from '../../metrics/metric.js';
import { byCount } from '../../statistics/by-count.js';
import { latest } from '../../statistics/latest.js';
import { scorePlaces, type ScorePlaces } from '../../statistics/normal.js';
import { groupingOf, groupSums } from '../../statistics/resamples.js';
import { drawnBy, sumsOver, type Resampled } from './resampled.js';

interface Drawing {
  readonly columns: readonly UnitNumbers[];
  readonly draws: number;
  readonly seed: number;
}

function isSame(a: Drawing, b: Drawing): boolean {
  const { columns } = a;
  return (
    a.draws === b.draws &&
    a.seed === b.seed &&
    columns.length === b.columns.length &&
    columns.every((column, i) => column === b.columns[i])
  );
}

/** Units that are right in each draw. */
export interface DrawnShare {
  readonly seed: number;
  /** `[draws]` */
  readonly right: Uint16Array;
  /** The smallest and the largest of them. */
  readonly range: () => readonly [number, number];
  /** Their ranks, see `scorePlaces`. */
  readonly places: () => ScorePlaces | undefined;
}

/**
 * Kept with their column: accuracy and subset accuracies, a table and a figure use the same draws. A smaller number of
 * draws consists of the first ones of a larger number.
 */
const drawnRight = new WeakMap<UnitNumbers, Map<number, DrawnShare>>();

/** Of columns of 0 and 1, `[columns]`. Those that are not known are drawn. */
export function drawnShares(columns: readonly UnitNumbers[], draws: number, seed: number): DrawnShare[] {
  const count = columns[0]!.length;
  const unknown = columns.filter((column) => knownShare(column, draws, seed) === undefined);
  if (unknown.length > 0) {
    const means = drawnMeans(unknown, draws, seed);
    for (const [i, column] of unknown.entries()) {
      const right = pack(new Uint16Array(draws));
      for (let b = 0; b < draws; b++) right[b] = Math.round(means[b]![i]! * count);
      keepShare(column, draws, drawnShare(right, seed));
    }
  }
  return columns.map((column) => knownShare(column, draws, seed)!);
}

const pack = packer();

function drawnShare(right: Uint16Array, seed: number): DrawnShare {
  const places = () => {
    const own = scorePlaces(right);
    return own && pack(own);
  };
  return { seed, right, range: once(() => rangeOf(right)), places: once(places) };
}

function rangeOf(right: Uint16Array): [number, number] {
  let [least, most] = [65_535, 0];
  for (const each of right) {
    if (each < least) least = each;
    if (each > most) most = each;
  }
  return [least, most];
}

function keepShare(column: UnitNumbers, draws: number, drawn: DrawnShare): void {
  const known = drawnRight.get(column);
  if (known === undefined) drawnRight.set(column, new Map([[draws, drawn]]));
  else known.set(draws, drawn);
}

function knownShare(column: UnitNumbers, draws: number, seed: number): DrawnShare | undefined {
  const known = drawnRight.get(column);
  const own = known?.get(draws);
  if (own?.seed === seed) return own;
  for (const [more, { seed: other, right: all }] of known ?? []) {
    if (more < draws || other !== seed) continue;
    const drawn = drawnShare(all.subarray(0, draws), seed);
    keepShare(column, draws, drawn);
    return drawn;
  }
  return undefined;
}

const lastMeans = latest<Drawing & { readonly means: readonly Float64Array[] }>();

/** Means of columns in each draw, `[draws]` of `[columns]`. The most recent ones are kept. */
export function drawnMeans(columns: readonly UnitNumbers[], draws: number, seed: number): readonly Float64Array[] {
  const known = lastMeans.get();
  if (known !== undefined && isSame(known, { columns, draws, seed })) return known.means;
  const count = columns[0]!.length;
  const grouping = groupingOf(count);
  const sumsOf = sumsOver(columns.map((column) => groupSums(column, grouping)));
  const sizes = grouping && groupSums(new Float64Array(count).fill(1), grouping);
  const meansOver: Resampled = (counts) =>
    sumsOf(counts).map((sums, k) => {
      // Groups differ in size, so the number of drawn units varies with them.
      const drawn = sizes === undefined ? count : weightedSum(sizes, counts[k]!);
      return sums.map((sum) => sum / drawn);
    });
  const means = drawnBy(meansOver, [{ of: 'units', count: grouping?.count ?? count }], draws, seed);
  lastMeans.set({ columns, draws, seed, means });
  return means;
}

function weightedSum(values: Float64Array, weights: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * weights[i]!;
  return sum;
}

/** `transform` of the shares of a test set, cached: the same ones are requested repeatedly. */
export function remembered(
  transform: UnitValues['transform'],
  count: number,
): (share: number, size?: number) => number {
  let [units, of] = [-1, (right: number) => right];
  return (share, size = 1) => {
    const now = Math.round(size * count);
    if (now !== units) [units, of] = [now, byCount((right) => transform(right / now, now), now)];
    return of(Math.round(share * now));
  };
}
