/** A run of imported members, written whole or not at all; so is what is added to one. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { sha256File, sha256Of, type FileContent } from '../machine/files.js';
import { writeFolder } from '../machine/folder-swap.js';
import { gitCommit, packageVersions } from '../machine/version.js';
import { encodeExamples, encodeImported, examplesFile, idOf, type ImportedRun } from '../runs/imported.js';
import { encodeOutcomes } from '../runs/outcomes.js';
import { runFolder } from '../runs/run.js';
import { UsageError } from '../terminal/errors.js';
import { printable } from '../terminal/printable.js';
import type { Collected, CollectedMember } from './collector.js';

/** Where the outcomes come from. */
export interface ImportSource {
  /** `table`, `lm-eval`, ... */
  readonly format: string;
  readonly tool: string | null;
  readonly version: string | null;
  /** Every file that outcomes were read from, and the table of the models' numbers. */
  readonly files: readonly string[];
  /** As it was typed, with files by their names alone. */
  readonly command: string;
  /** What of a tool's files was read; undefined for files that any program writes. */
  readonly reading: Readonly<Record<string, string>> | undefined;
}

export interface NewRun {
  /** The folder that holds all runs. */
  readonly root: string;
  readonly name: string;
  readonly source: ImportSource;
  /** Of the test set. */
  readonly testSet: string;
  readonly axis: string;
  /** Classes or choices of every example, where the source tells; else what labels and predictions tell. */
  readonly classes: number | null;
  /** What groups are, in the plural. */
  readonly groupNoun: string | undefined;
}

/** Throws UsageError if there is a run of this name, or something else in its place. */
export async function refuseTaken(root: string, name: string): Promise<void> {
  const folder = runFolder(root, name);
  const there = await fs.lstat(folder).catch(() => undefined);
  if (there === undefined) return;
  throw new UsageError(`${folder} already exists`, '--run', 'give another name, or remove that run with clean');
}

/**
 * Writes the run. Nothing is there before all of it is.
 *
 * @throws UsageError if there is one of this name, RunError where it can't be written
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

/** A member's id, and its files by their place in the run's folder: member.json last. */
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
    /** When, UTC. */
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

/** As run.json has it. */
export async function describeSource({ format, tool, version, command, reading, files }: ImportSource) {
  return {
    ...{ format, tool, version, command },
    files: await Promise.all(files.map(describeFile)),
    ...(reading === undefined ? {} : { reading: { ...reading } }),
  };
}

async function describeFile(file: string): Promise<ImportedRun['source']['files'][number]> {
  const { size } = await fs.stat(file);
  // Without the folders that lead to it: a record may go to strangers.
  return { name: printable(path.basename(file)), bytes: size, sha256: await sha256File(file) };
}
