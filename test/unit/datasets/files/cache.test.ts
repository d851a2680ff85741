import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test, vi } from 'vitest';
import type { RawDataset } from '../../../../src/datasets/dataset.js';
import { cachedDataset, cacheFile } from '../../../../src/datasets/files/cache.js';
import { ownCache } from '../../../support/pictures.js';

const dataset: RawDataset = {
  shape: { height: 1, width: 2, channels: 3 },
  classes: 300,
  classNames: ['ä', 'b'],
  notes: ['one'],
  train: { images: Uint8Array.from({ length: 12 }, (_, i) => i), labels: Int32Array.from([0, 299]) },
  test: { images: Uint8Array.from({ length: 6 }, (_, i) => 250 + i), labels: Int32Array.from([1]) },
};

const plain = ({ train, test: held, ...rest }: RawDataset) => ({
  ...rest,
  train: [[...train.images], [...train.labels]],
  test: [[...held.images], [...held.labels]],
});

function maker() {
  return vi.fn(() => Promise.resolve(dataset));
}

test('is made once, then read back byte for byte', async () => {
  await ownCache();
  const make = maker();
  const first = await cachedDataset({ a: 1 }, make);
  const second = await cachedDataset({ a: 1 }, make);
  expect(make).toHaveBeenCalledTimes(1);
  expect(first).toBe(dataset);
  expect(plain(second)).toEqual(plain(dataset));
  await cachedDataset({ a: 2 }, make);
  expect(make).toHaveBeenCalledTimes(2);
});

test('begins with the SHA-256 of the rest', async () => {
  await ownCache();
  await cachedDataset({ a: 1 }, maker());
  const bytes = await fs.readFile(cacheFile({ a: 1 }));
  expect(bytes.subarray(0, 32)).toEqual(createHash('sha256').update(bytes.subarray(32)).digest());
});

test('damage anywhere is noticed and repaired', async () => {
  await ownCache();
  const file = cacheFile({ a: 1 });
  await cachedDataset({ a: 1 }, maker());
  const whole = await fs.readFile(file);
  const damaged = [whole.subarray(0, 0), whole.subarray(0, 20), whole.subarray(0, whole.length - 1)];
  for (let at = 0; at < whole.length; at += 7) damaged.push(Buffer.from(whole.with(at, whole[at]! ^ 1)));
  for (const bytes of damaged) {
    await fs.writeFile(file, bytes);
    const make = maker();
    await cachedDataset({ a: 1 }, make);
    expect(make).toHaveBeenCalledTimes(1);
    expect(await fs.readFile(file)).toEqual(whole);
  }
});

test('an unwritable cache costs a warning, not the dataset', async () => {
  const cache = await ownCache();
  await fs.writeFile(path.join(cache, 'datasets'), 'a file where a folder should be');
  const { notes } = await cachedDataset({ a: 1 }, maker());
  expect(notes).toEqual([
    'one',
    `the decoded images could not be cached: ${cache}/datasets: is a file, not a folder; rename that file`,
  ]);
});

test('if making the dataset fails, nothing is left behind', async () => {
  const cache = await ownCache();
  await expect(cachedDataset({ a: 1 }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await fs.readdir(cache)).toEqual([]);
});
