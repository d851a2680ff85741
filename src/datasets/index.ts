/** All datasets by name, and how one is loaded. Nothing is ever replaced by something else: what can't be read is an error. */
import { createHash } from 'node:crypto';
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import type { Dataset, DatasetSource, RawSplit, Split, SubsetSizes } from './dataset.js';
import { idx } from './idx.js';
import { mnist } from './mnist.js';
import { shapes } from './shapes.js';

export const datasets = { mnist, shapes, 'idx:': idx } as const satisfies Record<string, DatasetSource>;

/** A dataset without its fingerprint, which costs more than the rest of the loading. */
export type Splits = Omit<Dataset, 'fingerprint'>;

export interface DatasetName {
  readonly source: DatasetSource;
  /** What follows the colon; '' for a dataset without one. */
  readonly argument: string;
}

/** What a name such as `mnist` or `idx:PATH` stands for; files aren't looked at. `where` is the flag or key that held it. */
export function parseDatasetName(name: string, where = 'dataset'): DatasetName {
  const colon = name.indexOf(':');
  const key = colon < 0 ? name : name.slice(0, colon + 1);
  const argument = colon < 0 ? '' : name.slice(colon + 1);
  const source: DatasetSource | undefined = Object.hasOwn(datasets, key)
    ? datasets[key as keyof typeof datasets]
    : undefined;
  if (source === undefined) throw unknownDataset(name, where);
  if (colon >= 0 && argument === '') throw new UsageError(`"${name}" names no folder`, where, `give ${key}PATH`);
  return { source, argument };
}

function unknownDataset(name: string, where: string): UsageError {
  const known = Object.keys(datasets).map((key) => (key.endsWith(':') ? `${key}PATH` : key));
  if (Object.hasOwn(datasets, `${name}:`))
    return new UsageError(`"${name}" names no folder`, where, `give ${name}:PATH`);
  return new UsageError(`"${name}" is not a dataset`, where, suggestion(name, known));
}

/** Reads a dataset, takes the subsets, computes the fingerprint. Throws UsageError on bad names, files and sizes. */
export async function loadDataset(name: string, sizes: SubsetSizes = {}): Promise<Dataset> {
  const splits = await loadSplits(name, sizes);
  return { ...splits, fingerprint: fingerprintOf(splits) };
}

/** `loadDataset` without the fingerprint: for a worker, whose parent has computed it. */
export async function loadSplits(name: string, sizes: SubsetSizes = {}): Promise<Splits> {
  const { source, argument } = parseDatasetName(name);
  const { shape, classes, train, test } = await source.load(argument);
  return {
    name,
    shape,
    classes,
    train: subset(train, sizes.trainSize, { dataset: name, split: 'train' }),
    test: subset(test, sizes.testSize, { dataset: name, split: 'test' }),
    licence: source.licence,
    citation: source.citation,
  };
}

/** SHA-256 (hex) over shape, classes, counts, images and labels: equal exactly when a model would see the same. */
export function fingerprintOf({
  shape,
  classes,
  train,
  test,
}: Pick<Dataset, 'shape' | 'classes' | 'train' | 'test'>): string {
  const { height, width, channels } = shape;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ height, width, channels, classes, train: train.count, test: test.count }));
  for (const { images, labels } of [train, test]) {
    hash.update(images);
    hash.update(littleEndian(labels));
  }
  return hash.digest('hex');
}

function littleEndian(values: Int32Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  values.forEach((value, i) => bytes.writeInt32LE(value, 4 * i));
  return bytes;
}

/** A random subset in the order of the whole; the same one for every member, run and machine. */
function subset(
  whole: RawSplit,
  size: number | undefined,
  { dataset, split }: { dataset: string; split: 'train' | 'test' },
): Split {
  const count = whole.labels.length;
  if (size === undefined || size === count)
    return { ...whole, count, indices: Int32Array.from({ length: count }, (_, i) => i) };
  if (size > count) {
    throw new UsageError(
      `${size} examples are asked for and ${dataset} has ${count}`,
      `--${split}-size`,
      `give at most ${count}`,
    );
  }
  const indices = Random.named(0, 'subset', split).permutation(count).slice(0, size).sort();
  const pixels = whole.images.length / count;
  const images = new Uint8Array(size * pixels);
  indices.forEach((from, to) => {
    images.set(whole.images.subarray(from * pixels, (from + 1) * pixels), to * pixels);
  });
  return { count: size, images, labels: indices.map((index) => whole.labels[index]!), indices };
}
