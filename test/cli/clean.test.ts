/** `emergence clean` as the user sees it, on runs that were never trained. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, expect, test } from 'vitest';
import { formatBytes } from '../../src/terminal/format.js';
import { holdLock } from '../support/holders.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../support/runs.js';
import { duBytes, treeOf, writeLeftover } from '../support/trees.js';
import { program } from '../support/program.js';

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
});

async function writeRun(name: string): Promise<string> {
  const folder = path.join(root, 'checkpoints', name);
  const record = { name, dataset: { ...runRecord().dataset, testCount: 100 } };
  await writeSyntheticRun({ folder, record, widths: [1, 2, 4, 8], seeds: [0, 1], accuracy: ({ width }) => width / 10 });
  return folder;
}

async function start(file: string, words: readonly string[]) {
  const env = { ...process.env, NO_COLOR: '1', EMERGENCE_CACHE_DIR: path.join(root, 'cache') };
  const child = spawn(file, words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

const emergence = (...words: string[]) => start(process.execPath, [program, ...words]);
const clean = (...words: string[]) => emergence('clean', ...words);

/** On a terminal where `answer` is typed: Python's pty, as Node has none. */
function onTerminal(answer: string, ...words: string[]) {
  const script =
    'import pty, os, sys\n' +
    'pid, fd = pty.fork()\n' +
    'if pid == 0:\n' +
    '    os.execv(sys.argv[2], sys.argv[2:])\n' +
    'seen = b""\n' +
    'while True:\n' +
    '    try:\n' +
    '        data = os.read(fd, 65536)\n' +
    '    except OSError:\n' +
    '        break\n' +
    '    if not data:\n' +
    '        break\n' +
    '    if b"[y/N]" not in seen and b"[y/N]" in seen + data:\n' +
    '        os.write(fd, sys.argv[1].encode())\n' +
    '    seen += data\n' +
    'sys.stdout.buffer.write(seen)\n' +
    'sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n';
  return start('python3', ['-c', script, answer, process.execPath, program, 'clean', ...words]);
}

/** Paths listed by `--dry-run`, relative to the folder in which the command runs. */
function listed(stdout: string): string[] {
  return stdout
    .slice(stdout.indexOf('\n\n') + 2)
    .trimEnd()
    .split('\n')
    .sort();
}

test('removes everything that commands wrote into a run, exactly as --dry-run lists it', async () => {
  const folder = await writeRun('lenet');
  await writeRun('other');
  for (const words of [
    ['sweep', 'lenet', '--metric', 'subset-accuracy', '--over', 'k=1..5'],
    ['sweep', 'lenet', '--metric', 'accuracy', '--keep-scales', '2', '--draws', '10'],
    ['compare', 'lenet', '--draws', '100'],
    ['theory', 'lenet'],
  ])
    expect(await emergence(...words)).toMatchObject({ code: 0 });
  // `train` and `quanta` need real members.
  for (const name of ['curve.svg', 'curve.png', 'quanta.csv', 'quanta.svg', 'quanta.png'])
    await fs.writeFile(path.join(folder, name), 'x');
  await writeLeftover(path.join(folder, 'members', 'cnn-w1-s0'), 'weights.safetensors');
  const before = await treeOf(root);
  const dry = await clean('lenet', '--dry-run');
  expect([dry.code, dry.stderr]).toEqual([0, '']);
  expect(await treeOf(root)).toEqual(before);
  const size = duBytes(root);
  const { code, stdout, stderr } = await clean('lenet', '--yes');
  expect([code, stderr]).toEqual([0, '']);
  const after = await treeOf(root);
  expect(before.filter((place) => !after.includes(place))).toEqual(listed(dry.stdout));
  expect(after).toEqual(before.filter((place) => !/^checkpoints\/lenet(\/|$)/.test(place)));
  expect(stdout).toMatch(/^to be removed .*\ncheckpoints\/lenet, the whole run +\d+ files +[\d.]+ kB\n/);
  expect(stdout).toContain(`freed ${formatBytes(size - duBytes(root))}\n`);
});

test('asks on a terminal, requires --yes elsewhere, and keeps what is not confirmed', async () => {
  await writeRun('lenet');
  const before = await treeOf(root);
  const refused = await clean('lenet');
  expect([refused.code, refused.stderr]).toEqual([
    2,
    'error: --yes: nothing was removed: there is no terminal for the confirmation; add it to skip the question\n',
  ]);
  for (const [answer, code] of [
    ['\n', 0],
    ['n\n', 0],
    ['\u0003', 130],
  ] as const) {
    const result = await onTerminal(answer, 'lenet');
    expect(result.code).toBe(code);
    expect(await treeOf(root)).toEqual(before);
  }
  expect(await onTerminal('y\n', 'lenet')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/freed \d+ kB/) as string,
  });
  expect(await fs.readdir(path.join(root, 'checkpoints'))).toEqual([]);
});

test('refuses to remove a run in training and the cache it is using', async () => {
  const folder = await writeRun('lenet');
  const child = await holdLock(folder);
  const before = await treeOf(root);
  const who = `is being trained now by process ${child.pid}`;
  expect(await clean('lenet', '--yes')).toEqual({
    code: 1,
    stdout: '',
    stderr: `error: checkpoints/lenet: ${who}; nothing was removed; stop it, or wait until it has finished\n`,
  });
  expect(await clean('--cache', '--yes')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^error: --cache: checkpoints\/lenet is being trained now and uses the cache; .*\n$/,
    ) as string,
  });
  expect(await clean('--yes')).toEqual({
    code: 0,
    stdout: 'nothing to remove\n',
    stderr: 'note: checkpoints/lenet is being trained now and was skipped\n',
  });
  expect(await treeOf(root)).toEqual(before);
});

test('--cache; and when there is nothing to remove', async () => {
  const file = path.join(root, 'cache', 'datasets', `${'0'.repeat(32)}.bin`);
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, Buffer.alloc(40_960, 1));
  await fs.writeFile(path.join(root, 'cache', 'notes'), 'mine');
  expect(await clean('--yes')).toEqual({ code: 0, stdout: 'nothing to remove\n', stderr: '' });
  const { code, stdout } = await clean('--cache', '--yes');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/\nprepared datasets, .* 41 kB\nfreed 41 kB\n$/)]);
  expect(await treeOf(root)).toEqual(['cache', 'cache/datasets', 'cache/notes']);
});

test('a name that is not a run is one error line, and nothing is removed', async () => {
  await writeRun('lenet');
  const before = await treeOf(root);
  expect(await clean('lennet', '--yes')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: RUN: "lennet" is not a run in checkpoints; did you mean lenet?\n',
  });
  expect(await treeOf(root)).toEqual(before);
});
