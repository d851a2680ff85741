/** The interval of a score from its bootstrap draws. */
import { hullInterval, percentileInterval } from '../statistics/bootstrap.js';
import type { Interval } from '../statistics/wilson.js';
import type { ScoreName } from './scores.js';

/** Eq 1 divides by a step that may be 0: its interval is that of its reciprocal, which stays finite. */
export function scoreInterval(name: ScoreName, observed: number, draws: readonly number[]): Interval {
  if (name !== 'emergence' && name !== 'ramp') {
    const { lower, upper } = hullInterval(observed, draws);
    // No step is larger than the range.
    return name === 'jump' ? { lower, upper: Math.min(1, upper) } : { lower, upper };
  }
  const sign = observed < 0 ? -1 : 1;
  // Draws that rise where the curve falls, or do neither, have no place on the reciprocal's scale.
  if (observed === 0 || draws.some((draw) => !(sign * draw > 0))) return percentileInterval(draws);
  const { lower, upper } = hullInterval(
    sign / observed,
    draws.map((draw) => sign / draw),
  );
  const ends = [1 / upper, lower <= 0 ? Infinity : 1 / lower] as const;
  return sign > 0 ? { lower: ends[0], upper: ends[1] } : { lower: -ends[1], upper: -ends[0] };
}
