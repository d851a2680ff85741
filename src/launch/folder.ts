/** A launch on disk: `checkpoints/RUN/launch/ID/`. checkpoints/README.md describes its files. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as z from 'zod';
import { diskError } from '../machine/disk-errors.js';
import { createFolder, writeFileAtomic } from '../machine/files.js';
import { readTextIfThere } from '../machine/inputs.js';
import { formatJson, parseJson } from '../runs/json.js';
import { memberIdSchema } from '../runs/record.js';
import { lockFileOf, tryLock, waitForLock, type Held } from '../machine/lock.js';
import { processText, type Owner } from '../machine/owner.js';
import { codeOf, RunError } from '../terminal/errors.js';
import { taskOfMember, type LaunchTask, type TaskArray } from './tasks.js';

const jobSchema = z.string().regex(/^\d{1,12}$/, 'is not the number of a job');

const tasksSchema = z.strictObject({
  format: z.literal(1),
  tasks: z.array(z.strictObject({ members: z.array(memberIdSchema).min(1), threads: z.int().min(1) })),
});

const submittedSchema = z.strictObject({
  format: z.literal(1),
  /** UTC. */
  created: z.iso.datetime(),
  arrays: z.array(z.strictObject({ job: jobSchema, offset: z.int().min(0), count: z.int().min(1), threads: z.int() })),
  /** The job that draws the figures when all have ended; null until submitted. */
  summary: jobSchema.nullable(),
});
export type SubmittedArray = TaskArray & { readonly job: string };
export interface Submitted {
  readonly created: string;
  readonly arrays: readonly SubmittedArray[];
  readonly summary: string | null;
}

export interface Launch {
  /** `20261127-051400`, UTC. */
  readonly id: string;
  readonly folder: string;
  readonly tasks: readonly LaunchTask[];
  /** Undefined if it was written by --dry-run: only Slurm then knows whether it was submitted. */
  readonly submitted: Submitted | undefined;
}

export const launchFiles = {
  tasks: 'tasks.json',
  job: 'job.sh',
  summary: 'summary.sh',
  submitted: 'submitted.json',
  logs: 'log',
} as const;

const launchesFolder = (runFolder: string) => path.join(runFolder, 'launch');

/** Milliseconds that one launch waits for another of the same run, and between checks. */
const [launchPatience, lookAgain] = [120_000, 200];

/**
 * Takes the lock of the one command that may submit jobs of a run; the run's folder must exist.
 *
 * @throws RunError if another holds it for longer than two minutes
 */
export async function lockLaunches(runFolder: string, onWait: (line: string) => void): Promise<Held> {
  const folder = launchesFolder(runFolder);
  const take = async () => {
    await createFolder(folder);
    return tryLock(lockFileOf(folder + path.sep)).catch((error: unknown) => {
      // A command with nothing to launch has removed the folder.
      if (codeOf(error) === 'ENOENT') return { busy: undefined };
      throw diskError(error, folder);
    });
  };
  const text = (owner: Owner | undefined) => `${processText(owner)} is launching ${runFolder}`;
  return waitForLock(take, {
    every: lookAgain,
    onWait: (owner) => {
      onWait(`waiting: ${text(owner)}`);
    },
    atMost: {
      milliseconds: launchPatience,
      error: (owner) => new RunError(text(owner), undefined, 'wait until it has finished'),
    },
  });
}

/** Releases the lock, and removes the folder if nothing was ever launched. */
export async function releaseLaunches(held: Held): Promise<void> {
  await held.release();
  await fs.rmdir(path.dirname(held.file)).catch(() => undefined);
}

/** Makes the folder of a new launch, with its `log`. Throws RunError on disk errors. */
export async function createLaunchFolder(runFolder: string): Promise<string> {
  const launches = launchesFolder(runFolder);
  await createFolder(launches);
  const id = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  for (let attempt = 1; ; attempt++) {
    const folder = path.join(launches, attempt === 1 ? id : `${id}-${attempt}`);
    try {
      await fs.mkdir(folder);
      await createFolder(path.join(folder, launchFiles.logs));
      return folder;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw diskError(error, folder);
    }
  }
}

/** Removes a launch of which nothing was submitted. */
export async function removeLaunchFolder(folder: string): Promise<void> {
  await fs.rm(folder, { recursive: true, force: true });
  // The common folder is kept if there are other launches.
  await fs.rmdir(path.dirname(folder)).catch(() => undefined);
}

export async function writeTasks(folder: string, tasks: readonly LaunchTask[]): Promise<void> {
  // One line for each task, so that a member is easy to find.
  const lines = tasks.map((task) => `    ${JSON.stringify(task)}`).join(',\n');
  await writeFileAtomic(path.join(folder, launchFiles.tasks), `{\n  "format": 1,\n  "tasks": [\n${lines}\n  ]\n}\n`);
}

export async function writeSubmitted(folder: string, submitted: Submitted): Promise<void> {
  await writeFileAtomic(path.join(folder, launchFiles.submitted), formatJson({ format: 1, ...submitted }));
}

/** Every launch of a run, oldest first. Throws RunError, one line, if a file is damaged. */
export async function readLaunches(runFolder: string): Promise<Launch[]> {
  const launches: Launch[] = [];
  const names = await fs.readdir(launchesFolder(runFolder)).catch(() => []);
  for (const id of names.sort()) {
    const folder = path.join(launchesFolder(runFolder), id);
    const tasks = await readTextIfThere(path.join(folder, launchFiles.tasks)).catch(() => undefined);
    // Still being written, or not ours.
    if (tasks === undefined) continue;
    const submitted = await readTextIfThere(path.join(folder, launchFiles.submitted));
    launches.push({
      id,
      folder,
      tasks: parseJson(tasksSchema, tasks, path.join(folder, launchFiles.tasks)).tasks,
      submitted:
        submitted === undefined
          ? undefined
          : parseJson(submittedSchema, submitted, path.join(folder, launchFiles.submitted)),
    });
  }
  return launches;
}

/** For each member, the newest launch that includes it, with its task there. */
export function lastLaunches(launches: readonly Launch[]): ReadonlyMap<string, { launch: Launch; task: number }> {
  return new Map(
    launches.flatMap((launch) => [...taskOfMember(launch.tasks)].map(([id, task]) => [id, { launch, task }] as const)),
  );
}
