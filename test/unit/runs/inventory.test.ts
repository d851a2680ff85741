import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { summariseRuns } from '../../../src/runs/inventory.js';
import { memberFolder, writeMemberRecord } from '../../../src/runs/run.js';
import { holdLock, killHolder } from '../../support/holders.js';
import { memberRecord, runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';

async function writeRun(root: string, name: string) {
  const folder = path.join(root, name);
  const record = { name, dataset: { ...runRecord().dataset, testCount: 20 } };
  const run = await writeSyntheticRun({ folder, record, widths: [1, 2], seeds: [0, 1], accuracy: () => 0.5 });
  return { folder, run };
}

const key = { arch: 'cnn', width: 2, seed: 1 };

test('a complete run: what its records say, and the size from du', async () => {
  const root = await temporaryFolder();
  const { folder } = await writeRun(root, 'lenet');
  const [summary, ...others] = await summariseRuns(root, 'hashes');
  expect(others).toEqual([]);
  const { sizeBytes, ...rest } = summary!;
  expect(rest).toEqual({
    name: 'lenet',
    folder,
    arch: 'cnn',
    dataset: 'mnist',
    created: '2026-01-02T03:04:05.000Z',
    status: 'complete',
    members: { complete: 4, total: 4 },
    missing: [],
    problem: null,
    notes: [],
  });
  const du = execFileSync('du', ['-sk', folder], { encoding: 'utf8' });
  expect(Math.ceil(sizeBytes / 1024)).toBe(Number(du.split('\t')[0]));
});

test('an unfinished member makes the run stopped, or in training while a living process holds the lock', async () => {
  const root = await temporaryFolder();
  const { folder } = await writeRun(root, 'lenet');
  await writeMemberRecord(memberFolder(folder, key), memberRecord(key, { status: 'training', epochsDone: 1 }));
  await fs.rm(memberFolder(folder, { ...key, seed: 0 }), { recursive: true });
  const expected = {
    members: { complete: 2, total: 4 },
    missing: [
      { id: 'cnn-w2-s0', why: 'no epoch done' },
      { id: 'cnn-w2-s1', why: expect.stringMatching(/^1 of \d+ epochs? done$/) as string },
    ],
  };
  expect(await summariseRuns(root)).toMatchObject([{ status: 'stopped', ...expected }]);
  const child = await holdLock(folder);
  expect(await summariseRuns(root)).toMatchObject([{ status: 'training', ...expected }]);
  await killHolder(child);
  expect(await fs.readdir(folder)).toContain('.lock');
  expect(await summariseRuns(root)).toMatchObject([{ status: 'stopped', ...expected }]);
});

test('a lost file is found without reading any; a changed byte only by the hashes', async () => {
  const root = await temporaryFolder();
  const { folder } = await writeRun(root, 'lenet');
  const file = path.join(memberFolder(folder, key), 'outcomes.parquet');
  const bytes = await fs.readFile(file);
  bytes[100]! ^= 1;
  await fs.writeFile(file, bytes);
  expect(await summariseRuns(root)).toMatchObject([{ status: 'complete' }]);
  expect(await summariseRuns(root, 'hashes')).toMatchObject([
    {
      status: 'damaged',
      missing: [{ id: 'cnn-w2-s1', why: expect.stringMatching(/^outcomes\.parquet is damaged/) as string }],
    },
  ]);
  await fs.rm(file);
  expect(await summariseRuns(root)).toMatchObject([
    { status: 'damaged', missing: [{ id: 'cnn-w2-s1', why: 'outcomes.parquet is missing' }] },
  ]);
});

test('damaged records, unrelated folders and files, a link to another disk, no folder at all', async () => {
  const root = await temporaryFolder();
  const { folder } = await writeRun(root, 'a-damaged');
  await fs.writeFile(path.join(folder, 'run.json'), '{');
  await fs.rm(path.join((await writeRun(root, 'b-headless')).folder, 'run.json'));
  const elsewhere = await temporaryFolder();
  await writeRun(elsewhere, 'real');
  await fs.symlink(path.join(elsewhere, 'real'), path.join(root, 'c-link'));
  await fs.mkdir(path.join(root, 'notes'));
  await fs.writeFile(path.join(root, 'README.md'), 'no run');
  const runs = await summariseRuns(root);
  expect(runs.map(({ name, status, problem }) => [name, status, problem?.replace(/.*run\.json/, 'run.json')])).toEqual([
    ['a-damaged', 'damaged', expect.stringMatching(/^run\.json: is damaged: not JSON/)],
    ['b-headless', 'damaged', 'run.json is missing'],
    ['c-link', 'complete', undefined],
  ]);
  expect(runs[2]!.sizeBytes).toBe((await summariseRuns(elsewhere))[0]!.sizeBytes);
  expect(await summariseRuns(path.join(root, 'none'))).toEqual([]);
  await expect(summariseRuns(path.join(root, 'README.md'))).rejects.toThrow(/README\.md: a part of the path is a file/);
});
