/**
 * Which metric makes a run look most emergent, and which least, for the same outcomes; and which continuous metric best
 * predicts an all-or-nothing one. The candidates are the registry's metrics with grids of their parameters.
 */
import { rangeOf } from './scales.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { above, below, imageAbove, imageBelow } from '../metrics/column.js';
import { metrics, type Registry } from '../metrics/index.js';
import type { Metric, Unit } from '../metrics/metric.js';
import type { OutcomeName } from '../runs/outcomes.js';
import { percentileInterval, quantile } from '../statistics/bootstrap.js';
import type { Interval } from '../statistics/intervals.js';
import { Random } from '../statistics/random.js';
import type { OnStep } from '../terminal/steps.js';
import { spearman } from '../statistics/ranks.js';
import { meansOf, orient, scalesOf } from './curves.js';
import { drawMembers } from './draws/members.js';
import { scoresOf, type ScoreName, type Scores } from './scores.js';

export interface MetricCurve {
  readonly metric: Metric;
  /** Means over seeds, `[scales]`. */
  readonly values: Float64Array;
  readonly range: number;
  readonly scores: Scores;
}

/** Numbers of images that must be right at once. */
const subsetSizes = [2, 3, 5, 10, 20, 50, 100];
const topRanks = [2, 3, 5];
/** Quantiles of a column's pooled values at which cutoffs are set. */
const cutoffShares = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

/**
 * Whether the metric applies to a run whose outcomes have these columns, and whose test set is a sample of these units.
 */
export function isPossible(
  metric: Pick<Metric, 'needs' | 'units'>,
  columns: readonly OutcomeName[],
  units: Unit,
): boolean {
  return metric.units === units && metric.needs.every((name) => columns.includes(name));
}

/** What a test set with these columns is a sample of. */
export function unitsOf(columns: readonly OutcomeName[]): Unit {
  return columns.includes('sequence') ? 'sequences' : 'images';
}

/** Every candidate metric of a registry, its parameters on their grids. `members` have all columns. */
export function candidatesFor(members: readonly MemberOutcomes[], registry: Registry = metrics): Metric[] {
  const outcomes = members[0]!.outcomes;
  const columns = Object.keys(outcomes) as OutcomeName[];
  const rows = outcomes[columns[0]!]!.length;
  const length = outcomes.sequence === undefined ? 0 : lengthOf(outcomes.sequence);
  const chosen: Metric[] = Object.values(registry)
    .filter(({ parameters }) => Object.keys(parameters.shape).length === 0)
    .map((metric) => metric.from({}));
  chosen.push(...subsetSizes.map((k) => metrics['subset-accuracy'].with({ k })));
  chosen.push(...topRanks.map((k) => metrics['top-k'].with({ k })));
  for (let l = 1; l <= length; l++) chosen.push(metrics['sequence-accuracy'].with({ l }));
  chosen.push(...cutoffsOf(members, 'mse').map((c) => metrics.reconstruction.with({ c })));
  for (const column of ['psnr', 'ssim', 'margin', 'log_probability', 'confidence', 'score'] as const)
    for (const c of cutoffsOf(members, column))
      chosen.push(above.with({ column, c }), ...(length > 0 ? [imageAbove.with({ column, c })] : []));
  for (const column of ['max_error', 'brier'] as const)
    for (const c of cutoffsOf(members, column))
      chosen.push(below.with({ column, c }), ...(length > 0 ? [imageBelow.with({ column, c })] : []));
  if (length > 0) chosen.push(...topRanks.map((k) => imageBelow.with({ column: 'rank', c: k + 0.5 })));
  const units = unitsOf(columns);
  return chosen.filter((metric) => isPossible(metric, columns, units) && metric.refuses(rows) === undefined);
}

function lengthOf(sequence: Int32Array): number {
  let length = 1;
  while (sequence[length] === sequence[0] && length < sequence.length) length++;
  return length;
}

/** Quantiles of all members' values, to three digits. */
function cutoffsOf(members: readonly MemberOutcomes[], column: OutcomeName): number[] {
  if (members.some(({ outcomes }) => outcomes[column] === undefined)) return [];
  const total = members.reduce((sum, { outcomes }) => sum + outcomes[column]!.length, 0);
  const pooled = new Float64Array(total);
  let at = 0;
  for (const { outcomes } of members) for (const value of outcomes[column]!) pooled[at++] = value;
  pooled.sort();
  const cutoffs = cutoffShares.map((share) => Number(quantile(pooled, share).toPrecision(3)));
  return [...new Set(cutoffs)].filter((cutoff) => Number.isFinite(cutoff) && (column !== 'mse' || cutoff > 0));
}

