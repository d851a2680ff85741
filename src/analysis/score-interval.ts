/** The interval of a score from its bootstrap draws, and from draws over all possible seeds. */
import { drawsWithValue, hullInterval, percentileInterval } from '../statistics/bootstrap.js';
import type { Interval } from '../statistics/wilson.js';
import { limitsOf, type ScoreName, type Scores } from './scores.js';

export interface ScoreWithInterval {
  readonly value: number;
  /** 95 %, see `scoreInterval`. */
  readonly interval: Interval;
}

/** A curve's scores, as measured and in each draw. */
export interface ScoredDraws<Name extends ScoreName = ScoreName> {
  readonly observed: Pick<Scores, Name>;
  /** In draws over test sets, and over the seeds that were trained. */
  readonly draws: readonly Pick<Scores, Name>[];
  /** In draws over all possible seeds; omitted if nothing is known of them. */
  readonly expected?: readonly Pick<Scores, Name>[] | undefined;
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
 * An end beyond what the score of a curve over these scales can be is put at that limit: twice the observed value minus a draw may be
 * less than the smallest share of the range that a largest step has, 1 / (n - 1) of a curve that rises.
 *
 * @param scales of the curve, as for `scoresOf`
 */
export function scoreInterval(
  name: ScoreName,
  { observed, draws, expected }: ScoredDraws,
  scales: ArrayLike<number>,
): Interval {
  const of = (scores: readonly Scores[]) => scores.map((each) => each[name]);
  const interval = bootstrapInterval(name, observed[name], of(draws));
  const limits = limitsOf(name, scales, directionOf(observed, draws));
  const possible = { lower: Math.max(limits.lower, interval.lower), upper: Math.min(limits.upper, interval.upper) };
  return expected === undefined ? possible : hullOf(possible, percentileInterval(of(expected)));
}

/** 1 or -1 for a curve that rises or falls, also in nearly all draws; 0 for one that may do either. */
function directionOf({ emergence }: Scores, draws: readonly Scores[]): -1 | 0 | 1 {
  const sign = emergence > 0 ? 1 : emergence < 0 ? -1 : 0;
  const turned = draws.filter((draw) => sign * draw.emergence <= 0).length;
  return turned > mostTurned * draws.length ? 0 : sign;
}

/** From the lower of the two to the upper. None if either is not finite: its draws have no value. */
export function hullOf(one: Interval, other: Interval): Interval {
  return { lower: Math.min(one.lower, other.lower), upper: Math.max(one.upper, other.upper) };
}

function bootstrapInterval(name: ScoreName, observed: number, draws: readonly number[]): Interval {
  if (name !== 'emergence' && name !== 'ramp') return hullInterval(observed, draws);
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
