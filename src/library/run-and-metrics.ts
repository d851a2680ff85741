/**
 * What every function of the library starts with: finding a run by its name or path and metrics by theirs, and reading
 * the members' outcomes.
 */
import { firstOf } from '../machine/present.js';
import type { OnStep } from '../terminal/steps.js';
import type { Registry } from '../metrics/index.js';
import type { Metric } from '../metrics/metric.js';
import type { LoadedRun, OpenRun } from '../runs/opened.js';
import type { OutcomeName } from '../runs/outcomes.js';
import type { RunRecord } from '../runs/record.js';
import { isPossible, unitsOf } from '../analysis/search.js';
import { parseMetric, withNames } from '../metrics/index.js';
import { withOwnMetric } from '../metrics/user-metric.js';
import { runNameSchema } from '../experiment/schema.js';
import { isImported, makeOf } from '../runs/imported.js';
import { readColumns } from '../runs/load.js';
import { openRuns as openFolder } from '../runs/open.js';
import { checkpoints, locateRun } from '../runs/locate.js';
import { mostDraws } from '../statistics/most-draws.js';
import { UsageError } from '../terminal/errors.js';

/** Receives notes for the user while a function works. */
export interface Listener {
  /** One line: members that are left out, what was chosen, oddities. */
  readonly note?: (line: string) => void;
  /** Receives the progress of computations; default: no reports. */
  readonly track?: <T>(what: string, compute: (onStep: OnStep) => T | Promise<T>) => Promise<T>;
}

/** A listener that receives its notes with a name, that of a curve if there are several. */
export function namedNotes<T extends Listener>(listener: T, name: string | undefined): T {
  const { note } = listener;
  if (note === undefined || name === undefined) return listener;
  return {
    ...listener,
    note: (line: string) => {
      note(line.replace(/^(note: |not included: )?/, `$1${name}: `));
    },
  };
}

export interface RunOptions extends Listener {
  /** The folder of all runs; default: `checkpoints`. */
  readonly root?: string | undefined;
  /**
   * The horizontal axis: a factor in which the members differ, parameters, flops, examples, steps or loss; for imported
   * members any of their coordinates. Default: the widths, by their parameters, or the run's own.
   */
  readonly axis?: string | undefined;
  /** Values of factors that do not vary along a curve: `{ depth: 2 }`; default: the largest of each. */
  readonly where?: Readonly<Record<string, number>> | undefined;
  /**
   * The training step whose outcomes are shown; default: the last, and for curves over training all that were taken.
   */
  readonly at?: number | undefined;
  /** The probe whose outcomes are shown: in-weights, few-shot or held-out; default: the test set's. */
  readonly probe?: string | undefined;
  /** All members, whatever they differ in. They are not on one curve; the caller reads their `coordinates`. */
  readonly all?: boolean | 'ends' | undefined;
}

export interface MetricOptions extends RunOptions {
  /** A JavaScript or TypeScript file that defines your own metric. */
  readonly metricFile?: string | undefined;
}

/** A run by its name or path, or one that is already open. */
export type RunLike = string | OpenRun;

/** How many draws an option asks for. Throws UsageError if it is not a possible number of draws. */
export function drawsOf({ draws }: { readonly draws?: number | undefined }, usual: number): number {
  if (draws === undefined) return usual;
  if (Number.isInteger(draws) && draws >= 1 && draws <= mostDraws) return draws;
  throw new UsageError(`${draws} is not a whole number from 1 to ${mostDraws}`, 'draws');
}

export async function track<T>(
  { track: show }: Listener,
  what: string,
  compute: (onStep: OnStep) => T | Promise<T>,
): Promise<T> {
  return show === undefined ? compute(() => undefined) : show(what, compute);
}

/**
 * Opens a run: its record, its complete members and the columns of their outcomes. No outcome is read yet.
 *
 * @example
 *     const run = await openRun('lenet-mnist');
 *     run.complete.map(({ id, parameters }) => `${id}: ${parameters}`);
 *
 * @throws UsageError if there is no such run, or its members do not differ in the requested factor
 */
export async function openRun(run: RunLike, options: RunOptions = {}): Promise<OpenRun> {
  return firstOf(await openCurves(run, options));
}

/**
 * `openRun` once for each value of a factor: every function of the library accepts one of them as a run.
 *
 * @example
 *     const runs = await openCurves('lenet-mnist', { curvePer: 'width', axis: 'loss' });
 *     runs.map(({ label }) => label);
 *
 * @throws UsageError as `openRun`, and for a factor that the members do not differ in
 */
export async function openCurves(
  run: RunLike,
  { root = checkpoints, note, ...view }: RunOptions & { readonly curvePer?: string | undefined } = {},
): Promise<OpenRun[]> {
  if (typeof run !== 'string') return [run];
  const { axis, where, at, probe, all, curvePer } = view;
  const opened = await openFolder(await locateRun(run, root), { axis, where, at, probe, all, curvePer });
  for (const line of new Set(opened.flatMap(({ notes }) => notes))) note?.(`note: ${line}`);
  return opened;
}

