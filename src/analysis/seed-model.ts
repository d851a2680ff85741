/**
 * A model of seeds: what a metric would be over all possible seeds, drawn as far as a few seeds and one test set
 * determine it.
 *
 * Seeds are normally distributed around the centre of their width: on the scale of the arcsine of the root for values
 * between two limits, of the logarithm for values above 0. Centre and variance are drawn from what the data allow (a
 * generalized confidence interval, Weerahandi 1993; for the mean of a lognormal: Krishnamoorthy and Mathew 2003), and
 * the metric's mean over seeds follows from them. A bootstrap of three seeds never sees the seeds that dominate the
 * mean of accuracy^10; this does.
 *
 * The variance is pooled over neighbouring widths and is what seeds have beyond the test set, whose draws are those of
 * the bootstrap: members keep the rank that they have in each of them (a Gaussian copula, as in noise.ts).
 */
import { once } from '../machine/once.js';
import type { Metric } from '../metrics/metric.js';
import { mean } from '../statistics/mean.js';
import { chiSquare, normalScores } from '../statistics/normal.js';
import { emptyRows } from '../statistics/rows.js';
import type { Sfc32 } from '../statistics/sfc32.js';
import type { Scale } from './scales.js';

export interface SeedModel {
  readonly spread: SeedSpread;
  readonly link: Link;
}

/** @param limits of the metric */
export function seedModelOf(
  { bases, errors, count, isShare, ...observed }: Observed,
  { scales, limits, first }: Pick<SpreadRequest, 'scales' | 'first'> & Pick<Metric, 'limits'>,
): SeedModel {
  const link = seedLinkOf(isShare ? [0, 1] : limits, Math.min(...bases));
  const errorOf = (error: number, base: number) => {
    if (isShare) return error * link.slope(seenShare(base, count));
    // At a limit no draw of the test set differs, and the slope is infinite.
    return error === 0 ? 0 : error * link.slope(base);
  };
  const spread = spreadOf({
    ...{ ...observed, scales, first, values: bases.map(link.to) },
    errors: errors.map((error, i) => errorOf(error, bases[i]!)),
  });
  return { spread, link };
}

/**
 * Correlation between the seeds' deviations of two metrics; exactly 1 for a metric with itself, and -1 with its
 * opposite.
 */
export function deviationsTogether(a: readonly number[], b: readonly number[]): number {
  const sum = (x: readonly number[], y: readonly number[]) => x.reduce((total, value, i) => total + value * y[i]!, 0);
  const squares = Math.sqrt(sum(a, a)) * Math.sqrt(sum(b, b));
  const share = squares === 0 ? 0 : sum(a, b) / squares;
  return Math.abs(share) > 1 - 1e-9 ? Math.sign(share) : share;
}

/** To a scale on which seeds are normally distributed, and back. */
export interface Link {
  readonly to: (value: number) => number;
  readonly from: (x: number) => number;
  readonly slope: (value: number) => number;
}

/**
 * Between two limits the arcsine of the root (Anscombe 1948), on which a share of 0 is finite and a seed that has it is
 * no further away than its test set can tell; above a limit the logarithm, except for values one of which is at it, as
 * its logarithm would be far from all others.
 *
 * @param lowest of the values
 */
function seedLinkOf([least, most]: Metric['limits'], lowest: number): Link {
  if (!Number.isFinite(most) && lowest <= least)
    return { ...linkOf([-Infinity, most]), from: (x) => Math.max(least, x) };
  if (!Number.isFinite(least) || !Number.isFinite(most)) return linkOf([least, most]);
  const share = (value: number) => Math.min(1, Math.max(0, (value - least) / (most - least)));
  return {
    to: (value) => Math.asin(Math.sqrt(share(value))),
    from: (x) => least + (most - least) * Math.sin(Math.min(Math.PI / 2, Math.max(0, x))) ** 2,
    slope: (value) => 1 / (2 * Math.sqrt(share(value) * (1 - share(value))) * (most - least)),
  };
}

