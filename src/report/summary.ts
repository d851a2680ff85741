/** What a run shows when it ends: a table, and a picture of its curves beside run.json. From stored outcomes alone. */
import * as path from 'node:path';
import { accuracy, crossEntropy, subsetAccuracy } from '../metrics/classification.js';
import { curve, type MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { writeFileAtomic } from '../machine/files.js';
import { readOutcomes } from '../runs/outcomes.js';
import type { MemberRecord, RunRecord } from '../runs/record.js';
import { readRunRecord } from '../runs/run.js';
import { verifyRun, type MemberState } from '../runs/verify.js';
import { RunError } from '../terminal/errors.js';
import { curvesFigure } from './figures/curves.js';
import { toPng, toSvg } from './render.js';
import { summaryTable, type SummaryRow } from './tables.js';

export interface RunSummary {
  /** The complete members, by width and seed. */
  readonly rows: readonly SummaryRow[];
  /** For a terminal; ends with a line for every member that is not in it. */
  readonly table: string;
  /** Paths of the pictures. */
  readonly figures: { readonly svg: string; readonly png: string };
}

const accuracyMetric = accuracy.with({});
const crossEntropyMetric = crossEntropy.with({});
const subsetMetric = subsetAccuracy.with({ k: 5 });

/**
 * Reads every complete member's outcomes, writes `curve.svg` and `curve.png` into the run's folder.
 *
 * @throws RunError where there is no run, no member of it is complete, or it can't be read or written
 */
export async function summariseRun(folder: string): Promise<RunSummary> {
  const record = await readRunRecord(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const states = (await verifyRun(folder)).sort((a, b) => a.key.width - b.key.width || a.key.seed - b.key.seed);
  const members = await readMembers(states);
  const incomplete = states.filter(({ status }) => status !== 'complete');
  const absent = incomplete.map((state) => `${state.id} (${reasonOf(state, record)})`);
  if (members.length === 0) throw new RunError(`no member of this run is complete: ${absent.join(', ')}`, folder);
  const rows = members.map(rowOf);
  const table = [summaryTable(rows), ...absent.map((text) => `not included: ${text}`)].join('\n');
  return { rows, table, figures: await drawCurves(folder, { record, members, missing: incomplete.length }) };
}

interface SummaryMember extends MemberOutcomes {
  readonly record: MemberRecord;
}

async function readMembers(states: readonly MemberState[]): Promise<SummaryMember[]> {
  const members: SummaryMember[] = [];
  for (const { status, record, folder } of states) {
    if (status !== 'complete' || record === undefined) continue;
    const outcomes = await readOutcomes(path.join(folder, 'outcomes.parquet'), ['correct', 'log_probability']);
    members.push({ record, outcomes });
  }
  return members;
}

function rowOf({ record, outcomes }: SummaryMember): SummaryRow {
  const { id, width, seed, parameters, trainingSeconds, evaluationSeconds } = record;
  const measured = accuracyMetric.measure(outcomes);
  return {
    ...{ id, width, seed, parameters },
    accuracy: measured,
    crossEntropy: crossEntropyMetric.measure(outcomes),
    subsetAccuracy: fits(subsetMetric, measured.count) ? subsetMetric.measure(outcomes) : null,
    seconds: trainingSeconds + (evaluationSeconds ?? 0),
  };
}

function fits(metric: Metric, testCount: number): boolean {
  return metric.refuses(testCount) === undefined;
}

function reasonOf({ status, record, problem }: MemberState, { experiment }: RunRecord): string {
  if (problem !== undefined) return problem;
  return status === 'training' ? `${record?.epochsDone ?? 0} of ${experiment.epochs} epochs done` : status;
}

interface Drawn {
  readonly record: RunRecord;
  readonly members: readonly SummaryMember[];
  readonly missing: number;
}

async function drawCurves(folder: string, { record, members, missing }: Drawn): Promise<{ svg: string; png: string }> {
  const metrics = [accuracyMetric, subsetMetric].filter((metric) => fits(metric, record.dataset.testCount));
  const curves = metrics.map((metric) => curve(metric, members));
  const { arch, dataset } = record.experiment;
  const svg = await toSvg(curvesFigure({ run: record.name, arch, dataset, curves, missing }));
  const figures = { svg: path.join(folder, 'curve.svg'), png: path.join(folder, 'curve.png') };
  await writeFileAtomic(figures.svg, svg);
  await writeFileAtomic(figures.png, toPng(svg));
  return figures;
}
