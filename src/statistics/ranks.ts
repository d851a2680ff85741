/** Statistics of order: areas under curves, rank correlations. */

/**
 * Area under the receiver operating characteristic: the chance that of a positive and a negative the positive has the
 * higher score, ties counting half (Hanley and McNeil 1982). NaN without a positive or a negative.
 *
 * @param scores `[n]`
 * @param positive `[n]`, 0 or 1
 */
export function areaUnderRoc(
  scores: ArrayLike<number>,
  positive: ArrayLike<number>,
): { readonly count: number; readonly evaluate: (weights?: ArrayLike<number>) => number } {
  const count = scores.length;
  const order = Int32Array.from({ length: count }, (_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  const isPositive = Uint8Array.from(order, (i) => (positive[i]! > 0 ? 1 : 0));
  // Whether an equal score follows: equal scores are taken together.
  const goesOn = Uint8Array.from(order, (i, at) => (at + 1 < count && scores[order[at + 1]!] === scores[i] ? 1 : 0));
  const ones = new Float64Array(count).fill(1);
  return {
    count,
    evaluate(weights = ones) {
      let negatives = 0;
      let positives = 0;
      let above = 0;
      let tiedNegatives = 0;
      let tiedPositives = 0;
      for (let at = 0; at < count; at++) {
        const weight = weights[order[at]!]!;
        if (isPositive[at] === 1) tiedPositives += weight;
        else tiedNegatives += weight;
        if (goesOn[at] === 1) continue;
        above += tiedPositives * (negatives + tiedNegatives / 2);
        negatives += tiedNegatives;
        positives += tiedPositives;
        tiedNegatives = 0;
        tiedPositives = 0;
      }
      return above / (negatives * positives);
    },
  };
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
