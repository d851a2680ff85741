/** The arithmetic mean, summed in order; NaN if empty. A plain loop: bootstraps call it millions of times. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!; // eslint-disable-line @typescript-eslint/prefer-for-of
  return sum / values.length;
}

/** Mean squared distance from the mean; NaN for fewer than two values. */
export function varianceOf(values: ArrayLike<number>): number {
  return values.length < 2 ? NaN : squaresAbout(mean(values), values) / values.length;
}

/** The same with n - 1 in the denominator. */
export function sampleVariance(values: ArrayLike<number>): number {
  return squaresAbout(mean(values), values) / (values.length - 1);
}

/** Sum of the squared distances from a centre. */
export function squaresAbout(centre: number, values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - centre) ** 2; // eslint-disable-line @typescript-eslint/prefer-for-of
  return squares;
}

/** Root of the mean over groups of the variance within each, weighted by degrees of freedom; NaN without two in any group. */
export function pooledDeviation(groups: readonly (readonly number[])[]): number {
  const freedom = groups.reduce((sum, { length }) => sum + length - 1, 0);
  const squares = groups.reduce(
    (sum, values) => sum + (values.length > 1 ? (values.length - 1) * sampleVariance(values) : 0),
    0,
  );
  return Math.sqrt(squares / freedom);
}
