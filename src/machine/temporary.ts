/**
 * Names of files being written, which identify the writer: `.run.json.12@node7-1a2b3c4d.UUID.tmp` belongs to process 12 of that host. Until
 * version 0.1 they were `.run.json.12.UUID.tmp`. And the time by the clock of a disk's server, the only one by which the ages of files are
 * judged: the clocks of hosts that share a disk differ.
 */
import { createHash, randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isAlive, thisMachine } from './owner.js';
import { uninterrupted } from './uninterrupted.js';

const temporary = /^\..+\.(\d+)(?:@([A-Za-z0-9-]+))?\.[0-9a-f-]{36}\.tmp$/;

/** How old a file that a process of another machine was writing must be to count as a leftover. */
const leftoverMilliseconds = 3_600_000;

export function temporaryName(name: string): string {
  return `.${name}.${process.pid}@${here()}.${randomUUID()}.tmp`;
}

/**
 * This machine in a file's name: its host, and what distinguishes it from others of that name, its restarts and its
 * containers.
 */
function here(): string {
  const { host, machine } = thisMachine();
  const mark = createHash('sha256').update(machine).digest('hex').slice(0, 8);
  return `${host.replaceAll(/[^A-Za-z0-9-]/g, '-')}-${mark}`;
}

/** Whether a file of this name is being written, or was. */
export function isTemporary(name: string): boolean {
  return temporary.test(name);
}

/** Whether a file's writer is gone: its process has ended; or, on another machine, it has not been written to for an hour. */
export async function isLeftover(file: string): Promise<boolean> {
  const [, pid, host] = temporary.exec(path.basename(file)) ?? [];
  if (pid === undefined) return false;
  if (host === undefined || host === here()) return !isAlive(Number(pid));
  const age = await ageOf(file);
  return age !== undefined && age > leftoverMilliseconds;
}

/** Milliseconds since a file or folder was written to, by the clock of its disk; undefined if unknown. */
export async function ageOf(file: string, clock = () => diskTime(path.dirname(file))): Promise<number | undefined> {
  try {
    const { mtimeMs } = await fs.stat(file);
    return (await clock()) - mtimeMs;
  } catch {
    return undefined;
  }
}

/** `diskTime`, for the ages of many files of a folder: one file is written for all, and this process's own count added. */
export function diskClock(folder: string): () => Promise<number> {
  let start: Promise<number> | undefined;
  return async () => {
    start ??= diskTime(folder).then((time) => time - performance.now());
    return (await start) + performance.now();
  };
}

/** Milliseconds, by the clock that stamps files in `folder`: those of one that is written there, and goes. */
async function diskTime(folder: string): Promise<number> {
  const probe = path.join(folder, temporaryName('clock'));
  return uninterrupted(async () => {
    const handle = await fs.open(probe, 'wx');
    try {
      await handle.writeFile('x');
      await handle.sync();
      return (await handle.stat()).mtimeMs;
    } finally {
      await handle.close();
      await fs.rm(probe, { force: true });
    }
  });
}
