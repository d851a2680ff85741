/** Starts the programs that install something: pip, a compiler. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { present } from '../machine/present.js';

/**
 * Starts a program that ends, with everything it has started, once `signal` aborts: killing only a compiler's driver would leave its
 * passes running. They form their own process group, so that a terminal's Ctrl-C reaches them only through `signal`.
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
    // It has already exited.
  }
}
