/**
 * Curves with all that their scores need: values at each scale, and bootstrap draws of them over test set and seeds. The draw of the
 * test set (images; for sequences the images that they share, and what each sequence has to itself; groups of images if there are
 * enough) is shared by all members, as the test set is; seeds are drawn within each width, those
 * of one training once for all of its moments. Both together are Owen's pigeonhole
 * bootstrap (2007, Ann. Appl. Stat. 1(2)), which is if anything too wide. Of S seeds, S - 1 are drawn, so that the variance of their
 * mean has the right size (McCarthy and Snowden 1985); with a single seed, whose spread is unknown, the interval is over the test set
 * alone.
 */
import { availableCores } from '../experiment/cores.js';
import { meanOfUnits } from '../metrics/define-metric.js';
import type { Drawn, Metric, UnitNumbers } from '../metrics/metric.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { membersAtOnce } from '../runs/opened.js';
import { drawnOf, weightedSums } from '../statistics/bootstrap.js';
import { pairsKernel, sumsKernel, type Ordered } from '../statistics/kernels/kernels.js';
import { OutOfMemory } from '../statistics/kernels/out-of-memory.js';
import { Random } from '../statistics/random.js';
import { scorePlaces, type ScorePlaces } from '../statistics/normal.js';
import { areaTerms } from '../statistics/ranks.js';
import {
  groupingOf,
  groupSums,
  ofEachUnit,
  resamples,
  type Grouping,
  type ResampleBlock,
} from '../statistics/resamples.js';
import { overSeedsAndExamples } from '../statistics/seeds.js';
import { RunError } from '../terminal/errors.js';
import { meansOf, orient, positionOf, scalesOf, type Scale, type ScaleName } from './scales.js';
import type { ScoredDraws } from './contrast.js';
import type { DrawnMembers, SampledCurve } from './sampled-curve.js';
import { sameTrainings } from './trainings.js';
import { scoreInterval, type ScoreWithInterval } from './score-interval.js';
import { scoreNames, scoresOf, type ScoreName, type Scores } from './scores.js';
import { expectedCurves, normalsOf, remembered } from './expected-curves.js';

export type { SampledCurve } from './sampled-curve.js';
export type { ScoreWithInterval } from './score-interval.js';
export { meansOf, orient, positionOf, scalesOf, type Scale, type ScaleName } from './scales.js';

export interface SampleOptions {
  /** Default: 2000. 0 for the values alone. */
  readonly draws?: number;
  readonly seed?: number;
  /** Runs whose seeds are drawn apart, on the same draws of the test set, have names of their own here; default: ''. */
  readonly seedsOf?: string;
}

export const defaultDraws = 2000;

/** A metric of every member, as measured and in bootstrap draws of the test set shared by all members. */
export interface MemberDraws {
  /** `[members]` */
  readonly observed: Float64Array;
  /** `[draws]` of `[members]`. */
  readonly draws: readonly Float64Array[];
  /** Units of the test set. */
  readonly count: number;
}

/** `MemberDraws` a member at a time. */
export interface MemberByMember extends Omit<MemberDraws, 'draws'> {
  readonly drawn: DrawnMembers;
}

/** Throws UsageError if the test set is too small for the metric. */
export function drawMembers(
  metric: Metric,
  members: readonly MemberOutcomes[],
  options: SampleOptions = {},
): MemberDraws {
  const { count, observed, drawn } = drawEachMember(metric, members, options);
  const draws = Array.from({ length: drawn.length }, () => new Float64Array(members.length));
  for (let i = 0; drawn.length > 0 && i < members.length; i++) {
    const own = drawn.of(i);
    for (let b = 0; b < own.length; b++) draws[b]![i] = own[b]!;
  }
  return { count, observed, draws };
}

