/** The interval of a score from its bootstrap draws, and from draws over all possible seeds. */
import { drawsWithValue, hullInterval, percentileInterval } from '../statistics/bootstrap.js';
import type { Interval } from '../statistics/wilson.js';
import type { ScoreName } from './scores.js';

export interface ScoreWithInterval {
  readonly value: number;
  /** 95 %, see `scoreInterval`. */
  readonly interval: Interval;
}

/** Share of draws that may go in the opposite direction before the curve counts as one that may go either way. */
const mostTurned = 0.025;

/**
 * Eq 1 divides by a step that may be 0, so its interval is that of its reciprocal, which stays finite. Draws that rise where the curve
 * falls, or do neither, have no place on the reciprocal's scale. A few count as 0 there, the end next to them; with more, the interval
 * is that of the percentiles.
 *
 * The bootstrap knows only the trained seeds. With several, the interval is the hull of its own and of the percentiles of draws over all
 * possible seeds (seed-model.ts).
 *
 * @param draws of the bootstrap
 * @param expected draws over all seeds; omitted if there is one seed for each scale
 */
export function scoreInterval(
  name: ScoreName,
  observed: number,
  draws: readonly number[],
  expected?: readonly number[],
): Interval {
  const interval = bootstrapInterval(name, observed, draws);
  return expected === undefined ? interval : hullOf(interval, percentileInterval(expected));
}

/** From the lower of the two to the upper. None if one of them is missing, as its draws have no value. */
export function hullOf(one: Interval, other: Interval): Interval {
  return { lower: Math.min(one.lower, other.lower), upper: Math.max(one.upper, other.upper) };
}

function bootstrapInterval(name: ScoreName, observed: number, draws: readonly number[]): Interval {
  if (name !== 'emergence' && name !== 'ramp') {
    const { lower, upper } = hullInterval(observed, draws);
    // No step is larger than the range.
    return name === 'jump' ? { lower, upper: Math.min(1, upper) } : { lower, upper };
  }
  const sign = observed < 0 ? -1 : 1;
  const known = drawsWithValue(draws);
  const turned = known.filter((draw) => sign * draw <= 0).length;
  if (observed === 0 || turned > mostTurned * known.length) return percentileInterval(known);
  const { lower, upper } = hullInterval(
    sign / observed,
    known.map((draw) => (sign * draw > 0 ? sign / draw : 0)),
  );
  const ends = [1 / upper, lower <= 0 ? Infinity : 1 / lower] as const;
  return sign > 0 ? { lower: ends[0], upper: ends[1] } : { lower: -ends[1], upper: -ends[0] };
}
