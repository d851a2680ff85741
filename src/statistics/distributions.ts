/** Quantiles and scores of distributions that simulations draw from by copulas. */
import jStat from 'jstat';
import type { Sfc32 } from './sfc32.js';

/** Of z: P(normal < z). */
function normalBelow(z: number): number {
  return jStat.normal.cdf(z, 0, 1);
}

/**
 * Successes of `n` trials of chance `p` at the normal score `z`: a standard normal z gives a binomial. By the normal approximation
 * with its skewness where many are expected on both sides (off by a tenth of a success or so), else by going through the chances.
 */
export function binomialQuantile(n: number, p: number, z: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return n;
  const variance = n * p * (1 - p);
  if (variance > 25) {
    const skewed = n * p + z * Math.sqrt(variance) + ((1 - 2 * p) * (z * z - 1)) / 6;
    return Math.min(n, Math.max(0, Math.round(skewed)));
  }
  if (p > 0.5) return n - binomialQuantile(n, 1 - p, -z);
  const wanted = normalBelow(z);
  let chance = Math.exp(n * Math.log1p(-p));
  let [below, successes] = [chance, 0];
  const odds = p / (1 - p);
  while (below < wanted && successes < n) {
    chance *= ((n - successes) / (successes + 1)) * odds;
    // Rounding keeps the sum from 1 in the far tail.
    if (chance < 1e-18 && successes > n * p) break;
    below += chance;
    successes++;
  }
  return successes;
}

/**
 * Van der Waerden's scores: the normal quantile of each value's rank over n + 1, ties at their mean rank.
 *
 * @returns undefined where all are the same, where there is none, and with a value that is NaN
 */
export function normalScores(values: ArrayLike<number>): Float64Array | undefined {
  const n = values.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  if (n < 2 || !(values[order[n - 1]!]! - values[order[0]!]! > 0) || Array.from(values).some(Number.isNaN))
    return undefined;
  const scores = new Float64Array(n);
  for (let first = 0; first < n;) {
    let end = first + 1;
    while (end < n && values[order[end]!] === values[order[first]!]) end++;
    const score = jStat.normal.inv((first + end + 1) / 2 / (n + 1), 0, 1);
    for (let k = first; k < end; k++) scores[order[k]!] = score;
    first = end;
  }
  return scores;
}

/** A draw of chi-square with any degrees of freedom above 0 (Marsaglia and Tsang 2000, of gamma). */
export function chiSquare(degrees: number, random: Sfc32): number {
  // Below 1 the shape is raised by 1 and the draw lowered again.
  const shape = degrees / 2;
  const lowered = shape < 1 ? random.uniform() ** (1 / shape) : 1;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(random.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return 2 * d * v * lowered;
  }
}
