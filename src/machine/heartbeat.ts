/**
 * Signs of life of the locks that this process holds: a thread rewrites each of them every few seconds, whatever the process
 * itself computes meanwhile, so that the disk's clock stamps it. It also checks whether a lock is still the one that was taken.
 */
import { Worker } from 'node:worker_threads';

export interface Beating {
  readonly file: string;
  /** Open for writing. */
  readonly fd: number;
  readonly token: string;
  /** The content of the file, including the token. */
  readonly bytes: Uint8Array;
}

const intervalMilliseconds = 5000;

/**
 * Plain JavaScript: a thread made from text needs no loader. What a shared disk rejects now it may accept the next time.
 */
const program = `
  const fs = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  const locks = new Map();
  parentPort.on('message', ({ start, stop }) => {
    if (start !== undefined) locks.set(start.token, start);
    if (stop !== undefined) {
      locks.delete(stop);
      parentPort.postMessage({ stopped: stop });
    }
  });
  const isTheirs = ({ file, token }) => {
    try {
      return !fs.readFileSync(file, 'utf8').includes(token);
    } catch (error) {
      return error.code === 'ENOENT';
    }
  };
  setInterval(() => {
    for (const lock of [...locks.values()]) {
      try {
        fs.writeSync(lock.fd, lock.bytes, 0, lock.bytes.length, 0);
        fs.fsyncSync(lock.fd);
      } catch {}
      if (isTheirs(lock)) {
        locks.delete(lock.token);
        parentPort.postMessage({ lost: lock.token });
      }
    }
  }, workerData.interval);
`;

interface FromThread {
  readonly lost?: string;
  readonly stopped?: string;
}

let thread: Worker | undefined;
const whenLost = new Map<string, () => void>();
const whenStopped = new Map<string, () => void>();

function theThread(): Worker {
  if (thread !== undefined) return thread;
  thread = new Worker(program, { eval: true, execArgv: [], workerData: { interval: intervalMilliseconds } });
  thread.on('message', ({ lost, stopped }: FromThread) => {
    if (lost !== undefined) whenLost.get(lost)?.();
    if (stopped !== undefined) whenStopped.get(stopped)?.();
  });
  thread.unref();
  return thread;
}

/** Keeps a lock alive; if called again, with the current content of its file. */
export function beat(lock: Beating, onLost: () => void): void {
  whenLost.set(lock.token, onLost);
  theThread().postMessage({ start: lock });
}

/** Resolves once the thread has finished with it: nothing is written to it after it is closed and removed. */
export async function stopBeating(token: string): Promise<void> {
  whenLost.delete(token);
  await new Promise<void>((resolve) => {
    whenStopped.set(token, resolve);
    const at = theThread();
    at.ref();
    at.postMessage({ stop: token });
  });
  whenStopped.delete(token);
  if (whenStopped.size === 0) thread?.unref();
}
