/** A run's curves under metrics, with their scores: what `show` draws. */
import { sampleCurve, scoreCurve, type SampledCurve, type ScaleName, type Scored } from '../analysis/curves.js';
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import type { ScoreName } from '../analysis/scores.js';
import type { LoadedRun } from '../runs/load.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { metricsFor, openRun, readRun, refuseOneScale, type MetricOptions, type RunLike } from './family.js';

export interface CurveOptions extends MetricOptions {
  /** `width`, `parameters` or `flops` of trained members, any coordinate of imported ones. */
  readonly axis?: string | undefined;
  /** None: the standard one and the induced one. */
  readonly metrics?: readonly string[] | undefined;
  /** Of the bootstrap; left out: 2000. */
  readonly draws?: number | undefined;
}

export interface FamilyCurves {
  readonly run: LoadedRun;
  /** What the curves are scored over. */
  readonly axis: ScaleName;
  readonly curves: readonly {
    readonly curve: SampledCurve;
    readonly scores: Readonly<Record<ScoreName, Scored>>;
  }[];
}

const axes: readonly ScaleName[] = ['width', 'parameters', 'flops'];

/**
 * The mean over seeds at each scale, every bootstrap draw of it, and the scores of the curve.
 *
 * @example
 *     const { curves } = await curvesOf('lenet-mnist', { metrics: ['accuracy'], axis: 'width' });
 *     curves[0].scores.bow.value;
 *
 * @throws UsageError for a run of one scale, or an axis that its members do not have
 */
export async function curvesOf(run: RunLike, options: CurveOptions = {}): Promise<FamilyCurves> {
  const { metrics: texts = [], draws = 2000 } = options;
  const { open, axis } = await openOver(run, options);
  const asked = await metricsFor(open, texts, options);
  const needs = asked.length > 0 ? asked.flatMap((metric) => metric.needs) : defaultColumnsOf(open);
  const loaded = await readRun(open, needs, options);
  refuseOneScale(loaded);
  const usual = defaultMetrics(loaded.record, loaded.members);
  const metrics = asked.length > 0 ? asked : [usual.standard, usual.induced];
  const curves = metrics.map((metric) => {
    const curve = sampleCurve(metric, loaded.members, { draws });
    return { curve, scores: scoreCurve(curve, axis) };
  });
  return { run: loaded, axis, curves };
}

/** Which numbers are on the axis: a trained family's own, or the coordinate that imported members are placed by. */
async function openOver(run: RunLike, options: CurveOptions) {
  const open = await openRun(run, { ...options, axis: undefined });
  if (!open.words.isCoordinate) return { open, axis: axisOf(options.axis ?? 'parameters') };
  return { open: options.axis === undefined ? open : await openRun(run, options), axis: 'parameters' as const };
}

function axisOf(text: string): ScaleName {
  const axis = axes.find((each) => each === text);
  if (axis !== undefined) return axis;
  throw new UsageError(`"${text}" is not an axis`, '--axis', suggestion(text, axes));
}
