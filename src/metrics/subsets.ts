/** Subsets of a test set that are all right: the formula alone. */

/** C(m, k) / C(n, k) = product over i < k of (m - i) / (n - i); as a sum of logarithms, since factors underflow and C(n, k) overflows. */
export function shareOfSubsets(m: number, n: number, k: number): number {
  if (m < k) return 0;
  let log = 0;
  // The same with n - m and k in each other's place: the shorter product.
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
