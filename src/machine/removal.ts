/** Removes what was listed before, and nothing else: no folder is removed with its content, but only once it is empty. */
import * as fs from 'node:fs/promises';
import { codeOf } from '../terminal/errors.js';
import { diskError } from './disk-errors.js';
import { freedBytes, type DiskEntry } from './usage.js';

/** Something that is removed as a whole. */
export interface Removal {
  /** `run lenet`, `prepared datasets`. */
  readonly what: string;
  /** A folder's content comes before it. */
  readonly entries: readonly DiskEntry[];
}

export interface Removed {
  /** Folders that were not empty after all: something was added to them. */
  readonly left: readonly string[];
  /** The error that interrupted it; undefined if there was none. */
  readonly problem: Error | undefined;
}

/** What is already gone is no problem. */
export async function removeAll(removals: readonly Removal[]): Promise<Removed> {
  const left: string[] = [];
  for (const { path: place, isFolder } of removals.flatMap(({ entries }) => entries)) {
    try {
      await (isFolder ? fs.rmdir(place) : fs.unlink(place));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') continue;
      if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST')
        return { left, problem: asError(diskError(error, place)) };
      left.push(place);
    }
  }
  return { left, problem: undefined };
}

/** Space on the disk that is free now, after a possibly partial removal. */
export async function freedBy(removals: readonly Removal[]): Promise<number> {
  const gone: DiskEntry[] = [];
  for (const entry of removals.flatMap(({ entries }) => entries)) {
    const there = await fs.lstat(entry.path).catch(() => undefined);
    if (there === undefined) gone.push(entry);
  }
  return freedBytes(gone);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
