/** Statistics of order: areas under curves, rank correlations. */
import { unpacked, type PackedCounts } from './bootstrap.js';

/**
 * Area under the receiver operating characteristic: the chance that of a positive and a negative the positive has the
 * higher score, ties counting half (Hanley and McNeil 1982). NaN without a positive or a negative.
 *
 * In order of score, negatives that follow each other and the positives above them make a block. Weights are first added up in
 * blocks, and then only the blocks are looked at, which are few where most are positive.
 *
 * @param scores `[n]`
 * @param positive `[n]`, 0 or 1
 */
export function areaUnderRoc(
  scores: ArrayLike<number>,
  positive: ArrayLike<number>,
): {
  readonly count: number;
  readonly evaluate: (weights?: ArrayLike<number>) => number;
  readonly resample: (counts: PackedCounts) => Float64Array;
} {
  const count = scores.length;
  const { slotOf, blocks, tied } = blocksOf(scores, positive);
  const slots = new Float64Array(2 * blocks);
  const four = new Float64Array(4 * slots.length);
  const ones = new Float64Array(count).fill(1);
  return {
    count,
    evaluate(weights = ones) {
      slots.fill(0);
      for (let i = 0; i < count; i++) slots[slotOf[i]!]! += weights[i]!;
      let negatives = 0;
      let positives = 0;
      let above = 0;
      for (let at = 0; at < slots.length; at += 2) {
        negatives += slots[at]!;
        positives += slots[at + 1]!;
        above += slots[at + 1]! * negatives;
      }
      for (const at of tied) above -= (slots[at]! * slots[at + 1]!) / 2;
      return above / (negatives * positives);
    },
    resample({ words, perWord, base }) {
      const areas: number[] = [];
      for (let first = 0; first < words.length; first += 4) {
        const at = (k: number) => words[Math.min(first + k, words.length - 1)]!;
        gatherFour(slotOf, [at(0), at(1), at(2), at(3)], four);
        for (let k = 0; k < Math.min(4, words.length - first); k++)
          areas.push(...areasOf({ slots: four, place: k, tied, base }).subarray(0, perWord));
      }
      return Float64Array.from(areas);
    },
  };
}

type Four = readonly [Float64Array, Float64Array, Float64Array, Float64Array];

/** Adds four lists of weights up in slots of four: two thirds of the time of one by one. */
function gatherFour(slotOf: Int32Array, [u, v, w, x]: Four, slots: Float64Array): void {
  slots.fill(0);
  for (let i = 0; i < slotOf.length; i++) {
    const at = 4 * slotOf[i]!;
    slots[at]! += u[i]!;
    slots[at + 1]! += v[i]!;
    slots[at + 2]! += w[i]!;
    slots[at + 3]! += x[i]!;
  }
}

interface Gathered {
  /** Four words a slot. */
  readonly slots: Float64Array;
  /** Which of the four. */
  readonly place: number;
  readonly tied: readonly number[];
  readonly base: number;
}

/** Areas of the three draws of a word. */
function areasOf({ slots, place, tied, base }: Gathered): Float64Array {
  // A power of two: products are exact.
  const inverse = 1 / base;
  let negatives = 0;
  let positives = 0;
  let first = 0;
  let second = 0;
  let third = 0;
  for (let at = place; at < slots.length; at += 8) {
    const p = slots[at + 4]!;
    negatives += slots[at]!;
    positives += p;
    const p1 = Math.floor(p * inverse);
    const n1 = Math.floor(negatives * inverse);
    const p2 = Math.floor(p1 * inverse);
    const n2 = Math.floor(n1 * inverse);
    first += (p - p1 * base) * (negatives - n1 * base);
    second += (p1 - p2 * base) * (n1 - n2 * base);
    third += p2 * n2;
  }
  const above = [first, second, third];
  for (const slot of tied) {
    const [n, p] = [slots[4 * slot + place]!, slots[4 * slot + 4 + place]!];
    for (let k = 0; k < 3; k++) above[k]! -= (unpacked(n, k, base) * unpacked(p, k, base)) / 2;
  }
  return Float64Array.from(above, (sum, k) => sum / (unpacked(negatives, k, base) * unpacked(positives, k, base)));
}

/**
 * Where the weight of each example is added up: negatives of block b at 2b, positives at 2b + 1. `tied`: where those blocks begin
 * whose positives have the score of their negatives.
 */
function blocksOf(scores: ArrayLike<number>, positive: ArrayLike<number>) {
  const count = scores.length;
  const order = Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  const isPositive = (at: number) => (positive[order[at]!]! > 0 ? 1 : 0);
  const slotOf = new Int32Array(count);
  const tied: number[] = [];
  let block = -1;
  // Whether the last block can take no more negatives, and no more positives either.
  let [hasPositives, isTied] = [true, true];
  for (let begin = 0; begin < count;) {
    let end = begin;
    let positives = 0;
    for (; end < count && scores[order[end]!] === scores[order[begin]!]; end++) positives += isPositive(end);
    const ties = positives > 0 && positives < end - begin;
    if (ties || isTied || (positives === 0 && hasPositives)) block++;
    if (ties) tied.push(2 * block);
    hasPositives = positives > 0;
    isTied = ties;
    for (let at = begin; at < end; at++) slotOf[order[at]!] = 2 * block + isPositive(at);
    begin = end;
  }
  return { slotOf, blocks: block + 1, tied };
}

/** Ranks from 1, equal values sharing the mean of theirs; all NaN where a value is. */
export function ranksOf(values: ArrayLike<number>): Float64Array {
  const count = values.length;
  if (Array.from(values).some(Number.isNaN)) return new Float64Array(count).fill(NaN);
  const order = Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(count);
  for (let begin = 0; begin < count;) {
    let end = begin;
    while (end < count && values[order[end]!] === values[order[begin]!]) end++;
    for (let i = begin; i < end; i++) ranks[order[i]!] = (begin + 1 + end) / 2;
    begin = end;
  }
  return ranks;
}

/** Spearman's rank correlation, ties by mean ranks (Spearman 1904); NaN where one side is constant or has a NaN. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(ranksOf(a), ranksOf(b));
}

/** Pearson's correlation; NaN where one side is constant. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / n;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += (a[i]! - meanA) * (b[i]! - meanB);
    aa += (a[i]! - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
