/**
 * Natural curves: published scores of other people's models against their size, from a CSV file. The shipped files, their columns,
 * sources and licences are described in datasets/natural-curves/README.md; any file with the same columns will do, and so will timm's
 * results tables, ExpEmergence's groups and BIG-bench's records in their original form.
 */
import { group } from 'd3-array';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { csvParseRows } from 'd3-dsv';
import { readInput } from '../machine/inputs.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { bigBenchRows, isRecordFile, type BigBenchRow } from './natural-bigbench.js';
import { groupRows, isGroupTable, type GroupRow } from './natural-expemergence.js';
import { isTimmTable, timmRows, type TimmRow } from './natural-timm.js';
import { nearest } from '../terminal/nearest.js';
import { commandLine, labFolder } from '../machine/installation.js';
import { isNameable } from '../terminal/printable.js';

export interface NaturalPoint {
  readonly model: string;
  readonly params: number;
  readonly value: number;
  /** One standard error; undefined if the source has none. */
  readonly standardError: number | undefined;
  /** Training tokens; undefined if the source has none. */
  readonly tokens: number | undefined;
  /** Number of test questions; undefined if the source has none. */
  readonly examples: number | undefined;
  /** File in the source's repository. */
  readonly source: string;
}

export interface NaturalCurve {
  /** Unique in its file: `opt-2digit-addition`, `pythia/lambada_openai/acc/0`. */
  readonly name: string;
  readonly family: string;
  readonly task: string;
  readonly metric: string;
  readonly shots: string;
  readonly better: 'higher' | 'lower';
  /** `probability` for shares of right answers, `nats`, `bits per byte`; '' for none. */
  readonly unit: string;
  /** In order of params, each size once; at least two. */
  readonly points: readonly NaturalPoint[];
}

/** Units and directions of the metrics in the shipped files. Any other metric is a number, higher for better. */
const known: Readonly<Record<string, Pick<NaturalCurve, 'unit' | 'better'>>> = {
  acc: { unit: 'probability', better: 'higher' },
  acc_norm: { unit: 'probability', better: 'higher' },
  acc_len_norm: { unit: 'probability', better: 'higher' },
  exact_match: { unit: 'probability', better: 'higher' },
  score: { unit: 'probability', better: 'higher' },
  soft: { unit: 'probability', better: 'higher' },
  em: { unit: 'probability', better: 'higher' },
  f1: { unit: 'probability', better: 'higher' },
  loss: { unit: 'nats', better: 'lower' },
  soft_log: { unit: 'nats', better: 'lower' },
  ppl: { unit: 'perplexity', better: 'lower' },
  bpb: { unit: 'bits per byte', better: 'lower' },
  byte_perplexity: { unit: 'perplexity', better: 'lower' },
  word_perplexity: { unit: 'perplexity', better: 'lower' },
  bits_per_byte: { unit: 'bits per byte', better: 'lower' },
  edit_distance: { unit: 'characters', better: 'lower' },
  brier: { unit: '', better: 'lower' },
  // For BIG-bench, as in its files: from 0 to 1.
  exact_str_match: { unit: 'probability', better: 'higher' },
  case_insensitive_str_match: { unit: 'probability', better: 'higher' },
  multiple_choice_grade: { unit: 'probability', better: 'higher' },
  numeric_match_with_0_1_relative_error: { unit: 'probability', better: 'higher' },
  macro_f1: { unit: 'probability', better: 'higher' },
  calibration_multiple_choice_brier_score: { unit: '', better: 'lower' },
  expected_calibration_error: { unit: '', better: 'lower' },
};

const required = ['family', 'model', 'params', 'task', 'metric', 'value'] as const;

const shippedFolder = path.join(labFolder, 'datasets/natural-curves');

/** Names of the shipped files, as `--natural` takes them. */
export async function shippedFiles(): Promise<string[]> {
  const names = await fs.readdir(shippedFolder);
  return names
    .filter((name) => name.endsWith('.csv'))
    .map((name) => name.slice(0, -4))
    .sort();
}

export interface NaturalFile {
  readonly curves: readonly NaturalCurve[];
  /** Rows that look like a curve but are not, a line each: `"RWKV/MMLU/score": two models of 14000000000 parameters (line 1567)`. */
  readonly leftOut: readonly string[];
}

/**
 * Every curve of a file, given by its path or a shipped file's name: a CSV, or BIG-bench's records in a folder or as
 * JSON.
 *
 * @throws UsageError, one line, if the file is missing or none of these
 */
export async function readNaturalCurves(file: string, where = '--natural'): Promise<NaturalFile> {
  const shipped = await shippedFiles();
  const location = shipped.includes(file) ? path.join(shippedFolder, `${file}.csv`) : file;
  if (isRecordFile(location) || (await isFolder(location)))
    return naturalCurves((await bigBenchRows(location, where)).map(rowOfBigBench), location);
  const rows = rowsOf(await curveFileText(location, { file, shipped, where }), location);
  return naturalCurves(rows, location);
}

