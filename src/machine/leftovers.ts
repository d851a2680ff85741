/** Removes what killed processes were writing. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { namesIn } from './listing.js';
import { isLeftover, isTemporary } from './temporary.js';

/** Removes leftovers of dead writers in `folder`. */
export async function removeLeftovers(folder: string): Promise<void> {
  await removeThose(folder, isLeftover);
}

/**
 * Removes everything that is being written in `folder`, by anyone: for the holder of its lock, as all others have lost it and must
 * stop. With a name, only files called so, whatever their ending.
 */
export async function removeTemporaries(folder: string, name = ''): Promise<void> {
  const isOurs = (each: string) => isTemporary(each) && (name === '' || each.startsWith(`.${name}.`));
  await removeThose(folder, (file) => Promise.resolve(isOurs(path.basename(file))));
}

/**
 * Removes leftovers of dead writers of `name` in `folder`, and nothing else, as a user's folder may contain anything.
 */
export async function removeLeftoversOf(folder: string, name: string): Promise<void> {
  const isOurs = (each: string) => each.startsWith(`.${name}.`) || each.startsWith('.probe.');
  await removeThose(folder, async (file) => isOurs(path.basename(file)) && (await isLeftover(file)));
}

async function removeThose(folder: string, isMeant: (file: string) => Promise<boolean>): Promise<void> {
  for (const name of await namesIn(folder)) {
    const file = path.join(folder, name);
    if (await isMeant(file)) await fs.rm(file, { recursive: true, force: true });
  }
}
