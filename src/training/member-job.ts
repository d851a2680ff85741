/** A member as the pool trains it: its lock is taken, leftovers of others are checked, and then its worker starts. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { runtimeEnvironment, type Runtime } from '../install/runtime.js';
import { experimentAt } from '../experiment/factors.js';
import type { Experiment } from '../experiment/schema.js';
import { removeTemporaries } from '../machine/leftovers.js';
import { dataFolder } from '../machine/folders.js';
import { firstOf } from '../machine/present.js';
import { lockMember } from '../runs/lock.js';
import { memberId, otherExperiment, type MemberKey, type PrecisionChoice } from '../runs/record.js';
import { memberFolder, readMemberRecord } from '../runs/run.js';
import { verifyMember } from '../runs/verify.js';
import { RunError } from '../terminal/errors.js';
import { removeCheckpoint } from './checkpoint.js';
import type { WorkerJob } from './job.js';
import type { PoolJob, PoolMember, Taken } from './pool.js';

export interface MemberPlan {
  readonly key: MemberKey;
  /** `experimentDigest` of the member. */
  readonly digest: string;
  readonly stack: WorkerJob['stack'];
  /** Default: one. */
  readonly branches?: number | undefined;
  /** What `--precision auto` is for it; left out: the experiment's own. */
  readonly precision?: PrecisionChoice['precision'] | undefined;
}

export interface Surroundings {
  /** The run's; that of a member is made with `experimentAt`. */
  readonly experiment: Experiment;
  readonly threads: number;
  /** The run's folder. */
  readonly runFolder: string;
  readonly runtime: Runtime;
  readonly eager: boolean;
  readonly tensorboard: boolean;
  readonly dataDir: string | undefined;
}

/** One worker's job: a member, or several that are trained as one program. */
export function memberJob(plans: readonly MemberPlan[], surroundings: Surroundings): PoolJob {
  const { runtime, threads } = surroundings;
  const members = plans.map((plan) => poolMember(plan, surroundings));
  const { branches } = firstOf(plans);
  const { xla } = surroundings.experiment;
  // On a GPU it has not been tried.
  const sharesWorker = runtime.device.kind === 'cpu';
  return { members, threads, environment: runtimeEnvironment({ runtime, threads, branches, xla }), sharesWorker };
}

function poolMember(plan: MemberPlan, surroundings: Surroundings): PoolMember {
  const { key } = plan;
  const runFolder = path.resolve(surroundings.runFolder);
  const job = workerJob(plan, surroundings);
  return { id: memberId(key), job, take: () => takeMember(runFolder, key, job) };
}

/** The message to its worker. Throws RunError for branches that no training of ours has. */
export function workerJob(
  { key, digest, stack, branches = 1, precision }: MemberPlan,
  { experiment, runFolder, runtime, threads, eager, tensorboard, dataDir }: Surroundings,
): WorkerJob {
  const own = experimentAt(experiment, key);
  if (own.batchSize % branches !== 0)
    throw new RunError(
      `has ${branches} branches for ${memberId(key)}, which are no equal parts of batches of ${own.batchSize}`,
      path.join(runFolder, 'run.json'),
      'restore it from a copy',
    );
  return {
    width: key.width,
    seed: key.seed,
    ...(key.factors === undefined ? {} : { factors: key.factors }),
    experiment: precision === undefined ? own : { ...own, precision },
    digest,
    runFolder: path.resolve(runFolder),
    dataDir: path.resolve(dataDir ?? dataFolder()),
    bindingPath: runtime.bindingPath,
    threads,
    branches,
    stack,
    eager,
    tensorboardFolder: tensorboard ? path.resolve(runFolder, 'tensorboard') : null,
    lock: null,
  };
}

/**
 * The member's lock, if it is free and the member is not complete. Throws RunError if the files on disk are not those of such a
 * member.
 */
async function takeMember(runFolder: string, key: MemberKey, job: WorkerJob): Promise<Taken> {
  const attempt = await lockMember(runFolder, memberId(key));
  if ('busy' in attempt) return 'busy';
  const { held } = attempt;
  const { file, token } = held;
  try {
    if (await isWhole(runFolder, key, job.digest)) {
      await held.release();
      return 'kept';
    }
    return { ...held, job: { ...job, lock: { file, token } } };
  } catch (error) {
    await held.release();
    throw error;
  }
}

/** Whether another process has completed it. Call it while holding its lock. */
async function isWhole(runFolder: string, key: MemberKey, digest: string): Promise<boolean> {
  if ((await fs.stat(path.join(runFolder, 'run.json')).catch(() => undefined)) === undefined)
    throw new RunError('there is no longer a run here: run.json is missing', runFolder);
  const folder = memberFolder(runFolder, key);
  // Whoever had the lock before may have been stopped while writing, and can no longer finish.
  await removeTemporaries(folder);
  return isComplete(folder, key, digest);
}

/**
 * Whether a member is complete on disk. Throws RunError if it belongs to another experiment, or its files do not match their
 * hashes: that is no reason to train again.
 */
export async function isComplete(folder: string, key: MemberKey, digest: string): Promise<boolean> {
  const record = await readMemberRecord(folder);
  if (record !== undefined && record.experiment !== digest)
    throw new RunError(otherExperiment, folder, 'delete it to train this member again, or give another --run NAME');
  if (record?.status !== 'complete') return false;
  const damage = await verifyMember(folder, record);
  if (damage !== undefined) throw new RunError(damage, memberId(key), `delete ${folder} to train this member again`);
  await removeCheckpoint(folder); // it is still there after a kill between the last two steps
  return true;
}
