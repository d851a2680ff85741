/**
 * Runs of imported members: models that were trained and scored elsewhere. A member is a name, its coordinates
 * (parameters, FLOPs, tokens, ...) and its outcomes; there are no weights, no history and no pictures. `run.json`
 * records the source of everything. Curves can be drawn over any of the coordinates; the record names the default one.
 */
import * as path from 'node:path';
import * as z from 'zod';
import { outcomeKinds, type OutcomeKind } from '../experiment/architectures.js';
import { runNameSchema } from '../experiment/schema.js';
import { readTextIfThere, sha256Of } from '../machine/inputs.js';
import { RunError } from '../terminal/errors.js';
import { counted, countedWithSpaces } from '../terminal/format.js';
import { jsonWithDigest, parseJson, parseRecord } from './json.js';
import type { outcomeColumns } from './outcomes.js';
import { sha256, textSchema, type RunRecord } from './record.js';

/** Distinguishes a member's folder from those of trained members and from the user's own. */
export const importedId = /^imported-[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
export const importedIdSchema = z.string().regex(importedId, 'is not the id of an imported member');
/** As a flag takes it, and as an axis is titled. */
export const coordinateName = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
export const coordinateSchema = z.string().regex(coordinateName, 'is not the name of a coordinate');
const coordinates = z.record(coordinateSchema, z.number());

const files = z.array(z.strictObject({ name: textSchema.min(1), bytes: z.int(), sha256 })).min(1);

/** Where outcomes come from. */
const sourceSchema = z.strictObject({
  /** The format of the files: `table`, `lm-eval`, ... */
  format: textSchema.min(1),
  /** The program that made them, if known. */
  tool: textSchema.nullable(),
  version: textSchema.nullable(),
  /** The command that imported them, with file names instead of paths. */
  command: textSchema,
  files,
  /**
   * Which part of a tool's files was read, in the tool's terms: task, filter, metrics; absent in runs imported until 27
   * November 2026.
   */
  reading: z.record(z.string(), textSchema).optional(),
});

export const importedRunSchema = z.strictObject({
  format: z.literal(2),
  kind: z.literal('imported'),
  name: runNameSchema,
  created: z.iso.datetime(),
  source: sourceSchema,
  /** Members that `import --add` added later, in that order. */
  additions: z
    .array(
      z.strictObject({
        added: z.iso.datetime(),
        source: sourceSchema,
        members: z.array(importedIdSchema).min(1),
        /** Examples of these members that the run does not have. */
        dropped: z.int().min(0),
        lab: textSchema,
      }),
    )
    .optional(),
  /** The test set that all members have in common. */
  dataset: z.strictObject({
    name: textSchema.min(1),
    /** Hash of the examples' ids, and of their labels if known. */
    fingerprint: sha256,
    /**
     * Hash of the hashes that the source gives for each example's content, in the order of the rows; only if it does.
     */
    contents: sha256.optional(),
    testCount: z.int().min(1),
    /** Number of classes or choices of every example; null if they differ or are unknown. */
    classes: z.int().min(1).nullable(),
    classNames: z.array(textSchema).optional(),
    groups: z.strictObject({ noun: textSchema.min(1), count: z.int() }).optional(),
    /** Number of examples left out because some member has no outcome for them. */
    dropped: z.int().min(0),
  }),
  /** The coordinate over which curves are drawn by default. */
  axis: coordinateSchema,
  members: z.array(importedIdSchema).min(1),
  /** SHA-256 of examples.jsonl: the examples' ids, a JSON string a line, in the order of the rows. */
  examples: sha256,
  versions: z.strictObject({ lab: textSchema, node: textSchema, platform: textSchema }),
  gitCommit: textSchema.nullable(),
  digest: sha256.optional(),
});
/** Without the digest, which is of the file. */
export type ImportedRun = Omit<z.output<typeof importedRunSchema>, 'digest'>;

const importedMemberSchema = z.strictObject({
  format: z.literal(2),
  kind: z.literal('imported'),
  id: importedIdSchema,
  /** As its source calls it. */
  name: textSchema.min(1),
  /** Distinguishes models that differ only in their seed; null if the source does not. */
  seed: z.int().min(0).nullable(),
  coordinates,
  /** The run's `dataset.fingerprint`, which identifies a member that was copied from elsewhere. */
  testSet: sha256,
  imported: z.iso.datetime(),
  /** SHA-256 of outcomes.parquet. */
  files: z.strictObject({ 'outcomes.parquet': sha256 }),
  digest: sha256.optional(),
});
export type ImportedMember = Omit<z.output<typeof importedMemberSchema>, 'digest'>;

/** The sources of all of a run's outcomes, in the order in which they were imported. */
export function sourcesOf({ source, additions = [] }: ImportedRun): readonly ImportedRun['source'][] {
  return [source, ...additions.map((addition) => addition.source)];
}

export type AnyRun = RunRecord | ImportedRun;

/** How a run's members came to be. */
export type Made = Pick<RunRecord, 'experiment' | 'probe'> | Pick<ImportedRun, 'kind'>;

export function isImported(record: AnyRun): record is ImportedRun {
  return 'kind' in record;
}

/** What the outcomes of a run's members describe. */
export function kindOf(record: Made): OutcomeKind {
  return 'kind' in record ? 'classification' : outcomeKinds[record.experiment.arch];
}

/**
 * Number of images of a test sequence that have an outcome: only the last one for a probe; 1 if there are no sequences.
 */
export function pairsOf(record: Made): number {
  return 'kind' in record || record.probe !== undefined ? 1 : (record.experiment.pairs ?? 1);
}

/** A run's name in titles, with the probe that is shown. */
export function titleOf(record: Pick<AnyRun, 'name'> & Partial<Pick<RunRecord, 'probe'>>): string {
  return record.probe === undefined ? record.name : `${record.name}, ${record.probe}`;
}

/** `1,000 test sequences of 8 images`: what the shown outcomes were measured on. */
export function testSetText({ experiment, dataset, probe }: RunRecord): string {
  const { pairs = 1, testSequences = 0 } = experiment;
  if (probe !== undefined)
    return `${countedWithSpaces(testSequences, `${probe} probe`)} (the last of ${counted(pairs, 'image')}, ${counted(dataset.classes, 'answer')} to choose from)`;
  return outcomeKinds[experiment.arch] === 'sequences'
    ? `${countedWithSpaces(testSequences, 'test sequence')} of ${counted(pairs, 'image')}`
    : countedWithSpaces(dataset.testCount, 'test image');
}

/** `imported`, or the architecture: what a run's members are, in one word. */
export function makeOf(record: AnyRun): string {
  return isImported(record) ? 'imported' : record.experiment.arch;
}

export const examplesFile = 'examples.jsonl';

/** The examples' ids as examples.jsonl has them. */
export function encodeExamples(ids: readonly string[]): string {
  return ids.map((id) => `${JSON.stringify(id)}\n`).join('');
}

/**
 * The id for a name, with a dash for whatever cannot be in a folder's name. It differs from all `taken` ids in more
 * than case.
 */
export function idOf(name: string, taken: ReadonlySet<string>): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  const stem = `imported-${(plain === '' ? 'model' : plain).slice(0, 90)}`;
  let id = stem;
  const lowered = new Set([...taken].map((each) => each.toLowerCase()));
  for (let i = 2; lowered.has(id.toLowerCase()); i++) id = `${stem}-${i}`;
  return id;
}

