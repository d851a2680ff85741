/**
 * Seeds as a distribution and not only a mean. A jump of the mean can come from a mixture of failed and successful
 * seeds whose weights change (Zhao et al. 2025, arXiv 2502.17356). So this shows for each scale whether its seeds have
 * two modes, how many succeed and how well those do, how the scores of single paths through the scales (one seed each)
 * compare with those of the mean, and how much of the seeds' variance a finite test set explains (Jordan 2023, arXiv
 * 2304.01910).
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { percentileInterval, quantile } from '../statistics/bootstrap.js';
import { dipOf, dipPValues } from '../statistics/dip.js';
import type { Interval } from '../statistics/wilson.js';
import { wilsonInterval } from '../statistics/intervals.js';
import { holm } from '../statistics/multiplicity.js';
import { Random } from '../statistics/random.js';
import type { OnStep } from '../terminal/steps.js';
import { isBimodal, testTwoNormals, type TwoNormalsTest } from '../statistics/two-normals.js';
import { meansOf, orient, scalesOf, type Scale } from './scales.js';
import { scoresOf, type ScoreName } from './scores.js';
import { mean, sampleVariance } from '../statistics/mean.js';

export interface SeedVariance {
  /** Between seeds, as measured on this test set. */
  readonly observed: number;
  /** The part due to independent flips of single examples: it vanishes on an infinite test set. */
  readonly testSet: number;
  /** The rest, at least 0: seeds that are better or worse throughout. */
  readonly beyond: number;
}

export interface SeedScale {
  readonly scale: Scale;
  /** Value of each seed. */
  readonly values: readonly number[];
  readonly mean: number;
  /** Hartigan's; `p` against one mode, `adjusted` over the scales by Holm. NaN for fewer than 4 seeds. */
  readonly dip: { readonly value: number; readonly p: number; readonly adjusted: number };
  /**
   * Two normals against one, if there are at least 4 seeds that differ. Bimodal: two peaks, and the dip supports them.
   */
  readonly mixture: (TwoNormalsTest & { readonly adjusted: number; readonly bimodal: boolean }) | undefined;
  readonly success: { readonly count: number; readonly share: number; readonly interval: Interval };
  /** NaN if no seed succeeds. */
  readonly meanGivenSuccess: number;
  /** Undefined for one seed, and for a metric that is not a function of a mean over examples. */
  readonly variance: SeedVariance | undefined;
}

export interface PathScore {
  /** Scores of the mean over seeds. */
  readonly mean: number;
  /** Scores of single paths: median and 95 % range. */
  readonly median: number;
  readonly range: Interval;
}

export interface SeedDistribution {
  readonly metric: Metric;
  /** A seed succeeds where its value is at least (lower is better: at most) this. */
  readonly threshold: number;
  readonly scales: readonly SeedScale[];
  readonly paths: Readonly<Record<'emergence' | 'ramp' | 'bow', PathScore>>;
}

export interface SeedOptions {
  /** Default: half-way between the means of the smallest and the largest scale. */
  readonly threshold?: number | undefined;
  /** Draws of the bootstrap of a mixture. */
  readonly draws?: number;
  /** Called after each scale. */
  readonly onStep?: OnStep;
}

const pathDraws = 1000;

/**
 * p of the dip above which a mixture is no evidence of two modes: flat or skewed single modes look like two normals.
 */
const mostDipP = 0.5;

/**
 * With more scales, the weight of a mixture has an interval only where one normal is rejected: for a thousand scales
 * the others would take minutes.
 */
export const mostWeighed = 64;
const rejected = 0.05;

/** For a family of at least two scales. Throws UsageError if the test set is too small for the metric. */
export function seedDistribution(
  metric: Metric,
  members: readonly MemberOutcomes[],
  { threshold: asked, draws = 499, onStep }: SeedOptions = {},
): SeedDistribution {
  const scales = scalesOf(members);
  const memberValues = Float64Array.from(members, ({ outcomes }) => metric.measure(outcomes).value);
  const means = meansOf(memberValues, scales);
  const threshold = asked ?? (means[0]! + means.at(-1)!) / 2;
  const values = scales.map((scale) => scale.members.map((place) => memberValues[place]!));
  const continuous = withoutTies(metric, members);
  const dips = scales.map(({ members: places }) =>
    places.length < 4 ? NaN : dipOf(places.map((place) => continuous[place]!)),
  );
  const dipPs = pValuesByCount(dips, values);
  const mixtures = values.map((list, i) => {
    const mixture = testTwoNormals(list, draws, 0, scales.length > mostWeighed ? rejected : 1);
    onStep?.(i + 1, values.length);
    return mixture;
  });
  const [dipAdjusted, mixtureAdjusted] = [holm(dipPs), holm(mixtures.map((each) => each?.p ?? NaN))];
  return {
    metric,
    threshold,
    scales: scales.map((scale, i) => {
      const mixture = mixtures[i];
      const good = values[i]!.filter((value) => (metric.better === 'higher' ? value >= threshold : value <= threshold));
      return {
        scale,
        values: values[i]!,
        mean: means[i]!,
        dip: { value: dips[i]!, p: dipPs[i]!, adjusted: dipAdjusted[i]! },
        mixture: mixture && {
          ...mixture,
          adjusted: mixtureAdjusted[i]!,
          bimodal: isBimodal(mixture.fit) && dipPs[i]! <= mostDipP,
        },
        success: {
          count: good.length,
          share: good.length / values[i]!.length,
          interval: wilsonInterval(good.length, values[i]!.length),
        },
        meanGivenSuccess: mean(good),
        variance: varianceOf(
          metric,
          scale.members.map((place) => members[place]!),
        ),
      };
    }),
    paths: pathScores(metric, { scales, values, means }),
  };
}

