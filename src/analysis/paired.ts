/**
 * Is one curve sharper than another that is made of the same outcomes? Both are scored in each bootstrap draw of test set and seeds,
 * and what is judged is the difference and the ratio within draws. Whether two intervals overlap says little: what moves both
 * curves alike widens each interval and leaves the difference alone.
 */
import { drawsWithValue, hullInterval, percentileInterval } from '../statistics/bootstrap.js';
import { stepDown, type AdjustedP } from '../statistics/multiplicity.js';
import type { Interval } from '../statistics/wilson.js';
import type { SampledCurve, Scored } from './curves.js';
import { orient, positionOf, type ScaleName } from './scales.js';
import { scoreNames, scoresOf, type ScoreName, type Scores } from './scores.js';

export interface PairedScore {
  /** Second curve's score minus the first's, with 95 % interval; infinite where Eq 1 is. */
  readonly difference: Scored;
  /**
   * Second curve's score over the first's, with 95 % interval. Undefined for the bow, which may be 0 or below; NaN where one of the
   * curves doesn't rise, or neither has a finite score. Of Eq 1 and of its ratio to a ramp it is the same.
   */
  readonly ratio: Scored | undefined;
  /** Share of the draws in which the second is higher, ties counting half; NaN without a draw in which both have a score. */
  readonly higher: number;
  /**
   * That the second is not higher (one-sided): the larger of the two shares that draws give, by percentiles and by the basic
   * bootstrap, as the interval is the hull of both. `adjusted` for all scores of the pair by step-down minP.
   */
  readonly test: AdjustedP;
}

/** How far the two curves' draws are the same. */
export type Pairing = 'test examples and seeds' | 'test examples' | 'seeds' | 'nothing';

export interface PairedScores {
  readonly pairing: Pairing;
  readonly scores: Readonly<Record<ScoreName, PairedScore>>;
}

/** Of two curves of the same members, sampled with the same number of draws and seed. */
export function pairScores(first: SampledCurve, second: SampledCurve, axis: ScaleName = 'parameters'): PairedScores {
  if (first.draws.length !== second.draws.length) throw new RangeError('the curves differ in their number of draws');
  const [a, b] = [scoreDraws(first, axis), scoreDraws(second, axis)];
  const compared = scoreNames.map((name) => contrast(name, a, b));
  const tests = testHigher(compared);
  const scores = scoreNames.map((name, i) => {
    const { difference, ratio, higher } = compared[i]!;
    return [name, { difference, ratio, higher, test: tests[i]! }] as const;
  });
  return { pairing: pairingOf(first, second), scores: Object.fromEntries(scores) as Record<ScoreName, PairedScore> };
}

/** That the second curve's scores are not higher: one-sided p, the larger of those by percentiles and by the basic bootstrap. */
export function testHigher(compared: readonly Pick<Contrast, 'at' | 'draws'>[]): AdjustedP[] {
  // The draws around the observed contrast, and their mirror image, stand for what it would be if the truth were 0.
  const basic = stepDown(compared.map(({ at, draws }) => ({ observed: at, null: draws.map((draw) => draw - at) })));
  const percentile = stepDown(
    compared.map(({ at, draws }) => ({ observed: at, null: draws.map((draw) => at - draw) })),
  );
  return compared.map((_, i) => largerP(basic[i]!, percentile[i]!));
}

/** Where both have to speak for it. */
export function largerP(one: AdjustedP, other: AdjustedP): AdjustedP {
  return { p: Math.max(one.p, other.p), adjusted: Math.max(one.adjusted, other.adjusted) };
}

function pairingOf(first: SampledCurve, second: SampledCurve): Pairing {
  const severalSeeds = first.scales.some(({ members }) => members.length > 1);
  // Streams of draws are named by the number of units: as many units are the same units in the same draws.
  if (first.count === second.count) return severalSeeds ? 'test examples and seeds' : 'test examples';
  return severalSeeds ? 'seeds' : 'nothing';
}

/** A curve's scores, as measured and in each draw. */
export interface ScoredDraws<Name extends ScoreName = ScoreName> {
  readonly observed: Pick<Scores, Name>;
  readonly draws: readonly Pick<Scores, Name>[];
}

function scoreDraws({ metric, scales, values, draws }: SampledCurve, axis: ScaleName): ScoredDraws {
  const positions = scales.map((scale) => positionOf(scale, axis));
  return {
    observed: scoresOf(orient(metric, values), positions),
    draws: draws.map((draw) => scoresOf(orient(metric, draw), positions)),
  };
}

export interface Contrast extends Omit<PairedScore, 'test'> {
  /** On a scale on which both curves count alike and nothing is infinite; above 0 where the second is higher. */
  readonly at: number;
  readonly draws: readonly number[];
}

/** One score of two curves that were drawn together. */
export function contrast<Name extends ScoreName>(
  name: Name,
  first: ScoredDraws<Name>,
  second: ScoredDraws<Name>,
): Contrast {
  const [a, b] = [first.observed[name], second.observed[name]];
  const pairs = first.draws.map((scores, i) => [scores[name], second.draws[i]![name]] as const);
  const differences = pairs.map(([x, y]) => minus(y, x));
  const difference = differenceOf(
    b,
    a,
    pairs.map(([x, y]) => [y, x] as const),
  );
  const known = drawsWithValue(differences);
  const above = known.reduce((sum, value) => sum + (value > 0 ? 1 : value === 0 ? 0.5 : 0), 0);
  const higher = known.length === 0 ? NaN : above / known.length;
  if (name === 'bow') return { difference, ratio: undefined, higher, at: minus(b, a), draws: differences };
  const shares = pairs.map(([x, y]) => shareOf(x, y));
  const share = shareOf(a, b);
  return {
    difference,
    ratio: {
      value: a === Infinity && b === Infinity ? NaN : share / (1 - share),
      interval: ratioInterval(share, shares),
    },
    higher,
    at: share - 0.5,
    draws: shares.map((value) => value - 0.5),
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

function ratioInterval(observed: number, draws: readonly number[]): Interval {
  if (Number.isNaN(observed)) return { lower: NaN, upper: NaN };
  const { lower, upper } = hullInterval(observed, draws);
  const [low, high] = [Math.max(0, lower), Math.min(1, upper)];
  return { lower: low / (1 - low), upper: high / (1 - high) };
}

/**
 * y - x with its 95 % interval from draws of both. The basic interval has no meaning where an end is infinite: then it is of the
 * percentiles alone.
 */
export function differenceOf(y: number, x: number, draws: readonly (readonly [y: number, x: number])[]): Scored {
  const [value, differences] = [minus(y, x), draws.map(([one, other]) => minus(one, other))];
  const percentiles = percentileInterval(differences);
  const isFinite = [value, percentiles.lower, percentiles.upper].every(Number.isFinite);
  return { value, interval: isFinite ? hullInterval(value, differences) : percentiles };
}
