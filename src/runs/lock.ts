/**
 * One `train` at a time works on a run. The lock is proper-lockfile's: a folder whose time the owner keeps fresh. Beside
 * it stands who the owner is, since its age alone decides badly at both ends: an owner that is stopped or busy looks dead
 * after some seconds, and one that was killed looks alive for as long. On the owner's own machine its process decides;
 * the age counts only from another machine (a shared disk) or after a restart of this one.
 */
import * as fs from 'node:fs/promises';
import { readFileSync, readlinkSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import lockfile from 'proper-lockfile';
import * as z from 'zod';
import { RunError } from '../terminal/errors.js';
import { codeOf, createFolder, diskError, isAlive, readTextIfThere, removeLeftovers } from './files.js';

/** How long after its last sign of life an owner on another machine counts as dead. */
const staleMilliseconds = 30_000;
/** A guard is held for some milliseconds; one this old belongs to a process that was killed in just these. */
const staleGuardMilliseconds = 2000;

const ownerSchema = z.strictObject({
  pid: z.int(),
  /** When the process started, in the machine's own count, as process ids come again; null where the machine has none. */
  started: z.string().nullable(),
  host: z.string(),
  /** Boot and process namespace: within one, a process id means one process. */
  machine: z.string(),
});
type Owner = z.output<typeof ownerSchema>;

/**
 * Locks a run's folder, creating it where there is none, until the returned function is called or the process ends. Once
 * it is locked, what killed processes left beside the run's files is removed.
 *
 * @throws RunError, one line, while another process works on the run
 */
export async function lockRun(runFolder: string): Promise<() => Promise<void>> {
  await createFolder(runFolder);
  const release = await acquire(runFolder).catch(async (error: unknown) => {
    // Nothing half-made stays: an empty folder goes, one with anything in it does not.
    await fs.rmdir(runFolder).catch(() => undefined);
    throw error;
  });
  await tidy(runFolder);
  return () => unlock(runFolder, release);
}

async function unlock(runFolder: string, release: () => Promise<void>): Promise<void> {
  await fs.rm(ownerFile(runFolder), { force: true });
  await release();
}

/** What processes that were killed have left beside the run's files. */
async function tidy(runFolder: string): Promise<void> {
  const members = path.join(runFolder, 'members');
  const names = await fs.readdir(members).catch(() => []);
  for (const folder of [runFolder, ...names.map((name) => path.join(members, name))]) await removeLeftovers(folder);
}

const ownerFile = (runFolder: string) => path.join(runFolder, '.lock-owner.json');
const lockFolder = (runFolder: string) => path.join(runFolder, '.lock');

/** Looks and takes in one go: two processes that both find a dead owner must not both clear it away. */
async function acquire(runFolder: string): Promise<() => Promise<void>> {
  const leaveGuard = await enterGuard(runFolder);
  try {
    const owner = await readOwner(runFolder);
    const alive = owner === undefined ? undefined : isRunning(owner);
    if (owner !== undefined && alive === true && (await isLocked(runFolder))) throw busy(runFolder, owner);
    if (alive === false) await fs.rm(lockFolder(runFolder), { recursive: true, force: true });
    const release = await takeLock(runFolder, owner);
    await fs.writeFile(ownerFile(runFolder), JSON.stringify(thisProcess())).catch(async (error: unknown) => {
      await unlock(runFolder, release);
      throw error;
    });
    return release;
  } catch (error) {
    throw diskError(error, runFolder);
  } finally {
    await leaveGuard();
  }
}

async function enterGuard(runFolder: string): Promise<() => Promise<void>> {
  try {
    // proper-lockfile knows a lock by the name it was asked for, so the guard needs another than the run's folder.
    return await lockfile.lock(path.join(runFolder, '.lock-guard'), {
      realpath: false,
      lockfilePath: path.join(runFolder, '.lock-guard'),
      stale: staleGuardMilliseconds,
      retries: { retries: 80, factor: 1, minTimeout: 50, maxTimeout: 50 },
    });
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') throw busy(runFolder);
    throw diskError(error, runFolder);
  }
}

async function takeLock(runFolder: string, owner: Owner | undefined): Promise<() => Promise<void>> {
  try {
    return await lockfile.lock(runFolder, {
      lockfilePath: lockFolder(runFolder),
      stale: staleMilliseconds,
      onCompromised: (error) => {
        throw new RunError(
          'the lock of this run was lost: another process took it or removed it',
          runFolder,
          'run the command again: it goes on where it was',
          { cause: error },
        );
      },
    });
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') throw busy(runFolder, owner);
    throw error;
  }
}

function busy(runFolder: string, owner?: Owner): RunError {
  const here = owner?.machine === thisProcess().machine;
  const who = owner === undefined ? '' : ` (process ${owner.pid}${here ? '' : ` on ${owner.host}`})`;
  const remedy = 'wait until that is through, or give another name with --run';
  return new RunError(`another command is working on run "${path.basename(runFolder)}"${who}`, undefined, remedy);
}

async function readOwner(runFolder: string): Promise<Owner | undefined> {
  const text = await readTextIfThere(ownerFile(runFolder));
  if (text === undefined) return undefined;
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    // Killed while it was written: nothing is known of the owner, so the age of the lock decides.
    return undefined;
  }
}

async function isLocked(runFolder: string): Promise<boolean> {
  return (await fs.stat(lockFolder(runFolder)).catch(() => undefined)) !== undefined;
}

/** Undefined where it can't be known from here. */
function isRunning(owner: Owner): boolean | undefined {
  if (owner.machine !== thisProcess().machine) return undefined;
  if (!isAlive(owner.pid)) return false;
  return owner.started === null || owner.started === startOf(owner.pid);
}

function thisProcess(): Owner {
  return { pid: process.pid, started: startOf(process.pid), host: os.hostname(), machine: machine() };
}

/** Start of a process in clock ticks since boot, from Linux's /proc; null elsewhere. A zombie has ended and has none. */
function startOf(pid: number): string | null {
  const stat = readQuietly(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name in brackets may hold spaces and brackets itself; what follows the last one is fields 3, 4, ...
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

function machine(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: the host's name has to do.
  }
  return [os.hostname(), (readQuietly('/proc/sys/kernel/random/boot_id') ?? '').trim(), namespace].join(' ');
}

/** For files that only Linux has. */
function readQuietly(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
