/**
 * `import --add`: adds models to an imported run. They must have its examples and its columns; anything else is
 * rejected. The new members' files are written first, then run.json, which names them, is replaced in one step: if
 * killed at any moment, the run is either the old one or the new one.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { createFolder, writeFileAtomic } from '../machine/files.js';
import { packageVersions } from '../machine/version.js';
import {
  encodeImported,
  importedFolder,
  importedId,
  isImported,
  readExamples,
  readImportedMember,
  type ImportedMember,
  type ImportedRun,
} from '../runs/imported.js';
import { lockRun } from '../runs/lock.js';
import { decodeOutcomes, outcomeNames, type OutcomeColumns } from '../runs/outcomes.js';
import { readAnyRun, readMemberFile, runFolder } from '../runs/run.js';
import { firstOf, nth, present } from '../machine/present.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';
import type { Collected, CollectedMember } from './collector.js';
import type { KnownRun } from './known-run.js';
import { describeSource, encodeMember, type ImportSource } from './write.js';

export interface RunToAddTo {
  readonly folder: string;
  readonly record: ImportedRun;
  readonly known: KnownRun;
}

/** Throws UsageError if there is no imported run of this name, RunError if it is damaged. */
export async function openToAdd(root: string, name: string): Promise<RunToAddTo> {
  const folder = runFolder(root, name);
  const record = await readAnyRun(folder);
  if (record === undefined)
    throw new UsageError(`there is no run ${name} to add to`, '--add', 'leave it out to import a new run');
  if (!isImported(record))
    throw new UsageError(`${name} was trained here, but models can only be added to imported runs`, '--add');
  const first = await readImportedMember(folder, firstOf(record.members), record);
  const columns = await columnsOf(folder, first);
  const { label, group } = columns as { readonly label?: Int32Array; readonly group?: Int32Array };
  return {
    folder,
    record,
    known: {
      ...{ name, label, group, columns: Object.keys(columns) },
      examples: present(await readExamples({ folder, record })),
      contents: record.dataset.contents,
      classNames: record.dataset.classNames,
    },
  };
}

/** Every column of a member's outcomes. Throws RunError if they have changed since they were written. */
async function columnsOf(folder: string, member: ImportedMember): Promise<OutcomeColumns> {
  const own = importedFolder(folder, member.id);
  const bytes = await readMemberFile(own, member, 'outcomes.parquet');
  if (typeof bytes === 'string') throw new RunError(bytes, own);
  const where = path.join(own, 'outcomes.parquet');
  return decodeOutcomes(bytes, await outcomeNames(bytes, where), where);
}

/**
 * Throws UsageError if a tool's files were read differently from those of the run; returns a line if that is unknown.
 */
export function compareReading(
  { name, source }: ImportedRun,
  { format, reading }: Pick<ImportSource, 'format' | 'reading'>,
): string | undefined {
  if (source.reading === undefined && reading === undefined) return undefined;
  if (source.format !== format)
    throw new UsageError(`the run ${name} was imported from ${source.format}, not from ${format}`, '--add');
  if (source.reading === undefined || reading === undefined)
    return `the run ${name} does not record its task and metric, because an earlier version imported it; check that they are the same`;
  const before = source.reading;
  const other = [...new Set([...Object.keys(before), ...Object.keys(reading)])].find(
    (key) => before[key] !== reading[key],
  );
  if (other === undefined) return undefined;
  const [was, is] = [before[other] ?? 'none', reading[other] ?? 'none'];
  throw new UsageError(`${other} is ${is}, but ${was} in the run ${name}`, '--add', 'add outcomes of the same kind');
}

export interface Added {
  readonly record: ImportedRun;
  /** Only the new ones. */
  readonly members: readonly CollectedMember[];
  readonly notes: readonly string[];
}

/**
 * Writes the new models. Those already in the run with the same outcomes are left alone.
 *
 * @param collected for the run returned by `openToAdd`
 * @throws UsageError if a model already has different outcomes; RunError if the run changed meanwhile, or can't be
 * written
 */