/** Throws UsageError if the test set is too small for the metric. */
export function drawEachMember(
  metric: Metric,
  members: readonly MemberOutcomes[],
  { draws = defaultDraws, seed = 0 }: SampleOptions = {},
): MemberByMember {
  const observed = new Float64Array(members.length);
  const drawn: DrawnMember[] = [];
  let units = 0;
  for (let first = 0; first < members.length; first += membersAtOnce) {
    const evaluators = evaluatorsOf(metric, members.slice(first, first + membersAtOnce));
    units = evaluators.count;
    observed.set(evaluators.observed(), first);
    if (draws > 0) drawn.push(...orTooLarge(() => evaluators.resampled(draws, seed), metric));
  }
  // Without draws a member has an empty list, and no ranks.
  const none = new Float64Array(0);
  return {
    ...{ count: units, observed },
    drawn: {
      length: draws,
      of: (member) => drawn[member]?.values() ?? none,
      places: (member) => drawn[member]?.places(),
    },
  };
}

/** Throws RunError if there was not enough memory, however much the process may use. */
function orTooLarge<T>(draw: () => T, { id }: Pick<Metric, 'id'>): T {
  try {
    return draw();
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    const remedy = 'take fewer members (--where, --at), or give the process more memory';
    throw new RunError(`not enough memory to draw its intervals (${error.message})`, id, remedy, { cause: error });
  }
}

/** Throws UsageError if the test set is too small for the metric. */
export function sampleCurve(
  metric: Metric,
  members: readonly MemberOutcomes[],
  options: SampleOptions = {},
): SampledCurve {
  const scales = scalesOf(members);
  const { count, observed, drawn } = drawEachMember(metric, members, options);
  const samples = meansOfDrawn(drawn, drawnSeeds(scales, members, drawn.length, options));
  const intervals = once(() =>
    scales.map((scale, i) =>
      overSeedsAndExamples(
        scale.members.map((place) => observed[place]!),
        samples.map((draw) => draw[i]!),
        metric.limits,
        (seed) => metric.measure(members[scale.members[seed]!]!.outcomes),
      ),
    ),
  );
  const curve = {
    metric,
    scales,
    memberValues: observed,
    values: meansOf(observed, scales),
    draws: samples,
    memberDraws: drawn,
    count,
    intervals,
  };
  return { ...curve, expected: once(() => expectedCurves(curve, members)) };
}

/** Which seeds are drawn: the same ones for every metric, as their curves are paired. */
interface DrawnSeeds {
  readonly key: string;
  readonly scales: readonly Pick<Scale, 'members'>[];
  /** `[draws][seedsOfAll]`, places in the list of a scale's members. */
  readonly places: Uint16Array;
  /** Where the seeds of a scale begin in the list of a draw, `[scales]`; moments of one training have the same ones. */
  readonly starts: readonly number[];
  /** In each draw, of all scales. */
  readonly ofAll: number;
}

let latestSeeds: DrawnSeeds | undefined;

function drawnSeeds(
  scales: readonly Scale[],
  members: readonly MemberOutcomes[],
  draws: number,
  { seed = 0, seedsOf }: SampleOptions,
): DrawnSeeds {
  const first = sameTrainings(scales, members);
  const sizes = scales.map((scale) => scale.members.length);
  const key = JSON.stringify([seed, seedsOf ?? '', draws, sizes, first]);
  if (latestSeeds?.key === key) return { ...latestSeeds, scales };
  const random = Random.named(seed, 'bootstrap', 'seeds', ...(seedsOf ? [seedsOf] : []));
  let ofAll = 0;
  const starts: number[] = [];
  for (const [j, root] of first.entries()) {
    starts.push(root === j ? ofAll : starts[root]!);
    if (root === j) ofAll += drawnOf(sizes[j]!);
  }
  const places = new Uint16Array(draws * ofAll);
  let at = 0;
  for (let b = 0; b < draws; b++) {
    for (const [j, root] of first.entries()) {
      if (root !== j) continue;
      const [size, wanted] = [sizes[j]!, drawnOf(sizes[j]!)];
      // A single seed is not drawn.
      for (let k = 0; k < wanted; k++) places[at++] = size > 1 ? random.integer(size) : 0;
    }
  }
  latestSeeds = { key, scales, places, starts, ofAll };
  return latestSeeds;
}

