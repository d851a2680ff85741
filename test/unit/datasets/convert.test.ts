import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadDataset, loadSplits } from '../../../src/datasets/index.js';
import { folderOf, idxBytes, range, smallFiles } from '../../support/idx.js';
import { mistakeOf, ownCache } from '../../support/pictures.js';

let cache = '';
beforeEach(async () => {
  cache = path.join(await ownCache(), 'datasets');
});

const files = (shape: number[], pixels: (i: number) => number) => {
  const size = shape.reduce((product, side) => product * side, 1);
  return {
    ...smallFiles(),
    'train-images-idx3-ubyte': idxBytes([6, ...shape], range(6 * size).map(pixels)),
    't10k-images-idx3-ubyte': idxBytes([3, ...shape], range(3 * size).map(pixels)),
  };
};

test('grey converts to rgb and back, without a cache', async () => {
  const folder = folderOf(files([2, 3], (i) => i));
  const rgb = await loadSplits(`idx:${folder}`, { colour: 'rgb' });
  expect(rgb.shape).toEqual({ height: 2, width: 3, channels: 3 });
  expect([...rgb.train.images.subarray(0, 9)]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
  const same = await loadSplits(`idx:${folder}`, { colour: 'grey' });
  expect([...same.train.images]).toEqual(range(36));
  await expect(fs.readdir(cache)).rejects.toThrow('ENOENT');
  await fs.rm(folder, { recursive: true });
});

test('another size averages the pixels it covers, and is cached', async () => {
  // A ramp from left to right: shrinking preserves the ramp and its mean.
  const folder = folderOf(files([16, 16], (i) => 10 * (i % 16)));
  const { shape, train, fingerprint, notes } = await loadDataset(`idx:${folder}`, { imageSize: 4 });
  expect(shape).toEqual({ height: 4, width: 4, channels: 1 });
  const row = [...train.images.subarray(0, 4)];
  // The pixels 2..5, 6..9 and so on around the centres 5.5 and 9.5: means 55 and 95; the edges lean inwards.
  expect(row.slice(1, 3)).toEqual([55, 95]);
  expect(train.images.length).toBe(6 * 16);
  // All of them are the same ramp.
  expect(notes).toEqual([expect.stringContaining('3 of 3 test images are pixel-identical to training images')]);
  expect(await fs.readdir(cache)).toHaveLength(1);
  expect((await loadDataset(`idx:${folder}`, { imageSize: 4 })).fingerprint).toBe(fingerprint);
  expect(await fs.readdir(cache)).toHaveLength(1);
  await loadDataset(`idx:${folder}`, { imageSize: 4, colour: 'rgb' });
  expect(await fs.readdir(cache)).toHaveLength(2);
  await fs.rm(folder, { recursive: true });
});

test('images that are not square are cropped to the middle', async () => {
  const folder = folderOf(files([2, 6], (i) => (i % 6 < 2 || i % 6 > 3 ? 0 : 200)));
  const { train } = await loadSplits(`idx:${folder}`, { imageSize: 2 });
  expect([...new Set(train.images)]).toEqual([200]);
  await fs.rm(folder, { recursive: true });
});

test('converting to the present size and colour changes nothing', async () => {
  const plain = await loadDataset('shapes');
  const asked = await loadDataset('shapes', { imageSize: 28, colour: 'grey' });
  expect(asked.fingerprint).toBe(plain.fingerprint);
});

test('images with two channels cannot be converted, and too many bytes are refused', async () => {
  const base = smallFiles();
  const folder = folderOf({
    'train-images-idx4-ubyte': idxBytes([6, 1, 2, 2], range(24)),
    't10k-images-idx4-ubyte': idxBytes([3, 1, 2, 2], range(12)),
    'train-labels-idx1-ubyte': base['train-labels-idx1-ubyte']!,
    't10k-labels-idx1-ubyte': base['t10k-labels-idx1-ubyte']!,
  });
  expect(await mistakeOf(loadSplits(`idx:${folder}`, { imageSize: 4 }))).toBe(
    `UsageError: idx:${folder}: has images with 2 channels; only 1 or 3 can be converted; leave --image-size and --colour out`,
  );
  await fs.rm(folder, { recursive: true });
  expect(await mistakeOf(loadSplits('shapes', { imageSize: 1024 }))).toBe(
    'UsageError: shapes: its images would take 6.3 GB of memory; the limit is 1.5 GB; give a smaller --image-size, or --colour grey',
  );
});
