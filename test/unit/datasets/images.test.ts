import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { RawDataset, RawSplit } from '../../../src/datasets/dataset.js';
import { loadImages } from '../../../src/datasets/images.js';
import { loadDataset } from '../../../src/datasets/index.js';
import { folderWith, mistakeOf, ownCache, plainPng, zipWith, type Rgb } from '../../support/pictures.js';

const context = { dataDir: '/nowhere' };
const load = (location: string) => loadImages(location, context);

beforeEach(async () => {
  await ownCache();
});

const red: Rgb = [255, 0, 0];
const blue: Rgb = [0, 0, 255];

/** Class of each image with its first pixel. */
function pixels({ classNames, shape }: RawDataset, { images, labels }: RawSplit): string[] {
  const size = shape.height * shape.width * shape.channels;
  return Array.from(
    labels,
    (label, i) => `${classNames![label]!} ${images.subarray(i * size, i * size + shape.channels).join()}`,
  );
}

/** Two classes, two images of each in train and one in test, with other shades of red and blue. */
async function twoClasses(prefix = ''): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const [split, shades] of [
    ['train', [10, 20]],
    ['test', [30]],
  ] as const)
    for (const shade of shades) {
      files[`${prefix}${split}/bird/${shade}.png`] = await plainPng([shade, 0, 0]);
      files[`${prefix}${split}/ant/${shade}.png`] = await plainPng([0, 0, shade], 5, 9);
    }
  return files;
}

const expected = {
  train: ['ant 0,0,10', 'ant 0,0,20', 'bird 10,0,0', 'bird 20,0,0'],
  test: ['ant 0,0,30', 'bird 30,0,0'],
};

function expectTwoClasses(dataset: RawDataset): void {
  expect(dataset.classNames).toEqual(['ant', 'bird']);
  expect(dataset.shape).toEqual({ height: 32, width: 32, channels: 3 });
  expect({ train: pixels(dataset, dataset.train), test: pixels(dataset, dataset.test) }).toEqual(expected);
}

describe('the same two classes in every layout', () => {
  test('a folder with train and test', async () => {
    const dataset = await load(await folderWith(await twoClasses()));
    expectTwoClasses(dataset);
    expect(dataset.notes).toEqual([]);
  });

  test('a zip, a zip with a single top folder, and files that systems leave in it', async () => {
    expectTwoClasses(await load(await zipWith(await twoClasses())));
    const clutter = {
      '__MACOSX/train/ant/._10.png': Buffer.from('x'),
      'my/train/.DS_Store': Buffer.from('x'),
      'my/Thumbs.db': Buffer.from('x'),
    };
    expectTwoClasses(await load(await zipWith({ ...(await twoClasses('my/')), ...clutter })));
  });

  test('a folder with train.zip and test.zip, with or without a folder of the same name inside', async () => {
    const files = Object.entries(await twoClasses());
    for (const strip of [0, 'train/'.length]) {
      const part = (split: string) =>
        Buffer.from(
          zipSync(
            Object.fromEntries(
              files
                .filter(([name]) => name.startsWith(`${split}/`))
                .map(([name, bytes]) => [strip === 0 ? name : name.slice(split.length + 1), bytes]),
            ),
          ),
        );
      expectTwoClasses(await load(await folderWith({ 'train.zip': part('train'), 'test.zip': part('test') })));
    }
  });

  test('images in subfolders of the class folder', async () => {
    const files = await twoClasses();
    files['train/ant/more/15.png'] = await plainPng([0, 0, 15]);
    const dataset = await load(await folderWith(files));
    expect(pixels(dataset, dataset.train)).toEqual([
      'ant 0,0,10',
      'ant 0,0,20',
      'ant 0,0,15',
      ...expected.train.slice(2),
    ]);
  });
});

test('without a test folder a fifth of each class is sampled, the same each time, and a note says so', async () => {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < 20; i++) files[`a/${i}.png`] = await plainPng([i, 0, 0]);
  for (let i = 0; i < 3; i++) files[`b/${i}.png`] = await plainPng([0, i, 0]);
  files['c/0.png'] = await plainPng([0, 0, 9]);
  const folder = await folderWith(files);
  const dataset = await load(folder);
  const [train, held] = [pixels(dataset, dataset.train), pixels(dataset, dataset.test)];
  const of = (name: string, list: string[]) => list.filter((each) => each.startsWith(name));
  expect([of('a', train).length, of('a', held).length]).toEqual([16, 4]);
  expect([of('b', train).length, of('b', held).length]).toEqual([2, 1]);
  expect([of('c', train).length, of('c', held).length]).toEqual([1, 0]);
  expect(new Set([...train, ...held]).size).toBe(24);
  expect(dataset.notes).toEqual([
    `${folder}: no test folder: 5 of 24 images, about a fifth of each class, become the test set`,
  ]);
  await ownCache();
  const again = await load(folder);
  expect(pixels(again, again.test)).toEqual(held);
});

