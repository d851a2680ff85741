/** One byte of a run is changed: whichever it is, `verifyRun` finds it. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { readColumns } from '../../../src/runs/load.js';
import { openRunFolder } from '../../../src/runs/open.js';
import { summariseRuns } from '../../../src/runs/inventory.js';
import { memberFolder, readMemberRecord, readRunRecord, writeMemberRecord } from '../../../src/runs/run.js';
import { encodeWithDigest } from '../../../src/runs/safetensors.js';
import { sha256File, sha256Of } from '../../../src/machine/inputs.js';
import { Random } from '../../../src/statistics/random.js';
import { encodeHistory } from '../../../src/runs/history.js';
import { epochRecord, memberRecord, runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';

const key = (width: number) => ({ arch: 'cnn', width, seed: 0 });

/** A complete member with a picture, and one in training. */
async function writeRun(root: string): Promise<string> {
  const folder = path.join(root, 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 20 } };
  const run = await writeSyntheticRun({ folder, record, widths: [2, 4], seeds: [0], accuracy: () => 0.5 });
  const [whole, begun] = [memberFolder(folder, key(2)), memberFolder(folder, key(4))];
  const { files, ...rest } = (await readMemberRecord(whole))!;
  const picture = Buffer.from('a picture of 1234567890');
  await fs.writeFile(path.join(whole, 'reconstructions.png'), picture);
  await writeMemberRecord(whole, { ...rest, files: { ...files, 'reconstructions.png': sha256Of(picture) } });
  await fs.rm(begun, { recursive: true });
  await fs.mkdir(begun);
  const history = [1, 2].map(epochRecord);
  const state = new Map([['bias', { shape: [3], data: Float32Array.of(1, 2, 3) }]]);
  const metadata = { begun: '2026-01-01T12:00:00.000Z', history: JSON.stringify(history) };
  await fs.writeFile(path.join(begun, 'training.safetensors'), encodeWithDigest(state, metadata));
  await fs.writeFile(path.join(begun, 'history.jsonl'), encodeHistory(history));
  const { experiment } = rest;
  const hashed = { 'history.jsonl': await sha256File(path.join(begun, 'history.jsonl')) };
  await writeMemberRecord(
    begun,
    memberRecord(key(4), { status: 'training', epochsDone: 2, experiment, files: hashed }),
  );
  expect(run.experiment.widths).toEqual([2, 4]);
  return folder;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

/** What `runs --verify` reports as wrong. */
async function found(root: string): Promise<boolean> {
  const [run] = await summariseRuns(root, 'hashes');
  return run!.status === 'damaged';
}

test('any digit of the records and the histories, changed', async () => {
  const root = await temporaryFolder();
  const folder = await writeRun(root);
  expect(await found(root)).toBe(false);
  const random = Random.named(0, 'damage', 'digits');
  const missed: string[] = [];
  let tried = 0;
  for (const file of (await filesOf(folder)).filter((each) => /\.(json|jsonl)$/.test(each))) {
    const bytes = await fs.readFile(file);
    const digits = Array.from(bytes.keys()).filter((at) => bytes[at]! >= 48 && bytes[at]! <= 57);
    // A sample: there are some hundreds, most of them in hashes.
    for (const at of Array.from(random.permutation(digits.length).subarray(0, 40), (place) => digits[place]!)) {
      const changed = Buffer.from(bytes);
      changed[at] = 48 + ((bytes[at]! - 48 + 1 + random.integer(9)) % 10);
      await fs.writeFile(file, changed);
      tried++;
      if (!(await found(root))) missed.push(`${path.relative(folder, file)}:${at}`);
    }
    await fs.writeFile(file, bytes);
  }
  expect(tried).toBeGreaterThan(150);
  expect(missed).toEqual([]);
  expect(await found(root)).toBe(false);
});

