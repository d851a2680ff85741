/**
 * Sealed forecasts: `checkpoints/<run>/forecasts/<name>.json`, plain files that state what was known, what is predicted, and when,
 * with a digest in their last line (json.ts). Each contains the digest of the previous seal of the run, so none can be changed or
 * inserted later without the next ones showing it. A digest shows that nothing changed since; proving when it was written takes a
 * witness, such as a timestamping service or a public commit. Whether the run is still what a seal says: forecast-validity.ts.
 */
import * as path from 'node:path';
import * as z from 'zod';
import { probeNames } from '../datasets/probes.js';
import { runNameSchema } from '../experiment/schema.js';
import { createFolder, writeFileAtomic } from '../machine/files.js';
import { readTextIfThere } from '../machine/inputs.js';
import { namesIn } from '../machine/listing.js';
import { firstOf, nth } from '../machine/present.js';
import { isReported, RunError, unlessReported, UsageError } from '../terminal/errors.js';
import { nearest } from '../terminal/nearest.js';
import { coordinateSchema, importedIdSchema } from './imported.js';
import { importedWords, trainedWords, type FamilyWords } from './words.js';
import { jsonWithDigest, isUnchanged, parseJson } from './json.js';
import { runNames } from './locate.js';
import { memberIdSchema, sha256, textSchema } from './record.js';
import { wordsOver } from './view.js';
import { commandLine } from '../machine/installation.js';

const number = z.number().nullable();

const fitSchema = z.strictObject({
  /** The metric, or what it is derived from. */
  of: textSchema,
  model: textSchema,
  /** Share of the method's draws. */
  weight: z.number(),
  converged: z.boolean().optional(),
  /** null: infinite. */
  aicc: number.optional(),
  rms: number.optional(),
  /** 95 % limits; null: the data set no limit. */
  parameters: z
    .array(z.strictObject({ name: textSchema, value: z.number(), lower: number, upper: number, atBound: z.boolean() }))
    .optional(),
});

/** A forecasting method by its name today: seals made until 26 November 2026 say `outcomes` for `per-example`. */
const methodSchema = textSchema.transform((name) => (name === 'outcomes' ? 'per-example' : name));

const contentSchema = z.strictObject({
  /** 2 if members will be imported, 3 if they are trained and predicted over another axis than their width, or after a step. */
  format: z.literal([1, 2, 3]),
  name: runNameSchema,
  run: runNameSchema,
  /** Position in the run's chain, from 1. */
  number: z.int().min(1),
  /** UTC, by the machine's clock. */
  sealed: z.iso.datetime(),
  /** The previous seal of this run. */
  previous: z.strictObject({ name: runNameSchema, digest: sha256 }).nullable(),
  lab: textSchema,
  gitCommit: textSchema.nullable(),
  /** The coordinate over which members are predicted; absent for widths. */
  axis: coordinateSchema.optional(),
  /** Over an axis: factors in which the known members agree, and with them the predicted ones. */
  held: z.record(coordinateSchema, z.number()).optional(),
  /** The training step whose outcomes are predicted; absent for the last, and over axes along training. */
  at: z.int().min(1).optional(),
  /** The probe whose outcomes are predicted; absent for those of the test set. */
  probe: z.enum(probeNames).optional(),
  /** As in member.json; null if members are imported. */
  experiment: sha256.nullable(),
  /** Of the dataset, as in run.json. */
  fingerprint: sha256,
  /** Known members, and the SHA-256 of their outcomes.parquet, of the probe's file or of that of a moment, after `step`. */
  evidence: z.array(
    z.strictObject({
      member: z.union([memberIdSchema, importedIdSchema]),
      step: z.int().min(1).optional(),
      parameters: z.number(),
      outcomes: sha256,
    }),
  ),
  /** With an axis, `width` and `parameters` are both its coordinate, here, above and below. */
  targets: z
    .array(
      z.strictObject({
        width: z.number().positive(),
        parameters: z.number().positive(),
        trainingFlops: z.number().optional(),
      }),
    )
    .min(1),
  /** Empty if members are imported. */
  seeds: z.array(z.int()),
  /** Of the file with the user's own metric; null if there is none. */
  metricFile: sha256.nullable(),
  /** Levels of the quantiles. */
  levels: z.array(z.number()),
  /** Number of draws behind the quantiles. */
  draws: z.int().min(1),
  metrics: z.array(
    z.strictObject({
      metric: textSchema,
      better: z.enum(['higher', 'lower']),
      known: z
        .array(z.strictObject({ width: z.number(), parameters: z.number(), values: z.array(z.number()).min(1) }))
        .min(1),
      methods: z.array(
        z.strictObject({ method: methodSchema, quantiles: z.array(z.array(z.number())), fits: z.array(fitSchema) }),
      ),
      silent: z.array(z.strictObject({ method: methodSchema, why: textSchema })),
    }),
  ),
  /** Any text: one that is not a digest shows that the file was changed. */
  digest: textSchema,
});

