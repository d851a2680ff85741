/** Bisection: where a function that only rises, or only falls, crosses a value. */
import type { Interval } from './wilson.js';

/**
 * What halving leaves of an interval, which may be given from its larger end, around the point up to which a condition holds.
 *
 * @param halvings at most, fewer once the interval is as narrow as `precision` times its upper end
 */
export function bisected(
  isBelow: (x: number) => boolean,
  [from, to]: readonly [number, number],
  halvings: number,
  precision = 0,
): Interval {
  let [lower, upper] = [from, to];
  for (let k = 0; k < halvings && Math.abs(upper - lower) > precision * Math.abs(upper); k++) {
    const middle = (lower + upper) / 2;
    if (isBelow(middle)) lower = middle;
    else upper = middle;
  }
  return { lower, upper };
}

/** The middle of what `bisected` leaves. */
export function crossing(...search: Parameters<typeof bisected>): number {
  const { lower, upper } = bisected(...search);
  return (lower + upper) / 2;
}
