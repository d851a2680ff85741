import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { csvParse } from 'd3-dsv';
import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { readTable } from '../../../../src/import/table.js';
import { axisOf } from '../../../../src/import/scale.js';
import { writeImportedRun } from '../../../../src/import/write.js';
import { tidyCsv, tidyParquet } from '../../../../src/report/tables/export.js';
import { readColumns } from '../../../../src/runs/load.js';
import { openRunFolder } from '../../../../src/runs/open.js';
import type { LoadedRun } from '../../../../src/runs/opened.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../../../support/runs.js';

async function loaded(folder: string): Promise<LoadedRun> {
  const open = await openRunFolder(folder);
  return readColumns(open, open.columns);
}

async function rowsOf(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  return parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
}

test("a trained run: every outcome of every member, with the member's coordinates, in both formats", async () => {
  const folder = path.join(await temporaryFolder(), 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 30 } };
  await writeSyntheticRun({ folder, record, widths: [2, 4], seeds: [0, 1], accuracy: () => 0.5 });
  const run = await loaded(folder);
  const rows = await rowsOf(await tidyParquet(run));
  expect(rows).toHaveLength(4 * 30);
  run.members.forEach(({ record: { id, width, seed, parameters }, outcomes }, m) => {
    const own = rows.slice(30 * m, 30 * (m + 1));
    expect(own.every((row) => row['member'] === id && row['width'] === width && row['seed'] === seed)).toBe(true);
    expect(own[0]).toMatchObject({ run: 'lenet', architecture: 'cnn', parameters });
    expect(own.map((row) => Number(row['correct']))).toEqual([...outcomes.correct!]);
    expect(own.map((row) => row['brier'])).toEqual([...outcomes.brier!]);
  });
  const text = csvParse(await tidyCsv(run));
  expect(text.columns).toEqual(Object.keys(rows[0]!));
  expect(text.map((row) => [row['member'], row['example'], Number(row['margin'])])).toEqual(
    rows.map((row) => [row['member'], String(row['example']), row['margin']]),
  );
});

test('an imported run is exported as the table it came from', async () => {
  const root = await temporaryFolder();
  const file = path.join(root, 'table.csv');
  const lines = ['a/x', 'b'].flatMap((model, m) =>
    [0, 1].flatMap((seed) =>
      ['q1', 'q2', '=q3'].map((id, i) => `${model},${seed},${id},${(m + seed + i) % 2},${0.1 * (i + 1)},${m + 1}e6`),
    ),
  );
  await fs.writeFile(file, ['model,seed,example,correct,score,parameters', ...lines].join('\n'));
  const columns = { columns: {}, coordinates: undefined, wide: undefined };
  const write = async (name: string, from: string, options: Parameters<typeof readTable>[1]) => {
    const collector = await readTable([from], options);
    const about = { root, name, testSet: 't', classes: null, groupNoun: undefined };
    const source = { format: 'table', tool: null, version: null, command: '', reading: undefined, files: [from] };
    return writeImportedRun(
      { ...about, source, axis: axisOf(collector.models, undefined) },
      collector.finish({ strict: true }),
    );
  };
  const first = await write('first', file, columns);
  const run = await loaded(first.folder);
  const again = path.join(root, 'again.parquet');
  await fs.writeFile(again, await tidyParquet(run));
  const second = await write('second', again, { ...columns, columns: { example: 'example_id' } });
  expect(second.record.dataset.fingerprint).toBe(first.record.dataset.fingerprint);
  const back = await loaded(second.folder);
  expect(back.members.map(({ record: { id, seed, width } }) => [id, seed, width])).toEqual(
    run.members.map(({ record: { id, seed, width } }) => [id, seed, width]),
  );
  expect(back.members.map(({ outcomes }) => outcomes)).toEqual(run.members.map(({ outcomes }) => outcomes));
});
