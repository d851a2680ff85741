/**
 * The plan of a run: which members are missing, what each costs, its threads and its stack, and what run.json says
 * about all of it. It does not train.
 */
import * as path from 'node:path';
import type { Dataset } from '../datasets/dataset.js';
import { imagesPerClass } from '../datasets/subsets.js';
import type { Runtime } from '../install/runtime.js';
import { availableCores } from '../experiment/cores.js';
import { experimentAt } from '../experiment/factors.js';
import { lengthOf } from '../experiment/length.js';
import { planFamily, type Plan } from '../experiment/plan.js';
import type { PlanMember } from '../experiment/plan-search.js';
import { cpuSpeed } from '../experiment/step-seconds.js';
import { tuningOf } from '../experiment/tuning.js';
import {
  isFactor,
  optionOf,
  resolveExperiment,
  settingKeys,
  type Experiment,
  type ExperimentInput,
} from '../experiment/schema.js';
import { imagesPerExample, parameterCount, setting, type Task } from '../families/family.js';
import { families } from '../families/index.js';
import type { Held } from '../machine/lock.js';
import { firstOf, present } from '../machine/present.js';
import { guide } from '../machine/installation.js';
import { gitCommit, packageVersions } from '../machine/version.js';
import {
  experimentDigest,
  memberId,
  recordFormat,
  trainingOf,
  type MemberKey,
  type RunRecord,
} from '../runs/record.js';
import { memberFolder, membersOf, writeRunRecord } from '../runs/run.js';
import { readTuning, trialsKey, tuningFile } from '../runs/tuning.js';
import { counted, formatDuration } from '../terminal/format.js';
import { askPilot } from './ask.js';
import { branchesFor } from './branches.js';
import type { WorkerJob } from './job.js';
import { isComplete, memberJob, workerJob } from './member-job.js';
import type { PoolJob } from './pool.js';
import { choosePrecisions } from './precisions.js';
import { refuseOtherStart, refuseOtherThreads } from './refusals.js';
import type { PlanRequest } from './request.js';
import { automaticStack, stackedSpeed, stacksOf, type StackCost } from './stacks.js';
import { taskAt } from './task.js';
import { writeColumns } from './tensorboard.js';

/** More names than these would be unreadable. */
const mostNamed = 8;

/** Loaded, and found to fit together. */
interface Work {
  readonly request: PlanRequest;
  /** Takes a line for the user. */
  readonly note: (line: string) => void;
  /** Ends a pilot, and with it the planning, which throws its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly folder: string;
  /** The contents of run.json; undefined for a new run. */
  readonly record: RunRecord | undefined;
  readonly experiment: Experiment;
  readonly dataset: Dataset;
  readonly task: Task;
  readonly runtime: Runtime;
  /** The run's lock. */
  readonly held: Held;
}

/** A plan with a run.json, and which of its members are missing. */
export interface PlannedRun {
  readonly folder: string;
  readonly complete: readonly string[];
  readonly jobs: readonly PoolJob[];
  readonly limits: Pick<Plan, 'maxThreads' | 'maxJobs'> & Pick<Runtime, 'gpus'>;
}

