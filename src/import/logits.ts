/**
 * `import logits`: matrices of logits or probabilities, a row for each example, in .npy, .npz or .safetensors, with labels beside them.
 * Everything the lab's own classifiers store is computed from them.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { openZip, unzip } from '../datasets/files/zip.js';
import { firstOf, nth, present, zip } from '../machine/present.js';
import { openSafetensors } from '../runs/safetensors.js';
import { isReported, messageOf, UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { numberTypes, readRow, valueAt, type NumberArray } from './arrays.js';
import { outcomesOfChoices } from './choices.js';
import { Collector } from './collector.js';
import { decodeNpy } from './npy.js';
import type { ImportedOutcomes } from './reader.js';
import { placeIn, readRows, refuseNoFile, tableEndings } from './rows.js';
import { nameOfFile } from './table.js';
import { isBlank, Misread, readName } from './values.js';

export interface LogitsOptions {
  /** A file of labels: an array, or a table with the column `label` (and `example`); default: the array `labels` beside the logits. */
  readonly labels?: string | undefined;
  /** Whether rows are probabilities, which must add up to 1. */
  readonly probabilities?: boolean | undefined;
}

/** File endings of arrays. */
const arrayEndings = ['.npy', '.npz', '.safetensors'];
const isArrays = (file: string) => arrayEndings.includes(path.extname(file).toLowerCase());

/** Throws UsageError, one line, for the first problem. */
export async function readLogits(files: readonly string[], options: LogitsOptions): Promise<ImportedOutcomes> {
  const collector = new Collector();
  const given = options.labels === undefined ? undefined : await readLabels(options.labels);
  let classes: number | undefined;
  for (const file of files) {
    const arrays = await readArrays(file);
    const own = arrays.get('labels');
    const labels = given ?? (own === undefined ? undefined : labelsIn(own, `${file}: labels`));
    if (labels === undefined) throw new UsageError('has no labels', file, 'give them with --labels FILE');
    const matrices = [...arrays].filter(([name]) => name !== 'labels');
    if (matrices.length === 0) throw new UsageError('has no array of logits', file);
    for (const [name, array] of matrices) {
      // A single array, or one with NumPy's default name, is named after its file.
      const model = matrices.length === 1 ? nameOfFile(file) : name;
      const where = matrices.length === 1 ? file : `${file}: ${name}`;
      const found = refuseOtherShape(array, { where, labels, classes });
      classes ??= found;
      addModel({ collector, model, array, labels, where, options });
    }
  }
  const sources = options.labels === undefined ? files : [...files, options.labels];
  return {
    collector,
    files: sources,
    testSet: nameOfFile(options.labels ?? firstOf(files)),
    classes: present(classes),
  };
}

interface Labels {
  /** One for each example, in row order. */
  readonly values: Int32Array;
  /** Ids of the examples; undefined: their row numbers. */
  readonly ids: readonly string[] | undefined;
}

async function readLabels(file: string): Promise<Labels> {
  if (isArrays(file)) {
    const arrays = await readArrays(file);
    const [only] = arrays.values();
    const array = arrays.get('labels') ?? only;
    if (array === undefined) throw new UsageError('has no array in it', file);
    return labelsIn(array, file);
  }
  const values: number[] = [];
  const ids: string[] = [];
  for await (const { rows, lines } of readRows(file)) {
    for (const [row, line] of zip(rows, lines)) {
      const where = placeIn(file, line);
      if (!('label' in row)) throw new UsageError('has no column label', where);
      const label = Number(isBlank(row['label']) ? NaN : row['label']);
      if (!Number.isInteger(label) || label < 0)
        throw new UsageError(
          'label is not a class number from 0',
          where,
          'number classes like the columns of the logits',
        );
      values.push(label);
      if (!('example' in row)) continue;
      const id = readName(row['example']);
      if (id instanceof Misread) throw new UsageError(`example ${id.what}`, where);
      ids.push(id);
    }
  }
  return { values: Int32Array.from(values), ids: ids.length === values.length ? ids : undefined };
}

function labelsIn(array: NumberArray, where: string): Labels {
  if (array.shape.length !== 1 || numberTypes[array.type].bytes * firstOf(array.shape) !== array.bytes.length)
    throw new UsageError(`has the shape [${array.shape.join(', ')}], but labels must be a list`, where);
  const values = Int32Array.from({ length: firstOf(array.shape) }, (_, i) => {
    const value = valueAt(array, i);
    if (!Number.isInteger(value) || value < 0 || value > 2 ** 30)
      throw new UsageError(`label ${value} of example ${i} is not a class number from 0`, where);
    return value;
  });
  return { values, ids: undefined };
}

