/**
 * outcomes.parquet: what a member did on each test example, one row each. Written once, read by every metric, a few
 * columns at a time. It contains nothing about the time or the machine: equal columns make equal files.
 */
import { parquetMetadata, parquetRead, type FileMetaData, type ParquetType, type SchemaElement } from 'hyparquet';
import { ByteWriter, parquetWrite } from 'hyparquet-writer';
import type { ProbeName } from '../datasets/probes.js';
import { RunError, messageOf } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';

export interface OutcomeColumn {
  readonly type: ColumnType;
  readonly unit: string;
  readonly description: string;
}

type ColumnType = 'int32' | 'float32' | 'float64' | 'boolean';

/**
 * Every column that outcomes can have. Types, units and meaning; the table in the documentation is generated from it.
 */
export const outcomeColumns = {
  example: { type: 'int32', unit: '', description: 'index of the example in the whole test set, from 0' },
  group: {
    type: 'int32',
    unit: '',
    description:
      "the image's writer, patient or other source, if the dataset has them: images of one group are not independent",
  },
  distance: {
    type: 'int32',
    unit: '',
    description:
      'number of attributes in which the combination differs from the nearest trained one, 0 for a trained one; if classes are combinations',
  },
  label: { type: 'int32', unit: '', description: 'true class, from 0' },
  predicted: { type: 'int32', unit: '', description: 'class with the largest logit, the first of equals' },
  correct: { type: 'boolean', unit: '', description: '`predicted` is `label`' },
  attributes_wrong: {
    type: 'int32',
    unit: '',
    description:
      'bit mask of the attributes in which `predicted` differs from `label`, the first attribute in the lowest bit; if classes are combinations',
  },
  log_probability: { type: 'float32', unit: 'nats', description: "natural logarithm of the true class's probability" },
  brier: {
    type: 'float32',
    unit: '',
    description: 'sum over the classes of (p - t)², t 1 for the true class, 0 otherwise; 0 to 2',
  },
  confidence: { type: 'float32', unit: 'probability', description: 'probability of the predicted class' },
  margin: {
    type: 'float32',
    unit: 'probability',
    description: "true class's probability minus the largest other; -1 to 1",
  },
  rank: { type: 'int32', unit: '', description: 'rank of the true class by probability; 1 is first' },
  score: {
    type: 'float64',
    unit: '',
    description:
      'of imported members: a score from their own tool, higher is better; run.json has the command that named it',
  },
  sequence: { type: 'int32', unit: '', description: 'the test sequence that contains the image, from 0' },
  position: { type: 'int32', unit: '', description: 'position of the image in the sequence, from 0' },
  mse: { type: 'float32', unit: '', description: 'squared error per pixel, pixels in 0 to 1' },
  psnr: { type: 'float32', unit: 'dB', description: 'peak signal-to-noise ratio, -10 log10 of `mse`' },
  ssim: { type: 'float32', unit: '', description: 'structural similarity (Wang et al. 2004); 1 is equal' },
  max_error: { type: 'float32', unit: '', description: 'largest difference of a pixel, 0 to 1' },
  row: {
    type: 'int32',
    unit: '',
    description: 'of a moment with a part of the test set: the row in outcomes.parquet, from 0, ascending',
  },
} as const satisfies Record<string, OutcomeColumn>;

/** `boolean` columns are bytes in memory, 0 or 1. */
const types = {
  int32: { array: Int32Array, parquet: 'INT32' },
  float32: { array: Float32Array, parquet: 'FLOAT' },
  float64: { array: Float64Array, parquet: 'DOUBLE' },
  boolean: { array: Uint8Array, parquet: 'BOOLEAN' },
} as const satisfies Record<ColumnType, { array: unknown; parquet: ParquetType }>;

type ArrayOf<T extends ColumnType> = InstanceType<(typeof types)[T]['array']>;

export type OutcomeName = keyof typeof outcomeColumns;
/** All columns by name, each with its array's type. */
export type OutcomeTable = { readonly [Name in OutcomeName]: ArrayOf<(typeof outcomeColumns)[Name]['type']> };
/** Columns that identify the item of a row: the same at every moment, and stored only in outcomes.parquet. */
const keyColumns: readonly string[] = ['example', 'group', 'distance', 'label', 'sequence', 'position'];
/** Columns that a moment keeps: 4 bytes for each real number, a byte or less for columns with few values. */
const momentColumns: readonly string[] = [
  ...['row', 'predicted', 'correct', 'attributes_wrong', 'log_probability', 'brier', 'rank', 'mse', 'ssim'],
];

