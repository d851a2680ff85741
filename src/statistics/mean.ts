/** The arithmetic mean, summed from the first to the last; NaN of nothing. A plain loop: bootstraps ask for it millions of times. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!; // eslint-disable-line @typescript-eslint/prefer-for-of
  return sum / values.length;
}
