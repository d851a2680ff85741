/** All datasets by name, and how one is loaded. Nothing is ever replaced by something else: what cannot be read is an error. */
import { createHash } from 'node:crypto';
import * as path from 'node:path';
import { dataFolder } from '../machine/folders.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { printable } from '../terminal/printable.js';
import { cifar10, cifar100 } from './cifar.js';
import { distancesOf, refuseParts, attributeSizes } from './composition.js';
import { concepts } from './concepts.js';
import { convert } from './convert.js';
import type { Composition, Dataset, DatasetSource, LoadOptions, RawDataset, RawSplit } from './dataset.js';
import { fashionMnist } from './fashion-mnist.js';
import { int32Bytes } from '../machine/bytes.js';
import { idx } from './idx.js';
import { images } from './images.js';
import { mnist } from './mnist.js';
import { notesOn } from './notes.js';
import { omniglot, omniglotSmall } from './omniglot.js';
import { shapes } from './shapes.js';
import { withSymmetries } from './symmetries.js';
import { usedOf } from './subsets.js';

export const datasets = {
  mnist,
  'fashion-mnist': fashionMnist,
  cifar10,
  cifar100,
  'omniglot-small': omniglotSmall,
  omniglot,
  shapes,
  concepts,
  'images:': images,
  'idx:': idx,
} as const satisfies Record<string, DatasetSource>;

/** A dataset without its fingerprint, which takes longer than the rest of the loading. */
export type Splits = Omit<Dataset, 'fingerprint'>;

export interface DatasetName {
  readonly source: DatasetSource;
  /** What follows the colon; '' for a dataset without one. */
  readonly argument: string;
}

/** The source and path that a name such as `mnist` or `idx:PATH` stands for; no file is read. `where` is the flag or key that held it. */
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

/** `loadDataset` without the fingerprint and the notes on its contents: for a worker, whose parent has them already. */
export async function loadSplits(name: string, options: LoadOptions = {}): Promise<Splits> {
  const { source, argument } = parseDatasetName(name);
  const { imageSize, colour, dataDir } = options;
  const raw = await source.load(argument, { dataDir: dataDir ?? dataFolder(), imageSize, colour });
  const plain = await convert(raw, { imageSize, colour }, name, () => fingerprintOf(withCounts(raw)));
  const converted = withSymmetries(plain, options.symmetries, name);
  const { shape, classNames, composition, groups, levels, notes } = converted;
  refuseParts({ name, composition }, options);
  const used = usedOf(converted, options, name);
  return {
    name,
    shape,
    // On one line, as every file and message needs them.
    classNames: classNames?.slice(0, used.classes).map(printable),
    ...used,
    ...(composition === undefined ? {} : { composition, distances: testDistances(composition, used) }),
    ...(levels === undefined ? {} : { levels }),
    ...(groups === undefined ? {} : { groups: { ...groups, of: used.test.indices.map((index) => groups.of[index]!) } }),
    licence: source.licence,
    citation: source.citation,
    notes: notes ?? [],
  };
}

function testDistances(
  composition: Composition,
  { trueLabels, test }: Pick<Splits, 'trueLabels' | 'test'>,
): Int32Array {
  const distances = distancesOf(trueLabels, attributeSizes(composition));
  return test.labels.map((label) => distances[label]!);
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
  validation,
}: Pick<Dataset, 'shape' | 'classes'> &
  Readonly<Record<'train' | 'test', RawSplit & { count: number }>> & {
    readonly validation?: (RawSplit & { count: number }) | undefined;
  }): string {
  const { height, width, channels } = shape;
  const hash = createHash('sha256');
  const counts = {
    train: train.count,
    test: test.count,
    ...(validation === undefined ? {} : { validation: validation.count }),
  };
  hash.update(JSON.stringify({ height, width, channels, classes, ...counts }));
  for (const { images, labels } of [train, test, ...(validation === undefined ? [] : [validation])]) {
    hash.update(images);
    hash.update(int32Bytes(labels));
  }
  return hash.digest('hex');
}
