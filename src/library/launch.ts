/** Hands a family over to a cluster. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import {
  createLaunchFolder,
  launchFiles,
  lockLaunches,
  releaseLaunches,
  removeLaunchFolder,
  writeSubmitted,
  writeTasks,
  type SubmittedArray,
} from '../launch/folder.js';
import { parseSlurmOptions, type SlurmInput, type SlurmOptions } from '../launch/options.js';
import { arrayText, jobScript, refuseUnspeakable, summaryScript, type ScriptContext } from '../launch/script.js';
import { maxArraySize, submit, tryOptions } from '../launch/slurm.js';
import { jobsOf, livingMembers } from '../launch/state.js';
import { arraysOf, packTasks, type LaunchTask, type TaskArray } from '../launch/tasks.js';
import { commandLine } from '../machine/installation.js';
import { firstOf, present } from '../machine/present.js';
import { writeFileAtomic } from '../machine/files.js';
import type { MemberJob } from '../runs/jobs.js';
import { checkpoints } from '../runs/locate.js';
import { readRunRecord, runFolder } from '../runs/run.js';
import { isReported, messageOf, RunError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { TrainResult } from '../training/train-family.js';
import { runNameFor, train, type TrainOptions } from './train.js';

export interface LaunchOptions extends Omit<TrainOptions, 'root' | 'planOnly'> {
  /** Options for Slurm. */
  readonly slurm: SlurmInput;
  /** Write the scripts, but submit nothing. */
  readonly dryRun?: boolean | undefined;
  /** Node and the program that the jobs run; default: those that are running now. */
  readonly program?: readonly [node: string, program: string] | undefined;
}

export interface LaunchResult {
  /** The run's folder. */
  readonly folder: string;
  /** The launch's folder; undefined if there was nothing to launch. */
  readonly launch: string | undefined;
  /** What Slurm runs or would run: as stored in the launch's folder. */
  readonly script: string | undefined;
  /** The commands that submit it by hand. */
  readonly byHand: readonly string[];
  /** Numbers of the jobs; the last one draws the table. None for a dry run. */
  readonly jobs: readonly string[];
  readonly launched: readonly string[];
  /** Members that another job already has. */
  readonly queued: readonly string[];
  /** Members that were already complete. */
  readonly kept: readonly string[];
}

/**
 * Plans a family's training, records it in run.json and has Slurm train every member that is missing and not launched
 * already. Omitted options are taken from the file, the run or the defaults, as in `train`; members of a new run get
 * one thread unless `threads` says otherwise.
 *
 * @throws UsageError as `train` does, and if Slurm rejects something; RunError if Slurm or the disk fails
 */
export async function launch({ slurm, dryRun = false, program, ...options }: LaunchOptions): Promise<LaunchResult> {
  const asked = parseSlurmOptions(slurm);
  const cwd = process.cwd();
  refuseUnspeakable(cwd);
  const run = await runNameFor(options);
  const folder = runFolder(checkpoints, run);
  const threads = options.threads ?? (await usualThreads(folder));
  // Before anything is written: a partition that does not exist leaves nothing behind.
  if (!dryRun) await tryOptions(asked, threads ?? 1);
  const most = await maxArraySize();
  const planned = await train({ ...options, run, threads, planOnly: true });
  options.signal?.throwIfAborted();
  const held = await lockLaunches(folder, (line) => options.listener?.note?.(line));
  try {
    return await launchMissing(folder, { planned, run, cwd, asked, most, dryRun, program, options });
  } finally {
    await releaseLaunches(held);
  }
}

interface Launching {
  readonly planned: TrainResult;
  readonly run: string;
  readonly cwd: string;
  readonly asked: SlurmOptions;
  /** Tasks of an array. */
  readonly most: number;
  readonly dryRun: boolean;
  readonly program: LaunchOptions['program'];
  readonly options: Omit<LaunchOptions, 'slurm' | 'dryRun' | 'program'>;
}

/** By one command at a time, so that each sees what others have submitted in the meantime. */
async function launchMissing(
  folder: string,
  { planned, run, cwd, asked, most, dryRun, program, options }: Launching,
): Promise<LaunchResult> {
  const record = present(await readRunRecord(folder));
  const inJobs = await jobsOf(folder);
  if (!dryRun) refuseUnknown(planned.planned, inJobs);
  const living = livingMembers(inJobs);
  const missing = planned.planned.filter((id) => !living.has(id));
  const rest = { folder, queued: planned.planned.filter((id) => living.has(id)), kept: planned.kept };
  if (missing.length === 0)
    return { ...rest, launch: undefined, script: undefined, byHand: [], jobs: [], launched: [] };

  const members = missing.map((id) => ({ id, threads: record.threads[id] ?? 1, flops: record.flops?.[id] ?? 0 }));
  const tasks = packTasks(members, asked.pack);
  const context = {
    ...{ run, cwd, options: asked, tensorboard: options.tensorboard ?? false },
    program: program ?? ([process.execPath, path.resolve(present(process.argv[1]))] as const),
    dataDir: options.dataDir === undefined ? undefined : path.resolve(options.dataDir),
  };
  const written = await writeLaunch(path.resolve(folder), context, { tasks, arrays: arraysOf(tasks, most) });
  const jobs = dryRun ? [] : await submitAll(written, { run, options: asked, tasks });
  return {
    ...rest,
    launch: written.folder,
    script: written.script,
    byHand: byHand(written, asked),
    jobs,
    launched: missing,
  };
}

