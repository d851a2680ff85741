/** Files whose size and hash are published: no other file is accepted in their place. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { sha256File } from '../../machine/inputs.js';
import { dataFolder } from '../../machine/folders.js';
import { codeOf, UsageError } from '../../terminal/errors.js';
import { counted, formatBytes } from '../../terminal/format.js';
import type { KnownFile, RemoteFile } from '../dataset.js';
import { commandLine } from '../../machine/installation.js';

/** `whole`, `missing`, or what is wrong with it. */
export type FileState = 'whole' | 'missing' | { readonly fault: string };

/** Checks only the size. */
export async function sizeState(file: string, { sizeBytes }: KnownFile): Promise<FileState> {
  try {
    const { size } = await fs.stat(file);
    return size === sizeBytes
      ? 'whole'
      : { fault: `is ${counted(size, 'byte')} long, but the published size is ${sizeBytes}` };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return 'missing';
    throw error;
  }
}

/** Checks the size, then every byte. */
export async function fileState(file: string, remote: RemoteFile): Promise<FileState> {
  const state = await sizeState(file, remote);
  if (state !== 'whole') return state;
  const found = await sha256File(file);
  if (found === remote.sha256) return 'whole';
  return { fault: `has the SHA-256 ${found.slice(0, 12)}..., but ${remote.sha256.slice(0, 12)}... is published` };
}

/** The command that gets a dataset. */
export function fetchCommand(dataset: string, dataDir: string): string {
  const elsewhere = dataDir === dataFolder() ? '' : ` --data-dir ${dataDir}`;
  return commandLine(`datasets fetch ${dataset}${elsewhere}`);
}

/**
 * Paths of a dataset's downloaded files, in the order given, each checked against its size and hash.
 *
 * @throws UsageError that names the first missing or damaged one, and the command to get it
 */
export async function requireFiles(dataset: string, files: readonly RemoteFile[], dataDir: string): Promise<string[]> {
  const command = fetchCommand(dataset, dataDir);
  const paths = files.map(({ name }) => path.join(dataDir, dataset, name));
  for (const [i, remote] of files.entries()) {
    const state = await fileState(paths[i]!, remote);
    if (state === 'whole') continue;
    if (state !== 'missing') throw new UsageError(state.fault, paths[i], `delete it and run: ${command}`);
    throw new UsageError(
      `is missing, and ${dataset} needs it`,
      paths[i],
      `run: ${command} (${formatBytes(remote.sizeBytes)}), or copy ${remote.url} there yourself`,
    );
  }
  return paths;
}