/** To an unbounded scale: the logit between two limits, the logarithm above one. */
export function linkOf([least, most]: Metric['limits']): Link {
  if (Number.isFinite(least) && Number.isFinite(most)) {
    const share = (value: number) => Math.min(1 - 1e-12, Math.max(1e-12, (value - least) / (most - least)));
    return {
      to: (value) => Math.log(share(value) / (1 - share(value))),
      from: (x) => least + (most - least) / (1 + Math.exp(-x)),
      slope: (value) => 1 / (share(value) * (1 - share(value)) * (most - least)),
    };
  }
  const inside = (value: number) => Math.max(value, least + 1e-12);
  if (Number.isFinite(least))
    return {
      to: (value) => Math.log(inside(value) - least),
      from: (x) => least + Math.exp(x),
      slope: (value) => 1 / (inside(value) - least),
    };
  return { to: (value) => value, from: (x) => x, slope: () => 1 };
}

export interface Observed {
  /** Value of each member, between its limits: the share of units, or the metric's value. `[members]` */
  readonly bases: readonly number[];
  /** Their standard errors over the sampling of the test set. */
  readonly errors: readonly number[];
  /** Normal scores of a member in the draws of the test set, `[draws]`; undefined if its value is the same in all. */
  readonly ranks: (member: number) => Float64Array | undefined;
  /** How much seeds have the test set in common, `[scales]`. */
  readonly shared: readonly number[];
  /** Whether the outcomes show how seeds differ: not if no example is right, or all are. `[members]` */
  readonly seen: readonly boolean[];
  /** Number of independent units that are as informative as the test set. */
  readonly count: number;
  readonly isShare: boolean;
}

/** Mean over pairs of lists of normal scores; a missing list is independent of the others. 0 for a single list. */
export function correlation(lists: readonly (Float64Array | undefined)[]): number {
  let [sum, pairs] = [0, 0];
  lists.forEach((a, i) => {
    for (const b of lists.slice(0, i)) {
      pairs++;
      if (a === undefined || b === undefined) continue;
      let [product, squares] = [0, 0];
      for (let k = 0; k < a.length; k++) {
        product += a[k]! * b[k]!;
        squares += a[k]! ** 2;
      }
      sum += product / squares;
    }
  });
  return pairs === 0 ? 0 : Math.max(0, sum / pairs);
}

/** Half a success and half a failure added, so that a share of 0 has a logit too, and a standard error. */
export function seenShare(share: number, count: number): number {
  return (share * count + 0.5) / (count + 1);
}

export function shareError(share: number, count: number): number {
  const seen = seenShare(share, count);
  return Math.sqrt((seen * (1 - seen)) / count);
}

/** Centres and variances on an unbounded scale. */
export interface SeedSpread {
  readonly scales: readonly Pick<Scale, 'members'>[];
  /** The mean over seeds, `[scales]`. */
  readonly centres: readonly number[];
  /** Variance of the seeds, and the part of it that the test set explains; both pooled, `[scales]`. */
  readonly totals: readonly number[];
  readonly explained: readonly number[];
  /** Degrees of freedom of the pooled variance; 0 if it is not known to vary. */
  readonly degrees: readonly number[];
  readonly deviations: readonly number[];
  /** Centres on another test set: that of a bootstrap draw. */
  readonly onTestSet: (draw: number) => readonly number[];
}

export interface SpreadRequest extends Pick<Observed, 'ranks' | 'shared' | 'seen'> {
  readonly scales: readonly Pick<Scale, 'members'>[];
  /** Members on the unbounded scale, with their errors there. */
  readonly values: readonly number[];
  readonly errors: readonly number[];
  /**
   * Whether seeds at a scale that shows nothing of their spread vary as those of the next one; default: they are alike.
   */
  readonly borrow?: boolean;
  /**
   * See `sameTrainings`: scales that are moments of the same trained models show no more seeds than one of them.
   * Omitted: all are trained separately.
   */
  readonly first?: readonly number[] | undefined;
}