/** `moment-64.parquet`: a member's outcomes after 64 steps. */
export function momentFile(step: number): string {
  return `moment-${step}.parquet`;
}

/** `probe-few-shot.parquet`, and after 64 steps `probe-few-shot-64.parquet`: outcomes of a probe's sequences. */
export function probeFile(probe: ProbeName, step?: number): string {
  return `probe-${[probe, ...(step === undefined ? [] : [step])].join('-')}.parquet`;
}

/** File of a member's last outcomes: those of the test set, or of a probe. */
export function lastFile(probe: ProbeName | undefined): string {
  return probe === undefined ? 'outcomes.parquet' : probeFile(probe);
}

/** File of the outcomes that are shown of a member: those after a step, or its last. */
export function shownFile({
  moment,
  probe,
}: {
  readonly moment?: number | undefined;
  readonly probe?: ProbeName | undefined;
}): string {
  if (moment === undefined) return lastFile(probe);
  return probe === undefined ? momentFile(moment) : probeFile(probe, moment);
}

/** Some columns, as training provides them. */
export type OutcomeColumns = Readonly<Record<string, Int32Array | Float32Array | Float64Array | Uint8Array>>;

/**
 * The file's bytes. Names of the classes are stored in its metadata, as a JSON list under the key `classNames`.
 *
 * @throws Error for a column that is not in `outcomeColumns`, or has another type or length: never the user's mistake
 */
export function encodeOutcomes(columns: OutcomeColumns, classNames?: readonly string[]): Uint8Array {
  const names = Object.keys(columns);
  const rows = columns[names[0] ?? '']?.length ?? 0;
  const schema: SchemaElement[] = [{ name: 'outcomes', num_children: names.length }];
  const columnData = Object.entries(columns).map(([name, data]) => {
    const { type } = definitionOf(name, data);
    if (data.length !== rows)
      throw new Error(`column ${name} has ${counted(data.length, 'row')}, ${names[0] ?? ''} has ${rows}`);
    schema.push({ name, type: types[type].parquet, repetition_type: 'REQUIRED' });
    // Numbers that ascend take a byte or less each as differences, and four as they are.
    if (['row', 'example', 'sequence'].includes(name)) return { name, data, encoding: 'DELTA_BINARY_PACKED' as const };
    // Signs and exponents compress where they are not between the other bytes: 3.0 to 4.1 bytes a number in place of
    // 4.1.
    if (type.startsWith('float')) return { name, data, encoding: 'BYTE_STREAM_SPLIT' as const };
    return { name, data: type === 'boolean' ? Array.from(data, (value) => value !== 0) : data };
  });
  const writer = new ByteWriter();
  // One row group: a metric reads whole columns. Writing to memory is synchronous; the promise is only in the type.
  void parquetWrite({
    writer,
    columnData,
    schema,
    rowGroupSize: Math.max(1, rows),
    createdBy: 'vision-emergence-lab',
    ...(classNames === undefined ? {} : { kvMetadata: [{ key: 'classNames', value: JSON.stringify(classNames) }] }),
  });
  return writer.getBytes();
}

/** The bytes of a moment's file: the columns of outcomes.parquet that change and that most metrics need. */
export function encodeMoment(columns: OutcomeColumns): Uint8Array {
  return encodeOutcomes(Object.fromEntries(Object.entries(columns).filter(([name]) => momentColumns.includes(name))));
}

/** Columns of outcomes.parquet that can be read for a moment. */
export function columnsAtMoments(names: readonly OutcomeName[]): OutcomeName[] {
  return names.filter((name) => keyColumns.includes(name) || momentColumns.includes(name));
}

/** Whether a moment's column is in its own file, and not in outcomes.parquet. */
export function changesWithTraining(name: OutcomeName): boolean {
  return momentColumns.includes(name);
}

/** Some rows of columns. */
export function atRows(table: Partial<OutcomeTable>, rows: Int32Array): Partial<OutcomeTable> {
  const columns = Object.entries(table).map(([name, column]) => {
    const part = new (column.constructor as new (length: number) => typeof column)(rows.length);
    // Hot: a plain loop over typed arrays, without a check of each index.
    for (let i = 0; i < rows.length; i++) part[i] = column[rows[i]!]!;
    return [name, part] as const;
  });
  return Object.fromEntries(columns);
}

