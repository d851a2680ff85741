/**
 * CIFAR-10 and CIFAR-100 in their binary version, a gzipped tar archive. A record is its label bytes (CIFAR-10: the class; CIFAR-100: the
 * coarse class, then the fine one, which is used here) and 3072 bytes of 32 x 32 pixels: all red, then all green, then all blue. A text
 * file holds the names, one per line.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { DatasetSource, RawDataset, RawSplit, RemoteFile } from './dataset.js';
import { requireFiles } from './files/known.js';

const side = 32;
const pixels = side * side;
const shape = { height: side, width: side, channels: 3 };

interface CifarFormat {
  /** Names without their folder. */
  readonly train: readonly string[];
  readonly test: string;
  readonly names: string;
  /** Bytes before the pixels of a record; the last one is the class. */
  readonly labelBytes: number;
}

export const cifarFormats = {
  cifar10: {
    train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
    test: 'test_batch.bin',
    names: 'batches.meta.txt',
    labelBytes: 1,
  },
  cifar100: { train: ['train.bin'], test: 'test.bin', names: 'fine_label_names.txt', labelBytes: 2 },
} as const satisfies Record<string, CifarFormat>;

const citation =
  'Alex Krizhevsky: Learning Multiple Layers of Features from Tiny Images, technical report, University of Toronto, 2009';
const licence = 'No licence is stated by its authors, who ask to be cited';

/** Sizes and hashes as published by TensorFlow Datasets. */
const cifar10File: RemoteFile = {
  name: 'cifar-10-binary.tar.gz',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  sizeBytes: 170_052_171,
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
};
const cifar100File: RemoteFile = {
  name: 'cifar-100-binary.tar.gz',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
  sizeBytes: 168_513_733,
  sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
};

export const cifar10: DatasetSource = {
  name: 'cifar10',
  summary: 'small photographs, 32 x 32 rgb, 10 classes, 50000 train and 10000 test',
  licence,
  citation,
  contents: { train: 50000, test: 10000, classes: 10, shape },
  files: { kind: 'downloaded', files: [cifar10File] },
  load: (_, { dataDir }) => loadCifar('cifar10', cifar10File, dataDir),
};

export const cifar100: DatasetSource = {
  name: 'cifar100',
  summary: 'small photographs, 32 x 32 rgb, 100 (fine) classes, 50000 train and 10000 test',
  licence,
  citation,
  contents: { train: 50000, test: 10000, classes: 100, shape },
  files: { kind: 'downloaded', files: [cifar100File] },
  load: (_, { dataDir }) => loadCifar('cifar100', cifar100File, dataDir),
};

async function loadCifar(name: 'cifar10' | 'cifar100', file: RemoteFile, dataDir: string): Promise<RawDataset> {
  const [archive] = await requireFiles(name, [file], dataDir);
  return readCifar(archive!, cifarFormats[name]);
}

/** Reads an archive in the official format. Throws UsageError, one line, if it is in another format. */
export async function readCifar(archive: string, format: CifarFormat): Promise<RawDataset> {
  const files = await unpack(archive, [...format.train, format.test, format.names]);
  const find = (name: string) => {
    const bytes = files.get(name);
    if (bytes === undefined)
      throw new UsageError(`holds no ${name}`, archive, 'give the binary version of the archive');
    return { where: `${archive}: ${name}`, bytes };
  };
  const classNames = find(format.names)
    .bytes.toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const read = (name: string) => readRecords(find(name), format.labelBytes, classNames.length);
  return {
    shape,
    classes: classNames.length,
    classNames,
    train: joined(format.train.map(read)),
    test: read(format.test),
  };
}

async function unpack(archive: string, wanted: readonly string[]): Promise<Map<string, Buffer>> {
  // By its default export: a bundle knows no other of a CommonJS module that is loaded late.
  const { default: tar } = await import('tar-stream');
  const files = new Map<string, Buffer>();
  const entries = tar.extract();
  const read = async () => {
    for await (const entry of entries) {
      const name = path.posix.basename(entry.header.name);
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) if (wanted.includes(name)) chunks.push(chunk);
      if (wanted.includes(name)) files.set(name, Buffer.concat(chunks));
    }
  };
  try {
    await Promise.all([pipeline(fs.createReadStream(archive), createGunzip(), entries), read()]);
  } catch (error) {
    throw new UsageError(`is not a complete tar.gz archive (${messageOf(error)})`, archive);
  }
  return files;
}

interface NamedBytes {
  readonly where: string;
  readonly bytes: Buffer;
}

function readRecords({ where, bytes }: NamedBytes, labelBytes: number, classes: number): RawSplit {
  const length = labelBytes + 3 * pixels;
  const count = bytes.length / length;
  if (!Number.isInteger(count) || count === 0)
    throw new UsageError(
      `is ${counted(bytes.length, 'byte')} long, which is not a multiple of the record length ${length}`,
      where,
    );
  const images = new Uint8Array(count * 3 * pixels);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const label = bytes[i * length + labelBytes - 1]!;
    if (label >= classes)
      throw new UsageError(`record ${i} has the label ${label}, but there are ${classes} classes`, where);
    labels[i] = label;
    interleave(bytes, i * length + labelBytes, images, i * 3 * pixels);
  }
  return { images, labels };
}

/** `[3, 32, 32]` to `[32, 32, 3]`. */
function interleave(planes: Uint8Array, from: number, images: Uint8Array, to: number): void {
  for (let channel = 0; channel < 3; channel++)
    for (let p = 0; p < pixels; p++) images[to + 3 * p + channel] = planes[from + channel * pixels + p]!;
}

function joined(splits: readonly RawSplit[]): RawSplit {
  const images = new Uint8Array(splits.reduce((sum, split) => sum + split.images.length, 0));
  const labels = new Int32Array(splits.reduce((sum, split) => sum + split.labels.length, 0));
  let at = 0;
  for (const split of splits) {
    images.set(split.images, at * 3 * pixels);
    labels.set(split.labels, at);
    at += split.labels.length;
  }
  return { images, labels };
}
