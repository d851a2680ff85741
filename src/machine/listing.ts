/** What folders hold. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { codeOf } from '../terminal/errors.js';
import { diskError } from './disk-errors.js';

/** Names of what a folder holds; none if it does not exist. Throws RunError if it cannot be read. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return [];
    throw diskError(error, folder);
  }
}

/**
 * Files anywhere below a folder, also behind links; each folder once, as links may lead back. A link that leads nowhere counts as a
 * file, so that reading it says so; pipes, sockets and devices do not, as reading them may never end.
 *
 * @throws RunError if a folder cannot be read
 */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  await addFilesBelow(folder, files, new Set());
  return files;
}

async function addFilesBelow(folder: string, files: string[], seen: Set<string>): Promise<void> {
  try {
    const real = await fs.realpath(folder);
    if (seen.has(real)) return;
    seen.add(real);
    for (const name of await fs.readdir(folder)) {
      const each = path.join(folder, name);
      const there = await fs.stat(each).catch(() => undefined);
      if (there?.isDirectory() === true) await addFilesBelow(each, files, seen);
      else if (there?.isFile() !== false) files.push(each);
    }
  } catch (error) {
    throw diskError(error, folder);
  }
}