/** Reads columns of every complete member's outcomes; members that are not included are reported as notes. */
export async function readRun(run: OpenRun, columns: readonly OutcomeName[], { note }: Listener = {}) {
  const loaded = await readColumns(run, [...new Set(columns)]);
  for (const line of loaded.absent) note?.(`not included: ${line}`);
  return loaded;
}

/** The lab's metrics and the user's own; those for a run know the names of its classes. */
export async function registryOf(
  { metricFile }: Pick<MetricOptions, 'metricFile'>,
  run?: Pick<OpenRun, 'record'>,
): Promise<Registry> {
  return withNames(await withOwnMetric(metricFile), run?.record.dataset ?? {});
}

/** Parses texts such as `subset-accuracy:k=5`, each once. Throws UsageError. */
export function parseMetrics(texts: readonly string[], registry: Registry, flag: string): Metric[] {
  const chosen = texts.map((text) => parseMetric(text, flag, registry));
  const twice = chosen.find(({ id }, i) => chosen.findIndex((other) => other.id === id) < i);
  if (twice !== undefined) throw new UsageError(`${twice.id} is given twice`, flag, 'give it once');
  return chosen;
}

/**
 * `parseMetrics` for metrics of a run. Throws UsageError for one that is not available for it, listing those that are.
 */
export async function metricsFor(
  run: OpenRun,
  texts: readonly string[],
  options: Pick<MetricOptions, 'metricFile'>,
  flag = '--metric',
): Promise<Metric[]> {
  const registry = await registryOf(options, run);
  const chosen = parseMetrics(texts, registry, flag);
  refuseImpossible(run, chosen, registry, flag);
  return chosen;
}

/** `metricsFor` of at most one. */
export async function metricFor(
  run: OpenRun,
  text: string | undefined,
  options: Pick<MetricOptions, 'metricFile'>,
  flag = '--metric',
): Promise<Metric | undefined> {
  return text === undefined ? undefined : (await metricsFor(run, [text], options, flag))[0];
}

export function refuseImpossible(
  run: OpenRun,
  chosen: readonly Pick<Metric, 'id' | 'name' | 'needs' | 'units'>[],
  registry: Registry,
  flag: string,
): void {
  const units = unitsOf(run.columns);
  const wrong = chosen.find((metric) => !isPossible(metric, run.columns, units));
  if (wrong === undefined) return;
  const missing = wrong.needs.filter((name) => !run.columns.includes(name));
  const what =
    missing.length === 0
      ? `${wrong.id} assumes independent ${wrong.units}, but ${run.folder} is tested on ${units}`
      : isImported(run.record)
        ? `${wrong.id} needs ${missing.join(', ')}, which the run ${run.record.name} does not have`
        : `${wrong.id} is not available for ${makeOf(run.record)} runs`;
  const possible = Object.values(registry).filter(
    ({ units: own, needs }) =>
      own === units && (typeof needs === 'function' || needs.every((name) => run.columns.includes(name))),
  );
  throw new UsageError(what, flag, `available: ${possible.map(({ name }) => name).join(', ')}`);
}

/** Throws UsageError if the induced metric is the standard one; `flag` is that of the one chosen last. */
export function refuseSame(
  standard: Pick<Metric, 'id'>,
  induced: Pick<Metric, 'id'> | undefined,
  flag = '--induced',
): void {
  if (standard.id === induced?.id)
    throw new UsageError(`${standard.id} is the standard metric too`, flag, 'give two metrics');
}

/**
 * The record of a run that was trained here. Throws UsageError for one of imported members; `why` says why those cannot
 * be used.
 */
export function trainedRecord({ record }: Pick<OpenRun, 'record'>, why: string): RunRecord {
  if (!isImported(record)) return record;
  throw new UsageError(`is a run of imported members, and ${why}`, record.name);
}

/** Throws UsageError if nothing can be drawn against scale. */
export function refuseOneScale({ members, words, record, held }: LoadedRun, what = 'a curve'): void {
  if (new Set(members.map(({ record: { width } }) => width)).size >= 2) return;
  const values = Object.entries(held).map(([key, value]) => `${key} ${value}`);
  if (values.length > 0)
    throw new UsageError(
      `has one ${words.isCoordinate ? `value of ${words.scale}` : words.scale} at ${values.join(', ')}; ${what} needs two`,
      record.name,
      'hold other factors with --where, or give another --axis',
    );
  throw new UsageError(
    `has one ${words.isCoordinate ? `value of ${words.scale}` : words.scale}; ${what} needs two`,
    record.name,
    words.further,
  );
}

/** Throws UsageError for a name that no run or sealed file can have. */
export function refuseName(name: string, flag: string): void {
  const { error } = runNameSchema.safeParse(name);
  if (error !== undefined) throw new UsageError(`"${name}" ${firstOf(error.issues).message}`, flag);
}
