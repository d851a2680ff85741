/** The model of seeds of a family's curves: what its members show, and curves over all possible seeds. */
import type { MemberOutcomes } from '../metrics/curve.js';
import { meanOfUnits } from '../metrics/define-metric.js';
import type { UnitValues } from '../metrics/metric.js';
import { normalScores } from '../statistics/normal.js';
import { Random } from '../statistics/random.js';
import { effectiveCount, errorsOf } from './noise.js';
import { mixed, mixturesOf, sameTrainings } from './trainings.js';
import type { ExpectedCurves, SampledCurve } from './sampled-curve.js';
import { correlation, deviationsTogether, drawExpected, seedModelOf, shareError, type Observed } from './seed-model.js';

/** Undefined if no scale has two seeds, or without draws. */
export function expectedCurves(
  curve: Omit<SampledCurve, 'expected'>,
  members: readonly MemberOutcomes[],
): ExpectedCurves | undefined {
  const { metric, scales, draws } = curve;
  if (draws.length === 0 || scales.every((scale) => scale.members.length < 2)) return undefined;
  const observed = observe(curve, members);
  const first = sameTrainings(scales, members);
  const model = seedModelOf(observed, { scales, limits: metric.limits, first });
  const units = observed.isShare ? metric.unitValues(members[0]!.outcomes) : undefined;
  const mixtures = mixturesOf(scales, first, model.spread.deviations);
  const transform = units === undefined ? (base: number) => base : remembered(units.transform, observed.count);
  return {
    deviations: model.spread.deviations,
    draw: (normals) =>
      drawExpected(
        model,
        normals.map((numbers) => mixed(mixtures, numbers)),
        transform,
        // Moments of one training tell one variance: a seed that is far off at one is so at the next.
        first.map(ofVariance),
      ),
  };
}

/** A stream for each scale, the same for every metric. */
export function ofVariances(scales: number): Random[] {
  return Array.from({ length: scales }, (_, j) => ofVariance(j));
}

function ofVariance(scale: number): Random {
  return Random.named(0, 'seed model', 'variances', scale);
}

/**
 * Deviations of seeds for several metrics of the same members, each `[draws]` of `[scales]`: correlated with those of the first metric
 * as much as the trained seeds are.
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
}): Float64Array[] {
  const random = Random.named(0, 'seed model', size.of ?? 'a metric');
  return Array.from({ length: size.draws }, () => Float64Array.from({ length: size.scales }, () => random.normal()));
}

/** What a test set shows of the members of a family. */
export function observe(curve: Omit<SampledCurve, 'expected'>, members: readonly MemberOutcomes[]): Observed {
  const { metric, scales, memberDraws, memberValues } = curve;
  const isShare = metric.unitValues(members[0]!.outcomes)?.share === true;
  const count = isShare ? effectiveCount(curve, members) : curve.count;
  const bases = isShare
    ? members.map(({ outcomes }) => meanOfUnits(metric.unitValues(outcomes)!.values).mean)
    : Array.from(memberValues);
  const errors = isShare ? bases.map((p) => shareError(p, count)) : errorsOf(curve, members);
  const ranks = members.map((_, i) => normalScores(memberDraws.map((draw) => draw[i]!)));
  const shared = scales.map((scale) => correlation(scale.members.map((i) => ranks[i])));
  const [least, most] = isShare ? [0, 1] : metric.limits;
  const seen = bases.map((base) => (base > least && base < most) || !Number.isFinite(most));
  return { bases, errors, ranks, shared, seen, count, isShare };
}

/** `transform` of the shares of a test set, cached: the same ones are requested repeatedly. */
export function remembered(
  transform: UnitValues['transform'],
  count: number,
): (share: number, size?: number) => number {
  let values = new Float64Array(0);
  return (share, size = 1) => {
    const units = Math.round(size * count);
    if (values.length !== units + 1) values = new Float64Array(units + 1).fill(NaN);
    const place = Math.round(share * units);
    const value = values[place]!;
    return Number.isNaN(value) ? (values[place] = transform(place / units, units)) : value;
  };
}
