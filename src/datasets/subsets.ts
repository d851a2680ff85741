/**
 * Which images of a dataset are used: those of its first classes, a random subset of them, some of the training images held out,
 * a share of the training labels replaced. All of it is the same for every member, run and machine; subsets of fewer classes or
 * images are within those of more, and what is held out is never trained on, whatever the training size.
 */
import { Random } from '../statistics/random.js';
import { UsageError } from '../terminal/errors.js';
import type { LoadOptions, RawDataset, RawSplit, Split } from './dataset.js';

export interface Used {
  readonly classes: number;
  readonly train: Split;
  readonly test: Split;
  readonly validation?: Split | undefined;
  /** Of the training images, before any of them was replaced. */
  readonly trueLabels: Int32Array;
  /** Training images of each class that the dataset has, `[classes of the dataset]`. */
  readonly trainCounts: Int32Array;
}

type Choice = Pick<LoadOptions, 'classes' | 'trainSize' | 'testSize' | 'validationSize' | 'labelNoise'>;

/** Throws UsageError, one line, where the dataset does not have what is asked for. */
export function usedOf(raw: Pick<RawDataset, 'classes' | 'train' | 'test'>, choice: Choice, name: string): Used {
  const { trainSize, testSize, validationSize = 0, labelNoise = 0 } = choice;
  const classes = choice.classes ?? raw.classes;
  if (classes > raw.classes)
    throw new UsageError(
      `${name} has ${raw.classes} classes, not ${classes}`,
      '--classes',
      `give at most ${raw.classes}`,
    );
  const [trained, tested] = (['train', 'test'] as const).map((split) => orderOf(raw[split], { split, classes })) as [
    Int32Array,
    Int32Array,
  ];
  const whose = classes < raw.classes ? `the first ${classes} classes of ${name} have` : `${name} has`;
  const left = trained.length - validationSize;
  if (left < 1 && validationSize > 0)
    throw new UsageError(
      `${validationSize} images held out leave none to train on: ${whose} ${trained.length}`,
      '--validation-size',
      `give at most ${trained.length - 1}`,
    );
  refuseMore(trainSize, left, {
    split: 'train',
    whose: validationSize === 0 ? `${whose} ${left}` : `${whose} ${left} besides the ${validationSize} held out`,
  });
  refuseMore(testSize, tested.length, { split: 'test', whose: `${whose} ${tested.length}` });
  const chosen = trained.subarray(0, trainSize ?? left);
  return {
    classes,
    train: taken({ ...raw.train, labels: withNoise(raw.train.labels, labelNoise, classes) }, chosen),
    test: taken(raw.test, tested.subarray(0, testSize)),
    ...(validationSize === 0 ? {} : { validation: taken(raw.train, trained.subarray(left)) }),
    trueLabels: chosen
      .slice()
      .sort()
      .map((index) => raw.train.labels[index]!),
    trainCounts: countsOf(raw.train, raw.classes),
  };
}

/** Images of each class, `[classes]`. */
export function countsOf({ labels }: Pick<RawSplit, 'labels'>, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts;
}

/** Images that a training set of the first classes has, by the dataset's `trainCounts` and how many are held out. */
export function trainCountOf(trainCounts: ArrayLike<number>, classes: number, validationSize = 0): number {
  return Array.from(trainCounts)
    .slice(0, classes)
    .reduce((sum, count) => sum + count, -validationSize);
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
  throw new UsageError(`${size} examples requested, but ${whose}`, `--${split}-size`, `give at most ${most}`);
}

/** The images at some places, in the order of the whole. */
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
