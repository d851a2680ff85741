/** What the commands that look at runs have in common: which run, which metrics, and what is said of both. */
import type { Command } from 'commander';
import type { ScoreName } from '../analysis/scores.js';
import type { Registry } from '../metrics/index.js';
import type { Metric } from '../metrics/metric.js';
import type { LoadedRun, OpenRun } from '../runs/load.js';
import type { OutcomeName } from '../runs/outcomes.js';
import type { RunRecord } from '../runs/record.js';
import type { FamilyWords } from '../runs/words.js';
import { UsageError } from '../terminal/errors.js';
import { printable } from '../terminal/printable.js';

export type Raw = Readonly<Record<string, unknown>>;

/** An option's value as it was typed; undefined where it was not given. */
export function textOf(raw: Raw, key: string): string | undefined {
  const value = raw[key];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be given again. */
export function textsOf(raw: Raw, key: string): readonly string[] {
  const value = raw[key];
  return Array.isArray(value) ? value.map(String) : [];
}

/** A line for each picture that was drawn. */
export function pictureLines(files: readonly string[]): string[] {
  return files.map((file) => `picture  ${printable(file)}`);
}

/** Where commands look for runs. */
export const root = 'checkpoints';

export const collect = (text: string, earlier: readonly string[] | undefined): string[] => [...(earlier ?? []), text];

export function addMetricFile(command: Command): Command {
  return command.option(
    '--metric-file <file>',
    'a JavaScript or TypeScript file that defines your own metric (docs/metrics.md)',
  );
}

/** The lab's metrics and the user's own; those of a run know the names of its classes. */
export async function registryOf(raw: Raw, run?: Pick<OpenRun, 'record'>): Promise<Registry> {
  const { withClassNames } = await import('../metrics/index.js');
  const { withOwnMetric } = await import('../metrics/own.js');
  return withClassNames(await withOwnMetric(textOf(raw, 'metricFile')), run?.record.dataset.classNames);
}

/** `--metric` texts as metrics, each once. */
export async function metricsOf(texts: readonly string[], registry: Registry, flag = '--metric'): Promise<Metric[]> {
  const { parseMetric } = await import('../metrics/index.js');
  const chosen = texts.map((text) => parseMetric(text, flag, registry));
  const twice = chosen.find(({ id }, i) => chosen.findIndex((other) => other.id === id) < i);
  if (twice !== undefined) throw new UsageError(`${twice.id} is given twice`, flag, 'give it once');
  return chosen;
}

/** `--axis`, for commands that draw curves over scale or test them against it. */
export const axisOption = [
  '--axis <coordinate>',
  'of imported members: the coordinate that curves are over (default: the one that the run names)',
] as const;

/** How pictures are printed, for every command that draws one; read by `figureOptionsOf`. */
export const printOptions = {
  size: ['--size <size>', 'of a picture in print: single, double, slide, or WxH in inches (default: double)'],
  format: ['--format <list>', 'of svg, png, pdf; may be given again (default: svg,png)', collect],
  title: ['--title <text>', 'in place of its own; "none" leaves it out, and the lines below it'],
} as const;

/**
 * Opens a run by name or path; `axis` is what curves of imported members are drawn over. Throws UsageError for an axis of trained ones.
 */
export async function openNamed(name: string, axis?: string): Promise<OpenRun> {
  const { openRun } = await import('../runs/load.js');
  const { locateRun } = await import('../runs/locate.js');
  const run = await openRun(await locateRun(name, root), axis);
  if (axis !== undefined && !run.words.isImported)
    throw new UsageError(
      `the members of ${name} were trained here, and have no other coordinates`,
      '--axis',
      'leave it out',
    );
  for (const line of run.notes) console.error(`note: ${line}`);
  return run;
}

/** The record of a run that was trained here. Throws UsageError for one of imported members, with what it is that these have not. */
export async function trainedRecord(
  { record }: Pick<OpenRun, 'record'>,
  name: string,
  what: string,
): Promise<RunRecord> {
  const { isImported } = await import('../runs/imported.js');
  if (!isImported(record)) return record;
  throw new UsageError(`is a run of imported members, and ${what}`, name);
}

/** Throws UsageError for a metric that the run can't have, with those that it can. */
export async function refuseImpossible(
  run: OpenRun,
  chosen: readonly Pick<Metric, 'id' | 'name' | 'needs' | 'units'>[],
  registry: Registry,
  flag = '--metric',
): Promise<void> {
  const { isPossible, unitsOf } = await import('../analysis/search.js');
  const { isImported, makeOf } = await import('../runs/imported.js');
  const units = unitsOf(run.columns);
  const wrong = chosen.find((metric) => !isPossible(metric, run.columns, units));
  if (wrong === undefined) return;
  const lacking = wrong.needs.filter((name) => !run.columns.includes(name));
  const what =
    lacking.length === 0
      ? `${wrong.id} assumes independent ${wrong.units}, but ${run.folder} is tested on ${units}`
      : isImported(run.record)
        ? `${wrong.id} needs ${lacking.join(', ')}, which the run ${run.record.name} does not have`
        : `${wrong.id} is not available for ${makeOf(run.record)} runs`;
  const possible = Object.values(registry).filter(
    ({ units: own, needs }) =>
      own === units && (typeof needs === 'function' || needs.every((name) => run.columns.includes(name))),
  );
  throw new UsageError(what, flag, `available: ${possible.map(({ name }) => name).join(', ')}`);
}

/** Reads the columns, and says on stderr which members are not in it. */
export async function readRun(run: OpenRun, columns: readonly OutcomeName[]): Promise<LoadedRun> {
  const { readColumns } = await import('../runs/load.js');
  const loaded = await readColumns(run, [...new Set(columns)]);
  for (const line of loaded.absent) console.error(`not included: ${line}`);
  return loaded;
}

/** Throws UsageError where nothing can be drawn against scale. */
export function assertSeveralWidths({ members, words }: LoadedRun, name: string, what = 'a curve'): void {
  if (new Set(members.map(({ record }) => record.width)).size < 2)
    throw new UsageError(
      `has one ${words.isImported ? `value of ${words.scale}` : words.scale}, and ${what} needs two`,
      name,
      furtherScales(words),
    );
}

/** What brings a run that has too few scales another one. */
export function furtherScales({ isImported }: FamilyWords): string {
  return isImported
    ? 'import models of other sizes too, or draw it over another coordinate'
    : 'train another one with --widths';
}

/** A flag's whole numbers: `1,2,5`. Throws UsageError. */
export function wholeNumbers(text: string, flag: string, least = 1): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (/^\d+$/.test(part.trim()) && value >= least) return value;
    throw new UsageError(
      `"${part}" is not a whole number of at least ${least}`,
      flag,
      `give for example ${flag} 10,100`,
    );
  });
}

