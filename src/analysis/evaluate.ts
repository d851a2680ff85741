/** Metrics of a run's members and of its scales, each with its possible intervals. */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Measurement, Metric } from '../metrics/metric.js';
import { membersAtOnce } from '../runs/opened.js';
import type { OutcomeName } from '../runs/outcomes.js';
import { drawsWithValue, percentileInterval } from '../statistics/bootstrap.js';
import { meanOf, type Interval } from '../statistics/intervals.js';
import { overSeeds } from '../statistics/seeds.js';
import { scalesOf, type SampleOptions, type Scale } from './curves.js';
import { defaultDraws, drawEachMember, type MemberByMember } from './draws/members.js';

export interface MemberEvaluation extends Interval {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  readonly parameters: number;
  readonly trainingFlops: number;
  readonly value: number;
  /** NaN if there is none; so are `lower` and `upper`, and `note` says why. */
  readonly standardError: number;
  readonly note: string | undefined;
}

export interface ScaleEvaluation {
  readonly scale: Scale;
  readonly seeds: number;
  /** Mean over seeds. */
  readonly value: number;
  /** Standard deviation of that mean between seeds; NaN for one seed. */
  readonly standardDeviation: number;
  /** 95 % interval of the mean over all possible seeds, on this test set, see `overSeeds`; undefined for one seed. */
  readonly overSeeds: Interval | undefined;
  /** 95 % interval over test sets, for these seeds; NaN if there is none, and `note` says why. */
  readonly overExamples: Interval;
  readonly note: string | undefined;
}

export interface MetricEvaluation {
  readonly metric: Metric;
  /** Units of the test set. */
  readonly count: number;
  readonly resolution: number | null;
  /** How the intervals over examples are made: `Wilson` or `bootstrap, 2000 draws`. */
  readonly method: string;
  readonly members: readonly MemberEvaluation[];
  readonly scales: readonly ScaleEvaluation[];
}

export interface EvaluateMetricsOptions extends SampleOptions {
  /** Called with places of members when nothing needs their outcomes any more. */
  readonly onDrawn?: (places: readonly number[]) => void;
}

/** `evaluateMetrics` for a single metric. */
export function evaluateMetric(
  metric: Metric,
  members: readonly MemberOutcomes[],
  options: SampleOptions = {},
): MetricEvaluation {
  return evaluateMetrics([metric], members, options)[0]!;
}

/**
 * Intervals of members are Wilson's for shares, at the effective sample size if sequences share images or images a group; otherwise
 * percentiles of a bootstrap over the units of clusters.ts. Scales are drawn a few at a time, each under all metrics.
 *
 * @throws UsageError if the test set is too small for a metric
 */
export function evaluateMetrics(
  metrics: readonly Metric[],
  members: readonly MemberOutcomes[],
  { onDrawn, ...options }: EvaluateMetricsOptions = {},
): MetricEvaluation[] {
  const scales = scalesOf(members);
  const severalSeeds = scales.some((scale) => scale.members.length > 1);
  const all = metrics.map((metric) => {
    const measured = members.map(({ outcomes }) => metric.measure(outcomes));
    const isClosed = metric.wilson && measured.every(({ lower }) => !Number.isNaN(lower));
    const evaluations: MemberEvaluation[] = [];
    const ofScales: ScaleEvaluation[] = [];
    return { metric, measured, isClosed, evaluations, ofScales };
  });
  for (const batch of batchesOf(scales)) {
    const places = batch.flatMap((scale) => scale.members);
    const own = places.map((place) => members[place]!);
    for (const { metric, measured, isClosed, evaluations, ofScales } of all) {
      // The mean of a share over seeds has no Wilson interval, as members are right on the same images.
      const drawn = isClosed && !severalSeeds ? undefined : listsOf(drawEachMember(metric, own, options));
      for (const [k, place] of places.entries())
        evaluations[place] = evaluateMember(metric, members[place]!, {
          measured: measured[place]!,
          draws: isClosed ? undefined : drawn?.[k],
        });
      let next = 0;
      for (const scale of batch) {
        const draws = drawn?.slice(next, (next += scale.members.length));
        ofScales.push(evaluateScale(metric, scale, { evaluations, draws }));
      }
    }
    onDrawn?.(places);
  }
  const draws = options.draws ?? defaultDraws;
  return all.map(({ metric, measured, isClosed, evaluations, ofScales }) => ({
    metric,
    count: measured[0]!.count,
    resolution: measured[0]!.resolution,
    method: isClosed ? metric.interval : `bootstrap, ${draws} draws`,
    members: evaluations,
    scales: ofScales,
  }));
}

