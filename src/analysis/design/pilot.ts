/**
 * A model of a pilot run's metric, from which other widths, seeds and test sets are drawn.
 *
 * Between widths, the mean over seeds is interpolated in log width on an unbounded scale (the logit of values between two limits, the
 * logarithm of values above 0), after isotonic regression, as noise must not reverse it. Beyond the pilot's ends it continues with the
 * slope of the last step. Seeds and test sets are those of seed-model.ts. Errors of other members are, for a share, those of a binomial
 * with the equivalent number of independent units, and otherwise in proportion to the root of p (1 - p) between two limits, and to the
 * level above 0.
 */
import { accuracy } from '../../metrics/classification.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import { binomialQuantile } from '../../statistics/distributions.js';
import { isotonic } from '../../statistics/isotonic.js';
import { mean } from '../../statistics/mean.js';
import { Random } from '../../statistics/random.js';
import { sampleCurve, type Scale } from '../curves.js';
import { remembered } from '../draws/units.js';
import { observe } from '../expected-curves.js';
import { linkOf, meanOverSeeds, seenShare, shareError, spreadOf, type Observed } from '../seed-model.js';

export interface PilotMetric {
  readonly metric: Metric;
  /**
   * The quantity that a test set measures and of which the metric is a function: metrics with the same one are drawn
   * together.
   */
  readonly made: string;
  readonly scales: readonly Scale[];
  /** On the unbounded scale: the mean over seeds at each of the pilot's widths, as measured. */
  readonly centres: readonly number[];
  /** What it could be as well if the pilot had been tested on another test set: a bootstrap draw. */
  readonly onAnotherTestSet: (draw: number) => readonly number[];
  /** Its variance over seeds on that scale. */
  readonly variances: readonly number[];
  /** Each member's distance from its centre in standard deviations, `[members]`. */
  readonly deviations: readonly number[];
  /** Normal scores of a new member's test set in each bootstrap draw, `[draws]`. */
  readonly scores: (width: number, seed: number) => Float64Array;
  /** +1 if better values are higher on the unbounded scale. */
  readonly sign: number;
  /** From that scale to what a test set measures: the share, the mean. */
  readonly base: (x: number) => number;
  readonly isShare: boolean;
  /** What new members with such bases show of a family, on a test set `size` times the pilot's. */
  readonly shows: (
    bases: readonly number[],
    on: Pick<Observed, 'ranks'> & { readonly widths: readonly number[]; readonly size: number },
  ) => Observed;
  /** What a test set `size` times the pilot's shows at a normal score. */
  readonly measured: (base: number, score: number, size: number) => number;
  /** The metric as a function of the base. */
  readonly value: (base: number, size: number) => number;
}

/**
 * Models of metrics of these members; metrics with the same base share its draws.
 *
 * @param members at least two of each width
 * @param draws of the test set
 */
export function pilotOf(members: readonly MemberOutcomes[], draws: number): (metric: Metric) => PilotMetric {
  const known = new Map<string, Base>();
  return (metric) => {
    const made = metric.name === 'subset-accuracy' ? accuracy.with({}) : metric;
    const base = known.get(made.id) ?? baseOf(made, members, draws);
    known.set(made.id, base);
    const units = metric.unitValues(members[0]!.outcomes);
    if (units?.share !== true) return { ...base, metric, value: (base) => base };
    return { ...base, metric, value: remembered(units.transform, base.count) };
  };
}

interface Base extends Omit<PilotMetric, 'metric' | 'value'> {
  /** Number of independent units that are as informative as the test set. */
  readonly count: number;
}

function baseOf(metric: Metric, members: readonly MemberOutcomes[], draws: number): Base {
  const curve = sampleCurve(metric, members, { draws });
  const { scales } = curve;
  const observed = observe(curve, members);
  const { isShare, count, ranks, shared } = observed;
  const { limits } = metric;
  const link = linkOf(isShare ? [0, 1] : limits);
  const bases = observed.bases.map((base) => (isShare ? seenShare(base, count) : base));
  const { centres, deviations, totals, explained, onTestSet } = spreadOf({
    ...{ ...observed, scales, values: bases.map(link.to), borrow: true },
    errors: observed.errors.map((error, i) => error * link.slope(bases[i]!)),
  });
  const typical = mean(observed.errors.map((error, i) => error / sizeOf(limits, bases[i]!)));
  const errorOf = (base: number, size: number) => (typical * sizeOf(limits, base)) / Math.sqrt(size);
  const [least, most] = limits;
  const unitsOf = (size: number) => Math.round(count * size);
  return {
    ...{ made: metric.id, scales, centres, deviations, count, isShare },
    onAnotherTestSet: onTestSet,
    variances: totals.map((total, j) => Math.max(0, total - explained[j]!)),
    sign: metric.better === 'higher' ? 1 : -1,
    base: link.from,
    measured(base, score, size) {
      if (isShare) return binomialQuantile(unitsOf(size), base, score) / unitsOf(size);
      return Math.min(most, Math.max(least, base + errorOf(base, size) * score));
    },
    shows: (bases, { widths, size, ...rest }) => ({
      ...{ ...rest, bases, isShare, count: unitsOf(size) },
      errors: bases.map((base) => (isShare ? shareError(base, unitsOf(size)) : errorOf(base, size))),
      shared: widths.map((width) => shared[nearestScale(scales, width)]!),
      seen: bases.map((base) => !isShare || (base > 0 && base < 1)),
    }),
    scores: memberScores(scales, ranks, { draws, shared }),
  };
}

