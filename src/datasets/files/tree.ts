/** A folder or a zip archive, through the same interface: the paths of its files, and their bytes. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { sha256Of } from '../../machine/inputs.js';
import { codeOf, messageOf, UsageError } from '../../terminal/errors.js';
import { decodeName, isClutter } from './names.js';
import { openZip, unzip } from './zip.js';

/** A file's bytes, or why it has none. */
export type Content = readonly [path: string, bytes: Uint8Array | string];

export interface FileTree {
  /** The folder or the archive. */
  readonly where: string;
  /** Files, relative, with slashes, in ascending order. Files that systems add (`.DS_Store`) are left out. */
  readonly paths: readonly string[];
  /** Folders, likewise. */
  readonly folders: readonly string[];
  /** Links that were not followed, likewise, including pipes and devices. */
  readonly links: readonly string[];
  /** The bytes of some files, in the given order. */
  contents(paths: readonly string[]): AsyncGenerator<Content>;
  /** SHA-256 (hex) over paths and contents. */
  hash(): Promise<string>;
}

/** Throws UsageError, one line, if the archive is unsafe or damaged. */
export async function openZipTree(file: string): Promise<FileTree> {
  const zip = await openZip(file);
  return {
    where: file,
    paths: [...zip.entries.keys()].filter((name) => !isClutter(name)).sort(),
    folders: zip.folders.filter((name) => !isClutter(name)).sort(),
    links: [],
    contents: (paths) => unzip(zip, paths),
    hash: () => Promise.resolve(sha256Of(zip.bytes)),
  };
}

/**
 * A link to a file inside the folder is that file; a link that leads out of it, or to a folder, is not followed.
 *
 * @throws UsageError if the folder cannot be read
 */
export async function openFolderTree(folder: string): Promise<FileTree> {
  const found: Found = { files: new Map(), folders: [], links: [] };
  try {
    const root = await fs.realpath(folder, { encoding: 'buffer' });
    await walk({ root, below: '', absolute: root }, found);
  } catch (error) {
    throw new UsageError(`can't be read (${messageOf(error)})`, folder);
  }
  const paths = [...found.files.keys()].sort();
  const folders = found.folders.sort();
  const contents = (some: readonly string[]) => readFiles(found.files, some);
  const hash = () => hashOf(contents(paths), folders);
  return { where: folder, paths, folders, links: found.links.sort(), contents, hash };
}

interface Found {
  /** Relative path as text, and the bytes of the absolute one: not every name is UTF-8. */
  readonly files: Map<string, Buffer>;
  readonly folders: string[];
  readonly links: string[];
}

interface Place {
  readonly root: Buffer;
  /** Relative, with slashes. */
  readonly below: string;
  readonly absolute: Buffer;
}

async function walk({ root, below, absolute }: Place, found: Found): Promise<void> {
  for (const entry of await fs.readdir(absolute, { withFileTypes: true, encoding: 'buffer' })) {
    const name = decodeName(entry.name);
    const relative = below === '' ? name : `${below}/${name}`;
    const inside = Buffer.concat([absolute, Buffer.from(path.sep), entry.name]);
    if (isClutter(relative)) continue;
    if (entry.isDirectory()) {
      found.folders.push(relative);
      await walk({ root, below: relative, absolute: inside }, found);
    } else if (await isOurs(root, inside, entry)) found.files.set(relative, inside);
    else found.links.push(relative);
  }
}

/** A file, or a link to one inside. Pipes, sockets and devices are neither. */
async function isOurs(root: Buffer, file: Buffer, entry: Dirent<Buffer>): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const target = await fs.realpath(file, { encoding: 'buffer' }).catch(() => undefined);
  const folder = Buffer.concat([root, Buffer.from(path.sep)]);
  if (target?.subarray(0, folder.length).equals(folder) !== true) return false;
  return (await fs.stat(target)).isFile();
}

async function* readFiles(files: ReadonlyMap<string, Buffer>, paths: readonly string[]): AsyncGenerator<Content> {
  for (const each of paths)
    yield [each, await fs.readFile(files.get(each)!).catch((error: unknown) => `unreadable (${reason(error)})`)];
}

const reason = (error: unknown) => codeOf(error) ?? messageOf(error);

async function hashOf(contents: AsyncGenerator<Content>, folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(folders));
  for await (const [each, bytes] of contents) {
    const own = typeof bytes === 'string' ? null : sha256Of(bytes);
    hash.update(JSON.stringify([each, own]));
  }
  return hash.digest('hex');
}
