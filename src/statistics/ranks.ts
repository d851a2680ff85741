/** Rank statistics: areas under curves, rank correlations. */
import type { Ordered } from './kernels/kernels.js';
import { mean } from './mean.js';

/**
 * Area under the receiver operating characteristic: the probability that a positive has a higher score than a negative,
 * ties counting half (Hanley and McNeil 1982). NaN without a positive or a negative.
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
  /** By score: one order, or with ties two, whose mean is taken: negatives first among equals, and positives first. */
  readonly orders: readonly Ordered[];
} {
  const count = scores.length;
  const orders = ordersOf(scores, positive);
  return {
    count,
    orders,
    evaluate(weights = new Float64Array(count).fill(1)) {
      const areas = orders.map((order) => shareInOrder(order, weights));
      return mean(areas);
    },
  };
}

function ordersOf(scores: ArrayLike<number>, positive: ArrayLike<number>): Ordered[] {
  const sorted = (sign: 1 | -1): Ordered => {
    const unitOf = sortedPlaces(scores, (i) => (sign * (positive[i]! > 0 ? 1 : -1) > 0 ? 1 : 0));
    return { unitOf, negative: Uint8Array.from(unitOf, (i) => (positive[i]! > 0 ? 0 : 255)) };
  };
  const negativesFirst = sorted(1);
  const { unitOf, negative } = negativesFirst;
  const hasTies = unitOf.some(
    (i, at) => at > 0 && negative[at] !== negative[at - 1] && scores[i] === scores[unitOf[at - 1]!],
  );
  return hasTies ? [negativesFirst, sorted(-1)] : [negativesFirst];
}

/**
 * Places by score, equal scores ordered with `bit` 0 first. 32-bit scores are sorted as whole numbers that hold bit and
 * place below the score, 7 times as fast as with a comparison function.
 */
function sortedPlaces(scores: ArrayLike<number>, bit: (i: number) => 0 | 1): Int32Array {
  const count = scores.length;
  if (!(scores instanceof Float32Array) || count > 2 ** 20)
    return Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => scores[i]! - scores[j]! || bit(i) - bit(j));
  // A float's bits, read as a whole number, sort in its order, or in reverse if it is negative; 0 and -0 are made
  // equal.
  const bits = new Int32Array(scores.map((score) => score + 0).buffer);
  const keys = Float64Array.from(bits, (each, i) => {
    return (each < 0 ? -2147483648 - each : each) * 2097152 + bit(i) * 1048576 + i;
  }).sort();
  return Int32Array.from(keys, (key) => key & 1048575);
}

function shareInOrder({ unitOf, negative }: Ordered, weights: ArrayLike<number>): number {
  let [negatives, positives, above] = [0, 0, 0];
  for (let at = 0; at < unitOf.length; at++) {
    const weight = weights[unitOf[at]!]!;
    if (negative[at]! > 0) negatives += weight;
    else {
      positives += weight;
      above += weight * negatives;
    }
  }
  return above / (negatives * positives);
}

/** Fewest negatives and fewest positives for `areaTerms`. */
const fewestOfKind = 1000;

/**
 * The area as a sum over units, to first order in how often each is drawn: `area` plus the sum of counts times terms (DeLong, DeLong and
 * Clarke-Pearson 1988, Biometrics 44, 837-845: the place of each item among those of the other kind). With m items of the rarer kind a
 * drawn area is off by about 1 / sqrt(m) of its standard error, and the standard error by about 1 / m.
 *
 * @returns undefined for fewer than 1000 negatives or positives
 */
export function areaTerms(
  orders: readonly Ordered[],
  units: number,
): { readonly area: number; readonly terms: Float64Array } | undefined {
  const terms = new Float64Array(units);
  const areas: number[] = [];
  for (const { unitOf, negative } of orders) {
    let negatives = 0;
    for (const each of negative) if (each > 0) negatives++;
    const positives = negative.length - negatives;
    if (Math.min(negatives, positives) < fewestOfKind) return undefined;
    const ones = new Uint8Array(units).fill(1);
    const area = shareInOrder({ unitOf, negative }, ones);
    areas.push(area);
    let before = 0;
    for (let at = 0; at < unitOf.length; at++) {
      const isNegative = negative[at]! > 0;
      const place = isNegative ? (positives - (at - before)) / positives : before / negatives;
      terms[unitOf[at]!]! += (place - area) / (isNegative ? negatives : positives) / orders.length;
      if (isNegative) before++;
    }
  }
  return { area: mean(areas), terms };
}

/** Ranks from 1, equal values sharing their mean rank; all NaN if a value is. */
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

/** Spearman's rank correlation, ties by mean ranks (Spearman 1904); NaN if one side is constant or has a NaN. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(ranksOf(a), ranksOf(b));
}

/** Pearson's correlation; NaN if one side is constant. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += (a[i]! - meanA) * (b[i]! - meanB);
    aa += (a[i]! - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
