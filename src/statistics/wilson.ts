/** Wilson's interval as a formula only: pure, so that the explorer's page can use it. */

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Standard deviations to each side that contain 95 % of a normal distribution. */
export const z95 = 1.959963984540054;

/**
 * Wilson's score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212), without continuity correction.
 * Never leaves 0 .. 1 and has a width even if none or all of the trials succeeded.
 *
 * @param successes of `trials` independent ones; `trials` at least 1
 * @param z standard deviations to each side
 */
export function wilsonLimits(successes: number, trials: number, z = z95): Interval {
  const p = successes / trials;
  const centre = (p + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half = (z / (1 + (z * z) / trials)) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  // At the ends the limit is exactly 0 or 1; rounding would leave 1e-17.
  return { lower: successes === 0 ? 0 : centre - half, upper: successes === trials ? 1 : centre + half };
}
