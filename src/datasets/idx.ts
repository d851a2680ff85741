/**
 * The idx format of MNIST and its relatives: bytes 0 0, a type (8: unsigned bytes), the number of dimensions, each
 * dimension as a big-endian 32-bit number, then the data. A folder holds four such files, each perhaps gzipped.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf, UsageError } from '../terminal/errors.js';
import type { DatasetSource, RawDataset, RawSplit } from './dataset.js';

export const idx: DatasetSource = {
  name: 'idx:',
  summary: 'a folder of four idx files, as MNIST has them',
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

/** Reads train and test from a folder. Throws UsageError that names the file, what is wrong and what is expected. */
export async function loadIdxFolder(folder: string): Promise<RawDataset> {
  const names = await namesIn(folder);
  const train = await readSplit(folder, names, 'train');
  const test = await readSplit(folder, names, 't10k');
  if (train.shape.join() !== test.shape.join()) {
    throw new UsageError(
      `images of ${train.shape.join(' x ')}, and ${test.file} has ${test.shape.join(' x ')}`,
      train.file,
    );
  }
  const classes = 1 + Math.max(largest(train.labels), largest(test.labels));
  if (classes < 2) throw new UsageError('every label is 0', folder, 'two classes are needed at least');
  const [height, width, channels] = train.shape;
  return { shape: { height: height!, width: width!, channels: channels! }, classes, train, test };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await fs.promises.readdir(folder);
  } catch (error) {
    throw new UsageError(
      `not a folder that can be read (${messageOf(error)})`,
      folder,
      'give the folder of the four idx files',
    );
  }
}

async function readSplit(folder: string, names: readonly string[], split: 'train' | 't10k'): Promise<ImageSplit> {
  const images = await readIdx(find(folder, names, `${split}-images`, ['idx3', 'idx4']));
  const labels = await readIdx(find(folder, names, `${split}-labels`, ['idx1']));
  const [count, height, width, channels = 1] = images.shape;
  if (count === undefined || height === undefined || width === undefined || images.shape.length > 4) {
    throw new UsageError(
      `has ${dimensions(images)}`,
      images.file,
      'images have 3 (count, height, width) or 4 (and channels)',
    );
  }
  if (labels.shape.length !== 1)
    throw new UsageError(`has ${dimensions(labels)}`, labels.file, 'labels have 1 (count)');
  if (images.data.length === 0) throw new UsageError(`holds no images (${images.shape.join(' x ')})`, images.file);
  if (labels.shape[0] !== count) {
    throw new UsageError(
      `${labels.shape[0]!} labels for the ${count} images of ${images.file}`,
      labels.file,
      'the counts must be equal',
    );
  }
  return {
    file: images.file,
    shape: [height, width, channels],
    images: images.data,
    labels: new Int32Array(labels.data),
  };
}

function dimensions({ shape }: Idx): string {
  return `${shape.length} dimension${shape.length === 1 ? '' : 's'}`;
}

/** The file's path: `train-images-idx3-ubyte` or `train-images.idx3-ubyte`, plain if there, else with `.gz`. */
function find(folder: string, names: readonly string[], stem: string, kinds: readonly string[]): string {
  const plain = kinds.flatMap((kind) => [`${stem}-${kind}-ubyte`, `${stem}.${kind}-ubyte`]);
  const found = [...plain, ...plain.map((name) => `${name}.gz`)].find((name) => names.includes(name));
  if (found === undefined) throw new UsageError(`no ${plain[0]!} (plain or .gz) in this folder`, folder);
  return path.join(folder, found);
}

async function readIdx(file: string): Promise<Idx> {
  const bytes = await readBytes(file);
  if (bytes.length < 4) throw new UsageError(`is ${bytes.length} bytes long, too short for an idx file`, file);
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 8) {
    const magic = bytes.subarray(0, 4).toString('hex');
    throw new UsageError(`begins with ${magic}`, file, 'an idx file of unsigned bytes begins with 000008');
  }
  const rank = bytes[3]!;
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw new UsageError(`ends within its header (${bytes.length} of ${header} bytes)`, file);
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const expected = shape.reduce((product, size) => product * size, 1);
  const data = bytes.subarray(header);
  if (data.length !== expected) {
    const wrong = data.length < expected ? 'truncated' : 'too long';
    throw new UsageError(
      `is ${wrong}: ${data.length} bytes of data where ${shape.join(' x ')} = ${expected} are expected`,
      file,
    );
  }
  return { file, shape, data };
}

async function readBytes(file: string): Promise<Buffer> {
  let bytes;
  try {
    if (!fs.statSync(file).isFile()) throw new UsageError('is not a file', file);
    // At once: fs.promises.readFile reads half a megabyte at a time, 0.2 s more for MNIST.
    bytes = fs.readFileSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`can't be read (${messageOf(error)})`, file);
  }
  if (!file.endsWith('.gz')) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (error) {
    throw new UsageError(`is not a whole gzip file (${messageOf(error)})`, file);
  }
}

/** A loop, as the spread of 60000 arguments is near the stack's limit. */
function largest(values: Int32Array): number {
  let max = 0;
  for (const value of values) if (value > max) max = value;
  return max;
}
