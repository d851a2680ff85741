/**
 * Which images every training step sees, and with which labels; and which ones the test set asks for. All of it follows
 * from seed and epoch, on the host, before the epoch runs.
 */
import type { Splits } from '../datasets/index.js';
import { drawSequences, type SequenceOptions, type Sequences } from '../datasets/sequences.js';
import { lengthOf } from '../experiment/length.js';
import type { Experiment } from '../experiment/schema.js';
import { setting, type Family } from '../families/family.js';
import { nth } from '../machine/present.js';
import { Random } from '../statistics/random.js';
import { partOf } from './test-parts.js';

export interface TestItems extends Sequences {
  /** Images in one example. */
  readonly pairs: number;
  /** Columns of outcomes.parquet that say which item a row is. */
  readonly columns: Readonly<Record<string, Int32Array>>;
}

/** The images of an epoch, step after step: `[steps * batch * images per example]`. */
export function epochItems(
  family: Family,
  experiment: Experiment,
  data: Pick<Splits, 'train' | 'classes'>,
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): Sequences {
  const { labels, count } = data.train;
  const examples = lengthOf(experiment, count).stepsPerEpoch * experiment.batchSize;
  const random = Random.named(seed, 'shuffle', epoch);
  if (family.examples === 'sequences') {
    return drawSequences(examples, sequenceOptions(experiment, labels, data.classes), random);
  }
  const indices = random.permutation(count).subarray(0, examples);
  return { indices, labels: indices.map((index) => nth(labels, index)) };
}

/** What every member is tested on; sequences are drawn by a stream that no seed of a member has a part in. */
export function testItems(
  family: Family,
  experiment: Experiment,
  data: Pick<Splits, 'test' | 'classes' | 'groups' | 'distances'>,
): TestItems {
  const { labels, count, indices: examples } = data.test;
  const { groups, distances } = data;
  const knownOf = (indices: Int32Array): Record<string, Int32Array> => ({
    ...(groups === undefined ? {} : { group: indices.map((index) => nth(groups.of, index)) }),
    ...(distances === undefined ? {} : { distance: indices.map((index) => nth(distances, index)) }),
  });
  if (family.examples === 'images') {
    const indices = Int32Array.from({ length: count }, (_, i) => i);
    return { indices, labels, pairs: 1, columns: { example: examples, ...knownOf(indices), label: labels } };
  }
  const pairs = setting(experiment, 'pairs');
  const options = sequenceOptions(experiment, labels, data.classes);
  const items = drawSequences(setting(experiment, 'testSequences'), options, Random.named(0, 'test sequences'));
  const columns = {
    example: items.indices.map((index) => nth(examples, index)),
    ...knownOf(items.indices),
    label: items.labels,
    sequence: items.indices.map((_, row) => Math.floor(row / pairs)),
    position: items.indices.map((_, row) => row % pairs),
  };
  return { ...items, pairs, columns };
}

/** The held-out training images, as examples: sequences are as many as have so many images, at least one. */
export function validationItems(
  family: Family,
  experiment: Experiment,
  { validation, classes }: Pick<Splits, 'validation' | 'classes'>,
): Sequences | undefined {
  if (validation === undefined) return undefined;
  const { labels, count } = validation;
  if (family.examples === 'images') return { indices: Int32Array.from({ length: count }, (_, i) => i), labels };
  const sequences = Math.max(1, Math.floor(count / setting(experiment, 'pairs')));
  const options = sequenceOptions(experiment, labels, classes);
  return drawSequences(sequences, options, Random.named(0, 'validation sequences'));
}

/** Images that are tested after an epoch without being asked for, where that costs next to nothing. */
const freeTest = { images: 1000, trainedPerTested: 20 };

/**
 * Rows of the test items that are scored after each epoch, those of whole examples; undefined for none.
 *
 * @param imagesPerEpoch that training sees
 */
export function epochTestRows(
  { epochTestSize }: Pick<Experiment, 'epochTestSize'>,
  { indices, pairs }: Pick<TestItems, 'indices' | 'pairs'>,
  imagesPerEpoch: number,
): Int32Array | undefined {
  const examples = indices.length / pairs;
  const usual = Math.min(examples, Math.max(1, Math.floor(freeTest.images / pairs)));
  const isFree = imagesPerEpoch >= freeTest.trainedPerTested * usual * pairs;
  const size = epochTestSize ?? (isFree ? usual : 0);
  return size === 0 ? undefined : partOf({ images: indices.length, pairs }, size);
}

/** Rows of the test items that moments hold; undefined for all. */
export function momentRows(
  { momentsSize }: Pick<Experiment, 'momentsSize'>,
  { indices, pairs }: Pick<TestItems, 'indices' | 'pairs'>,
): Int32Array | undefined {
  const images = indices.length;
  return momentsSize === undefined || momentsSize * pairs === images
    ? undefined
    : partOf({ images, pairs }, momentsSize);
}

function sequenceOptions(experiment: Experiment, labels: Int32Array, classes: number): SequenceOptions {
  return {
    labels,
    classes,
    pairs: setting(experiment, 'pairs'),
    burstiness: setting(experiment, 'burstiness'),
    labelRemapping: setting(experiment, 'labelRemapping'),
  };
}