/** `pythia-70m` of `imported-pythia-70m`. */
export function shownId(id: string): string {
  return id.replace(/^imported-/, '');
}

export function importedFolder(runFolder: string, id: string): string {
  return path.join(runFolder, 'members', id);
}

/** A record as its file has it. */
export function encodeImported(record: ImportedRun | ImportedMember): string {
  return jsonWithDigest(record).text;
}

/** Throws RunError, one line, if member.json is missing, damaged or that of another member. */
export async function readImportedMember(runFolder: string, id: string, run: ImportedRun): Promise<ImportedMember> {
  const file = path.join(importedFolder(runFolder, id), 'member.json');
  const text = await readTextIfThere(file);
  const remedy = 'import the run again';
  if (text === undefined) throw new RunError('is missing', file, remedy);
  const record = parseRecord(importedMemberSchema, text, file, remedy);
  if (record.id !== id) throw new RunError(`is the record of ${record.id}`, file, remedy);
  if (record.testSet !== run.dataset.fingerprint)
    throw new RunError('belongs to another run: its outcomes are of another test set', file, remedy);
  return record;
}

/** Ids of the examples of imported members; undefined for trained ones. Throws RunError if they are not as written. */
export async function readExamples({
  folder,
  record,
}: {
  readonly folder: string;
  readonly record: AnyRun;
}): Promise<readonly string[] | undefined> {
  if (!isImported(record)) return undefined;
  const file = path.join(folder, examplesFile);
  const text = await readTextIfThere(file);
  if (text === undefined || sha256Of(text) !== record.examples)
    throw new RunError('is missing or damaged: it does not match its SHA-256 in run.json', file);
  const lines = text.split('\n').slice(0, -1);
  if (lines.length !== record.dataset.testCount)
    throw new RunError(`has ${counted(lines.length, 'example')}, and run.json ${record.dataset.testCount}`, file);
  return lines.map((line, i) => parseJson(z.string(), line, `${file}:${i + 1}`));
}

/** What is wrong with examples.jsonl; undefined if it is intact. */
export async function examplesProblem(runFolder: string, run: ImportedRun): Promise<string | undefined> {
  const text = await readTextIfThere(path.join(runFolder, examplesFile));
  if (text === undefined) return `${examplesFile} is missing`;
  return sha256Of(text) === run.examples
    ? undefined
    : `${examplesFile} is damaged: it does not match its SHA-256 in run.json`;
}

/** Columns that an imported run can have. */
export const importedColumns = [
  'example',
  'group',
  'label',
  'predicted',
  'correct',
  'log_probability',
  'brier',
  'confidence',
  'margin',
  'rank',
  'score',
] as const satisfies readonly (keyof typeof outcomeColumns)[];
export type ImportedColumn = (typeof importedColumns)[number];