test('size and colour are as requested', async () => {
  const folder = await folderWith(await twoClasses());
  const dataset = await loadImages(folder, { ...context, imageSize: 6, colour: 'grey' });
  expect(dataset.shape).toEqual({ height: 6, width: 6, channels: 1 });
  // Pillow's L of (30, 0, 0) and (0, 0, 30): 30 * 0.299 and 30 * 0.114, rounded.
  expect(pixels(dataset, dataset.test)).toEqual(['ant 3', 'bird 9']);
});

describe('the cache', () => {
  test('is used the second time, until a file changes', async () => {
    const cache = await ownCache();
    const folder = await folderWith(await twoClasses());
    const first = await loadDataset(`images:${folder}`);
    expect(await fs.readdir(path.join(cache, 'datasets'))).toHaveLength(1);
    expect((await loadDataset(`images:${folder}`)).fingerprint).toBe(first.fingerprint);
    await fs.writeFile(path.join(folder, 'test/ant/30.png'), await plainPng([0, 0, 31]));
    const changed = await loadDataset(`images:${folder}`);
    expect(changed.fingerprint).not.toBe(first.fingerprint);
    expect(await fs.readdir(path.join(cache, 'datasets'))).toHaveLength(2);
  });

  test('remembers what was skipped, even after the folder moves', async () => {
    const folder = await folderWith({ ...(await twoClasses()), 'train/ant/notes.txt': Buffer.from('hello') });
    const line = `${folder}: 1 of 5 files skipped: damaged or not images; the first is train/ant/notes.txt (Input buffer contains unsupported image format)`;
    expect((await load(folder)).notes).toEqual([line]);
    const moved = path.join(await folderWith({}), 'moved');
    await fs.rename(folder, moved);
    expect((await load(moved)).notes).toEqual([line.replace(folder, moved)]);
    await fs.mkdir(folder);
  });
});

test('damaged and other files are skipped and counted, and the rest is in order', async () => {
  const whole = await plainPng(red, 40, 40);
  const folder = await folderWith({
    ...(await twoClasses()),
    'train/ant/00-cut.png': whole.subarray(0, 90),
    'train/ant/15-empty.png': Buffer.alloc(0),
    'train/bird/15.txt': Buffer.from('text'),
    'train/README.md': Buffer.from('outside the class folders'),
  });
  const dataset = await load(folder);
  expectTwoClasses(dataset);
  expect(dataset.notes).toHaveLength(1);
  expect(dataset.notes![0]).toContain(
    ': 3 of 7 files skipped: damaged or not images; the first is train/ant/00-cut.png (',
  );
});

describe('links', () => {
  test('to a file inside are followed, all others are counted', async () => {
    const outside = await folderWith({ 'secret.png': await plainPng(blue) });
    const folder = await folderWith(await twoClasses());
    await fs.symlink('10.png', path.join(folder, 'train/ant/30-inside.png'));
    await fs.symlink(path.join(outside, 'secret.png'), path.join(folder, 'train/ant/40-outside.png'));
    await fs.symlink('..', path.join(folder, 'train/ant/50-loop'));
    await fs.symlink('nothing', path.join(folder, 'train/ant/60-broken.png'));
    const dataset = await load(folder);
    expect(pixels(dataset, dataset.train)).toEqual([
      'ant 0,0,10',
      'ant 0,0,20',
      'ant 0,0,10',
      ...expected.train.slice(2),
    ]);
    expect(dataset.notes).toEqual([`${folder}: 3 links to folders or out of this folder not followed`]);
  });

  test('the folder itself may be one', async () => {
    const folder = await folderWith(await twoClasses());
    const link = path.join(await folderWith({}), 'link');
    await fs.symlink(folder, link);
    expectTwoClasses(await load(link));
  });
});

