import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { lockMember, lockRun } from '../../../src/runs/lock.js';
import { temporaryFolder } from '../../support/runs.js';
import { RunError } from '../../../src/terminal/errors.js';

const busyLine = (pid: number) =>
  `another command is working on run "lenet" (process ${pid}); wait until it has finished, or give another name with --run`;

async function runFolder(): Promise<string> {
  return path.join(await temporaryFolder(), 'lenet');
}

/** A process that locks the run and then is busy: its event loop does nothing more. */
async function holder(folder: string): Promise<ChildProcess> {
  const lockFile = path.resolve(import.meta.dirname, '../../../src/runs/lock.ts');
  const program = `const { lockRun } = await import(${JSON.stringify(lockFile)}); await lockRun(${JSON.stringify(folder)}); process.stdout.write('held', () => { for (;;); });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('one at a time; afterwards the folder is as before', async () => {
  const folder = await runFolder();
  const release = await lockRun(folder);
  await expect(lockRun(folder)).rejects.toThrow(new RunError(busyLine(process.pid)));
  await release();
  expect(await fs.readdir(folder)).toEqual([]);
  await (
    await lockRun(folder)
  )();
});

test('of many at once exactly one gets it', async () => {
  const folder = await runFolder();
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
  const held = results.filter((result) => result.status === 'fulfilled');
  expect(held).toHaveLength(1);
  await held[0]!.value();
});

test('a busy owner keeps it however old the lock looks; a killed one loses it at once', async () => {
  const folder = await runFolder();
  const child = await holder(folder);
  const hourAgo = new Date(Date.now() - 3_600_000);
  await fs.utimes(path.join(folder, '.lock'), hourAgo, hourAgo);
  await expect(lockRun(folder)).rejects.toThrow(new RunError(busyLine(child.pid!)));

  const now = new Date();
  await fs.utimes(path.join(folder, '.lock'), now, now);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const release = await lockRun(folder);
  await release();
});

test('an owner whose process id has gone to another process is dead', async () => {
  const folder = await runFolder();
  const release = await lockRun(folder);
  const file = path.join(folder, '.lock-owner.json');
  const owner = JSON.parse(await fs.readFile(file, 'utf8')) as object;
  await release();
  await fs.mkdir(path.join(folder, '.lock'));
  await fs.writeFile(file, JSON.stringify({ ...owner, started: '1' }));
  await (
    await lockRun(folder)
  )();
});

test('on another machine the age of the lock decides', async () => {
  const folder = await runFolder();
  await fs.mkdir(path.join(folder, '.lock'), { recursive: true });
  const owner = { pid: 7, started: '1', host: 'node12', machine: 'node12 x' };
  await fs.writeFile(path.join(folder, '.lock-owner.json'), JSON.stringify(owner));
  await expect(lockRun(folder)).rejects.toThrow(
    /^another command is working on run "lenet" \(process 7 on node12\); wait/,
  );
  const minuteAgo = new Date(Date.now() - 60_000);
  await fs.utimes(path.join(folder, '.lock'), minuteAgo, minuteAgo);
  await (
    await lockRun(folder)
  )();
});

test('what killed processes left goes once the run is locked', async () => {
  const folder = await runFolder();
  const member = path.join(folder, 'members', 'cnn-w8-s0');
  await fs.mkdir(member, { recursive: true });
  await fs.writeFile(path.join(folder, 'members', 'a file'), '');
  const dead = spawnSync(process.execPath, ['-e', '0']).pid;
  for (const at of [folder, member]) await fs.writeFile(path.join(at, `.run.json.${dead}.${randomUUID()}.tmp`), '');
  await (
    await lockRun(folder)
  )();
  expect([await fs.readdir(folder), await fs.readdir(member)]).toEqual([['members'], []]);
});
