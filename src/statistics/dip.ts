/**
 * Hartigan's dip: the largest distance between the empirical distribution and the nearest one with a single mode
 * (Hartigan and Hartigan 1985, Ann. Statist. 13(1); algorithm AS 217, Hartigan 1985, Appl. Statist. 34(3), with
 * Maechler's correction of the bounds of the two loops). Its p is the share of uniform samples, the least favourable
 * single mode, with a dip at least as large.
 */
import { bisectLeft } from 'd3-array';
import { Random } from './random.js';

/** From 1 / (2 n) to 1 / 4. @param values at least one; any order */
export function dipOf(values: ArrayLike<number>): number {
  return dipOfSorted(Float64Array.from(values).sort());
}

/** Numbers drawn for a p: up to 100 000 samples, which give p to within 0.0016. */
const drawnValues = 1e7;

/** For each dip of a sample of `count`, the share of uniform samples whose dip is at least as large. */
export function dipPValues(dips: readonly number[], count: number): number[] {
  const random = Random.named(0, 'dip', count);
  const sample = new Float64Array(count);
  const draws = Math.min(100_000, Math.max(5000, Math.round(drawnValues / count)));
  const drawn = new Float64Array(draws);
  for (let b = 0; b < draws; b++) {
    for (let i = 0; i < count; i++) sample[i] = random.uniform();
    drawn[b] = dipOfSorted(sample.sort()) + 1e-12;
  }
  drawn.sort();
  return dips.map((dip) => (draws - bisectLeft(drawn, dip) + 1) / (draws + 1));
}

/** Distances are in steps of the empirical distribution, one per value. */
function dipOfSorted(x: Float64Array): number {
  const n = x.length;
  const last = n - 1;
  if (x[0] === x[last]) return 1 / (2 * n);
  const [minorant, majorant] = [supportsBelow(x), supportsAbove(x)];
  let [low, high, dip] = [0, last, 1];
  for (;;) {
    const below = chain(minorant, high, low);
    const above = chain(majorant, low, high);
    const { distance, fromBelow, fromAbove } = farthest(x, below, above);
    if (distance < dip) break;
    dip = Math.max(dip, minorantDip(x, below, fromBelow), majorantDip(x, above, fromAbove));
    const [lower, upper] = [below[fromBelow]!, above[fromAbove]!];
    if (lower === low && upper === high) break;
    [low, high] = [lower, upper];
  }
  return dip / (2 * n);
}

/** For each place, the previous one on the greatest convex minorant of the distribution up to there. */
function supportsBelow(x: Float64Array): Int32Array {
  const before = new Int32Array(x.length);
  for (let j = 1; j < x.length; j++) {
    let k = j - 1;
    while (k !== 0 && (x[j]! - x[k]!) * (k - before[k]!) >= (x[k]! - x[before[k]!]!) * (j - k)) k = before[k]!;
    before[j] = k;
  }
  return before;
}

/** For each place, the next one on the least concave majorant of the distribution from there on. */
function supportsAbove(x: Float64Array): Int32Array {
  const last = x.length - 1;
  const after = new Int32Array(x.length).fill(last);
  for (let j = last - 1; j >= 0; j--) {
    let k = j + 1;
    while (k !== last && (x[j]! - x[k]!) * (k - after[k]!) >= (x[k]! - x[after[k]!]!) * (j - k)) k = after[k]!;
    after[j] = k;
  }
  return after;
}

/** Places from one end to the other, following `next`. */
function chain(next: Int32Array, from: number, to: number): number[] {
  const places = [from];
  for (let place = from; place !== to;) {
    place = next[place]!;
    places.push(place);
  }
  return places;
}

/** Where minorant (descending places) and majorant (ascending) are farthest apart within the interval. */
function farthest(x: Float64Array, below: readonly number[], above: readonly number[]) {
  let [distance, fromBelow, fromAbove] = [0, below.length - 1, above.length - 1];
  if (below.length === 2 && above.length === 2) return { distance: 1, fromBelow, fromAbove };
  let [i, j] = [below.length - 2, 1];
  do {
    const [b, a] = [below[i]!, above[j]!];
    if (b > a) {
      const left = below[i + 1]!;
      const gap = a - left + 1 - ((x[a]! - x[left]!) * (b - left)) / (x[b]! - x[left]!);
      j++;
      if (gap >= distance) [distance, fromBelow, fromAbove] = [gap, i + 1, j - 1];
    } else {
      const left = above[j - 1]!;
      const gap = ((x[b]! - x[left]!) * (a - left)) / (x[a]! - x[left]!) - (b - left - 1);
      i--;
      if (gap >= distance) [distance, fromBelow, fromAbove] = [gap, i + 1, j];
    }
    i = Math.max(i, 0);
    j = Math.min(j, above.length - 1);
  } while (below[i] !== above[j]);
  return { distance, fromBelow, fromAbove };
}

/** How far the distribution is above its minorant, left of the modal interval. */
function minorantDip(x: Float64Array, below: readonly number[], from: number): number {
  let largest = 0;
  for (let i = from; i < below.length - 1; i++) {
    const [begin, end] = [below[i + 1]!, below[i]!];
    largest = Math.max(largest, 1);
    if (end - begin < 2 || x[begin] === x[end]) continue;
    const slope = (end - begin) / (x[end]! - x[begin]!);
    for (let k = begin; k <= end; k++) largest = Math.max(largest, k - begin + 1 - (x[k]! - x[begin]!) * slope);
  }
  return largest;
}

/** How far the distribution is below its majorant, right of the modal interval. */
function majorantDip(x: Float64Array, above: readonly number[], from: number): number {
  let largest = 0;
  for (let i = from; i < above.length - 1; i++) {
    const [begin, end] = [above[i]!, above[i + 1]!];
    largest = Math.max(largest, 1);
    if (end - begin < 2 || x[begin] === x[end]) continue;
    const slope = (end - begin) / (x[end]! - x[begin]!);
    for (let k = begin; k <= end; k++) largest = Math.max(largest, (x[k]! - x[begin]!) * slope - (k - begin - 1));
  }
  return largest;
}
