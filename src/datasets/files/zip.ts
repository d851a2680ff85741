/**
 * Zip archives from untrusted sources. Names that point outside the archive, and archives that would unpack to far more than
 * their own size, are rejected before anything is unpacked; nothing is ever written to disk. The archive is held in memory.
 */
import * as fs from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import crc32 from 'crc-32';
import { Decompress } from 'fzstd';
import type { Entry, ZipFile } from 'yauzl';
import { messageOf, UsageError } from '../../terminal/errors.js';
import { formatBytes } from '../../terminal/format.js';
import { decodeName } from './names.js';

export interface Zip {
  readonly file: string;
  readonly bytes: Buffer;
  readonly reader: ZipFile;
  /** By name, in the archive's order. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Names of folders that the archive lists, without the trailing slash. */
  readonly folders: readonly string[];
}

export interface ZipLimits {
  /** Size of the archive, at most. */
  readonly archiveBytes: number;
  /** Unpacked size of each file, at most. */
  readonly fileBytes: number;
  /** Unpacked size of all files together, at most. */
  readonly totalBytes: number;
  /** An archive that unpacks to more than `ratioFromBytes` may unpack to this many times its own size, at most. */
  readonly ratio: number;
  readonly ratioFromBytes: number;
}

/** Image files are compressed already, so a genuine archive of them hardly grows when unpacked; flat drawings grow up to 100 times. */
export const zipLimits: ZipLimits = {
  archiveBytes: 2e9,
  fileBytes: 256e6,
  totalBytes: 20e9,
  ratio: 100,
  ratioFromBytes: 1e9,
};

/** Reads an archive and checks every name and size in it. Throws UsageError, one line, if it is unsafe or damaged. */
export async function openZip(file: string, limits: ZipLimits = zipLimits): Promise<Zip> {
  const bytes = readArchive(file, limits);
  const { reader, listed } = await list(file, bytes);
  for (const { entry } of listed) refuseUnsafe(file, decodeName(entry.fileNameRaw));
  const files = listed.filter(({ name }) => !name.endsWith('/'));
  refuseTwice(file, files);
  refuseBomb(file, bytes.length, files, limits);
  return {
    file,
    bytes,
    reader,
    entries: new Map(files.map(({ name, entry }) => [name, entry])),
    folders: listed.filter(({ name }) => name.endsWith('/')).map(({ name }) => name.slice(0, -1)),
  };
}

function readArchive(file: string, { archiveBytes }: ZipLimits): Buffer {
  try {
    const stats = fs.statSync(file);
    if (!stats.isFile()) throw new UsageError('is neither a folder nor a file', file, 'give a folder or a zip archive');
    const { size } = stats;
    if (size > archiveBytes) {
      throw new UsageError(
        `is ${formatBytes(size)} long, and archives are held in memory`,
        file,
        `unpack it and give the folder (the limit for a zip is ${formatBytes(archiveBytes)})`,
      );
    }
    return fs.readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`can't be read (${messageOf(error)})`, file);
  }
}

interface Listed {
  /** With slashes. */
  readonly name: string;
  readonly entry: Entry;
}

async function list(file: string, bytes: Buffer): Promise<{ reader: ZipFile; listed: Listed[] }> {
  // The default export: in the package's bundle, a CommonJS module that is imported late has no named ones.
  const { default: yauzl } = await import('yauzl');
  try {
    // Sizes are checked when a file is unpacked: one wrong size is no reason to reject the other files.
    const reader = await yauzl.fromBufferPromise(bytes, { decodeStrings: false, validateEntrySizes: false });
    const listed: Listed[] = [];
    for await (const entry of reader.eachEntry()) listed.push({ name: entryName(entry), entry });
    return { reader, listed };
  } catch (error) {
    throw new UsageError(`is not a complete zip archive (${messageOf(error)})`, file);
  }
}

/** Systems on which a backslash separates folders: MS-DOS and NTFS in the upper byte of "version made by". */
const backslashSystems = [0, 10];

