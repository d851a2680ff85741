import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { freedBy, type Removal } from '../../../src/machine/removal.js';
import { executeClean, planClean, type CleanRequest } from '../../../src/runs/clean.js';
import { summariseRuns } from '../../../src/runs/inventory.js';
import { memberFolder, writeMemberRecord } from '../../../src/runs/run.js';
import { holdLock, killHolder } from '../../support/holders.js';
import { memberRecord, runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';
import { duBytes, treeOf, writeLeftover } from '../../support/trees.js';

let root = '';
beforeEach(async () => {
  root = path.join(await temporaryFolder(), 'checkpoints');
});

async function writeRun(name: string): Promise<string> {
  const folder = path.join(root, name);
  const record = { name, dataset: { ...runRecord().dataset, testCount: 20 } };
  await writeSyntheticRun({ folder, record, widths: [1, 2], seeds: [0, 1], accuracy: () => 0.5 });
  return folder;
}

const training = { arch: 'cnn', width: 2, seed: 0 };
const barelyBegun = { arch: 'cnn', width: 2, seed: 1 };

/** One member after its first epoch, one killed before its record was written. */
async function makeUnfinished(folder: string): Promise<void> {
  const [first, second] = [memberFolder(folder, training), memberFolder(folder, barelyBegun)];
  await writeMemberRecord(first, memberRecord(training, { status: 'training', epochsDone: 1 }));
  for (const place of [first, second]) {
    await fs.writeFile(path.join(place, 'training.safetensors'), Buffer.alloc(20_000, 1));
    for (const name of ['weights.safetensors', 'outcomes.parquet']) await fs.rm(path.join(place, name));
  }
  for (const name of ['member.json', 'history.jsonl']) await fs.rm(path.join(second, name));
}

const request = (changes: Partial<CleanRequest> = {}): CleanRequest => ({
  root,
  names: [],
  unfinished: false,
  ...changes,
});

const pathsOf = (removals: readonly Removal[]) =>
  removals.flatMap(({ entries }) => entries.map((entry) => path.relative(root, entry.path))).sort();

/** Cleans, and compares what is gone with the plan, and the bytes with du. */
async function cleaned(asked: CleanRequest) {
  const before = await treeOf(root);
  const plan = await planClean(asked);
  expect(await treeOf(root)).toEqual(before);
  const sizeBefore = duBytes(root);
  const result = await executeClean(plan, asked);
  expect(result).toEqual({ left: [], problem: undefined });
  const after = new Set(await treeOf(root));
  const gone = before.filter((place) => !after.has(place));
  expect(gone).toEqual(pathsOf(plan.removals));
  expect([...after].filter((place) => !before.includes(place))).toEqual([]);
  expect(await freedBy(plan.removals)).toBe(sizeBefore - duBytes(root));
  return { plan, gone };
}

test('without names: the leftovers of killed processes in all runs, and nothing else', async () => {
  const [lenet, other] = [await writeRun('lenet'), await writeRun('other')];
  await killHolder(await holdLock(other));
  const member = memberFolder(other, { arch: 'cnn', width: 1, seed: 0 });
  const leftovers = [
    await writeLeftover(root, 'probe'),
    await writeLeftover(lenet, 'run.json'),
    await writeLeftover(member, 'weights.safetensors', 300_000),
  ];
  // From a kill between the last two steps of a complete member.
  leftovers.push(path.join(member, 'training.safetensors'));
  await fs.writeFile(leftovers[3]!, Buffer.alloc(9000, 1));
  await makeUnfinished(lenet);
  const notOurs = path.join(lenet, '.notes.4999999.tmp');
  await fs.writeFile(notOurs, 'mine');
  await writeLeftover(await fs.mkdir(path.join(lenet, 'mine'), { recursive: true }).then((made) => made!), 'notes');
  const { gone } = await cleaned(request());
  const locks = ['other/.lock'];
  expect(gone).toEqual([...leftovers.map((file) => path.relative(root, file)), ...locks].sort());
  expect((await planClean(request())).removals).toEqual([]);
});

test('--unfinished: the checkpoints of unfinished members; complete members stay', async () => {
  const [lenet] = [await writeRun('lenet'), await writeRun('other')];
  await makeUnfinished(lenet);
  await fs.writeFile(path.join(memberFolder(lenet, barelyBegun), 'notes.txt'), 'mine');
  const { gone, plan } = await cleaned(request({ unfinished: true }));
  expect(gone).toEqual([
    'lenet/members/cnn-w2-s0',
    'lenet/members/cnn-w2-s0/history.jsonl',
    'lenet/members/cnn-w2-s0/member.json',
    'lenet/members/cnn-w2-s0/training.safetensors',
    'lenet/members/cnn-w2-s1/training.safetensors',
  ]);
  expect(plan.removals.map(({ what }) => what)).toEqual([`checkpoints of cnn-w2-s0 and cnn-w2-s1 in ${lenet}`]);
  expect((await summariseRuns(root)).map(({ members }) => members)).toEqual([
    { complete: 2, total: 4 },
    { complete: 4, total: 4 },
  ]);
});

test('--unfinished with names is limited to those runs, and never removes them whole', async () => {
  const [lenet, other] = [await writeRun('lenet'), await writeRun('other')];
  await makeUnfinished(lenet);
  await makeUnfinished(other);
  const { gone } = await cleaned(request({ names: ['other'], unfinished: true }));
  expect(gone.every((place) => place.startsWith('other/members/cnn-w2'))).toBe(true);
  expect((await planClean(request({ names: ['other'], unfinished: true }))).removals).toEqual([]);
});

test("a named run is removed whole; files that are not the lab's stay with their folders", async () => {
  const lenet = await writeRun('lenet');
  await writeRun('other');
  await cleaned(request({ names: ['other'] }));
  expect(await fs.readdir(root)).toEqual(['lenet']);
  const mine = [path.join(lenet, 'notes.txt'), path.join(memberFolder(lenet, training), 'plot.py')];
  for (const file of mine) await fs.writeFile(file, 'mine');
  await fs.symlink('/', path.join(lenet, 'tensorboard'));
  const { plan } = await cleaned(request({ names: [lenet] }));
  expect(await treeOf(root)).toEqual([
    'lenet',
    'lenet/members',
    'lenet/members/cnn-w2-s0',
    'lenet/members/cnn-w2-s0/plot.py',
    'lenet/notes.txt',
    'lenet/tensorboard',
  ]);
  expect(plan.notes).toEqual(
    [mine[1]!, mine[0]!, path.join(lenet, 'tensorboard')].map((file) => `${file} is kept: the lab did not create it`),
  );
});

test('a run whose run.json is damaged or missing can be removed by name', async () => {
  const [lenet, other] = [await writeRun('lenet'), await writeRun('other')];
  await fs.writeFile(path.join(lenet, 'run.json'), '{');
  await fs.rm(path.join(other, 'run.json'));
  expect((await planClean(request({ unfinished: true }))).notes).toEqual([
    expect.stringMatching(/lenet was skipped: .*run\.json: is damaged/),
    expect.stringMatching(/other was skipped: .*run\.json is missing/),
  ]);
  await cleaned(request({ names: ['lenet', 'other', 'lenet'] }));
  expect(await fs.readdir(root)).toEqual([]);
});

describe('a run in training', () => {
  test('is refused by name, as a whole and for unfinished members, and nothing of the others is removed', async () => {
    const lenet = await writeRun('lenet');
    await writeRun('other');
    const child = await holdLock(lenet);
    const before = await treeOf(root);
    for (const unfinished of [false, true]) {
      await expect(planClean(request({ names: ['other', 'lenet'], unfinished }))).rejects.toThrow(
        `${lenet}: is being trained now by process ${child.pid}; nothing was removed; stop it, or wait until it has finished`,
      );
    }
    expect(await treeOf(root)).toEqual(before);
  });

  test('is skipped without names', async () => {
    const lenet = await writeRun('lenet');
    await writeLeftover(lenet, 'run.json');
    await holdLock(lenet);
    const { plan } = await cleaned(request({ unfinished: true }));
    expect(plan).toEqual({ removals: [], runs: [], notes: [`${lenet} is being trained now and was skipped`] });
  });

  test('started since the plan was made: nothing is removed', async () => {
    const [lenet] = [await writeRun('lenet'), await writeRun('other')];
    const asked = request({ names: ['other', 'lenet'] });
    const plan = await planClean(asked);
    await holdLock(lenet);
    const before = await treeOf(root);
    await expect(executeClean(plan, asked)).rejects.toThrow(/another command is working on run "lenet"/);
    expect(await treeOf(root)).toEqual(before);
  });
});

test('a member completed since the plan was made is not removed', async () => {
  const lenet = await writeRun('lenet');
  const folder = memberFolder(lenet, training);
  const whole = await fs.readFile(path.join(folder, 'member.json'));
  const files = await Promise.all(
    ['weights.safetensors', 'outcomes.parquet'].map(
      async (name) => [name, await fs.readFile(path.join(folder, name))] as const,
    ),
  );
  await makeUnfinished(lenet);
  const asked = request({ unfinished: true });
  const plan = await planClean(asked);
  for (const [name, bytes] of [...files, ['member.json', whole] as const])
    await fs.writeFile(path.join(folder, name), bytes);
  const before = await treeOf(root);
  await expect(executeClean(plan, asked)).rejects.toThrow(
    `${root}: changed after it was listed; nothing was removed; run the command again`,
  );
  expect(await treeOf(root)).toEqual(before);
});

test('names that are not runs here: a path elsewhere, a folder of notes, a link', async () => {
  const elsewhere = await temporaryFolder();
  await writeRun('lenet');
  await fs.rename(path.join(root, 'lenet'), path.join(elsewhere, 'lenet'));
  await writeRun('lenet');
  await fs.mkdir(path.join(root, 'notes'));
  await fs.symlink(path.join(elsewhere, 'lenet'), path.join(root, 'link'));
  const refusal = (name: string) =>
    planClean(request({ names: [name] })).then(String, (error: unknown) => String(error));
  expect(await refusal(path.join(elsewhere, 'lenet'))).toMatch(/^UsageError: RUN: ".*lenet" is not a run in /);
  expect(await refusal('..')).toMatch(/^UsageError: RUN: "\.\." is not a run in /);
  expect(await refusal('notes')).toMatch(
    /^UsageError: RUN: "notes" is not a run in .*; npm run runs lists those that are$/,
  );
  expect(await refusal('lennet')).toMatch(/; did you mean lenet\?$/);
  expect(await refusal('link')).toMatch(/^UsageError: RUN: .*link is a link to .*lenet; remove that yourself$/);
});

test('leftovers of a killed import are not a run, and are removed with the others', async () => {
  const lenet = await writeRun('lenet');
  // The folder's name while it is filled; no process has the number 4999999.
  const aside = path.join(root, '.lm.4999999.00000000-0000-4000-8000-000000000000.tmp');
  await fs.cp(lenet, aside, { recursive: true });
  expect((await summariseRuns(root)).map(({ name }) => name)).toEqual(['lenet']);
  const plan = await planClean(request());
  expect((await executeClean(plan, request())).problem).toBeUndefined();
  expect(await fs.readdir(root)).toEqual(['lenet']);
});
