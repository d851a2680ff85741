/**
 * How a family's curve would scatter around a given truth with other seeds and another test set: the noise from which
 * null distributions are drawn.
 *
 * The test set is shared by all members, and an image that is hard for one is hard for others: the members' deviations
 * in its bootstrap draws are kept together, as normal scores (a Gaussian copula), and applied to each member's own
 * distribution, a binomial for a share of units. Seeds deviate independently. By how much is estimated from the spread
 * of seeds beyond what the test set explains, pooled over scales by a variance that may depend on the level (a power of
 * p (1 - p) for shares, of the level for values of at least 0), and is itself drawn, because a few seeds do not
 * determine it well. With a single seed for each scale there is nothing to estimate, and no noise.
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import { meanOfUnits } from '../metrics/define-metric.js';
import { crossing } from '../statistics/bisection.js';
import { drawsWithValue } from '../statistics/bootstrap.js';
import { byCount } from '../statistics/by-count.js';
import { binomialQuantile } from '../statistics/distributions.js';
import { latest } from '../statistics/latest.js';
import { mean, squaresAbout, varianceOf } from '../statistics/mean.js';
import {
  chiSquare,
  scoresAtPlaces,
  scoresOfPlaces,
  sumOfSquaredNormals,
  type ScorePlaces,
} from '../statistics/normal.js';
import { Random } from '../statistics/random.js';
import { varianceOfTerms } from '../statistics/shared-clusters.js';
import type { SampledCurve } from './sampled-curve.js';
import { meansOf } from './scales.js';
import { correlation } from './seed-model.js';
import { mixturesOf, sameTrainings } from './trainings.js';

export interface CurveNoise {
  /** @param truth in the metric's unit, `[scales]` */
  around(truth: ArrayLike<number>): NoisyCurve;
}

/**
 * A draw of a family: at each scale the mean over seeds.
 *
 * @param place of the bootstrap draw whose test set is used, modulo their number
 * @param seed of the random numbers, from which each place derives its own: two metrics of the same members use the
 * same seeds
 */
export type NoisyCurve = (place: number, seed: number) => NoisyFamily;

export interface NoisyFamily {
  /** `[scales]` */
  readonly values: Float64Array;
}

/** Possible exponents of the level in the variance between seeds. */
const exponents = [0, 1, 2];

/**
 * @returns undefined if no scale has two seeds
 * @param curve sampled with draws; without any, members are treated as if each had its own test set
 */
export function noiseOf(curve: SampledCurve, members: readonly MemberOutcomes[]): CurveNoise | undefined {
  const { metric, scales, memberDraws } = curve;
  if (scales.every((scale) => scale.members.length < 2)) return undefined;
  const units = metric.unitValues(members[0]!.outcomes);
  const isShare = units?.share === true;
  const [least, most] = isShare ? [0, 1] : metric.limits;
  const within = (value: number) => Math.min(most, Math.max(least, value));
  // Of a share of units, on the scale of that share: seeds and test examples act there, and the transform is applied
  // afterwards.
  const base = isShare
    ? members.map(({ outcomes }) => meanOfUnits(metric.unitValues(outcomes)!.values).mean)
    : Array.from(curve.memberValues);
  const toBase = (value: number) => (isShare ? inverse(units.transform, value) : value);
  const errors = isShare ? undefined : errorsOf(curve, members);
  const count = isShare ? effectiveCount(curve, members) : curve.count;
  const valueOf = byCount((right) => units!.transform(right / count), isShare ? count : 0);
  const variances = base.map((p, i) => (isShare ? (p * (1 - p)) / count : errors![i]! ** 2));
  const places = members.map((_, i) => memberDraws.places(i));
  const onTestSet = scoresByDraw(places, memberDraws.length);
  const scores = (i: number) => {
    const own = places[i];
    return own && scoresAtPlaces(own);
  };
  const level = isShare ? (p: number) => p * (1 - p) : least === 0 ? (value: number) => value : undefined;
  const first = sameTrainings(scales, members);
  const between = betweenSeeds(curve, { base, variances, scores, level, first });
  const centres = meansOf(Float64Array.from(base), scales);
  const deviations = Array.from(base);
  for (const [j, scale] of scales.entries()) for (const i of scale.members) deviations[i]! -= centres[j]!;
  const mixtures = mixturesOf(scales, first, deviations);
  // A luckier seed has the higher share, and the lower error.
  const better = metric.better === 'higher' ? 1 : -1;

  const memberValues = new Float64Array(members.length);
  const luck = new Float64Array(members.length);
  return {
    around(truth) {
      const middles = Array.from(truth, toBase);
      return (draw, seed) => {
        const { squares, normals } = deviatesOf(seed, draw, { degrees: between.degrees, members: members.length });
        const scatter = between.of(squares);
        const tests = onTestSet(draw);
        let next = 0;
        // Hot, as null distributions take millions of members: loops by index.
        for (let at = 0; at < scales.length; at++) {
          const own = scales[at]!.members;
          const mixture = mixtures[at]!;
          const deviation = Math.sqrt(scatter(middles[at]!));
          for (let place = 0; place < own.length; place++) {
            const i = own[place]!;
            luck[i] = normals[next++]!;
            let effect = 0;
            for (const part of mixture) effect += part.weight * luck[scales[part.scale]!.members[place]!]!;
            const value = within(middles[at]! + better * deviation * effect);
            const alone = better * normals[next++]!;
            const shared = tests[i]!;
            const byTest = Number.isNaN(shared) ? alone : shared;
            memberValues[i] = isShare
              ? valueOf(binomialQuantile(count, value, byTest))
              : within(value + errors![i]! * byTest);
          }
        }
        return { values: meansOf(memberValues, scales) };
      };
    },
  };
}