/** Each candidate's curve and scores. */
export function scoreCandidates(candidates: readonly Metric[], members: readonly MemberOutcomes[]): MetricCurve[] {
  const scales = scalesOf(members);
  const positions = scales.map(({ parameters }) => parameters);
  return candidates.map((metric) => {
    const memberValues = Float64Array.from(members, ({ outcomes }) => metric.weighted(outcomes).evaluate());
    const values = meansOf(memberValues, scales);
    return { metric, values, range: rangeOf(values), scores: scoresOf(orient(metric, values), positions) };
  });
}

/**
 * By a score, highest first. Default: curves that are not numbers or fall, and shares that move by less than `leastRange`, which
 * are sudden only because there is almost nothing to see.
 */
export function rankCandidates(candidates: readonly MetricCurve[], by: ScoreName, leastRange: number): MetricCurve[] {
  return candidates
    .filter(({ metric, range, scores }) => {
      const moves = metric.unit === 'probability' ? range >= leastRange : range > 0;
      return moves && scores.emergence > 0 && !Number.isNaN(scores[by]);
    })
    .sort((a, b) => b.scores[by] - a.scores[by]);
}

export interface Surrogate {
  readonly metric: Metric;
  /** Spearman's, both with higher values for better ones; NaN if one is the same for all members. */
  readonly correlation: number;
  /** 95 % by percentiles, over the sampling of units and members. */
  readonly interval: Interval;
  /** The same over seeds within widths: ranks in each width, pooled; NaN for one seed per width. */
  readonly withinWidths: number;
}

/** Continuous metrics by how well they order the members as `target` does, best first. */
export function surrogatesOf(
  target: Metric,
  candidates: readonly Metric[],
  members: readonly MemberOutcomes[],
  { draws = 500, seed = 0, onStep }: { readonly draws?: number; readonly seed?: number; readonly onStep?: OnStep } = {},
): Surrogate[] {
  const continuous = candidates.filter(({ kind, id }) => kind === 'continuous' && id !== target.id);
  const wanted = drawMembers(target, members, { draws, seed });
  const widths = members.map(({ record }) => record.width);
  return continuous
    .map((metric, i) => {
      onStep?.(i, continuous.length);
      // Both have the same test set and are drawn together.
      const own = drawMembers(metric, members, { draws, seed });
      const sign = metric.better === target.better ? 1 : -1;
      const [a, b] = [own, wanted].map(({ observed }) => [...observed]) as [number[], number[]];
      const random = Random.named(seed, 'surrogate');
      const drawn = own.draws.map((values, draw) => {
        const places = members.map(() => random.integer(members.length));
        return (
          sign *
          spearman(
            places.map((i) => values[i]!),
            places.map((i) => wanted.draws[draw]![i]!),
          )
        );
      });
      return {
        metric,
        correlation: sign * spearman(a, b),
        interval: percentileInterval(drawn.filter((value) => !Number.isNaN(value))),
        withinWidths: sign * correlationWithin(widths, a, b),
      };
    })
    .sort((a, b) => orLast(b.correlation) - orLast(a.correlation));
}

function orLast(value: number): number {
  return Number.isNaN(value) ? -Infinity : value;
}

/** Correlation of ranks within each group, relative to its mean rank. */
function correlationWithin(groups: readonly number[], a: readonly number[], b: readonly number[]): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (const group of new Set(groups)) {
    const places = groups.flatMap((other, i) => (other === group ? i : []));
    const [x, y] = [a, b].map((list) => centredRanks(places.map((i) => list[i]!))) as [number[], number[]];
    x.forEach((value, i) => {
      ab += value * y[i]!;
      aa += value ** 2;
      bb += y[i]! ** 2;
    });
  }
  return ab / Math.sqrt(aa * bb);
}

function centredRanks(values: readonly number[]): number[] {
  const middle = (values.length + 1) / 2;
  return values.map((value) => {
    const less = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return less + (equal + 1) / 2 - middle;
  });
}
