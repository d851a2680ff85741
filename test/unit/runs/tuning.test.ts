import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { csvParse } from 'd3-dsv';
import { tidyCsv } from '../../../src/report/tables/export.js';
import { isOfRun } from '../../../src/runs/contents.js';
import { coordinatesOf } from '../../../src/runs/coordinates.js';
import { readColumns } from '../../../src/runs/load.js';
import { openRunFolder } from '../../../src/runs/open.js';
import { tunedWordsOf } from '../../../src/runs/tuned.js';
import { readTuning, tuningFile, writeTuning, type TuningRecord } from '../../../src/runs/tuning.js';
import { memberFolder, membersOf, readMemberRecord, writeMemberRecord, writeRunRecord } from '../../../src/runs/run.js';
import { present } from '../../../src/machine/present.js';
import { Random } from '../../../src/statistics/random.js';
import {
  experiment,
  memberRecord,
  runRecord,
  temporaryFolder,
  writeMember,
  syntheticOutcomes,
} from '../../support/runs.js';

test('trials read back as written, a changed loss is damage, and the files belong to the run', async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'emergence-tuning-'));
  const file = tuningFile(folder, 'cnn-w8-s0');
  expect(await readTuning(file)).toBeUndefined();
  const record: TuningRecord = {
    ...{ format: 2, id: 'cnn-w8-s0', experiment: 'a'.repeat(64), factor: 'learningRate' },
    begun: '2026-01-01T12:00:00.000Z',
    trials: [
      { value: 0.01, loss: 0.5, accuracy: 0.75, diverged: false, steps: 10, seconds: 1 },
      { value: 10, loss: null, accuracy: null, diverged: true, steps: 10, seconds: 1 },
    ],
  };
  await writeTuning(file, record);
  expect(await readTuning(file)).toEqual(record);
  const { begun, ...older } = record;
  await writeTuning(file, older);
  expect(await readTuning(file)).toEqual(older);
  await writeTuning(file, { ...older, begun });
  await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('0.75', '0.76'));
  await expect(readTuning(file)).rejects.toThrow(/is damaged.*delete it to run the trials again/);
  expect(isOfRun(['tuning', 'cnn-w8-s0.json'], false)).toBe(true);
  expect(isOfRun(['tuning', 'cnn-w8-s0.json.lock'], false)).toBe(true);
  expect(isOfRun(['tuning', 'notes.json'], false)).toBe(false);
  await fs.rm(folder, { recursive: true });
});

const chosen = (value: number, atEdge = false) => ({ factor: 'learningRate', value, trials: 3, atEdge }) as const;

test("a member's coordinates include what was chosen for it, even for an option that is not a factor", () => {
  const key = { arch: 'cnn', width: 8, seed: 0 };
  const of = (changes: Parameters<typeof memberRecord>[1]) => coordinatesOf(runRecord(), memberRecord(key, changes));
  expect(of({})).toMatchObject({ learningRate: 0.001 });
  expect(of({ tuned: chosen(0.03) })).toMatchObject({ learningRate: 0.03 });
  expect(of({ tuned: { ...chosen(2), factor: 'augmentShift' } })).toMatchObject({ augmentShift: 2 });
});

test('choices in words: once per member, with a note about those at an end of the grid', () => {
  const of = (...tuned: (ReturnType<typeof chosen> | undefined)[]) =>
    tunedWordsOf(tuned.map((each, i) => ({ trained: { id: `cnn-w8-s${i % 3}`, tuned: each } })));
  expect(of(undefined)).toBeUndefined();
  expect(tunedWordsOf([{ trained: undefined }])).toBeUndefined();
  expect(of(chosen(0.01))).toEqual({
    ...{ factor: 'learningRate', text: 'learning rate tuned to 0.01 on the validation split', edge: '' },
  });
  expect(of(chosen(0.1, true), chosen(0.001), chosen(0.01), chosen(0.1, true))).toEqual({
    factor: 'learningRate',
    text: 'learning rate tuned, from 0.001 to 0.1 on the validation split',
    edge: ' (1 of 3 members at an end of the grid)',
  });
});

test("outcomes have a column for their member's choice, and it is refused as an axis with the reason", async () => {
  const folder = path.join(await temporaryFolder(), 'tuned');
  const own = { ...experiment, widths: [2, 4], tune: 'learningRate=0.01,0.02,0.03', validationSize: 100 };
  await writeRunRecord(folder, runRecord({ experiment: own, dataset: { ...runRecord().dataset, testCount: 10 } }));
  for (const key of membersOf(own)) {
    await writeMember(folder, key, syntheticOutcomes(10, 0.5, Random.named(0, 'tuned', key.width)));
    const record = present(await readMemberRecord(memberFolder(folder, key)));
    await writeMemberRecord(memberFolder(folder, key), { ...record, tuned: chosen(key.width / 200) });
  }
  const open = await openRunFolder(folder);
  const rows = csvParse(await tidyCsv(await readColumns(open, open.columns)));
  expect(rows.map((row) => [row['width'], row['learning_rate']])).toEqual([
    ...new Array<string[]>(10).fill(['2', '0.01']),
    ...new Array<string[]>(10).fill(['4', '0.02']),
  ]);
  await expect(openRunFolder(folder, { axis: 'learningRate' })).rejects.toThrow(
    /learningRate was tuned for each member/,
  );
});
