/** The lock itself: many processes that want it, a disk that fails like a network disk, and things that are not locks. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { holderOf, tryLock } from '../../../src/machine/lock.js';
import { lockMember } from '../../../src/runs/lock.js';
import { temporaryFolder } from '../../support/runs.js';

const contender = path.resolve(import.meta.dirname, '../../support/contender.ts');

interface Contender {
  readonly child: ChildProcess;
  /** All of it. */
  readonly said: Promise<string>;
  /** Resolves once it has had the lock. */
  readonly taken: Promise<unknown>;
}

function contend(file: string, rounds: number): Contender {
  const child = spawn(process.execPath, ['--import', 'tsx', contender, file, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let heard = '';
  const taken = new Promise((resolve) => {
    child.stdout.on('data', (data: Buffer) => {
      heard += data.toString();
      if (heard.includes('taken')) resolve(undefined);
    });
  });
  return { child, taken, said: once(child, 'close').then(() => heard) };
}

/** LOCK_ROUNDS for a long trial. */
const rounds = Number(process.env['LOCK_ROUNDS'] ?? 40);

test(`three processes take a lock ${rounds} times each, never two at once, while a fourth is killed`, async () => {
  const file = path.join(await temporaryFolder(), 'member');
  const many = [rounds, rounds, rounds].map((count) => contend(file, count));
  const killed = contend(file, 1_000_000);
  // While it is trying too, however late it has started.
  await Promise.all([Promise.race(many.map(({ child }) => once(child, 'exit'))), killed.taken]);
  killed.child.kill('SIGKILL');
  for (const { said } of many) {
    const lines = (await said).trim().split('\n');
    expect(lines.filter((line) => line === 'taken')).toHaveLength(rounds);
    expect(new Set(lines)).toEqual(new Set(['ready', 'taken', 'done']));
  }
  const ofKilled = new Set((await killed.said).trim().split('\n'));
  expect(ofKilled).toEqual(new Set(['ready', 'taken']));
  const held = await tryLock(file);
  expect(held).toHaveProperty('held');
  if ('held' in held) await held.held.release();
  // Nothing is left but what the killed one was writing.
  const isOfKilled = (name: string) => name === 'member-inside' || name.startsWith(`.clock.${killed.child.pid!}@`);
  expect((await fs.readdir(path.dirname(file))).filter((name) => !isOfKilled(name))).toEqual([]);
}, 120_000);

type Operation = 'openSync' | 'fstatSync' | 'readFileSync' | 'writeSync' | 'unlinkSync' | 'closeSync';
const system = createRequire(import.meta.url)('node:fs') as Record<Operation, (...words: unknown[]) => unknown>;

/** While in force, system calls on the folder's contents fail as instructed; the waits between tries take no time. */
function failing(folder: string, operation: Operation, fails: (call: number) => string | undefined): () => void {
  const real = system[operation];
  const open = system.openSync;
  const timers = createRequire(import.meta.url)('node:timers/promises') as { setTimeout: unknown };
  const wait = timers.setTimeout;
  const ours = new Set<unknown>();
  let calls = 0;
  const spoiled =
    (call: (...words: unknown[]) => unknown) =>
    (...words: unknown[]) => {
      const isOurs = ours.has(words[0]) || String(words[0]).startsWith(folder);
      const code = isOurs ? fails(calls++) : undefined;
      if (code !== undefined) throw Object.assign(new Error(`${code}: injected`), { code, syscall: operation });
      return call(...words);
    };
  const watched = (...words: unknown[]) => {
    const fd = open(...words);
    if (String(words[0]).startsWith(folder)) ours.add(fd);
    return fd;
  };
  system.openSync = watched;
  system[operation] = spoiled(operation === 'openSync' ? watched : real);
  timers.setTimeout = () => new Promise((resolve) => setImmediate(resolve));
  syncBuiltinESMExports();
  return () => {
    system.openSync = open;
    system[operation] = real;
    timers.setTimeout = wait;
    syncBuiltinESMExports();
  };
}

const codes = ['ENOENT', 'ESTALE', 'EFAULT', 'EIO', 'EBUSY', 'EAGAIN', 'ETIMEDOUT', 'EINTR'];
const calls: readonly (readonly [Operation, boolean])[] = [
  ['openSync', false],
  ['openSync', true],
  ['fstatSync', true],
  ['readFileSync', true],
  ['writeSync', false],
];

test.each(calls.flatMap(([operation, isHeld]) => codes.map((code) => [operation, code, isHeld] as const)))(
  '%s failing with %s while the lock is held (%s) is not an error: once has no effect, always means busy',
  async (operation, code, isHeld) => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'member');
    const other = isHeld ? await tryLock(file) : undefined;
    for (const fails of [(call: number) => (call === 0 ? code : undefined), () => code]) {
      const isAlways = fails(9) !== undefined;
      const restore = failing(folder, operation, fails);
      const [attempt, holder] = await Promise.all([tryLock(file), holderOf(file)]).finally(restore);
      if (isHeld || isAlways) expect(attempt).toHaveProperty('busy');
      else expect(attempt).toHaveProperty('held');
      if (isHeld && isAlways && code !== 'ENOENT') expect(holder).toBeDefined();
      if ('held' in attempt) await attempt.held.release();
    }
    if (other !== undefined && 'held' in other) await other.held.release();
    // A lock that could not be written is not left behind.
    const free = await tryLock(file);
    expect(free).toHaveProperty('held');
    if ('held' in free) await free.held.release();
  },
);

test('a permanent failure is reported', async () => {
  const folder = await temporaryFolder();
  const restore = failing(folder, 'openSync', () => 'EACCES');
  await expect(tryLock(path.join(folder, 'member')).finally(restore)).rejects.toThrow('EACCES');
});

test('a folder with files in place of a lock is refused in one line, and no lock is held', async () => {
  const run = await temporaryFolder();
  const place = path.join(run, '.locks', 'cnn-w8-s0');
  await fs.mkdir(place, { recursive: true });
  await fs.writeFile(path.join(place, 'notes.txt'), '');
  await expect(lockMember(run, 'cnn-w8-s0')).rejects.toThrow(
    `${place}: is a folder with files in it, in the place of a lock; move it elsewhere`,
  );
  expect(await holderOf(place)).toBeUndefined();
  expect(await fs.readdir(place)).toEqual(['notes.txt']);
});
