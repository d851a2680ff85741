/**
 * The idx format of MNIST and its relatives: bytes 0 0, a type (8: unsigned bytes), the number of dimensions, each
 * dimension as a big-endian 32-bit number, then the data. A folder holds four such files, possibly gzipped, and their
 * names may begin with that of a set: EMNIST has `emnist-letters-train-images-idx3-ubyte.gz` and so on, with several
 * sets in one folder.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { constants, gunzip, type ZlibOptions } from 'node:zlib';
import { codeOf, messageOf, UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { DatasetSource, ImageShape, RawDataset, RawSplit } from './dataset.js';

export const idx: DatasetSource = {
  name: 'idx:',
  summary: "a folder of four idx files in MNIST's format",
  licence: "the files' own; not known to this program",
  citation: "the files' own; not known to this program",
  load: (folder) => loadIdxFolder(folder),
};

interface Idx {
  readonly file: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

interface ImageSplit extends RawSplit {
  readonly file: string;
  /** `[height, width, channels]`. */
  readonly shape: readonly number[];
}

/**
 * Reads train and test from a folder; from a folder that holds several sets, as `FOLDER/SET`.
 *
 * @throws UsageError that names the file, what is wrong and what is expected
 */
export async function loadIdxFolder(location: string): Promise<RawDataset> {
  const set = await findSet(location);
  const [train, test] = [await readSplit(set, 'train'), await readSplit(set, 'test')];
  if (train.shape.join() !== test.shape.join()) {
    throw new UsageError(
      `images of ${train.shape.join(' x ')}, and ${test.file} has ${test.shape.join(' x ')}`,
      train.file,
    );
  }
  const classes = 1 + Math.max(largest(train.labels), largest(test.labels));
  if (classes < 2) throw new UsageError('all labels are 0', set.folder, 'at least two classes are needed');
  const [height, width, channels] = train.shape as [number, number, number];
  const raw = { shape: { height, width, channels }, classes, train, test };
  return isTransposed(set) ? upright({ ...raw, classNames: await namesOf(set, classes) }) : raw;
}

interface IdxSet {
  readonly folder: string;
  /** The prefix of MNIST's file names: `emnist-letters-`; '' for none. */
  readonly prefix: string;
  /** All files of the folder. */
  readonly names: readonly string[];
}

/** MNIST calls its test files t10k. */
const stems = { train: ['train'], test: ['t10k', 'test'] } as const;
const imageFile = /^(.*?)(?:train|t10k|test)-images[-.]idx[34]-ubyte(?:\.gz)?$/;

async function findSet(location: string): Promise<IdxSet> {
  const names = await namesIn(location);
  if (names === undefined) {
    const [folder, prefix] = [path.dirname(location), `${path.basename(location)}-`];
    const around = (await namesIn(folder)) ?? [];
    if (prefixesOf(around).includes(prefix)) return { folder, prefix, names: around };
    throw await unreadable(location);
  }
  const prefixes = prefixesOf(names);
  const [first = ''] = prefixes;
  if (prefixes.includes('') || prefixes.length < 2)
    return { folder: location, prefix: prefixes.includes('') ? '' : first, names };
  throw new UsageError(
    `holds ${prefixes.length} sets: ${prefixes.map((each) => each.slice(0, -1)).join(', ')}`,
    location,
    `name one of them: idx:${path.join(location, first.slice(0, -1))}`,
  );
}

/** Ascending. */
function prefixesOf(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => imageFile.exec(name)?.[1] ?? []))].sort();
}

/** Undefined if it is not a readable folder. */
async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  return fs.promises.readdir(folder).catch(() => undefined);
}

async function unreadable(folder: string): Promise<UsageError> {
  const why = await fs.promises.readdir(folder).then(String, messageOf);
  return new UsageError(`not a readable folder (${why})`, folder, 'give the folder of the four idx files');
}

/**
 * EMNIST's images are stored with rows and columns exchanged (Cohen et al. 2017, arXiv 1702.05373, files in idx form).
 */
