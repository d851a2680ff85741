/** Processes that hold a run's lock, like one that trains it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { onTestFinished } from 'vitest';
import { nextWords } from './processes.js';

const lockFile = path.resolve(import.meta.dirname, '../../src/runs/lock.ts');

/** Resolves once the lock is held. The process ends with the test. */
export async function holdLock(runFolder: string): Promise<ChildProcess> {
  const program =
    `const { lockRun } = await import(${JSON.stringify(lockFile)});` +
    `await lockRun(${JSON.stringify(path.resolve(runFolder))}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await nextWords(child);
  return child;
}

/** Kills it, leaving its lock behind. */
export async function killHolder(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}
