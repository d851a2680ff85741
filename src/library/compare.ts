/** Published curves, a family's standard curve and its induced one. */
import { compareCurves, type Comparison } from '../analysis/compare.js';
import { curveColumnsOf, defaultInduced, defaultMetrics } from '../analysis/defaults.js';
import { flatness } from '../analysis/evaluate.js';
import { predictionNeeds } from '../analysis/independence.js';
import { readNaturalCurve } from '../analysis/natural.js';
import type { LoadedRun } from '../runs/opened.js';
import {
  drawsOf,
  metricFor,
  openRun,
  readRun,
  refuseOneScale,
  refuseSame,
  track,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';
import { aboutFamily } from '../report/tables/compare.js';

export interface CompareOptions extends MetricOptions {
  /** The field's usual metric; default: accuracy, mse or image-accuracy. */
  readonly standard?: string | undefined;
  /** The metric that induces emergence; default: chosen on the outcomes, and again in each draw. */
  readonly induced?: string | undefined;
  /** Published curves, such as `overlay:opt-2digit-addition`. */
  readonly natural?: readonly string[] | undefined;
  /** Bootstrap draws; default: 2000. */
  readonly draws?: number | undefined;
}

export interface FamilyComparison extends Comparison {
  readonly family: LoadedRun;
}

/**
 * The curves side by side, and their scores, paired over test examples and seeds.
 *
 * @example
 *     const { sharpness } = await compare('lenet-mnist', { induced: 'subset-accuracy:k=5', draws: 200 });
 *     sharpness.paired.scores.bow.difference.interval;
 *
 * @throws UsageError for a run of one scale, or the same metric in both roles
 */
export async function compare(run: RunLike, options: CompareOptions = {}): Promise<FamilyComparison> {
  const draws = drawsOf(options, 2000);
  const open = await openRun(run, options);
  const standard = await metricFor(open, options.standard, options, '--standard');
  const induced = await metricFor(open, options.induced, options, '--induced');
  const natural = await Promise.all((options.natural ?? []).map((text) => readNaturalCurve(text)));
  const predicted = induced === undefined ? [] : [...induced.needs, ...(predictionNeeds(induced) ?? [])];
  const columns = [...curveColumnsOf(open), ...(standard?.needs ?? []), ...predicted];
  const family = await readRun(open, columns, options);
  refuseOneScale(family);
  const { record, members, label } = family;
  const shown = {
    standard: { metric: standard ?? defaultMetrics(record, members).standard },
    induced: induced === undefined ? defaultInduced(record, members) : { metric: induced },
  };
  refuseSame(shown.standard.metric, shown.induced.metric, induced === undefined ? '--standard' : '--induced');
  const widths = new Set(members.map(({ record: { width } }) => width)).size;
  const about = aboutFamily(record, widths, family.words);
  const request = { run: label, about, members, natural, draws, ...shown };
  const comparison = await track(options, 'smooth families', (onStep) => compareCurves({ ...request, onStep }));
  const odd = flatness({ metric: shown.induced.metric, members: comparison.induced.members }, members);
  if (odd !== undefined) options.note?.(`note: ${odd}`);
  return { ...comparison, family };
}
