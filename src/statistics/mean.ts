/** The arithmetic mean, summed in order; NaN if empty. A plain loop: bootstraps call it millions of times. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!; // eslint-disable-line @typescript-eslint/prefer-for-of
  return sum / values.length;
}

/** Mean squared distance from the mean; NaN for fewer than two values. */
export function varianceOf(values: ArrayLike<number>): number {
  const centre = mean(values);
  return values.length < 2 ? NaN : mean(Array.from(values, (value) => (value - centre) ** 2));
}

/** The same with n - 1 in the denominator. */
export function sampleVariance(values: ArrayLike<number>): number {
  const centre = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - centre) ** 2; // eslint-disable-line @typescript-eslint/prefer-for-of
  return squares / (values.length - 1);
}
