/** The arithmetic mean, summed from the first to the last; NaN of nothing. A plain loop: bootstraps ask for it millions of times. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!; // eslint-disable-line @typescript-eslint/prefer-for-of
  return sum / values.length;
}

/** Mean squared distance from the mean; NaN of fewer than two values. */
export function varianceOf(values: ArrayLike<number>): number {
  const centre = mean(values);
  return values.length < 2 ? NaN : mean(Array.from(values, (value) => (value - centre) ** 2));
}

/** The same over one degree of freedom less than there are values. */
export function sampleVariance(values: ArrayLike<number>): number {
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - centre) ** 2; // eslint-disable-line @typescript-eslint/prefer-for-of
  return squares / (values.length - 1);
}
