/**
 * Zip archives as strangers make them. Names that lead out of the archive, and archives that would unpack to far more than
 * they are, are refused before anything is unpacked; nothing is ever written to disk. The archive is held in memory.
 */
import * as fs from 'node:fs';
import type { UnzipFileInfo } from 'fflate';
import { messageOf, UsageError } from '../../terminal/errors.js';
import { formatBytes } from '../../terminal/format.js';

export interface Zip {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** In the archive's order, each name once. */
  readonly entries: readonly ZipEntry[];
  /** Names of folders that the archive lists, without the slash at their end. */
  readonly folders: readonly string[];
}

export interface ZipEntry {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface ZipLimits {
  /** Largest archive. */
  readonly archiveBytes: number;
  /** Largest file in it, unpacked. */
  readonly fileBytes: number;
  /** All of them, unpacked. */
  readonly totalBytes: number;
  /** Beyond `ratioFromBytes` the archive may unpack to so many times its own size. */
  readonly ratio: number;
  readonly ratioFromBytes: number;
}

/** Pictures are compressed already, so an honest archive of them unpacks to little more than itself; flat drawings to 100 times. */
export const zipLimits: ZipLimits = {
  archiveBytes: 2e9,
  fileBytes: 256e6,
  totalBytes: 20e9,
  ratio: 100,
  ratioFromBytes: 1e9,
};

/** Reads an archive and looks at every name and size in it. Throws UsageError, one line, where it is unsafe or damaged. */
export async function openZip(file: string, limits: ZipLimits = zipLimits): Promise<Zip> {
  const bytes = readArchive(file, limits);
  const listed = await list(file, bytes);
  const files = listed.filter(({ name }) => !name.endsWith('/'));
  for (const { name } of listed) refuseUnsafe(file, name);
  refuseBomb(file, bytes.length, files, limits);
  const byName = new Map(files.map((info) => [info.name, info]));
  return {
    file,
    bytes,
    entries: [...byName.values()].map(({ name, originalSize }) => ({ name, sizeBytes: originalSize })),
    folders: listed.filter(({ name }) => name.endsWith('/')).map(({ name }) => name.slice(0, -1)),
  };
}

function readArchive(file: string, { archiveBytes }: ZipLimits): Uint8Array {
  try {
    const { size } = fs.statSync(file);
    if (size > archiveBytes) {
      throw new UsageError(
        `is ${formatBytes(size)} long, and an archive is held in memory`,
        file,
        `unpack it and give the folder (at most ${formatBytes(archiveBytes)} is read as a zip)`,
      );
    }
    return fs.readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`can't be read (${messageOf(error)})`, file);
  }
}

async function list(file: string, bytes: Uint8Array): Promise<UnzipFileInfo[]> {
  const { unzipSync } = await import('fflate');
  const infos: UnzipFileInfo[] = [];
  try {
    unzipSync(bytes, {
      filter: (info) => {
        infos.push(info);
        return false;
      },
    });
  } catch (error) {
    throw new UsageError(`is not a whole zip archive (${messageOf(error)})`, file);
  }
  return infos;
}

function refuseUnsafe(file: string, name: string): void {
  const absolute = /^([/\\]|[A-Za-z]:)/.test(name);
  const leadsOut = name.split(/[/\\]/).includes('..');
  if (absolute || leadsOut || name.includes('\0'))
    throw new UsageError(
      `holds a file whose name leads out of the archive: ${JSON.stringify(name)}`,
      file,
      'such an archive is not read',
    );
}

function refuseBomb(file: string, packed: number, files: readonly UnzipFileInfo[], limits: ZipLimits): void {
  const remedy = 'unpack it yourself if you trust it, and give the folder';
  const large = files.find(({ originalSize }) => originalSize > limits.fileBytes);
  if (large !== undefined)
    throw new UsageError(
      `${large.name} unpacks to ${formatBytes(large.originalSize)}, more than the ${formatBytes(limits.fileBytes)} of an image`,
      file,
      remedy,
    );
  const total = files.reduce((sum, { originalSize }) => sum + originalSize, 0);
  if (total > limits.totalBytes || (total > limits.ratioFromBytes && total > limits.ratio * packed))
    throw new UsageError(`${formatBytes(packed)} that unpack to ${formatBytes(total)}`, file, remedy);
}

/** Unpacked bytes at once in memory. */
const batchBytes = 64e6;

/** Unpacks files one batch after the other, in the given order; undefined for one that is damaged or packed in an unknown way. */
export async function* unzip(
  zip: Zip,
  names: readonly string[],
): AsyncGenerator<readonly [name: string, bytes: Uint8Array | undefined]> {
  const sizes = new Map(zip.entries.map(({ name, sizeBytes }) => [name, sizeBytes]));
  const { unzipSync } = await import('fflate');
  const unpack = (wanted: ReadonlySet<string>) => unzipSync(zip.bytes, { filter: ({ name }) => wanted.has(name) });
  for (let begin = 0; begin < names.length;) {
    let [end, bytes] = [begin, 0];
    while (end < names.length && (end === begin || bytes + sizes.get(names[end]!)! <= batchBytes))
      bytes += sizes.get(names[end++]!)!;
    const batch = names.slice(begin, end);
    const files = attempt(() => unpack(new Set(batch)));
    for (const name of batch) {
      // One damaged file fails its whole batch: then each is tried alone.
      const alone = files ?? attempt(() => unpack(new Set([name])));
      yield [name, alone !== undefined && Object.hasOwn(alone, name) ? alone[name] : undefined];
    }
    begin = end;
  }
}

/** Undefined where fflate finds damage, which it tells by throwing. */
function attempt<T>(unpack: () => T): T | undefined {
  try {
    return unpack();
  } catch {
    return undefined;
  }
}
