/**
 * Seeds as a model: what a metric would be over all seeds there could be, drawn as far as a few seeds and one test set tell.
 *
 * On a scale without ends (the logit of what lies between two limits, the logarithm of what is above 0) seeds are normal around their
 * width's centre. Centre and variance are drawn as the data allow (a generalized confidence interval, Weerahandi 1993; of the mean of a
 * lognormal: Krishnamoorthy and Mathew 2003), and the metric's mean over seeds follows from them. A bootstrap of three seeds never
 * sees the seeds that carry the mean of accuracy^10; this does.
 *
 * The variance is pooled over neighbouring widths and is what seeds have beyond the test set, whose draws are the bootstrap's: members keep the rank
 * that they have in each of them (a Gaussian copula, as in noise.ts).
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric, UnitValues } from '../metrics/metric.js';
import { chiSquare, normalScores } from '../statistics/distributions.js';
import { mean } from '../statistics/mean.js';
import { Random } from '../statistics/random.js';
import { correlation, effectiveCount, errorsOf } from './noise.js';
import type { ExpectedCurves, SampledCurve } from './sampled-curve.js';
import type { Scale } from './scales.js';

/** Undefined where no scale has two seeds, or without draws. */
export function expectedCurves(
  curve: Omit<SampledCurve, 'expected'>,
  members: readonly MemberOutcomes[],
): ExpectedCurves | undefined {
  if (curve.draws.length === 0 || curve.scales.every((scale) => scale.members.length < 2)) return undefined;
  const { spread, link, count } = observe(curve, members);
  const units = curve.metric.unitValues(members[0]!.outcomes);
  const transform = units?.share === true ? remembered(units.transform, count) : (base: number) => base;
  return { deviations: spread.deviations, draw: (normals) => drawExpected(spread, normals, { link, transform }) };
}

