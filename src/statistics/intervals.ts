/** Confidence intervals in closed form, two-sided. Checked against SciPy. */
import { normalQuantile } from './normal.js';
import { wilsonLimits, type Interval } from './wilson.js';

export type { Interval } from './wilson.js';

/**
 * Wilson's score interval of a share, see `wilsonLimits`.
 *
 * @param successes of `trials` independent ones; `trials` at least 1
 */
export function wilsonInterval(successes: number, trials: number, confidence = 0.95): Interval {
  return wilsonLimits(successes, trials, normalQuantile((1 + confidence) / 2));
}

export interface Mean {
  readonly mean: number;
  /** Of the sample, n - 1 in the denominator; NaN for one value. */
  readonly standardDeviation: number;
  /** Of the mean; NaN for one value. */
  readonly standardError: number;
  readonly count: number;
}

/** Two passes, so that values far from 0 lose no precision. */
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

/** 95 % of a mean over many independent values, by the central limit theorem. NaN for one value. */
export function meanInterval({ mean, standardError }: Mean): Interval {
  const half = normalQuantile(0.975) * standardError;
  return { lower: mean - half, upper: mean + half };
}
