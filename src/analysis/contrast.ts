/**
 * One score of two curves that were drawn together: difference and ratio within draws. Pure, so that the explorer's
 * page can use it.
 */
import { drawsWithValue, hullInterval, percentileInterval } from '../statistics/bootstrap.js';
import type { Interval } from '../statistics/wilson.js';
import { hullOf, type ScoredDraws, type ScoreWithInterval } from './score-interval.js';
import type { ScoreName, Scores } from './scores.js';

export interface Contrast {
  /** Second curve's score minus the first's, with 95 % interval; infinite if Eq 1 is. */
  readonly difference: ScoreWithInterval;
  /**
   * Second curve's score divided by the first's, with 95 % interval. Undefined for the bow, which may be 0 or negative;
   * NaN if one of the curves does not rise, or neither has a finite score. It is the same for Eq 1 and for its ratio to
   * a ramp.
   */
  readonly ratio: ScoreWithInterval | undefined;
  /** Share of the draws in which the second is higher, ties counting half; NaN if no draw has both scores. */
  readonly higher: number;
  /** On a scale that treats both curves alike and on which nothing is infinite; above 0 if the second is higher. */
  readonly at: number;
  readonly draws: readonly number[];
  /** In draws over all possible seeds; undefined if nothing is known about them. */
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
  const { value, interval } = differenceOf(minus(b, a), differences, overSeeds?.map(minusOf));
  // A largest step is between 0 and the whole range.
  const difference =
    name === 'jump'
      ? { value, interval: { lower: Math.max(-1, interval.lower), upper: Math.min(1, interval.upper) } }
      : { value, interval };
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
 * y / (x + y), from 0 to 1, and one half if both are the same: to a ratio what a share is to odds. It treats x and y
 * alike, and is finite where Eq 1 is not. A second curve that does not rise has 0; without a first that rises there is
 * nothing to compare.
 */
function shareOf(x: number, y: number): number {
  if (!(x > 0) || Number.isNaN(y)) return NaN;
  if (minus(y, x) === 0) return 0.5;
  return y === Infinity ? 1 : y <= 0 ? 0 : y / (x + y);
}

/** Values that are equal up to rounding, including infinities, do not differ. */
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

/**
 * The 95 % interval of a difference. The basic interval is meaningless if an end is infinite; then percentiles alone
 * are used.
 */
function differenceOf(value: number, differences: readonly number[], expected?: readonly number[]): ScoreWithInterval {
  const percentiles = percentileInterval(differences);
  const isFinite = [value, percentiles.lower, percentiles.upper].every(Number.isFinite);
  return { value, interval: withExpected(isFinite ? hullInterval(value, differences) : percentiles, expected) };
}
