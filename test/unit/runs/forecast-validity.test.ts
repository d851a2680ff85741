import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { whyVoid } from '../../../src/runs/forecast-validity.js';
import { readSeals, writeSeal } from '../../../src/runs/forecasts.js';
import { memberFolder, writeMemberRecord } from '../../../src/runs/run.js';
import { memberRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';
import { sealFor } from '../../support/seals.js';

test('a seal is valid until its inputs change', async () => {
  const folder = path.join(await temporaryFolder(), 'lenet');
  const run = await writeSyntheticRun({ folder, widths: [1, 2, 4], seeds: [0], record: {}, accuracy: () => 0.5 });
  const voidReasons = async () =>
    Promise.all((await readSeals(folder)).seals.map((read) => whyVoid(folder, run, read)));
  await writeSeal(folder, await sealFor({ folder, run }));
  expect(await voidReasons()).toEqual([[]]);

  // A member that it predicts, started before it, then after it.
  const target = { arch: 'cnn', width: 8, seed: 0 };
  const write = (begun: string) =>
    writeMemberRecord(memberFolder(folder, target), memberRecord(target, { begun, status: 'training' }));
  await write('2026-02-28T23:59:59.999Z');
  expect(await voidReasons()).toEqual([
    ['cnn-w8-s0 started 2026-02-28T23:59:59.999Z, but the forecast was sealed 2026-03-01T00:00:00.000Z'],
  ]);
  await write('2026-03-01T00:00:00.001Z');
  expect(await voidReasons()).toEqual([[]]);

  const evidence = { arch: 'cnn', width: 2, seed: 0 };
  // The file itself, whatever member.json says about it.
  fs.appendFileSync(path.join(memberFolder(folder, evidence), 'outcomes.parquet'), ' ');
  expect(await voidReasons()).toEqual([['cnn-w2-s0, on which it is based, has other outcomes now']]);
  fs.rmSync(memberFolder(folder, evidence), { recursive: true });
  expect(await voidReasons()).toEqual([["cnn-w2-s0, on which it is based, was removed or can't be read"]]);
});