/** Means over the drawn seeds of each scale, `[draws]` of `[scales]`. */
function meansOfDrawn(drawn: DrawnMembers, { scales, places, starts, ofAll }: DrawnSeeds): Float64Array[] {
  const samples = Array.from({ length: drawn.length }, () => new Float64Array(scales.length));
  for (const [j, { members }] of scales.entries()) {
    const seeds = members.map(drawn.of);
    const wanted = drawnOf(members.length);
    // Hot: plain loops.
    for (let b = 0; b < samples.length; b++) {
      const begin = b * ofAll + starts[j]!;
      let sum = 0;
      for (let k = 0; k < wanted; k++) sum += seeds[places[begin + k]!]![b]!;
      samples[b]![j] = sum / wanted;
    }
  }
  return samples;
}

interface Evaluators {
  /** Units of the test set. */
  readonly count: number;
  /** `[members]` */
  readonly observed: () => Float64Array;
  /** `[members]` */
  readonly resampled: (draws: number, seed: number) => readonly DrawnMember[];
}

interface DrawnMember {
  /** `[draws]` */
  readonly values: () => Float64Array;
  /** See `scorePlaces`, `[draws]`. */
  readonly places: () => ScorePlaces | undefined;
}

function drawnMember(values: Float64Array): DrawnMember {
  return { values: () => values, places: once(() => scorePlaces(values)) };
}

/** `[draws]` of `[members]` as `[members]` of `[draws]`. */
function byMember(samples: readonly Float64Array[], members: number): Float64Array[] {
  return Array.from({ length: members }, (_, i) => {
    const own = new Float64Array(samples.length);
    for (let b = 0; b < own.length; b++) own[b] = samples[b]![i]!;
    return own;
  });
}

/** `[members]` under each list of counts, of which there are at most `listsAtOnce`. */
type Resampled = (counts: readonly Uint8Array[]) => Float64Array[];

/**
 * The same streams for every metric, and the same groups if there are too many units: curves of one test set are drawn together, and
 * their differences are paired.
 */
function drawnBy(resampled: Resampled, blocks: readonly ResampleBlock[], draws: number, seed: number): Float64Array[] {
  const samples: Float64Array[] = [];
  for (const counts of resamples(blocks, draws, seed)) samples.push(...resampled(counts));
  return samples;
}

function evaluatorsOf(metric: Metric, members: readonly MemberOutcomes[]): Evaluators {
  const drawn = members.map(({ outcomes }) => metric.drawn(outcomes));
  if (drawn.every((each) => each.kind === 'units')) return unitEvaluators(drawn);
  if (drawn.every((each) => each.kind === 'terms')) return termEvaluators(drawn);
  if (!drawn.every((each) => each.kind === 'weights')) throw new Error(`members differ in what ${metric.id} draws`);
  const { count, units } = drawn[0]!;
  const orders = drawn.map((each) => each.orders);
  return {
    count: units,
    observed: () => Float64Array.from(drawn, ({ evaluate }) => evaluate()),
    resampled(draws, seed) {
      const grouping = groupingOf(count);
      const areOrdered = orders.every((each) => each !== undefined);
      const areas = areOrdered
        ? ((grouping === undefined ? areasOver(orders, count) : undefined) ?? linearAreas(orders, count, grouping))
        : undefined;
      const plain: Resampled = (counts) =>
        counts.map((list) => {
          const weights = ofEachUnit(list, grouping);
          return Float64Array.from(drawn, ({ evaluate }) => evaluate(weights));
        });
      const samples = drawnBy(areas ?? plain, [{ of: 'units', count: grouping?.count ?? count }], draws, seed);
      return byMember(samples, drawn.length).map(drawnMember);
    },
  };
}

