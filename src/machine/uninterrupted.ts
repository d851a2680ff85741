/**
 * What Ctrl-C, SIGTERM or a closed terminal must not leave behind: a write is finished before the program ends, and locks are released.
 * Commands that stop by themselves, as `train` does, handle signals themselves.
 */
import { stopSignals } from '../terminal/signals.js';

let writes = 0;
let received: NodeJS.Signals | undefined;
const cleanups = new Set<() => void>();

/**
 * Runs `write`, and afterwards ends the program by a signal that was received meanwhile; a second one ends it at once, as a disk may hang.
 */
export async function uninterrupted<T>(write: () => Promise<T>): Promise<T> {
  writes++;
  listen();
  try {
    return await write();
  } finally {
    // A signal that arrived in this turn of the event loop is only reported after it, and would be lost.
    await new Promise((resolve) => setImmediate(resolve));
    writes--;
    if (writes === 0 && received !== undefined) end(received);
    rest();
  }
}

/** Makes a signal that ends the program call `clean` first. Returns a function that undoes this. */
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
