/** Compares a sealed forecast with the members that were trained or imported since. */
import type { Metric } from '../../metrics/metric.js';
import { factorsOf } from '../../runs/coordinates.js';
import { isAtTarget, whyVoid } from '../../runs/forecast-validity.js';
import { isOfImported, type ReadSeal, type Seal } from '../../runs/forecasts.js';
import { isImported } from '../../runs/imported.js';
import { readColumns } from '../../runs/load.js';
import { openRunFolder } from '../../runs/open.js';
import type { FamilyMember, OpenRun } from '../../runs/opened.js';
import { varyingFactors } from '../../runs/view.js';
import { scoreMetric, type MetricScore } from './scoring.js';

export interface ScoredSeal {
  readonly seal: Seal;
  /** Why it is void; empty if it is valid. A void forecast has no scores. */
  readonly reasons: readonly string[];
  /** None if no predicted member exists yet. */
  readonly scores: readonly MetricScore[];
  /** Predicted members that do not exist yet; for imported ones, scales without any. */
  readonly missing: number;
}

/**
 * The run over the axis of a seal, holding the values that the known members have in common; factors that varied later
 * are held at their first value.
 */
async function openForSeal(folder: string, seal: Seal): Promise<OpenRun> {
  const { axis, at, probe } = seal;
  if (isOfImported(seal)) return openRunFolder(folder, { axis });
  const { record, complete } = await openRunFolder(folder, { all: 'ends', probe });
  if (isImported(record)) return openRunFolder(folder, { axis });
  const held = seal.held ?? factorsOf(record.experiment, record.dataset);
  const where = Object.fromEntries(
    varyingFactors(record, complete).flatMap((key) => (held[key] === undefined ? [] : [[key, held[key]] as const])),
  );
  return openRunFolder(folder, { axis, where, at, probe });
}

/**
 * @param run the seal's, over any axis
 * @param metricOf the metric of an id
 * @throws RunError if outcomes cannot be read, and whatever `metricOf` throws
 */
export async function scoreSeal(
  run: Pick<OpenRun, 'folder' | 'record'>,
  read: ReadSeal,
  metricOf: (id: string) => Metric,
): Promise<ScoredSeal> {
  const { seal } = read;
  const { axis, seeds, targets } = seal;
  const reasons = [
    ...(await whyVoid(run.folder, run.record, read)),
    ...(seal.metrics.length === 0 ? ['it predicts no metric'] : []),
  ];
  const isAt = ({ trained, parameters }: FamilyMember, width: number) =>
    axis === undefined ? trained?.width === width : isAtTarget(parameters, width);
  const isPredicted = (member: FamilyMember) =>
    (member.trained === undefined || seeds.includes(member.trained.seed)) &&
    targets.some(({ width }) => isAt(member, width));
  // Of imported members, one at each scale.
  const replicates = isOfImported(seal) ? [undefined] : seeds;
  const wanted = targets.flatMap(({ width }) => replicates.map((seed) => ({ width, seed })));
  const missingOf = (members: readonly FamilyMember[]) =>
    wanted.filter(({ width, seed }) => !members.some((each) => isAt(each, width) && each.trained?.seed === seed))
      .length;
  const none = { seal, reasons, scores: [], missing: wanted.length };
  if (reasons.length > 0) return none;
  const open = await openForSeal(run.folder, seal);
  const complete = open.complete.filter(isPredicted);
  if (complete.length === 0) return none;
  const metrics = seal.metrics.map(({ metric }) => metricOf(metric));
  const needs = [...new Set(metrics.flatMap(({ needs: columns }) => columns))];
  // Moments may have part of the test set: with the known ones, predicted members are measured on the same part.
  const isPartial = open.complete.some(({ moment }) => moment !== undefined);
  const loaded = await readColumns({ ...open, complete: isPartial ? open.complete : complete, absent: [] }, needs);
  const members = loaded.members.filter(({ record }) => isPredicted(record));
  const truthsOf = (metric: Metric) =>
    targets.map(({ width }) => {
      const found = members.filter(({ record }) => isAt(record, width));
      return found.length === 0 ? undefined : found.map(({ outcomes }) => metric.measure(outcomes).value);
    });
  const scores = metrics.map((metric, i) => scoreMetric(metric, seal.metrics[i]!, targets, truthsOf(metric)));
  return { seal, reasons, scores, missing: missingOf(members.map(({ record }) => record)) };
}