/** What errors of a test set are proportional to: the root of p (1 - p) between two limits, the level above one. */
function sizeOf([least, most]: Metric['limits'], value: number): number {
  if (!Number.isFinite(least)) return 1;
  if (!Number.isFinite(most)) return value - least;
  const share = Math.min(1 - 1e-12, Math.max(1e-12, (value - least) / (most - least)));
  return Math.sqrt(share * (1 - share));
}

interface ScoreOptions {
  readonly draws: number;
  /** How much the seeds of each scale have the test set in common. */
  readonly shared: readonly number[];
}

/**
 * A new member has as much in common with another one of its width as the pilot's members of the nearest width have with each
 * other: their mean, and the rest to itself.
 */
function memberScores(
  scales: readonly Scale[],
  ranks: Observed['ranks'],
  { draws, shared }: ScoreOptions,
): PilotMetric['scores'] {
  const known = new Map<string, Float64Array>();
  const common = scales.map(({ members }) => {
    const lists = members.map(ranks);
    return Float64Array.from({ length: draws }, (_, b) => mean(lists.map((list) => list?.[b] ?? 0)));
  });
  return (width, seed) => {
    const made = known.get(`${width} ${seed}`);
    if (made !== undefined) return made;
    const j = nearestScale(scales, width);
    const variance = mean(common[j]!.map((value) => value ** 2));
    const part = variance === 0 ? 0 : Math.sqrt(Math.min(1, shared[j]!) / variance);
    const own = Math.sqrt(1 - Math.min(1, shared[j]!));
    const random = Random.named(0, 'design', 'test set', width, seed);
    const scores = common[j]!.map((value) => part * value + (variance === 0 ? 1 : own) * random.normal());
    known.set(`${width} ${seed}`, scores);
    return scores;
  };
}

function nearestScale(scales: readonly Scale[], width: number): number {
  const distances = scales.map((scale) => Math.abs(Math.log(width / scale.width)));
  return distances.indexOf(Math.min(...distances));
}

/** Centres that are monotonic in width. */
export function interpolated(
  { scales, sign }: Pick<PilotMetric, 'scales' | 'sign'>,
  centres: readonly number[],
): (width: number) => number {
  const logs = scales.map(({ width }) => Math.log(width));
  const weights = scales.map(({ members }) => members.length);
  const levels = isotonic(
    centres.map((centre) => sign * centre),
    weights,
  ).map((level) => sign * level);
  return (width) => between(logs, levels, Math.log(width));
}

/** Straight lines between the points, the first and the last one extended without end. */
export function between(xs: readonly number[], ys: ArrayLike<number>, x: number): number {
  let i = 1;
  while (i < xs.length - 1 && x > xs[i]!) i++;
  const t = (x - xs[i - 1]!) / (xs[i]! - xs[i - 1]!);
  return ys[i - 1]! + t * (ys[i]! - ys[i - 1]!);
}

/** Variance over seeds at any width; beyond the pilot's widths that of its ends. */
export function varianceAt({ scales, variances }: PilotMetric, width: number): number {
  const inside = Math.min(scales.at(-1)!.width, Math.max(scales[0]!.width, width));
  return between(
    scales.map((scale) => Math.log(scale.width)),
    variances,
    Math.log(inside),
  );
}

/** Mean of the metric over all possible seeds, at any width. */
export function expectedCurve(pilot: PilotMetric): (width: number) => number {
  const centre = interpolated(pilot, pilot.centres);
  return (width) => {
    return meanOverSeeds(centre(width), varianceAt(pilot, width), (x) => pilot.value(pilot.base(x), 1));
  };
}