describe('each mistake is one line', () => {
  const layout =
    'a class is a folder of images: PATH/CLASS/..., or PATH/train/CLASS/... and PATH/test/CLASS/...; or PATH/labels.csv lists file and label';
  const line = async (files: Record<string, Buffer>) => {
    const folder = await folderWith(files);
    return (await mistakeOf(load(folder))).replaceAll(folder, 'PATH');
  };

  test('no such path', async () => {
    expect(await mistakeOf(load('/no/such'))).toBe(
      "UsageError: /no/such: can't be read (ENOENT); give a folder or a zip archive of images",
    );
  });

  test('no class folders', async () => {
    expect(await line({ 'a.png': await plainPng(red) })).toBe(`UsageError: PATH: holds no class folders; ${layout}`);
    expect(await line({})).toBe(`UsageError: PATH: holds no class folders; ${layout}`);
  });

  test('one class', async () => {
    expect(await line({ 'cat/a.png': await plainPng(red) })).toBe(
      `UsageError: PATH: holds only one class, cat; ${layout}`,
    );
  });

  test('train without test', async () => {
    const files = { 'train/a/1.png': await plainPng(red), 'more/a/1.png': await plainPng(red) };
    expect(await line(files)).toBe(
      'UsageError: PATH: holds the folders more, train, but none named test; a dataset needs train and test; or give a single set, and a fifth of it becomes the test set',
    );
    expect(await line({ 'train.zip': Buffer.from('x') })).toBe(
      'UsageError: PATH: holds train.zip and no test.zip; put the other one next to it, or name the zip itself',
    );
  });

  test('a class that only test has', async () => {
    const files = {
      ...(await twoClasses()),
      'test/wasp/1.png': await plainPng(red),
      'test/yak/1.png': await plainPng(red),
    };
    expect(await line(files)).toBe(
      'UsageError: PATH/test: holds the class wasp and 1 more without any training image; train and test must have the same classes',
    );
  });

  test('a class with no image, or none readable', async () => {
    const files = { ...(await twoClasses()), 'train/yak/': Buffer.alloc(0) };
    expect(await line(files)).toBe(
      'UsageError: PATH/train: the class yak has no readable image; add images to it, or remove it',
    );
    const bad = { ...(await twoClasses()), 'train/yak/a.png': Buffer.from('x'), 'train/zoo/': Buffer.alloc(0) };
    expect(await line(bad)).toBe(
      'UsageError: PATH/train: the class yak (and 1 more) has no readable image; yak/a.png: Input buffer contains unsupported image format; add images to it, or remove it',
    );
  });

  test('a test folder with no image', async () => {
    const files = Object.entries(await twoClasses()).filter(([name]) => name.startsWith('train/'));
    expect(await line({ ...Object.fromEntries(files), 'test/ant/': Buffer.alloc(0) })).toBe(
      `UsageError: PATH/test: holds no images; ${layout}`,
    );
  });

  test('an archive that leads out, or is not an archive', async () => {
    const slip = await zipWith({ ...(await twoClasses()), '../../evil.png': await plainPng(red) });
    expect(await mistakeOf(load(slip))).toContain(
      'holds a file whose path leads outside the archive: "../../evil.png"',
    );
    const text = path.join(await folderWith({ 'a.zip': Buffer.from('no zip') }), 'a.zip');
    expect(await mistakeOf(load(text))).toContain('a.zip: is not a complete zip archive');
  });

  test('more than memory holds', async () => {
    // 1200 entries of one small image, at 1024 x 1024 x 3 bytes each.
    const image = await plainPng(red);
    const files = Object.fromEntries(Array.from({ length: 1200 }, (_, i) => [`train/${i % 2}/${i}.png`, image]));
    const zip = await zipWith({ ...files, 'test/0/a.png': image });
    expect(await mistakeOf(loadImages(zip, { ...context, imageSize: 1024 }))).toBe(
      `UsageError: ${zip}: its images would take 3.8 GB of memory; the limit is 1.5 GB; give a smaller --image-size, or --colour grey`,
    );
  });
});

/** Whole names in order, each with two shades in train and one in test, or three without a test. */
async function shades(names: readonly string[]): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const [i, name] of names.entries()) files[name] = await plainPng([7 * i, 0, 0]);
  return files;
}

