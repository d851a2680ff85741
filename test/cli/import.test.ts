/** Imports killed before any of their writes: they leave no run or a whole one, and repeating the command completes it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { readColumns } from '../../src/runs/load.js';
import { openRunFolder } from '../../src/runs/open.js';
import { Random } from '../../src/statistics/random.js';
import { fuzzScale } from '../support/fuzz.js';
import { program, runProgram } from '../support/program.js';
import { temporaryFolder } from '../support/runs.js';

/**
 * Kills the process before disk write number KILL_AT: before a change to a folder, or before a file's content, half of which is then
 * written. The total number of writes goes to stderr.
 */
const killer = `
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
let done = 0;
const die = async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => undefined); };
const counted = async (last) => {
  if (done++ !== Number(process.env.KILL_AT)) return;
  await last?.();
  await die();
};
for (const name of ['mkdir', 'rename', 'rm', 'unlink', 'rmdir', 'writeFile', 'copyFile']) {
  const own = fs[name];
  fs[name] = async (...given) => { await counted(); return own(...given); };
}
const open = fs.open;
fs.open = async (file, flags = 'r', ...others) => {
  if (!/[wa+]/.test(flags)) return open(file, flags, ...others);
  await counted();
  const handle = await open(file, flags, ...others);
  const write = handle.writeFile.bind(handle);
  handle.writeFile = async (data, ...how) => {
    await counted(() => write(data.slice(0, data.length / 2), ...how));
    return write(data, ...how);
  };
  return handle;
};
syncBuiltinESMExports();
process.on('exit', () => process.stderr.write('writes: ' + done));
`;

async function killedAt(write: number, folder: string, words: readonly string[]) {
  const preload = `data:text/javascript,${encodeURIComponent(killer)}`;
  const child = spawn(process.execPath, ['--import', preload, program, ...words], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', KILL_AT: String(write) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  await once(child, 'close');
  return { signal: child.signalCode, stderr };
}

/** The contents of a run, without times; undefined if there is none. */
async function contentOf(run: string) {
  const there = await fs.stat(run).catch(() => undefined);
  if (there === undefined) return undefined;
  const open = await openRunFolder(run);
  const { members, absent } = await readColumns(open, open.columns);
  return { absent, members: members.map(({ record, outcomes }) => [record.id, record.parameters, outcomes]) };
}

const rowsOf = (models: readonly string[]) =>
  models.flatMap((model, k) => [0, 1, 2].map((i) => `${model},${100 * (k + 1)},${i},${(i + k) % 2}`));
const tableOf = (models: readonly string[]) => ['model,parameters,example,correct', ...rowsOf(models), ''].join('\n');

test.each([
  ['a new run', [], ['a', 'b']],
  ['--add', ['a', 'b'], ['a', 'b', 'c', 'd']],
] as const)('%s', async (_, before, after) => {
  const prepared = await temporaryFolder();
  await fs.writeFile(path.join(prepared, 'all.csv'), tableOf(after));
  await fs.writeFile(path.join(prepared, 'before.csv'), tableOf(before));
  const words = ['import', 'table', 'all.csv', '--run', 'run', ...(before.length > 0 ? ['--add'] : [])];
  if (before.length > 0) await runProgram(prepared, ['import', 'table', 'before.csv', '--run', 'run']);
  const copy = async () => {
    const folder = await temporaryFolder();
    await fs.cp(prepared, folder, { recursive: true });
    return { folder, run: path.join(folder, 'checkpoints/run') };
  };
  const [first, whole] = [await contentOf(path.join(prepared, 'checkpoints/run')), await copy()];
  const { signal, stderr } = await killedAt(-1, whole.folder, words);
  expect(signal, stderr).toBeNull();
  const all = await contentOf(whole.run);
  expect(all!.members).toHaveLength(after.length);
  const writes = Number(/writes: (\d+)$/.exec(stderr)![1]);
  // Files of two members, of the run itself, and the folders that hold them.
  expect(writes).toBeGreaterThan(10);
  // One of them here, all in `npm run test:fuzz`.
  const some = [Random.named(0, 'killed imports', before.length).integer(writes)];
  for (const write of fuzzScale > 1 ? Array.from({ length: writes }, (__, i) => i) : some) {
    const { folder, run } = await copy();
    expect((await killedAt(write, folder, words)).signal, `write ${write} of ${writes}`).toBe('SIGKILL');
    const left = await contentOf(run);
    const isWhole = JSON.stringify(left) === JSON.stringify(all);
    expect(isWhole ? all : first, `after write ${write} of ${writes}`).toEqual(left);
    const again = await runProgram(folder, words);
    // An existing run is whole, and is not imported twice.
    if (isWhole && before.length === 0) expect(again.stderr).toContain('already exists');
    else expect(again.stderr + String(again.code)).toMatch(/0$/);
    expect(await contentOf(run)).toEqual(all);
    expect((await fs.readdir(path.join(folder, 'checkpoints'))).sort()).toEqual(['run']);
  }
});
