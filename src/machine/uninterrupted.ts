/** Writes that are finished before Ctrl-C, a polite kill or a closed terminal ends the program: nothing half-written is left. */
import { stopSignals } from '../terminal/signals.js';

let writes = 0;
let received: NodeJS.Signals | undefined;

/**
 * Runs `write`, and ends the program by the signal that came meanwhile when it is over. A second signal ends it at once, as a disk may
 * hang; a command that stops by itself, as `train` does, is left to it.
 */
export async function uninterrupted<T>(write: () => Promise<T>): Promise<T> {
  if (writes++ === 0) for (const name of stopSignals) process.on(name, onSignal);
  try {
    return await write();
  } finally {
    // A signal that came in this turn of the event loop is not told before it is over, and would be lost.
    await new Promise((resolve) => setImmediate(resolve));
    if (--writes === 0) release();
  }
}

function onSignal(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return;
  const isSecond = received !== undefined;
  received = name;
  if (isSecond) release();
}

function release(): void {
  for (const name of stopSignals) process.off(name, onSignal);
  if (received !== undefined) process.kill(process.pid, received);
}