export function spreadOf({
  scales,
  values,
  errors,
  ranks,
  shared,
  seen,
  borrow = false,
  first,
}: SpreadRequest): SeedSpread {
  const centres = scales.map(({ members }) => mean(members.map((i) => values[i]!)));
  const groups = scales.map(({ members }, j) => {
    const degrees = members.some((i) => seen[i]) ? members.length - 1 : 0;
    const squares = members.reduce((sum, i) => sum + (values[i]! - centres[j]!) ** 2, 0);
    const explained = (1 - shared[j]!) * mean(members.map((i) => errors[i]! ** 2));
    return { degrees, total: squares / Math.max(1, members.length - 1), explained };
  });
  const none = { total: 0, explained: 0, degrees: 0 };
  // A single seed among scales with several varies as its neighbours do.
  const isAlike = (j: number) => !borrow && !scales[j]!.members.some((i) => seen[i]);
  const pooled = scales.map((_, j) => (isAlike(j) ? none : neighbours(groups, j)));
  const totals = pooled.map(({ total }) => total);
  const scaleOf = new Map(scales.flatMap(({ members }, j) => members.map((i) => [i, j] as const)));
  const isOfOthers = (j: number) => first?.some((each, i) => i !== j && each === first[j]) === true;
  return {
    ...{ scales, centres, totals },
    explained: pooled.map(({ explained }) => explained),
    degrees: pooled.map(({ degrees }, j) =>
      isOfOthers(j) ? Math.min(degrees, scales[j]!.members.length - 1) : degrees,
    ),
    deviations: values.map((value, i) => {
      const j = scaleOf.get(i)!;
      return totals[j] === 0 ? 0 : (value - centres[j]!) / Math.sqrt(totals[j]!);
    }),
    onTestSet: onTestSet(scales, { centres, errors, ranks }),
  };
}

function onTestSet(
  scales: SpreadRequest['scales'],
  { centres, ...of }: { readonly centres: readonly number[] } & Pick<SpreadRequest, 'errors' | 'ranks'>,
): SeedSpread['onTestSet'] {
  const known = shiftsOf(scales, of);
  return (b) => known().map((shifts, j) => centres[j]! + (shifts[b] ?? 0));
}

/**
 * Means over the members of errors times normal scores, a list of all draws for each scale: a member's scores are then
 * forgotten, and so is the family that they are of.
 */
function shiftsOf(
  scales: SpreadRequest['scales'],
  { errors, ranks }: Pick<SpreadRequest, 'errors' | 'ranks'>,
): () => readonly Float64Array[] {
  return once(() => {
    let all: Float64Array[] | undefined;
    return scales.map(({ members }, j) => {
      const lists = members.map(ranks);
      const draws = lists.find((list) => list !== undefined)?.length ?? 0;
      if (draws > 0) all ??= emptyRows(scales.length, draws);
      const shifts = draws > 0 ? all![j]! : new Float64Array(0);
      for (const [k, i] of members.entries()) {
        const [list, error] = [lists[k], errors[i]!];
        for (let b = 0; b < shifts.length; b++) shifts[b]! += error * (list === undefined ? 0 : list[b]!);
      }
      for (let b = 0; b < shifts.length; b++) shifts[b]! /= members.length;
      return shifts;
    });
  });
}

interface Group {
  readonly degrees: number;
  readonly total: number;
  readonly explained: number;
}

/**
 * Pooled over a scale and its two neighbours, which count half; over the nearest if those are uninformative. Degrees of
 * freedom of the weighted sum by Satterthwaite (1946).
 */