/** Whole scales, in order: as many members as are drawn at once, unless one scale has more. */
function batchesOf(scales: readonly Scale[]): Scale[][] {
  const batches: Scale[][] = [];
  let room = 0;
  for (const scale of scales) {
    if (room < scale.members.length) {
      batches.push([]);
      room = membersAtOnce;
    }
    batches.at(-1)!.push(scale);
    room -= scale.members.length;
  }
  return batches;
}

/** Of each member its draws, `[members]` of `[draws]`. */
function listsOf({ drawn, observed }: MemberByMember): Float64Array[] {
  return Array.from(observed, (_, i) => drawn.of(i));
}

function evaluateMember(
  metric: Metric,
  { record: { id, width, seed, parameters, trainingFlops } }: MemberOutcomes,
  { measured, draws }: { readonly measured: Measurement; readonly draws: Float64Array | undefined },
): MemberEvaluation {
  const about = { id, width, seed, parameters, trainingFlops };
  const { value, standardError, lower, upper } = measured;
  if (draws === undefined) return { ...about, ...withReason(metric, { value, standardError, lower, upper }) };
  const { standardDeviation } = meanOf(drawsWithValue(draws));
  return {
    ...about,
    ...withReason(metric, { value, standardError: standardDeviation, ...percentileInterval(draws) }),
  };
}

interface Evaluated {
  readonly evaluations: readonly MemberEvaluation[];
  /** Of the scale's members, `[members]` of `[draws]`. */
  readonly draws: readonly Float64Array[] | undefined;
}

function evaluateScale(metric: Metric, scale: Scale, { evaluations, draws }: Evaluated): ScaleEvaluation {
  const seeds = scale.members.map((i) => evaluations[i]!);
  const values = seeds.map(({ value }) => value);
  const mean = meanOf(values);
  const [first] = seeds;
  const overExamples =
    seeds.length === 1 || draws === undefined
      ? { lower: first!.lower, upper: first!.upper }
      : notBare(percentileInterval(meansOver(draws)), seeds);
  const { lower, upper, note } = withReason(metric, { value: mean.mean, standardError: NaN, ...overExamples });
  const ofSeeds = seeds.find((seed) => Number.isNaN(seed.lower))?.note;
  const spread = mean.standardDeviation;
  return {
    scale,
    seeds: seeds.length,
    value: mean.mean,
    // Seeds that agree on every image say nothing about their spread.
    standardDeviation: spread > 0 ? spread : NaN,
    overSeeds: spread > 0 ? overSeeds(values, metric.limits, (place) => seeds[place]!) : undefined,
    overExamples: { lower, upper },
    note:
      (Number.isNaN(lower) ? ofSeeds : undefined) ??
      note ??
      (seeds.length > 1 && !(spread > 0)
        ? 'no interval over seeds: all have the same value, so their spread is unknown'
        : undefined),
  };
}

/** Means of lists, place by place. */
function meansOver(lists: readonly Float64Array[]): Float64Array {
  const means = new Float64Array(lists[0]!.length);
  for (const list of lists) for (let b = 0; b < means.length; b++) means[b]! += list[b]!;
  return means.map((sum) => sum / lists.length);
}

interface MeasuredValue extends Interval {
  readonly value: number;
  readonly standardError: number;
}