/** Writes what run.json does not contain yet. */
export async function planRun(work: Work): Promise<PlannedRun> {
  const { request, folder, record, experiment, dataset, runtime, held } = work;
  const { eager, tensorboard } = request;
  const digestOf = (key: MemberKey) =>
    experimentDigest({ experiment: experimentAt(experiment, key), fingerprint: dataset.fingerprint, eager });
  const stock = await takeStock(folder, experiment, digestOf);
  const { missing, complete } = stock;
  if (record !== undefined) refuseOtherThreads(record, request.execution, { folder, missing });
  if (record !== undefined && missing.length > 0) refuseOtherStart(record, folder);
  const trials = await missingTrials(folder, experiment, missing);
  const missingPlan = planMissing(work, missing, trials);
  const { plan, stackOf } = missingPlan;
  const { dataDir } = request.execution;
  const surroundings = { experiment, runFolder: folder, runtime, eager, tensorboard, dataDir };
  const begun = record !== undefined && plan.members.length === 0 ? record : plannedRecord(work, missingPlan);
  const branchesOf = (key: MemberKey) => begun.branches?.[memberId(key)];
  const planned =
    begun === record
      ? record
      : await withPrecisions(begun, work, missingPlan, (key, threads) =>
          workerJob(
            { key, digest: digestOf(key), stack: null, branches: branchesOf(key) },
            { ...surroundings, threads },
          ),
        );
  if (!isSameRecord(planned, record)) await writeRunRecord(folder, planned, () => held.confirm());
  if (tensorboard && plan.members.length > 0) {
    const model = families[experiment.arch].model(firstOf(experiment.widths), work.task, experiment);
    await writeColumns(path.join(folder, 'tensorboard'), experiment, model);
  }
  [...planNotes(work, stock), ...tuningNotes(experiment, trials, plan)].forEach(work.note);
  if (request.execution.stack === 'auto' && missing.length > 0)
    work.note(stackNote(plan.members.map(({ id }) => stackOf(id).length)));
  const places = new Map(
    planned.stacks?.flatMap((ids) => ids.map((id, place) => [id, { size: ids.length, place }] as const)),
  );
  const jobs = plan.members.map(({ id, threads }) =>
    memberJob(
      stackOf(id).map((key) => ({
        ...{ key, digest: digestOf(key), stack: places.get(memberId(key)) ?? null, branches: branchesOf(key) },
        precision: planned.precisions?.[memberId(key)]?.precision,
      })),
      { ...surroundings, threads },
    ),
  );
  return { folder, complete, jobs, limits: { ...plan, gpus: runtime.gpus } };
}

/**
 * The planned record with what `--precision auto` chooses for the missing members; without that option, the record
 * itself.
 */
async function withPrecisions(
  planned: RunRecord,
  { experiment, record, runtime, note, signal }: Work,
  { plan, stackOf, costOf }: MissingPlan,
  jobOf: (key: MemberKey, threads: number) => WorkerJob,
): Promise<RunRecord> {
  if (experiment.precision !== 'auto') return planned;
  const missing = plan.members.flatMap(({ id }) => stackOf(id));
  const chosen = await choosePrecisions(missing, membersOf(experiment), {
    ...{ record, device: runtime.device.kind, note },
    stepsOf: (key) => costOf(key).steps,
    pilotOf: (key) => {
      note(`--precision auto: taking the first steps of ${memberId(key)} in float32 and bfloat16`);
      return askPilot(jobOf(key, present(planned.threads[memberId(key)])), { note, signal });
    },
  });
  return { ...planned, precisions: { ...record?.precisions, ...chosen } };
}

/** The run.json for a run with missing members, or for a new one. */
function plannedRecord(work: Work, { plan, stackOf, costOf }: MissingPlan): RunRecord {
  const { record, experiment } = work;
  const members = plan.members.flatMap(({ id, threads }) =>
    stackOf(id).map((key) => ({ id: memberId(key), threads, cost: costOf(key) })),
  );
  const begun = plan.members
    .map(({ id }) => stackOf(id).map(memberId))
    .filter((ids) => ids.length > 1 && ids.some((id) => record?.threads[id] === undefined));
  const stacks = [...(record?.stacks ?? []), ...begun];
  const branches = { ...record?.branches, ...branchesAt(work, { plan, stackOf }) };
  const fresh = newRecord(work);
  return {
    ...fresh,
    ...record,
    // Information about its dataset that is missing from a run of an older version is added now.
    dataset: { ...fresh.dataset, ...record?.dataset },
    experiment,
    threads: { ...record?.threads, ...Object.fromEntries(members.map(({ id, threads }) => [id, threads])) },
    flops: {
      ...record?.flops,
      ...Object.fromEntries(members.map(({ id, cost: { flopsPerStep, steps } }) => [id, flopsPerStep * steps])),
    },
    ...(stacks.length === 0 ? {} : { stacks }),
    ...(Object.keys(branches).length === 0 ? {} : { branches }),
  };
}

/** Of the members that are begun now, by id: those that have more than one. */
function branchesAt(
  { request: { eager }, record, experiment, runtime }: Work,
  { plan, stackOf }: Pick<MissingPlan, 'plan' | 'stackOf'>,
): Record<string, number> {
  const found = plan.members.flatMap(({ id, threads }): [string, number][] => {
    const [key, ...others] = stackOf(id);
    const isBegun = record?.threads[id] !== undefined;
    // XLA runs one op of a program after another.
    if (key === undefined || others.length > 0 || eager || isBegun || experiment.xla === true) return [];
    const branches = branchesFor(experimentAt(experiment, key), { threads, device: runtime.device.kind });
    return branches === 1 ? [] : [[id, branches]];
  });
  return Object.fromEntries(found);
}