/** Draws of the test set whose scores are together: members' lists are far apart in memory. */
const drawsTogether = 32;

/**
 * Normal scores of all members in a draw, modulo the number of draws, `[members]`; NaN for a member that has the same
 * value in all.
 */
function scoresByDraw(places: readonly (ScorePlaces | undefined)[], draws: number): (draw: number) => Float64Array {
  const members = places.length;
  const scoreOf = scoresOfPlaces(draws);
  const block = new Float64Array(Math.max(1, Math.min(draws, drawsTogether)) * members).fill(NaN);
  let first = -1;
  return (draw) => {
    if (draws === 0) return block;
    const b = draw % draws;
    const start = b - (b % drawsTogether);
    if (start !== first) {
      first = start;
      const size = Math.min(draws, start + drawsTogether) - start;
      for (const [i, own] of places.entries())
        if (own !== undefined) for (let k = 0; k < size; k++) block[k * members + i] = scoreOf[own[start + k]!]!;
    }
    return block.subarray((b - start) * members, (b - start + 1) * members);
  };
}

/** The random numbers of a draw of a family. */
interface Deviates {
  /** A chi-square of the variance between seeds. */
  readonly squares: number;
  /** Two for each member, scale by scale: its seed, and its own test set. */
  readonly normals: Float64Array;
}

interface DeviatesSize {
  readonly degrees: number;
  readonly members: number;
}

/** Numbers that are kept, 80 MB. */
const mostKept = 1e7;
/** Of the latest size of family: draws around several truths and under several metrics have them in common. */
const kept = latest<{ readonly key: string; readonly deviates: Map<number, Deviates> }>();

function deviatesOf(seed: number, draw: number, { degrees, members }: DeviatesSize): Deviates {
  const key = `${seed} ${degrees} ${members}`;
  const before = kept.get();
  const deviates = before?.key === key ? before.deviates : new Map<number, Deviates>();
  if (deviates !== before?.deviates) kept.set({ key, deviates });
  const known = deviates.get(draw);
  if (known !== undefined) return known;
  const random = Random.named(seed, 'null', draw);
  const squares = drawnSquares(degrees, random);
  const normals = new Float64Array(2 * members);
  for (let i = 0; i < normals.length; i++) normals[i] = random.normal();
  const drawn = { squares, normals };
  if ((deviates.size + 1) * normals.length <= mostKept) deviates.set(draw, drawn);
  return drawn;
}

