/** The contents of a folder, and its size as counted by another program. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';

/** Paths of everything in it, relative and sorted; links are not followed, as in Node's own recursive reading. */
export async function treeOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  const visit = async (place: string): Promise<void> => {
    for (const entry of await fs.readdir(path.join(folder, place), { withFileTypes: true })) {
      found.push(path.join(place, entry.name));
      if (entry.isDirectory()) await visit(path.join(place, entry.name));
    }
  };
  await visit('');
  return found.sort();
}

/** As counted by `du`, which rounds up to 1024 bytes. */
export function duBytes(place: string): number {
  return 1024 * Number(execFileSync('du', ['-sk', place], { encoding: 'utf8' }).split('\t')[0]);
}

/** Name of a file that a process was writing when it was killed. */
export async function writeLeftover(folder: string, name: string, bytes = 5000): Promise<string> {
  // Above the largest process id on Linux.
  const file = path.join(folder, `.${name}.4999999.${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}.tmp`);
  await fs.writeFile(file, Buffer.alloc(bytes, 1));
  return file;
}
