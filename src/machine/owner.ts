/**
 * Which process something belongs to, recorded so that another process, now or after a crash, can tell whether it is still
 * running.
 */
import { randomUUID } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import * as os from 'node:os';
import * as z from 'zod';
import { codeOf } from '../terminal/errors.js';
import { readSystemFile } from './system-files.js';

const unknown = randomUUID();

export const ownerSchema = z.strictObject({
  pid: z.int(),
  /**
   * When the process started, in the machine's own count, as process ids are reused; null if the machine does not have
   * one.
   */
  started: z.string().nullable(),
  host: z.string(),
  /** Boot and process namespace: within one, a process id identifies a process. */
  machine: z.string(),
});
export type Owner = z.output<typeof ownerSchema>;

export function thisProcess(): Owner {
  return processHere(process.pid);
}

/** A process of this machine. */
export function processHere(pid: number): Owner {
  return { pid, started: startOf(pid), ...thisMachine() };
}

export function thisMachine(): Pick<Owner, 'host' | 'machine'> {
  return { host: os.hostname(), machine: machine() };
}

/** For messages: `process 12`, with the host if it is another machine. */
export function processText(owner: Owner | undefined): string {
  if (owner === undefined) return 'another process';
  return `process ${owner.pid}${owner.machine === machine() ? '' : ` on ${owner.host}`}`;
}

/** Undefined if it cannot be determined from here. */
export function isRunning(owner: Owner): boolean | undefined {
  if (owner.machine !== machine()) return undefined;
  if (!isAlive(owner.pid)) return false;
  return owner.started === null || owner.started === startOf(owner.pid);
}

/** Whether a process with this id is running on this machine (EPERM: it is, and belongs to somebody else). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Start of a process in clock ticks since boot, from Linux's /proc; null elsewhere. A zombie has ended and has none. */
function startOf(pid: number): string | null {
  const stat = readSystemFile(`/proc/${pid}/stat`);
  // The name in brackets may contain spaces and brackets itself; the fields after the last one are 3, 4, ...
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

function machine(): string {
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
    // A /proc of another namespace knows our processes by other ids, so nobody may judge us by them.
    if (readlinkSync('/proc/self') !== String(process.pid)) namespace += ` ${unknown}`;
  } catch {
    // Not Linux: the host's name has to do.
  }
  return [os.hostname(), readSystemFile('/proc/sys/kernel/random/boot_id').trim(), namespace].join(' ');
}
