/**
 * Takes chosen files out of a wheel (a zip archive), as streams: TensorFlow's library is larger than what JavaScript's zip
 * packages hold in memory. Every file is held against the size and SHA-256 in the wheel's own RECORD.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { RunError } from '../../terminal/errors.js';

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

const damaged = (wheel: string, what: string) =>
  new RunError(`is damaged: ${what}`, wheel, 'delete it and run the command again');

/**
 * Unpacks the files for which `wanted` is true into `folder`, under their names in the archive.
 *
 * @throws RunError where the archive or a file in it is not what RECORD says, or a name leads out of `folder`
 */
export async function unpackWheel(wheel: string, folder: string, wanted: (name: string) => boolean): Promise<void> {
  const entries = await listEntries(wheel);
  const record = await readRecord(wheel, entries);
  for (const entry of entries.filter(({ name }) => !name.endsWith('/') && wanted(name))) {
    const target = path.join(folder, entry.name);
    if (!target.startsWith(folder + path.sep) || entry.name.includes('\\'))
      throw damaged(wheel, `"${entry.name}" leads out of the folder`);
    await fs.mkdir(path.dirname(target), { recursive: true });
    const found = await extract(wheel, entry, createWriteStream(target));
    if (isRecord(entry)) continue; // it can't hold its own hash
    const expected = record.get(entry.name);
    if (expected === undefined) throw damaged(wheel, `${entry.name} is not in its RECORD`);
    if (found.sha256 !== expected.sha256 || found.size !== expected.size)
      throw damaged(wheel, `${entry.name} does not match its RECORD`);
  }
}

/** The text of one file, undefined where the wheel has none of that name's ending. */
export async function readFromWheel(wheel: string, ending: string): Promise<string | undefined> {
  const entry = (await listEntries(wheel)).find(({ name }) => name.endsWith(ending));
  return entry === undefined ? undefined : readText(wheel, entry);
}

async function readText(wheel: string, entry: Entry): Promise<string> {
  const chunks: Buffer[] = [];
  const collect = new Transform({
    transform(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  await extract(wheel, entry, collect);
  return Buffer.concat(chunks).toString('utf8');
}

/** RECORD (PEP 376, wheel specification): `name,sha256=URL-safe base64 without padding,size`. */
async function readRecord(wheel: string, entries: readonly Entry[]): Promise<Map<string, RecordedFile>> {
  const entry = entries.find(isRecord);
  if (entry === undefined) throw damaged(wheel, 'it has no RECORD');
  return parseRecord(await readText(wheel, entry));
}

const isRecord = ({ name }: Pick<Entry, 'name'>) => name.endsWith('.dist-info/RECORD');

export interface RecordedFile {
  /** URL-safe base64. */
  readonly sha256: string;
  readonly size: number;
}

/** Lines `name,sha256=...,size`; files without a hash are left out. */
export function parseRecord(text: string): Map<string, RecordedFile> {
  const record = new Map<string, RecordedFile>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, sha256, size] = /^(.*),sha256=([A-Za-z0-9_-]+),(\d+)$/.exec(line) ?? [];
    if (name !== undefined) record.set(name.replace(/^"(.*)"$/, '$1'), { sha256: sha256!, size: Number(size) });
  }
  return record;
}

/** Writes an entry's content to `output`; its size and SHA-256 (URL-safe base64, as in RECORD). */
async function extract(
  wheel: string,
  entry: Entry,
  output: NodeJS.WritableStream,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  const start = await contentStart(wheel, entry);
  const input = createReadStream(wheel, { start, end: start + entry.compressedSize - 1, highWaterMark: 1 << 20 });
  try {
    if (entry.compressedSize === 0) await pipeline([], measure, output);
    else if (entry.method === 8) await pipeline(input, createInflateRaw(), measure, output);
    else if (entry.method === 0) await pipeline(input, measure, output);
    else throw damaged(wheel, `${entry.name} is packed by method ${entry.method}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code?.startsWith('Z_') === true ? damaged(wheel, `${entry.name} can't be unpacked`) : error;
  }
  return { size, sha256: hash.digest('base64url') };
}

/** Where an entry's bytes begin: behind its local header, whose own name and extra field may differ in length. */
async function contentStart(wheel: string, { headerOffset, name }: Entry): Promise<number> {
  const header = await readAt(wheel, headerOffset, 30);
  if (header.length < 30 || header.readUInt32LE() !== 0x04034b50)
    throw damaged(wheel, `${name} is not where its directory says`);
  return headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

async function readAt(file: string, position: number, length: number): Promise<Buffer> {
  const handle = await fs.open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The archive's central directory (APPNOTE.TXT 4.3.12). Wheels stay below 4 GB, so without its 64-bit form. */
async function listEntries(wheel: string): Promise<Entry[]> {
  const { size } = await fs.stat(wheel);
  const tailLength = Math.min(size, 66_000);
  const tail = await readAt(wheel, size - tailLength, tailLength);
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > tail.length) throw damaged(wheel, 'it has no zip directory; it may not have arrived whole');
  const directory = await readAt(wheel, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const count = tail.readUInt16LE(end + 10);
  const entries: Entry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50)
      throw damaged(wheel, 'its zip directory breaks off');
    entries.push(entryAt(directory, at));
    at += 46 + directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

function entryAt(directory: Buffer, at: number): Entry {
  const nameLength = directory.readUInt16LE(at + 28);
  return {
    name: directory.toString('utf8', at + 46, at + 46 + nameLength),
    method: directory.readUInt16LE(at + 10),
    compressedSize: directory.readUInt32LE(at + 20),
    size: directory.readUInt32LE(at + 24),
    headerOffset: directory.readUInt32LE(at + 42),
  };
}
