import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import type { Row } from '../../../src/import/batch.js';
import { readJson, readRows } from '../../../src/import/rows.js';
import { temporaryFolder } from '../../support/runs.js';

async function all(file: string): Promise<{ rows: Row[]; lines: number[] }> {
  const rows: Row[] = [];
  const lines: number[] = [];
  for await (const batch of readRows(file)) {
    rows.push(...batch.rows);
    lines.push(...batch.lines);
  }
  return { rows, lines };
}

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(await temporaryFolder(), name);
  await fs.writeFile(file, content);
  return file;
}

/** By RFC 4180: quoted, quotes doubled. */
const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;

test('CSV cells are read as written, each with the line its row begins on', async () => {
  const folder = await temporaryFolder();
  const cell = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', 'é', '1'), maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }), async (cells) => {
      const file = path.join(folder, 'table.csv');
      await fs.writeFile(file, ['a,b', ...cells.map(([a, b]) => `${quoted(a)},${quoted(b)}`)].join('\n'));
      const { rows, lines } = await all(file);
      expect(rows).toEqual(cells.map(([a, b]) => ({ a, b })));
      const breaks = cells.map(([a, b]) => 1 + (a + b).split('\n').length - 1);
      expect(lines).toEqual(cells.map((_, i) => 2 + breaks.slice(0, i).reduce((sum, count) => sum + count, 0)));
    }),
    { numRuns: 60 },
  );
});

test('a file of many pieces: no row is lost or cut at a boundary', async () => {
  // 3 MB, pieces are of 1 MB; quoted line breaks fall on every position of a piece's end in turn.
  const count = 60_000;
  const lines = Array.from({ length: count }, (_, i) => `${i},"x\n""${'y'.repeat(i % 60)}",é`);
  const { rows, lines: places } = await all(await written('table.csv', `id,text,last\r\n${lines.join('\n')}\n`));
  expect(rows).toHaveLength(count);
  expect(rows.every((row, i) => row['id'] === String(i) && row['last'] === 'é')).toBe(true);
  expect([places[0], places.at(-1)]).toEqual([2, 2 * count]);
});

test("JSON lines, a JSON list, tab-separated and compressed files read alike; Python's NaN and Infinity are accepted", async () => {
  const rows = [
    { id: 'a', value: 1.5, text: 'NaN "Infinity"' },
    { id: 'b', value: 2, text: '' },
  ];
  const lines = rows.map((row) => JSON.stringify(row)).join('\n');
  expect((await all(await written('t.jsonl', `${lines}\n\n`))).rows).toEqual(rows);
  expect((await all(await written('t.jsonl.gz', gzipSync(lines)))).rows).toEqual(rows);
  expect((await all(await written('t.json', JSON.stringify(rows)))).rows).toEqual(rows);
  expect((await all(await written('t.tsv', 'id\tvalue\na\t1,5\n'))).rows).toEqual([{ id: 'a', value: '1,5' }]);
  expect((await all(await written('t.jsonl', '{"x": NaN, "y": -Infinity, "z": "NaN"}'))).rows).toEqual([
    { x: 'NaN', y: '-Infinity', z: 'NaN' },
  ]);
});

test('Parquet with several row groups, missing values and 64-bit numbers', async () => {
  const n = 45_000;
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: Array.from({ length: n }, (_, i) => BigInt(i)), type: 'INT64' },
      { name: 'name', data: Array.from({ length: n }, (_, i) => (i % 3 === 0 ? null : `n${i}`)), type: 'STRING' },
    ],
    rowGroupSize: 30_000,
  });
  const { rows, lines } = await all(await written('t.parquet', new Uint8Array(buffer)));
  expect([rows.length, lines[0], lines.at(-1)]).toEqual([n, 1, n]);
  expect(rows.every(({ id, name }, i) => id === BigInt(i) && name === (i % 3 === 0 ? null : `n${i}`))).toBe(true);
});

/** Written by pyarrow 18: three rows of `model` and `correct`, one file per compression. */
const packed = 'zstd gzip brotli lz4 snappy'.split(' ');
test.each(packed)('Parquet compressed with %s', async (name) => {
  const file = path.resolve(import.meta.dirname, `../../fixtures/import/${name}.parquet`);
  expect((await all(file)).rows).toEqual([
    { model: 'a', correct: true },
    { model: 'b', correct: false },
    { model: 'a', correct: true },
  ]);
});