/** A flag's whole number. Throws UsageError. */
export function wholeNumber(text: string | undefined, flag: string, fallback: number, least = 0): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new UsageError(`"${text}" is not a whole number of at least ${least}`, flag);
}

/** The name of a file that is sealed, as runs have them. Throws UsageError. */
export async function nameOf(text: string, flag: string): Promise<string> {
  const { runNameSchema } = await import('../experiment/schema.js');
  if (runNameSchema.safeParse(text).success) return text;
  throw new UsageError(
    `"${text}" is not a name: letters, digits, ".", "_" and "-", starting with a letter or digit, 100 at most`,
    flag,
  );
}

export interface NumberLimits {
  readonly fits: (value: number) => boolean;
  /** `between 0 and 1`: goes on after `is not a number`. */
  readonly wanted: string;
}

/** A finite number within limits. Throws UsageError. */
export function numberOf(
  text: string | undefined,
  flag: string,
  fallback: number,
  { fits, wanted }: NumberLimits,
): number {
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(value) && fits(value)) return value;
  throw new UsageError(`"${text}" is not a number ${wanted}`, flag);
}

/** `--by`. Throws UsageError. */
export async function scoreOf(raw: Raw): Promise<ScoreName> {
  const { scoreNames } = await import('../analysis/scores.js');
  const text = textOf(raw, 'by') ?? 'bow';
  const score = scoreNames.find((name) => name === text);
  if (score === undefined) throw new UsageError(`"${text}" is not a score`, '--by', `known: ${scoreNames.join(', ')}`);
  return score;
}

/** `--least-range`, in the metric's unit. Throws UsageError. */
export function leastRangeOf(raw: Raw, most = Infinity): number {
  const text = textOf(raw, 'leastRange') ?? '0.1';
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= most) return value;
  throw new UsageError(`"${text}" is not a number from 0${most === Infinity ? '' : ` to ${most}`}`, '--least-range');
}

/**
 * JSON knows no infinity and no NaN: they become null, infinities the texts "Infinity" and "-Infinity". With `words` of imported
 * members a scale's number has its own name in place of `width` and `parameters`.
 */
export function jsonOf(
  value: unknown,
  { indent = 2, words }: { readonly indent?: number; readonly words?: FamilyWords } = {},
): string {
  return JSON.stringify(
    value,
    (_, each: unknown) => {
      if (typeof each === 'number' && !Number.isFinite(each)) return Number.isNaN(each) ? null : String(each);
      if (each instanceof Float64Array) return [...each];
      return words?.isImported === true && isScaled(each) ? withScale(each, words.scale) : each;
    },
    indent,
  );
}

type Scaled = Readonly<Record<string, unknown>> & { readonly width: number; readonly parameters: number };

function isScaled(value: unknown): value is Scaled {
  const { width, parameters } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof width === 'number' && typeof parameters === 'number';
}

function withScale(value: Scaled, name: string): object {
  const kept = Object.entries(value).filter(([key]) => !['width', 'parameters', 'trainingFlops'].includes(key));
  // First where the width was: after the id of a member.
  const place = Object.keys(value).indexOf('width');
  return Object.fromEntries([...kept.slice(0, place), [name, value.width], ...kept.slice(place)]);
}
