/** Quantiles of distributions that simulations draw from by copulas. */
import { normalBelow } from './normal.js';

/**
 * Successes in `n` trials with probability `p` at the normal score `z`: a standard normal z gives a binomial. Uses the
 * normal approximation with its skewness if many successes and failures are expected (off by about a tenth of a
 * success), otherwise sums the probabilities.
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
    // Rounding keeps the sum below 1 in the far tail.
    if (chance < 1e-18 && successes > n * p) break;
    below += chance;
    successes++;
  }
  return successes;
}