function isTransposed({ prefix }: IdxSet): boolean {
  return prefix.toLowerCase().startsWith('emnist');
}

function upright({ shape: { height, width, channels }, train, test, ...rest }: RawDataset): RawDataset {
  const turn = ({ images, labels }: RawSplit): RawSplit => ({
    images: transposed(images, { height, width, channels }),
    labels,
  });
  return {
    ...rest,
    shape: { height: width, width: height, channels },
    train: turn(train),
    test: turn(test),
    notes: ['EMNIST stores its images transposed: they are transposed back'],
  };
}

function transposed(images: Uint8Array, { height, width, channels }: ImageShape): Uint8Array {
  const turned = new Uint8Array(images.length);
  const pixels = height * width;
  // Hot: 98 million bytes of EMNIST's letters.
  for (let from = 0; from < images.length / channels; from++) {
    const place = from % pixels;
    const to = from - place + (place % width) * height + Math.floor(place / width);
    for (let c = 0; c < channels; c++) turned[to * channels + c] = images[from * channels + c]!;
  }
  return turned;
}

/**
 * `emnist-letters-mapping.txt`: each line has a label and the character codes it stands for. Undefined if there is
 * none; labels not in it are named by their number.
 */
async function namesOf({ folder, prefix, names }: IdxSet, classes: number): Promise<string[] | undefined> {
  const file = `${prefix}mapping.txt`;
  if (!names.includes(file)) return undefined;
  const lines = (await fs.promises.readFile(path.join(folder, file), 'utf8')).split('\n');
  const known = new Map(
    lines.flatMap((line): [number, string][] => {
      const [label = NaN, ...codes] = line.trim().split(/\s+/).map(Number);
      const letters = codes.filter((code) => code > 32 && code < 127).map((code) => String.fromCharCode(code));
      return letters.length === 0 ? [] : [[label, letters.join('')]];
    }),
  );
  return Array.from({ length: classes }, (_, label) => known.get(label) ?? String(label));
}

async function readSplit(set: IdxSet, split: 'train' | 'test'): Promise<ImageSplit> {
  const images = await readIdx(find(set, split, 'images', ['idx3', 'idx4']), ({ file, shape }) => {
    if (shape.length !== 3 && shape.length !== 4)
      throw new UsageError(
        `has ${dimensions(shape)}`,
        file,
        'images have 3 (count, height, width) or 4 (and channels)',
      );
  });
  const [count, height, width, channels = 1] = images.shape as [number, number, number, number?];
  if (images.data.length === 0) throw new UsageError(`holds no images (${images.shape.join(' x ')})`, images.file);
  const labels = await readIdx(find(set, split, 'labels', ['idx1']), ({ file, shape }) => {
    if (shape.length !== 1) throw new UsageError(`has ${dimensions(shape)}`, file, 'labels have 1 (count)');
    if (shape[0] !== count)
      throw new UsageError(
        `${counted(shape[0]!, 'label')} for the ${counted(count, 'image')} of ${images.file}`,
        file,
        'the counts must be equal',
      );
  });
  return {
    file: images.file,
    shape: [height, width, channels],
    images: images.data,
    labels: new Int32Array(labels.data),
  };
}

function dimensions(shape: readonly number[]): string {
  return `${shape.length} dimension${shape.length === 1 ? '' : 's'}`;
}

/**
 * The file's path: `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, uncompressed if present, otherwise with
 * `.gz`.
 */
function find(
  { folder, prefix, names }: IdxSet,
  split: 'train' | 'test',
  what: 'images' | 'labels',
  kinds: readonly string[],
): string {
  const plain = stems[split].flatMap((stem) =>
    kinds.flatMap((kind) => [`${prefix}${stem}-${what}-${kind}-ubyte`, `${prefix}${stem}-${what}.${kind}-ubyte`]),
  );
  const found = [...plain, ...plain.map((name) => `${name}.gz`)].find((name) => names.includes(name));
  if (found === undefined) throw new UsageError(`no ${plain[0]!} (plain or .gz) in this folder`, folder);
  return path.join(folder, found);
}

