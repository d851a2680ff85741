/** Which folder a user means by the name of a run. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { UsageError, codeOf } from '../terminal/errors.js';
import { nearest } from '../terminal/nearest.js';
import { diskError } from '../machine/disk-errors.js';
import { isTemporary } from '../machine/temporary.js';

/** The default folder of all runs, in the current one. */
export const checkpoints = 'checkpoints';

/**
 * The folder of a run: a name under `root`, otherwise a path.
 *
 * @throws UsageError if there is no run.json, RunError if that cannot be determined for lack of permission
 */
export async function locateRun(text: string, root: string): Promise<string> {
  for (const folder of [path.join(root, text), text]) if (await hasRun(folder)) return folder;
  const meant = nearest(text, await runNames(root));
  const remedy =
    meant === undefined ? 'give the name of a run there, or the path of its folder' : `did you mean ${meant}?`;
  throw new UsageError(`"${text}" is neither a run in ${root} nor a folder with a run.json`, 'RUN', remedy);
}

/** Whether a run.json exists, readable or not: problems with it are reported when the run is read. */
async function hasRun(folder: string): Promise<boolean> {
  try {
    await fs.lstat(path.join(folder, 'run.json'));
    return true;
  } catch (error) {
    // A file in place of a folder, or a name that no folder can have.
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE'].includes(codeOf(error) ?? ''))
      return false;
    throw diskError(error, folder);
  }
}

/**
 * Names of the folders in `root` that are runs, sorted: those that hold a run.json, members or a lock. None if there is no such
 * folder.
 *
 * @throws RunError if `root` cannot be read
 */
export async function runNames(root: string): Promise<string[]> {
  const names = await fs.readdir(root).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw diskError(error, root);
  });
  const runs: string[] = [];
  // A run that is still being imported, or whose import was killed, does not count.
  for (const name of names.sort())
    if (!isTemporary(name) && (await looksLikeRun(path.join(root, name)))) runs.push(name);
  return runs;
}

async function looksLikeRun(folder: string): Promise<boolean> {
  for (const name of ['run.json', 'members', '.lock']) {
    if ((await fs.stat(path.join(folder, name)).catch(() => undefined)) !== undefined) return true;
  }
  return false;
}