/**
 * Throws RunError if it cannot be determined whether members of an earlier launch are still waiting or running: they
 * would be queued twice.
 */
function refuseUnknown(missing: readonly string[], inJobs: ReadonlyMap<string, MemberJob>): void {
  const unknown = missing.filter((id) => inJobs.get(id)?.state === 'unknown');
  if (unknown.length === 0) return;
  throw new RunError(
    `Slurm does not say whether ${counted(unknown.length, 'member')} of an earlier launch still wait or run, such as ${firstOf(unknown)}`,
    'squeue',
    'launch again when it answers',
  );
}

/** One thread for each member, which finishes many members soonest. Undefined if the run's own number differs. */
async function usualThreads(folder: string): Promise<number | undefined> {
  const recorded = new Set(Object.values((await readRunRecord(folder))?.threads ?? {}));
  return [...recorded].every((threads) => threads === 1) ? 1 : undefined;
}

interface Written {
  readonly folder: string;
  readonly script: string;
  readonly arrays: readonly TaskArray[];
}

async function writeLaunch(
  run: string,
  context: Omit<ScriptContext, 'folder'>,
  { tasks, arrays }: { readonly tasks: readonly LaunchTask[]; readonly arrays: readonly TaskArray[] },
): Promise<Written> {
  const folder = await createLaunchFolder(run);
  const whole = { ...context, folder };
  const script = jobScript(whole, firstOf(arrays));
  await writeTasks(folder, tasks);
  await writeScript(path.join(folder, launchFiles.job), script);
  await writeScript(path.join(folder, launchFiles.summary), summaryScript(whole));
  return { folder, script, arrays };
}

async function writeScript(file: string, text: string): Promise<void> {
  await writeFileAtomic(file, text);
  await fs.chmod(file, 0o755).catch(() => undefined);
}

interface Submitting {
  readonly run: string;
  readonly options: SlurmOptions;
  readonly tasks: readonly LaunchTask[];
}

/** Each submission is recorded before the next: if that fails, the message says what is running. */
async function submitAll({ folder, arrays }: Written, { run, options, tasks }: Submitting): Promise<string[]> {
  const created = new Date().toISOString();
  const submitted: SubmittedArray[] = [];
  let summary: string | null = null;
  try {
    for (const array of arrays) {
      const last = submitted.at(-1);
      const job = await submit({
        ...{ script: path.join(folder, launchFiles.job), threads: array.threads },
        ...{ array: arrayText(array, options), words: array.offset === 0 ? [] : [String(array.offset)] },
        // The limit applies to all tasks, but Slurm counts those of one array.
        after: options.arrayLimit === undefined || last === undefined ? [] : [last.job],
      });
      submitted.push({ ...array, job });
      await writeSubmitted(folder, { created, arrays: submitted, summary });
    }
    summary = await submit({
      script: path.join(folder, launchFiles.summary),
      after: submitted.map(({ job }) => job),
    });
    await writeSubmitted(folder, { created, arrays: submitted, summary });
    return [...submitted.map(({ job }) => job), summary];
  } catch (error) {
    if (submitted.length === 0) await removeLaunchFolder(folder);
    if (submitted.length === 0 || !isReported(error)) throw error;
    throw half(error, { run, submitted, tasks });
  }
}

function half(
  error: Error,
  { run, submitted, tasks }: { run: string; submitted: readonly SubmittedArray[]; tasks: readonly LaunchTask[] },
): RunError {
  const jobs = submitted.map(({ job }) => job);
  const taken = submitted.reduce((sum, { count }) => sum + count, 0);
  const what = `${messageOf(error)}; submitted before that, and in the queue: ${counted(jobs.length, 'job')} (${jobs.join(', ')}) with ${taken} of ${counted(tasks.length, 'task')}`;
  const remedy =
    taken < tasks.length
      ? `${commandLine(`train --run ${run} --launcher slurm`)} launches the rest`
      : `${commandLine(`train --run ${run} --summary-only`)} draws the table when they have ended`;
  return new RunError(what, undefined, remedy, { cause: error });
}

function byHand({ folder, arrays }: Written, options: SlurmOptions): string[] {
  const shown = (name: string) => path.relative(process.cwd(), path.join(folder, name));
  const [first, ...others] = arrays;
  return [
    ...(first === undefined ? [] : [`sbatch ${shown(launchFiles.job)}`]),
    ...others.map(
      (array) =>
        `sbatch --array=${arrayText(array, options)} --cpus-per-task=${array.threads} ${shown(launchFiles.job)} ${array.offset}`,
    ),
    `sbatch --dependency=afterany:JOB${':JOB'.repeat(others.length)} ${shown(launchFiles.summary)}`,
  ];
}
