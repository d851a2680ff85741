/** Natural cubic splines as columns for least squares (Hastie, Tibshirani and Friedman 2009, Eq 5.4 and 5.5): straight beyond the outer knots. */
import { quantile } from './bootstrap.js';

/** `count` knots with equally many values between neighbours; fewer if values coincide. */
export function knotsOf(x: ArrayLike<number>, count: number): number[] {
  const ascending = Float64Array.from(x).sort();
  return [...new Set(Array.from({ length: count }, (_, k) => quantile(ascending, k / (count - 1))))];
}

/** One column per knot, the constant and the line first. `[knots]` of `[x]` */
export function naturalSpline(x: ArrayLike<number>, knots: readonly number[]): Float64Array[] {
  const [first, last] = [knots[0]!, knots.at(-1)!];
  // From 0 to 1, so that cubes keep their precision.
  const unit = (value: number) => (value - first) / (last - first || 1);
  const at = Float64Array.from(x, unit);
  const ends = knots.map(unit);
  const beyond = (value: number, knot: number) => Math.max(0, value - knot) ** 3;
  const slope = (value: number, k: number) => (beyond(value, ends[k]!) - beyond(value, 1)) / (1 - ends[k]!);
  const bends = Array.from({ length: Math.max(0, knots.length - 2) }, (_, k) =>
    at.map((value) => slope(value, k) - slope(value, knots.length - 2)),
  );
  return [at.map(() => 1), ...(knots.length > 1 ? [at] : []), ...bends];
}