test('a Parquet file with a damaged row count does not exhaust memory', async () => {
  const file = path.resolve(import.meta.dirname, '../../fixtures/import/snappy.parquet');
  const bytes = await fs.readFile(file);
  const end = bytes.length - 8;
  // A row group's num_rows in Thrift's compact form: the field header, then 3 as a zigzag varint.
  const at = bytes.lastIndexOf(Buffer.from([0x16, 0x06, 0x26]), end);
  expect(at).toBeGreaterThan(end - bytes.readUInt32LE(end));
  const counted = (count: number) => {
    const varint: number[] = [];
    for (let rest = 2 * count; rest > 0; rest = Math.floor(rest / 128))
      varint.push((rest % 128) + (rest >= 128 ? 128 : 0));
    const foot = Buffer.alloc(4);
    foot.writeUInt32LE(bytes.readUInt32LE(end) + varint.length - 1);
    const parts = [bytes.subarray(0, at + 1), Buffer.from(varint), bytes.subarray(at + 2, end), foot];
    return written('t.parquet', Buffer.concat([...parts, Buffer.from('PAR1')]));
  };
  expect((await all(await counted(3))).rows).toHaveLength(3);
  await expect(all(await counted(1e9))).rejects.toThrow('says that it has 1000000000 rows, more than 50000000');
  await expect(all(await counted(4))).rejects.toThrow('t.parquet: is damaged or not a Parquet file');
});

test.each([
  ['cut.csv', 'a,b\n1,2\n3,"4\n', ':3: a quotation mark is opened and never closed; the file may be cut off'],
  ['short.csv', 'a,b\n1,2\n3\n', ':3: has 1 value for 2 columns'],
  ['twice.csv', 'a,b,a\n', ':1: has two columns "a"'],
  ['empty.csv', '', ': is empty'],
  ['heading.csv', 'a,b\n\n', ': has a heading and no rows'],
  ['page.csv', '<!DOCTYPE html>\n<html>\n', ': is a web page or XML, not a table; get the file itself'],
  ['short-page.csv', '<html>no such file</html>', ': is a web page or XML, not a table'],
  ['nothing.parquet', '', ': is empty'],
  ['zeros.csv', new Uint8Array(1000), ': has zero bytes, and text has none; is the file damaged, or in UTF-16? Text'],
  ['utf16.jsonl', Buffer.from('{"a": 1}\n', 'utf16le'), ': has zero bytes, and text has none'],
  ['latin.csv', Uint8Array.of(0x61, 0x0a, 0xe9), ': is not UTF-8 text; save it as UTF-8'],
  [
    'cut.jsonl',
    '{"a": 1}\n{"a": ',
    ':2: is not JSON (Unexpected end of JSON input); the file may be damaged or cut off',
  ],
  ['list.jsonl', '[1]\n', ':1: is not a JSON object with named values'],
  ['one.json', '{"a": 1}', ': is not a JSON list of objects; a file with one object per line is .jsonl'],
  ['no.parquet', 'PAR1 and nothing', ': is damaged or not a Parquet file'],
  ['cut.csv.gz', gzipSync('a,b\n1,2\n').subarray(0, 12), ': is not a complete gzip file'],
  ['table.xlsx', 'PK', ': is none of .csv, .tsv, .jsonl, .ndjson, .json, .parquet'],
  [
    'logits.npy',
    'x',
    ': is none of .csv, .tsv, .jsonl, .ndjson, .json, .parquet; arrays of logits are read by import logits',
  ],
])('%s is refused in one line', async (name, content, message) => {
  const file = await written(name, content);
  const error: unknown = await all(file).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ exitCode: 2 });
  expect((error as Error).message.slice(0, file.length + message.length)).toBe(`${file}${message}`);
});

test('a folder and a missing file', async () => {
  const folder = await temporaryFolder();
  await expect(all(folder)).rejects.toThrow(`${folder}: is a folder; give the files in it`);
  await expect(all(path.join(folder, 'x.csv'))).rejects.toThrow('x.csv: does not exist');
});

test('endless input is refused before it fills the memory: an open quotation mark, a line, a small file that unpacks to a large one', async () => {
  // Ten million characters more than a record may have.
  const long = 'x'.repeat(42e6);
  const names = ['open.csv', 'line.jsonl'] as const;
  const texts = [`a,b\n1,"${long}`, `{"a": "${long}`];
  for (const [i, name] of names.entries())
    await expect(all(await written(name, texts[i]!))).rejects.toThrow(
      /:\d: a record has more than 32000000 characters; is a quotation mark never closed, or a line break missing\?$/,
    );
  const bomb = await written('bomb.json.gz', gzipSync(`[${' '.repeat(3e6)}]`));
  expect((await fs.stat(bomb)).size).toBeLessThan(10_000);
  await expect(readJson(bomb, 1e6)).rejects.toThrow('has more than 1000000 characters; write it as JSON lines');
  expect(await readJson(bomb, 1e7)).toEqual([]);
});
