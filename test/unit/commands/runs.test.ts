/** `emergence runs` as the user sees it, on runs that were never trained. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { holdLock } from '../../support/holders.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';
import { runCommand } from '../../support/command.js';

async function run(cwd: string, ...words: string[]) {
  return runCommand(cwd, words);
}

test('lists runs, including one in training; JSON says the same; nothing is written', async () => {
  const root = await temporaryFolder();
  const checkpoints = path.join(root, 'checkpoints');
  const folder = path.join(checkpoints, 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 20 } };
  await writeSyntheticRun({ folder, record, widths: [1, 2], seeds: [0], accuracy: () => 0.5 });
  await fs.rm(path.join(folder, 'members', 'cnn-w2-s0'), { recursive: true });
  await holdLock(folder);
  const before = await fs.readdir(checkpoints, { recursive: true });
  const { code, stdout, stderr } = await run(root, 'runs');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^run .*\nlenet +cnn +mnist +1 of 2 +training now .* 2026-01-02 03:04\n\nlenet is missing cnn-w2-s0: no epoch done\n$/,
  );
  const { runs: listed } = JSON.parse((await run(root, 'runs', '--json')).stdout) as {
    runs: { name: string; status: string }[];
  };
  expect(listed).toMatchObject([{ name: 'lenet', status: 'training', members: { complete: 1, total: 2 } }]);
  expect(await fs.readdir(checkpoints, { recursive: true })).toEqual(before);
});

test('having no runs is not an error; an unknown option is, in one line', async () => {
  const root = await temporaryFolder();
  expect(await run(root, 'runs')).toEqual({
    code: 0,
    stdout: 'no runs in checkpoints; create one with: npm run train -- --arch cnn --widths 8,16,32,64\n',
    stderr: '',
  });
  expect((await run(root, 'runs', '--json')).stdout).toBe('{\n  "runs": []\n}\n');
  expect(await run(root, 'runs', '--jsn')).toEqual({
    code: 2,
    stdout: '',
    stderr: "error: unknown option '--jsn'; did you mean --json?\n",
  });
  expect(await fs.readdir(root)).toEqual([]);
});

test('merge copies what the run is missing, and says in one line why it does not', async () => {
  const root = await temporaryFolder();
  const record = { dataset: { ...runRecord().dataset, testCount: 5 } };
  for (const [name, width] of [
    ['far', 1],
    ['near', 2],
  ] as const) {
    const folder = path.join(root, 'checkpoints', name);
    await writeSyntheticRun({ folder, record, widths: [1, 2], seeds: [0], accuracy: () => 0.5 });
    await fs.rm(path.join(folder, 'members', `cnn-w${width}-s0`), { recursive: true });
  }
  expect(await run(root, 'runs', 'merge', 'far', 'nearer')).toEqual({
    ...{ code: 2, stdout: '' },
    stderr: 'error: RUN: "nearer" is neither a run in checkpoints nor a folder with a run.json; did you mean near?\n',
  });
  expect(await run(root, 'runs', 'merge', 'far', 'checkpoints/near')).toEqual({
    ...{ code: 0, stderr: '' },
    stdout: [
      'copied   1 member: cnn-w1-s0',
      'kept     1 member: cnn-w2-s0; further here than in checkpoints/near',
      'run      checkpoints/far',
      'next     npm run train -- --run far --summary-only',
      '',
    ].join('\n'),
  });
  const again = await run(root, 'runs', 'merge', 'far', 'near', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ taken: [], same: ['cnn-w1-s0'], kept: ['cnn-w2-s0'], missing: [] });
});
