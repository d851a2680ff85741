/**
 * Trains a family: the request is compared with the run on disk, missing members are planned, and a pool of workers
 * does it. Nothing is written before every check has passed.
 */
import * as path from 'node:path';
import { fileNameOf, loadDataset, loadSplits } from '../datasets/index.js';
import type { Dataset } from '../datasets/dataset.js';
import { countsOf, subsetSizes } from '../datasets/subsets.js';
import { ensureRuntime, plannedRuntime, type Runtime } from '../install/runtime.js';
import { availableCores } from '../experiment/cores.js';
import { experimentAt, extendExperiment, pointsOf } from '../experiment/factors.js';
import { lengthOf } from '../experiment/length.js';
import { planFamily, type Plan } from '../experiment/plan.js';
import type { ValueOrigins } from '../experiment/value-origins.js';
import {
  isFactor,
  optionOf,
  resolveExperiment,
  settingKeys,
  type Execution,
  type Experiment,
  type ExperimentInput,
} from '../experiment/schema.js';
import type { Task } from '../families/family.js';
import { families } from '../families/index.js';
import { assertWritable } from '../machine/files.js';
import type { Held } from '../machine/lock.js';
import { processText } from '../machine/owner.js';
import { nth, present } from '../machine/present.js';
import { gitCommit, packageVersions } from '../machine/version.js';
import {
  experimentDigest,
  memberId,
  recordFormat,
  trainingOf,
  unsealedNotes,
  type MemberKey,
  type RunRecord,
} from '../runs/record.js';
import { busyMembers, lockRun } from '../runs/lock.js';
import { memberFolder, membersOf, readRunRecord, runFolder, writeRunRecord } from '../runs/run.js';
import { unsetFactors } from '../runs/coordinates.js';
import { UsageError } from '../terminal/errors.js';
import { condensed, counted } from '../terminal/format.js';
import type { TrainingEvent } from './events.js';
import { isComplete, memberJob } from './member-job.js';
import { stacksOf } from './stacks.js';
import { idsOf, runPool, type PoolJob, type PoolResult } from './pool.js';
import {
  refuseContradictions,
  refuseOtherData,
  refuseOtherThreads,
  refuseSequences,
  refuseTooLarge,
  refuseUnfit,
  refuseWidth,
} from './refusals.js';
import { taskAt, taskOf } from './task.js';
import { writeColumns } from './tensorboard.js';
import { workerFile } from './worker-file.js';

export interface TrainRequest {
  /** The folder that holds all runs: `checkpoints`. */
  readonly root: string;
  /** Complete; for a run that exists its recorded values where the user said nothing. */
  readonly experiment: Experiment;
  /** What the user said. */
  readonly given: Partial<ExperimentInput>;
  /** Where what is not a flag was said. */
  readonly places?: ValueOrigins;
  readonly execution: Execution;
  readonly eager: boolean;
  readonly tensorboard: boolean;
  /** Writes run.json and trains nothing. */
  readonly planOnly: boolean;
  readonly signal?: AbortSignal;
}

export interface TrainListener {
  /** A line for the user: setting up, what is there already, the plan. */
  note(line: string): void;
  /** The members that will be trained, in the order of their start. */
  planned(members: readonly string[]): void;
  event(event: TrainingEvent): void;
}

export interface TrainResult {
  readonly folder: string;
  /** Members that were complete before. */
  readonly kept: readonly string[];
  /** Members that are missing and were only planned. */
  readonly planned: readonly string[];
  /** Members that other processes are training. */
  readonly busy: readonly string[];
  readonly trained: readonly string[];
  readonly failed: readonly string[];
  readonly stopped: readonly string[];
}

/** `cnn-mnist`, `cnn-idx-letters`: the run of an architecture on a dataset, where no name is given. */
export function defaultRunName({ arch, dataset }: Pick<Experiment, 'arch' | 'dataset'>): string {
  return `${arch}-${fileNameOf(dataset)}`.slice(0, 100);
}

