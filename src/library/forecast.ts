/** Predictions of larger members: sealed before they are trained, scored afterwards, and backtested. */
import * as path from 'node:path';
import { scalesOf } from '../analysis/curves.js';
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { forecastDraws, forecastMetric, forecastNeeds, type MetricForecast } from '../analysis/forecast/forecast.js';
import { forecastMethods } from '../analysis/forecast/methods.js';
import { contentOfSeal, placeOf, refuseInfinite, type SealedPlace } from '../analysis/forecast/seal.js';
import { scoreSeal, type ScoredSeal } from '../analysis/forecast/sealed.js';
import { fewestKnown, studyMetric, type MetricStudy } from '../analysis/forecast/study.js';
import { factorKeys, optionOf } from '../experiment/schema.js';
import { sha256File } from '../machine/files.js';
import { commandLine } from '../machine/installation.js';
import { firstOf, lastOf, nth } from '../machine/present.js';
import { parseMetric } from '../metrics/index.js';
import type { Metric } from '../metrics/metric.js';
import { isAtTarget, scalesIn, startedMembers, whyVoid } from '../runs/forecast-validity.js';
import {
  endOfChain,
  isOfImported,
  locateSeal,
  readSeals,
  wordsOfSeal,
  writeSeal,
  type ReadSeal,
  type Seal,
} from '../runs/forecasts.js';
import { isImported, readImportedMember, type AnyRun, type ImportedRun } from '../runs/imported.js';
import type { FamilyWords } from '../runs/words.js';
import type { LoadedRun } from '../runs/opened.js';
import { checkpoints, locateRun, runNames } from '../runs/locate.js';
import { lockMembers, lockRun } from '../runs/lock.js';
import { memberId, type MemberKey, type RunRecord } from '../runs/record.js';
import { memberFolder, membersOf, readAnyRun, readMemberRecord, readRunRecord } from '../runs/run.js';
import { wordsOver } from '../runs/view.js';
import { isReported, RunError, UsageError } from '../terminal/errors.js';
import { stepsOfPart } from '../terminal/steps.js';
import {
  metricsFor,
  openRun,
  readRun,
  refuseName,
  registryOf,
  track,
  trainedRecord,
  type MetricOptions,
  type RunLike,
  type RunOptions,
} from './family.js';

export interface ForecastOptions extends MetricOptions {
  /** Such as `subset-accuracy:k=10`; default: the standard one and the induced one. */
  readonly metrics?: readonly string[] | undefined;
  /** Draws of each predictive distribution; default: 400. */
  readonly draws?: number | undefined;
}

export interface SealOptions extends ForecastOptions {
  /** Widths of the members to predict, if the lab trains them. */
  readonly widths?: readonly number[] | undefined;
  /** Default: the run's. */
  readonly seeds?: readonly number[] | undefined;
  /** Values on the axis to predict, if it is not the width. */
  readonly scales?: readonly number[] | undefined;
  /** Name of the forecast; default: the run's with a number. */
  readonly name?: string | undefined;
}

export interface SealedForecast {
  readonly seal: Seal;
  readonly file: string;
  readonly forecasts: readonly MetricForecast[];
  /** The command that makes the predicted members. */
  readonly next: string;
}

/**
 * Predicts members that do not exist yet, and writes the prediction to a tamper-evident file: of a trained family at `widths`, or at
 * `scales` of an axis; of an imported one at `scales` of its coordinate, or of `axis`.
 *
 * @example
 *     const { seal } = await sealForecast('lenet-mnist', { widths: [64], metrics: ['accuracy'], draws: 100 });
 *     seal.digest.length;
 *
 * @throws UsageError for members that are known or in training, and fewer than three known scales
 */
export async function sealForecast(run: RunLike, options: SealOptions): Promise<SealedForecast> {
  return nth(await sealForecasts([run], options), 0);
}

/** `sealForecast` of several curves of a run; nothing is written before all are computed. */
export async function sealForecasts(runs: readonly RunLike[], options: SealOptions): Promise<SealedForecast[]> {
  const prepared: (() => Promise<SealedForecast>)[] = [];
  for (const run of runs) prepared.push(await prepareSeal(run, options));
  const sealed: SealedForecast[] = [];
  for (const write of prepared) sealed.push(await write());
  return sealed;
}

