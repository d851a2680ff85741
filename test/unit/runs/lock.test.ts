import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { onTestFinished, expect, test, vi } from 'vitest';
import { processHere, thisProcess } from '../../../src/machine/owner.js';
import { busyMembers, lockMember, lockRun, trainerOf } from '../../../src/runs/lock.js';
import { nextWords } from '../../support/processes.js';
import { temporaryFolder } from '../../support/runs.js';
import { RunError } from '../../../src/terminal/errors.js';

const busyLine = (pid: number) =>
  `another command is working on run "lenet" (process ${pid}); wait until it has finished, or give another name with --run`;

async function runFolder(): Promise<string> {
  return path.join(await temporaryFolder(), 'lenet');
}

/** A process that locks the run and then is busy: its event loop stops. */
async function holder(folder: string): Promise<ChildProcess> {
  const lockFile = path.resolve(import.meta.dirname, '../../../src/runs/lock.ts');
  const program = `const { lockRun } = await import(${JSON.stringify(lockFile)}); await lockRun(${JSON.stringify(folder)}); process.stdout.write('held', () => { for (;;); });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await nextWords(child);
  return child;
}

const atOnce = { patience: 0 };

test('one owner at a time; afterwards the folder is unchanged', async () => {
  const folder = await runFolder();
  const held = await lockRun(folder);
  await expect(lockRun(folder, atOnce)).rejects.toThrow(new RunError(busyLine(process.pid)));
  await held.release();
  expect(await fs.readdir(folder)).toEqual([]);
  await (await lockRun(folder)).release();
});

test('exactly one of many concurrent processes gets it', async () => {
  const folder = await runFolder();
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder, atOnce)));
  const held = results.filter((result) => result.status === 'fulfilled');
  expect(held).toHaveLength(1);
  await held[0]!.value.release();
});

test('a waiting process gets it if the holder, which planned nothing, removes the folder', async () => {
  const folder = await runFolder();
  const held = await lockRun(folder);
  const onWait = () => {
    // Usually long before the next look, after which the folder is no longer empty.
    void held.release().then(() => fs.rmdir(folder).catch(() => undefined));
  };
  const later = await lockRun(folder, { onWait });
  await later.confirm();
  await later.release();
});

test('a waiting process gets it, and says once which process it is waiting for', async () => {
  const folder = await runFolder();
  const held = await lockRun(folder);
  const said: string[] = [];
  const onWait = (line: string) => {
    said.push(line);
    void held.release();
  };
  await (await lockRun(folder, { onWait })).release();
  expect(said).toEqual([`waiting for process ${process.pid}, which is planning ${folder}`]);
});

test('a waiting process stops at a signal, and leaves the lock unchanged', async () => {
  const folder = await runFolder();
  const held = await lockRun(folder);
  const stop = new AbortController();
  const onWait = () => {
    stop.abort();
  };
  await expect(lockRun(folder, { patience: Infinity, onWait, signal: stop.signal })).rejects.toThrow('aborted');
  await held.confirm();
  await held.release();
});

test('a busy owner keeps it however old the lock looks; a killed one loses it at once', async () => {
  const folder = await runFolder();
  const child = await holder(folder);
  const hourAgo = new Date(Date.now() - 3_600_000);
  await fs.utimes(path.join(folder, '.lock'), hourAgo, hourAgo);
  await expect(lockRun(folder, atOnce)).rejects.toThrow(new RunError(busyLine(child.pid!)));

  const now = new Date();
  await fs.utimes(path.join(folder, '.lock'), now, now);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await lockRun(folder, atOnce)).release();
});

test('an owner whose process id was reused is dead', async () => {
  const folder = await runFolder();
  const held = await lockRun(folder);
  const file = path.join(folder, '.lock');
  const lock = JSON.parse(await fs.readFile(file, 'utf8')) as { owner: object };
  await held.release();
  await fs.writeFile(file, JSON.stringify({ ...lock, owner: { ...lock.owner, started: '1' } }));
  await (await lockRun(folder, atOnce)).release();
});

const elsewhere = { pid: 7, started: '1', host: 'node12', machine: 'node12 x' };

test('on another machine the age of the lock decides, by the clock of the disk', async () => {
  const folder = await runFolder();
  await fs.mkdir(path.join(folder, '.locks'), { recursive: true });
  const [run, member] = [path.join(folder, '.lock'), path.join(folder, '.locks', 'cnn-w8-s0')];
  for (const file of [run, member])
    await fs.writeFile(file, JSON.stringify({ token: 'other', owner: elsewhere, worker: null }));
  await expect(lockRun(folder, atOnce)).rejects.toThrow(
    /^another command is working on run "lenet" \(process 7 on node12\); wait/,
  );
  expect(await lockMember(folder, 'cnn-w8-s0')).toEqual({ busy: elsewhere });
  expect([...(await busyMembers(folder))]).toEqual([['cnn-w8-s0', elsewhere]]);
  // 45 s off, as hosts' clocks are: this process's own clock has no say.
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 45_000);
  expect(await trainerOf(folder)).toEqual({ owner: elsewhere });
  vi.restoreAllMocks();
  const minuteAgo = new Date(now - 60_000);
  for (const file of [run, member]) await fs.utimes(file, minuteAgo, minuteAgo);
  expect(await trainerOf(folder)).toBeUndefined();
});

test('a lock of an earlier version, a folder, counts while its owner lives and is removed once it is dead', async () => {
  const folder = await runFolder();
  await fs.mkdir(path.join(folder, '.lock'), { recursive: true });
  const { pid, started, host, machine } = thisProcess();
  const owner = (of: object) => fs.writeFile(path.join(folder, '.lock-owner.json'), JSON.stringify(of));
  await owner({ pid, started, host, machine });
  await expect(lockRun(folder, atOnce)).rejects.toThrow(new RunError(busyLine(pid)));
  await owner({ pid, started: '1', host, machine });
  await (await lockRun(folder, atOnce)).release();
  expect(await fs.readdir(folder)).toEqual([]);
});

test("a lock taken by another or removed counts as lost, and releasing it leaves the other's", async () => {
  const folder = await runFolder();
  const held = await lockRun(folder);
  await held.confirm();
  const theirs = JSON.stringify({ token: 'other', owner: elsewhere, worker: null });
  await fs.writeFile(held.file, theirs);
  await expect(held.confirm()).rejects.toThrow(/^.*\.lock: its lock was lost: another process took it/);
  await held.release();
  expect(await fs.readFile(held.file, 'utf8')).toBe(theirs);
});

test('a member stays locked until the process working for a killed owner has ended too', async () => {
  const folder = await runFolder();
  await fs.mkdir(path.join(folder, '.locks'), { recursive: true });
  const dead = { ...thisProcess(), pid: spawnSync(process.execPath, ['-e', '0']).pid };
  const worker = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  onTestFinished(() => void worker.kill('SIGKILL'));
  const lock = { token: 'orphan', owner: dead, worker: processHere(worker.pid!) };
  await fs.writeFile(path.join(folder, '.locks', 'cnn-w8-s0'), JSON.stringify(lock));
  const attempt = lockMember(folder, 'cnn-w8-s0');
  expect([...(await busyMembers(folder)).keys()]).toEqual(['cnn-w8-s0']);
  worker.kill('SIGKILL');
  const taken = await attempt;
  expect(taken).toHaveProperty('held');
  if ('held' in taken) await taken.held.release();
});

test('leftovers of killed processes beside run.json are removed once the run is locked; a member has its own lock', async () => {
  const folder = await runFolder();
  const member = path.join(folder, 'members', 'cnn-w8-s0');
  await fs.mkdir(member, { recursive: true });
  await fs.writeFile(path.join(folder, 'members', 'a file'), '');
  const dead = spawnSync(process.execPath, ['-e', '0']).pid;
  const id = randomUUID();
  for (const at of [folder, member]) await fs.writeFile(path.join(at, `.run.json.${dead}.${id}.tmp`), '');
  await (await lockRun(folder)).release();
  expect([await fs.readdir(folder), await fs.readdir(member)]).toEqual([['members'], [`.run.json.${dead}.${id}.tmp`]]);
});