describe('split folders under other names', () => {
  const named = async (train: string, test: string, more: readonly string[] = []) => {
    const of = (split: string) =>
      ['ant', 'bird'].flatMap((name) => [`${split}/${name}/1.png`, `${split}/${name}/2.png`]);
    const folder = await folderWith(await shades([...of(train), ...of(test), ...more]));
    const { classNames, train: trained, test: tested, notes } = await load(folder);
    expect([classNames, trained.labels.length, tested.labels.length]).toEqual([['ant', 'bird'], 4, 4]);
    return notes!.map((note) => note.replace(`${folder}: `, ''));
  };

  test.each([
    ['Training', 'Testing'],
    ['Train', 'Test'],
    ['training', 'testing'],
    ['train_images', 'test_images'],
    ['trainset', 'test-set'],
    ['seg_train', 'seg_test'],
    ['train2017', 'val2017'],
    ['train', 'valid'],
    ['train', 'dev'],
  ])('%s and %s are used as train and test, and the user is told', async (train, tested) => {
    expect(await named(train, tested)).toEqual([`${train} is used as the training set, ${tested} as the test set`]);
  });

  test('one more folder of the same name inside is entered', async () => {
    expect(await named('seg_train/seg_train', 'seg_test/seg_test')).toEqual([
      'seg_train is used as the training set, seg_test as the test set',
    ]);
  });

  test('val beside test is not used, nor is anything else', async () => {
    expect(await named('train', 'test', ['val/ant/1.png', 'docs/a/b.png'])).toEqual([
      'val is ignored: nothing is tuned on validation images here',
      'docs is ignored: it is neither train nor test',
    ]);
  });

  test('archives, too', async () => {
    const zip = async (names: string[]) => fs.readFile(await zipWith(await shades(names)));
    const folder = await folderWith({
      'Training.zip': await zip(['a/1.png', 'b/1.png']),
      'validation.zip': await zip(['a/1.png', 'b/1.png']),
    });
    expect((await load(folder)).notes).toEqual([
      `${folder}: Training.zip is used as the training set, validation.zip as the test set`,
    ]);
  });

  test('two equally good names are refused, as are images without a class', async () => {
    const mistake = async (names: string[]) => {
      const folder = await folderWith(await shades(names));
      return (await mistakeOf(load(folder))).replaceAll(folder, 'PATH').split('; a class is')[0];
    };
    expect(await mistake(['Train/a/1.png', 'Training/a/1.png', 'Test/a/1.png'])).toBe(
      'UsageError: PATH: holds Train and Training; either could be the train set; name one of them train',
    );
    expect(await mistake(['Train/1.png', 'Test/1.png'])).toBe('UsageError: PATH: Train and Test hold no class folders');
    expect(await mistake(['train/a/1.png', 'train/b/1.png', 'test/1.png'])).toBe(
      'UsageError: PATH: test holds no class folders',
    );
  });

  test('a folder of images called train is a class', async () => {
    const names = ['bus', 'car', 'train'].flatMap((name) => Array.from({ length: 5 }, (_, i) => `${name}/${i}.png`));
    expect((await load(await folderWith(await shades(names)))).classNames).toEqual(['bus', 'car', 'train']);
  });
});

describe('an unsuitable test set is refused before training', () => {
  test('one image per class', async () => {
    const folder = await folderWith(await shades(['cat/0.png', 'dog/0.png']));
    expect(await mistakeOf(load(folder))).toBe(
      `UsageError: ${folder}: each class has only one image, so none is left for the test set; put at least two images into each class folder, or add test images (docs/datasets.md)`,
    );
  });
});

describe('names', () => {
  test('in NFC and NFD are the same, ordered like the folders as stored', async () => {
    const [composed, split] = ['caf\u00e9', 'cafe\u0301'];
    const folder = await folderWith(
      await shades([`train/${split}/1.png`, 'train/cafz/1.png', `test/${composed}/1.png`, 'test/cafz/1.png']),
    );
    const { classNames, notes, train, test: tested } = await load(folder);
    // The "e" of the stored name sorts before "z"; "é" would sort after it.
    expect(classNames).toEqual([composed, 'cafz']);
    expect([[...train.labels], [...tested.labels], notes]).toEqual([[0, 1], [0, 1], []]);
  });

  test('of one class in both forms are joined, those that differ in case are not, and both are reported', async () => {
    const names = ['caf\u00e9/1.png', 'cafe\u0301/2.png', 'Dog/1.png', 'dog/1.png', 'dog/2.png'];
    const folder = await folderWith(await shades(names));
    const { classNames, notes } = await load(folder);
    expect(classNames).toEqual(['Dog', 'caf\u00e9', 'dog']);
    expect(notes!.slice(0, 2)).toEqual([
      `${folder}: Dog and dog are 2 classes whose names differ only in case`,
      `${folder}: 1 class folder merged with another of the same name in a different encoding`,
    ]);
  });

  test('of a class spelled differently in test', async () => {
    const folder = await folderWith(
      await shades(['train/Cat/1.png', 'train/dog/1.png', 'test/cat/1.png', 'test/dog/1.png']),
    );
    expect(await mistakeOf(load(folder))).toBe(
      `UsageError: ${folder}/test: holds the class cat without any training image; train has Cat: use the same spelling`,
    );
  });

  test('that are not UTF-8 are read', async () => {
    const folder = await folderWith(await shades(['dog/1.png', 'dog/2.png']));
    // é in Latin-1, as in an old archive.
    const own = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9)]);
    await fs.mkdir(own);
    for (const name of ['1.png', '\xe9.png'])
      await fs.writeFile(Buffer.concat([own, Buffer.from(`/${name}`, 'latin1')]), await plainPng(blue));
    const dataset = await load(folder);
    expect(dataset.classNames).toEqual(['caf\u00e9', 'dog']);
    expect([...pixels(dataset, dataset.train), ...pixels(dataset, dataset.test)].sort()).toEqual([
      'caf\u00e9 0,0,255',
      'caf\u00e9 0,0,255',
      'dog 0,0,0',
      'dog 7,0,0',
    ]);
  });
});

