/**
 * A folder of files that appears whole: written next to the target, then renamed. Only what this program wrote is replaced.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { codeOf, RunError, UsageError } from '../terminal/errors.js';
import { diskError } from './disk-errors.js';
import { assertOutputFolder, createFolder, type FileContent, writeFileAtomic } from './files.js';
import { removeLeftoversOf } from './leftovers.js';
import { temporaryName } from './temporary.js';
import { uninterrupted } from './uninterrupted.js';

/** Files by their path in the folder, separated by `/`. */
export type FolderContent = ReadonlyMap<string, FileContent>;

/** Describes a folder that may be replaced: the files that were written into it. */
export type KnownFiles = (folder: string) => Promise<readonly string[] | undefined>;

/**
 * Rejects, before any work is done, a folder that cannot be replaced.
 *
 * @param known the files that this program wrote into a folder; undefined if it is not one of its own
 * @throws UsageError for a file, for a folder that contains anything else, and for the current one
 */
export async function refuseForeignFolder(folder: string, known: KnownFiles, where: string): Promise<void> {
  if (!(await assertOutputFolder(folder, where))) return;
  // The shell's current folder would vanish.
  const from = path.relative(await fs.realpath(folder), process.cwd());
  if (from.split(path.sep)[0] !== '..')
    throw new UsageError(
      `${folder} is the folder that the command runs in, or one above it`,
      where,
      'name another one',
    );
  const names = await filesIn(folder);
  if (names.length === 0) return;
  const written = await known(folder);
  if (written === undefined)
    throw new UsageError(`${folder} is a folder with other files in it`, where, 'name a new or empty one');
  const foreign = names.find((name) => !written.includes(name));
  if (foreign !== undefined)
    throw new UsageError(
      `${path.join(folder, foreign)} is not one of the files that this command writes`,
      where,
      'move it, or name another folder',
    );
}

/**
 * Writes all files into a new folder next to the target and puts it in the target's place; an older one is deleted.
 *
 * @throws RunError on a full disk or a folder that cannot be written; the old one is kept then
 */
export async function writeFolder(folder: string, files: FolderContent): Promise<void> {
  // A link is kept, and its target is replaced.
  const target = await fs.realpath(folder).catch(() => path.resolve(folder));
  const parent = path.dirname(target);
  const name = path.basename(target);
  await createFolder(parent);
  await removeLeftoversOf(parent, name);
  const aside = path.join(parent, temporaryName(name));
  await uninterrupted(async () => {
    try {
      for (const [file, data] of files) {
        const inside = path.join(aside, ...file.split('/'));
        // Names are checked where they are read; should a bad one slip through, nothing is written elsewhere.
        if (!inside.startsWith(aside + path.sep)) throw new Error(`${file} is outside the folder`);
        await createFolder(path.dirname(inside));
        await writeFileAtomic(inside, data);
      }
      await replace(target, aside);
    } catch (error) {
      await fs.rm(aside, { recursive: true, force: true }).catch(() => undefined);
      throw diskError(error, folder);
    }
  });
}

/** Two renames, as a folder with files cannot be renamed over; if the second fails, the first is undone. */
async function replace(folder: string, by: string): Promise<void> {
  const old = path.join(path.dirname(by), temporaryName(path.basename(folder)));
  const hadOld = await fs.rename(folder, old).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await fs.rename(by, folder);
  } catch (error) {
    if (hadOld) await fs.rename(old, folder);
    throw error;
  }
  if (hadOld) await fs.rm(old, { recursive: true, force: true });
}

/** Paths of all files in a folder, separated by `/`. */
async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'));
  } catch (error) {
    throw error instanceof RunError ? error : diskError(error, folder);
  }
}