/** Number of items of the largest unit. */
function mostOfOne(unitOf: Int32Array, units: number): number {
  const counts = new Int32Array(units);
  for (const unit of unitOf) counts[unit]!++;
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/** Areas under ROC curves; undefined for a test set that is too large for the kernel. */
function areasOver(members: readonly (readonly Ordered[])[], count: number): Resampled | undefined {
  const lists = members.flatMap((orders) => orders.map(({ unitOf }) => unitOf));
  const items = Math.max(...lists.map((unitOf) => unitOf.length));
  const kernel = pairsKernel(count, items, count * Math.max(...lists.map((unitOf) => mostOfOne(unitOf, count))));
  if (kernel === undefined) return undefined;
  return (counts) => {
    kernel.setWeights(counts);
    const values = members.map((orders) => {
      const shares = orders.map((order) => kernel.shares(order));
      return shares.length === 1 ? shares[0]! : shares[0]!.map((share, k) => (share + shares[1]![k]!) / 2);
    });
    return counts.map((_, k) => Float64Array.from(values, (ofMember) => ofMember[k]!));
  };
}

/** Areas of a test set that is too large for the kernel, see `areaTerms`; undefined for too few mistakes. */
function linearAreas(
  members: readonly (readonly Ordered[])[],
  count: number,
  grouping: Grouping | undefined,
): Resampled | undefined {
  const linear = members.map((orders) => areaTerms(orders, count));
  if (!linear.every((each) => each !== undefined)) return undefined;
  const sumsOf = sumsOver(linear.map(({ terms }) => groupSums(terms, grouping)));
  return (counts) =>
    sumsOf(counts).map((sums) => sums.map((sum, i) => Math.min(1, Math.max(0, linear[i]!.area + sum))));
}

type SumsOf = (counts: readonly Uint8Array[]) => Float64Array[];

/** Sums of columns under lists of counts, `[lists]` of `[columns]`. Columns that are not finite go through plain loops. */
function sumsOver(columns: readonly UnitNumbers[]): SumsOf {
  const threads = availableCores();
  const kernel = sumsKernel(columns, threads);
  if (kernel !== undefined) return (counts) => kernel.sums(counts);
  const [finite, others] = [true, false].map((wanted) =>
    [...columns.keys()].filter((c) => isFiniteColumn(columns[c]!) === wanted),
  ) as [number[], number[]];
  const plain = others.map((c) => Float64Array.from(columns[c]!));
  const ofFinite =
    finite.length > 0
      ? sumsKernel(
          finite.map((c) => columns[c]!),
          threads,
        )
      : undefined;
  return (counts) => {
    const plainSums = counts.map(() => new Float64Array(others.length));
    weightedSums(plain, counts, plainSums);
    const finiteSums = ofFinite?.sums(counts);
    return counts.map((_, k) => {
      const sums = new Float64Array(columns.length);
      others.forEach((c, i) => (sums[c] = plainSums[k]![i]!));
      finite.forEach((c, i) => (sums[c] = finiteSums![k]![i]!));
      return sums;
    });
  };
}

function isFiniteColumn(column: UnitNumbers): boolean {
  for (const value of column) if (!Number.isFinite(value)) return false;
  return true;
}

function unitEvaluators(units: readonly Extract<Drawn, { kind: 'units' }>[]): Evaluators {
  const count = units[0]!.values.length;
  const { share, transform } = units[0]!;
  const of = remembered(transform, count);
  return {
    count,
    observed: () => Float64Array.from(units, ({ values }) => transform(meanOfUnits(values).mean)),
    resampled(draws, seed) {
      const columns = units.map(({ values }) => values);
      // Of more units 16 bits do not hold how many are right, or it is groups that are drawn.
      if (share && count < 65_536)
        return drawnShares(columns, draws, seed).map((drawn) => shareMember(drawn, { count, of }));
      const own = byMember(drawnMeans(columns, draws, seed), columns.length);
      const to = share ? of : transform;
      return own.map((means) => drawnMember(means.map((mean) => to(mean))));
    },
  };
}

/** A member's drawn shares under a metric that is a function of them. */
function shareMember(
  { right, places }: DrawnShare,
  { count, of }: { readonly count: number; readonly of: (share: number) => number },
): DrawnMember {
  const values = () => {
    const list = new Float64Array(right.length);
    for (let b = 0; b < list.length; b++) list[b] = of(right[b]! / count);
    return list;
  };
  return {
    values,
    // Where more right ones are always better, shares rank the draws as their values do.
    places: once(() => (isRising(right, (units) => of(units / count)) ? places() : scorePlaces(values()))),
  };
}

function isRising(units: Uint16Array, of: (units: number) => number): boolean {
  let [least, most] = [65_535, 0];
  for (const each of units) {
    if (each < least) least = each;
    if (each > most) most = each;
  }
  for (let each = least; each < most; each++) if (!(of(each + 1) > of(each))) return false;
  return true;
}

interface Drawing {
  readonly columns: readonly UnitNumbers[];
  readonly draws: number;
  readonly seed: number;
}

function isSame(a: Drawing, b: Drawing): boolean {
  const { columns } = a;
  return (
    a.draws === b.draws &&
    a.seed === b.seed &&
    columns.length === b.columns.length &&
    columns.every((column, i) => column === b.columns[i])
  );
}

/** Units that are right in each draw. */
interface DrawnShare {
  readonly seed: number;
  /** `[draws]` */
  readonly right: Uint16Array;
  /** Their ranks, see `scorePlaces`. */
  readonly places: () => ScorePlaces | undefined;
}

/**
 * By column, with which they go: accuracy and subset accuracies, a table and a figure use the same draws. A smaller number of draws is
 * the first ones of a larger.
 */
const drawnRight = new WeakMap<UnitNumbers, Map<number, DrawnShare>>();

/** Of columns of 0 and 1, `[columns]`. Those that are not known are drawn. */
function drawnShares(columns: readonly UnitNumbers[], draws: number, seed: number): DrawnShare[] {
  const count = columns[0]!.length;
  const unknown = columns.filter((column) => knownShare(column, draws, seed) === undefined);
  if (unknown.length > 0) {
    const means = drawnMeans(unknown, draws, seed);
    for (const [i, column] of unknown.entries()) {
      const right = new Uint16Array(draws);
      for (let b = 0; b < draws; b++) right[b] = Math.round(means[b]![i]! * count);
      keepShare(column, draws, { seed, right, places: once(() => scorePlaces(right)) });
    }
  }
  return columns.map((column) => knownShare(column, draws, seed)!);
}

function keepShare(column: UnitNumbers, draws: number, drawn: DrawnShare): void {
  const known = drawnRight.get(column);
  if (known === undefined) drawnRight.set(column, new Map([[draws, drawn]]));
  else known.set(draws, drawn);
}

function knownShare(column: UnitNumbers, draws: number, seed: number): DrawnShare | undefined {
  const known = drawnRight.get(column);
  const own = known?.get(draws);
  if (own?.seed === seed) return own;
  for (const [more, { seed: other, right: all }] of known ?? []) {
    if (more < draws || other !== seed) continue;
    const right = all.subarray(0, draws);
    const drawn = { seed, right, places: once(() => scorePlaces(right)) };
    keepShare(column, draws, drawn);
    return drawn;
  }
  return undefined;
}

let lastMeans: (Drawing & { readonly means: readonly Float64Array[] }) | undefined;

/** Means of columns in each draw, `[draws]` of `[columns]`. The most recent ones are kept. */
function drawnMeans(columns: readonly UnitNumbers[], draws: number, seed: number): readonly Float64Array[] {
  if (lastMeans !== undefined && isSame(lastMeans, { columns, draws, seed })) return lastMeans.means;
  const count = columns[0]!.length;
  const grouping = groupingOf(count);
  const sumsOf = sumsOver(columns.map((column) => groupSums(column, grouping)));
  const sizes = grouping && groupSums(new Float64Array(count).fill(1), grouping);
  const meansOver: Resampled = (counts) =>
    sumsOf(counts).map((sums, k) => {
      // Groups differ in size, so the number of drawn units varies with them.
      const drawn = sizes === undefined ? count : weightedSum(sizes, counts[k]!);
      return sums.map((sum) => sum / drawn);
    });
  const means = drawnBy(meansOver, [{ of: 'units', count: grouping?.count ?? count }], draws, seed);
  lastMeans = { columns, draws, seed, means };
  return means;
}

function weightedSum(values: Float64Array, weights: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * weights[i]!;
  return sum;
}

function termEvaluators(members: readonly Extract<Drawn, { kind: 'terms' }>[]): Evaluators {
  const { count, terms } = members[0]!;
  const clusters = groupingOf(terms.clusters.length);
  const clusterCount = clusters?.count ?? terms.clusters.length;
  // If images are the units and groups are drawn, images have nothing to themselves.
  const units = members.some((member) => member.terms.units.some((term) => term !== 0)) ? terms.units.length : 0;
  const grouped = groupingOf(units);
  const unitCount = grouped?.count ?? units;
  return {
    count,
    observed: () => Float64Array.from(members, ({ mean, transform }) => transform(mean)),
    resampled(draws, seed) {
      // Each block has its own sums, as kernels take `mostUnits` at once.
      const ofClusters = sumsOver(members.map(({ terms: { clusters: each } }) => groupSums(each, clusters)));
      const ofUnits =
        units > 0 ? sumsOver(members.map(({ terms: { units: each } }) => groupSums(each, grouped))) : undefined;
      const drawn: Resampled = (counts) => {
        const own = ofUnits?.(counts.map((list) => list.subarray(clusterCount)));
        return ofClusters(counts.map((list) => list.subarray(0, clusterCount))).map((list, k) =>
          Float64Array.from(members, ({ mean, transform }, i) => transform(mean + list[i]! + (own?.[k]![i] ?? 0))),
        );
      };
      const blocks = [
        { of: 'units', count: clusterCount },
        { of: 'sequences', count: unitCount },
      ];
      return byMember(drawnBy(drawn, blocks, draws, seed), members.length).map(drawnMember);
    },
  };
}

/** Every score of a curve of at least two scales, with its bootstrap interval. */
export function scoreCurve(curve: SampledCurve, axis: ScaleName = 'parameters'): Record<ScoreName, ScoreWithInterval> {
  const { observed, draws, expected } = scoreDraws(curve, axis);
  const scored = scoreNames.map((name) => {
    const of = (scores: readonly Scores[]) => scores.map((each) => each[name]);
    const interval = scoreInterval(name, observed[name], of(draws), expected && of(expected));
    return [name, { value: observed[name], interval }] as const;
  });
  return Object.fromEntries(scored) as Record<ScoreName, ScoreWithInterval>;
}

/** @param normals how seeds deviate in each draw, `[draws]` of `[scales]`; default: drawn as for every single metric */
export function scoreDraws(
  { metric, scales, values, draws, expected }: SampledCurve,
  axis: ScaleName,
  normals?: readonly Float64Array[],
): ScoredDraws {
  const positions = scales.map((scale) => positionOf(scale, axis));
  const score = (curve: Float64Array) => scoresOf(orient(metric, curve), positions);
  const curves = expected()?.draw(normals ?? normalsOf({ draws: draws.length, scales: scales.length }));
  return { observed: score(values), draws: draws.map(score), expected: curves?.map(score) };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