/** Notes for the user before training starts, a line each. */
function planNotes({ request, folder, record }: Work, { missing, complete }: Stock): string[] {
  const { threads } = request.execution;
  const recorded = record === undefined || missing.length === 0 ? [] : unsaidValues(record.experiment, request.given);
  const names = complete.length <= mostNamed ? `: ${complete.join(', ')}` : '';
  return [
    ...(recorded.length === 0 ? [] : [`resuming ${folder}, which was started with ${recorded.join(' ')}`]),
    ...(complete.length === 0
      ? []
      : [`${complete.length} of ${complete.length + missing.length} members are complete already${names}`]),
    ...(threads === undefined || threads <= availableCores()
      ? []
      : [`--threads ${threads} on ${counted(availableCores(), 'core')}: slower than one thread per core`]),
  ];
}

/** What `--stack auto` has become. */
function stackNote(sizes: readonly number[]): string {
  const stacks = sizes.filter((size) => size > 1);
  if (stacks.length === 0)
    return `--stack auto: members are trained one by one (${guide('gpu.md')} says when stacks pay)`;
  const stacked = stacks.reduce((a, b) => a + b);
  return `--stack auto: ${counted(stacked, 'member')} in ${counted(stacks.length, 'stack')}, ${sizes.length - stacks.length} one by one`;
}

