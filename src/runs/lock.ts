/** One `train` at a time works on a run. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { holderOf, placesOf, tryLock } from '../machine/lock.js';
import { processText, type Owner } from '../machine/owner.js';
import { RunError } from '../terminal/errors.js';
import { createFolder, diskError, removeLeftovers } from '../machine/files.js';

/**
 * Locks a run's folder, creating it where there is none, until the returned function is called or the process ends. Once
 * it is locked, what killed processes left beside the run's files is removed.
 *
 * @throws RunError, one line, while another process works on the run
 */
export async function lockRun(runFolder: string): Promise<() => Promise<void>> {
  await createFolder(runFolder);
  const release = await holdRun(runFolder).catch(async (error: unknown) => {
    // Nothing half-made stays: an empty folder goes, one with anything in it does not.
    await fs.rmdir(runFolder).catch(() => undefined);
    throw error;
  });
  await tidy(runFolder);
  return release;
}

/** Who is training the run; undefined if no process is. The owner is undefined if unknown. */
export async function trainerOf(runFolder: string): Promise<{ readonly owner: Owner | undefined } | undefined> {
  return holderOf(placesOf(runFolder + path.sep));
}

/** Names in a run's folder that belong to its lock. */
export const lockNames: readonly string[] = ['.lock', '.lock-guard', '.lock-owner.json'];

/** The lock alone, of a folder that exists: nothing is tidied. Throws as `lockRun`. */
export async function holdRun(runFolder: string): Promise<() => Promise<void>> {
  const attempt = await tryLock({
    ...placesOf(runFolder + path.sep),
    onLost: (error) => {
      throw new RunError(
        'the lock of this run was lost: another process took it or removed it',
        runFolder,
        'run the command again to resume',
        { cause: error },
      );
    },
  }).catch((error: unknown) => {
    throw diskError(error, runFolder);
  });
  if ('busy' in attempt) throw busy(runFolder, attempt.busy);
  return attempt.release;
}

/** What processes that were killed have left beside the run's files. */
async function tidy(runFolder: string): Promise<void> {
  const members = path.join(runFolder, 'members');
  const names = await fs.readdir(members).catch(() => []);
  for (const folder of [runFolder, ...names.map((name) => path.join(members, name))]) await removeLeftovers(folder);
}

function busy(runFolder: string, owner: Owner | undefined): RunError {
  const who = owner === undefined ? '' : ` (${processText(owner)})`;
  const remedy = 'wait until it has finished, or give another name with --run';
  return new RunError(`another command is working on run "${path.basename(runFolder)}"${who}`, undefined, remedy);
}
