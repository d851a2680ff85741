/** Compares a sealed forecast with the members that were trained or imported since. */
import type { Metric } from '../../metrics/metric.js';
import { isAtTarget, whyVoid, type ReadSeal, type Seal } from '../../runs/forecasts.js';
import { readColumns } from '../../runs/load.js';
import { openRunFolder } from '../../runs/open.js';
import type { FamilyMember, OpenRun } from '../../runs/opened.js';
import { scoreMetric, type MetricScore } from './scoring.js';

export interface SealedOutcome {
  readonly seal: Seal;
  /** Why it is void; empty if it is valid. A void forecast has no scores. */
  readonly reasons: readonly string[];
  /** None if no predicted member exists yet. */
  readonly scores: readonly MetricScore[];
  /** Predicted members that do not exist yet; for imported ones, scales without any. */
  readonly missing: number;
}

/**
 * @param metricOf the metric of an id
 * @throws RunError if outcomes cannot be read, and whatever `metricOf` throws
 */
export async function outcomeOf(
  open: OpenRun,
  read: ReadSeal,
  metricOf: (id: string) => Metric,
): Promise<SealedOutcome> {
  const { seal } = read;
  const reasons = await whyVoid(open.folder, open.record, read);
  const isAt = (member: FamilyMember, width: number) =>
    seal.axis === undefined
      ? member.width === width && seal.seeds.includes(member.seed)
      : isAtTarget(member.width, width);
  const isImported = seal.axis !== undefined;
  const wanted = seal.targets.length * (isImported ? 1 : seal.seeds.length);
  if (reasons.length > 0) return { seal, reasons, scores: [], missing: wanted };
  // Its curves are over the predicted coordinate, whatever axis the run is shown over now.
  const placed =
    isImported && open.words.axis !== seal.axis ? await openRunFolder(open.folder, { axis: seal.axis }) : open;
  const complete = placed.complete.filter((member) => seal.targets.some(({ width }) => isAt(member, width)));
  if (complete.length === 0) return { seal, reasons, scores: [], missing: wanted };
  const metrics = seal.metrics.map(({ metric }) => metricOf(metric));
  const needs = [...new Set(metrics.flatMap(({ needs: columns }) => columns))];
  const { members } = await readColumns({ ...placed, complete, absent: [] }, needs);
  const truthsOf = (metric: Metric) =>
    seal.targets.map(({ width }) => {
      const found = members.filter(({ record }) => isAt(record, width));
      return found.length === 0 ? undefined : found.map(({ outcomes }) => metric.measure(outcomes).value);
    });
  const scores = metrics.map((metric, i) => scoreMetric(metric, seal.metrics[i]!, seal.targets, truthsOf(metric)));
  const reached = seal.targets.filter(({ width }) => members.some(({ record }) => isAt(record, width))).length;
  return { seal, reasons, scores, missing: wanted - (isImported ? reached : members.length) };
}