interface Header {
  readonly file: string;
  readonly shape: readonly number[];
  /** Of the header and the data it announces. */
  readonly bytes: { readonly header: number; readonly data: number };
}

/** `check` throws if the header announces something unwanted: then nothing more is unpacked. */
async function readIdx(file: string, check: (header: Header) => void): Promise<Idx> {
  const packed = readFile(file);
  const isPacked = file.endsWith('.gz');
  const start = isPacked ? await firstBytes(packed, file) : packed;
  const header = headerOf(start, file);
  check(header);
  const { shape, bytes } = header;
  const whole = isPacked ? await unpack(packed, header) : packed;
  const data = whole.subarray(bytes.header);
  if (data.length !== bytes.data) {
    const wrong = data.length < bytes.data ? 'truncated' : 'too long';
    throw new UsageError(
      `is ${wrong}: ${counted(data.length, 'byte')} of data where ${shape.join(' x ')} = ${bytes.data} are expected`,
      file,
    );
  }
  return { file, shape, data };
}

function headerOf(start: Buffer, file: string): Header {
  if (start.length < 4)
    throw new UsageError(`is ${counted(start.length, 'byte')} long, too short for an idx file`, file);
  if (start[0] !== 0 || start[1] !== 0 || start[2] !== 8) {
    const magic = start.subarray(0, 4).toString('hex');
    throw new UsageError(`starts with ${magic}`, file, 'an idx file of unsigned bytes starts with 000008');
  }
  const rank = start[3]!;
  const header = 4 + 4 * rank;
  if (start.length < header) throw new UsageError(`ends within its header (${start.length} of ${header} bytes)`, file);
  const shape = Array.from({ length: rank }, (_, i) => start.readUInt32BE(4 + 4 * i));
  return { file, shape, bytes: { header, data: shape.reduce((product, size) => product * size, 1) } };
}

function readFile(file: string): Buffer {
  try {
    if (!fs.statSync(file).isFile()) throw new UsageError('is not a file', file);
    // In one go: fs.promises.readFile reads half a megabyte at a time, 0.2 s more for MNIST.
    return fs.readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`can't be read (${messageOf(error)})`, file);
  }
}

/** Enough for a header of any rank; unpacks to at most 4 MB. */
const startBytes = 4096;

async function firstBytes(packed: Buffer, file: string): Promise<Buffer> {
  const start = packed.subarray(0, startBytes);
  // More data after a partial read is no error; after a read that should be complete, it is.
  const finishFlush = start.length < packed.length ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
  return unzipped(start, { finishFlush }).catch((error: unknown) => {
    throw noGzip(error, file);
  });
}

/** Deflate's largest compression factor (zlib's technical details). */
const mostPerByte = 1032;

/** No more than the header states, however much the file would unpack to. */
async function unpack(packed: Buffer, { file, shape, bytes }: Header): Promise<Buffer> {
  if (bytes.data > mostPerByte * packed.length)
    throw new UsageError(
      `is truncated: ${counted(packed.length, 'byte')} can't hold ${shape.join(' x ')} = ${bytes.data} bytes of data`,
      file,
    );
  try {
    return await unzipped(packed, { maxOutputLength: bytes.header + bytes.data });
  } catch (error) {
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw noGzip(error, file);
    throw new UsageError(
      `is too long: more than the ${shape.join(' x ')} = ${bytes.data} bytes of data expected`,
      file,
    );
  }
}

const unzipped = promisify<Buffer, ZlibOptions, Buffer>(gunzip);

function noGzip(error: unknown, file: string): UsageError {
  return new UsageError(`is not a whole gzip file (${messageOf(error)})`, file);
}

/** A loop, because spreading 60000 arguments comes near the stack's limit. */
function largest(values: Int32Array): number {
  let max = 0;
  for (const value of values) if (value > max) max = value;
  return max;
}
