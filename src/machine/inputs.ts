/** Files that are read: whether they may be, their bytes and their hashes. */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { RunError, UsageError, codeOf, messageOf } from '../terminal/errors.js';
import { formatBytes } from '../terminal/format.js';
import { diskCause, diskError } from './disk-errors.js';

function isEndless(stats: Stats): boolean {
  return !stats.isFile() && !stats.isDirectory();
}

/** Pipes that are already open and have an end: `/dev/stdin`, and what a shell makes of `<(command)`. */
const openDescriptor = /^\/(dev|proc)\//;

/** Whether a name is that of a pipe or socket, which might never end. */
export async function isPipe(file: string): Promise<boolean> {
  const stats = await fs.stat(file).catch(() => undefined);
  return stats !== undefined && isEndless(stats) && !openDescriptor.test(file);
}

/**
 * Reads a file that the user named.
 *
 * @param where the flag that named it, or the file itself
 * @throws UsageError if it is missing, cannot be read, is not a file or is larger than `mostBytes`; `remedy` says what would be
 * right, `shown` how the user named it
 */
export async function readInput(
  file: string,
  where: string,
  { shown = file, mostBytes, remedy }: { readonly shown?: string; readonly mostBytes: number; readonly remedy: string },
): Promise<Buffer> {
  const refused = (what: string) => new UsageError(where === shown ? what : `"${shown}" ${what}`, where, remedy);
  const chunks: Buffer[] = [];
  try {
    if ((await fs.stat(file)).isDirectory()) throw refused('is a folder, not a file');
    if (await isPipe(file)) throw refused('is a pipe or a socket, not a file');
    // One byte more than allowed: a device has no size to ask for.
    for await (const chunk of createReadStream(file, { end: mostBytes })) chunks.push(chunk as Buffer);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) throw refused('is not a file');
    throw refused(`can't be read: ${diskCause(error) ?? messageOf(error)}`);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length > mostBytes) throw refused(`is more than ${formatBytes(mostBytes)}`);
  return bytes;
}

/** SHA-256 of bytes, or of a text in UTF-8; hex. */
export function sha256Of(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of a file, hex. Throws RunError if it is missing or can't be read. */
export async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    throw diskError(error, file);
  }
  return hash.digest('hex');
}

/** A file's text, undefined if there is none. Throws RunError if it can't be read. */
export async function readTextIfThere(file: string): Promise<string | undefined> {
  return (await readFileIfThere(file))?.toString('utf8');
}

/** A file's bytes, undefined if there is none. Throws RunError if it can't be read. */
export async function readFileIfThere(file: string): Promise<Buffer | undefined> {
  return Promise.resolve(readNow(file));
}

/** A large run has ten thousand small files, each of which would wait several times for Node's thread pool. */
function readNow(file: string): Buffer | undefined {
  try {
    // A pipe may never end, and a device never does.
    if (isEndless(statSync(file))) throw new RunError('is a pipe, a socket or a device, not a file', file);
    return readFileSync(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw diskError(error, file);
  }
}
