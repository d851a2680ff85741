/** `import table`: any CSV, JSON lines or Parquet of outcomes. Long: a row for each model and example. Wide: a row for each example, a column for each model. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { firstOf, lastOf, present, zip } from '../machine/present.js';
import { coordinateName } from '../runs/imported.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { Collector } from './collector.js';
import { numberColumns, type NumberColumn, type OutcomeRow } from './model.js';
import { tableColumns, usualCoordinates, type TableColumn } from './columns.js';
import type { Row } from './batch.js';
import { placeIn, readRows } from './rows.js';
import { isBlank, Misread, readFinite, readName, readNumber, readRight } from './values.js';

export interface TableOptions {
  /** Columns named by the user. */
  readonly columns: Readonly<Partial<Record<TableColumn, string>>>;
  /** Names of the columns that are coordinates; undefined: the usual ones. */
  readonly coordinates: readonly string[] | undefined;
  /** In a wide table every other column is a model, with these values; undefined for a long table. */
  readonly wide: 'correct' | 'predicted' | undefined;
  /** The source of the true classes, if not a column. */
  readonly labelFrom?: LabelSource | undefined;
}

/** For examples named by file: the folder it is in, or its name up to the first `_`; or a table by example id. */
export type LabelSource = 'folder' | 'name' | ReadonlyMap<string, string>;

/** `folder`, `name`, or a file with the columns `example` and `label`. Throws UsageError. */
export async function readLabelSource(text: string): Promise<LabelSource> {
  if (text === 'folder' || text === 'name') return text;
  const forms = 'give folder, name, or a table with the columns example and label';
  if ((await fs.stat(text).catch(() => undefined)) === undefined)
    throw new UsageError(`${JSON.stringify(text)} is not a file`, '--label-from', forms);
  const labels = new Map<string, string>();
  for await (const { rows, lines } of readRows(text)) {
    for (const [row, line] of zip(rows, lines)) {
      const at = { file: text, line };
      const missing = ['example', 'label'].find((column) => !(column in row));
      if (missing !== undefined) throw new UsageError(`has no column ${missing}`, placeIn(text, at.line), forms);
      const example = read(row, 'example', at, readFilled);
      if (labels.has(example)) throw new UsageError(`has example ${example} twice`, placeIn(text, at.line));
      labels.set(example, read(row, 'label', at, readFilled));
    }
  }
  return labels;
}

/** Throws UsageError if the source has no label for the example. */
export function sourcedLabel(source: LabelSource, example: string, where: () => string): string {
  const parts = example.split(/[\\/]/);
  const label =
    source === 'folder' ? parts.at(-2) : source === 'name' ? /^([^_]+)_/.exec(lastOf(parts))?.[1] : source.get(example);
  if (label !== undefined && label !== '') return label;
  const why =
    source === 'folder' ? 'is in no folder' : source === 'name' ? 'has no name of the form CLASS_...' : 'has no label';
  throw new UsageError(`example ${example} ${why}`, where(), 'see --label-from');
}

/** Reads all rows of the files. Throws UsageError, one line, at the first bad row. */
export async function readTable(files: readonly string[], options: TableOptions): Promise<Collector> {
  const collector = new Collector();
  for (const file of files) {
    let add: ((row: Row, line: number) => void) | undefined;
    for await (const { rows, lines } of readRows(file)) {
      add ??= adderOf(rows, { file, options, collector });
      for (const [row, line] of zip(rows, lines)) add(row, line);
    }
  }
  return collector;
}

interface Reading {
  readonly file: string;
  readonly options: TableOptions;
  readonly collector: Collector;
}

/** Decides from a file's first rows which columns it has. */
function adderOf(rows: readonly Row[], { file, options, collector }: Reading): (row: Row, line: number) => void {
  const names = [...new Set(rows.slice(0, 100).flatMap((row) => Object.keys(row)))];
  const columns = columnsOf(names, options, file);
  const { labelFrom } = options;
  const example = columns.example;
  if (example === undefined) {
    const separator = names.length === 1 && /[;\t|]/.exec(firstOf(names))?.[0];
    if (typeof separator === 'string') {
      const shown = separator === '\t' ? 'tabs' : `"${separator}"`;
      const remedy = separator === '\t' ? 'give it the ending .tsv' : 'save it with commas';
      throw new UsageError(`has its columns separated by ${shown}, not by commas`, file, remedy);
    }
    throw new UsageError('has no column with example ids', file, `name one with --example: ${shownColumns(names)}`);
  }
  const coordinates = coordinatesOf(names, columns, options);
  for (const name of coordinates)
    if (!names.includes(name)) throw new UsageError(`has no column ${name}`, file, suggestion(name, names));
  if (options.wide !== undefined) {
    const models = wideModels(names, columns);
    if (models.length === 0) throw new UsageError('has no columns of models', file, `it has ${shownColumns(names)}`);
    return (row, line) => {
      for (const model of models) {
        if (isBlank(row[model])) continue;
        collector.add(
          wideRow(row, { model, example, columns, labelFrom, wide: present(options.wide), at: { file, line } }),
          () => placeIn(file, line),
        );
      }
    };
  }
  return (row, line) => {
    collector.add(longRow(row, { columns, example, coordinates, labelFrom, at: { file, line } }), () =>
      placeIn(file, line),
    );
  };
}

type Columns = Readonly<Partial<Record<TableColumn, string>>>;

