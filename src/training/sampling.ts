/**
 * Which images every training step sees, and with which labels; and which ones the test set queries. All of it follows
 * from seed and epoch, on the host, before the epoch runs.
 */
import type { Splits } from '../datasets/index.js';
import { choicesOf, drawProbe, probesOf, usualWays, type ProbeName, type ProbeOptions } from '../datasets/probes.js';
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
  /** Columns of outcomes.parquet that identify the item of a row. */
  readonly columns: Readonly<Record<string, Int32Array>>;
}

/** A probe's sequences, whose last image is queried. */
export interface ProbeItems extends TestItems {
  readonly name: ProbeName;
  /** Labels that can be answers, the first by label; columns are those of the last images only. */
  readonly choices: number;
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

/** The test items of every member; sequences are drawn by a stream that does not depend on a member's seed. */
export function testItems(
  family: Family,
  experiment: Experiment,
  data: Pick<Splits, 'test' | 'classes' | 'groups' | 'distances'>,
): TestItems {
  const { labels, count } = data.test;
  if (family.examples === 'images') {
    const items = { indices: Int32Array.from({ length: count }, (_, i) => i), labels };
    return { ...items, pairs: 1, columns: imageColumns(items, data) };
  }
  const pairs = setting(experiment, 'pairs');
  const options = sequenceOptions(experiment, labels, data.classes);
  const items = drawSequences(setting(experiment, 'testSequences'), options, Random.named(0, 'test sequences'));
  return { ...items, pairs, columns: sequenceColumns(items, pairs, data) };
}

type Tested = Pick<Splits, 'test' | 'groups' | 'distances'>;

function imageColumns({ indices, labels }: Sequences, { test, groups, distances }: Tested) {
  return {
    example: indices.map((index) => nth(test.indices, index)),
    ...(groups === undefined ? {} : { group: indices.map((index) => nth(groups.of, index)) }),
    ...(distances === undefined ? {} : { distance: indices.map((index) => nth(distances, index)) }),
    label: labels,
  };
}

function sequenceColumns(items: Sequences, pairs: number, tested: Tested) {
  return {
    ...imageColumns(items, tested),
    sequence: items.indices.map((_, row) => Math.floor(row / pairs)),
    position: items.indices.map((_, row) => row % pairs),
  };
}

/**
 * As many sequences of each probe as the test set has; they depend neither on a seed nor on which sequences are
 * trained.
 */
export function probeItems(
  experiment: Experiment,
  data: Pick<Splits, 'test' | 'classes' | 'groups' | 'distances'>,
): ProbeItems[] {
  return probesOf(experiment.probe).map((name) => {
    const options = probeOptions(experiment, data.test.labels, data.classes);
    const { pairs } = options;
    const items = drawProbe(name, setting(experiment, 'testSequences'), options, Random.named(0, 'probe', name));
    const columns = sequenceColumns(items, pairs, data);
    const ofQueries = Object.entries(columns).map(([key, values]) => [
      key,
      values.filter((_, row) => row % pairs === pairs - 1),
    ]);
    return {
      ...{ ...items, name, pairs, choices: choicesOf(name, options) },
      columns: Object.fromEntries(ofQueries) as TestItems['columns'],
    };
  });
}

/** @param labels of the test images */
export function probeOptions(experiment: Experiment, labels: Int32Array, classes: number): ProbeOptions {
  const { heldOutClasses, ways = usualWays } = experiment;
  return { labels, classes, heldOut: heldOutClasses, pairs: setting(experiment, 'pairs'), ways };
}

/** The held-out training images, as examples: as many sequences as have that many images, at least one. */
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

/** Number of images that are tested after an epoch by default, if that costs next to nothing. */
const freeTest = { images: 1000, trainedPerTested: 20 };

/**
 * Rows of the test items that are scored after each epoch, those of whole examples; undefined for none.
 *
 * @param imagesPerEpoch number of images that training sees
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

/** Rows of the test items in moments; undefined for all. */
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
    heldOut: experiment.heldOutClasses,
    zipf: experiment.zipf,
  };
}
