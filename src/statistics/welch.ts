/**
 * Student's t of an estimate whose variance is a sum of parts, each with its own degrees of freedom: Welch's test
 * (1947, Biometrika 34, 28-35), with the degrees of freedom of the sum after Satterthwaite (1946, Biometrics Bull. 2,
 * 110-114).
 */
import { crossing } from './bisection.js';
import { upperF } from './f-test.js';
import type { Interval } from './wilson.js';

/** A part of an estimate's variance. */
export interface VariancePart {
  readonly variance: number;
  readonly degrees: number;
}

/** From here on t equals a normal, to 1e-5 of a quantile. */
export const mostDegrees = 1e5;

export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  readonly degrees: number;
  /** 95 %; NaN if nothing varies. */
  readonly interval: Interval;
  /** Two-sided, that the truth is 0; NaN if nothing varies. */
  readonly p: number;
}

export function estimateOf(value: number, parts: readonly VariancePart[]): Estimate {
  const variance = parts.reduce((sum, part) => sum + part.variance, 0);
  // Means of equal numbers differ by rounding, about 1e-16 of the value.
  if (!(Math.sqrt(variance) > 1e-13 * Math.abs(value)))
    return { value, standardError: 0, degrees: NaN, interval: { lower: NaN, upper: NaN }, p: NaN };
  const degrees = satterthwaite(parts);
  const standardError = Math.sqrt(variance);
  const half = twoSidedQuantile(1 - 0.95, degrees) * standardError;
  return {
    ...{ value, standardError, degrees, p: twoSidedP(value / standardError, degrees) },
    interval: { lower: value - half, upper: value + half },
  };
}

/** Degrees of freedom of a sum of variances; at most `mostDegrees`. */
function satterthwaite(parts: readonly VariancePart[]): number {
  const variance = parts.reduce((sum, part) => sum + part.variance, 0);
  const squares = parts.reduce((sum, part) => sum + part.variance ** 2 / part.degrees, 0);
  return Math.min(mostDegrees, variance ** 2 / squares);
}

/** P(|T| > |t|), to a relative 1e-10. @param degrees above 0, whole or not */
export function twoSidedP(t: number, degrees: number): number {
  return upperF(t * t, 1, Math.min(mostDegrees, degrees));
}

/** t with P(|T| > t) = p, to a relative 1e-12, by bisection. @param p above 0, at most 1 */
export function twoSidedQuantile(p: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (twoSidedP(high, degrees) > p) [low, high] = [high, 2 * high];
  return crossing((t) => twoSidedP(t, degrees) > p, [low, high], 100, 1e-13);
}
