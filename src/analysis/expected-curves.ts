/** The model of seeds of a family's curves: what its members show, and curves over all possible seeds. */
import { once } from '../machine/once.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { meanOfUnits } from '../metrics/define-metric.js';
import { latest } from '../statistics/latest.js';
import { scoresAtPlaces, type ScorePlaces } from '../statistics/normal.js';
import { Random } from '../statistics/random.js';
import { emptyRows } from '../statistics/rows.js';
import { remembered } from './draws/units.js';
import { effectiveCount, errorsOf } from './noise.js';
import { mixed, mixturesOf, sameTrainings } from './trainings.js';
import type { ExpectedCurves, SampledCurve } from './sampled-curve.js';
import type { Scale } from './scales.js';
import {
  correlation,
  deviationsTogether,
  drawExpected,
  drawExpectedUnits,
  expectedOfUnits,
  seedModelOf,
  seedNodes,
  shareError,
  type Observed,
  type SeedModel,
} from './seed-model.js';

/** Undefined if no scale has two seeds, or without draws. */
export function expectedCurves(
  curve: Omit<SampledCurve, 'expected'>,
  members: readonly MemberOutcomes[],
): ExpectedCurves | undefined {
  const { metric, scales, draws } = curve;
  if (draws.length === 0 || scales.every((scale) => scale.members.length < 2)) return undefined;
  const observed = observe(curve, members);
  const first = sameTrainings(scales, members);
  const model = seedModelIn(curve, observed, first);
  const units = observed.isShare ? metric.unitValues(members[0]!.outcomes) : undefined;
  const mixtures = mixturesOf(scales, first, model.spread.deviations);
  const transform = units === undefined ? (base: number) => base : remembered(units.transform, observed.count);
  const ownNormals = (normals: readonly Float64Array[]) =>
    // Scales with separate members keep their numbers.
    first.every((each, j) => each === j) ? normals : normals.map((numbers) => mixed(mixtures, numbers));
  return {
    deviations: model.spread.deviations,
    draw(given) {
      const normals = ownNormals(given);
      const seeds = { model, normals, first, count: observed.count };
      const known = units === undefined ? undefined : unitsOf(seeds);
      if (known === undefined) return drawExpected(model, normals, transform, first.map(ofVariance));
      const size = { draws: normals.length, scales: scales.length };
      return expectedOfUnits(known, { of: (place) => transform(place / observed.count), count: observed.count }, size);
    },
  };
}

/** What the model of a share of units depends on. */
interface ShareSeen {
  readonly bases: readonly number[];
  readonly count: number;
  /** Lists of the same draws are the same objects. */
  readonly places: readonly (ScorePlaces | undefined)[];
  readonly scales: readonly Scale[];
  readonly first: readonly number[];
}

/** Metrics of a sweep are functions of one share, and most rank the draws alike. */
const latestShare = latest<ShareSeen & { readonly model: SeedModel }>();

function seedModelIn(
  { metric: { limits }, scales, memberDraws }: Omit<SampledCurve, 'expected'>,
  observed: Observed,
  first: readonly number[],
): SeedModel {
  if (!observed.isShare) return seedModelOf(observed, { scales, limits, first });
  const { bases, count } = observed;
  const seen = { bases, count, places: bases.map((_, i) => memberDraws.places(i)), scales, first };
  const known = latestShare.get();
  if (known !== undefined && isSameShare(known, seen)) return known.model;
  const model = seedModelOf(observed, { scales, limits, first });
  latestShare.set({ ...seen, model });
  return model;
}

function isSameShare(a: ShareSeen, b: ShareSeen): boolean {
  return (
    a.count === b.count &&
    same(a.first, b.first) &&
    same(a.bases, b.bases) &&
    same(a.places, b.places) &&
    a.scales.every(({ members }, j) => same(members, b.scales[j]?.members ?? []))
  );
}

function same(x: readonly unknown[], y: readonly unknown[]): boolean {
  return x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
}

interface Seeds {
  readonly model: SeedModel;
  readonly normals: readonly Float64Array[];
  /**
   * Moments of one trained model determine one variance: a seed that is far off at one moment is also far off at the
   * next.
   */
  readonly first: readonly number[];
  readonly count: number;
}

