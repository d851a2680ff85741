/**
 * A worker must not outlive its parent, even one killed with SIGKILL, of which there is no notification. A worker's own
 * event loop is blocked for minutes inside native calls, so a separate thread checks twice a second whether the parent
 * has changed.
 */
import { Worker } from 'node:worker_threads';

/** The environment variable in which the pool tells a worker its parent's process id. */
export const parentVariable = 'EMERGENCE_PARENT';

/** Plain JavaScript: a thread made from text needs no loader. SIGKILL, as nothing gentler interrupts a native call. */
const guard = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== workerData.parent) process.kill(process.pid, 'SIGKILL');
  }, 500);
`;

/**
 * Call it first in a worker. From then on the process dies within a second of its parent, and leaves Ctrl-C, which a
 * terminal sends to all processes, to the parent: it stops its workers with SIGTERM.
 */
export function endWithParent(): void {
  const parent = Number(process.env[parentVariable] ?? process.ppid);
  process.on('SIGINT', () => undefined);
  // A scheduler also sends it to all processes; without a listener Node would open its debugger.
  process.on('SIGUSR1', () => undefined);
  new Worker(guard, { eval: true, execArgv: [], workerData: { parent } }).unref();
}
