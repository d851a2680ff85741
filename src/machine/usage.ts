/**
 * What files and folders take on the disk: blocks that are allocated, as `du` counts them, not the lengths of files. Each is asked for
 * at once: a promise takes ten times as long as what it is of, and a large run has a hundred thousand files.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { codeOf } from '../terminal/errors.js';
import { diskError } from './disk-errors.js';

export interface DiskEntry {
  readonly path: string;
  readonly isFolder: boolean;
  /** Allocated. */
  readonly bytes: number;
  /** Device and inode: hard links to one file share them. */
  readonly identity: string;
  /** Number of hard links to the file, wherever they are. */
  readonly links: number;
}

/** On every supported platform. */
const blockBytes = 512;

/**
 * What lies at a place: itself, and all that is in it where it is a folder, which comes after what it holds. Links are entries and
 * are not followed. What vanishes meanwhile is left out, and so is a place where nothing is.
 *
 * @throws RunError if a folder can't be read
 */
export function entriesAt(place: string): DiskEntry[] {
  try {
    const stats = fs.lstatSync(place);
    const isFolder = stats.isDirectory();
    const names = isFolder ? fs.readdirSync(place).sort() : [];
    const inside = names.flatMap((name) => entriesAt(path.join(place, name)));
    const { dev, ino, blocks, nlink } = stats;
    // A folder's links are its subfolders.
    const about = { bytes: blocks * blockBytes, identity: `${dev}:${ino}`, links: isFolder ? 1 : nlink };
    return [...inside, { path: place, isFolder, ...about }];
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw diskError(error, place);
  }
}

/** What the entries take together; a file with several links counts once. */
export function bytesOf(entries: readonly DiskEntry[]): number {
  const sizes = new Map(entries.map(({ identity, bytes }) => [identity, bytes]));
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** What their removal frees: a file that has a link elsewhere stays on the disk. */
export function freedBytes(entries: readonly DiskEntry[]): number {
  const found = new Map<string, number>();
  for (const { identity } of entries) found.set(identity, (found.get(identity) ?? 0) + 1);
  return bytesOf(entries.filter(({ identity, links }) => links <= (found.get(identity) ?? 0)));
}
