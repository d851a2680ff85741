/** A folder or a zip archive, seen alike: the paths of its files, and their bytes. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { messageOf, UsageError } from '../../terminal/errors.js';
import { openZip, unzip } from './zip.js';

export interface FileTree {
  /** The folder or the archive. */
  readonly where: string;
  /** Files, relative, with slashes, in ascending order. What systems leave lying about (`.DS_Store`) is not among them. */
  readonly paths: readonly string[];
  /** Folders, likewise. */
  readonly folders: readonly string[];
  /** Links that were not followed. */
  readonly links: number;
  /** The bytes of some files, in the given order; undefined for one that can't be read. */
  contents(paths: readonly string[]): AsyncGenerator<readonly [path: string, bytes: Uint8Array | undefined]>;
  /** SHA-256 (hex) over paths and contents. */
  hash(): Promise<string>;
}

/** What file managers and archivers add on their own. */
function isClutter(relative: string): boolean {
  return relative
    .split('/')
    .some((name) => name.startsWith('.') || ['Thumbs.db', 'desktop.ini', '__MACOSX'].includes(name));
}

/** Throws UsageError, one line, where the archive is unsafe or damaged. */
export async function openZipTree(file: string): Promise<FileTree> {
  const zip = await openZip(file);
  const names = zip.entries.map(({ name }) => name).filter((name) => !isClutter(name));
  return {
    where: file,
    paths: names.sort(),
    folders: zip.folders.filter((name) => !isClutter(name)).sort(),
    links: 0,
    contents: (paths) => unzip(zip, paths),
    hash: () => Promise.resolve(createHash('sha256').update(zip.bytes).digest('hex')),
  };
}

/**
 * A link to a file inside the folder is that file; one that leads out of it, or to a folder, is not followed.
 *
 * @throws UsageError where the folder can't be read
 */
export async function openFolderTree(folder: string): Promise<FileTree> {
  const found: Found = { paths: [], folders: [], links: 0 };
  try {
    await walk(await fs.realpath(folder), '', found);
  } catch (error) {
    throw new UsageError(`can't be read (${messageOf(error)})`, folder);
  }
  const paths = found.paths.sort();
  const folders = found.folders.sort();
  const contents = (some: readonly string[]) => readFiles(folder, some);
  return { where: folder, paths, folders, links: found.links, contents, hash: () => hashOf(contents(paths), folders) };
}

interface Found {
  readonly paths: string[];
  readonly folders: string[];
  links: number;
}

async function walk(root: string, below: string, found: Found): Promise<void> {
  for (const entry of await fs.readdir(path.join(root, below), { withFileTypes: true })) {
    const relative = below === '' ? entry.name : `${below}/${entry.name}`;
    if (isClutter(relative)) continue;
    if (entry.isDirectory()) {
      found.folders.push(relative);
      await walk(root, relative, found);
    } else if (await isOurs(root, relative, entry)) found.paths.push(relative);
    else found.links++;
  }
}

/** A file, or a link to one inside. Pipes, sockets and devices are neither. */
async function isOurs(root: string, relative: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const target = await fs.realpath(path.join(root, relative)).catch(() => undefined);
  if (target?.startsWith(root + path.sep) !== true) return false;
  return (await fs.stat(target)).isFile();
}

async function* readFiles(
  folder: string,
  paths: readonly string[],
): AsyncGenerator<readonly [path: string, bytes: Uint8Array | undefined]> {
  // The caller says what could not be read.
  for (const each of paths) yield [each, await fs.readFile(path.join(folder, each)).catch(() => undefined)];
}

async function hashOf(
  contents: AsyncGenerator<readonly [path: string, bytes: Uint8Array | undefined]>,
  folders: readonly string[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(folders));
  for await (const [each, bytes] of contents) {
    const own = bytes === undefined ? null : createHash('sha256').update(bytes).digest('hex');
    hash.update(JSON.stringify([each, own]));
  }
  return hash.digest('hex');
}
