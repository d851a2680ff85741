import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cifarFormats, readCifar } from '../../../src/datasets/cifar.js';
import { loadSplits } from '../../../src/datasets/index.js';
import { mistakeOf } from '../../support/pictures.js';
import { temporaryFolder } from '../../support/runs.js';
import { tarGz } from '../../support/tar.js';

/** A record: labels, then 1024 red, 1024 green, 1024 blue; red is the pixel's row, green its column, blue `blue`. */
function record(labels: readonly number[], blue: number): Buffer {
  const places = Array.from({ length: 1024 }, (_, i) => i);
  return Buffer.from([
    ...labels,
    ...places.map((i) => Math.floor(i / 32)),
    ...places.map((i) => i % 32),
    ...places.map(() => blue),
  ]);
}

async function archiveOf(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const file = path.join(await temporaryFolder(), 'a.tar.gz');
  await fs.writeFile(file, await tarGz(files));
  return file;
}

const folder10 = 'cifar-10-batches-bin';
const files10: Record<string, Buffer> = {
  [`${folder10}/batches.meta.txt`]: Buffer.from('airplane\nautomobile\nbird\n\n'),
  [`${folder10}/data_batch_1.bin`]: Buffer.concat([record([2], 1), record([0], 2)]),
  ...Object.fromEntries([2, 3, 4, 5].map((i) => [`${folder10}/data_batch_${i}.bin`, record([1], 10 * i)])),
  [`${folder10}/readme.html`]: Buffer.from('<html>'),
  [`${folder10}/test_batch.bin`]: record([2], 99),
};

test('cifar10: batches in order, planes interleaved, names from the archive', async () => {
  const {
    shape,
    classes,
    classNames,
    train,
    test: held,
  } = await readCifar(await archiveOf(files10), cifarFormats.cifar10);
  expect([shape, classes, classNames]).toEqual([
    { height: 32, width: 32, channels: 3 },
    3,
    ['airplane', 'automobile', 'bird'],
  ]);
  expect([...train.labels]).toEqual([2, 0, 1, 1, 1, 1]);
  expect([...held.labels]).toEqual([2]);
  expect([0, 1, 2, 3, 4, 5].map((i) => train.images[3072 * i + 2])).toEqual([1, 2, 20, 30, 40, 50]);
  for (const [y, x] of [
    [0, 0],
    [0, 31],
    [7, 3],
    [31, 31],
  ] as const) {
    const at = 3 * (32 * y + x);
    expect([...held.images.subarray(at, at + 3)]).toEqual([y, x, 99]);
  }
});

test('cifar100: the second label, the fine one', async () => {
  const folder = 'cifar-100-binary';
  const file = await archiveOf({
    [`${folder}/coarse_label_names.txt`]: Buffer.from('fish\nflowers\n'),
    [`${folder}/fine_label_names.txt`]: Buffer.from('apple\naquarium_fish\nbaby\n'),
    [`${folder}/train.bin`]: Buffer.concat([record([0, 2], 5), record([1, 1], 6)]),
    [`${folder}/test.bin`]: record([1, 0], 7),
  });
  const { classNames, train, test: held } = await readCifar(file, cifarFormats.cifar100);
  expect(classNames).toEqual(['apple', 'aquarium_fish', 'baby']);
  expect([[...train.labels], [...held.labels]]).toEqual([[2, 1], [0]]);
  expect([train.images[2], train.images[3072 + 2], held.images[2]]).toEqual([5, 6, 7]);
});

describe('a fault is one line', () => {
  const line = async (changes: Record<string, Buffer>, without = '') => {
    const kept = Object.entries({ ...files10, ...changes }).filter(([name]) => name !== `${folder10}/${without}`);
    const file = await archiveOf(Object.fromEntries(kept));
    return (await mistakeOf(readCifar(file, cifarFormats.cifar10))).replaceAll(file, 'FILE');
  };

  test('a batch is missing, cut off, empty or in another format', async () => {
    expect(await line({}, 'data_batch_3.bin')).toBe(
      'UsageError: FILE: holds no data_batch_3.bin; give the binary version of the archive',
    );
    expect(await line({ [`${folder10}/test_batch.bin`]: record([0], 1).subarray(1) })).toBe(
      'UsageError: FILE: test_batch.bin: is 3072 bytes long, which is not a multiple of the record length 3073',
    );
    expect(await line({ [`${folder10}/test_batch.bin`]: Buffer.alloc(0) })).toContain('is 0 bytes long');
    expect(await line({ [`${folder10}/test_batch.bin`]: record([3], 1) })).toBe(
      'UsageError: FILE: test_batch.bin: record 0 has the label 3, but there are 3 classes',
    );
  });

  test('the archive is cut off, or not an archive', async () => {
    const folder = await temporaryFolder();
    const whole = await tarGz(files10);
    for (const [name, bytes] of [
      ['cut.tar.gz', whole.subarray(0, whole.length / 2)],
      ['text.tar.gz', Buffer.from('no archive')],
      ['empty.tar.gz', Buffer.alloc(0)],
    ] as const) {
      await fs.writeFile(path.join(folder, name), bytes);
      expect(await mistakeOf(readCifar(path.join(folder, name), cifarFormats.cifar10))).toMatch(
        /^UsageError: .*: (is not a complete tar\.gz archive \(.+\)|holds no batches\.meta\.txt; .*)$/,
      );
    }
  });

  test('the official file is missing, or another file has its name', async () => {
    const dataDir = await temporaryFolder();
    expect(await mistakeOf(loadSplits('cifar100', { dataDir }))).toBe(
      `UsageError: ${dataDir}/cifar100/cifar-100-binary.tar.gz: is missing, and cifar100 needs it; run: npm run datasets -- fetch cifar100 --data-dir ${dataDir} (169 MB), or copy https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz there yourself`,
    );
    await fs.mkdir(`${dataDir}/cifar10`);
    await fs.copyFile(await archiveOf(files10), `${dataDir}/cifar10/cifar-10-binary.tar.gz`);
    expect(await mistakeOf(loadSplits('cifar10', { dataDir }))).toMatch(
      /cifar-10-binary\.tar\.gz: is \d+ bytes long, but the published size is 170052171; delete it and run: npm run datasets -- fetch cifar10/,
    );
  });
});