test('files left by storage devices and file managers are neither images nor classes', async () => {
  const clutter = [
    '@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg',
    'train/ant/@eaDir/10.png/SYNOPHOTO_THUMB_M.png',
    '#recycle/1.png',
  ];
  const folder = await folderWith({
    ...(await twoClasses()),
    ...(await shades([...clutter, 'lost+found/1.png', 'train/__MACOSX/._1.png', 'train/ant/Thumbs.db'])),
  });
  const dataset = await load(folder);
  expectTwoClasses(dataset);
  expect(dataset.notes).toEqual([]);
});

test('links and archives in place of class folders are named', async () => {
  const real = await folderWith(await twoClasses());
  const folder = await folderWith({ 'birds.zip': Buffer.from('x') });
  for (const name of ['dog', 'cat']) await fs.symlink(path.join(real, 'train'), path.join(folder, name));
  expect((await mistakeOf(load(folder))).split(';')[0]).toBe(
    `UsageError: ${folder}: holds no class folders, 2 links not followed, such as cat, 1 archive not opened, such as birds.zip`,
  );
});

test.each([
  ['train', 'test'],
  ['test', 'Train'],
])('beside %s, a link %s is refused, as the folder would be split in two', async (kept, linked) => {
  const real = await folderWith(await twoClasses());
  const folder = await folderWith({});
  await fs.cp(path.join(real, kept), path.join(folder, kept), { recursive: true });
  await fs.symlink(path.join(real, linked.toLowerCase()), path.join(folder, linked));
  expect(await mistakeOf(load(folder))).toBe(
    `UsageError: ${folder}: ${linked} is a link, and links to folders are not followed; put the folder there`,
  );
});

test('an image of 128 megapixels is skipped, not decoded', async () => {
  const bomb = await sharp({
    create: { width: 16_000, height: 8000, channels: 3, background: 'black' },
    limitInputPixels: false,
  })
    .png()
    .toBuffer();
  const folder = await folderWith({ ...(await twoClasses()), 'train/ant/bomb.png': bomb });
  const dataset = await load(folder);
  expectTwoClasses(dataset);
  expect(dataset.notes![0]).toContain(
    '1 of 5 files skipped: damaged or not images; the first is train/ant/bomb.png (Input image exceeds pixel limit)',
  );
});

/** A folder with train.zip and test.zip, CIFAR-10 as JPEG files in class folders. */
const cifar10 = process.env['EMERGENCE_TEST_CIFAR10'];

test.skipIf(cifar10 === undefined)(
  'CIFAR-10 as JPEG files: counts, classes, and the usual normalisation means',
  async () => {
    vi.unstubAllEnvs();
    await ownCache();
    const dataset = await load(cifar10!);
    expect(dataset.shape).toEqual({ height: 32, width: 32, channels: 3 });
    expect(dataset.classNames).toEqual([
      'airplane',
      'automobile',
      'bird',
      'cat',
      'deer',
      'dog',
      'frog',
      'horse',
      'ship',
      'truck',
    ]);
    const counts = (labels: Int32Array) =>
      Array.from({ length: 10 }, (_, label) => labels.filter((each) => each === label).length);
    expect(counts(dataset.train.labels)).toEqual(Array(10).fill(5000));
    expect(counts(dataset.test.labels)).toEqual(Array(10).fill(1000));
    const sums = [0, 0, 0];
    dataset.train.images.forEach((value, i) => (sums[i % 3]! += value));
    // Of the original pixels; JPEG moves a channel's mean by less than a thousandth.
    const published = [0.4914, 0.4822, 0.4465];
    sums.forEach((sum, channel) => {
      expect(Math.abs(sum / (50_000 * 1024 * 255) - published[channel]!)).toBeLessThan(1e-3);
    });
    expect(dataset.notes).toEqual([]);
  },
  600_000,
);
