/**
 * Extracts selected files from a wheel (a zip archive) as streams: TensorFlow's library is too large to hold in memory.
 * Every file is checked against the size and SHA-256 in the wheel's RECORD.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import * as path from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { csvParseRows } from 'd3-dsv';
import type { Entry, ZipFile } from 'yauzl';
import { makeFolders } from '../machine/files.js';
import { present } from '../machine/present.js';
import { codeOf, RunError } from '../terminal/errors.js';

interface Wheel {
  readonly file: string;
  readonly reader: ZipFile;
  /** Files by name, in the archive's order; no folders. */
  readonly entries: ReadonlyMap<string, Entry>;
}

/** The archive is damaged. The caller may fetch it again. */
export class DamagedWheelError extends RunError {
  constructor(what: string, wheel: string) {
    super(`is damaged: ${what}`, wheel, 'run the command again to download it again');
    this.name = 'DamagedWheelError';
  }
}

const damaged = (wheel: string, what: string) => new DamagedWheelError(what, wheel);

/**
 * Unpacks the files for which `wanted` is true into `folder`, under their names in the archive.
 *
 * @throws DamagedWheelError if the archive or a file in it does not match RECORD, or a name leads outside `folder`
 */
export async function unpackWheel(
  file: string,
  folder: string,
  wanted: (name: string) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  await withWheel(file, async (wheel) => {
    const recordName = [...wheel.entries.keys()].find(isRecord);
    if (recordName === undefined) throw damaged(file, 'it has no RECORD');
    const record = parseWheelRecord(await wheelFileText(wheel, recordName));
    for (const [name, entry] of wheel.entries) {
      if (!wanted(name)) continue;
      const expected = record.get(name);
      // RECORD can't hold its own hash.
      if (expected === undefined && name !== recordName) throw damaged(file, `${name} is not in its RECORD`);
      const target = targetOf(file, folder, name);
      await makeFolders(path.dirname(target));
      // Keep files executable: TensorFlow starts CUDA's ptxas.
      const mode = ((entry.externalFileAttributes >>> 16) & 0o111) === 0 ? 0o644 : 0o755;
      const found = await extract(wheel, entry, { output: createWriteStream(target, { mode }), signal });
      if (expected !== undefined && (found.sha256 !== expected.sha256 || found.size !== expected.size))
        throw damaged(file, `${name} does not match its RECORD`);
    }
  });
}

function targetOf(wheel: string, folder: string, name: string): string {
  const target = path.resolve(folder, name);
  const inside = target.startsWith(path.resolve(folder) + path.sep) && !/[\\\0]/.test(name);
  if (!inside) throw damaged(wheel, `${JSON.stringify(name)} leads outside the folder`);
  return target;
}

/** The text of the file whose name has this ending, undefined if the wheel has none. */
export async function readFromWheel(file: string, ending: string): Promise<string | undefined> {
  return withWheel(file, async (wheel) => {
    const name = [...wheel.entries.keys()].find((each) => each.endsWith(ending));
    return name === undefined ? undefined : await wheelFileText(wheel, name);
  });
}

/** The wheel's own RECORD: packages carry those of others in deeper folders. */
const isRecord = (name: string) => /^[^/]*\.dist-info\/RECORD$/.test(name);

async function withWheel<T>(file: string, use: (wheel: Wheel) => Promise<T>): Promise<T> {
  // Through its default export: in the bundled package a dynamically imported CommonJS module has no named ones.
  const { default: yauzl } = await import('yauzl');
  const refuse = (error: unknown) => {
    throw isOfSystem(error) ? error : damaged(file, 'it has no complete zip directory; the download may be incomplete');
  };
  // Names are not validated here: one that leads outside is rejected before writing.
  const options = { decodeStrings: false, autoClose: false };
  const reader = await yauzl.openPromise(file, options).catch(refuse);
  try {
    const entries = new Map<string, Entry>();
    const list = async () => {
      for await (const entry of reader.eachEntry()) entries.set(entry.fileNameRaw.toString(), entry);
    };
    await list().catch(refuse);
    for (const name of entries.keys()) if (name.endsWith('/')) entries.delete(name);
    return await use({ file, reader, entries });
  } finally {
    reader.close();
  }
}

/** A full disk or an abort, not a fault of the archive. */
function isOfSystem(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && !code.startsWith('Z_');
}

/** Returns what `take` makes of an entry's content. */
async function read<T>({ file, reader }: Wheel, entry: Entry, take: (content: Readable) => Promise<T>): Promise<T> {
  try {
    return await take(await reader.openReadStreamPromise(entry));
  } catch (error) {
    throw isOfSystem(error) ? error : damaged(file, `${entry.fileNameRaw.toString()} can't be unpacked`);
  }
}

async function wheelFileText(wheel: Wheel, name: string): Promise<string> {
  return read(wheel, present(wheel.entries.get(name)), text);
}

/** Streams one entry to `output`; resolves to the size and hash of what was written. */
async function extract(
  wheel: Wheel,
  entry: Entry,
  { output, signal }: { readonly output: NodeJS.WritableStream; readonly signal: AbortSignal | undefined },
): Promise<RecordedFile> {
  const hash = createHash('sha256');
  let size = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      size += chunk.length;
      done(null, chunk);
    },
  });
  await read(wheel, entry, (content) => pipeline(content, measure, output, signal === undefined ? {} : { signal }));
  return { size, sha256: hash.digest('base64url') };
}

export interface RecordedFile {
  /** URL-safe base64. */
  readonly sha256: string;
  readonly size: number;
}

/** RECORD (PEP 376, wheel specification): `name,sha256=URL-safe base64 without padding,size`; files without a hash are left out. */
export function parseWheelRecord(text: string): Map<string, RecordedFile> {
  return new Map(
    csvParseRows(text).flatMap(([name = '', hash = '', size = '']) => {
      const [, sha256] = /^sha256=([A-Za-z0-9_-]+)$/.exec(hash) ?? [];
      return sha256 === undefined || !/^\d+$/.test(size) ? [] : [[name, { sha256, size: Number(size) }]];
    }),
  );
}
