/**
 * Trains a family: the request is compared with the run on disk, missing members are planned, and a pool of workers
 * trains them. Nothing is written before every check has passed.
 */
import * as fs from 'node:fs/promises';
import { fileNameOf, loadDataset, loadSplits } from '../datasets/index.js';
import type { Dataset } from '../datasets/dataset.js';
import { imagesPerClass, subsetSizes } from '../datasets/subsets.js';
import { ensureRuntime, plannedRuntime } from '../install/runtime.js';
import { experimentAt, extendExperiment, pointsOf } from '../experiment/factors.js';
import type { ValueOrigins } from '../experiment/value-origins.js';
import type { Experiment } from '../experiment/schema.js';
import { assertWritable } from '../machine/files.js';
import { processText } from '../machine/owner.js';
import { unsealedNotes, type RunRecord } from '../runs/record.js';
import { busyMembers, lockRun } from '../runs/lock.js';
import { readRunRecord, runFolder } from '../runs/run.js';
import { unsetFactors } from '../runs/coordinates.js';
import { UsageError } from '../terminal/errors.js';
import { condensed, counted } from '../terminal/format.js';
import type { TrainingEvent } from './events.js';
import { isSameRecord, planRun, type PlannedRun } from './plan.js';
import type { PlanRequest } from './request.js';
import { idsOf, runPool, type PoolResult } from './pool.js';
import type { IdleWorkers } from './worker-process.js';
import {
  refuseContradictions,
  refuseOtherData,
  refusePlannedPilot,
  refuseSequences,
  refuseStack,
  refuseTooLarge,
  refuseUnfit,
  refuseWidth,
  refuseXla,
} from './refusals.js';
import { taskOf } from './task.js';
import { workerFile } from './worker-file.js';

export interface TrainRequest extends PlanRequest {
  /** The folder that holds all runs: `checkpoints`. */
  readonly root: string;
  /** Complete; for an existing run, its recorded values wherever the user gave none. */
  readonly experiment: Experiment;
  /** The source of values that are not flags. */
  readonly places?: ValueOrigins;
  /** Writes run.json and trains nothing. */
  readonly planOnly: boolean;
  /** Workers that were started ahead. */
  readonly idle?: IdleWorkers | undefined;
  readonly signal?: AbortSignal;
}

export interface TrainListener {
  /** Notes for the user: setting up, what already exists, the plan. */
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

/** `cnn-mnist`, `cnn-idx-letters`: the default name of a run of an architecture on a dataset. */
export function defaultRunName({ arch, dataset }: Pick<Experiment, 'arch' | 'dataset'>): string {
  return `${arch}-${fileNameOf(dataset)}`.slice(0, 100);
}

/**
 * Trains the members that the run is missing. Resolves even if members failed; the result names them.
 *
 * @throws UsageError if the request contradicts itself, the dataset or the run; RunError if the machine fails
 */
export async function trainFamily(request: TrainRequest, listener: TrainListener): Promise<TrainResult> {
  const folder = runFolder(request.root, request.execution.run ?? defaultRunName(request.experiment));
  const note = (line: string) => {
    listener.note(line);
  };
  await assertWritable(request.root);
  const record = await readRunRecord(folder);
  if (record !== undefined) refuseContradictions(record, request, folder);
  const experiment = record === undefined ? request.experiment : extendRecorded(record, request);
  if (record !== undefined) recordNotes(folder, record, request).forEach(note);
  const dataset = await loadDataset(experiment.dataset, { ...experiment, dataDir: request.execution.dataDir });
  dataset.notes.forEach(note);
  await refuseOtherSizes(experiment, dataset, request);
  const task = taskOf(dataset);
  refuseTooLarge(experiment, task, request.places);
  if (record !== undefined) refuseOtherData(record, dataset, folder);
  if (request.eager && experiment.precision !== 'float32') {
    throw new UsageError(`${experiment.precision} needs compiled programs`, '--eager', 'leave one of the two out');
  }
  refuseXla(request, experiment);
  refuseStack(request, record, experiment);
  refusePlannedPilot({ experiment, record, planOnly: request.planOnly });
  const runtime = await (request.planOnly ? plannedRuntime : ensureRuntime)({
    device: record?.device.kind ?? request.execution.device,
    onProgress: note,
    signal: request.signal,
  });
  // As long as its holder lives: pilots of several widths take minutes.
  const held = await lockRun(folder, { patience: Infinity, onWait: note, signal: request.signal });
  let planned: PlannedRun | undefined;
  try {
    if (isSameRecord(await readRunRecord(folder), record))
      planned = await planRun({
        request,
        note,
        signal: request.signal,
        folder,
        record,
        experiment,
        dataset,
        task,
        runtime,
        held,
      });
  } finally {
    await held.release();
    // Ctrl-C in a pilot leaves nothing: an empty folder is removed, one with anything in it is not.
    if (planned === undefined) await fs.rmdir(folder).catch(() => undefined);
  }
  // If there is none, another command extended the run while this one read its data.
  return planned === undefined ? trainFamily(request, listener) : trainPlanned(planned, request, listener);
}

/** A run's experiment, extended by the request. */
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

/**
 * Images of each class that a member has: for a random part of the dataset those of the run's own part, otherwise all of its
 * classes.
 */
function usedCounts({ classes, trainSize, testSize }: Experiment, dataset: Dataset) {
  const countsIn = (split: 'train' | 'test', size: number | undefined) =>
    (size === undefined
      ? dataset.classCounts[split]
      : imagesPerClass(dataset[split], dataset.classCounts[split].length)
    ).slice(0, classes ?? dataset.classCounts[split].length);
  return { train: countsIn('train', trainSize), test: countsIn('test', testSize) };
}

/** Notes for the user on a run that is resumed: a path that was not typed, records without a hash. */
function recordNotes(folder: string, record: RunRecord, { given }: Pick<TrainRequest, 'given'>): string[] {
  const { dataset } = record.experiment;
  const isUnsaid = given.dataset === undefined && dataset.includes(':');
  return [
    ...unsealedNotes(folder, record, []),
    ...(isUnsaid ? [`using ${dataset}, the dataset that ${folder} was started with`] : []),
  ];
}

/**
 * Trains the members that nobody has. Members that are busy elsewhere are tried again at the end, as long as that makes
 * progress.
 */
async function trainPlanned(
  { folder, complete, jobs, limits: { maxThreads, maxJobs, gpus } }: PlannedRun,
  { planOnly, idle, signal }: TrainRequest,
  listener: TrainListener,
): Promise<TrainResult> {
  const ids = jobs.flatMap(idsOf);
  const result = { folder, kept: complete, planned: ids, trained: [], failed: [], stopped: [], busy: [] };
  if (planOnly) return result;
  listener.planned(ids);
  const all: Record<keyof PoolResult, string[]> = { complete: [], kept: [], busy: [], failed: [], stopped: [] };
  for (let left = jobs; ;) {
    const round = await runPool({
      ...{ jobs: left, maxThreads, maxJobs, gpus, workerFile, idle, signal },
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
