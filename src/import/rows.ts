/**
 * Rows of a table on disk, a batch at a time: CSV, JSON lines, a JSON list, Parquet. A file of a million lines is never in memory all
 * at once. Errors name the damaged line.
 */
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { createGunzip } from 'node:zlib';
import { dsvFormat } from 'd3-dsv';
import { diskError } from '../machine/disk-errors.js';
import { isPipe } from '../machine/inputs.js';
import { firstOf, nth } from '../machine/present.js';
import { codeOf, messageOf, UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { RowBatch, Row } from './batch.js';
import { parquetBatches } from './parquet.js';

/** File endings that `readRows` accepts. */
export const tableEndings = ['.csv', '.tsv', '.jsonl', '.ndjson', '.json', '.parquet'] as const;

/** `line 17`, `row 17`, for messages. */
export function placeIn(file: string, line: number): string {
  return file.endsWith('.parquet') ? `${file}, row ${line}` : `${file}:${line}`;
}

/** @throws UsageError, with the line, if the file is missing, damaged or of an unknown kind */
export async function* readRows(file: string): AsyncGenerator<RowBatch> {
  const plain = file.replace(/\.gz$/, '');
  const ending = path.extname(plain).toLowerCase();
  await refuseNoFile(file);
  if (ending === '.parquet') yield* parquetBatches(file);
  else if (ending === '.csv' || ending === '.tsv') yield* csvBatches(file, ending === '.tsv' ? '\t' : ',');
  else if (ending === '.jsonl' || ending === '.ndjson') yield* jsonLineBatches(file);
  else if (ending === '.json') yield* jsonListBatches(file);
  else {
    const isArrays = ['.npy', '.npz', '.safetensors'].includes(ending);
    const remedy = isArrays ? 'arrays of logits are read by import logits' : 'convert it, or correct its extension';
    throw new UsageError(`is none of ${tableEndings.join(', ')}`, file, remedy);
  }
}

/** @throws UsageError if it is not a readable file */
export async function refuseNoFile(file: string): Promise<void> {
  if (await isPipe(file)) throw new UsageError('is a pipe or a socket, not a file', file);
  const stats = await fs.stat(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') throw new UsageError('does not exist', file);
    throw diskError(error, file);
  });
  if (stats.isDirectory()) throw new UsageError('is a folder', file, 'give the files in it');
}

const notText = 'is the file damaged, or in UTF-16? Text has to be UTF-8';

/** The text of a file in chunks that may end anywhere. */
async function* textPieces(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const raw = createReadStream(file, { highWaterMark: 1 << 20 });
  const bytes = file.endsWith('.gz') ? raw.pipe(createGunzip({ chunkSize: 1 << 20 })) : raw;
  // A pipe does not forward its source's errors.
  if (bytes !== raw) raw.on('error', (error) => bytes.destroy(error));
  try {
    for await (const piece of bytes) {
      const text = decoder.decode(piece as Buffer, { stream: true });
      if (text.includes('\0')) throw new UsageError('has zero bytes, and text has none', file, notText);
      yield text;
    }
    yield decoder.decode();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof TypeError || codeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new UsageError('is not UTF-8 text', file, 'save it as UTF-8');
    if (codeOf(error)?.startsWith('Z_') === true) throw new UsageError(`is not a complete gzip file`, file);
    throw diskError(error, file);
  }
}

/** Most characters of a record: an unclosed quotation mark must not pull the whole file into memory. */
const mostRecord = 32e6;

