/**
 * Per-image tables of timm's inference.py, a file for each model: the image, its most probable class (`label`, or with
 * --include-index `index`) and that class's probability. CSV, Parquet, and JSON by image, by column (json-split) or by record. With
 * --topk K the first of the K is used, from `label_0` or from a list; for --topk 0, which has all classes, see timm-outputs.ts. The
 * tables do not contain the true classes.
 */
import * as path from 'node:path';
import { firstOf, present, zip } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';
import type { RowBatch, Row } from './batch.js';
import { Collector } from './collector.js';
import { placeIn, readJson, readRows } from './rows.js';
import { nameOfFile, sourcedLabel, type LabelSource } from './table.js';
import { outputColumns, Outputs, type OutputColumns } from './timm-outputs.js';
import { isBlank, Misread, readName, readNumber } from './values.js';

export interface TimmOptions {
  /** Column with the images' names; default: `filename`. */
  readonly example?: string | undefined;
  /** Column with the most probable class; default: `label`, else `index`. */
  readonly predicted?: string | undefined;
  /** Column with that class's probability; default: `prob`. */
  readonly confidence?: string | undefined;
  readonly labelFrom: LabelSource;
}

/** Throws UsageError, one line, for the first problem. */
export async function readTimm(files: readonly string[], options: TimmOptions): Promise<Collector> {
  const collector = new Collector();
  const trueNames = new Set<string>();
  const predictions = new Map<string, Set<string>>();
  for (const [file, model] of zip(files, modelNames(files))) {
    const predicted = new Set<string>();
    predictions.set(file, predicted);
    let columns: TimmColumns | undefined;
    let outputs: Outputs | undefined;
    for await (const { rows, lines } of rowsOf(file, options)) {
      columns ??= columnsOf(firstOf(rows), file, options);
      if (columns.outputs !== undefined) outputs ??= new Outputs(columns.outputs, file);
      for (const [row, line] of zip(rows, lines)) {
        const where = () => placeIn(file, line);
        const outcome = outcomeOf(row, { columns, outputs, labelFrom: options.labelFrom, where });
        trueNames.add(outcome.label);
        predicted.add(outcome.predicted);
        const correct = outcome.label === outcome.predicted ? 1 : 0;
        collector.add({ ...outcome, model, seed: null, correct }, where);
      }
    }
    outputs?.refuseSorted();
  }
  for (const [file, names] of predictions)
    if (![...names].some((name) => trueNames.has(name)))
      throw new UsageError(
        `no prediction is one of the true classes: ${[...names][0] ?? 'none'} against ${[...trueNames][0] ?? 'none'}`,
        file,
        'names must match: run inference.py with --label-type name for folders of ImageNet, or give --predicted index and a file of numbers',
      );
  return collector;
}

/** `resnet18` for `resnet18-224.csv`; the size is kept if a model comes in several. */
function modelNames(files: readonly string[]): string[] {
  const full = files.map(nameOfFile);
  const short = full.map((name) => name.replace(/-\d+$/, ''));
  return zip(full, short).map(([name, each]) => (short.filter((other) => other === each).length === 1 ? each : name));
}

interface TimmColumns {
  readonly example: string;
  /** Undefined if `outputs` are of all classes. */
  readonly predicted: string | undefined;
  /** Undefined if the table has none, or logits. */
  readonly confidence: string | undefined;
  readonly outputs: OutputColumns | undefined;
}

function columnsOf(row: Row, file: string, options: TimmOptions): TimmColumns {
  const { example = 'filename', predicted, confidence } = options;
  const there = Object.keys(row);
  const shown = condensed(there.slice(0, 8).map((name) => JSON.stringify(name)));
  const find = (names: readonly string[], flag: string) => {
    const found = names.find((name) => there.includes(name));
    if (found !== undefined) return found;
    throw new UsageError(`has no column ${firstOf(names)}`, file, `it has ${shown}; name the column with ${flag}`);
  };
  const best = predicted === undefined ? ['label', 'label_0', 'index', 'index_0'] : [predicted, `${predicted}_0`];
  const hasBest = predicted !== undefined || best.some((name) => there.includes(name));
  const outputs = hasBest ? undefined : outputColumns(there);
  return {
    example: find([example], '--example'),
    predicted: outputs === undefined ? find(best, '--predicted') : undefined,
    confidence:
      confidence === undefined
        ? ['prob', 'prob_0'].find((name) => there.includes(name))
        : find([confidence, `${confidence}_0`], '--confidence'),
    outputs,
  };
}

function outcomeOf(
  row: Row,
  {
    columns,
    outputs,
    labelFrom,
    where,
  }: {
    readonly columns: TimmColumns;
    readonly outputs: Outputs | undefined;
    readonly labelFrom: LabelSource;
    readonly where: () => string;
  },
) {
  const cell = <T>(name: string, value: unknown, reader: (value: unknown) => T | Misread): T => {
    const found = isBlank(value) ? new Misread('is empty') : reader(value);
    if (found instanceof Misread) throw new UsageError(`${name} ${found.what}`, where());
    return found;
  };
  const first = <T>(name: string, reader: (value: unknown) => T | Misread) => cell(name, firstEntry(row[name]), reader);
  const example = cell(columns.example, row[columns.example], readName);
  const label = sourcedLabel(labelFrom, example, where);
  if (outputs !== undefined) {
    const { predicted, log_probability, brier, confidence, margin, rank } = outputs.outcomes(row, label, where);
    const numbers = { log_probability, brier, confidence, margin, rank };
    // A label may have leading zeros, 07; a predicted class has none.
    return { example, label: String(Number(label)), predicted: String(predicted), numbers };
  }
  return {
    example,
    label,
    predicted: first(present(columns.predicted), readName),
    numbers: columns.confidence === undefined ? {} : { confidence: first(columns.confidence, readNumber) },
  };
}

/** The first of a list; in CSV NumPy writes `[3 7 1]` and `['a' 'b']`. */
function firstEntry(value: unknown): unknown {
  if (Array.isArray(value)) return value[0];
  if (typeof value !== 'string') return value;
  const [, single, double, plain] = /^\[\s*(?:'([^']*)'|"([^"]*)"|([^\s\]]+))[^]*\]$/.exec(value) ?? [];
  return single ?? double ?? plain ?? value;
}

async function* rowsOf(file: string, { example = 'filename' }: TimmOptions): AsyncGenerator<RowBatch> {
  if (path.extname(file.replace(/\.gz$/, '')).toLowerCase() !== '.json') {
    yield* readRows(file);
    return;
  }
  const value = await readJson(file);
  const rows = jsonRows(value, example);
  if (rows === undefined || rows.length === 0)
    throw new UsageError('is not JSON that inference.py writes: images by name, columns and data, or a list', file);
  yield { rows, lines: rows.map((_, i) => i + 1) };
}

function jsonRows(value: unknown, example: string): Row[] | undefined {
  if (Array.isArray(value)) return value.every(isRow) ? value : undefined;
  if (!isRow(value)) return undefined;
  const { columns, data } = value;
  if (Array.isArray(columns) && Array.isArray(data)) {
    if (!data.every((cells): cells is unknown[] => Array.isArray(cells) && cells.length === columns.length))
      return undefined;
    return data.map((cells) => Object.fromEntries(columns.map((name, i) => [String(name), cells[i]])));
  }
  const entries = Object.entries(value);
  return entries.every(([, row]) => isRow(row))
    ? entries.map(([name, row]) => ({ [example]: name, ...(row as Row) }))
    : undefined;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