/** PowerShell 5 writes `cat\0.png` for a file in a folder, whatever system the archive claims to be from. */
function entryName({ fileNameRaw, versionMadeBy }: Entry): string {
  const name = decodeName(fileNameRaw);
  const separates = !name.includes('/') || backslashSystems.includes(versionMadeBy >>> 8);
  return separates ? name.replaceAll('\\', '/') : name;
}

function refuseUnsafe(file: string, name: string): void {
  const absolute = /^([/\\]|[A-Za-z]:)/.test(name);
  const leadsOut = name.split(/[/\\]/).includes('..');
  if (absolute || leadsOut || name.includes('\0'))
    throw new UsageError(
      `holds a file whose path leads outside the archive: ${JSON.stringify(name)}`,
      file,
      'such archives are rejected',
    );
}

/** If two different files have the same name, it is unknown which is meant; two copies of the same file do no harm. */
function refuseTwice(file: string, files: readonly Listed[]): void {
  const seen = new Map<string, Entry>();
  for (const { name, entry } of files) {
    const before = seen.get(name);
    if (before !== undefined && (before.crc32 !== entry.crc32 || before.uncompressedSize !== entry.uncompressedSize))
      throw new UsageError(`holds two different files named ${JSON.stringify(name)}`, file, 'pack it again');
    seen.set(name, entry);
  }
}

function refuseBomb(file: string, packed: number, files: readonly Listed[], limits: ZipLimits): void {
  const remedy = 'unpack it yourself if you trust it, and give the folder';
  const large = files.find(({ entry }) => entry.uncompressedSize > limits.fileBytes);
  if (large !== undefined)
    throw new UsageError(
      `${large.name} unpacks to ${formatBytes(large.entry.uncompressedSize)}, more than the ${formatBytes(limits.fileBytes)} of an image`,
      file,
      remedy,
    );
  const total = files.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
  if (total > limits.totalBytes || (total > limits.ratioFromBytes && total > limits.ratio * packed))
    throw new UsageError(`unpacks from ${formatBytes(packed)} to ${formatBytes(total)}`, file, remedy);
}

/** Unpacks files one by one, in the given order. A file that cannot be unpacked gives the reason instead. */
export async function* unzip(
  zip: Zip,
  names: readonly string[],
): AsyncGenerator<readonly [name: string, bytes: Uint8Array | string]> {
  for (const name of names) {
    const entry = zip.entries.get(name);
    yield [name, entry === undefined ? 'not in the archive' : await unpack(zip, entry)];
  }
}

const stored = 0;
const deflated = 8;
const zstandard = 93;

async function unpack({ bytes, reader }: Zip, entry: Entry): Promise<Uint8Array | string> {
  const { compressionMethod: method, compressedSize, uncompressedSize: size } = entry;
  if (entry.isEncrypted()) return 'encrypted';
  if (![stored, deflated, zstandard].includes(method))
    return `compressed with method ${method}; only deflate and Zstandard are supported`;
  let unpacked;
  try {
    const { fileDataStart: start } = await reader.readLocalFileHeaderPromise(entry, { minimal: true });
    const packed = bytes.subarray(start, start + compressedSize);
    unpacked =
      method === stored
        ? packed
        : method === zstandard
          ? unpackZstandard(packed, size)
          : inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    return `damaged in the archive (${messageOf(error)})`;
  }
  if (unpacked.length !== size) return `damaged in the archive (${unpacked.length} of ${size} bytes)`;
  return crc32.buf(unpacked) >>> 0 === entry.crc32 ? unpacked : 'damaged in the archive (its CRC-32 does not match)';
}

/** Throws if there is more data than the archive states: it could be arbitrarily much. */
function unpackZstandard(packed: Uint8Array, size: number): Uint8Array {
  const unpacked = new Uint8Array(size);
  let at = 0;
  const stream = new Decompress((chunk) => {
    if (at + chunk.length > size) throw new Error(`more than its ${size} bytes`);
    unpacked.set(chunk, at);
    at += chunk.length;
  });
  stream.push(packed, true);
  return unpacked.subarray(0, at);
}