export async function addToRun(
  { folder, record: opened }: RunToAddTo,
  { source, collected }: { readonly source: ImportSource; readonly collected: Collected },
): Promise<Added> {
  const described = await describeSource(source);
  const held = await lockRun(folder);
  try {
    const record = await readAnyRun(folder);
    if (record === undefined || JSON.stringify(record) !== JSON.stringify(opened))
      throw new RunError('the run was changed while files were read', folder, 'run the command again');
    const there = await Promise.all(opened.members.map((id) => readImportedMember(folder, id, opened)));
    const members: CollectedMember[] = [];
    const same: string[] = [];
    const unknown = new Set<string>();
    for (const member of collected.members) {
      const before = there.find(({ name, seed }) => name === member.name && seed === member.seed);
      if (before === undefined) members.push(member);
      else {
        await refuseOther(before, member, { folder, examples: collected.examples });
        same.push(before.name);
        for (const key of Object.keys(member.coordinates)) if (before.coordinates[key] === undefined) unknown.add(key);
      }
    }
    const notes =
      same.length === 0 ? [] : [`already in the run, with the same outcomes: ${condensed([...new Set(same)])}`];
    if (unknown.size > 0)
      notes.push(
        `these keep the coordinates they have: ${condensed([...unknown])} is not added to them; import all models under another name to have it`,
      );
    if (members.length === 0) return { record: opened, members, notes };
    const added = await writeMembers(folder, { record: opened, members, classNames: collected.classNames });
    const next: ImportedRun = {
      ...opened,
      dataset: withClasses(opened, collected),
      members: [...opened.members, ...added.ids],
      additions: [
        ...(opened.additions ?? []),
        {
          ...{ added: added.time, source: described, members: added.ids },
          ...{ dropped: collected.dropped, lab: packageVersions().lab },
        },
      ],
    };
    await writeFileAtomic(path.join(folder, 'run.json'), encodeImported(next));
    return { record: next, members, notes };
  } finally {
    await held.release();
  }
}

/** Throws UsageError if a model's outcomes or coordinates in the run differ from those in the files. */
async function refuseOther(
  before: ImportedMember,
  member: CollectedMember,
  { folder, examples }: { readonly folder: string; readonly examples: readonly string[] },
): Promise<void> {
  const title = member.seed === null ? member.name : `${member.name}, seed ${member.seed},`;
  for (const [key, value] of Object.entries(member.coordinates)) {
    const known = before.coordinates[key];
    if (known !== undefined && known !== value)
      throw new UsageError(`${title} is already in the run, with ${key} ${known} and not ${value}`, '--add');
  }
  const columns = await columnsOf(folder, before);
  for (const [name, values] of Object.entries(columns)) {
    const own = present(member.columns[name]);
    const row = values.findIndex((value, i) => !Object.is(value, own[i]));
    if (row < 0) continue;
    throw new UsageError(
      `${title} is already in the run, with other outcomes: ${name} of example ${nth(examples, row)} is ${values[row]} there and ${own[row]} here`,
      '--add',
      'leave it out, or give it another name',
    );
  }
}

/** Writes the new members' files, which nothing names yet, after deleting leftovers of a killed `--add`. */
async function writeMembers(
  folder: string,
  {
    record,
    members,
    classNames,
  }: {
    readonly record: ImportedRun;
    readonly members: readonly CollectedMember[];
    readonly classNames: readonly string[] | undefined;
  },
): Promise<{ readonly ids: string[]; readonly time: string }> {
  const time = new Date().toISOString();
  const taken = new Set(record.members);
  for (const name of await fs.readdir(path.join(folder, 'members')))
    if (importedId.test(name) && !taken.has(name)) await fs.rm(importedFolder(folder, name), { recursive: true });
  const ids: string[] = [];
  for (const member of members) {
    const testSet = record.dataset.fingerprint;
    const { id, files } = encodeMember(member, { taken, classNames, testSet, imported: time });
    taken.add(id);
    ids.push(id);
    await createFolder(importedFolder(folder, id));
    for (const [file, data] of files) await writeFileAtomic(path.join(folder, ...file.split('/')), data);
  }
  return { ids, time };
}

/** Includes the classes that only the new models name. */
function withClasses({ dataset }: ImportedRun, { classNames, classes }: Collected): ImportedRun['dataset'] {
  return {
    ...dataset,
    ...(classNames === undefined || dataset.classNames === undefined ? {} : { classNames: [...classNames] }),
    classes: dataset.classes === null || classes === null ? dataset.classes : Math.max(dataset.classes, classes),
  };
}