/** Computes a forecast; what comes back seals it. */
async function prepareSeal(run: RunLike, options: SealOptions): Promise<() => Promise<SealedForecast>> {
  const { draws = forecastDraws } = options;
  const { metrics, family: read } = await readWithMetrics(run, options);
  const family = onAxis(read, options);
  const { folder, members, record, words, curve } = family;
  const asked = options.name && `${options.name}${curve?.suffix ?? ''}`;
  const scales = scalesOf(members);
  if (scales.length < 3)
    throw new UsageError(
      `has ${scales.length} complete ${words.scales}; a forecast needs 3`,
      record.name,
      words.isCoordinate ? words.further : 'train more with --widths',
    );
  const { targets, seeds, place, keys, refuseKnown } = isImported(record)
    ? importedTargets({ ...family, record }, options)
    : await (words.isCoordinate ? scaledTargets({ ...family, record }, options) : widthTargets(family, options));
  await refuseKnown();
  await endOfChain(folder);
  if (asked !== undefined) refuseName(asked, '--name');
  const parameters = targets.map((target) => target.parameters);
  const forecasts = await track(options, 'forecasts', (onStep) =>
    metrics.map((metric, i) =>
      forecastMetric(metric, members, {
        targets: parameters,
        draws,
        onStep: stepsOfPart(onStep, i, metrics.length),
      }),
    ),
  );
  for (const forecast of forecasts) refuseInfinite(forecast, words);
  const metricFile = await hashOfMetricFile(options);

  return () =>
    underLocks({ folder, keys }, async () => {
      await refuseKnown();
      const last = await endOfChain(folder);
      const previous = last === undefined ? null : { name: last.name, digest: last.digest };
      const { seals: earlier } = await readSeals(folder);
      const taken = earlier.map(({ seal }) => seal.name);
      const name = asked ?? freeName(record.name, taken);
      const content = contentOfSeal({
        ...{ name, number: (last?.number ?? 0) + 1, previous, targets, metricFile, draws },
        ...{ record, place, members, seeds, forecasts },
      });
      const { file, digest } = await writeSeal(folder, content);
      const seal = { ...content, digest };
      const further = options.seeds === undefined ? '' : ` --seeds ${options.seeds.join(',')}`;
      return { seal, file, forecasts, next: `${afterSeal(seal, record)}${further}` };
    });
}

/** While nobody may extend the run or start one of the members. */
async function underLocks<T>(
  { folder, keys }: { readonly folder: string; readonly keys: readonly MemberKey[] },
  work: () => Promise<T>,
): Promise<T> {
  const held = [await lockRun(folder)];
  try {
    held.push(...(await lockMembers(folder, keys.map(memberId))));
    return await work();
  } finally {
    for (const each of held) await each.release();
  }
}

/** Over parameters, widths are a coordinate like any other. */
function onAxis(family: LoadedRun, { axis, scales }: SealOptions): LoadedRun {
  const { words, members } = family;
  if (words.isCoordinate || axis !== 'parameters' || scales === undefined) return family;
  const placed = members.map(({ record, ...rest }) => ({ ...rest, record: { ...record, width: record.parameters } }));
  return { ...family, words: wordsOver('parameters'), members: placed };
}

/** What is predicted, and the check that none of it exists yet. */
interface Targets extends Pick<Seal, 'targets' | 'seeds'> {
  readonly place: SealedPlace;
  /** Members that nobody may start meanwhile. */
  readonly keys: readonly MemberKey[];
  /** Throws UsageError if a predicted member, or a larger one, exists or was begun. */
  readonly refuseKnown: () => Promise<void>;
}

async function widthTargets(family: LoadedRun, options: SealOptions): Promise<Targets> {
  const { folder, members } = family;
  if (options.scales !== undefined)
    throw new UsageError(
      'is for values on an axis',
      '--scales',
      'name the widths to predict with --widths, or give --axis',
    );
  const { widths } = options;
  if (widths === undefined)
    throw new UsageError('is missing', '--widths', 'name the widths to predict, or give --axis and --scales');
  const { memberSizes } = await import('../training/sizes.js');
  const record = trainedRecord(family, 'they are forecast at --scales');
  if (record.experiment.grid !== undefined)
    throw new UsageError(
      `members of ${record.name} differ in more than width and seed`,
      '--widths',
      'give --axis width and --scales',
    );
  const { seeds = record.experiment.seeds } = options;
  // Where a probe is shown, the record has the number of its answers in place of the classes.
  const targets = memberSizes((await readRunRecord(folder)) ?? record, widths, '--widths');
  const refuseKnown = () => refuseTrained({ folder, record }, widths, seeds);
  await refuseKnown();
  const widest = lastOf(scalesOf(members));
  const known = targets.find(({ parameters }) => parameters <= widest.parameters);
  if (known !== undefined)
    throw new UsageError(
      `${known.width} is not above ${widest.width}, the largest trained width`,
      '--widths',
      'forecasts are for larger members',
    );
  const place = placeOf(undefined, members);
  return { targets, seeds: [...seeds], place, keys: keysOf(record, widths, seeds), refuseKnown };
}

