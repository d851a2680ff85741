import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeHistory, encodeHistory } from '../../../src/runs/history.js';
import {
  contradictions,
  memberFolder,
  membersOf,
  readMemberRecord,
  readRunRecord,
  writeMemberRecord,
  writeRunRecord,
} from '../../../src/runs/run.js';
import { jsonWithDigest } from '../../../src/runs/json.js';
import { experimentDigest } from '../../../src/runs/record.js';
import { openRunFolder } from '../../../src/runs/open.js';
import { extendExperiment } from '../../../src/experiment/factors.js';
import type { Experiment } from '../../../src/experiment/schema.js';
import { verifyRun } from '../../../src/runs/verify.js';
import {
  epochRecord,
  experiment,
  memberRecord,
  runRecord,
  temporaryFolder,
  writeSyntheticRun,
} from '../../support/runs.js';
import { RunError } from '../../../src/terminal/errors.js';

const key = { arch: 'cnn', width: 8, seed: 0 } as const;

describe('run.json', () => {
  test('reads back as written; undefined if missing', async () => {
    const folder = path.join(await temporaryFolder(), 'lenet');
    expect(await readRunRecord(folder)).toBeUndefined();
    await writeRunRecord(folder, runRecord());
    expect(await readRunRecord(folder)).toEqual(runRecord());
  });
  test.each([
    ['{"format": 1', /run\.json: is damaged: not JSON \(.*\); restore it from a copy, or give another --run NAME$/],
    [
      JSON.stringify({ ...runRecord(), format: 4 }),
      /run\.json: has format 4, which this version does not support; read it with the version that wrote it$/,
    ],
    [
      JSON.stringify({ ...runRecord(), experiment: { ...experiment, widths: [0] } }),
      /run\.json: is damaged: experiment\.widths\[0\]: 0 is too small; at least 1; restore it /,
    ],
  ])('damage: %s', async (text, line) => {
    const folder = await temporaryFolder();
    await fs.writeFile(path.join(folder, 'run.json'), text);
    await expect(readRunRecord(folder)).rejects.toThrow(line);
  });
});

describe('extension', () => {
  test('members are all widths with all seeds of both', () => {
    const extended = extendExperiment(experiment, { widths: [4, 16], seeds: [2] });
    expect(extended).toEqual({ ...experiment, widths: [4, 8, 16], seeds: [0, 2] });
    expect(membersOf(extended).map(({ width, seed }) => [width, seed])).toEqual([
      [4, 0],
      [4, 2],
      [8, 0],
      [8, 2],
      [16, 0],
      [16, 2],
    ]);
  });
  test('widths and seeds never contradict, everything else does', () => {
    const asked = { ...experiment, widths: [99], seeds: [99], batchSize: 64, testSize: 500 };
    expect(contradictions(runRecord(), asked)).toEqual([
      { key: 'batchSize', recorded: '128', asked: '64' },
      { key: 'testSize', recorded: 'all examples', asked: '500' },
    ]);
    expect(contradictions(runRecord(), experiment)).toEqual([]);
    const { epochs, ...others } = experiment;
    expect(epochs).toBe(3);
    expect(contradictions(runRecord(), { ...others, steps: 64 })).toEqual([
      { key: 'steps', recorded: '3 epochs', asked: '64 steps' },
    ]);
  });
});

describe('history.jsonl', () => {
  const history = [1, 2, 3].map(epochRecord);
  const text = encodeHistory(history);
  test('reads back as written', () => {
    expect(decodeHistory(text, 'h')).toEqual(history);
    expect(decodeHistory('', 'h')).toEqual([]);
  });
  test.each([
    [text.slice(0, -1), 'h: is cut off in its last line'],
    [text.replace('"epoch":2', '"epoch":3'), 'h:2: is damaged: epoch 3 where 2 is expected'],
    [text.replace('"step":936', '"step":"x"'), 'h:2: is damaged: step: "x" is not a number'],
  ])('damage %#', (damaged, line) => {
    expect(() => decodeHistory(damaged, 'h')).toThrow(new RunError(line));
  });
});

