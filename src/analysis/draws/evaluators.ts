/** Members under a metric in draws of their test set: one way for each kind of what a metric draws. */
import { once } from '../../machine/once.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import { meanOfUnits } from '../../metrics/define-metric.js';
import type { Drawn, Metric } from '../../metrics/metric.js';
import { byCount } from '../../statistics/by-count.js';
import { pairsKernel, type Ordered } from '../../statistics/kernels/kernels.js';
import { scorePlaces, type ScorePlaces } from '../../statistics/normal.js';
import { areaTerms } from '../../statistics/ranks.js';
import { groupingOf, groupSums, ofEachUnit, type Grouping } from '../../statistics/resamples.js';
import { drawnBy, sumsOver, type Resampled } from './resampled.js';
import { drawnMeans, drawnShares, remembered, type DrawnShare } from './units.js';

export interface Evaluators {
  /** Units of the test set. */
  readonly count: number;
  /** `[members]` */
  readonly observed: () => Float64Array;
  /** `[members]` */
  readonly resampled: (draws: number, seed: number) => readonly DrawnMember[];
}

export interface DrawnMember {
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

export function evaluatorsOf(metric: Metric, members: readonly MemberOutcomes[]): Evaluators {
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

function unitEvaluators(units: readonly Extract<Drawn, { kind: 'units' }>[]): Evaluators {
  const count = units[0]!.values.length;
  const { share, transform } = units[0]!;
  return {
    count,
    observed: () => Float64Array.from(units, ({ values }) => transform(meanOfUnits(values).mean)),
    resampled(draws, seed) {
      const columns = units.map(({ values }) => values);
      // With more units, 16 bits cannot hold how many are right, or groups are drawn.
      if (share && count < 65_536) {
        const of = byCount((right) => transform(right / count, count), count);
        return drawnShares(columns, draws, seed).map((drawn) => shareMember(drawn, of));
      }
      const own = byMember(drawnMeans(columns, draws, seed), columns.length);
      const to = share ? remembered(transform, count) : transform;
      return own.map((means) => drawnMember(means.map((mean) => to(mean))));
    },
  };
}

/**
 * A member's drawn shares under a metric that is a function of them.
 *
 * @param of units that are right
 */
function shareMember({ right, range, places }: DrawnShare, of: (right: number) => number): DrawnMember {
  const values = () => {
    const list = new Float64Array(right.length);
    for (let b = 0; b < list.length; b++) list[b] = of(right[b]!);
    return list;
  };
  // Where more right ones are always better, shares rank the draws as their values do.
  return { values, places: once(() => (isRising(range(), of) ? places() : scorePlaces(values()))) };
}

function isRising([least, most]: readonly [number, number], of: (right: number) => number): boolean {
  for (let each = least; each < most; each++) if (!(of(each + 1) > of(each))) return false;
  return true;
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
