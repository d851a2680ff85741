/**
 * A lock between processes, on one host or on several that share a disk: a file that only one process can create, which the disk's
 * server ensures. It contains its holder, which rewrites it every few seconds. On the holder's own machine its process decides whether
 * it is alive; from any other only these signs of life do, by the clock of the disk, never by that of a host.
 *
 * A dead holder's lock is removed by whoever creates the one file that carries that lock's own random name (its token), so of the many
 * that find it dead only one removes it, and none removes a lock that was taken later. A process that may have lost a lock unnoticed,
 * for example because it was stopped for a minute, calls `confirm` before it writes.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { codeOf, RunError } from '../terminal/errors.js';
import { beat, stopBeating } from './heartbeat.js';
import { isRunning, ownerSchema, processHere, thisProcess, type Owner } from './owner.js';
import { ageOf } from './temporary.js';
import { cleanedUp, uninterrupted } from './uninterrupted.js';

/** How long after its last sign of life a holder on another machine counts as dead. */
const staleMilliseconds = 30_000;
/**
 * How long it is watched before its lock is taken: while a disk's server was unreachable, nobody could show signs of
 * life.
 */
const watchMilliseconds = 10_000;
/** A worker ends within a second of the process that started it. */
const orphanMilliseconds = 5000;
/** Size of a lock's file in bytes, whatever its content: overwritten in place, it never looks half-written. */
const fileBytes = 1024;

const contentSchema = z.strictObject({
  token: z.string(),
  owner: ownerSchema,
  /** The process that works for the owner, which may outlive it for a moment. */
  worker: ownerSchema.nullable(),
});
type Content = z.output<typeof contentSchema>;

/** A lock that is held. */
export interface Held {
  readonly file: string;
  readonly token: string;
  /** Aborted when another process has taken or removed it. */
  readonly lost: AbortSignal;
  /** Registers a process that works under this lock: it stays held until that process has ended too. */
  readonly share: (pid: number) => void;
  /** Throws RunError if the lock was lost. */
  readonly confirm: () => Promise<void>;
  readonly release: () => Promise<void>;
}

export type LockAttempt =
  | { readonly held: Held }
  /** Whose it is, where that is known. */
  | { readonly busy: Owner | undefined };

/** Where the lock of a file or a folder is: next to it, or inside a folder that is given with a slash at its end. */
export function lockFileOf(target: string): string {
  return `${target}.lock`;
}

/**
 * Errors of a shared disk while another host works on it, or while its server is away. EFAULT is what libnfs, the basis of NFS clients
 * outside the kernel, says instead of ESTALE.
 */
const passing: readonly string[] = ['ENOENT', 'ESTALE', 'EFAULT', 'EIO', 'EBUSY', 'EAGAIN', 'ETIMEDOUT', 'EINTR'];

const isPassing = (error: unknown) => passing.includes(codeOf(error) ?? '');

/**
 * Takes the lock or returns its holder; its folder must exist. A living holder is reported at once. One that seems dead on
 * another machine is watched for some seconds first.
 */
export async function tryLock(file: string): Promise<LockAttempt> {
  let waited = 0;
  for (let round = 0; round < 8; round++) {
    try {
      const taken = await uninterrupted(() => Promise.resolve(take(file)));
      if (taken !== undefined) return { held: taken };
      const found = await look(file);
      if (found.state === 'held') return { busy: found.owner };
      if (found.state === 'dead' && !remove(file, found.mark)) await dropRight(rightTo(file, found.mark));
      if (found.state === 'orphaned') {
        if ((waited += 100) > orphanMilliseconds) return { busy: found.owner };
        round--;
        await sleep(100);
      }
      if (found.state === 'watched') {
        round--;
        await sleep(Math.max(0, found.watchedUntil - performance.now()));
      }
    } catch (error) {
      // A folder that stays away is no lock of another.
      const isGone = codeOf(error) === 'ENOENT' && round > 1 && !fs.existsSync(path.dirname(file));
      if (!isPassing(error) || isGone) throw error;
      await sleep(20 * 2 ** round);
    }
  }
  return { busy: undefined };
}