/** Chunks of whole records; `wholeUntil` returns where the last whole record of the text so far ends, 0 if there is none. */
async function* linesOf(
  file: string,
  wholeUntil: (text: string) => number,
): AsyncGenerator<{ readonly text: string; readonly line: number }> {
  let rest = '';
  let line = 1;
  for await (const piece of textPieces(file)) {
    rest += piece;
    const end = wholeUntil(rest);
    if (end === 0 && rest.length > mostRecord)
      throw new UsageError(
        `a record has more than ${mostRecord} characters`,
        placeIn(file, line),
        'is a quotation mark never closed, or a line break missing?',
      );
    if (end === 0) continue;
    const text = rest.slice(0, end);
    yield { text, line };
    line += newlines(text);
    rest = rest.slice(end);
  }
  if (rest.trim() !== '') yield { text: rest, line };
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** Just after the last line break outside quoted values; 0 if there is none. */
function wholeRecords(text: string): number {
  let whole = 0;
  let from = 0;
  for (let isQuoted = false; ; isQuoted = !isQuoted) {
    const quote = text.indexOf('"', from);
    const to = quote < 0 ? text.length : quote;
    if (!isQuoted) {
      const last = text.lastIndexOf('\n', to - 1);
      if (last >= from) whole = last + 1;
    }
    if (quote < 0) return whole;
    from = quote + 1;
  }
}

async function* csvBatches(file: string, delimiter: string): AsyncGenerator<RowBatch> {
  const format = dsvFormat(delimiter);
  let columns: readonly string[] | undefined;
  let isEmpty = true;
  for await (const { text, line } of linesOf(file, wholeRecords)) {
    refuseOpenQuote(text, line, file);
    const rows: Row[] = [];
    const lines: number[] = [];
    const hasQuotes = text.includes('"');
    let at = line;
    for (const cells of format.parseRows(columns === undefined ? text.replace(/^\uFEFF/, '') : text)) {
      const here = at;
      at += 1 + (hasQuotes ? cells.reduce((sum, cell) => sum + newlines(cell), 0) : 0);
      // An empty line, such as the last one.
      if (cells.length === 1 && firstOf(cells).trim() === '') continue;
      if (columns === undefined) {
        if (isPage(firstOf(cells)))
          throw new UsageError(
            'is a web page or XML, not a table',
            file,
            'get the file itself, not the page that shows it',
          );
        columns = headingOf(cells, file);
        continue;
      }
      if (cells.length !== columns.length)
        throw new UsageError(
          `has ${counted(cells.length, 'value')} for ${counted(columns.length, 'column')}`,
          placeIn(file, here),
        );
      rows.push(rowOf(columns, cells));
      lines.push(here);
    }
    isEmpty &&= rows.length === 0;
    if (rows.length > 0) yield { rows, lines };
  }
  if (columns === undefined) throw new UsageError('is empty', file);
  if (isEmpty) throw new UsageError('has a heading and no rows', file);
}

/** Whether a text begins as HTML or XML do: a link may lead to a page about a file. */
function isPage(text: string): boolean {
  return /^\s*<(!doctype|!--|html|head|body|\?xml)/i.test(text);
}

/** Plain loops: this runs for a million rows. */
function rowOf(columns: readonly string[], cells: readonly unknown[]): Row {
  const row: Record<string, unknown> = {};
  for (let i = 0; i < columns.length; i++) row[nth(columns, i)] = cells[i];
  return row;
}

function headingOf(cells: readonly string[], file: string): readonly string[] {
  const columns = cells.map((cell) => cell.trim());
  const twice = columns.find((name, i) => columns.indexOf(name) < i);
  if (twice !== undefined) throw new UsageError(`has two columns ${JSON.stringify(twice)}`, placeIn(file, 1));
  // It would set the row's prototype instead of a column.
  if (columns.includes('__proto__')) throw new UsageError('has a column __proto__', placeIn(file, 1), 'rename it');
  return columns;
}

/** Only the end of a file can be inside quotes: everything before was cut outside them. */
function refuseOpenQuote(text: string, line: number, file: string): void {
  let open = -1;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) open = open < 0 ? at : -1;
  if (open < 0) return;
  const where = placeIn(file, line + newlines(text.slice(0, open)));
  throw new UsageError('a quotation mark is opened and never closed', where, 'the file may be cut off');
}

const wholeLines = (text: string) => text.lastIndexOf('\n') + 1;

async function* jsonLineBatches(file: string): AsyncGenerator<RowBatch> {
  let isEmpty = true;
  for await (const { text, line } of linesOf(file, wholeLines)) {
    const rows: Row[] = [];
    const lines: number[] = [];
    for (const [i, each] of text.split('\n').entries()) {
      if (each.trim() === '') continue;
      rows.push(objectOf(each, placeIn(file, line + i)));
      lines.push(line + i);
    }
    isEmpty &&= rows.length === 0;
    if (rows.length > 0) yield { rows, lines };
  }
  if (isEmpty) throw new UsageError('is empty', file);
}

/** Python writes NaN and Infinity, which are not valid JSON; they are read as numbers. */
export function parseLoose(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    const quoted = text.replaceAll(
      /("(?:[^"\\]|\\.)*")|(-?\bInfinity\b|\bNaN\b)/g,
      (_, string?: string, number?: string) => string ?? JSON.stringify(number),
    );
    return JSON.parse(quoted);
  }
}

function objectOf(text: string, where: string): Row {
  let value: unknown;
  try {
    value = parseLoose(text);
  } catch (error) {
    throw new UsageError(`is not JSON (${reasonOf(error)})`, where, 'the file may be damaged or cut off');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new UsageError('is not a JSON object with named values', where);
}

/** The parser's reason, without the text it quotes, which may be as long as the line. */
function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/,? *"[\s\S]*?\.*" is not valid JSON/, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 100);
}

/** Larger files should be JSON lines. */
const mostJson = 400e6;

/** The parsed content of a JSON file. Throws UsageError, one line. */
export async function readJson(file: string, most = mostJson): Promise<unknown> {
  await refuseNoFile(file);
  let text = '';
  for await (const piece of textPieces(file)) {
    text += piece;
    // Checked while reading: a small .gz may unpack to any size.
    if (text.length > most) throw new UsageError(`has more than ${most} characters`, file, 'write it as JSON lines');
  }
  try {
    return parseLoose(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UsageError(`is not JSON (${reasonOf(error)})`, file, 'the file may be damaged or cut off');
  }
}

async function* jsonListBatches(file: string): AsyncGenerator<RowBatch> {
  const value = await readJson(file);
  if (!Array.isArray(value) || value.length === 0)
    throw new UsageError('is not a JSON list of objects', file, 'a file with one object per line is .jsonl');
  const wrong = value.findIndex((each) => typeof each !== 'object' || each === null || Array.isArray(each));
  if (wrong >= 0) throw new UsageError(`entry ${wrong + 1} is not an object`, file);
  yield { rows: value as Row[], lines: value.map((_, i) => i + 1) };
}
