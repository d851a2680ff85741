/** Publishes things, whole or not at all, in the user's cache folder, which all checkouts share. */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolders, writeFileAtomic } from '../machine/files.js';
import { lockFileOf, tryLock } from '../machine/lock.js';
import { processText } from '../machine/owner.js';
import { codeOf, RunError } from '../terminal/errors.js';

export type ReportLine = (line: string) => void;

export interface Publication {
  /** The folder to create. */
  readonly target: string;
  /** Whether `target` already holds what `make` would make; if not, it is made again. */
  readonly isWhole: () => Promise<boolean>;
  /** Fills an empty folder. */
  readonly make: (folder: string) => Promise<void>;
  readonly progress: ReportLine;
  /** Stops waiting for another process. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a folder and publishes it by a rename. If several processes want it, one makes it and the others wait; leftovers of killed
 * processes are removed. Writes nothing if the folder exists, so the cache may then be read-only.
 *
 * @throws RunError if the cache can't be written or is full, and whatever `make` throws
 */
export async function publishFolder(publication: Publication): Promise<void> {
  if (await publication.isWhole()) return;
  const { target } = publication;
  try {
    await makeFolders(path.dirname(target));
    const release = await lock(publication);
    // Another process made it while this one waited.
    if (release === undefined) return;
    try {
      if (!(await publication.isWhole())) await replace(publication);
    } finally {
      await release();
    }
  } catch (error) {
    throw cacheError(error, target);
  }
}

async function replace({ target, make }: Publication): Promise<void> {
  await removeLeftovers(target);
  const aside = `${target}.${randomUUID()}.tmp`;
  try {
    await fs.mkdir(aside);
    await make(aside);
    // Deleted first: a folder can't be renamed onto one that holds files.
    await fs.rm(target, { recursive: true, force: true });
    await fs.rename(aside, target);
  } finally {
    await fs.rm(aside, { recursive: true, force: true });
  }
}

/** Removes leftovers of killed processes. Call it only with the lock held. */
async function removeLeftovers(target: string): Promise<void> {
  const folder = path.dirname(target);
  const prefix = `${path.basename(target)}.`;
  const names = (await fs.readdir(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.tmp'));
  for (const name of names) await fs.rm(path.join(folder, name), { recursive: true, force: true });
}

const lookAgainMilliseconds = 500;
const sayAgainMilliseconds = 60_000;

/** Releases the lock; undefined if its owner has made the folder meanwhile. */
async function lock({ target, isWhole, progress, signal }: Publication): Promise<(() => Promise<void>) | undefined> {
  let saidAt = -Infinity;
  for (;;) {
    // If the lock is lost and two processes make the folder, at worst one has to start again.
    const attempt = await tryLock(lockFileOf(target));
    if ('held' in attempt) return attempt.held.release;
    if (await isWhole()) return undefined;
    if (performance.now() - saidAt > sayAgainMilliseconds) {
      progress(`waiting for ${processText(attempt.busy)}, which is building ${target}`);
      saidAt = performance.now();
    }
    await sleep(lookAgainMilliseconds, undefined, { signal });
  }
}

/** Writes a small file to the cache: readers see the old one or the new one. Throws RunError. */
export async function writeCacheFile(file: string, text: string): Promise<void> {
  await makeFolders(path.dirname(file)).catch((error: unknown) => {
    throw cacheError(error, file);
  });
  await writeFileAtomic(file, text, { failure: cacheError });
}

const elsewhere = 'set EMERGENCE_CACHE_DIR to a folder that can be written';

export const diskIsFull = (where: string, cause?: unknown): RunError =>
  new RunError('the disk is full', where, 'free some space, or set EMERGENCE_CACHE_DIR to a folder on another disk', {
    cause,
  });

const refusals: Readonly<Record<string, string>> = {
  EACCES: 'no permission to write',
  EPERM: 'no permission to write',
  EROFS: "can't be written, the file system is read-only",
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  ENOENT: "can't be created, or was removed meanwhile",
};

/** Turns disk errors into a RunError; anything else is returned unchanged. */
export function cacheError(error: unknown, where: string): unknown {
  const code = codeOf(error) ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskIsFull(where, error);
  const what = refusals[code];
  return what === undefined ? error : new RunError(what, where, elsewhere, { cause: error });
}
