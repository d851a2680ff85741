/** Which datasets are available, and how to get the others. */
import * as path from 'node:path';
import type { DatasetContents, DatasetSource } from './dataset.js';
import { fetchCommand, sizeState } from './files/known.js';
import { datasets } from './index.js';

export interface DatasetStatus {
  /** As `--dataset` takes it: `mnist`, `idx:PATH`. */
  readonly name: string;
  readonly summary: string;
  /** `user`: files of the user's own; `made`: by this program. */
  readonly kind: 'installed' | 'downloaded' | 'made' | 'user';
  /** Whether all its files are there with the right sizes; null for the user's own. */
  readonly here: boolean | null;
  /** What is wrong, if it is not available. */
  readonly fault: string | null;
  /** How to get it, in that case. */
  readonly remedy: string | null;
  /** Null for the user's own. */
  readonly contents: DatasetContents | null;
  readonly folder: string | null;
  /** Total size of its files, available or not. */
  readonly sizeBytes: number | null;
  readonly licence: string;
  readonly citation: string;
}

/** All datasets in the order of the registry. Checks the sizes of files and opens none. */
export async function datasetStatuses(dataDir: string): Promise<DatasetStatus[]> {
  const all: readonly DatasetSource[] = Object.values(datasets);
  return Promise.all(all.map((source) => statusOf(source, dataDir)));
}

async function statusOf(source: DatasetSource, dataDir: string): Promise<DatasetStatus> {
  const { name, summary, licence, citation, contents = null, files } = source;
  const about = { summary, contents, licence, citation };
  const none = { fault: null, remedy: null, folder: null, sizeBytes: null };
  if (name.endsWith(':')) return { name: `${name}PATH`, kind: 'user', here: null, ...about, ...none };
  if (files === undefined) return { name, kind: 'made', here: true, ...about, ...none };
  const sizeBytes = files.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const folder = files.kind === 'downloaded' ? path.join(dataDir, name) : folderOf(files.folder);
  const fault = folder === undefined ? 'is not installed' : await firstFault(folder, files.files);
  const remedy = files.kind === 'downloaded' ? fetchCommand(name, dataDir) : files.remedy;
  return {
    name,
    kind: files.kind,
    here: fault === undefined,
    ...about,
    fault: fault ?? null,
    remedy: fault === undefined ? null : remedy,
    folder: folder ?? null,
    sizeBytes,
  };
}

/** Undefined if its package is not installed: the list says so in its own words. */
function folderOf(folder: () => string): string | undefined {
  try {
    return folder();
  } catch {
    return undefined;
  }
}

async function firstFault(folder: string, files: readonly { name: string; sizeBytes: number }[]) {
  for (const file of files) {
    const state = await sizeState(path.join(folder, file.name), file);
    if (state !== 'whole') return `${file.name} ${state === 'missing' ? 'is missing' : state.fault}`;
  }
  return undefined;
}
