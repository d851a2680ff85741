import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeHistory } from '../../../src/runs/history.js';
import { epochsOf } from '../../../src/runs/record.js';
import { familySeconds, pacesOf, readProgress, secondsLeft, type Timing } from '../../../src/runs/progress.js';
import { lockMember } from '../../../src/runs/lock.js';
import { memberFolder, writeMemberRecord } from '../../../src/runs/run.js';
import { summariseRuns } from '../../../src/runs/inventory.js';
import { holdLock } from '../../support/holders.js';
import { epochRecord, memberRecord, runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';

const timing = (flops: number, seconds: readonly number[], changes: Partial<Timing> = {}): Timing => ({
  flops,
  epochs: 10,
  history: seconds.map((each) => ({ seconds: each })),
  idleSeconds: 0,
  isComplete: false,
  ...changes,
});

describe('time left for a member', () => {
  test('its own pace over the last three epochs, minus the time already spent in the current one', () => {
    const member = timing(8, [100, 2, 3, 4], { idleSeconds: 1 });
    expect(secondsLeft(member, pacesOf([member]))).toBeCloseTo(6 * 3 - 1, 12);
    // Even if it was stopped yesterday, it has most of an epoch left.
    expect(secondsLeft({ ...member, idleSeconds: 86_400 }, pacesOf([member]))).toBeCloseTo(5 * 3, 12);
    expect(secondsLeft(timing(8, Array(10).fill(2), { isComplete: true, idleSeconds: 5 }), pacesOf([]))).toBe(0);
  });

  test('before its first epoch: the mean of those with as many operations, else a power law through the two nearest', () => {
    const others = [timing(4, [16]), timing(8, [64]), timing(64, [9999])];
    expect(secondsLeft(timing(8, []), pacesOf([...others, timing(8, [66])]))).toBeCloseTo(650, 9);
    // Seconds grow as the square between 4 and 8, so 256 at 16, and 4 at 2.
    expect(secondsLeft(timing(16, []), pacesOf(others.slice(0, 2)))).toBeCloseTo(2560, 9);
    expect(secondsLeft(timing(2, []), pacesOf(others))).toBeCloseTo(40, 9);
    // From one alone in proportion: 64 seconds.
    expect(secondsLeft(timing(16, []), pacesOf(others.slice(0, 1)))).toBeCloseTo(640, 9);
    expect(secondsLeft({ ...timing(16, []), flops: undefined }, pacesOf(others))).toBeNull();
    expect(secondsLeft(timing(16, []), pacesOf([timing(16, [])]))).toBeNull();
  });

  test('the family: shared among the workers, and never less than the longest member', () => {
    const atWork = timing(8, [10]);
    const timed = [atWork, atWork, timing(8, [10], { idleSeconds: 41 }), timing(8, [])];
    expect(familySeconds(timed, [90, 90, 90, 90])).toBe(180);
    expect(familySeconds(timed, [300, 1, 1, 1])).toBe(300);
    expect(familySeconds(timed, [1, 1, 1, null])).toBeNull();
    expect(familySeconds([timing(8, [])], [7])).toBe(7);
  });
});

test('a run on disk: epochs from history.jsonl, estimates only while a living process has the lock', async () => {
  const folder = path.join(await temporaryFolder(), 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 20 } };
  const run = await writeSyntheticRun({ folder, record, widths: [1, 2], seeds: [0], accuracy: () => 0.5 });
  const epochs = epochsOf(run, {});
  const key = { arch: 'cnn', width: 2, seed: 0 };
  const member = memberFolder(folder, key);
  await writeMemberRecord(member, memberRecord(key, { status: 'training', epochsDone: 1 }));
  await fs.writeFile(path.join(member, 'history.jsonl'), encodeHistory([epochRecord(1)]));
  const stopped = await readProgress(folder);
  expect(stopped).toMatchObject({
    ...{ run: 'lenet', arch: 'cnn', dataset: 'mnist', epochs, status: 'stopped', complete: 1, etaSeconds: null },
    members: [
      { id: 'cnn-w1-s0', status: 'complete', epochsDone: 3, etaSeconds: 0 },
      { id: 'cnn-w2-s0', status: 'training', epochsDone: 1, loss: 1, accuracy: 0.5, etaSeconds: null, losses: [1] },
    ],
  });
  await holdLock(folder);
  const { mtimeMs } = await fs.stat(path.join(member, 'history.jsonl'));
  const trained = await readProgress(folder, new Map(), mtimeMs + 1000);
  const left = (epochs - 1) * 4.875 - 1;
  expect(trained.status).toBe('training');
  expect(trained.etaSeconds).toBeCloseTo(left, 6);
  expect(trained.members.map(({ etaSeconds }) => etaSeconds)).toEqual([0, trained.etaSeconds]);
  await fs.writeFile(path.join(member, 'history.jsonl'), '{');
  expect((await readProgress(folder)).members[1]).toMatchObject({ epochsDone: 0, loss: null });
  await fs.rm(path.join(folder, 'run.json'));
  await expect(readProgress(folder)).rejects.toThrow(/lenet: there is no longer a run here: run\.json is missing$/);
});

test('nobody is advised to delete a member that a living process is training', async () => {
  const root = await temporaryFolder();
  const folder = path.join(root, 'lenet');
  await writeSyntheticRun({ folder, widths: [1, 2], seeds: [0], accuracy: () => 0.5 });
  const member = memberFolder(folder, { arch: 'cnn', width: 2, seed: 0 });
  await fs.writeFile(path.join(member, 'member.json'), '{');
  const seen = async () => {
    const [{ members, status }, [run]] = await Promise.all([readProgress(folder), summariseRuns(root)]);
    return { status, member: members[1], missing: run!.missing };
  };
  const advice = expect.stringContaining(`delete ${member} to train this member again`) as string;
  expect(await seen()).toMatchObject({
    status: 'damaged',
    member: { status: 'damaged', problem: advice },
    missing: [{ id: 'cnn-w2-s0', why: advice }],
  });
  const attempt = await lockMember(folder, 'cnn-w2-s0');
  expect(await seen()).toMatchObject({
    status: 'training',
    member: { status: 'training', problem: null },
    missing: [{ id: 'cnn-w2-s0', why: expect.stringMatching(/^0 of \d+ epochs? done$/) as string }],
  });
  if ('held' in attempt) await attempt.held.release();
});