function neighbours(groups: readonly Group[], j: number): Group {
  for (let reach = 1; reach < Math.max(2, groups.length); reach++) {
    let [total, explained, weights, squares] = [0, 0, 0, 0];
    for (const [i, group] of groups.entries()) {
      if (Math.abs(i - j) > reach || group.degrees === 0) continue;
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

/**
 * One curve for each draw of the test set.
 *
 * @param normals how the seeds of each scale deviate, `[draws]` of `[scales]`
 * @param transform the metric of a base
 * @param random of the variances at each scale: two metrics with the same streams and degrees of freedom have the same
 * draws
 */
export function drawExpected(
  model: SeedModel,
  normals: readonly Float64Array[],
  transform: (base: number) => number,
  random: readonly Sfc32[],
): Float64Array[] {
  const { from } = model.link;
  const curves = emptyRows(normals.length, model.spread.scales.length);
  drawCentres(model, normals, random, (b, j, centre, variance) => {
    curves[b]![j] = meanOverSeeds(centre, variance, (x) => transform(from(x)));
  });
  return curves;
}

/**
 * The seeds that `drawExpected` takes means over, as numbers of `count` units: `[draws][scales][seedNodes]`. Metrics
 * that are functions of one share have them in common.
 */
export function drawExpectedUnits(
  model: SeedModel,
  normals: readonly Float64Array[],
  random: readonly Sfc32[],
  count: number,
): Uint16Array {
  const { from } = model.link;
  const scales = model.spread.scales.length;
  const units = new Uint16Array(normals.length * scales * nodes.length);
  drawCentres(model, normals, random, (b, j, centre, variance) => {
    const first = (b * scales + j) * nodes.length;
    const deviation = Math.sqrt(variance);
    if (deviation === 0) units.fill(Math.round(from(centre) * count), first, first + nodes.length);
    else
      for (let k = 0; k < nodes.length; k++)
        units[first + k] = Math.round(from(centre + deviation * nodes[k]!) * count);
  });
  return units;
}

/** `drawExpected` of a metric from its value at each number of units, of which there are `count` at most. */
export function expectedOfUnits(
  units: Uint16Array,
  value: { readonly of: (units: number) => number; readonly count: number },
  { draws, scales }: { readonly draws: number; readonly scales: number },
): Float64Array[] {
  let at = 0;
  const known = new Float64Array(value.count + 1).fill(NaN);
  const curves = emptyRows(draws, scales);
  for (const curve of curves) {
    // Hot: 82 million of a thousand scales, for which `byCount` takes a quarter more.
    for (let j = 0; j < scales; j++) {
      let sum = 0;
      for (let k = 0; k < seedNodes; k++) {
        const place = units[at++]!;
        const seen = known[place]!;
        sum += Number.isNaN(seen) ? (known[place] = value.of(place)) : seen;
      }
      curve[j] = sum / seedNodes;
    }
  }
  return curves;
}

/** The centre and the variance of the seeds in each draw, at each scale. */
function drawCentres(
  { spread }: SeedModel,
  normals: readonly Float64Array[],
  random: readonly Sfc32[],
  take: (draw: number, scale: number, centre: number, variance: number) => void,
): void {
  const { scales, totals, explained, degrees, onTestSet } = spread;
  for (const [b, list] of normals.entries()) {
    const centres = onTestSet(b);
    for (const [j, { members }] of scales.entries()) {
      const total = degrees[j] === 0 ? 0 : (totals[j]! * degrees[j]!) / chiSquare(degrees[j]!, random[j]!);
      const variance = Math.max(0, total - explained[j]!);
      take(b, j, centres[j]! + Math.sqrt(variance / members.length) * list[j]!, variance);
    }
  }
}

/** Numbers of units in `drawExpectedUnits` for each draw of a scale. */
export const seedNodes = 41;

/** Normal scores at equal probabilities, with variance 1. */
const nodes = (() => {
  const scores = normalScores(Array.from({ length: seedNodes }, (_, i) => i))!;
  const size = Math.sqrt(mean(scores.map((score) => score ** 2)));
  return scores.map((score) => score / size);
})();

/** Mean of a function of a normal variable. */
export function meanOverSeeds(centre: number, variance: number, of: (x: number) => number): number {
  const deviation = Math.sqrt(variance);
  if (deviation === 0) {
    const value = of(centre);
    return nodes.reduce((sum) => sum + value, 0) / nodes.length;
  }
  let sum = 0;
  for (const node of nodes) sum += of(centre + deviation * node);
  return sum / nodes.length;
}