/** Of trained members, over an axis other than the width. */
async function scaledTargets(
  { folder, record, words: { scale: axis }, members }: LoadedRun & { readonly record: RunRecord },
  { widths, scales, seeds = record.experiment.seeds }: SealOptions,
): Promise<Targets> {
  if (axis === 'loss')
    throw new UsageError('the loss of a member is known only when it is trained', '--axis', 'give another one');
  if (widths !== undefined)
    throw new UsageError(`the curves are over ${axis}`, '--widths', `name values of ${axis} with --scales`);
  const asked = scalesAsked(scales, axis);
  const { refuseFactorValues } = await import('../training/sizes.js');
  refuseFactorValues(record, axis, asked, '--scales');
  const place = { ...placeOf(axis, members), axis };
  const largest = nth(scalesOf(members), -1).width;
  const small = asked.find((scale) => scale < largest || isAtTarget(scale, largest));
  if (small !== undefined)
    throw new UsageError(
      `${small} is not above ${largest}, the largest known value of ${axis}`,
      '--scales',
      `name values more than 1 % above it`,
    );
  const smallest = nth(asked, 0);
  // Also members in training, which are not known.
  const refuseKnown = async () => {
    for (const member of await startedMembers(folder, (await readRunRecord(folder)) ?? record)) {
      const at = scalesIn(record, member, place).find((scale) => scale > smallest || isAtTarget(scale, smallest));
      if (at !== undefined)
        throw new UsageError(
          `${member.id} with ${axis} ${at} has started, and a forecast is for larger members`,
          '--scales',
          'name values more than 1 % above it',
        );
    }
  };
  await refuseKnown();
  const targets = asked.map((scale) => ({ width: scale, parameters: scale }));
  const started = new Set((await startedMembers(folder, record)).map(({ id }) => id));
  const keys = membersOf(record.experiment).filter((key) => !started.has(memberId(key)));
  return { targets, seeds: [...seeds], place, keys, refuseKnown };
}

/** Ascending. */
function scalesAsked(scales: readonly number[] | undefined, axis: string): readonly number[] {
  if (scales === undefined)
    throw new UsageError('is missing', '--scales', `name the values of ${axis} to predict, such as 2.8e9,6.9e9`);
  const ascending = scales.toSorted((a, b) => a - b);
  const close = ascending.find((scale, i) => i > 0 && isAtTarget(scale, nth(ascending, i - 1)));
  if (close !== undefined)
    throw new UsageError(`${close} is within 1 % of the one before it`, '--scales', 'a member could belong to either');
  return ascending;
}

function importedTargets(
  { folder, record, words: { axis } }: LoadedRun & { readonly record: ImportedRun },
  { widths, seeds, scales }: SealOptions,
): Targets {
  for (const [flag, value] of [
    ['--widths', widths],
    ['--seeds', seeds],
  ] as const)
    if (value !== undefined)
      throw new UsageError(
        `${record.name} has imported members, which have no ${flag.slice(2)}`,
        flag,
        `name values of ${axis} with --scales`,
      );
  const asked = scalesAsked(scales, axis);
  const refuseKnown = () => refuseImported({ folder, record, axis }, asked);
  const targets = asked.map((scale) => ({ width: scale, parameters: scale }));
  return { targets, seeds: [], place: { axis }, keys: [], refuseKnown };
}

/**
 * Members that are already imported, at this scale or a larger one, cannot be predicted. Throws UsageError; RunError if that is
 * unknown.
 */
async function refuseImported(
  { folder, record, axis }: { readonly folder: string; readonly record: ImportedRun; readonly axis: string },
  scales: readonly number[],
): Promise<void> {
  const smallest = firstOf(scales);
  const now = await readAnyRun(folder);
  for (const id of now !== undefined && isImported(now) ? now.members : record.members) {
    const { name, coordinates } = await readImportedMember(folder, id, record);
    const at = coordinates[axis] ?? 0;
    if (at < smallest && !isAtTarget(at, smallest)) continue;
    throw new UsageError(
      `${name} with ${axis} ${at} is already imported, and a forecast is for larger members`,
      '--scales',
      `name values more than 1 % above it`,
    );
  }
}

