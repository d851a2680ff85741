/** Broken lines as columns for least squares: unlike cubic splines they do not swing beside a bend, which a smooth curve has nowhere and a threshold has. */
import { quantile } from './bootstrap.js';

/** So many knots that have as many values between each two; fewer where values coincide. */
export function knotsOf(x: ArrayLike<number>, count: number): number[] {
  const ascending = Float64Array.from(x).sort();
  return [...new Set(Array.from({ length: count }, (_, k) => quantile(ascending, k / (count - 1))))];
}

/** One column for each knot: the constant, the line, and a line from each inner knot on. `[knots]` of `[x]` */
export function brokenLines(x: ArrayLike<number>, knots: readonly number[]): Float64Array[] {
  const at = Float64Array.from(x);
  return [
    at.map(() => 1),
    ...knots.slice(0, -1).map((knot, k) => (k === 0 ? at : at.map((value) => Math.max(0, value - knot)))),
  ];
}
