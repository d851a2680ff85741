/** The chance that K images at once are all right: value and interval of subset-accuracy and its relatives. */
import { counted } from '../terminal/format.js';

/**
 * Shared by metrics that ask for K images at once: the unbiased estimate over all subsets of the test set, not a
 * simulation of some. Its interval: with images drawn independently, K of them are all right with probability p^K, and
 * p -> p^K is monotonic, so the limits of Wilson's interval for p, each to the power K, cover p^K exactly as often as
 * Wilson's cover p. The standard error is the delta method's, K p^(K-1) sqrt(p (1-p) / n).
 */
export const allOfK = {
  share: true,
  interval: "Wilson's limits to the power K",
  refuses: (n: number, { k }: { readonly k: number }) =>
    k > n ? `the test set has ${counted(n, 'image')}; ${k} are needed` : undefined,
  transform: (mean: number, n: number, { k }: { readonly k: number }) => shareOfSubsets(Math.round(mean * n), n, k),
  slope: (mean: number, { k }: { readonly k: number }) => k * mean ** (k - 1),
  limit: (end: number, { k }: { readonly k: number }) => end ** k,
} as const;

/** C(m, k) / C(n, k) = product over i < k of (m - i) / (n - i); as a sum of logarithms, since factors underflow and C(n, k) overflows. */
export function shareOfSubsets(m: number, n: number, k: number): number {
  if (m < k) return 0;
  let log = 0;
  // The same with n - m and k swapped: the shorter product.
  const misses = n - m;
  if (misses < k) for (let i = 0; i < misses; i++) log += Math.log((n - k - i) / (n - i));
  else for (let i = 0; i < k; i++) log += Math.log((m - i) / (n - i));
  return Math.exp(log);
}

/** `shareOfSubsets` for every m from 0 to n, `[n + 1]`: each follows from the next, 1 at m = n. */
export function sharesOfSubsets(n: number, k: number): Float64Array {
  const shares = new Float64Array(n + 1);
  if (k > n) return shares;
  shares[n] = 1;
  for (let m = n; m > k; m--) shares[m - 1] = (shares[m]! * (m - k)) / m;
  return shares;
}
