/** The state of a launched run's members: waiting, running (and on which node), or lost. From Slurm if it answers, else from the files. */
import { nth } from '../machine/present.js';
import { isLiving, type MemberJob } from '../runs/jobs.js';
import { lastLaunches, readLaunches, type Launch } from './folder.js';
import { endedTasks, lookPatience, queueOf, submitPatience, type SlurmTask } from './slurm.js';
import { placeOfTask } from './tasks.js';

interface Answers {
  /** Undefined if Slurm does not answer. */
  readonly queue: readonly SlurmTask[] | undefined;
  readonly ended: readonly SlurmTask[];
}

/**
 * The job of each launched member, by member id. For members that have since completed, or are held by a process, the files are more
 * up to date.
 *
 * @param patience milliseconds to wait for Slurm's answer; with 0 it is not asked
 * @throws RunError if a launch's files are damaged
 */
export async function jobsOf(runFolder: string, patience = submitPatience): Promise<ReadonlyMap<string, MemberJob>> {
  const launches = await readLaunches(runFolder);
  const arrays = launches.flatMap(({ submitted }) => submitted?.arrays ?? []);
  if (arrays.length === 0) return new Map();
  const queue =
    patience === 0
      ? undefined
      : await queueOf(
          arrays.map(({ job }) => job),
          patience,
        );
  const inQueue = queue?.map(({ job }) => job) ?? [];
  // Accounting is queried only for arrays with a task that is no longer in the queue.
  const forgotten = arrays.filter(({ job, count }) => inQueue.filter((each) => each === job).length < count);
  const ended =
    queue === undefined
      ? []
      : await endedTasks(
          forgotten.map(({ job }) => job),
          patience,
        );
  return jobsFrom(launches, { queue, ended });
}

/**
 * `jobsOf` for one run after another, for commands that only look: if Slurm does not answer within seconds it is not asked about the
 * next run, and only the files are used.
 */
export function jobsAtAGlance(): (runFolder: string) => Promise<ReadonlyMap<string, MemberJob>> {
  let isSilent = false;
  return async (runFolder) => {
    const jobs = await jobsOf(runFolder, isSilent ? 0 : lookPatience);
    isSilent ||= [...jobs.values()].some(({ state }) => state === 'unknown');
    return jobs;
  };
}

function jobsFrom(launches: readonly Launch[], answers: Answers): ReadonlyMap<string, MemberJob> {
  const queued = byTask(answers.queue ?? []);
  const ended = byTask(answers.ended);
  const jobs = new Map<string, MemberJob>();
  for (const [id, { launch, task }] of lastLaunches(launches)) {
    if (launch.submitted === undefined) continue;
    const place = placeOfTask(launch.submitted.arrays, task);
    // A later submission of the launch failed: no job has this member.
    if (place === undefined) continue;
    const name = taskName(nth(launch.submitted.arrays, place.array).job, place.index);
    const isSilent = answers.queue === undefined;
    jobs.set(id, jobOf(name, { queued: queued.get(name), ended: ended.get(name), isSilent }));
  }
  return jobs;
}

function byTask(tasks: readonly SlurmTask[]): ReadonlyMap<string, SlurmTask> {
  return new Map(tasks.map((task) => [taskName(task.job, task.index), task]));
}

function taskName(job: string, index: number | null): string {
  return index === null ? job : `${job}_${index}`;
}

interface Found {
  readonly queued: SlurmTask | undefined;
  readonly ended: SlurmTask | undefined;
  readonly isSilent: boolean;
}

const waiting = ['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'SUSPENDED', 'SPECIAL_EXIT'];
const active = ['RUNNING', 'CONFIGURING', 'COMPLETING', 'STAGE_OUT', 'SIGNALING', 'STOPPED', 'RESIZING'];

/** Whether a task is waiting or running. */
export function isUnderWay({ state }: SlurmTask): boolean {
  return waiting.includes(state) || active.includes(state);
}

function jobOf(job: string, { queued, ended, isSilent }: Found): MemberJob {
  if (isSilent) return { job, state: 'unknown', node: null, reason: 'Slurm does not answer' };
  const found = queued ?? ended;
  if (found === undefined) return { job, state: 'lost', node: null, reason: 'Slurm no longer knows its job' };
  const node = found.nodes === '' ? null : found.nodes;
  if (waiting.includes(found.state)) return { job, state: 'queued', node: null, reason: found.reason || null };
  if (active.includes(found.state)) return { job, state: 'running', node, reason: null };
  // It has ended without completing its member.
  return { job, state: 'lost', node, reason: `its job ended as ${found.state}` };
}

/** Members whose job is waiting or running. */
export function livingMembers(jobs: ReadonlyMap<string, MemberJob>): ReadonlySet<string> {
  return new Set([...jobs].filter(([, job]) => isLiving(job)).map(([id]) => id));
}