/**
 * `FILE:CURVE`, FILE as in `readNaturalCurves`, CURVE its name or a part of it that no other curve has.
 *
 * @throws UsageError as `readNaturalCurves`, and for a curve that does not exist or is ambiguous
 */
export async function readNaturalCurve(text: string): Promise<NaturalCurve> {
  const where = '--natural';
  const colon = await colonAfterFile(text);
  if (colon < 0 || colon === text.length - 1)
    throw new UsageError(
      `"${text}" does not name a curve`,
      where,
      'write FILE:CURVE, such as overlay:opt-2digit-addition',
    );
  const [file, wanted] = [text.slice(0, colon), text.slice(colon + 1)];
  const { curves, leftOut } = await readNaturalCurves(file, where);
  const exact = curves.find(({ name }) => name === wanted);
  if (exact !== undefined) return exact;
  const candidates = curves.filter(({ name }) => name.includes(wanted));
  if (candidates.length === 1) return candidates[0]!;
  const names = curves.map(({ name }) => name);
  if (candidates.length > 1) {
    const some = candidates.slice(0, 4).map(({ name }) => name);
    throw new UsageError(
      `"${wanted}" matches ${candidates.length} curves of ${file}`,
      where,
      `such as ${some.join(', ')}`,
    );
  }
  const ambiguous = leftOut.find((line) => line.startsWith(`"${wanted}":`));
  if (ambiguous !== undefined) throw new UsageError(ambiguous, where, 'give each size once in a curve');
  const meant = nearest(wanted, names);
  throw new UsageError(
    `"${wanted}" is not a curve of ${file}`,
    where,
    `${meant === undefined ? '' : `did you mean ${meant}? `}${commandLine(`natural list ${file}`)} shows its ${counted(curves.length, 'curve')}`,
  );
}

/** The first colon that follows a file name; a curve's name may contain others. */
async function colonAfterFile(text: string): Promise<number> {
  const shipped = await shippedFiles();
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    const file = text.slice(0, at);
    if (shipped.includes(file) || (file !== '' && (await isThere(file)))) return at;
  }
  return text.lastIndexOf(':');
}

async function isThere(location: string): Promise<boolean> {
  return (await fs.stat(location).catch(() => undefined)) !== undefined;
}

async function isFolder(location: string): Promise<boolean> {
  return (await fs.stat(location).catch(() => undefined))?.isDirectory() === true;
}

interface Looked {
  readonly file: string;
  readonly shipped: readonly string[];
  readonly where: string;
}

async function curveFileText(location: string, { file, shipped, where }: Looked): Promise<string> {
  const remedy = `give a CSV file, or a shipped one: ${shipped.join(', ')}`;
  const bytes = await readInput(location, where, { shown: file, mostBytes: 100e6, remedy });
  return bytes.toString('utf8');
}

interface Row extends NaturalPoint {
  readonly line: number;
  readonly curve: string;
  readonly family: string;
  readonly task: string;
  readonly metric: string;
  readonly shots: string;
}

function rowsOf(text: string, file: string): Row[] {
  const [heading, ...lines] = csvParseRows(text.replace(/^\uFEFF/, ''));
  const columns = heading ?? [];
  if (isTimmTable(columns)) return timmRows(columns, lines, file).map(rowOfTimm);
  if (isGroupTable(columns)) return groupRows(columns, lines, file).map(rowOfGroup);
  const missing = required.find((name) => !columns.includes(name));
  if (missing !== undefined)
    throw new UsageError(`has no column ${missing}`, `${file}:1`, `it needs ${required.join(', ')}`);
  if (lines.length === 0) throw new UsageError('has no rows', file);
  return lines.map((cells, i) => {
    const line = i + 2;
    const at = `${file}:${line}`;
    if (cells.length !== columns.length)
      throw new UsageError(`has ${counted(cells.length, 'cell')}, but the heading has ${columns.length}`, at);
    const strange = cells.find((each) => !isNameable(each));
    if (strange !== undefined)
      throw new UsageError(`"${strange}" has control characters`, at, 'put each name on one line');
    const cell = (name: string) => cells[columns.indexOf(name)]?.trim() ?? '';
    const number = (name: string) => optional(cell(name), { at, name });
    const needed = (name: string) => {
      const value = number(name);
      if (value === undefined) throw new UsageError(`${name} is empty`, at, 'give a number');
      return value;
    };
    const params = needed('params');
    if (!(params > 0)) throw new UsageError(`params is ${params}`, at, 'give a number above 0');
    const standardError = number('stderr');
    if (standardError !== undefined && standardError < 0)
      throw new UsageError(`stderr is ${standardError}`, at, 'give a number of at least 0, or leave it empty');
    return {
      ...{ line, params, standardError: errorOf(standardError, number('n_examples')), value: needed('value') },
      ...{ curve: cell('curve'), family: cell('family'), model: cell('model'), task: cell('task') },
      ...{ metric: cell('metric'), shots: cell('shots'), source: cell('source_path') },
      ...{ tokens: number('tokens'), examples: number('n_examples') },
    };
  });
}