/** The requested metrics, otherwise the run's standard and induced one, with the members and all columns that they need. */
async function readWithMetrics(run: RunLike, options: ForecastOptions) {
  const open = await openRun(run, options);
  const asked = await metricsFor(open, options.metrics ?? [], options);
  const metrics = asked.length > 0 ? asked : await usualMetrics(open, options);
  // What an indirect method reads may be missing; the method then says so.
  const columns = metrics.flatMap(forecastNeeds).filter((column) => open.columns.includes(column));
  return { metrics, family: await readRun(open, columns, options) };
}

async function usualMetrics(open: Awaited<ReturnType<typeof openRun>>, options: ForecastOptions): Promise<Metric[]> {
  const { members } = await readRun(open, defaultColumnsOf(open), options);
  const { standard, induced } = defaultMetrics(open.record, members);
  return [standard, induced];
}

/** Members that are trained or being trained cannot be predicted. Throws UsageError. */
async function refuseTrained(
  { folder, record }: { readonly folder: string; readonly record: RunRecord },
  widths: readonly number[],
  seeds: readonly number[],
) {
  for (const key of keysOf(record, widths, seeds)) {
    const found = await readMemberRecord(memberFolder(folder, key));
    if (found === undefined) continue;
    const what = found.status === 'complete' ? 'is already trained' : 'is already being trained';
    throw new UsageError(`${memberId(key)} ${what}`, '--widths', 'choose members that have not started');
  }
}

function keysOf({ experiment: { arch } }: RunRecord, widths: readonly number[], seeds: readonly number[]): MemberKey[] {
  return widths.flatMap((width) => seeds.map((seed) => ({ arch, width, seed })));
}

/** The first of NAME-1, NAME-2, ... that is free. */
function freeName(run: string, taken: readonly string[]): string {
  for (let i = taken.length + 1; ; i++) if (!taken.includes(`${run}-${i}`)) return `${run}-${i}`;
}

async function hashOfMetricFile({ metricFile }: Pick<MetricOptions, 'metricFile'>): Promise<string | null> {
  return metricFile === undefined ? null : sha256File(metricFile);
}

export interface ScoredForecast extends Pick<ScoredSeal, 'scores' | 'missing'> {
  readonly run: string;
  /** The name of its scales. */
  readonly words: FamilyWords;
  readonly seal: Seal;
  readonly file: string;
}

/**
 * A sealed forecast compared with the members that were trained or imported since. `name` is its name, `RUN/NAME` or its file.
 *
 * @throws RunError for one that is void; UsageError if none of its members exists
 */
export async function scoreForecast(name: string, options: MetricOptions = {}): Promise<ScoredForecast> {
  const { root = checkpoints } = options;
  const { runFolder, read } = await locateSeal(name, root);
  const { seal } = read;
  const open = await openRun(runFolder, { ...options, axis: undefined, all: 'ends', probe: seal.probe });
  if (read.unchanged && seal.metricFile !== (await hashOfMetricFile(options)))
    throw new UsageError(
      seal.metricFile === null
        ? 'the forecast was sealed without one'
        : 'the forecast was sealed with another file or an earlier version of it',
      '--metric-file',
      seal.metricFile === null ? 'leave it out' : 'give that one',
    );
  const registry = await registryOf(options, open);
  const { reasons, scores, missing } = await scoreSeal(open, read, (id) => parseMetric(id, seal.name, registry));
  if (reasons.length > 0) throw new RunError(`void and not scored: ${reasons.join('; ')}`, seal.name);
  if (scores.length === 0)
    throw new UsageError(
      `none of its members is ${isOfImported(seal) ? 'imported' : 'trained'} yet`,
      seal.name,
      commandLine(afterSeal(seal, open.record)),
    );
  return { run: open.record.name, words: wordsOfSeal(seal), seal, file: read.file, scores, missing };
}

/** The command that makes the members that a seal predicts; in capitals what it leaves open. */
function afterSeal({ axis = 'width', run, targets }: Seal, record: AnyRun): string {
  if (isImported(record)) return `import FORMAT FILES --run ${run} --add`;
  const scales = targets.map(({ width }) => width);
  if (axis === 'width') return `train --run ${run} --widths ${scales.join(',')}`;
  const { experiment } = record;
  const factor = factorKeys.find((key) => key === axis);
  // A run that has one value of a factor is extended by a list with that value.
  const own = factor && experiment.grid?.[factor] === undefined ? [experiment[factor]] : [];
  if (factor === undefined || own.includes(undefined)) return `train --run ${run} OPTIONS`;
  return `train --run ${run} --${optionOf(factor)} ${[...own, ...scales].join(',')}`;
}