/** Whether two records are the same, or neither is there. */
export function isSameRecord(a: RunRecord | undefined, b: RunRecord | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

interface Stock {
  readonly missing: readonly MemberKey[];
  /** Ids. */
  readonly complete: readonly string[];
}

/**
 * Which members are complete on disk. Files that do not match their hashes are an error, not a reason to train again.
 * Call it while holding the run's lock.
 */
async function takeStock(folder: string, experiment: Experiment, digestOf: (key: MemberKey) => string): Promise<Stock> {
  const missing: MemberKey[] = [];
  const complete: string[] = [];
  for (const key of membersOf(experiment)) {
    if (await isComplete(memberFolder(folder, key), key, digestOf(key))) complete.push(memberId(key));
    else missing.push(key);
  }
  return { missing, complete };
}

interface MissingPlan {
  /** A stack is named by its first member. */
  readonly plan: Plan;
  readonly stackOf: (id: string) => readonly MemberKey[];
  /** Of a member. */
  readonly costOf: (key: MemberKey) => MemberCost;
}

interface MemberCost extends StackCost {
  /** Training steps in whose time it is evaluated at the end. */
  readonly evaluationSteps: number;
}

function planMissing(
  { request, experiment, dataset, task, runtime, record }: Work,
  missing: readonly MemberKey[],
  trials: ReadonlyMap<string, number>,
): MissingPlan {
  const { jobs, threads, stack = 1 } = request.execution;
  const { kind: device } = runtime.device;
  const each = Math.ceil(missing.length / Math.min(jobs ?? Infinity, availableCores()));
  // One model for all seeds of a point.
  const costs = new Map<string, MemberCost>();
  const costOf = (key: MemberKey) => {
    const point = memberId({ ...key, seed: 0 });
    const known = costs.get(point) ?? costAt(experiment, key, { task, dataset: countsIn(dataset) });
    costs.set(point, known);
    return known;
  };
  const sizeFor = (keys: readonly MemberKey[]) => {
    if (stack !== 'auto') return stack;
    if (experiment.tune !== undefined || request.eager) return 1;
    return automaticStack(keys.length, costOf(firstOf(keys)), { device, each, gpuMemoryBytes: runtime.gpuMemoryBytes });
  };
  const stacks = new Map(stacksOf(missing, record, sizeFor).map((keys) => [memberId(firstOf(keys)), keys]));
  const costOfStack = (keys: readonly MemberKey[]): Omit<PlanMember, 'id'> => {
    const { arch, flopsPerStep, steps, evaluationSteps } = costOf(firstOf(keys));
    const speed = keys.length === 1 || device === 'gpu' ? 1 : stackedSpeed[arch];
    const trialSteps = (trials.get(memberId(firstOf(keys))) ?? 0) * (experiment.tuneSteps ?? steps);
    return { arch, flopsPerStep: (keys.length * flopsPerStep) / speed, steps: steps + evaluationSteps + trialSteps };
  };
  const plan = planFamily({
    members: [...stacks].map(([id, keys]) => ({ id, ...costOfStack(keys) })),
    cores: availableCores(),
    jobs,
    threads,
    fixedThreads: record?.threads,
    device,
    gpuMemoryBytes: runtime.gpuMemoryBytes,
    gpus: runtime.gpus?.length,
  });
  return { plan, stackOf: (id) => present(stacks.get(id)), costOf };
}

/**
 * How many trials are still to be made for each member, by its id; for a width they count as those of its first member.
 */
async function missingTrials(
  folder: string,
  experiment: Experiment,
  missing: readonly MemberKey[],
): Promise<ReadonlyMap<string, number>> {
  const left = new Map<string, number>();
  const tuning = tuningOf(experiment);
  if (tuning === undefined) return left;
  const seen = new Set<string>();
  for (const key of missing) {
    const id = memberId(trialsKey(tuning, key));
    if (seen.has(id)) continue;
    seen.add(id);
    const made = (await readTuning(tuningFile(folder, id)))?.trials.length ?? 0;
    left.set(memberId(key), tuning.budget - made);
  }
  return left;
}

/** What the trials of `--tune` add, in a line; the time is that of the plan, for this machine. */
function tuningNotes(experiment: Experiment, trials: ReadonlyMap<string, number>, plan: Plan): string[] {
  const tuning = tuningOf(experiment);
  const left = [...trials.values()].reduce((sum, count) => sum + count, 0);
  if (tuning === undefined || left === 0) return [];
  const { factor, budget, per, steps } = tuning;
  const length = steps === undefined ? 'as long as the member' : `of ${counted(steps, 'step')}`;
  return [
    `--tune ${factor}: ${counted(left, 'trial')} before training, ${length} (${budget} for each ${per}); roughly ${formatDuration(plan.estimatedSeconds)} in total if this machine does nothing else`,
  ];
}

/** Of a member's training. */
function costAt(
  experiment: Experiment,
  key: MemberKey,
  { task, dataset }: { readonly task: Task; readonly dataset: ReturnType<typeof countsIn> },
): MemberCost {
  const { experiment: own, trainCount } = trainingOf({ experiment, dataset }, key);
  const family = families[own.arch];
  const ownTask = taskAt(task, key);
  const { height, width, channels } = ownTask;
  const { flops, parameters } = family.model(key.width, ownTask, own);
  const { steps } = lengthOf(own, trainCount);
  const tested = family.examples === 'images' ? dataset.testCount : setting(own, 'testSequences');
  return {
    ...{ arch: own.arch, flopsPerStep: flops.training * own.batchSize, steps, parameters: parameterCount(parameters) },
    batchPixels: own.batchSize * imagesPerExample(family, own) * height * width * channels,
    evaluationSteps: Math.ceil(tested / (cpuSpeed.evaluation * own.batchSize)),
  };
}

function countsIn({ train, test, classCounts }: Dataset) {
  return { trainCount: train.count, testCount: test.count, trainCounts: [...classCounts.train] };
}

/** Options that a run was started with that are neither defaults nor given again: `--epochs 1`. */
function unsaidValues(recorded: Experiment, given: Partial<ExperimentInput>): string[] {
  const defaults = resolveExperiment({ arch: recorded.arch });
  return settingKeys
    .filter((key) => recorded[key] !== undefined && !isFactor(recorded, key))
    .filter((key) => given[key] === undefined && recorded[key] !== defaults[key])
    .map((key) => `--${optionOf(key)}${recorded[key] === true ? '' : ` ${String(recorded[key])}`}`);
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
        train: [...imagesPerClass(dataset.train, dataset.classes)],
        test: [...imagesPerClass(dataset.test, dataset.classes)],
      },
    },
    device: runtime.device,
    threads: {},
    eager: request.eager,
    ...(experiment.parametrization === 'mup' ? { outputStart: 'zero' } : {}),
    ...(experiment.parametrization === 'mup' && experiment.arch === 'transformer' ? { queryStart: 'zero' } : {}),
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
