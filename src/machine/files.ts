/**
 * Files that appear whole or not at all. A process may be killed at any moment:
 * what is left is the old file or the new one, and at worst a leftover that `removeLeftovers` deletes.
 */
import { statSync, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { RunError, UsageError, codeOf, messageOf } from '../terminal/errors.js';
import { diskError } from './disk-errors.js';
import { sha256File } from './inputs.js';
import { removeLeftoversOf } from './leftovers.js';
import { temporaryName } from './temporary.js';
import { uninterrupted } from './uninterrupted.js';

/** One piece, or several in sequence. */
export type FileContent = string | Uint8Array | readonly Uint8Array[];

export interface Writing {
  /** The error to throw for a disk error. */
  readonly failure?: (error: unknown, file: string) => unknown;
  /** Throws if the file may no longer be written. Called last, when only the rename remains. */
  readonly confirm?: (() => Promise<void>) | undefined;
}

/**
 * Writes next to the target, flushes to disk, renames. Readers see the old file or the new one.
 *
 * @throws RunError on a full disk or a folder that cannot be written; the old file is kept then
 */
export async function writeFileAtomic(file: string, data: FileContent, writing: Writing = {}): Promise<void> {
  await replaceAtomic(file, (aside) => writeFlushed(aside, data), writing);
}

/** @param write makes the complete file, on disk, under the given name */
async function replaceAtomic(
  file: string,
  write: (aside: string) => Promise<void>,
  { failure = diskError, confirm }: Writing,
): Promise<void> {
  const folder = path.dirname(file);
  const aside = path.join(folder, temporaryName(path.basename(file)));
  await uninterrupted(async () => {
    try {
      await write(aside);
      await confirm?.();
      await fs.rename(aside, file);
      await flushFolder(folder);
    } catch (error) {
      await removeQuietly(aside);
      throw failure(error, file);
    }
  });
}

/**
 * Copies a file as `writeFileAtomic` writes one, whatever its size.
 *
 * @param sha256 of its bytes, hex; throws RunError if the copied bytes differ
 */
export async function copyFileAtomic(
  from: string,
  to: string,
  { sha256, confirm }: Pick<Writing, 'confirm'> & { readonly sha256: string },
): Promise<void> {
  const write = async (aside: string) => {
    await fs.copyFile(from, aside);
    if ((await sha256File(aside)) !== sha256) throw new RunError('changed while it was copied', from);
    await flush(aside);
  };
  await replaceAtomic(to, write, { confirm });
}

async function flush(file: string): Promise<void> {
  const handle = await fs.open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * The checks of `writeOutput`, before any work is done.
 *
 * @param where the flag that named the file
 * @throws UsageError if it is a folder, in a folder that does not exist, or in one that cannot be written
 */
export async function assertOutput(file: string, where: string): Promise<Stats | undefined> {
  if (file === '') throw new UsageError('the value is empty', where);
  if (file === '-')
    throw new UsageError(
      '"-" does not stand for standard output',
      where,
      'give /dev/stdout, or ./- for a file of that name',
    );
  const folder = refuseNoFolder(file, where);
  const there = await fs.stat(file).catch(() => undefined);
  if (there?.isDirectory()) throw new UsageError(`${file} is a folder`, where, 'name a file');
  if (there === undefined) await assertWritable(folder);
  return there;
}

/** The folder of a file. Throws UsageError if there is none. */
export function refuseNoFolder(file: string, where: string): string {
  const folder = path.dirname(file);
  if (!isFolder(folder)) throw new UsageError(`${folder} is not a folder`, where, 'create it, or give another one');
  return folder;
}

function isFolder(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false; // whatever is in the way: a folder that cannot be looked at cannot be written to
  }
}

/** Throws UsageError if one of the files, named by --output, exists: they are overwritten only with --force. */
export async function refuseExisting(files: readonly string[]): Promise<void> {
  for (const file of files)
    if ((await fs.stat(file).catch(() => undefined))?.isFile() === true)
      throw new UsageError(`${file} already exists`, '--output', 'give another file, or --force to write over it');
}

/** Whether a folder for output exists; if not, it can be created. Throws UsageError for a file, and if it cannot be created. */
export async function assertOutputFolder(folder: string, where: string): Promise<boolean> {
  if (folder.trim() === '') throw new UsageError('the value is empty', where);
  const there = await fs.stat(folder).catch(() => undefined);
  if (there?.isDirectory() === false)
    throw new UsageError(`${folder} is a file, not a folder`, where, 'name another one');
  await assertWritable(folder);
  return there !== undefined;
}

/**
 * A file that the user named with --output: written as by `writeFileAtomic`; through a link to its target; and directly into special files
 * such as /dev/stdout.
 *
 * @throws UsageError as `assertOutput`; RunError as `writeFileAtomic`
 */
export async function writeOutput(file: string, data: string | Uint8Array): Promise<void> {
  const there = await assertOutput(file, '--output');
  if (there === undefined || there.isFile()) {
    const target = there === undefined ? file : await fs.realpath(file);
    await removeLeftoversOf(path.dirname(target), path.basename(target));
    return writeFileAtomic(target, data);
  }
  await fs.writeFile(file, data).catch((error: unknown) => {
    // Whoever reads it has seen enough.
    throw codeOf(error) === 'EPIPE' ? error : diskError(error, file);
  });
}

export interface OutputFile {
  readonly file: string;
  readonly content: string | Uint8Array;
}

/** Several, without a pause in which Ctrl-C could leave only some: their paths. Throws as `writeOutput`. */
export async function writeOutputs(files: readonly OutputFile[]): Promise<string[]> {
  await uninterrupted(async () => {
    for (const { file, content } of files) await writeOutput(file, content);
  });
  return files.map(({ file }) => file);
}

async function writeFlushed(file: string, data: FileContent): Promise<void> {
  const handle = await fs.open(file, 'wx');
  try {
    const pieces = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
    for (const piece of pieces) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The rename itself reaches the disk only when its folder is flushed. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot flush a folder; there the rename is as durable as they make it.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** For tidying up after an error that is being reported: a second one would only hide it. */
async function removeQuietly(file: string): Promise<void> {
  await fs.rm(file, { force: true }).catch(() => undefined);
}

/** Creates a folder and those above it. Throws RunError if that fails. */
export async function createFolder(folder: string): Promise<void> {
  await makeFolders(folder).catch((error: unknown) => {
    throw diskError(error, folder);
  });
}

/**
 * The same, with the system's own error. A recursive mkdir of Node 20 says ENOENT on a read-only file system, and never returns
 * from one that takes no folders, such as /proc.
 */
export async function makeFolders(folder: string): Promise<void> {
  const error = await makeFolder(folder);
  if (error === undefined) return;
  if (codeOf(error) !== 'ENOENT') throw error;
  const parent = path.dirname(folder);
  if ((await fs.stat(parent).catch(() => undefined)) === undefined) await makeFolders(parent);
  // Another process may have created the parent, or the folder, in the meantime.
  const second = await makeFolder(folder);
  if (second !== undefined) throw second;
}

/** @returns the system's error if the folder does not exist afterwards */
async function makeFolder(folder: string): Promise<Error | undefined> {
  try {
    await fs.mkdir(folder);
    return undefined;
  } catch (error) {
    const there = await fs.stat(folder).catch(() => undefined);
    return there?.isDirectory() === true ? undefined : (error as Error);
  }
}

/**
 * Tries to write into `folder`, or the nearest existing one above it, before any work is done. Creates nothing.
 *
 * @throws UsageError if it cannot be written, RunError on a full disk
 */
export async function assertWritable(folder: string): Promise<void> {
  const nearest = await nearestFolder(path.resolve(folder));
  const probe = path.join(nearest, temporaryName('probe'));
  await uninterrupted(async () => {
    try {
      await fs.writeFile(probe, 'x');
      await fs.rm(probe);
    } catch (error) {
      await removeQuietly(probe);
      throw refusal(error, nearest);
    }
  });
}

async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    try {
      if (!(await fs.stat(at)).isDirectory()) throw new UsageError('is a file, not a folder', at, 'rename that file');
      return at;
    } catch (error) {
      const absent = ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '') && at !== path.dirname(at);
      if (!absent) throw refusal(error, at);
    }
  }
}

/** Before anything is written, a folder that cannot be written is bad input; a full disk is not the user's mistake. */
function refusal(error: unknown, folder: string): unknown {
  if (error instanceof UsageError) return error;
  const code = codeOf(error) ?? '';
  const reported = diskError(error, folder);
  if (['ENOSPC', 'EDQUOT'].includes(code)) return reported;
  // The folder exists: ENOENT means that it does not accept the file.
  if (code === 'ENOENT') return new UsageError('does not accept files', folder, 'work in another folder');
  if (reported instanceof RunError) return new UsageError(reported.message);
  return new UsageError(`can't be written (${messageOf(error)})`, folder, 'work in another folder');
}