/** The number of classes. Throws UsageError. */
function refuseOtherShape(
  { shape }: NumberArray,
  { where, labels, classes }: { readonly where: string; readonly labels: Labels; readonly classes: number | undefined },
): number {
  const [rows, columns] = shape;
  if (shape.length !== 2 || columns === undefined || columns < 2)
    throw new UsageError(`has the shape [${shape.join(', ')}]`, where, 'it must be [examples, classes]');
  if (rows !== labels.values.length)
    throw new UsageError(
      `has ${counted(rows ?? 0, 'row')} for ${counted(labels.values.length, 'label')}`,
      where,
      'give one label per row',
    );
  if (classes !== undefined && columns !== classes)
    throw new UsageError(`has ${columns} classes, but earlier models have ${classes}`, where);
  const most = labels.values.reduce((a, b) => Math.max(a, b), 0);
  if (most >= columns) throw new UsageError(`has ${columns} classes, but there is a label ${most}`, where);
  return columns;
}

interface Adding {
  readonly collector: Collector;
  readonly model: string;
  readonly array: NumberArray;
  readonly labels: Labels;
  readonly where: string;
  readonly options: LogitsOptions;
}

function addModel({ collector, model, array, labels: { values, ids }, where, options }: Adding): void {
  const row = new Float64Array(nth(array.shape, 1));
  for (let i = 0; i < values.length; i++) {
    readRow(array, i, row);
    const place = () => `${where}, row ${i}`;
    refuseOddRow(row, options, place);
    const label = nth(values, i);
    const { predicted, correct, ...numbers } = outcomesOfChoices(
      options.probabilities === true ? row.map(Math.log) : row,
      label,
    );
    const about = { model, seed: null, example: ids?.[i] ?? String(i) };
    collector.add({ ...about, correct, label: String(label), predicted: String(predicted), numbers }, place);
  }
}

function refuseOddRow(row: Float64Array, { probabilities }: LogitsOptions, place: () => string): void {
  if (row.some((value) => Number.isNaN(value) || value === Infinity))
    throw new UsageError('has a value that is not a number, or infinite', place());
  if (row.every((value) => value === -Infinity)) throw new UsageError('gives no class a probability above 0', place());
  if (probabilities !== true) return;
  const sum = row.reduce((a, b) => a + b, 0);
  if (row.some((value) => value < 0) || Math.abs(sum - 1) > 1e-3)
    throw new UsageError(
      `adds up to ${sum}, but probabilities must add up to 1`,
      place(),
      'without --probabilities, values are read as logits',
    );
}

/** Largest array in a .npz: a million test images with a hundred classes need less. */
const npzLimits = { archiveBytes: 4e9, fileBytes: 2e9, totalBytes: 20e9, ratio: 1000, ratioFromBytes: 1e9 };

async function readArrays(file: string): Promise<ReadonlyMap<string, NumberArray>> {
  const ending = path.extname(file).toLowerCase();
  await refuseNoFile(file);
  if (ending === '.npy') return new Map([['array', decodeNpy(await fs.readFile(file), file)]]);
  if (ending === '.safetensors') return safetensorsArrays(await fs.readFile(file), file);
  if (ending !== '.npz')
    throw new UsageError(
      `is none of ${arrayEndings.join(', ')}`,
      file,
      (tableEndings as readonly string[]).includes(ending) ? 'tables are read by import table' : undefined,
    );
  const archive = await openZip(file, npzLimits);
  const arrays = new Map<string, NumberArray>();
  for await (const [name, bytes] of unzip(archive, [...archive.entries.keys()])) {
    if (typeof bytes === 'string') throw new UsageError(`${name} is ${bytes}`, file);
    arrays.set(name.replace(/\.npy$/, ''), decodeNpy(bytes, `${file}: ${name}`));
  }
  return arrays;
}

function safetensorsArrays(bytes: Buffer, file: string): ReadonlyMap<string, NumberArray> {
  try {
    const { entries, content } = openSafetensors(bytes, file);
    return new Map(
      entries.map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [begin, end],
          },
        ]) => {
          if (!Object.hasOwn(numberTypes, dtype)) throw new UsageError(`${name} has the type ${dtype}`, file);
          const type = dtype as keyof typeof numberTypes;
          if (end - begin !== shape.reduce((a, b) => a * b, 1) * numberTypes[type].bytes)
            throw new UsageError(`${name} has ${counted(end - begin, 'byte')} for shape [${shape.join(', ')}]`, file);
          return [name, { shape, type, bytes: content.subarray(begin, end), columnMajor: false }] as const;
        },
      ),
    );
  } catch (error) {
    if (!isReported(error) || error instanceof UsageError) throw error;
    // A damaged input file is a usage error, not a failure of the run.
    throw new UsageError(messageOf(error).replace(`${file}: `, ''), file);
  }
}