/** The standard error is that of a share. */
function rowOfTimm({ curve, examples, value, ...row }: TimmRow): Row {
  return {
    ...row,
    ...{ curve, examples, value, family: curve, task: 'imagenet', metric: 'acc', shots: '', source: 'results' },
    standardError: examples === undefined ? undefined : shareError(value, examples),
    tokens: undefined,
  };
}

/** For an accuracy, that of a share; for a Brier score none was published. */
function rowOfGroup(row: GroupRow): Row {
  const standardError = row.metric === 'acc' ? shareError(row.value, row.examples) : undefined;
  return { ...row, curve: '', shots: '', source: 'data', standardError };
}

function rowOfBigBench(row: BigBenchRow): Row {
  return { ...row, curve: '', standardError: undefined, tokens: undefined, examples: undefined };
}

function shareError(value: number, examples: number): number | undefined {
  return errorOf(Math.sqrt((value * (1 - value)) / examples), examples);
}

function optional(text: string, { at, name }: { readonly at: string; readonly name: string }): number | undefined {
  if (text === '') return undefined;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new UsageError(`${name} is "${text}"`, at, 'give a number');
}

/**
 * One curve for each family, task, metric and number of shots; if sizes repeat, one for each rule of how many tokens they saw.
 */
function naturalCurves(rows: readonly Row[], file: string): NaturalFile {
  const curves: NaturalCurve[] = [];
  const leftOut: string[] = [];
  for (const [name, own] of group(rows, curveName)) {
    const rule = hasRepeats(own) ? tokenRule(own) : () => '';
    for (const [suffix, points] of group(own, rule)) {
      const full = suffix === '' ? name : `${name}/${suffix}`;
      const repeated = repeatedRow(points);
      if (repeated !== undefined)
        leftOut.push(`"${full}": two models of ${repeated.params} parameters (line ${repeated.line})`);
      // A single model is not a curve.
      if (repeated !== undefined || points.length < 2) continue;
      const { family, task, metric, shots } = points[0]!;
      const { unit, better } = known[metric] ?? { unit: '', better: 'higher' };
      const ordered = points.toSorted((a, b) => a.params - b.params);
      curves.push({ name: full, family, task, metric, shots, unit, better, points: ordered });
    }
  }
  if (curves.length === 0) throw new UsageError(leftOut[0] ?? 'has no curve with two or more sizes', file);
  return { curves, leftOut };
}

function curveName({ curve, family, task, metric, shots }: Row): string {
  if (curve !== '') return curve;
  return [family, task, metric, ...(shots === '' ? [] : [`${shots}-shot`])].join('/');
}

function repeatedRow(rows: readonly Row[]): Row | undefined {
  const seen = new Set<number>();
  return rows.find(({ params }) => seen.size === seen.add(params).size);
}

function hasRepeats(rows: readonly Row[]): boolean {
  return repeatedRow(rows) !== undefined;
}

/**
 * Sizes that repeat were trained for different numbers of tokens: either all sizes for the same numbers (checkpoints of one
 * training), or each for the same multiples of its size. The rule that leaves no size twice is chosen, and the one with
 * more points.
 */
function tokenRule(rows: readonly Row[]): (row: Row) => string {
  const short = (value: number) => Number(value.toPrecision(2)).toExponential().replace('e+', 'e');
  const rules = [
    ({ tokens }: Row) => (tokens === undefined ? '' : `${short(tokens)}-tokens`),
    ({ tokens, params }: Row) =>
      tokens === undefined ? '' : `${Number((tokens / params).toPrecision(2))}-per-parameter`,
  ];
  const [first, second] = rules as [(typeof rules)[0], (typeof rules)[1]];
  const whole = (rule: (row: Row) => string) => [...group(rows, rule).values()].every((own) => !hasRepeats(own));
  if (!whole(first)) return second;
  if (!whole(second)) return first;
  return group(rows, first).size <= group(rows, second).size ? first : second;
}

/**
 * If none or all are right, the usual formula gives a standard error of 0, which would make the curve's floor certain: with n
 * examples, that of (1 + 0) / (n + 2) is used (Laplace's rule of succession).
 */
function errorOf(published: number | undefined, examples: number | undefined): number | undefined {
  if (published !== 0) return published;
  if (examples === undefined || examples < 1) return undefined;
  const p = 1 / (examples + 2);
  return Math.sqrt((p * (1 - p)) / examples);
}
