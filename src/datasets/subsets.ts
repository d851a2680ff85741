/**
 * Which images of a dataset are used: those of its first classes, a random subset of them, some of the training images held out, a share of
 * the training labels replaced. All of this is the same for every member, run and machine; subsets with fewer classes or images are within
 * larger ones, and held-out images are never trained on, whatever the training size.
 */
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { Dataset, LoadOptions, RawDataset, RawSplit, Split } from './dataset.js';

export interface Used {
  readonly classes: number;
  readonly train: Split;
  readonly test: Split;
  readonly validation?: Split | undefined;
  /** Of the training images, before any of them was replaced. */
  readonly trueLabels: Int32Array;
  readonly classCounts: ClassCounts;
}

type ClassCounts = Dataset['classCounts'];

type Choice = Pick<LoadOptions, 'classes' | 'trainSize' | 'testSize' | 'validationSize' | 'labelNoise'>;

/** Throws UsageError, one line, if the dataset does not have what is requested. */
export function usedOf(raw: Pick<RawDataset, 'classes' | 'train' | 'test'>, choice: Choice, name: string): Used {
  const { validationSize = 0, labelNoise = 0, classes = raw.classes } = choice;
  const classCounts = { train: imagesPerClass(raw.train, raw.classes), test: imagesPerClass(raw.test, raw.classes) };
  const { train, test } = subsetSizes(classCounts, choice, name);
  const [trained, tested] = (['train', 'test'] as const).map((split) => orderOf(raw[split], { split, classes })) as [
    Int32Array,
    Int32Array,
  ];
  const chosen = trained.subarray(0, train);
  return {
    classes,
    train: taken({ ...raw.train, labels: withNoise(raw.train.labels, labelNoise, classes) }, chosen),
    test: taken(raw.test, tested.subarray(0, test)),
    ...(validationSize === 0 ? {} : { validation: taken(raw.train, trained.slice(-validationSize)) }),
    trueLabels: chosen
      .slice()
      .sort()
      .map((index) => raw.train.labels[index]!),
    classCounts,
  };
}

/** How many images are trained on and tested. Throws as `usedOf`. */
export function subsetSizes(
  classCounts: ClassCounts,
  { classes = classCounts.train.length, trainSize, testSize, validationSize = 0 }: Choice,
  name: string,
): Readonly<Record<'train' | 'test', number>> {
  const known = classCounts.train.length;
  if (classes > known)
    throw new UsageError(`${name} has ${known} classes, not ${classes}`, '--classes', `give at most ${known}`);
  const whose = classes < known ? `the first ${classes} classes of ${name} have` : `${name} has`;
  const all = imagesOf(classCounts.train, classes);
  const left = all - validationSize;
  if (left < 1 && validationSize > 0)
    throw new UsageError(
      `${validationSize} images held out leave none to train on: ${whose} ${all}`,
      '--validation-size',
      `give at most ${all - 1}`,
    );
  const besides = validationSize === 0 ? '' : ` besides the ${validationSize} held out`;
  refuseMore(trainSize, left, { split: 'train', whose: `${whose} ${left}${besides}` });
  const tested = imagesOf(classCounts.test, classes);
  refuseMore(testSize, tested, { split: 'test', whose: `${whose} ${tested}` });
  if (left === 0 || tested === 0)
    throw new UsageError(`${whose} no ${left === 0 ? 'training' : 'test'} image`, '--classes', 'give more classes');
  return { train: trainSize ?? left, test: testSize ?? tested };
}

/** Images of each class, `[classes]`. */
export function imagesPerClass({ labels }: Pick<RawSplit, 'labels'>, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts;
}

/** Images of the first classes, less those that are held out. */
export function imagesOf(counts: ArrayLike<number>, classes: number, heldOut = 0): number {
  return Array.from(counts)
    .slice(0, classes)
    .reduce((sum, count) => sum + count, -heldOut);
}

/** The images of the first classes in random order: subsets are its beginnings, and what is held out its end. */
function orderOf(
  { labels }: RawSplit,
  { split, classes }: { readonly split: string; readonly classes: number },
): Int32Array {
  return Random.named(0, 'subset', split)
    .permutation(labels.length)
    .filter((index) => labels[index]! < classes);
}

function refuseMore(
  size: number | undefined,
  most: number,
  { split, whose }: { readonly split: 'train' | 'test'; readonly whose: string },
): void {
  if (size === undefined || size <= most) return;
  throw new UsageError(
    `${counted(size, 'example')} requested, but ${whose}`,
    `--${split}-size`,
    `give at most ${most}`,
  );
}

/** The images at given positions, in the order of the whole. */
function taken(whole: RawSplit, chosen: Int32Array): Split {
  const count = chosen.length;
  const indices = chosen.slice().sort();
  if (count === whole.labels.length) return { ...whole, count, indices };
  const pixels = whole.images.length / whole.labels.length;
  const images = new Uint8Array(count * pixels);
  indices.forEach((from, to) => {
    images.set(whole.images.subarray(from * pixels, (from + 1) * pixels), to * pixels);
  });
  return { count, images, labels: indices.map((index) => whole.labels[index]!), indices };
}

/**
 * A share of the labels replaced, each by one of the other classes, all equally likely: symmetric noise. The images that it hits
 * for a smaller share are among those of a larger one.
 */
function withNoise(whole: Int32Array, share: number, classes: number): Int32Array {
  if (share === 0 || classes < 2) return whole;
  const labels = whole.slice();
  const order = Random.named(0, 'label noise')
    .permutation(labels.length)
    .filter((index) => labels[index]! < classes);
  const shifts = Random.named(0, 'label noise', 'classes');
  const count = Math.round(share * order.length);
  // In the order of the permutation, so that a larger share gives the same images the same wrong labels.
  for (let i = 0; i < count; i++) {
    const at = order[i]!;
    labels[at] = (labels[at]! + 1 + shifts.integer(classes - 1)) % classes;
  }
  return labels;
}
