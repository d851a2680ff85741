/** What a user should know about a dataset before training on it, a line each. The dataset is not changed. */
import type { Dataset, Split } from './dataset.js';
import { imagesPerClass } from './subsets.js';

type Noted = Pick<Dataset, 'name' | 'classes' | 'classNames' | 'train' | 'test'> &
  Partial<Pick<Dataset, 'trueLabels' | 'composition'>>;

/** About classes without images, images in both splits, classes of very different sizes, and blank images. */
export function notesOn(data: Noted): string[] {
  const lines = [...classNotes(data), ...repeated(data), ...imbalance(data), ...constant(data)];
  return lines.map((line) => `${data.name}: ${line}`);
}

function classNotes(data: Noted): string[] {
  const { classes, composition, train, test } = data;
  const [trained, tested] = [imagesPerClass(train, classes), imagesPerClass(test, classes)];
  const labels = Array.from({ length: classes }, (_, label) => label);
  const unseen = labels.filter((label) => trained[label] === 0 && tested[label] === 0);
  const untrained = labels.filter((label) => trained[label] === 0 && tested[label]! > 0);
  const untested = labels.filter((label) => trained[label]! > 0 && tested[label] === 0);
  const of = (list: readonly number[]) => {
    const names = list.slice(0, 5).map((label) => className(data, label));
    // Names of combinations contain commas.
    const between = names.some((name) => name.includes(',')) ? '; ' : ', ';
    return `${list.length} of the ${classes} classes: ${[...names, ...(list.length > 5 ? ['...'] : [])].join(between)}`;
  };
  const heldOut =
    composition === undefined
      ? `test images but no training image of ${of(untrained)}`
      : `${untrained.length} of the ${classes} combinations have test images and no training image`;
  return [
    ...(unseen.length === 0 ? [] : [`no image of ${of(unseen)}; models still have an output for each`]),
    ...(untrained.length === 0 ? [] : [heldOut]),
    ...(untested.length === 0 ? [] : [`no test image of ${of(untested)}`]),
  ];
}

function className({ classNames }: Pick<Noted, 'classNames'>, label: number): string {
  return classNames?.[label] ?? String(label);
}

/** Test images that are also training images, pixel for pixel: a model that memorised them gets them right. */
function repeated({ train, test, trueLabels = train.labels }: Noted): string[] {
  const pixels = test.images.length / test.count;
  const imageOf = (split: Split, i: number) => split.images.subarray(i * pixels, (i + 1) * pixels);
  const byHash = new Map<number, number[]>();
  for (let i = 0; i < test.count; i++) {
    const hash = hashOf(imageOf(test, i));
    byHash.set(hash, [...(byHash.get(hash) ?? []), i]);
  }
  let [count, otherwise] = [0, 0];
  for (let i = 0; i < train.count; i++) {
    const hash = hashOf(imageOf(train, i));
    const candidates = byHash.get(hash);
    if (candidates === undefined) continue;
    const image = imageOf(train, i);
    const equal = candidates.filter((at) => Buffer.compare(imageOf(test, at), image) === 0);
    count += equal.length;
    otherwise += equal.filter((at) => test.labels[at] !== trueLabels[i]).length;
    // Each test image counts once and is then dropped.
    byHash.set(
      hash,
      candidates.filter((at) => !equal.includes(at)),
    );
  }
  if (count === 0) return [];
  const labelled = otherwise === 0 ? '' : `, ${otherwise} of them with another label there`;
  return [`${count} of ${test.count} test images are pixel-identical to training images${labelled}`];
}

/** FNV-1a (Fowler, Noll, Vo), 32 bits, of every fifth byte, and so of all columns; images with equal hashes are then compared in full. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  // Hot: 55 million bytes of MNIST.
  for (let i = 0; i < bytes.length; i += 5) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash;
}

/** Sizes of classes are reported if the largest has this many times the images of the smallest, and this many more. */
const uneven = { times: 3, more: 10 };

function imbalance(data: Noted): string[] {
  for (const [split, what] of [
    [data.train, 'training'],
    [data.test, 'test'],
  ] as const) {
    const { least, most } = extremesOf(imagesPerClass(split, data.classes));
    if (most.count < uneven.times * least.count || most.count < least.count + uneven.more) continue;
    const name = className(data, most.label);
    const always = imagesPerClass(data.test, data.classes)[most.label]! / data.test.count;
    return [
      `imbalanced, ${most.count} ${what} images of ${name} and ${least.count} of ${className(data, least.label)}: always answering ${name} is right for ${(100 * always).toFixed(1)} % of the test images; balanced-accuracy weights classes equally`,
    ];
  }
  return [];
}

/** For classes that have images. */
function extremesOf(counts: Int32Array) {
  let [least, most] = [
    { label: 0, count: Infinity },
    { label: 0, count: 0 },
  ];
  counts.forEach((count, label) => {
    if (count > most.count) most = { label, count };
    if (count > 0 && count < least.count) least = { label, count };
  });
  return { least, most };
}

function constant({ train: { images } }: Noted): string[] {
  const [first] = images;
  return images.every((value) => value === first)
    ? [`every pixel of the training images is ${first ?? 0}: there is nothing to learn`]
    : [];
}
