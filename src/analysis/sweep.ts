/** Curves over a grid of a metric's parameters, all from the same outcomes. */
import { rangeOf } from './scales.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { choose, type RegisteredMetric } from '../metrics/index.js';
import type { Metric } from '../metrics/metric.js';
import type { Interval } from '../statistics/intervals.js';
import { UsageError } from '../terminal/errors.js';
import type { OnStep } from '../terminal/steps.js';
import { meansOf, orient, sampleCurve, scalesOf, scoreCurve, type SampleOptions, type Scale } from './curves.js';
import type { GridAxis } from '../terminal/grid-axis.js';
import { ofScores, scoresOf, type ScoreName, type Scores } from './scores.js';

export interface GridPoint {
  readonly metric: Metric;
  /** Means over seeds, `[scales]`. */
  readonly values: Float64Array;
  /** max - min. */
  readonly range: number;
  readonly scores: Scores;
  /** 95 % interval of each score, for points drawn by `sampleScores`. */
  readonly intervals?: Readonly<Record<ScoreName, Interval>>;
}

export interface Sweep {
  readonly scales: readonly Scale[];
  readonly axes: readonly GridAxis[];
  /** The last axis changes fastest. */
  readonly points: readonly GridPoint[];
}

export interface SweepRequest {
  readonly metric: RegisteredMetric;
  /** Values of the parameters that are not swept. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** At least one. */
  readonly axes: readonly GridAxis[];
  readonly members: readonly MemberOutcomes[];
}

/** Throws UsageError if a value is out of a parameter's range, or the test set too small for it. */
export function sweepGrid({ metric, parameters, axes, members }: SweepRequest): Sweep {
  const scales = scalesOf(members);
  const positions = scales.map(({ parameters }) => parameters);
  const inner = axes.at(-1)!;
  const points = combinations(axes.slice(0, -1)).flatMap((outer) => {
    const chosen = inner.values.map((value) =>
      choose(metric, { ...parameters, ...outer, [inner.key]: value }, `--over ${inner.key}`),
    );
    const { count } = chosen[0]!.weighted(members[0]!.outcomes);
    for (const each of chosen) {
      const refusal = each.refuses(count);
      if (refusal !== undefined) throw new UsageError(refusal, each.id);
    }
    const columns = members.map(({ outcomes }) => columnOf(chosen, outcomes, inner));
    const ofMembers = new Float64Array(members.length);
    return chosen.map((each, j) => {
      for (let i = 0; i < ofMembers.length; i++) ofMembers[i] = columns[i]![j]!;
      const values = meansOf(ofMembers, scales);
      return { metric: each, values, range: rangeOf(values), scores: scoresOf(orient(each, values), positions) };
    });
  });
  return { scales, axes, points };
}

/**
 * Largest number of points of one axis whose intervals are drawn: more are indistinguishable in a picture, and take a
 * minute.
 */
const mostSampled = 60;

export interface ScoreSampling extends SampleOptions {
  readonly onStep?: OnStep;
}

/**
 * A sweep over one parameter, with intervals of the scores at points spread evenly over it, including the first and the last, if the
 * curve moves by `leastRange`. A sweep over several is returned unchanged.
 */
export function sampleScores(
  sweep: Sweep,
  members: readonly MemberOutcomes[],
  leastRange: number,
  { draws = 500, onStep, ...options }: ScoreSampling = {},
): Sweep {
  const { axes, points, scales } = sweep;
  if (axes.length > 1 || scales.length < 2) return sweep;
  const step = Math.max(1, (points.length - 1) / (mostSampled - 1));
  const chosen = new Set(
    Array.from({ length: Math.min(mostSampled, points.length) }, (_, i) => Math.round(i * step)).filter(
      (i) => points[i]!.range >= leastRange,
    ),
  );
  let done = 0;
  const sampled = points.map((point, i): GridPoint => {
    if (!chosen.has(i)) return point;
    onStep?.(done++, chosen.size);
    const scores = scoreCurve(sampleCurve(point.metric, members, { ...options, draws }));
    return { ...point, intervals: ofScores((name) => scores[name].interval) };
  });
  return { ...sweep, points: sampled };
}

function columnOf(chosen: readonly Metric[], outcomes: MemberOutcomes['outcomes'], axis: GridAxis): ArrayLike<number> {
  return chosen[0]!.sweep(outcomes, axis) ?? chosen.map((metric) => metric.weighted(outcomes).evaluate());
}

/** Every combination of the axes' values; without axes, the empty one. */
function combinations(axes: readonly GridAxis[]): Record<string, number>[] {
  return axes.reduce<Record<string, number>[]>(
    (all, { key, values }) => all.flatMap((each) => values.map((value) => ({ ...each, [key]: value }))),
    [{}],
  );
}

/**
 * Points with the highest and the lowest score among those whose curve rises by at least `leastRange`. A falling curve has
 * scores too, but not of emergence.
 */
export function extremes(
  points: readonly GridPoint[],
  score: ScoreName,
  leastRange: number,
): { readonly strongest: GridPoint; readonly weakest: GridPoint } | undefined {
  const moving = points.filter(
    ({ range, scores }) => range >= leastRange && scores.emergence > 0 && !Number.isNaN(scores[score]),
  );
  const [first] = moving;
  if (first === undefined) return undefined;
  const by = (better: (a: number, b: number) => boolean) =>
    moving.reduce((best, point) => (better(point.scores[score], best.scores[score]) ? point : best), first);
  return { strongest: by((a, b) => a > b), weakest: by((a, b) => a < b) };
}