export interface VerifiedForecast {
  /** Null for a file that cannot be read. */
  readonly name: string | null;
  readonly digest: string | null;
  /** Why it is void, or cannot be read; none if it is valid. */
  readonly reasons: readonly string[];
}

/** Whether sealed forecasts, their inputs and their order are unchanged: a run's, a single one, or all. */
export async function verifyForecasts(name?: string, { root = checkpoints }: RunOptions = {}) {
  const verified: VerifiedForecast[] = [];
  for (const { folder, record, seals, unreadable } of await sealsOf(name, root)) {
    for (const line of unreadable) verified.push({ name: null, digest: null, reasons: [line] });
    for (const read of seals) {
      const { name: of, digest } = read.seal;
      const reasons = typeof record === 'string' ? [record] : await whyVoid(folder, record, read);
      verified.push({ name: of, digest, reasons });
    }
  }
  return verified;
}

/**
 * Sealed forecasts, of a run or of all; unreadable and changed files are reported as notes.
 *
 * @example
 *     const seals = await listForecasts('lenet-mnist');
 *     seals.map(({ name }) => name);
 */
export async function listForecasts(name?: string, { root = checkpoints, note }: RunOptions = {}): Promise<Seal[]> {
  const found = await sealsOf(name, root);
  for (const line of found.flatMap(({ unreadable }) => unreadable)) note?.(`not listed: ${line}`);
  for (const { record, seals } of found)
    if (typeof record === 'string' && seals.length > 0) note?.(`void because their run can't be read: ${record}`);
  const read = found.flatMap(({ seals }) => seals);
  for (const { seal, unchanged } of read)
    if (!unchanged) note?.(`void because it was changed after it was sealed: ${seal.name}`);
  return read.map(({ seal }) => seal);
}

interface SealsOfRun {
  readonly folder: string;
  /** Or why it cannot be read. */
  readonly record: AnyRun | string;
  readonly seals: readonly ReadSeal[];
  readonly unreadable: readonly string[];
}

async function sealsOf(name: string | undefined, root: string): Promise<SealsOfRun[]> {
  const ofRun = async (folder: string) => ({
    folder,
    record: await recordOrProblem(folder),
    ...(await readSeals(folder)),
  });
  if (name === undefined) return Promise.all((await runNames(root)).map((each) => ofRun(path.join(root, each))));
  const folder = await locateRun(name, root).catch((error: unknown) => {
    if (error instanceof UsageError) return undefined;
    throw error;
  });
  if (folder !== undefined) return [await ofRun(folder)];
  const { runFolder, read } = await locateSeal(name, root);
  return [{ folder: runFolder, record: await recordOrProblem(runFolder), seals: [read], unreadable: [] }];
}

async function recordOrProblem(folder: string): Promise<AnyRun | string> {
  try {
    return (await readAnyRun(folder)) ?? `${folder}: run.json is missing`;
  } catch (error) {
    if (!isReported(error)) throw error;
    return error.message;
  }
}

export interface ForecastStudy {
  readonly run: LoadedRun;
  readonly studies: readonly MetricStudy[];
}

/**
 * Backtest: the larger widths forecast from every set of smaller ones.
 *
 * @example
 *     const { studies } = await studyForecasts('lenet-mnist', { metrics: ['accuracy'], draws: 100 });
 *     studies.map(({ metric }) => metric.id);
 */
export async function studyForecasts(run: RunLike, options: ForecastOptions = {}): Promise<ForecastStudy> {
  const { draws = forecastDraws } = options;
  const { metrics, family } = await readWithMetrics(run, options);
  const { words, members, record } = family;
  const { length: known } = scalesOf(members);
  if (known <= fewestKnown)
    throw new UsageError(
      `has ${known} complete ${words.scales}; a study needs ${fewestKnown + 1}`,
      record.name,
      words.further,
    );
  const studies = await track(options, 'forecasts', (onStep) =>
    metrics.map((metric, i) => studyMetric(metric, members, { draws, onStep: stepsOfPart(onStep, i, metrics.length) })),
  );
  return { run: family, studies };
}

/** How forecasts are made: formulas and sources. */
export function listForecastMethods() {
  return forecastMethods.map(({ name, kind, formula, source }) => ({ name, kind, formula, source }));
}