/** Fewer have no limits of 95 % intervals. */
const fewestLevels = 39;

/** Whether each method has a distribution for each target: an odd number of ascending quantiles, one for each level. */
function areQuantiles({ levels, targets, metrics }: z.output<typeof contentSchema>): boolean {
  const isFit = (list: readonly number[]) =>
    list.length === levels.length && list.every((value, i) => i === 0 || value >= nth(list, i - 1));
  const all = metrics.flatMap(({ methods }) => methods.map(({ quantiles }) => quantiles));
  if (all.length > 0 && (levels.length < fewestLevels || levels.length % 2 === 0)) return false;
  return all.every((each) => each.length === targets.length && each.every(isFit));
}

/** Scores rest on equal steps between levels. */
function areEquallySpaced(levels: readonly number[]): boolean {
  return levels.every((level, i) => Math.abs(level - (i + 1) / (levels.length + 1)) < 1e-9);
}

/** The format of a seal with these contents. */
export function formatOfSeal({
  axis,
  at,
  experiment,
}: Pick<z.output<typeof contentSchema>, 'axis' | 'at' | 'experiment'>): 1 | 2 | 3 {
  if (experiment === null) return 2;
  return axis === undefined && at === undefined ? 1 : 3;
}

/** Whether a seal has what its format says, and nothing else. */
function isOfItsFormat(seal: z.output<typeof contentSchema>): boolean {
  const { format, axis, held, at } = seal;
  if (format === 2 && (axis === undefined || at !== undefined)) return false;
  return format === formatOfSeal(seal) && (held === undefined || axis !== undefined);
}

export const sealSchema = contentSchema
  .refine(isOfItsFormat, {
    path: ['format'],
    error: 'does not match the axis, held factors, step and experiment beside it',
  })
  .refine(({ levels }) => areEquallySpaced(levels), {
    path: ['levels'],
    error: 'is not 1/(n + 1), 2/(n + 1), ... of n levels',
  })
  .refine(areQuantiles, {
    path: ['metrics'],
    error: 'has quantiles that are not ascending lists, one for each target, with a number for each level',
  });
export type Seal = z.output<typeof sealSchema>;

export function forecastsFolder(runFolder: string): string {
  return path.join(runFolder, 'forecasts');
}

export function sealFile(runFolder: string, name: string): string {
  return path.join(forecastsFolder(runFolder), `${name}.json`);
}

/** A seal that was read from disk. */
export interface ReadSeal {
  readonly file: string;
  readonly seal: Seal;
  /** Whether the digest shows it unchanged since it was sealed. */
  readonly unchanged: boolean;
}

/** Throws RunError if it is not a forecast or cannot be read; `unchanged` reports whether it was changed. */
export async function readSeal(file: string): Promise<ReadSeal> {
  const text = await readTextIfThere(file);
  if (text === undefined) throw new RunError('there is no forecast here', file);
  const seal = parseJson(
    sealSchema,
    text,
    file,
    'restore it from a copy, or move it elsewhere if it is not a forecast',
  );
  if (path.basename(file) !== `${seal.name}.json`)
    throw new RunError(`contains the forecast ${seal.name}`, file, 'give it that name, or move it elsewhere');
  return { file, seal, unchanged: isUnchanged(text) };
}

/** A run's seals in the order of the chain, and a line for each file among them that is damaged or not a seal. */
export async function readSeals(runFolder: string): Promise<{ seals: ReadSeal[]; unreadable: string[] }> {
  const seals: ReadSeal[] = [];
  const unreadable: string[] = [];
  for (const name of await sealNames(runFolder)) {
    try {
      seals.push(await readSeal(sealFile(runFolder, name)));
    } catch (error) {
      if (!isReported(error)) throw error;
      unreadable.push(error.message);
    }
  }
  return { seals: seals.sort((a, b) => a.seal.number - b.seal.number), unreadable };
}

/**
 * The last seal of the chain, which the next one will name; undefined if there is none.
 *
 * @throws RunError if a seal that follows it would be void
 */
export async function endOfChain(runFolder: string): Promise<Seal | undefined> {
  const { seals, unreadable } = await readSeals(runFolder);
  if (unreadable.length > 0) throw new RunError(firstOf(unreadable));
  const last = seals.at(-1);
  if (last === undefined) return undefined;
  const faults = [
    ...(last.unchanged ? [] : ['it was changed after it was sealed']),
    ...(await chainFaults(runFolder, last.seal)),
  ];
  if (faults.length === 0) return last.seal;
  throw new RunError(`${faults.join('; ')}; later seals would be void`, last.file, 'restore the seals from a copy');
}