function definitionOf(name: string, data: OutcomeColumns[string]): OutcomeColumn {
  if (!isOutcomeName(name)) throw new Error(`${name} is not a column of outcomes`);
  const definition = outcomeColumns[name];
  if (!(data instanceof types[definition.type].array)) throw new Error(`column ${name} must be ${definition.type}`);
  return definition;
}

function isOutcomeName(name: string): name is OutcomeName {
  return Object.hasOwn(outcomeColumns, name);
}

/**
 * Some columns of a file's bytes.
 *
 * @param where the file's name in messages
 * @throws RunError, one line, if the file is damaged or a column is missing
 */
export async function decodeOutcomes<Name extends OutcomeName>(
  bytes: Uint8Array,
  names: readonly Name[],
  where: string,
): Promise<Pick<OutcomeTable, Name>> {
  return columnsOf(await opened(bytes, where), names, where);
}

/**
 * Some columns, and `group` if the file has it: all intervals need the groups, and members trained before their dataset
 * had them do not have the column. Throws as `decodeOutcomes`.
 */
export async function decodeWithGroup(
  bytes: Uint8Array,
  names: readonly OutcomeName[],
  where: string,
): Promise<Partial<OutcomeTable>> {
  const file = await opened(bytes, where);
  const others = names.filter((name) => name !== 'group');
  const isGrouped = file.metadata.schema.some(({ name }) => name === 'group');
  return columnsOf(file, isGrouped ? [...others, 'group'] : others, where);
}

/** The columns of a file. Throws RunError, one line, if it is damaged. */
export async function outcomeNames(bytes: Uint8Array, where: string): Promise<OutcomeName[]> {
  const { metadata } = await opened(bytes, where);
  return metadata.schema.map(({ name }) => name).filter(isOutcomeName);
}

interface OpenedFile {
  readonly file: ArrayBuffer;
  readonly metadata: FileMetaData;
}

async function opened(bytes: Uint8Array, where: string): Promise<OpenedFile> {
  const isAlone = bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength;
  const file = isAlone ? bytes.buffer : new Uint8Array(bytes).buffer;
  return { file, metadata: await whole(where, () => parquetMetadata(file)) };
}

async function columnsOf<Name extends OutcomeName>(
  { file, metadata }: OpenedFile,
  names: readonly Name[],
  where: string,
): Promise<Pick<OutcomeTable, Name>> {
  const rows = Number(metadata.num_rows);
  const columns: Partial<Record<OutcomeName, OutcomeTable[OutcomeName]>> = {};
  for (const name of names) {
    checkType(metadata, name, where);
    columns[name] = await whole(where, () => readColumn({ file, metadata, rows, name }));
  }
  if (!hasColumns(columns, names)) throw new Error(`${names.join(', ')} have not all been read`);
  return columns;
}

/** Turns whatever the reader throws on damaged input into one line. */
async function whole<T>(where: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new RunError(`is damaged or not a Parquet file (${messageOf(error)})`, where, undefined, { cause: error });
  }
}

function checkType(metadata: FileMetaData, name: OutcomeName, where: string): void {
  const found = metadata.schema.find((element) => element.name === name)?.type;
  const expected = types[outcomeColumns[name].type].parquet;
  if (found === undefined) throw new RunError(`has no column ${name}`, where);
  if (found !== expected) throw new RunError(`column ${name} is ${found}, expected ${expected}`, where);
}

interface ColumnToRead extends OpenedFile {
  readonly rows: number;
  readonly name: OutcomeName;
}

async function readColumn({ file, metadata, rows, name }: ColumnToRead): Promise<OutcomeTable[OutcomeName]> {
  const column = new types[outcomeColumns[name].type].array(rows);
  let count = 0;
  await parquetRead({
    file,
    metadata,
    columns: [name],
    onChunk: ({ columnData, rowStart }) => {
      // Hot: a plain loop, as a chunk may be a typed array or a plain one, of booleans too.
      for (let i = 0; i < columnData.length; i++) column[rowStart + i] = Number(columnData[i]);
      count += columnData.length;
    },
  });
  if (count !== rows) throw new Error(`column ${name} has ${count} of ${rows} rows`);
  return column;
}

/** Whether the columns are there. Their types are ensured where columns are made. */
export function hasColumns<Name extends OutcomeName>(
  columns: Partial<Record<OutcomeName, OutcomeTable[OutcomeName]>>,
  names: readonly Name[],
): columns is Pick<OutcomeTable, Name> {
  return names.every((name) => columns[name] !== undefined);
}
