/**
 * What Ctrl-C, a polite kill or a closed terminal must not leave behind: a write is finished before the program ends, and what is held,
 * such as a lock, is given up. Commands that stop by themselves, as `train` does, are left to it.
 */
import { stopSignals } from '../terminal/signals.js';

let writes = 0;
let received: NodeJS.Signals | undefined;
const cleanups = new Set<() => void>();

/** Runs `write`, and ends the program by the signal that came meanwhile when it is over; a second one ends it at once, as a disk may hang. */
export async function uninterrupted<T>(write: () => Promise<T>): Promise<T> {
  writes++;
  listen();
  try {
    return await write();
  } finally {
    // A signal that came in this turn of the event loop is not told before it is over, and would be lost.
    await new Promise((resolve) => setImmediate(resolve));
    writes--;
    if (writes === 0 && received !== undefined) end(received);
    rest();
  }
}

/** Has a signal that ends the program call `clean` first. Returns what takes that back. */
export function cleanedUp(clean: () => void): () => void {
  cleanups.add(clean);
  listen();
  return () => {
    cleanups.delete(clean);
    rest();
  };
}

function listen(): void {
  if (!process.listeners('SIGINT').includes(onSignal)) for (const name of stopSignals) process.on(name, onSignal);
}

function rest(): void {
  if (writes === 0 && cleanups.size === 0) for (const name of stopSignals) process.off(name, onSignal);
}

function onSignal(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return;
  if (writes === 0 || received !== undefined) end(name);
  received = name;
}

function end(name: NodeJS.Signals): void {
  for (const clean of cleanups) clean();
  for (const each of stopSignals) process.off(each, onSignal);
  process.kill(process.pid, name);
}
