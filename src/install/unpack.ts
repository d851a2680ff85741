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
import { makeFolders } from '../machine/files.js';
import { codeOf, RunError } from '../terminal/errors.js';

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly compressedSize: number;
  readonly headerOffset: number;
  /** Unix permissions, 0 where the archive has none. */
  readonly mode: number;
}

/** The archive is not what it should be. Whoever fetched it may fetch it again. */
export class DamagedWheelError extends RunError {
  constructor(what: string, wheel: string) {
    super(`is damaged: ${what}`, wheel, 'run the command again, which fetches it anew');
    this.name = 'DamagedWheelError';
  }
}

const damaged = (wheel: string, what: string) => new DamagedWheelError(what, wheel);

/**
 * Unpacks the files for which `wanted` is true into `folder`, under their names in the archive.
 *
 * @throws DamagedWheelError where the archive or a file in it is not what RECORD says, or a name leads out of `folder`
 */
export async function unpackWheel(
  wheel: string,
  folder: string,
  wanted: (name: string) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const entries = await listEntries(wheel);
  const record = await readRecord(wheel, entries);
  for (const entry of entries.filter(({ name }) => !name.endsWith('/') && wanted(name))) {
    const expected = record.get(entry.name);
    // RECORD can't hold its own hash.
    if (expected === undefined && !isRecord(entry)) throw damaged(wheel, `${entry.name} is not in its RECORD`);
    const target = targetOf(wheel, folder, entry);
    await makeFolders(path.dirname(target));
    // An executable stays one: TensorFlow starts CUDA's ptxas.
    const mode = (entry.mode & 0o111) === 0 ? 0o644 : 0o755;
    const found = await extract(wheel, entry, createWriteStream(target, { mode }), signal);
    if (expected !== undefined && (found.sha256 !== expected.sha256 || found.size !== expected.size))
      throw damaged(wheel, `${entry.name} does not match its RECORD`);
  }
}

function targetOf(wheel: string, folder: string, { name }: Entry): string {
  const target = path.resolve(folder, name);
  const inside = target.startsWith(path.resolve(folder) + path.sep) && !/[\\\0]/.test(name);
  if (!inside) throw damaged(wheel, `${JSON.stringify(name)} leads out of the folder`);
  return target;
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

/** Of the wheel itself: packages carry others' RECORDs in deeper folders. */
const isRecord = ({ name }: Pick<Entry, 'name'>) => /^[^/]*\.dist-info\/RECORD$/.test(name);

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
    if (name !== undefined) record.set(unquote(name), { sha256: sha256!, size: Number(size) });
  }
  return record;
}

/** RECORD is a CSV file: a name with a comma stands in quotes, a quote in it twice. */
const unquote = (name: string) => (/^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name);

/** Streams one entry to `output`; resolves to what passed through. */
async function extract(
  wheel: string,
  entry: Entry,
  output: NodeJS.WritableStream,
  signal?: AbortSignal,
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
  if (entry.method !== 0 && entry.method !== 8)
    throw damaged(wheel, `${entry.name} is packed by method ${entry.method}`);
  const start = await contentStart(wheel, entry);
  const input =
    entry.compressedSize === 0
      ? []
      : createReadStream(wheel, { start, end: start + entry.compressedSize - 1, highWaterMark: 1 << 20 });
  const options = signal === undefined ? {} : { signal };
  try {
    if (entry.method === 8) await pipeline(input, createInflateRaw(), measure, output, options);
    else await pipeline(input, measure, output, options);
  } catch (error) {
    throw codeOf(error)?.startsWith('Z_') === true ? damaged(wheel, `${entry.name} can't be unpacked`) : error;
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

/** Length of the record that ends an archive, and of the longest comment behind it. */
const endLength = 22;
const longestComment = 0xffff;

/** The archive's central directory (APPNOTE.TXT 4.3.12). Wheels stay below 4 GB, so without its 64-bit form. */
async function listEntries(wheel: string): Promise<Entry[]> {
  const { size } = await fs.stat(wheel);
  const tailLength = Math.min(size, endLength + longestComment);
  const tail = await readAt(wheel, size - tailLength, tailLength);
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + endLength > tail.length)
    throw damaged(wheel, 'it has no zip directory; it may not have arrived whole');
  const [length, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (offset + length > size) throw damaged(wheel, 'its zip directory lies behind its end');
  const directory = await readAt(wheel, offset, length);
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
    mode: directory.readUInt16LE(at + 40),
    headerOffset: directory.readUInt32LE(at + 42),
  };
}