/** More are not kept: 256 MB; 2000 draws of a thousand scales are 164. */
const mostKeptUnits = 2 ** 27;
const latestUnits = latest<Seeds & { readonly units: Uint16Array }>();

/**
 * Shares of the seeds over which means are taken; those of the latest family are kept, as metrics of a sweep share
 * them.
 */
function unitsOf(seeds: Seeds): Uint16Array | undefined {
  const { model, normals, first, count } = seeds;
  const size = normals.length * model.spread.scales.length * seedNodes;
  if (count >= 65_536 || size > mostKeptUnits) return undefined;
  const known = latestUnits.get();
  if (known !== undefined && areSame(known, seeds)) return known.units;
  const units = drawExpectedUnits(model, normals, first.map(ofVariance), count);
  latestUnits.set({ ...seeds, units });
  return units;
}

function areSame(a: Seeds, b: Seeds): boolean {
  const [one, other] = [a.model.spread, b.model.spread];
  if (a.normals !== b.normals || a.count !== b.count || !same(a.first, b.first)) return false;
  if (one === other) return true;
  return (
    (['centres', 'totals', 'explained', 'degrees'] as const).every((name) => same(one[name], other[name])) &&
    a.normals.every((_, draw) => same(one.onTestSet(draw), other.onTestSet(draw)))
  );
}

/** A stream for each scale, the same for every metric. */
export function ofVariances(scales: number): Random[] {
  return Array.from({ length: scales }, (_, j) => ofVariance(j));
}

function ofVariance(scale: number): Random {
  return Random.named(0, 'seed model', 'variances', scale);
}

/**
 * Deviations of seeds for several metrics of the same members, each `[draws]` of `[scales]`: correlated with those of
 * the first metric as much as the trained seeds are.
 */
export function normalsTogether(
  [first, ...others]: readonly Pick<ExpectedCurves, 'deviations'>[],
  size: { readonly draws: number; readonly scales: number },
): (readonly Float64Array[])[] {
  const own = normalsOf(size);
  const linked = others.map(({ deviations }, k) => {
    const link = deviationsTogether(first!.deviations, deviations);
    if (link === 1) return own;
    const rest = Math.sqrt(Math.max(0, 1 - link * link));
    const free = normalsOf({ ...size, of: `another metric ${k}` });
    return own.map((list, b) => list.map((value, j) => link * value + rest * free[b]![j]!));
  });
  return [own, ...linked];
}

/** `[draws]` of `[scales]` */
export function normalsOf(size: {
  readonly draws: number;
  readonly scales: number;
  readonly of?: string;
}): readonly Float64Array[] {
  const key = JSON.stringify(size);
  const known = latestNormals.get();
  if (known?.key === key) return known.normals;
  const random = Random.named(0, 'seed model', size.of ?? 'a metric');
  const normals = emptyRows(size.draws, size.scales);
  for (const list of normals) for (let j = 0; j < list.length; j++) list[j] = random.normal();
  if (size.of === undefined) latestNormals.set({ key, normals });
  return normals;
}

/** Those that every single metric is drawn with. */
const latestNormals = latest<{ readonly key: string; readonly normals: readonly Float64Array[] }>();

/** What a test set shows of the members of a family. */
export function observe(curve: Omit<SampledCurve, 'expected'>, members: readonly MemberOutcomes[]): Observed {
  const { metric, scales, memberDraws, memberValues } = curve;
  const isShare = metric.unitValues(members[0]!.outcomes)?.share === true;
  const count = isShare ? effectiveCount(curve, members) : curve.count;
  const bases = isShare
    ? members.map(({ outcomes }) => meanOfUnits(metric.unitValues(outcomes)!.values).mean)
    : Array.from(memberValues);
  const errors = isShare ? bases.map((p) => shareError(p, count)) : errorsOf(curve, members);
  const ranks = (member: number) => {
    const places = memberDraws.places(member);
    return places && scoresAtPlaces(places);
  };
  const shared = once(() => scales.map((scale) => correlation(scale.members.map(ranks))));
  const [least, most] = isShare ? [0, 1] : metric.limits;
  const seen = bases.map((base) => (base > least && base < most) || !Number.isFinite(most));
  return {
    ...{ bases, errors, ranks, seen, count, isShare },
    // Takes its time, and a model that is known does without.
    get shared() {
      return shared();
    },
  };
}
