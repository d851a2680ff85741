/**
 * Curves with all that their scores need: values at each scale, and bootstrap draws of the same over test set and seeds. The draw
 * of the test set (images; of sequences the images that they share, and what sequences have of their own; groups of images where
 * there are enough) is shared by all members, as the test set is; seeds are drawn within each width. Both at once is Owen's pigeonhole
 * bootstrap (2007, Ann. Appl. Stat. 1(2)), which is if anything too wide. Of S seeds S - 1 are drawn, so that the variance of
 * their mean has the right size (McCarthy and Snowden 1985); of one seed nothing is known, and the interval is over the test set
 * alone.
 */
import type { Drawn, Metric } from '../metrics/metric.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { drawCounts, drawnMean, weightedSums } from '../statistics/bootstrap.js';
import { listsAtOnce, pairsKernel, sumsKernel, type Ordered } from '../statistics/kernels/kernels.js';
import { Random } from '../statistics/random.js';
import { overSeedsAndExamples } from '../statistics/seeds.js';
import { meansOf, orient, positionOf, scalesOf, type ScaleName } from './scales.js';
import type { ScoredDraws } from './contrast.js';
import type { SampledCurve } from './sampled-curve.js';
import { scoreInterval, type ScoreWithInterval } from './score-interval.js';
import { scoreNames, scoresOf, type ScoreName, type Scores } from './scores.js';
import { expectedCurves, normalsOf } from './expected-curves.js';

export type { SampledCurve } from './sampled-curve.js';
export type { ScoreWithInterval } from './score-interval.js';
export { meansOf, orient, positionOf, scalesOf, type Scale, type ScaleName } from './scales.js';

export interface SampleOptions {
  /** Left out: 2000. 0 for the values alone. */
  readonly draws?: number;
  readonly seed?: number;
}

export const defaultDraws = 2000;

/** A metric of every member, as measured and under bootstrap draws of the test set that all members share. */
export interface MemberDraws {
  /** `[members]` */
  readonly observed: Float64Array;
  /** `[draws]` of `[members]`. */
  readonly draws: readonly Float64Array[];
  /** Units of the test set. */
  readonly count: number;
}

/** Throws UsageError where the test set is too small for the metric. */
export function drawMembers(
  metric: Metric,
  members: readonly MemberOutcomes[],
  { draws = defaultDraws, seed = 0 }: SampleOptions = {},
): MemberDraws {
  const { count, blocks, observed, resampled } = evaluatorsOf(metric, members);
  // The same streams for every metric: curves of one test set are drawn together, and their differences are paired.
  const streams = blocks.map((block) => Random.named(seed, 'bootstrap', block.of, block.count));
  const total = blocks.reduce((sum, block) => sum + block.count, 0);
  const counts = Array.from({ length: listsAtOnce }, () => new Float64Array(total));
  const samples: Float64Array[] = [];
  while (samples.length < draws) {
    for (const list of counts) {
      let at = 0;
      blocks.forEach((block, i) => {
        drawCounts(streams[i]!, list.subarray(at, (at += block.count)));
      });
    }
    samples.push(...resampled(counts));
  }
  samples.length = draws;
  return { count, observed: observed(), draws: samples };
}

/** Throws UsageError where the test set is too small for the metric. */
export function sampleCurve(
  metric: Metric,
  members: readonly MemberOutcomes[],
  options: SampleOptions = {},
): SampledCurve {
  const scales = scalesOf(members);
  const { count, observed, draws } = drawMembers(metric, members, options);
  const random = Random.named(options.seed ?? 0, 'bootstrap', 'seeds');
  const samples = draws.map((values) => Float64Array.from(scales, (scale) => drawnMean(values, scale.members, random)));
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
    memberDraws: draws,
    count,
    intervals,
  };
  return { ...curve, expected: once(() => expectedCurves(curve, members)) };
}

interface Evaluators {
  /** Units of the test set. */
  readonly count: number;
  /** What is drawn with replacement: lists of counts have these one after the other. */
  readonly blocks: readonly { readonly of: string; readonly count: number }[];
  /** `[members]` */
  readonly observed: () => Float64Array;
  /** `[members]` under each list of counts, of which there are `listsAtOnce`. */
  readonly resampled: (counts: readonly Float64Array[]) => Float64Array[];
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
    blocks: [{ of: 'units', count }],
    observed: () => Float64Array.from(drawn, ({ evaluate }) => evaluate()),
    resampled:
      (orders.every((each) => each !== undefined) ? areasOver(orders, count) : undefined) ??
      ((counts) => counts.map((list) => Float64Array.from(drawn, ({ evaluate }) => evaluate(list)))),
  };
}

/** Items of the unit that has most. */
function mostOfOne(unitOf: Int32Array, units: number): number {
  const counts = new Int32Array(units);
  for (const unit of unitOf) counts[unit]!++;
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/** Areas under ROCs; undefined for a test set that is too large for the kernel. */
function areasOver(members: readonly (readonly Ordered[])[], count: number): Evaluators['resampled'] | undefined {
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

/** Sums of columns under lists of weights, `[lists]` of `[columns]`. */
function sumsOver(columns: readonly Float64Array[]): (weights: readonly Float64Array[]) => Float64Array[] {
  const kernel = sumsKernel(columns);
  if (kernel !== undefined) return (weights) => kernel.sums(weights);
  return (weights) => {
    const sums = weights.map(() => new Float64Array(columns.length));
    weightedSums(columns, weights, sums);
    return sums;
  };
}

function unitEvaluators(units: readonly Extract<Drawn, { kind: 'units' }>[]): Evaluators {
  const count = units[0]!.values.length;
  const sumsOf = sumsOver(units.map(({ values }) => values));
  const valuesOf = (sums: readonly Float64Array[]) =>
    sums.map((list) => Float64Array.from(units, ({ transform }, i) => transform(list[i]! / count)));
  return {
    count,
    blocks: [{ of: 'units', count }],
    resampled: (counts) => valuesOf(sumsOf(counts)),
    observed: () => valuesOf(sumsOf([new Float64Array(count).fill(1)]))[0]!,
  };
}

function termEvaluators(members: readonly Extract<Drawn, { kind: 'terms' }>[]): Evaluators {
  const { count, terms } = members[0]!;
  const clusters = terms.clusters.length;
  // Where images are the units and groups are drawn, images have nothing of their own.
  const units = members.some((member) => member.terms.units.some((term) => term !== 0)) ? terms.units.length : 0;
  const sumsOf = sumsOver(
    members.map((member) => {
      const column = new Float64Array(clusters + units);
      column.set(member.terms.clusters);
      if (units > 0) column.set(member.terms.units, clusters);
      return column;
    }),
  );
  return {
    count,
    blocks: [
      { of: 'units', count: clusters },
      { of: 'sequences', count: units },
    ],
    resampled: (counts) =>
      sumsOf(counts).map((list) => Float64Array.from(members, ({ mean, transform }, i) => transform(mean + list[i]!))),
    observed: () => Float64Array.from(members, ({ mean, transform }) => transform(mean)),
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

/** @param normals how seeds deviate in each draw, `[draws]` of `[scales]`; left out: as those of every metric on its own */
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