/** Deviations of seeds for two metrics, whose seeds go together as far as those that are there do. */
export function pairedNormals(
  first: Pick<ExpectedCurves, 'deviations'>,
  second: Pick<ExpectedCurves, 'deviations'>,
  size: { readonly draws: number; readonly scales: number },
): readonly [readonly Float64Array[], readonly Float64Array[]] {
  const [own, other] = [normalsOf(size), normalsOf({ ...size, of: 'another metric' })];
  const link = deviationsTogether(first.deviations, second.deviations);
  const rest = Math.sqrt(Math.max(0, 1 - link * link));
  return [own, own.map((list, b) => list.map((value, j) => link * value + rest * other[b]![j]!))];
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

/** Correlation between the seeds' deviations of two metrics; exactly 1 of a metric with itself. */
export function deviationsTogether(a: readonly number[], b: readonly number[]): number {
  const sum = (x: readonly number[], y: readonly number[]) => x.reduce((total, value, i) => total + value * y[i]!, 0);
  const squares = Math.sqrt(sum(a, a)) * Math.sqrt(sum(b, b));
  const share = squares === 0 ? 0 : sum(a, b) / squares;
  return share > 1 - 1e-9 ? 1 : share;
}

/** To a scale without ends. */
export interface Link {
  readonly to: (value: number) => number;
  readonly from: (x: number) => number;
  readonly slope: (value: number) => number;
  /** What errors of the test set are in proportion to. */
  readonly size: (value: number) => number;
}

export function linkOf([least, most]: Metric['limits']): Link {
  if (Number.isFinite(least) && Number.isFinite(most)) {
    const share = (value: number) => Math.min(1 - 1e-12, Math.max(1e-12, (value - least) / (most - least)));
    return {
      to: (value) => Math.log(share(value) / (1 - share(value))),
      from: (x) => least + (most - least) / (1 + Math.exp(-x)),
      slope: (value) => 1 / (share(value) * (1 - share(value)) * (most - least)),
      size: (value) => Math.sqrt(share(value) * (1 - share(value))),
    };
  }
  const inside = (value: number) => Math.max(value, least + 1e-12);
  if (Number.isFinite(least))
    return {
      to: (value) => Math.log(inside(value) - least),
      from: (x) => least + Math.exp(x),
      slope: (value) => 1 / (inside(value) - least),
      size: (value) => value - least,
    };
  return { to: (value) => value, from: (x) => x, slope: () => 1, size: () => 1 };
}

export interface Observed {
  readonly spread: Spread;
  readonly link: Link;
  /** Of each member, between its limits: the share of units, or the metric's value. `[members]` */
  readonly bases: readonly number[];
  /** Their standard errors over the draw of the test set. */
  readonly errors: readonly number[];
  /** Normal scores of each member in the draws of the test set; undefined where it is the same in all. */
  readonly ranks: readonly (Float64Array | undefined)[];
  /** Independent units that tell as much as the test set. */
  readonly count: number;
}

/** What the members of a family show of centres and variances. */
export function observe(curve: Omit<SampledCurve, 'expected'>, members: readonly MemberOutcomes[]): Observed {
  const { metric, scales, memberDraws, memberValues } = curve;
  const isShare = metric.unitValues(members[0]!.outcomes)?.share === true;
  const count = isShare ? effectiveCount(curve, members) : curve.count;
  const values = isShare
    ? members.map(({ outcomes }) => mean(metric.unitValues(outcomes)!.values))
    : Array.from(memberValues);
  const bases = values.map((value) => (isShare ? seenShare(value, count) : value));
  const errors = isShare ? bases.map((p) => Math.sqrt((p * (1 - p)) / count)) : errorsOf(curve, members);
  const ranks = members.map((_, i) => normalScores(memberDraws.map((draw) => draw[i]!)));
  const link = linkOf(isShare ? [0, 1] : metric.limits);
  const shared = scales.map((scale) => correlation(scale.members.map((i) => ranks[i])));
  // Where no example is right, or all are, nothing is seen of how seeds differ.
  const isSeen = (i: number) => !isShare || (values[i]! > 0 && values[i]! < 1);
  const spread = spreadOf({ scales, bases, errors, ranks, shared, link, isSeen });
  return { spread, link, bases, errors, ranks, count };
}

/** Half a success and half a failure more: a share of 0 has a logit too. */
export function seenShare(share: number, count: number): number {
  return (share * count + 0.5) / (count + 1);
}

export interface Spread {
  readonly scales: readonly Pick<Scale, 'members'>[];
  /** On the scale without ends: the mean over seeds, `[scales]`. */
  readonly centres: readonly number[];
  /** Of the seeds, and the part of it that the test set explains; both pooled, `[scales]`. */
  readonly totals: readonly number[];
  readonly explained: readonly number[];
  /** How many degrees of freedom the pooled variance has. */
  readonly degrees: readonly number[];
  /** How far seeds have the test set in common, `[scales]`. */
  readonly shared: readonly number[];
  readonly deviations: readonly number[];
  /** Centres on another test set: that of a bootstrap draw. */
  readonly onTestSet: (draw: number) => readonly number[];
}

export interface SpreadRequest {
  readonly scales: readonly Pick<Scale, 'members'>[];
  readonly bases: readonly number[];
  readonly errors: readonly number[];
  readonly ranks: readonly (Float64Array | undefined)[];
  readonly shared: readonly number[];
  readonly link: Link;
  readonly isSeen: (member: number) => boolean;
}

export function spreadOf({ scales, bases, errors, ranks, shared, link, isSeen }: SpreadRequest): Spread {
  const x = bases.map(link.to);
  const ofTest = errors.map((error, i) => error * link.slope(bases[i]!));
  const centres = scales.map(({ members }) => mean(members.map((i) => x[i]!)));
  const groups = scales.map(({ members }, j) => {
    const degrees = members.some(isSeen) ? members.length - 1 : 0;
    const squares = members.reduce((sum, i) => sum + (x[i]! - centres[j]!) ** 2, 0);
    const explained = (1 - shared[j]!) * mean(members.map((i) => ofTest[i]! ** 2));
    return { degrees, total: squares / Math.max(1, members.length - 1), explained };
  });
  const pooled = scales.map((_, j) => neighbours(groups, j));
  const totals = pooled.map(({ total }) => total);
  return {
    ...{ scales, centres, totals, shared },
    explained: pooled.map(({ explained }) => explained),
    degrees: pooled.map(({ degrees }) => degrees),
    deviations: bases.map((_, i) => {
      const j = scales.findIndex(({ members }) => members.includes(i));
      return totals[j] === 0 ? 0 : (x[i]! - centres[j]!) / Math.sqrt(totals[j]!);
    }),
    onTestSet: (b) =>
      scales.map(({ members }, j) => centres[j]! + mean(members.map((i) => ofTest[i]! * (ranks[i]?.[b] ?? 0)))),
  };
}

interface Group {
  readonly degrees: number;
  readonly total: number;
  readonly explained: number;
}

/**
 * Pooled over a scale and its two neighbours, which count half; of the nearest where those say nothing. Degrees of freedom as
 * Satterthwaite (1946) has them of a weighted sum.
 */
function neighbours(groups: readonly Group[], j: number): Group {
  for (let reach = 1; reach < Math.max(2, groups.length); reach++) {
    let [total, explained, weights, squares] = [0, 0, 0, 0];
    for (const [i, group] of groups.entries()) {
      if (Math.abs(i - j) > reach) continue;
      const part = i === j ? 1 : 0.5;
      total += part * group.degrees * group.total;
      explained += part * group.degrees * group.explained;
      weights += part * group.degrees;
      squares += part * part * group.degrees;
    }
    if (weights > 0) return { total: total / weights, explained: explained / weights, degrees: weights ** 2 / squares };
  }
  return { total: 0, explained: 0, degrees: 0 };
}

/** One curve for each draw of the test set. */
export function drawExpected(
  { scales, totals, explained, degrees, onTestSet }: Spread,
  normals: readonly Float64Array[],
  { link, transform }: { readonly link: Link; readonly transform: (base: number) => number },
): Float64Array[] {
  // The same stream for every metric: of the same degrees of freedom are the same draws.
  const random = Random.named(0, 'seed model', 'variances');
  return normals.map((list, b) => {
    const centres = onTestSet(b);
    return Float64Array.from(scales, ({ members }, j) => {
      const total = degrees[j] === 0 ? 0 : (totals[j]! * degrees[j]!) / chiSquare(degrees[j]!, random);
      const variance = Math.max(0, total - explained[j]!);
      const centre = centres[j]! + Math.sqrt(variance / members.length) * list[j]!;
      return meanOverSeeds(centre, variance, (x) => transform(link.from(x)));
    });
  });
}

/** Normal scores of equal chances, with variance 1. */
const nodes = (() => {
  const scores = normalScores(Array.from({ length: 41 }, (_, i) => i))!;
  const size = Math.sqrt(mean(scores.map((score) => score ** 2)));
  return scores.map((score) => score / size);
})();

/** Mean of a function of what is normal. */
export function meanOverSeeds(centre: number, variance: number, of: (x: number) => number): number {
  const deviation = Math.sqrt(variance);
  let sum = 0;
  for (const node of nodes) sum += of(centre + deviation * node);
  return sum / nodes.length;
}

/** `transform` of shares of a test set, each once: it is asked for the same ones again and again. */
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