/** The user's columns, which must be present, else those with well-known names. */
function columnsOf(there: readonly string[], { columns }: TableOptions, file: string): Columns {
  const found: Partial<Record<TableColumn, string>> = {};
  const named = Object.values(columns);
  for (const key of Object.keys(tableColumns) as TableColumn[]) {
    const name = columns[key];
    if (name !== undefined && !there.includes(name))
      throw new UsageError(`has no column ${JSON.stringify(name)}`, file, suggestion(name, there));
    const usual = tableColumns[key].names.find((each) => there.includes(each) && !named.includes(each));
    const chosen = name ?? usual;
    if (chosen !== undefined) found[key] = chosen;
  }
  return found;
}

function coordinatesOf(there: readonly string[], columns: Columns, { coordinates }: TableOptions): readonly string[] {
  const taken = Object.values(columns);
  return coordinates ?? usualCoordinates.filter((name) => there.includes(name) && !taken.includes(name));
}

function wideModels(there: readonly string[], { example, label, group }: Columns): string[] {
  return there.filter((name) => name !== example && name !== label && name !== group);
}

/** At most eight of the columns. */
function shownColumns(there: readonly string[]): string {
  return (
    there
      .slice(0, 8)
      .map((name) => JSON.stringify(name))
      .join(', ') + (there.length > 8 ? ', ...' : '')
  );
}

interface Place {
  readonly file: string;
  readonly line: number;
}

/** A cell as parsed by `reader`. Throws UsageError with the place and the column. */
function read<T>(row: Row, column: string, { file, line }: Place, reader: (value: unknown) => T | Misread): T {
  const value = reader(row[column]);
  if (value instanceof Misread) throw new UsageError(`${column} ${value.what}`, placeIn(file, line));
  return value;
}

function optional<T>(
  row: Row,
  column: string | undefined,
  at: Place,
  reader: (value: unknown) => T | Misread,
): T | undefined {
  return column === undefined || isBlank(row[column]) ? undefined : read(row, column, at, reader);
}

interface Long {
  readonly columns: Columns;
  readonly example: string;
  readonly coordinates: readonly string[];
  readonly labelFrom: LabelSource | undefined;
  readonly at: Place;
}

function longRow(row: Row, { columns, example, coordinates, labelFrom, at }: Long): OutcomeRow {
  const id = read(row, example, at, readFilled);
  const model = columns.model === undefined ? nameOfFile(at.file) : read(row, columns.model, at, readFilled);
  const placed: Record<string, number> = {};
  for (const name of coordinates) placed[name] = read(row, name, at, readFinite);
  const label = labelOf(row, id, { columns, labelFrom, at });
  const predicted = optional(row, columns.predicted, at, readName);
  const numbers: Partial<Record<NumberColumn, number>> = {};
  for (const name of numberColumns) {
    const value = optional(row, columns[name === 'log_probability' ? 'logProbability' : name], at, readNumber);
    if (value !== undefined) numbers[name] = value;
  }
  const probability = optional(row, columns.probability, at, readProbability);
  if (probability !== undefined) numbers.log_probability ??= Math.log(Math.min(1, probability));
  return {
    model,
    seed: optional(row, columns.seed, at, readSeed) ?? null,
    example: id,
    correct: optional(row, columns.correct, at, readRight) ?? rightOf(label, predicted),
    isCompared: columns.correct === undefined,
    label,
    predicted,
    group: optional(row, columns.group, at, readName),
    numbers,
    coordinates: placed,
  };
}

interface Wide {
  readonly model: string;
  readonly example: string;
  readonly columns: Columns;
  readonly labelFrom: LabelSource | undefined;
  readonly wide: 'correct' | 'predicted';
  readonly at: Place;
}

function wideRow(row: Row, { model, example, columns, labelFrom, wide, at }: Wide): OutcomeRow {
  const id = read(row, example, at, readFilled);
  const label = labelOf(row, id, { columns, labelFrom, at });
  const predicted = wide === 'predicted' ? read(row, model, at, readName) : undefined;
  return {
    ...{ model, seed: null, example: id, label, predicted },
    correct: wide === 'correct' ? read(row, model, at, readRight) : rightOf(label, predicted),
    isCompared: wide === 'predicted',
    group: optional(row, columns.group, at, readName),
  };
}

function labelOf(
  row: Row,
  id: string,
  { columns, labelFrom, at }: Pick<Long, 'columns' | 'labelFrom' | 'at'>,
): string | undefined {
  if (labelFrom === undefined) return optional(row, columns.label, at, readName);
  return sourcedLabel(labelFrom, id, () => placeIn(at.file, at.line));
}

function rightOf(label: string | undefined, predicted: string | undefined): 0 | 1 | undefined {
  if (label === undefined || predicted === undefined) return undefined;
  return label === predicted ? 1 : 0;
}

function readFilled(value: unknown): string | Misread {
  return isBlank(value) ? new Misread('is empty') : readName(value);
}

function readProbability(value: unknown): number | Misread {
  const number = readNumber(value);
  if (number instanceof Misread || (number >= 0 && number <= 1.0001)) return number;
  return new Misread(`is ${number}, but a probability must be between 0 and 1`);
}

function readSeed(value: unknown): number | Misread {
  const number = readNumber(value);
  if (number instanceof Misread || (Number.isInteger(number) && number >= 0 && number <= 2147483647)) return number;
  return new Misread(`is ${number}, but a seed must be a whole number from 0`);
}

/** `resnet18` for `outcomes/resnet18.csv.gz`. */
export function nameOfFile(file: string): string {
  return path
    .basename(file)
    .replace(/(\.gz)$/, '')
    .replace(/\.[^.]*$/, '');
}

/** Throws UsageError for an invalid coordinate name. */
export function parseCoordinates(text: string): string[] {
  return text.split(',').map((part) => {
    const name = part.trim();
    if (coordinateName.test(name)) return name;
    throw new UsageError(`"${part}" cannot be the name of a coordinate`, '--coordinates', 'letters, digits, _ and -');
  });
}
