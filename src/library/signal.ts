/**
 * How far apart a metric places a run's models, compared with how much it fluctuates from one checkpoint to the next.
 */
import { drawMembers } from '../analysis/draws/members.js';
import { defaultColumnsOf, usualMetrics } from '../analysis/defaults.js';
import { signalOf, type CheckpointScores, type MetricSignals } from '../analysis/signal.js';
import { allAt, firstOf, nth } from '../machine/present.js';
import type { Metric } from '../metrics/metric.js';
import type { LoadedRun } from '../runs/opened.js';
import { isImported } from '../runs/imported.js';
import type { RunRecord } from '../runs/record.js';
import { stepOf, trainingsOf } from '../runs/trainings.js';
import { varyingFactors } from '../runs/view.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { metricsFor, openRun, readRun, type MetricOptions, type RunLike } from './run-and-metrics.js';

export interface SignalOptions extends Omit<MetricOptions, 'axis' | 'all'> {
  /** Default: the standard one, the induced one and the loss. */
  readonly metrics?: readonly string[] | undefined;
  /** Number of checkpoints to use, from the end; default: 5, or all if there are fewer. */
  readonly last?: number | undefined;
}

export interface FamilySignal extends MetricSignals {
  readonly run: LoadedRun;
}

/**
 * Signal, noise and what averaging the last checkpoints gains, for each metric.
 *
 * @example
 *     const { metrics } = await signal('lenet-moments', { metrics: ['accuracy', 'subset-accuracy:k=5'] });
 *     metrics.map(({ metric, ratio }) => [metric.id, ratio]);
 *
 * @throws UsageError for a run without moments, one whose members differ only in their seed, and a metric that is
 * undefined for a member
 */
export async function signal(run: RunLike, options: SignalOptions = {}): Promise<FamilySignal> {
  const { at: end } = options;
  const open = await openRun(run, { ...options, at: undefined, all: true });
  const { record } = open;
  if (isImported(record))
    throw new UsageError(
      'imported members have no moments of training',
      record.name,
      'name a run that was trained here',
    );
  const asked = await metricsFor(open, options.metrics ?? [], options);
  const needs = asked.length > 0 ? asked.flatMap((metric) => metric.needs) : defaultColumnsOf(open);
  const loaded = await readRun(open, needs, options);
  const metrics = asked.length > 0 ? asked : usualMetrics(loaded.record, loaded.members);
  const steps = [...new Set(loaded.members.map(stepOf))].sort((a, b) => a - b);
  if (end !== undefined && !steps.includes(end))
    throw new UsageError(`no member has outcomes after step ${end}`, '--at', `there are ${steps.join(', ')}`);
  const rows = lastRows(record, loaded.members, { last: options.last, end });
  const places = new Set(rows.map(({ place }) => place)).size;
  if (places < 2)
    throw new UsageError(
      'its members differ in their seed alone',
      record.name,
      'train others, with --widths or another factor',
    );
  const seen = rows.flatMap((row) => row.steps);
  return {
    run: loaded,
    steps: [Math.min(...seen), Math.max(...seen)],
    metrics: metrics.map((metric) => ({ ...signalOf(checkpointScores(metric, loaded, rows)), metric })),
  };
}

interface Row extends Omit<CheckpointScores, 'scores'> {
  /** Indices of its checkpoints among the members of the run. */
  readonly at: readonly number[];
}

/** The last checkpoints of each trained model. Throws UsageError if there are fewer than three. */
function lastRows(
  record: RunRecord,
  members: LoadedRun['members'],
  { last, end = Infinity }: { readonly last: number | undefined; readonly end: number | undefined },
): Row[] {
  const factors = varyingFactors(
    record,
    members.map((member) => member.record),
  ).filter((key) => key !== 'steps');
  const trainings = trainingsOf(members).map((places) => places.filter((i) => stepOf(nth(members, i)) <= end));
  const fewest = Math.min(...trainings.map(({ length }) => length));
  if (fewest < 3)
    throw new UsageError(
      `has a member with ${counted(fewest, 'checkpoint')}, but noise needs three`,
      record.name,
      'train with --moments, such as --moments 8:linear',
    );
  const wanted = last ?? Math.min(5, fewest);
  if (wanted > fewest)
    throw new UsageError(
      `a member of this run has ${counted(fewest, 'checkpoint')}`,
      '--last',
      `give ${fewest} or fewer`,
    );
  return trainings.map((places) => {
    const at = places.slice(-wanted);
    const { coordinates, seed } = nth(members, firstOf(at)).record;
    const place = factors.map((key) => `${key} ${coordinates[key]}`).join(', ');
    return { place, seed, steps: allAt(members, at).map(stepOf), at };
  });
}

function checkpointScores(metric: Metric, { members, record }: LoadedRun, rows: readonly Row[]): CheckpointScores[] {
  const { observed } = drawMembers(metric, members, { draws: 0 });
  const wrong = rows.flatMap(({ at }) => at).find((i) => !Number.isFinite(observed[i]));
  if (wrong !== undefined)
    throw new UsageError(
      `${metric.title} of ${nth(members, wrong).record.id} is ${observed[wrong]}`,
      record.name,
      'give another --metric',
    );
  return rows.map(({ at, ...row }) => ({ ...row, scores: allAt(observed, at) }));
}
