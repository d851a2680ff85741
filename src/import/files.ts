/** Finds a tool's files in the folders given by the user. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { diskError } from '../machine/disk-errors.js';
import { filesBelow } from '../machine/listing.js';
import { codeOf, UsageError } from '../terminal/errors.js';

/**
 * Matching files, sorted: those given, and those anywhere below a given folder, also behind links.
 *
 * @param wanted what they are called, for messages
 * @throws UsageError if a path is missing or none matches
 */
export async function filesIn(
  paths: readonly string[],
  fits: (name: string) => boolean,
  wanted: string,
): Promise<string[]> {
  const found = new Set<string>();
  for (const given of paths) {
    const stats = await fs.stat(given).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') throw new UsageError('does not exist', given);
      throw diskError(error, given);
    });
    if (!stats.isDirectory()) {
      if (!fits(path.basename(given))) throw new UsageError(`is not ${wanted}`, given);
      found.add(given);
      continue;
    }
    const inside = (await filesBelow(given)).filter((file) => fits(path.basename(file)));
    if (inside.length === 0) throw new UsageError(`has no file ${wanted} in it`, given);
    for (const file of inside) found.add(file);
  }
  return [...found].sort();
}