/**
 * Trains the members that the run is missing. Resolves even if members failed; the result names them.
 *
 * @throws UsageError where the request contradicts itself, the dataset or the run; RunError on trouble with the machine
 */
export async function trainFamily(request: TrainRequest, listener: TrainListener): Promise<TrainResult> {
  const folder = runFolder(request.root, request.execution.run ?? defaultRunName(request.experiment));
  await assertWritable(request.root);
  const record = await readRunRecord(folder);
  if (record !== undefined) refuseContradictions(record, request, folder);
  const experiment = record === undefined ? request.experiment : extendRecorded(record, request);
  if (record !== undefined) for (const line of recordNotes(folder, record, request)) listener.note(line);
  const dataset = await loadDataset(experiment.dataset, { ...experiment, dataDir: request.execution.dataDir });
  for (const line of dataset.notes) listener.note(line);
  await refuseOtherSizes(experiment, dataset, request);
  const task = taskOf(dataset);
  refuseTooLarge(experiment, task, request.places);
  if (record !== undefined) refuseOtherData(record, dataset, folder);
  const runtime = await (request.planOnly ? plannedRuntime : ensureRuntime)({
    device: record?.device.kind ?? request.execution.device,
    onProgress: (line) => {
      listener.note(line);
    },
    signal: request.signal,
  });
  if (request.eager && experiment.precision !== 'float32') {
    throw new UsageError(`${experiment.precision} needs compiled programs`, '--eager', 'leave one of the two out');
  }
  refuseStack(request, record, experiment);
  const held = await lockRun(folder, {
    onWait: (line) => {
      listener.note(line);
    },
  });
  let planned: PlannedRun | undefined;
  try {
    if (isSame(await readRunRecord(folder), record))
      planned = await planRun({ request, listener, folder, record, experiment, dataset, task, runtime, held });
  } finally {
    await held.release();
  }
  // Where there is none another command extended the run while this one read its data.
  return planned === undefined ? trainFamily(request, listener) : trainPlanned(planned, request, listener);
}

/** Stacks are trained by one process, and compiled. */
function refuseStack(
  { execution: { stack = 1 }, eager, planOnly }: TrainRequest,
  record: RunRecord | undefined,
  { tune }: Pick<Experiment, 'tune'>,
): void {
  if (tune !== undefined && stack > 1)
    throw new UsageError(
      'each member of a stack would wait for the trials of the others',
      '--stack',
      'leave --stack or --tune out',
    );
  if (eager && stack > 1)
    throw new UsageError('a stack needs compiled programs', '--eager', 'leave --stack or --eager out');
  if (!planOnly || (stack === 1 && record?.stacks === undefined)) return;
  const remedy = 'plan another --run NAME without --stack';
  throw new UsageError('train-member trains members one by one: it has no stacks', '--plan-only', remedy);
}

/** A run's experiment with what was asked for on top. */
function extendRecorded({ experiment, dataset }: RunRecord, { given, places }: TrainRequest): Experiment {
  return extendExperiment(experiment, given, { places, unset: unsetFactors(dataset) });
}

/**
 * Training sets, classes and image sizes that some members have and the run's own dataset does not, before anything is written. The
 * dataset is read again only for images of another size, once for each.
 */
async function refuseOtherSizes(
  experiment: Experiment,
  dataset: Dataset,
  { execution, places }: TrainRequest,
): Promise<void> {
  const shapes = new Map([[experiment.imageSize, dataset.shape]]);
  for (const point of pointsOf(experiment)) {
    const own = experimentAt(experiment, point);
    const { train, test } = subsetSizes(dataset.classCounts, own, dataset.name);
    const shape =
      shapes.get(own.imageSize) ??
      (await loadSplits(own.dataset, { imageSize: own.imageSize, colour: own.colour, dataDir: execution.dataDir }))
        .shape;
    shapes.set(own.imageSize, shape);
    refuseWidth(own, point.width, places);
    refuseSequences(own, { name: dataset.name, ...usedCounts(own, dataset) }, places);
    refuseUnfit(
      own,
      { name: dataset.name, composition: dataset.composition, shape, train: { count: train }, test: { count: test } },
      places,
    );
  }
}