export interface LockWait {
  /** Milliseconds between looks. */
  readonly every: number;
  /** Called once with the holder if another process has the lock. */
  readonly onWait?: ((owner: Owner | undefined) => void) | undefined;
  /** How long to wait for another holder, and what to throw then; default: as long as it takes. */
  readonly atMost?: { readonly milliseconds: number; readonly error: (owner: Owner | undefined) => Error } | undefined;
  /** Ends the waiting, which then throws. */
  readonly signal?: AbortSignal | undefined;
}

/** Takes a lock once it is free. */
export async function waitForLock(
  take: () => Promise<LockAttempt>,
  { every, onWait, atMost, signal }: LockWait,
): Promise<Held> {
  const began = performance.now();
  for (let isFirst = true; ; isFirst = false) {
    const attempt = await take();
    if ('held' in attempt) return attempt.held;
    if (atMost !== undefined && performance.now() - began >= atMost.milliseconds) throw atMost.error(attempt.busy);
    if (isFirst) onWait?.(attempt.busy);
    signal?.throwIfAborted();
    await sleep(every, undefined, { signal });
  }
}

/** Holder of a lock; undefined if unknown. */
export interface Holder {
  readonly owner: Owner | undefined;
}

/**
 * Holder of the lock, found without taking it; undefined if no living process has it.
 *
 * @param clock the disk's, if many locks of a folder are checked
 */
export async function holderOf(file: string, clock?: () => Promise<number>): Promise<Holder | undefined> {
  const found = await look(file, clock).catch((error: unknown) => {
    // A folder that has gone, or one that is no lock; else a disk that does not answer, and nobody can say that it is free.
    if (codeOf(error) === 'ENOENT' || error instanceof RunError) return { state: 'free' } as const;
    if (isPassing(error)) return { state: 'held', owner: undefined } as const;
    throw error;
  });
  return found.state === 'held' || found.state === 'orphaned' ? { owner: found.owner } : undefined;
}

/** Undefined if another has it. */
function take(file: string): Held | undefined {
  const fd = create(file);
  return fd === undefined ? undefined : hold(file, fd);
}

