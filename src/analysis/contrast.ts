/** One score of two curves that were drawn together: difference and ratio within draws. Pure, so that the explorer's page can use it. */
import { drawsWithValue, hullInterval, percentileInterval } from '../statistics/bootstrap.js';
import type { Interval } from '../statistics/wilson.js';
import { hullOf, type ScoreWithInterval } from './score-interval.js';
import type { ScoreName, Scores } from './scores.js';

/** A curve's scores, as measured and in each draw. */
export interface ScoredDraws<Name extends ScoreName = ScoreName> {
  readonly observed: Pick<Scores, Name>;
  /** On other test sets, with other ones of the same seeds. */
  readonly draws: readonly Pick<Scores, Name>[];
  /** Of curves over all seeds there could be; left out where nothing is known of them. */
  readonly expected?: readonly Pick<Scores, Name>[] | undefined;
}

export interface Contrast {
  /** Second curve's score minus the first's, with 95 % interval; infinite where Eq 1 is. */
  readonly difference: ScoreWithInterval;
  /**
   * Second curve's score over the first's, with 95 % interval. Undefined for the bow, which may be 0 or below; NaN where one of the
   * curves doesn't rise, or neither has a finite score. Of Eq 1 and of its ratio to a ramp it is the same.
   */
  readonly ratio: ScoreWithInterval | undefined;
  /** Share of the draws in which the second is higher, ties counting half; NaN without a draw in which both have a score. */
  readonly higher: number;
  /** On a scale on which both curves count alike and nothing is infinite; above 0 where the second is higher. */
  readonly at: number;
  readonly draws: readonly number[];
  /** Of curves over all seeds there could be; undefined where nothing is known of them. */
  readonly expected: readonly number[] | undefined;
}

/** One score of two curves that were drawn together. */
export function contrast<Name extends ScoreName>(
  name: Name,
  first: ScoredDraws<Name>,
  second: ScoredDraws<Name>,
): Contrast {
  const [a, b] = [first.observed[name], second.observed[name]];
  const pairUp = (x: readonly Pick<Scores, Name>[], y: readonly Pick<Scores, Name>[]) =>
    x.map((scores, i) => [scores[name], y[i]![name]] as const);
  const pairs = pairUp(first.draws, second.draws);
  const overSeeds = first.expected && second.expected && pairUp(first.expected, second.expected);
  const minusOf = ([x, y]: readonly [number, number]) => minus(y, x);
  const differences = pairs.map(minusOf);
  const difference = differenceOf(minus(b, a), differences, overSeeds?.map(minusOf));
  const known = drawsWithValue(differences);
  const above = known.reduce((sum, value) => sum + (value > 0 ? 1 : value === 0 ? 0.5 : 0), 0);
  const higher = known.length === 0 ? NaN : above / known.length;
  if (name === 'bow')
    return {
      difference,
      ratio: undefined,
      higher,
      at: minus(b, a),
      draws: differences,
      expected: overSeeds?.map(minusOf),
    };
  const shareOfPair = ([x, y]: readonly [number, number]) => shareOf(x, y);
  const [share, shares, expected] = [shareOf(a, b), pairs.map(shareOfPair), overSeeds?.map(shareOfPair)];
  return {
    difference,
    ratio: {
      value: a === Infinity && b === Infinity ? NaN : share / (1 - share),
      interval: ratioInterval(share, shares, expected),
    },
    higher,
    at: share - 0.5,
    draws: shares.map((value) => value - 0.5),
    expected: expected?.map((value) => value - 0.5),
  };
}

/**
 * y / (x + y), from 0 to 1 and one half where both are the same: what a ratio is to odds. It treats x and y alike, and is
 * finite where Eq 1 is not. A second curve that doesn't rise has 0; without a first that rises there is nothing to compare.
 */
function shareOf(x: number, y: number): number {
  if (!(x > 0) || Number.isNaN(y)) return NaN;
  if (minus(y, x) === 0) return 0.5;
  return y === Infinity ? 1 : y <= 0 ? 0 : y / (x + y);
}

/** Of what is equal but for rounding, infinities among it, there is no difference. */
function minus(y: number, x: number): number {
  return x === y || Math.abs(y - x) <= 1e-12 * Math.max(1, Math.abs(x)) ? 0 : y - x;
}

function ratioInterval(observed: number, draws: readonly number[], expected?: readonly number[]): Interval {
  if (Number.isNaN(observed)) return { lower: NaN, upper: NaN };
  const { lower, upper } = withExpected(hullInterval(observed, draws), expected);
  const [low, high] = [Math.max(0, lower), Math.min(1, upper)];
  return { lower: low / (1 - low), upper: high / (1 - high) };
}

function withExpected(interval: Interval, expected: readonly number[] | undefined): Interval {
  return expected === undefined ? interval : hullOf(interval, percentileInterval(expected));
}

/** The 95 % interval of a difference. The basic one has no meaning where an end is infinite: then it is of the percentiles alone. */
function differenceOf(value: number, differences: readonly number[], expected?: readonly number[]): ScoreWithInterval {
  const percentiles = percentileInterval(differences);
  const isFinite = [value, percentiles.lower, percentiles.upper].every(Number.isFinite);
  return { value, interval: withExpected(isFinite ? hullInterval(value, differences) : percentiles, expected) };
}
