/**
 * Profile intervals: a value is inside if a law that has it misses the data by no more than noise explains (Bates and Watts 1988, Nonlinear
 * Regression Analysis and Its Applications, ch. 6). A few scales determine exponents poorly, as E and a trade off along a bent valley.
 * Refitted draws stay near the first fit there, and so do intervals from its curvature; a profile extends as far as the data allow, without
 * end if they set no limit.
 */
import type { Interval } from '../../statistics/intervals.js';

/** Where to search for the ends of an interval. */
export interface Searched {
  /** Inside the interval. */
  readonly best: number;
  /** Finite. Values beyond these are not searched. */
  readonly least: number;
  readonly most: number;
  /** Length of the first step. */
  readonly step: number;
}

/** Each halves the error of the last step. */
const halvings = 12;

/**
 * The ends of the values around the best one that are compatible with the data; `least` or `most` if no end was found.
 *
 * @param isIn is called with values farther and farther away until one is outside, and then in between
 */
export function profileInterval(isIn: (value: number) => boolean, { best, least, most, step }: Searched): Interval {
  const end = (limit: number, way: number): number => {
    let inside = best;
    for (let size = step; inside !== limit; size *= 2) {
      const next = way > 0 ? Math.min(limit, inside + size) : Math.max(limit, inside - size);
      if (!isIn(next)) return between(inside, next);
      inside = next;
    }
    return limit;
  };
  const between = (inside: number, outside: number): number => {
    let [nearer, farther] = [inside, outside];
    for (let i = 0; i < halvings; i++) {
      const middle = (nearer + farther) / 2;
      if (isIn(middle)) nearer = middle;
      else farther = middle;
    }
    // Rounding makes it too wide rather than too narrow.
    return farther;
  };
  return { lower: end(least, -1), upper: end(most, 1) };
}

/** The same for a positive quantity: steps are factors, the first exp(step). 0 or infinity if no end was found. */
export function profileRatios(isIn: (value: number) => boolean, { best, least, most, step }: Searched): Interval {
  const logs = { best: Math.log(best), least: Math.log(least), most: Math.log(most), step };
  const { lower, upper } = profileInterval((log) => isIn(Math.exp(log)), logs);
  return {
    lower: lower <= logs.least ? 0 : Math.exp(lower),
    upper: upper >= logs.most ? Infinity : Math.exp(upper),
  };
}
