/** Programs that are started to install something: pip, a compiler. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { present } from '../machine/present.js';

/**
 * Starts a program that ends, with all that it has started in turn, once `signal` aborts: a compiler's driver leaves its passes
 * running when it alone is ended. They are a process group of their own, so that a terminal's Ctrl-C reaches them by `signal` alone.
 */
export function spawnGroup(
  [command, ...words]: readonly string[],
  options: SpawnOptions,
  signal: AbortSignal | undefined,
): ChildProcess {
  signal?.throwIfAborted();
  const child = spawn(present(command), words, { ...options, detached: true });
  const stop = () => {
    endGroup(child);
  };
  signal?.addEventListener('abort', stop, { once: true });
  child.once('close', () => {
    signal?.removeEventListener('abort', stop);
  });
  return child;
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
