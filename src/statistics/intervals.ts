/** Confidence intervals in closed form, two-sided. Quantiles are jStat's: relative error below 1e-7, checked against SciPy. */
import jStat from 'jstat';

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Wilson's score interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212), without continuity correction. Never
 * leaves 0 .. 1 and has a width also where none or all of the trials succeeded.
 *
 * @param successes of `trials` independent ones; `trials` at least 1
 */
export function wilsonInterval(successes: number, trials: number, confidence = 0.95): Interval {
  const z = normalQuantile(confidence);
  const p = successes / trials;
  const centre = (p + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half = (z / (1 + (z * z) / trials)) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  // At the ends the limit is 0 or 1 exactly; rounding would leave 1e-17.
  return { lower: successes === 0 ? 0 : centre - half, upper: successes === trials ? 1 : centre + half };
}

export interface Mean {
  readonly mean: number;
  /** Of the sample, n - 1 in the denominator; NaN for one value. */
  readonly standardDeviation: number;
  /** Of the mean; NaN for one value. */
  readonly standardError: number;
  readonly count: number;
}

/** Two passes, so that values far from 0 lose nothing. */
export function meanOf(values: ArrayLike<number>): Mean {
  const count = values.length;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i]! - mean) ** 2;
  const standardDeviation = Math.sqrt(squares / (count - 1));
  return { mean, standardDeviation, standardError: standardDeviation / Math.sqrt(count), count };
}

/** Of a mean over many independent values, by the central limit theorem. NaN for one value. */
export function meanInterval({ mean, standardError }: Mean, confidence = 0.95): Interval {
  return around(mean, normalQuantile(confidence) * standardError);
}

/** Of a mean over a few independent, roughly normal values such as seeds (Student 1908). NaN for one value. */
export function tInterval({ mean, standardError, count }: Mean, confidence = 0.95): Interval {
  return around(mean, count < 2 ? NaN : jStat.studentt.inv((1 + confidence) / 2, count - 1) * standardError);
}

function around(mean: number, half: number): Interval {
  return { lower: mean - half, upper: mean + half };
}

/** How many standard deviations to each side hold the confidence. */
function normalQuantile(confidence: number): number {
  return jStat.normal.inv((1 + confidence) / 2, 0, 1);
}