/**
 * Makes values with steps continuous: a share of n images moves in steps of 1 / n, and equal values would each count as
 * a mode. Each is moved at random by up to half a step, as if the last image were partly right.
 */
function withoutTies(metric: Metric, members: readonly MemberOutcomes[]): number[] {
  const random = Random.named(0, 'ties', members.length);
  return members.map(({ outcomes }) => {
    const units = metric.unitValues(outcomes);
    if (units?.share !== true) return metric.measure(outcomes).value;
    const n = units.values.length;
    return units.transform(Math.min(1, Math.max(0, mean(units.values) + (random.uniform() - 0.5) / n)));
  });
}

/** The dips of samples of one size are compared with the same draws. */
function pValuesByCount(dips: readonly number[], values: readonly (readonly number[])[]): number[] {
  const p = dips.map(() => NaN);
  for (const count of new Set(values.map((list) => list.length))) {
    const places = dips.flatMap((dip, i) => (values[i]!.length === count && !Number.isNaN(dip) ? [i] : []));
    const found =
      places.length === 0
        ? []
        : dipPValues(
            places.map((i) => dips[i]!),
            count,
          );
    places.forEach((place, k) => (p[place] = found[k]!));
  }
  return p;
}

/**
 * For a metric that is `transform` of a mean, the variances are those of the mean times the squared slope of the
 * transform.
 */
function varianceOf(metric: Metric, members: readonly MemberOutcomes[]): SeedVariance | undefined {
  const units = members.map(({ outcomes }) => metric.unitValues(outcomes));
  const seeds = members.length;
  if (seeds < 2 || !units.every((each) => each !== undefined)) return undefined;
  const n = units[0]!.values.length;
  const means = units.map(({ values }) => mean(values));
  let flips = 0;
  const ofUnit = new Float64Array(seeds);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < seeds; k++) ofUnit[k] = units[k]!.values[i]!;
    flips += sampleVariance(ofUnit);
  }
  const slope = slopeAt(units[0]!.transform, mean(means), 1 / n);
  const observed = slope ** 2 * sampleVariance(means);
  const testSet = slope ** 2 * (flips / n ** 2);
  return { observed, testSet, beyond: Math.max(0, observed - testSet) };
}

/** Over one example to either side: a transform of a count, such as that of subset accuracy, has steps. */
function slopeAt(transform: (mean: number) => number, mean: number, step: number): number {
  const slope = (transform(mean + step) - transform(mean - step)) / (2 * step);
  return Number.isFinite(slope) ? slope : 1;
}

interface PathInput {
  readonly scales: readonly Scale[];
  readonly values: readonly (readonly number[])[];
  readonly means: Float64Array;
}

function pathScores(metric: Metric, { scales, values, means }: PathInput): SeedDistribution['paths'] {
  const positions = scales.map(({ parameters }) => parameters);
  const random = Random.named(0, 'seed paths', scales.length);
  const drawn = Array.from({ length: pathDraws }, () =>
    scoresOf(
      orient(
        metric,
        Float64Array.from(values, (list) => list[random.integer(list.length)]!),
      ),
      positions,
    ),
  );
  const ofMean = scoresOf(orient(metric, means), positions);
  const score = (name: ScoreName): PathScore => {
    const list = drawn
      .map((each) => each[name])
      .filter((value) => !Number.isNaN(value))
      .sort((a, b) => a - b);
    const known = list.length > 0;
    return {
      mean: ofMean[name],
      median: known ? quantile(list, 0.5) : NaN,
      range: known ? percentileInterval(list) : { lower: NaN, upper: NaN },
    };
  };
  return { emergence: score('emergence'), ramp: score('ramp'), bow: score('bow') };
}
