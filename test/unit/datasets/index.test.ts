import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datasets, fingerprintOf, loadDataset, loadSplits, parseDatasetName } from '../../../src/datasets/index.js';
import { folderOf, smallFiles } from '../../support/idx.js';

let small = '';
beforeAll(() => {
  small = folderOf(smallFiles());
});
afterAll(() => {
  fs.rmSync(small, { recursive: true });
});

test('a dataset name is a source and optionally a path', () => {
  expect(parseDatasetName('mnist')).toEqual({ source: datasets.mnist, argument: '' });
  expect(parseDatasetName('idx:a:b/c')).toEqual({ source: datasets['idx:'], argument: 'a:b/c' });
  expect(() => parseDatasetName('toString')).toThrow(
    'dataset: "toString" is not a dataset; known: mnist, fashion-mnist, cifar10, cifar100, omniglot-small, omniglot, shapes, concepts, images:PATH, idx:PATH',
  );
  expect(() => parseDatasetName('mnist:x', '--dataset')).toThrow('--dataset: "mnist:x" is not a dataset');
});

test('label noise replaces a share of the training labels, the same ones at any size, a smaller share within a larger', async () => {
  const labelsOf = async (labelNoise: number | undefined, trainSize?: number) =>
    (await loadSplits('shapes', { labelNoise, trainSize })).train;
  const [clean, some, more] = await Promise.all([undefined, 0.1, 0.4].map((share) => labelsOf(share)));
  const wrong = (labels: Int32Array) => [...labels.keys()].filter((i) => labels[i] !== clean!.labels[i]);
  expect(wrong(some!.labels)).toHaveLength(600); // of 6 000
  expect(wrong(more!.labels)).toHaveLength(2400);
  for (const i of wrong(some!.labels)) expect(more!.labels[i]).toBe(some!.labels[i]);
  const { labels, indices } = await labelsOf(0.4, 500);
  expect([...labels]).toEqual(Array.from(indices, (index) => more!.labels[index]));
  // Each of the 7 other classes is equally likely: 2 400 / 7 = 343, with a standard deviation of 17.
  const shifts = new Array<number>(8).fill(0);
  for (const i of wrong(more!.labels)) shifts[(more!.labels[i]! - clean!.labels[i]! + 8) % 8]!++;
  expect(Math.min(...shifts.slice(1))).toBeGreaterThan(343 - 4 * 17);
  expect((await loadSplits('shapes', { labelNoise: 0.4 })).test.labels).toEqual(
    (await loadSplits('shapes')).test.labels,
  );
});

describe('subsets', () => {
  test('hold the examples of their indices, ascending, each once', async () => {
    const whole = await loadSplits(`idx:${small}`);
    for (let size = 1; size <= 6; size++) {
      const { train } = await loadSplits(`idx:${small}`, { trainSize: size });
      expect(train.count).toBe(size);
      expect([...train.indices]).toEqual([...new Set(train.indices)].sort((a, b) => a - b));
      expect([...train.labels]).toEqual([...train.indices].map((i) => whole.train.labels[i]));
      expect([...train.images]).toEqual(
        [...train.indices].flatMap((i) => [...whole.train.images.subarray(6 * i, 6 * i + 6)]),
      );
    }
  });

  test('are random, and the same each time', async () => {
    const sizes = { trainSize: 3000, testSize: 500 };
    const [first, second] = [await loadSplits('shapes', sizes), await loadSplits('shapes', sizes)];
    expect(second.train.indices).toEqual(first.train.indices);
    // The mean of 3000 of 0..5999: sd 6000 / sqrt(12) / sqrt(3000) * sqrt(1/2) = 22; five of them allowed.
    const mean = first.train.indices.reduce((sum, index) => sum + index, 0) / 3000;
    expect(Math.abs(mean - 2999.5)).toBeLessThan(110);
  });

  test('larger than the split are refused with both numbers', async () => {
    await expect(loadSplits(`idx:${small}`, { testSize: 4 })).rejects.toThrow(
      `--test-size: 4 examples requested, but idx:${small} has 3; give at most 3`,
    );
  });
});

describe('validation', () => {
  test('is held out of the training images, whichever subset is trained on, with original labels', async () => {
    const held = await loadSplits('shapes', { validationSize: 700 });
    const smaller = await loadSplits('shapes', { validationSize: 700, trainSize: 100, labelNoise: 0.5 });
    const whole = await loadSplits('shapes');
    expect(held.validation!.indices).toEqual(smaller.validation!.indices);
    expect([held.train.count, held.validation!.count, smaller.train.count]).toEqual([5300, 700, 100]);
    // Every image is in one of the two, none in both.
    expect([...held.train.indices, ...held.validation!.indices].sort((a, b) => a - b)).toEqual([...Array(6000).keys()]);
    expect(smaller.validation!.labels).toEqual(held.validation!.indices.map((index) => whole.train.labels[index]!));
    // A training set of a given size is the same with a validation split as without.
    expect(smaller.train.indices).toEqual((await loadSplits('shapes', { trainSize: 100 })).train.indices);
    expect((await loadDataset('shapes', { validationSize: 700 })).fingerprint).not.toBe(
      (await loadDataset('shapes', { trainSize: 5300 })).fingerprint,
    );
  });

  test('that leaves nothing or too little to train on is refused with what would fit', async () => {
    await expect(loadSplits('shapes', { validationSize: 6000 })).rejects.toThrow(
      '--validation-size: 6000 images held out leave none to train on: shapes has 6000; give at most 5999',
    );
    await expect(loadSplits('shapes', { validationSize: 700, trainSize: 5301 })).rejects.toThrow(
      '--train-size: 5301 examples requested, but shapes has 5300 besides the 700 held out; give at most 5300',
    );
  });
});