/** Images of each class that a member has: of a random part of the dataset those of the run's own part, else all of its classes. */
function usedCounts({ classes, trainSize, testSize }: Experiment, dataset: Dataset) {
  const countsIn = (split: 'train' | 'test', size: number | undefined) =>
    (size === undefined
      ? dataset.classCounts[split]
      : countsOf(dataset[split], dataset.classCounts[split].length)
    ).slice(0, classes ?? dataset.classCounts[split].length);
  return { train: countsIn('train', trainSize), test: countsIn('test', testSize) };
}

/** What the user should know about a run that is resumed: a path that was not typed, records without a hash. */
function recordNotes(folder: string, record: RunRecord, { given }: Pick<TrainRequest, 'given'>): string[] {
  const { dataset } = record.experiment;
  const isUnsaid = given.dataset === undefined && dataset.includes(':');
  return [
    ...unsealedNotes(folder, record, []),
    ...(isUnsaid ? [`using ${dataset}, the dataset that ${folder} was started with`] : []),
  ];
}

function isSame(a: RunRecord | undefined, b: RunRecord | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** More names than these are a wall of text. */
const mostNamed = 8;

interface Work {
  readonly request: TrainRequest;
  readonly listener: TrainListener;
  readonly folder: string;
  readonly record: RunRecord | undefined;
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly task: Task;
  readonly runtime: Runtime;
  /** The run's lock. */
  readonly held: Held;
}

/** A run.json has it, and what of it is missing. */
interface PlannedRun {
  readonly folder: string;
  readonly complete: readonly string[];
  readonly jobs: readonly PoolJob[];
  readonly limits: Pick<Plan, 'maxThreads' | 'maxJobs'> & Pick<Runtime, 'gpus'>;
}

async function planRun(work: Work): Promise<PlannedRun> {
  const { request, listener, folder, record, experiment, runtime, held } = work;
  const digestOf = (key: MemberKey) =>
    experimentDigest({
      ...{ experiment: experimentAt(experiment, key), fingerprint: work.dataset.fingerprint, eager: request.eager },
    });
  const { missing, complete } = await takeStock(folder, experiment, digestOf);
  if (record !== undefined) refuseOtherThreads(record, request.execution, { folder, missing });
  const { plan, stackOf, costOf } = planMissing(work, missing);
  const planned = plan.members.flatMap(({ id, threads }) => stackOf(id).map((key) => ({ key, threads })));
  const threads = {
    ...record?.threads,
    ...Object.fromEntries(planned.map(({ key, threads }) => [memberId(key), threads])),
  };
  const flops = {
    ...record?.flops,
    ...Object.fromEntries(planned.map(({ key }) => [memberId(key), costOf(key).flopsPerStep * costOf(key).steps])),
  };
  const stacks = [
    ...(record?.stacks ?? []),
    ...plan.members
      .map(({ id }) => stackOf(id).map(memberId))
      .filter((ids) => ids.length > 1 && ids.some((id) => record?.threads[id] === undefined)),
  ];
  if (plan.members.length > 0 || record === undefined) {
    const fresh = newRecord(work);
    // What a run of an older version does not say of its dataset is said now.
    const data = { ...fresh.dataset, ...record?.dataset };
    const recorded = { ...fresh, ...record, dataset: data, experiment, threads, flops };
    const whole = stacks.length === 0 ? recorded : { ...recorded, stacks };
    if (!isSame(whole, record)) await writeRunRecord(folder, whole, () => held.confirm());
  }
  if (request.tensorboard && plan.members.length > 0) {
    const model = families[experiment.arch].model(nth(experiment.widths, 0), work.task, experiment);
    await writeColumns(path.join(folder, 'tensorboard'), experiment, model);
  }
  const recorded = record === undefined ? [] : unsaidValues(record.experiment, request.given);
  if (recorded.length > 0 && missing.length > 0)
    listener.note(`resuming ${folder}, which was started with ${recorded.join(' ')}`);
  if (complete.length > 0)
    listener.note(
      `${complete.length} of ${complete.length + missing.length} members are complete already${complete.length <= mostNamed ? `: ${complete.join(', ')}` : ''}`,
    );
  const { threads: asked, dataDir } = request.execution;
  if (asked !== undefined && asked > availableCores())
    listener.note(`--threads ${asked} on ${availableCores()} cores: slower than one thread per core`);
  const stacked = new Set(stacks.flat());
  const { eager, tensorboard } = request;
  const surroundings = { experiment, runFolder: folder, runtime, eager, tensorboard, dataDir };
  const jobs = plan.members.map(({ id, threads: own }) =>
    memberJob(
      stackOf(id).map((key) => ({ key, digest: digestOf(key) })),
      { ...surroundings, threads: own, stacked: stacked.has(id) },
    ),
  );
  return { folder, complete, jobs, limits: { ...plan, gpus: runtime.gpus } };
}

/** Trains what nobody has. Members that are busy elsewhere are asked for again at the end, as long as that brings something. */
async function trainPlanned(
  { folder, complete, jobs, limits: { maxThreads, maxJobs, gpus } }: PlannedRun,
  { planOnly, signal }: TrainRequest,
  listener: TrainListener,
): Promise<TrainResult> {
  const ids = jobs.flatMap(idsOf);
  const result = { folder, kept: complete, planned: ids, trained: [], failed: [], stopped: [], busy: [] };
  if (planOnly) return result;
  listener.planned(ids);
  const all: Record<keyof PoolResult, string[]> = { complete: [], kept: [], busy: [], failed: [], stopped: [] };
  for (let left = jobs; ;) {
    const round = await runPool({
      ...{ jobs: left, maxThreads, maxJobs, gpus, workerFile, signal },
      onEvent: (event) => {
        listener.event(event);
      },
    });
    for (const key of ['complete', 'kept', 'failed', 'stopped'] as const) all[key].push(...round[key]);
    all.busy = [...round.busy];
    if (all.busy.length === 0 || all.busy.length === left.flatMap(idsOf).length || signal?.aborted === true) break;
    left = left
      .map((job) => ({ ...job, members: job.members.filter(({ id }) => all.busy.includes(id)) }))
      .filter(({ members }) => members.length > 0);
  }
  if (all.busy.length > 0) listener.note(await busyLine(folder, all.busy));
  const { busy, failed, stopped } = all;
  return { ...result, planned: [], kept: [...complete, ...all.kept], trained: all.complete, failed, stopped, busy };
}

/** `3 members are being trained elsewhere: cnn-w8-s0, cnn-w8-s1 by process 12 on node7; cnn-w16-s0 by process 31`. */
export async function busyLine(folder: string, ids: readonly string[]): Promise<string> {
  const owners = await busyMembers(folder, ids);
  const groups = new Map<string, string[]>();
  for (const id of ids) {
    const who = processText(owners.get(id));
    groups.set(who, [...(groups.get(who) ?? []), id]);
  }
  const texts = [...groups].map(([who, members]) => `${condensed(members)} by ${who}`);
  return `${counted(ids.length, 'member')} ${ids.length === 1 ? 'is' : 'are'} being trained elsewhere: ${texts.join('; ')}`;
}

/**
 * Which members are whole on disk. One whose files don't match their hashes is an error, not a reason to train anew.
 * Call it while holding the run's lock.
 */
async function takeStock(
  folder: string,
  experiment: Experiment,
  digestOf: (key: MemberKey) => string,
): Promise<{ missing: MemberKey[]; complete: string[] }> {
  const missing: MemberKey[] = [];
  const complete: string[] = [];
  for (const key of membersOf(experiment)) {
    if (await isComplete(memberFolder(folder, key), key, digestOf(key))) complete.push(memberId(key));
    else missing.push(key);
  }
  return { missing, complete };
}

interface MissingPlan {
  /** A stack has the id of its first member. */
  readonly plan: Plan;
  readonly stackOf: (id: string) => readonly MemberKey[];
  /** Of a member. */
  readonly costOf: (key: MemberKey) => Cost;
}

interface Cost {
  readonly flopsPerStep: number;
  readonly steps: number;
}

function planMissing(
  { request, experiment, dataset, task, runtime, record }: Work,
  missing: readonly MemberKey[],
): MissingPlan {
  const { jobs, threads, stack = 1 } = request.execution;
  // One model for all seeds of a point.
  const costs = new Map<string, Cost>();
  const costOf = (key: MemberKey) => {
    const point = memberId({ ...key, seed: 0 });
    const known = costs.get(point) ?? costAt(experiment, key, { task, dataset: countsIn(dataset) });
    costs.set(point, known);
    return known;
  };
  const stacks = new Map(stacksOf(missing, record, stack).map((keys) => [memberId(nth(keys, 0)), keys]));
  const costOfStack = (keys: readonly MemberKey[]): Cost => {
    const { flopsPerStep, steps } = costOf(nth(keys, 0));
    return { flopsPerStep: keys.length * flopsPerStep, steps };
  };
  const plan = planFamily({
    members: [...stacks].map(([id, keys]) => ({ id, ...costOfStack(keys) })),
    cores: availableCores(),
    jobs,
    threads,
    fixedThreads: record?.threads,
    device: runtime.device.kind,
    gpuMemoryBytes: runtime.gpuMemoryBytes,
    gpus: runtime.gpus?.length,
  });
  return { plan, stackOf: (id) => present(stacks.get(id)), costOf };
}

/** Of a member's training. */
function costAt(
  experiment: Experiment,
  key: MemberKey,
  { task, dataset }: { readonly task: Task; readonly dataset: ReturnType<typeof countsIn> },
): Cost {
  const { experiment: own, trainCount } = trainingOf({ experiment, dataset }, key);
  const { flops } = families[own.arch].model(key.width, taskAt(task, key), own);
  const { steps } = lengthOf(own, trainCount);
  return { flopsPerStep: flops.training * own.batchSize, steps };
}

function countsIn({ train, test, classCounts }: Dataset) {
  return { trainCount: train.count, testCount: test.count, trainCounts: [...classCounts.train] };
}

/** Options that a run was begun with, not defaults and not said again: `--epochs 1`. */
function unsaidValues(recorded: Experiment, given: Partial<ExperimentInput>): string[] {
  const defaults = resolveExperiment({ arch: recorded.arch });
  return settingKeys
    .filter((key) => recorded[key] !== undefined && !isFactor(recorded, key))
    .filter((key) => given[key] === undefined && recorded[key] !== defaults[key])
    .map((key) => `--${optionOf(key)} ${String(recorded[key])}`);
}

function newRecord({ request, folder, experiment, dataset, task, runtime }: Work): RunRecord {
  const { lab, tfjs } = packageVersions();
  return {
    format: recordFormat,
    name: path.basename(folder),
    created: new Date().toISOString(),
    experiment,
    dataset: {
      name: dataset.name,
      fingerprint: dataset.fingerprint,
      shape: dataset.shape,
      classes: dataset.classes,
      meanPixel: task.meanPixel,
      ...countsIn(dataset),
      licence: dataset.licence,
      citation: dataset.citation,
      ...(dataset.groups === undefined
        ? {}
        : { groups: { noun: dataset.groups.noun, count: new Set(dataset.groups.of).size } }),
      ...(dataset.composition === undefined ? {} : { composition: dataset.composition }),
      ...(dataset.levels === undefined ? {} : { levels: dataset.levels }),
      ...(dataset.classNames === undefined ? {} : { classNames: [...dataset.classNames] }),
      classCounts: {
        train: [...countsOf(dataset.train, dataset.classes)],
        test: [...countsOf(dataset.test, dataset.classes)],
      },
    },
    device: runtime.device,
    threads: {},
    eager: request.eager,
    versions: {
      lab,
      node: process.version,
      tensorflow: runtime.tensorflowVersion,
      tfjs,
      platform: `${process.platform}-${process.arch}`,
    },
    gitCommit: gitCommit(),
  };
}