describe('member.json', () => {
  const write = async (record: object) => {
    const folder = memberFolder(await temporaryFolder(), key);
    await fs.mkdir(folder, { recursive: true });
    await fs.writeFile(path.join(folder, 'member.json'), jsonWithDigest(record).text);
    return folder;
  };
  test('complete without a hash of its outcomes', async () => {
    const hash = 'a'.repeat(64);
    const folder = await write(memberRecord(key, { files: { 'weights.safetensors': hash, 'history.jsonl': hash } }));
    await expect(readMemberRecord(folder)).rejects.toThrow(
      /member\.json: is damaged: complete, but without a hash of outcomes\.parquet; delete .* to train this member again$/,
    );
  });
  test("another member's", async () => {
    const folder = await write(memberRecord({ ...key, width: 16 }, { status: 'training' }));
    await expect(readMemberRecord(folder)).rejects.toThrow(
      /member\.json: is the record of cnn-w16-s0; delete .* to train this member again$/,
    );
  });
});

test('verifyRun names members that are damaged, missing, in training or not started', async () => {
  const folder = await temporaryFolder();
  await writeSyntheticRun({
    folder,
    record: { dataset: { ...runRecord().dataset, testCount: 20 } },
    widths: [1, 2, 3, 4, 5, 6],
    seeds: [0],
    accuracy: () => 0.5,
  });
  const member = (width: number, file = '') => path.join(memberFolder(folder, { ...key, width }), file);
  const outcomes = await fs.readFile(member(2, 'outcomes.parquet'));
  outcomes[100]! ^= 1;
  await fs.writeFile(member(2, 'outcomes.parquet'), outcomes);
  await fs.rm(member(3, 'weights.safetensors'));
  await fs.rm(member(4), { recursive: true });
  await writeMemberRecord(member(5), memberRecord({ ...key, width: 5 }, { status: 'training' }));
  await fs.writeFile(member(6, 'member.json'), '{');
  const states = await verifyRun(folder);
  expect(
    states.map(({ status, problem }) => [status, problem?.replaceAll(folder, 'RUN').replace(/\(.*\)/, '(...)')]),
  ).toEqual([
    ['complete', undefined],
    ['damaged', 'outcomes.parquet is damaged: it does not match its SHA-256 in member.json'],
    ['damaged', 'weights.safetensors is missing'],
    ['no epoch done', undefined],
    ['training', undefined],
    [
      'damaged',
      'RUN/members/cnn-w6-s0/member.json: is damaged: not JSON (...); delete RUN/members/cnn-w6-s0 to train this member again',
    ],
  ]);
  await expect(verifyRun(path.join(folder, 'members'))).rejects.toThrow(
    /members: there is no run here: run\.json is missing$/,
  );
});

describe('a member of another experiment', () => {
  test('is not a member of this run', async () => {
    const folder = path.join(await temporaryFolder(), 'lenet');
    await writeSyntheticRun({ folder, widths: [8], seeds: [0, 1], accuracy: () => 0.5 });
    const member = memberFolder(folder, key);
    await writeMemberRecord(member, { ...(await readMemberRecord(member))!, experiment: 'b'.repeat(64) });
    const [other, own] = await verifyRun(folder);
    expect(other).toMatchObject({
      status: 'damaged',
      problem: 'belongs to another experiment than run.json: it was trained with other options or data',
    });
    expect(own).toMatchObject({ status: 'complete' });
    expect((await openRunFolder(folder)).absent).toEqual([
      expect.stringContaining('cnn-w8-s0 (belongs to another experiment'),
    ]);
  });

  test('the digest covers options, data and mode, not widths and seeds', () => {
    const digest = (changes: Partial<Experiment>, eager = false, fingerprint = 'a') =>
      experimentDigest({ experiment: { ...experiment, ...changes }, eager, fingerprint });
    expect(digest({ widths: [1], seeds: [7] })).toBe(digest({}));
    const others = [digest({ epochs: 99 }), digest({ learningRate: 0.5 }), digest({}, true), digest({}, false, 'b')];
    expect(new Set([digest({}), ...others]).size).toBe(5);
  });
});

test('a copied run has the name of its folder, and nothing it writes or hints refers to the first', async () => {
  const root = await temporaryFolder();
  const folder = path.join(root, 'lenet');
  await writeSyntheticRun({ folder, widths: [1, 2], seeds: [0], record: {}, accuracy: () => 0.5 });
  await fs.cp(folder, path.join(root, 'copy'), { recursive: true });
  await fs.cp(folder, path.join(root, 'no run name!'), { recursive: true });
  const names = ['lenet', 'copy', 'no run name!'].map(
    async (name) => (await openRunFolder(path.join(root, name))).record.name,
  );
  expect(await Promise.all(names)).toEqual(['lenet', 'copy', 'lenet']);
});