/** Standard error of each member over the sampling of the test set. */
export function errorsOf(
  { metric, memberDraws }: Pick<SampledCurve, 'metric' | 'memberDraws'>,
  members: readonly MemberOutcomes[],
): number[] {
  return members.map(({ outcomes }, i) => {
    const drawn = varianceOf(drawsWithValue(memberDraws.of(i)));
    return Number.isNaN(drawn) ? metric.measure(outcomes).standardError : Math.sqrt(drawn);
  });
}

/**
 * Number of independent units that are as informative as a member's share: units that share images or groups are less
 * informative.
 */
export function effectiveCount(
  { metric, count }: Pick<SampledCurve, 'metric' | 'count'>,
  members: readonly MemberOutcomes[],
): number {
  const effects = members.flatMap(({ outcomes }) => {
    const drawn = metric.drawn(outcomes);
    if (drawn.kind !== 'terms' || drawn.mean <= 0 || drawn.mean >= 1) return [];
    return (varianceOfTerms(drawn.terms) * count) / (drawn.mean * (1 - drawn.mean));
  });
  return effects.length === 0 ? count : Math.max(1, Math.round(count / mean(effects)));
}

interface SeedSpread {
  /** Value of each member, on the scale on which seeds act. */
  readonly base: readonly number[];
  /** Variance of each member's value over the sampling of the test set, on that scale. */
  readonly variances: readonly number[];
  /** Normal scores of a member, `[draws]`. */
  readonly scores: (member: number) => Float64Array | undefined;
  readonly level: ((value: number) => number) | undefined;
  /** See `sameTrainings`. */
  readonly first: readonly number[];
}

/** The variance between seeds at a level, as a distribution. */
function betweenSeeds({ scales }: SampledCurve, { base, variances, scores, level, first }: SeedSpread) {
  const groups = scales
    .filter(({ members }) => members.length > 1)
    .map(({ members }) => {
      const values = members.map((i) => base[i]!);
      const centre = mean(values);
      const degrees = members.length - 1;
      return {
        degrees,
        variance: squaresAbout(centre, values) / degrees,
        // The part of it that the test set explains: seeds that fail on the same images do not differ by them.
        explained: mean(members.map((i) => variances[i]!)) * (1 - correlation(members.map(scores))),
        size: Math.abs(level?.(centre) ?? 1),
      };
    });
  // Moments of the same trainings are not further seeds.
  const degrees = scales.reduce(
    (sum, scale, j) => (first[j] === j ? sum + Math.max(0, scale.members.length - 1) : sum),
    0,
  );
  const fits = (level === undefined ? [0] : exponents).map((exponent) => {
    const sizes = groups.map(({ size }) => size ** exponent);
    const weigh = (value: (group: (typeof groups)[0], i: number) => number) =>
      groups.reduce((sum, group, i) => sum + group.degrees * value(group, i), 0);
    const [total, test, size] = [
      weigh(({ variance }) => variance),
      weigh(({ explained }) => explained),
      weigh((_, i) => sizes[i]!),
    ];
    const factor = size === 0 ? 0 : Math.max(0, total - test) / size;
    // Of chi-squares with these variances; a scale at which nothing varies is uninformative.
    const deviance = weigh(({ variance, explained }, i) => {
      const expected = factor * sizes[i]! + explained;
      return expected > 0 ? Math.log(expected) + variance / expected : 0;
    });
    return { exponent, total, test, size, deviance };
  });
  const { exponent, total, test, size } = fits.reduce((a, b) => (b.deviance < a.deviance ? b : a));
  return {
    degrees,
    /** @param squares a chi-square of so many degrees */
    of(squares: number): (value: number) => number {
      const factor = size === 0 ? 0 : Math.max(0, (total * degrees) / squares - test) / size;
      return (value) => factor * Math.abs(level?.(value) ?? 1) ** exponent;
    },
  };
}

/** Most normals that are drawn one by one for the sum of their squares. */
const mostSquares = 400;

function drawnSquares(degrees: number, random: Random): number {
  if (degrees > mostSquares) return chiSquare(degrees, random);
  return sumOfSquaredNormals(degrees, random);
}

/** p with transform(p) = value, by bisection; transform is non-decreasing on 0 .. 1. */
function inverse(transform: (mean: number) => number, value: number): number {
  return value <= 0 ? 0 : crossing((p) => transform(p) < value, [0, 1], 40);
}
