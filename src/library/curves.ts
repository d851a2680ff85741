/** A run's curves under metrics, with their scores: what `show` draws. */
import { sampleChosen } from '../analysis/chosen.js';
import { scoreCurve, type SampledCurve, type ScoreWithInterval } from '../analysis/curves.js';
import { curveColumnsOf, defaultInduced, defaultMetrics } from '../analysis/defaults.js';
import type { ScoreName } from '../analysis/scores.js';
import type { LoadedRun } from '../runs/opened.js';
import {
  drawsOf,
  metricsFor,
  openRun,
  readRun,
  refuseOneScale,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';

export interface CurveOptions extends MetricOptions {
  /** Default: the standard one and the induced one. */
  readonly metrics?: readonly string[] | undefined;
  /** Bootstrap draws; default: 2000. */
  readonly draws?: number | undefined;
}

export interface FamilyCurves {
  readonly run: LoadedRun;
  readonly curves: readonly {
    readonly curve: SampledCurve;
    /** How the metric was chosen on these outcomes, and again in each draw; undefined if it was not. */
    readonly rule: string | undefined;
    readonly scores: Readonly<Record<ScoreName, ScoreWithInterval>>;
  }[];
}

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
  const { metrics: texts = [] } = options;
  const draws = drawsOf(options, 2000);
  const open = await openRun(run, options);
  const asked = await metricsFor(open, texts, options);
  const needs = asked.length > 0 ? asked.flatMap((metric) => metric.needs) : curveColumnsOf(open);
  const loaded = await readRun(open, needs, options);
  refuseOneScale(loaded);
  const { record, members } = loaded;
  const metrics =
    asked.length > 0
      ? asked.map((metric) => ({ metric }))
      : [{ metric: defaultMetrics(record, members).standard }, defaultInduced(record, members)];
  const curves = metrics.map((metric) => {
    const { curve, rule } = sampleChosen(metric, members, { draws });
    return { curve, rule, scores: scoreCurve(curve) };
  });
  return { run: loaded, curves };
}
