/** The selftest on this machine's real engine, and its verdicts on members that differ. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import { expect, test } from 'vitest';
import { compared, faultsOf, selftest, type SelftestFamily, type TestedMember } from '../../src/library/selftest.js';
import { selftestTable } from '../../src/commands/selftest-table.js';

const tiny: SelftestFamily = {
  ...{ arch: 'cnn', dataset: 'shapes', widths: [2], seeds: [0], trainSize: 32, testSize: 16, batchSize: 16 },
  epochs: 2,
};

const leftovers = async () => (await fs.readdir(os.tmpdir())).filter((name) => name.startsWith('emergence-selftest-'));

test('a family trained twice on the CPU has the same bits, and leaves nothing behind', async () => {
  const before = await leftovers();
  const heard: string[] = [];
  const { members, faults } = await selftest({ device: 'cpu', families: [tiny], note: (line) => heard.push(line) });
  expect(faults).toEqual([]);
  expect(members.map(({ id, device, sameBits }) => [id, device, sameBits])).toEqual([['cnn-w2-s0', 'cpu', true]]);
  expect(members.every(({ cpuLoss }) => cpuLoss === undefined)).toBe(true);
  expect(heard).toEqual(['training cnn', 'training cnn again']);
  expect(await leftovers()).toEqual(before);
  expect(selftestTable({ members, faults })).toMatch(/All checks passed\.$/);
});

test('a member that cannot be trained says why', async () => {
  const stop = new AbortController();
  stop.abort();
  await expect(selftest({ device: 'cpu', families: [tiny], signal: stop.signal })).rejects.toThrow(
    /1 of 1 members failed: was stopped/,
  );
});

/** As read from a folder; a member's other fields play no part. */
function member(losses: readonly number[], hash = 'a', device: 'cpu' | 'gpu' = 'gpu'): TestedMember {
  const files = { 'weights.safetensors': hash, 'outcomes.parquet': hash, 'history.jsonl': 'x' };
  return {
    device,
    record: { id: 'cnn-w2-s0', parameters: 10, peakMemoryBytes: 1e9, files },
    history: losses.map((trainLoss, i) => ({ epoch: i + 1, trainLoss, examplesPerSecond: 100 })),
  } as unknown as TestedMember;
}

test("different bits, a curve that leaves the CPU's at any epoch and a loss that is not a number are faults", () => {
  const cpu = member([2, 1], 'c', 'cpu');
  const close = compared(member([2.01, 1.001]), member([2.01, 1.001]), cpu);
  expect(close.offFromCpu).toBeCloseTo(0.005, 12);
  expect(faultsOf(close)).toEqual([]);
  expect(faultsOf(compared(member([2.1, 1]), member([2.1, 1]), cpu))).toEqual([
    "cnn-w2-s0: its loss is 5.0 % off the CPU's, more than 2 %",
  ]);
  expect(faultsOf(compared(member([2, 1]), member([2, 1], 'b')))).toEqual([
    'cnn-w2-s0: training it again gave different bits',
  ]);
  expect(faultsOf(compared(member([2, NaN]), member([2, NaN]), cpu))).toHaveLength(2);
  const text = selftestTable({ members: [close], faults: ['cnn-w2-s0: bad'] });
  expect(text).toContain("the CPU's");
  expect(text.endsWith('cnn-w2-s0: bad')).toBe(true);
});