describe('classes', () => {
  test('are the first by label, in both splits; smaller subsets are within larger ones', async () => {
    const [whole, three, five] = await Promise.all(
      [undefined, 3, 5].map((classes) => loadSplits('shapes', { classes })),
    );
    const first = (labels: Int32Array, classes: number) => [...labels.keys()].filter((i) => labels[i]! < classes);
    for (const split of ['train', 'test'] as const) {
      expect([...three![split].indices]).toEqual(first(whole![split].labels, 3));
      expect([...three![split].labels]).toEqual([...whole![split].labels].filter((label) => label < 3));
    }
    expect([three!.classes, three!.classNames?.length]).toEqual([3, whole!.classNames?.slice(0, 3).length]);
    const [few, more] = await Promise.all([3, 5].map((classes) => loadSplits('shapes', { classes, testSize: 200 })));
    expect(few!.test.count).toBe(200);
    const shared = [...more!.test.indices].filter((_, i) => more!.test.labels[i]! < 3);
    expect(shared.every((index) => few!.test.indices.includes(index))).toBe(true);
    // Replaced labels stay among the existing classes.
    const noisy = await loadSplits('shapes', { classes: 5, labelNoise: 0.5 });
    const wrong = [...noisy.train.labels.keys()].filter((i) => noisy.train.labels[i] !== five!.train.labels[i]);
    expect(wrong).toHaveLength(Math.round(five!.train.count / 2));
    expect(Math.max(...noisy.train.labels)).toBe(4);
  });

  test('more than the dataset has are refused', async () => {
    await expect(loadSplits('shapes', { classes: 9 })).rejects.toThrow(
      '--classes: shapes has 8 classes, not 9; give at most 8',
    );
  });
});

describe('the fingerprint', () => {
  test('is SHA-256 over the header and the bytes', async () => {
    const header = '{"height":2,"width":3,"channels":1,"classes":3,"train":6,"test":3}';
    const labels = (values: number[]) => Buffer.concat(values.map((value) => Buffer.from([value, 0, 0, 0])));
    const expected = createHash('sha256')
      .update(header)
      .update(Buffer.concat([smallFiles()['train-images-idx3-ubyte']!.subarray(16), labels([0, 1, 2, 0, 1, 2])]))
      .update(Buffer.concat([smallFiles()['t10k-images-idx3-ubyte']!.subarray(16), labels([2, 1, 0])]))
      .digest('hex');
    expect((await loadDataset(`idx:${small}`)).fingerprint).toBe(expected);
  });

  test('changes with any byte and with any selection', async () => {
    const splits = await loadSplits(`idx:${small}`);
    const original = fingerprintOf(splits);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 35 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const images = splits.train.images.with(at, splits.train.images[at]! ^ flip);
        expect(fingerprintOf({ ...splits, train: { ...splits.train, images } })).not.toBe(original);
      }),
    );
    expect((await loadDataset(`idx:${small}`, { trainSize: 5 })).fingerprint).not.toBe(original);
  });
});

test('mnist is MNIST: counts of each class, mean pixel, first labels', async () => {
  const { train, test: held, shape, classes } = await loadSplits('mnist');
  expect([shape, classes, train.count, held.count]).toEqual([{ height: 28, width: 28, channels: 1 }, 10, 60000, 10000]);
  const counts = Array<number>(10).fill(0);
  for (const label of train.labels) counts[label]!++;
  // Published with the dataset.
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
  expect([...held.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
  const mean = train.images.reduce((sum, pixel) => sum + pixel, 0) / train.images.length / 255;
  expect(mean).toBeCloseTo(0.1307, 4); // the constant that everyone normalises by
});

describe('shapes', () => {
  test('are the same bytes everywhere', async () => {
    const { fingerprint, train, test: held, classes } = await loadDataset('shapes');
    expect([train.count, held.count, classes]).toEqual([6000, 1000, 8]);
    expect(fingerprint).toBe('3dbe136ed3df314625e0fe86fe4307536b5f6c5ac4d4d5b778933896b78e5bd1');
  });

  test('have all classes about equally often', async () => {
    const { train } = await loadSplits('shapes');
    const counts = Array<number>(8).fill(0);
    for (const label of train.labels) counts[label]!++;
    // Binomial with n = 6000, p = 1/8: mean 750, sd 25.6; five of them allowed.
    for (const count of counts) expect(Math.abs(count - 750)).toBeLessThan(128);
  });
});
