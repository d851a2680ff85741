/** Reads a Parquet file a row group at a time, whatever its compression. */
import * as fs from 'node:fs/promises';
import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { nth } from '../machine/present.js';
import { messageOf, UsageError } from '../terminal/errors.js';
import type { RowBatch, Row } from './batch.js';

/** Most rows of a batch: a row group may be the whole file. */
const mostRows = 20_000;

const mostFileRows = 50_000_000;

/** @throws UsageError if it is damaged or not a Parquet file */
export async function* parquetBatches(file: string): AsyncGenerator<RowBatch> {
  const handle = await fs.open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size === 0) throw new UsageError('is empty', file);
    const buffer: AsyncBuffer = {
      byteLength: size,
      async slice(start, end = size) {
        const bytes = new Uint8Array(end - start);
        await handle.read(bytes, 0, bytes.length, start);
        return bytes.buffer;
      },
    };
    const metadata = await whole(file, () => parquetMetadataAsync(buffer));
    const columns = topColumns(metadata);
    const rows = metadata.row_groups.reduce((total, group) => total + Number(group.num_rows), 0);
    // A damaged count must not become a list of that length.
    if (!(rows <= mostFileRows)) throw new UsageError(`says that it has ${rows} rows, more than ${mostFileRows}`, file);
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = start + Number(group.num_rows);
      const columnData = await whole(file, () => readGroup({ buffer, metadata, columns, start, end }));
      for (let from = 0; from < end - start; from += mostRows) {
        const count = Math.min(mostRows, end - start - from);
        yield {
          rows: Array.from({ length: count }, (_, i) => rowAt(columns, columnData, from + i)),
          lines: Array.from({ length: count }, (_, i) => start + from + i + 1),
        };
      }
      start = end;
    }
    if (start === 0) throw new UsageError('is empty', file);
  } finally {
    await handle.close();
  }
}

/** Names of top-level columns: lists and structs are read whole. */
function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  let at = 1;
  const skip = () => {
    const { num_children: children = 0 } = nth(schema, at++);
    for (let i = 0; i < children; i++) skip();
  };
  while (at < schema.length) {
    names.push(nth(schema, at).name);
    skip();
  }
  return names;
}

interface Group {
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly columns: readonly string[];
  readonly start: number;
  readonly end: number;
}

/**
 * Values of each column, `[columns][rows]`. Columns are read one after the other: if several at once fail, the reader leaves all errors
 * but the first unhandled.
 */
async function readGroup({ buffer, metadata, columns, start, end }: Group): Promise<unknown[][]> {
  const data: unknown[][] = [];
  for (const name of columns) {
    const column = new Array<unknown>(end - start);
    let count = 0;
    await parquetRead({
      file: buffer,
      metadata,
      compressors,
      columns: [name],
      rowStart: start,
      rowEnd: end,
      onChunk({ columnData, rowStart }) {
        for (let i = 0; i < columnData.length; i++) {
          const row = rowStart - start + i;
          if (row < 0 || row >= end - start) continue;
          column[row] = columnData[i];
          count++;
        }
      },
    });
    if (count < end - start) throw new Error(`column ${name} has ${count} of ${end - start} values`);
    data.push(column);
  }
  return data;
}

function rowAt(columns: readonly string[], data: readonly (readonly unknown[])[], i: number): Row {
  const row: Record<string, unknown> = {};
  for (let c = 0; c < columns.length; c++) row[nth(columns, c)] = nth(data, c)[i];
  return row;
}

/** Turns whatever the reader throws on damage into a one-line error. */
async function whole<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new UsageError(`is damaged or not a Parquet file (${messageOf(error).slice(0, 100)})`, file);
  }
}