/** Replaces intervals that would claim too much certainty, and says why. */
function withReason(
  metric: Metric,
  { value, standardError, lower, upper }: MeasuredValue,
): MeasuredValue & Pick<MemberEvaluation, 'note'> {
  const unit = metric.units === 'images' ? 'image' : 'sequence';
  const notFinite = metric.notFinite ?? 'a test example has no finite value';
  const none = { value, standardError: NaN, lower: NaN, upper: NaN };
  if (!Number.isFinite(value)) return { ...none, note: notFinite };
  if (!Number.isFinite(lower) || !Number.isFinite(upper)) {
    const why = metric.notFinite ?? `the test set has one ${unit}`;
    return { ...none, note: `no interval: ${metric.notFinite === undefined ? why : `too many draws in which ${why}`}` };
  }
  if (lower === upper)
    return {
      ...none,
      note: `no interval: every resample of the test set has this value, so nothing is known about other ${unit}s`,
    };
  // The standard error of a share of 0 or 1, whose interval is Wilson's: the formula gives 0.
  if (standardError === 0)
    return { value, lower, upper, standardError: NaN, note: 'no standard error: all or none of the test set' };
  return { value, standardError, lower, upper, note: undefined };
}

/** If none or all of the examples are right, a bootstrap has no width; each member's own interval has. */
function notBare(interval: Interval, seeds: readonly MemberEvaluation[]): Interval {
  if (interval.lower !== interval.upper) return interval;
  return {
    lower: Math.min(interval.lower, ...seeds.map(({ lower }) => lower)),
    upper: Math.max(interval.upper, ...seeds.map(({ upper }) => upper)),
  };
}

/**
 * Notes that a thresholded metric is the same for every member, as with a cutoff outside the data's range. Undefined if
 * it is not.
 */
export function flatness(
  { metric, members }: { readonly metric: Metric; readonly members: readonly { readonly value: number }[] },
  outcomes: readonly MemberOutcomes[],
): string | undefined {
  if (metric.kind !== 'thresholded') return undefined;
  const [first] = members;
  if (first === undefined || (first.value !== 0 && first.value !== 1)) return undefined;
  if (members.some(({ value }) => value !== first.value)) return undefined;
  const column = cutColumn(metric);
  const range = column === undefined ? '' : `; ${column} is ${rangeText(column, outcomes)}`;
  return `${metric.id} is ${first.value} for every member${range}`;
}

/** The column whose range `flatness` tells. */
export function cutColumn({ needs, parameters }: Metric): OutcomeName | undefined {
  return typeof parameters['c'] === 'number' ? needs.find((name) => name !== 'sequence') : undefined;
}

/** Columns that `mayHaveOneAnswer` reads. */
export const answerColumns = ['label', 'correct'] as const satisfies readonly OutcomeName[];

/** Whether a member may predict a single class: the images of one class are those that are right, or none is. */
export function mayHaveOneAnswer({ label, correct }: MemberOutcomes['outcomes']): boolean {
  if (label === undefined || correct === undefined) return false;
  const answer = label[correct.indexOf(1)];
  return correct.every((right, i) => (right === 1) === (label[i] === answer));
}

/** Names the members that predict the same class for every test image although the images have several classes. */
export function oneAnswer(
  members: readonly MemberOutcomes[],
  { classNames }: { readonly classNames?: readonly string[] | undefined },
): string[] {
  const found = members.flatMap(({ record, outcomes: { label, predicted } }) => {
    const [answer] = predicted ?? [];
    if (label === undefined || predicted === undefined || answer === undefined) return [];
    const isOne = predicted.every((each) => each === answer) && label.some((each) => each !== label[0]);
    return isOne ? [`${record.id} (${classNames?.[answer] ?? `class ${answer}`})`] : [];
  });
  return found.length === 0 ? [] : [`predicts the same class for every test image: ${found.join(', ')}`];
}

function rangeText(column: OutcomeName, outcomes: readonly MemberOutcomes[]): string {
  let [least, most] = [Infinity, -Infinity];
  for (const { outcomes: columns } of outcomes) {
    for (const value of columns[column] ?? []) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return `${least.toPrecision(3)} to ${most.toPrecision(3)}`;
}