/** Undefined if there is one. */
function create(file: string): number | undefined {
  try {
    return fs.openSync(file, 'wx');
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

const held = new Set<Held>();

function hold(file: string, fd: number): Held {
  const content: Content = { token: randomUUID(), owner: thisProcess(), worker: null };
  const { token } = content;
  const lost = new AbortController();
  const bytesOf = (worker: Owner | null) =>
    Buffer.from(JSON.stringify({ ...content, worker }).padEnd(fileBytes - 1) + '\n');
  const write = (bytes: Buffer) => {
    fs.writeSync(fd, bytes, 0, bytes.length, 0);
  };
  const keep = (bytes: Buffer) => {
    beat({ file, fd, token, bytes }, () => {
      lost.abort();
    });
  };
  try {
    const bytes = bytesOf(null);
    write(bytes);
    keep(bytes);
  } catch (error) {
    // A full disk: nobody has it.
    fs.closeSync(fd);
    fs.rmSync(file, { force: true });
    throw error;
  }
  const stopCleanUp = cleanedUp(() => {
    remove(file, token);
  });
  const lock: Held = {
    file,
    token,
    lost: lost.signal,
    share: (pid) => {
      const bytes = bytesOf(processHere(pid));
      keep(bytes);
      try {
        write(bytes);
      } catch (error) {
        // The next sign of life says it.
        if (!isPassing(error)) throw error;
      }
    },
    confirm: () => confirmLock({ file, token }),
    release: async () => {
      if (!held.delete(lock)) return;
      await stopBeating(token);
      fs.closeSync(fd);
      remove(file, token);
      stopCleanUp();
    },
  };
  held.add(lock);
  return lock;
}

// A process that exits normally leaves no lock: from another host it would look alive for a while.
process.on('exit', () => {
  for (const { file, token } of held) remove(file, token);
});

/** Throws RunError if the lock belongs to another process now, or to nobody. */
export async function confirmLock({ file, token }: Pick<Held, 'file' | 'token'>): Promise<void> {
  for (let round = 0; ; round++) {
    try {
      if (readLock(file)?.mark === token) return;
      break;
    } catch (error) {
      if (!isPassing(error) || round === 8) throw error;
      await sleep(20 * 2 ** round);
    }
  }
  throw new RunError(
    'its lock was lost: another process took it, or it was removed',
    file,
    'run the command again to resume',
  );
}

type Found =
  | { readonly state: 'free' }
  | { readonly state: 'held' | 'orphaned'; readonly owner: Owner | undefined }
  | { readonly state: 'dead'; readonly mark: string }
  | { readonly state: 'watched'; readonly watchedUntil: number };

/** Since when, by this process's own clock, locks that seem dead have been unchanged. */
const watched = new Map<string, { readonly look: string; readonly since: number }>();

async function look(file: string, clock?: () => Promise<number>): Promise<Found> {
  const read = readLock(file);
  if (read === undefined) return { state: 'free' };
  const { content, mark, modified } = read;
  const { owner, worker } = content ?? {};
  const alive = owner === undefined ? undefined : isRunning(owner);
  if (alive === true) return { state: 'held', owner };
  if (alive === false) {
    if (worker === null || worker === undefined || isRunning(worker) !== true) return { state: 'dead', mark };
    return { state: 'orphaned', owner };
  }
  const age = await ageOf(file, clock);
  // If nothing can be written, the disk's clock cannot be read, and a lock counts as held.
  if (age === undefined || age <= staleMilliseconds) {
    watched.delete(file);
    return { state: 'held', owner };
  }
  const now = performance.now();
  const seen = watched.get(file);
  const as = `${mark} ${modified}`;
  const since = seen?.look === as ? seen.since : now;
  watched.set(file, { look: as, since });
  if (now - since >= watchMilliseconds) return { state: 'dead', mark };
  return { state: 'watched', watchedUntil: since + watchMilliseconds };
}

interface Read {
  /** Undefined if a holder died while writing it. */
  readonly content: Content | undefined;
  /** Distinguishes this lock from any other that this file has been or will be. */
  readonly mark: string;
  readonly modified: number;
}

/** Opened again each time, so that a shared disk is really asked. Undefined if there is none. */
function readLock(file: string): Read | undefined {
  let fd: number;
  try {
    fd = fs.openSync(file, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = fs.fstatSync(fd);
    const content = stats.isDirectory() ? readEarlier(file) : parsed(contentSchema, fs.readFileSync(fd, 'utf8'));
    const mark = content?.token ?? `${stats.ino}-${Math.trunc(stats.birthtimeMs)}`;
    return { content, mark, modified: stats.mtimeMs };
  } finally {
    fs.closeSync(fd);
  }
}

/** A lock of an earlier version: an empty folder with the owner's file next to it. Throws RunError for any other folder. */
function readEarlier(folder: string): Content | undefined {
  if (fs.readdirSync(folder).length > 0)
    throw new RunError('is a folder with files in it, in the place of a lock', folder, 'move it elsewhere');
  const file = earlierOwnerFile(folder);
  const owner = fs.existsSync(file) ? parsed(ownerSchema, fs.readFileSync(file, 'utf8')) : undefined;
  return owner === undefined ? undefined : { token: `${owner.pid}-${String(owner.started)}`, owner, worker: null };
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function rightTo(file: string, mark: string): string {
  return `${file}.taken-${mark}`;
}

/** Removes a lock that matches the mark, and no other: of all who want to, one gets the right to. False if another has it. */
function remove(file: string, mark: string): boolean {
  const right = rightTo(file, mark);
  try {
    const fd = create(right);
    if (fd === undefined) return false;
    try {
      sign(fd);
      if (readLock(file)?.mark === mark) removeEither(file);
    } finally {
      fs.rmSync(right, { force: true });
    }
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
  return true;
}

/**
 * Writes the owner of a right, and closes it. On a full disk it stays empty, and only its age decides whether it still
 * counts.
 */
function sign(fd: number): void {
  try {
    fs.writeSync(fd, JSON.stringify({ token: randomUUID(), owner: thisProcess(), worker: null }));
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    fs.closeSync(fd);
  }
}

/** Locks of earlier versions were folders. */
function removeEither(file: string): void {
  if (!fs.statSync(file).isDirectory()) {
    fs.unlinkSync(file);
    return;
  }
  fs.rmSync(earlierOwnerFile(file), { force: true });
  fs.rmdirSync(file);
}

function earlierOwnerFile(folder: string): string {
  return `${folder}-owner.json`;
}

/** The right of a process that was killed in the millisecond in which it had it. */
async function dropRight(right: string): Promise<void> {
  const found = await look(right);
  if (found.state === 'dead') remove(right, found.mark);
  else await sleep(20);
}
