/** All datasets by name, and how one is loaded. Nothing is ever replaced by something else: what can't be read is an error. */
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { dataFolder } from '../machine/folders.js';
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { printable } from '../terminal/printable.js';
import { cifar10, cifar100 } from './cifar.js';
import { convert } from './convert.js';
import type { Dataset, DatasetSource, LoadOptions, RawDataset, RawSplit, Split } from './dataset.js';
import { fashionMnist } from './fashion-mnist.js';
import { int32Bytes } from './files/cache.js';
import { idx } from './idx.js';
import { images } from './images.js';
import { mnist } from './mnist.js';
import { notesOn } from './notes.js';
import { omniglot, omniglotSmall } from './omniglot.js';
import { shapes } from './shapes.js';

export const datasets = {
  mnist,
  'fashion-mnist': fashionMnist,
  cifar10,
  cifar100,
  'omniglot-small': omniglotSmall,
  omniglot,
  shapes,
  'images:': images,
  'idx:': idx,
} as const satisfies Record<string, DatasetSource>;

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
  if (colon >= 0 && argument === '') throw new UsageError(`"${name}" does not name a folder`, where, `give ${key}PATH`);
  return { source, argument };
}

function unknownDataset(name: string, where: string): UsageError {
  const known = Object.keys(datasets).map((key) => (key.endsWith(':') ? `${key}PATH` : key));
  if (Object.hasOwn(datasets, `${name}:`))
    return new UsageError(`"${name}" does not name a folder`, where, `give ${name}:PATH`);
  return new UsageError(`"${name}" is not a dataset`, where, suggestion(name, known));
}

/** `mnist`, `idx-letters`, `images-birds.zip`: a dataset's name as part of a file's. */
export function fileNameOf(dataset: string): string {
  const [scheme, ...rest] = dataset.split(':');
  const argument = path.basename(rest.join(':')).replace(/[^A-Za-z0-9._-]+/g, '-');
  return [scheme, ...(argument === '' ? [] : [argument])].join('-');
}

/** Reads a dataset, takes the subsets, computes the fingerprint. Throws UsageError on bad names, files and sizes. */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<Dataset> {
  const splits = await loadSplits(name, options);
  return { ...splits, notes: [...splits.notes, ...notesOn(splits)], fingerprint: fingerprintOf(splits) };
}

/** `loadDataset` without the fingerprint and the notes on its contents: for a worker, whose parent has had them. */
export async function loadSplits(name: string, options: LoadOptions = {}): Promise<Splits> {
  const { source, argument } = parseDatasetName(name);
  const { imageSize, colour, trainSize, testSize, labelNoise = 0, dataDir } = options;
  const raw = await source.load(argument, { dataDir: dataDir ?? dataFolder(), imageSize, colour });
  const { shape, classes, classNames, train, test, groups, notes } = await convert(
    raw,
    { imageSize, colour },
    name,
    () => fingerprintOf(withCounts(raw)),
  );
  const used = {
    train: subset(withNoise(train, labelNoise, classes), trainSize, { dataset: name, split: 'train' }),
    test: subset(test, testSize, { dataset: name, split: 'test' }),
  };
  return {
    name,
    shape,
    classes,
    // On one line, as every file and message needs them.
    classNames: classNames?.map(printable),
    ...used,
    ...(groups === undefined ? {} : { groups: { ...groups, of: used.test.indices.map((index) => groups.of[index]!) } }),
    licence: source.licence,
    citation: source.citation,
    notes: notes ?? [],
  };
}

function withCounts({ train, test, ...rest }: RawDataset) {
  return {
    ...rest,
    train: { ...train, count: train.labels.length },
    test: { ...test, count: test.labels.length },
  };
}

/** SHA-256 (hex) over shape, classes, counts, images and labels: equal exactly when a model would see the same. */
export function fingerprintOf({
  shape,
  classes,
  train,
  test,
}: Pick<Dataset, 'shape' | 'classes'> & Readonly<Record<'train' | 'test', RawSplit & { count: number }>>): string {
  const { height, width, channels } = shape;
  const hash = createHash('sha256');
  hash.update(JSON.stringify({ height, width, channels, classes, train: train.count, test: test.count }));
  for (const { images, labels } of [train, test]) {
    hash.update(images);
    hash.update(int32Bytes(labels));
  }
  return hash.digest('hex');
}

/**
 * A share of the labels replaced, each by one of the other classes, all equally likely: symmetric noise. The images that it hits are
 * the same for every member, run and machine; those of a smaller share are among those of a larger one, whatever the training size.
 */
function withNoise(whole: RawSplit, share: number, classes: number): RawSplit {
  if (share === 0 || classes < 2) return whole;
  const labels = whole.labels.slice();
  const order = Random.named(0, 'label noise').permutation(labels.length);
  const shifts = Random.named(0, 'label noise', 'classes');
  const count = Math.round(share * labels.length);
  // In the order of the permutation, so that a larger share gives the same images the same wrong labels.
  for (let i = 0; i < count; i++) {
    const at = order[i]!;
    labels[at] = (labels[at]! + 1 + shifts.integer(classes - 1)) % classes;
  }
  return { ...whole, labels };
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
      `${size} examples requested, but ${dataset} has ${count}`,
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