test('any byte of any file, changed, removed or inserted', async () => {
  const root = await temporaryFolder();
  const folder = await writeRun(root);
  const random = Random.named(0, 'damage', 'bytes');
  const missed: string[] = [];
  for (const file of await filesOf(folder)) {
    const bytes = await fs.readFile(file);
    for (let i = 0; i < 12; i++) {
      const at = random.integer(bytes.length);
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
      const other = Buffer.of((bytes[at]! + 1 + random.integer(255)) % 256);
      const damaged = [
        Buffer.concat([before, other, after.subarray(1)]),
        Buffer.concat([before, after.subarray(1)]),
        Buffer.concat([before, other, after]),
      ][i % 3]!;
      await fs.writeFile(file, damaged);
      if (!(await found(root))) missed.push(`${path.relative(folder, file)}:${at}`);
    }
    await fs.writeFile(file, bytes);
  }
  expect(missed).toEqual([]);
});

test('a member with changed parameters is named and not drawn', async () => {
  const root = await temporaryFolder();
  const folder = path.join(root, 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 20 } };
  await writeSyntheticRun({ folder, record, widths: [2, 4], seeds: [0], accuracy: () => 0.5 });
  const file = path.join(memberFolder(folder, key(2)), 'member.json');
  const text = await fs.readFile(file, 'utf8');
  await fs.writeFile(file, text.replace(/"parameters": \d/, '"parameters": 9'));
  const { members, absent } = await readColumns(await openRunFolder(folder), ['correct']);
  expect(members.map((member) => member.record.width)).toEqual([4]);
  expect(absent).toEqual([
    `cnn-w2-s0 (${file}: is damaged: it does not match the SHA-256 in its last line; delete ${path.dirname(file)} to train this member again)`,
  ]);
});

test('records of format 1 open unchanged, and a line says that they have no hash', async () => {
  const root = await temporaryFolder();
  const folder = path.join(root, 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 20 } };
  await writeSyntheticRun({ folder, record, widths: [2, 4], seeds: [0], accuracy: () => 0.5 });
  expect((await openRunFolder(folder)).notes).toEqual([]);
  const old = [path.join(folder, 'run.json'), path.join(memberFolder(folder, key(2)), 'member.json')];
  for (const file of old) {
    const { digest, ...content } = JSON.parse(await fs.readFile(file, 'utf8')) as { digest: string };
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    await fs.writeFile(file, `${JSON.stringify({ ...content, format: 1 }, undefined, 2)}\n`);
  }
  const open = await openRunFolder(folder);
  expect([open.record.format, open.complete.map(({ trained }) => trained?.format)]).toEqual([1, [1, 2]]);
  const line = `${folder}: run.json and member.json of 1 member from an earlier version, without a hash: changes in them would not be seen`;
  expect(open.notes).toEqual([line]);
  expect((await summariseRuns(root, 'hashes'))[0]).toMatchObject({ status: 'complete', notes: [line] });
  // A digest cannot be left out of a newer one, nor be in an older one.
  const newer = await fs.readFile(path.join(memberFolder(folder, key(4)), 'member.json'), 'utf8');
  for (const text of [newer.replace('"format": 2', '"format": 1'), newer.replace(/,\n {2}"digest".*\n/, '\n')]) {
    await fs.writeFile(path.join(memberFolder(folder, key(4)), 'member.json'), text);
    await expect(readMemberRecord(memberFolder(folder, key(4)))).rejects.toThrow('does not match the SHA-256');
  }
  expect(await readRunRecord(folder)).toMatchObject({ format: 1, name: 'lenet' });
});

test('an extra epoch in the history is no damage if the checkpoint has it too', async () => {
  const root = await temporaryFolder();
  const folder = await writeRun(root);
  const begun = memberFolder(folder, key(4));
  const history = [1, 2, 3].map(epochRecord);
  const state = new Map([['bias', { shape: [3], data: Float32Array.of(4, 5, 6) }]]);
  // A kill after the checkpoint, and one after the history.
  const metadata = { begun: '2026-01-01T12:00:00.000Z', history: JSON.stringify(history) };
  await fs.writeFile(path.join(begun, 'training.safetensors'), encodeWithDigest(state, metadata));
  expect(await found(root)).toBe(false);
  await fs.writeFile(path.join(begun, 'history.jsonl'), encodeHistory(history));
  expect(await found(root)).toBe(false);
  const text = encodeHistory(history).replace('12345.5,"seconds":4.875}\n', '12345.5,"seconds":4.874}\n');
  await fs.writeFile(path.join(begun, 'history.jsonl'), text);
  expect(await found(root)).toBe(true);
});
