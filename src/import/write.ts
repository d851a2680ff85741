/** Writes a run of imported members whole or not at all; the same holds for additions to one. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { type FileContent } from '../machine/files.js';
import { sha256File, sha256Of } from '../machine/inputs.js';
import { writeFolder } from '../machine/folder-swap.js';
import { gitCommit, packageVersions } from '../machine/version.js';
import { encodeExamples, encodeImported, examplesFile, idOf, type ImportedRun } from '../runs/imported.js';
import { encodeOutcomes } from '../runs/outcomes.js';
import { runFolder } from '../runs/run.js';
import { UsageError } from '../terminal/errors.js';
import { printable } from '../terminal/printable.js';
import type { Collected, CollectedMember } from './collector.js';

/** The source of the outcomes. */
export interface ImportSource {
  /** `table`, `lm-eval`, ... */
  readonly format: string;
  readonly tool: string | null;
  readonly version: string | null;
  /** Every file that outcomes were read from, and the table of the models' coordinates. */
  readonly files: readonly string[];
  /** As typed, with files reduced to their names. */
  readonly command: string;
  /** Which parts of a tool's files were read; undefined for generic formats. */
  readonly reading: Readonly<Record<string, string>> | undefined;
}

export interface NewRun {
  /** The folder that holds all runs. */
  readonly root: string;
  readonly name: string;
  readonly source: ImportSource;
  /** Name of the test set. */
  readonly testSet: string;
  readonly axis: string;
  /** Number of classes or choices of every example, if the source says; else as implied by labels and predictions. */
  readonly classes: number | null;
  /** What groups are called, in the plural. */
  readonly groupNoun: string | undefined;
}

/** Throws UsageError if there is already a run of this name, or something else in its place. */
export async function refuseTaken(root: string, name: string): Promise<void> {
  const folder = runFolder(root, name);
  const there = await fs.lstat(folder).catch(() => undefined);
  if (there === undefined) return;
  throw new UsageError(`${folder} already exists`, '--run', 'give another name, or remove that run with clean');
}

/**
 * Writes the run, which appears only once it is complete.
 *
 * @throws UsageError if there is already one of this name, RunError if it can't be written
 */
export async function writeImportedRun(
  run: NewRun,
  collected: Collected,
): Promise<{ folder: string; record: ImportedRun }> {
  const { root, name, source, axis } = run;
  const folder = runFolder(root, name);
  const created = new Date().toISOString();
  const files = new Map<string, FileContent>();
  const examples = encodeExamples(collected.examples);
  const taken = new Set<string>();
  const { classNames } = collected;
  for (const member of collected.members) {
    const { id, files: own } = encodeMember(member, {
      taken,
      classNames,
      testSet: collected.fingerprint,
      imported: created,
    });
    taken.add(id);
    for (const [file, data] of own) files.set(file, data);
  }
  const record: ImportedRun = {
    ...{ format: 2, kind: 'imported', name, created },
    source: await describeSource(source),
    dataset: {
      name: run.testSet,
      fingerprint: collected.fingerprint,
      ...(collected.contents === undefined ? {} : { contents: collected.contents }),
      testCount: collected.examples.length,
      classes: run.classes ?? collected.classes,
      ...(classNames === undefined ? {} : { classNames: [...classNames] }),
      ...(collected.groups === undefined
        ? {}
        : { groups: { noun: run.groupNoun ?? 'groups', count: collected.groups } }),
      dropped: collected.dropped,
    },
    axis,
    members: [...taken],
    examples: sha256Of(examples),
    versions: { lab: packageVersions().lab, node: process.version, platform: `${process.platform}-${process.arch}` },
    gitCommit: gitCommit(),
  };
  files.set(examplesFile, examples);
  files.set('run.json', encodeImported(record));
  await refuseTaken(root, name);
  await writeFolder(folder, files);
  return { folder, record };
}

/** A member's id, and its files by their path in the run's folder: member.json last. */
export function encodeMember(
  { name, seed, coordinates, columns }: CollectedMember,
  {
    taken,
    classNames,
    testSet,
    imported,
  }: {
    /** Ids of the run's other members. */
    readonly taken: ReadonlySet<string>;
    readonly classNames: readonly string[] | undefined;
    /** The run's fingerprint. */
    readonly testSet: string;
    /** Time of the import, UTC. */
    readonly imported: string;
  },
): { readonly id: string; readonly files: ReadonlyMap<string, FileContent> } {
  const id = idOf(seed === null ? name : `${name}-s${seed}`, taken);
  const outcomes = encodeOutcomes(columns, classNames);
  const record = encodeImported({
    ...{ format: 2, kind: 'imported', id, name, seed, coordinates },
    ...{ testSet, imported, files: { 'outcomes.parquet': sha256Of(outcomes) } },
  });
  return {
    id,
    files: new Map<string, FileContent>([
      [`members/${id}/outcomes.parquet`, outcomes],
      [`members/${id}/member.json`, record],
    ]),
  };
}

/** The source as stored in run.json. */
export async function describeSource({ format, tool, version, command, reading, files }: ImportSource) {
  return {
    ...{ format, tool, version, command },
    files: await Promise.all(files.map(describeFile)),
    ...(reading === undefined ? {} : { reading: { ...reading } }),
  };
}

async function describeFile(file: string): Promise<ImportedRun['source']['files'][number]> {
  const { size } = await fs.stat(file);
  // Without its folders: records may be shared.
  return { name: printable(path.basename(file)), bytes: size, sha256: await sha256File(file) };
}