/** Writes a new seal. Call it only while holding the run's lock. Throws UsageError if there is one of this name. */
export async function writeSeal(
  runFolder: string,
  seal: Omit<Seal, 'digest'>,
): Promise<{ file: string; digest: string }> {
  const file = sealFile(runFolder, seal.name);
  if ((await readTextIfThere(file)) !== undefined)
    throw new UsageError(`forecast "${seal.name}" already exists`, '--name', 'give another name');
  const { text, digest } = jsonWithDigest(seal);
  // A seal that cannot be read back would make all later ones void.
  sealSchema.parse(JSON.parse(text));
  await createFolder(forecastsFolder(runFolder));
  await writeFileAtomic(file, text);
  return { file, digest };
}

/** Whether the members that it predicts are imported, not trained here. */
export function isOfImported({ experiment }: Pick<Seal, 'experiment'>): boolean {
  return experiment === null;
}

/** What the members of a seal are called. */
export function wordsOfSeal(seal: Pick<Seal, 'axis' | 'experiment'>): FamilyWords {
  const { axis } = seal;
  if (axis === undefined) return trainedWords;
  return isOfImported(seal) ? importedWords(axis) : wordsOver(axis);
}

/** Whether the chain is broken before a seal, or forks at it. Empty if neither. */
export async function chainFaults(runFolder: string, seal: Seal): Promise<string[]> {
  return [...(await brokenChain(runFolder, seal)), ...(await rivalsOf(runFolder, seal))];
}

/** Seals with the same position in the chain: one was taken away while the other was made. */
async function rivalsOf(runFolder: string, { name, number: place }: Seal): Promise<string[]> {
  const { seals } = await readSeals(runFolder);
  return seals
    .filter(({ seal }) => seal.number === place && seal.name !== name)
    .map(({ seal }) => `${seal.name} is also number ${place} of the chain`);
}

/**
 * Follows the chain from a seal to the first: each names the previous one, which must have that digest and an earlier
 * time.
 */
async function brokenChain(runFolder: string, last: Seal): Promise<string[]> {
  let next = last;
  while (next.previous !== null) {
    const { name, digest } = next.previous;
    const before = await unlessReported(readSeal(sealFile(runFolder, name)));
    if (before === undefined) return [`${name}, an earlier seal, can't be read`];
    const { seal, unchanged } = before;
    if (!unchanged || seal.digest !== digest) return [`${name}, an earlier seal, was changed`];
    if (seal.number !== next.number - 1)
      return [`${name}, an earlier seal, is number ${seal.number} of the chain and not ${next.number - 1}`];
    if (seal.sealed > next.sealed) return [`${name}, an earlier seal, was sealed later, ${seal.sealed}`];
    next = seal;
  }
  return next.number === 1 ? [] : [`number ${next.number} of the chain names no earlier seal`];
}

/**
 * The run's folder and the seal of a name: `NAME`, `RUN/NAME` if several runs have one, `RUN` if it has only one, or the
 * file's path.
 *
 * @throws UsageError if there is none, or more than one; RunError if it cannot be read
 */
export async function locateSeal(text: string, root: string): Promise<{ runFolder: string; read: ReadSeal }> {
  const { dir, base } = path.parse(text);
  const candidates: string[] = [];
  if (text.endsWith('.json') && (await readTextIfThere(text)) !== undefined) candidates.push(text);
  const runs = dir === '' ? await runNames(root) : [dir];
  for (const run of runs) {
    for (const folder of dir === '' ? [path.join(root, run)] : [path.join(root, run), run]) {
      const file = sealFile(folder, base);
      if (!candidates.includes(file) && (await readTextIfThere(file)) !== undefined) candidates.push(file);
    }
  }
  if (candidates.length === 0) {
    const sealedHere = await sealNames(path.join(root, text));
    if (sealedHere.length === 1) return locateSeal(`${text}/${firstOf(sealedHere)}`, root);
    if (sealedHere.length > 1)
      throw new UsageError(`"${text}" has several sealed forecasts`, 'NAME', `give one of ${sealedHere.join(', ')}`);
    const all = await Promise.all((await runNames(root)).map((run) => sealNames(path.join(root, run))));
    const meant = nearest(base, all.flat());
    const remedy = meant === undefined ? `${commandLine('forecast list')} lists them all` : `did you mean ${meant}?`;
    throw new UsageError(`"${text}" is not a sealed forecast of a run in ${root}`, 'NAME', remedy);
  }
  if (candidates.length > 1)
    throw new UsageError(`"${text}" is in several runs: ${candidates.join(', ')}`, 'NAME', 'give RUN/NAME');
  const file = firstOf(candidates);
  return { runFolder: path.dirname(path.dirname(file)), read: await readSeal(file) };
}

async function sealNames(runFolder: string): Promise<string[]> {
  const names = await namesIn(forecastsFolder(runFolder));
  return names.filter((name) => name.endsWith('.json') && !name.startsWith('.')).map((name) => name.slice(0, -5));
}
