/** The user's cache folder, shared by all checkouts, and how something appears in it whole or not at all. */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import lockfile from 'proper-lockfile';
import { RunError } from '../../terminal/errors.js';

export type Progress = (line: string) => void;

/** EMERGENCE_CACHE_DIR, or a folder of ours in the platform's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { EMERGENCE_CACHE_DIR: own, XDG_CACHE_HOME: xdg } = environment;
  if (own !== undefined && own !== '') return path.resolve(own);
  const home = os.homedir();
  const system = process.platform === 'darwin' ? path.join(home, 'Library', 'Caches') : path.join(home, '.cache');
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : system, 'vision-emergence-lab');
}

/** A name for work in progress beside `target`. */
function asideOf(target: string): string {
  return `${target}.${process.pid}.${randomUUID()}.tmp`;
}

/**
 * Has `make` fill a folder and publishes it as `target` by a rename. Of two processes one makes it and the other waits;
 * what a process that was killed left behind is removed. Does nothing where `target` is there.
 */
export async function publishFolder(
  target: string,
  progress: Progress,
  make: (folder: string) => Promise<void>,
): Promise<void> {
  if (await exists(target)) return;
  await createCacheFolder(path.dirname(target));
  const unlock = await lock(target, progress);
  try {
    if (await exists(target)) return;
    await removeLeftovers(target);
    const aside = asideOf(target);
    try {
      await fs.mkdir(aside);
      await make(aside);
      await fs.rename(aside, target);
    } finally {
      await fs.rm(aside, { recursive: true, force: true });
    }
  } catch (error) {
    throw fullDisk(error, target);
  } finally {
    await unlock();
  }
}

export async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

async function createCacheFolder(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder, { recursive: true });
  } catch (error) {
    const remedy = 'set EMERGENCE_CACHE_DIR to a folder that can be written';
    throw new RunError(`can't be made (${(error as NodeJS.ErrnoException).code ?? 'error'})`, folder, remedy, {
      cause: error,
    });
  }
}

/** A dead owner's lock is stale after 20 s: its time is no longer kept fresh. */
async function lock(target: string, progress: Progress): Promise<() => Promise<void>> {
  const options = { realpath: false, lockfilePath: `${target}.lock`, stale: 20_000, update: 5000 };
  try {
    return await lockfile.lock(target, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw fullDisk(error, target);
  }
  progress(`another process is making ${target}: waiting for it`);
  // An hour: a slow line may take that long for a gigabyte.
  return lockfile.lock(target, {
    ...options,
    retries: { retries: 3600, factor: 1, minTimeout: 1000, maxTimeout: 1000 },
  });
}

async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${path.basename(target)}.`;
  for (const name of await fs.readdir(path.dirname(target))) {
    if (name.startsWith(prefix) && name.endsWith('.tmp'))
      await fs.rm(path.join(path.dirname(target), name), { recursive: true, force: true });
  }
}

function fullDisk(error: unknown, where: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new RunError(
      'the disk is full',
      where,
      'free 3 GB, or set EMERGENCE_CACHE_DIR to a folder on another disk',
      { cause: error },
    );
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return new RunError('no permission to write', where, 'set EMERGENCE_CACHE_DIR to a folder that can be written', {
      cause: error,
    });
  }
  return error;
}
