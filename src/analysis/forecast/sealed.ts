/** A sealed forecast against the members that were trained since. */
import type { Metric } from '../../metrics/metric.js';
import { whyVoid, type ReadSeal, type Seal } from '../../runs/forecasts.js';
import { isImported } from '../../runs/imported.js';
import { readColumns } from '../../runs/load.js';
import type { OpenRun } from '../../runs/opened.js';
import { scoreMetric, type MetricScore } from './scoring.js';

export interface SealedOutcome {
  readonly seal: Seal;
  /** Why it is worth nothing; empty where it is sound. A void forecast has no scores. */
  readonly reasons: readonly string[];
  /** None where no member that it predicts is trained. */
  readonly scores: readonly MetricScore[];
  /** Members that it predicts and that are not trained. */
  readonly missing: number;
}

/**
 * @param metricOf the metric of an id
 * @throws RunError where outcomes can't be read, and what `metricOf` throws
 */
export async function outcomeOf(
  open: OpenRun,
  read: ReadSeal,
  metricOf: (id: string) => Metric,
): Promise<SealedOutcome> {
  const { seal } = read;
  const reasons = isImported(open.record)
    ? ['it belongs to a trained family, but the run has imported members']
    : await whyVoid(open.folder, open.record, read);
  const wanted = seal.targets.length * seal.seeds.length;
  if (reasons.length > 0) return { seal, reasons, scores: [], missing: wanted };
  const widths = new Set(seal.targets.map(({ width }) => width));
  const complete = open.complete.filter(({ width, seed }) => widths.has(width) && seal.seeds.includes(seed));
  if (complete.length === 0) return { seal, reasons, scores: [], missing: wanted };
  const metrics = seal.metrics.map(({ metric }) => metricOf(metric));
  const needs = [...new Set(metrics.flatMap(({ needs: columns }) => columns))];
  const { members } = await readColumns({ ...open, complete, absent: [] }, needs);
  const truthsOf = (metric: Metric) =>
    seal.targets.map(({ width }) => {
      const trained = members.filter(({ record }) => record.width === width);
      return trained.length === 0 ? undefined : trained.map(({ outcomes }) => metric.measure(outcomes).value);
    });
  const scores = metrics.map((metric, i) => scoreMetric(metric, seal.metrics[i]!, seal.targets, truthsOf(metric)));
  return { seal, reasons, scores, missing: wanted - members.length };
}
