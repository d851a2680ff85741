/** Removing what was listed before, and nothing else: no folder is removed with what lies in it, but only once it is empty. */
import * as fs from 'node:fs/promises';
import { codeOf } from '../terminal/errors.js';
import { diskError } from './files.js';
import { freedBytes, type DiskEntry } from './usage.js';

/** Something that goes as one. */
export interface Removal {
  /** `run lenet`, `prepared datasets`. */
  readonly what: string;
  /** What a folder holds comes before it. */
  readonly entries: readonly DiskEntry[];
}

export interface Removed {
  /** Folders that are not empty after all: something has come into them. */
  readonly left: readonly string[];
  /** What ended it on the way; undefined if nothing did. */
  readonly problem: Error | undefined;
}

/** What is gone already is no problem. */
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

/** What is free on the disk now that some of it may be gone. */
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
