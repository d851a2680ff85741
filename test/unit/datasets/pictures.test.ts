import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, test } from 'vitest';
import { loadImages } from '../../../src/datasets/images.js';
import { tiffOf } from '../../support/tiff.js';
import { readPictures } from '../../../src/datasets/pictures.js';
import { folderWith, mistakeOf, ownCache, plainPng, pngOf } from '../../support/pictures.js';

beforeEach(async () => {
  await ownCache();
});

const ramp = (length: number) => Uint8Array.from({ length }, (_, i) => (7 * i) % 256);
const grey = { height: 4, width: 4, channels: 1 };

test('files are read as the dataset of a folder reads them: middle square, size, colour, transparency, orientation', async () => {
  const files = {
    'a/wide.png': await pngOf(ramp(9 * 6 * 3), 9, 3),
    'a/tall.jpg': await sharp(await pngOf(ramp(5 * 11 * 3), 5, 3))
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer(),
    'b/seen-through.png': await pngOf(ramp(8 * 8 * 4), 8, 4),
    'b/grey.png': await pngOf(ramp(8 * 8), 8, 1),
  };
  const folder = await folderWith(
    Object.fromEntries(
      Object.entries(files).flatMap(([name, bytes]) => [
        [`train/${name}`, bytes],
        [`test/${name}`, bytes],
      ]),
    ),
  );
  for (const colour of ['grey', 'rgb'] as const) {
    const { test: split } = await loadImages(folder, { dataDir: '', imageSize: 4, colour });
    // In the order of class and path.
    const names = ['a/tall.jpg', 'a/wide.png', 'b/grey.png', 'b/seen-through.png'].map((name) =>
      path.join(folder, 'test', name),
    );
    const shape = { ...grey, channels: colour === 'grey' ? 1 : 3 };
    const { images } = await readPictures(names, { dataset: 'mnist', shape, levels: {}, invert: false });
    expect(images).toEqual(split.images);
  }
});

test('negatives: for datasets whose files are read that way, and on request', async () => {
  const folder = await folderWith({ 'x.png': await plainPng([10, 10, 10]) });
  const read = async (dataset: string, invert: boolean) =>
    (await readPictures([path.join(folder, 'x.png')], { dataset, shape: grey, levels: {}, invert })).images[0];
  expect(await read('mnist', false)).toBe(10);
  expect(await read('mnist', true)).toBe(245);
  expect(await read('omniglot-small', false)).toBe(245);
  expect(await read('omniglot-small', true)).toBe(10);
});

const remedy = 'give image files: PNG, JPEG, WebP, GIF, TIFF, AVIF or SVG';

test('a file that is not an image is refused before anything is predicted', async () => {
  const folder = await folderWith({ 'x.png': await plainPng([1, 2, 3]), 'bad.png': Buffer.from('hello') });
  const read = (names: readonly string[], shape = grey) =>
    mistakeOf(
      readPictures(
        names.map((name) => path.join(folder, name)),
        { dataset: 'mnist', shape, levels: {}, invert: false },
      ),
    ).then((text) => text.replace('UsageError: ', '').replaceAll(folder, ''));
  expect(await read(['x.png', 'bad.png'])).toBe(
    `/bad.png: is not an image that can be read (Input buffer contains unsupported image format); ${remedy}`,
  );
  expect(await read(['missing.png', 'x.png', 'bad.png'])).toBe(
    `IMAGE: 2 of 3 files can't be read; the first is /missing.png: is not a file; ${remedy}`,
  );
  const doubles = tiffOf({ width: 4, channels: 1, sample: 'float', data: new Float64Array(16) });
  await fs.writeFile(path.join(folder, 'doubles.tif'), doubles);
  expect(await read(['doubles.tif'])).toBe(
    `/doubles.tif: is not an image that can be read (pixels of more than 32 bits, such as 64-bit floats, are not supported: convert them to 32 bits); ${remedy}`,
  );
  await fs.mkdir(path.join(folder, 'folder'));
  expect(await read(['folder'])).toBe(`/folder: is a folder, not a file; ${remedy}`);
  expect(await read(['x.png'], { height: 4, width: 5, channels: 1 })).toBe(
    'mnist: its images are 4 x 5 with 1 channels; image files can become square ones of 1 or 3 channels',
  );
});

test('TIFF files without stated black and white use the levels of the dataset, however few are read', async () => {
  const tiff = (from: number, sample: 'float' | 'int') => {
    const values = Array.from({ length: 16 }, (_, i) => from + 10 * i);
    return tiffOf({
      width: 4,
      channels: 1,
      sample,
      data: sample === 'float' ? Float32Array.from(values) : Int16Array.from(values),
    });
  };
  for (const sample of ['float', 'int'] as const) {
    const files = { 'a/1.tif': tiff(-400, sample), 'b/1.tif': tiff(300, sample) };
    const of = (part: string) => Object.entries(files).map(([name, bytes]) => [`${part}/${name}`, bytes] as const);
    const folder = await folderWith({
      ...Object.fromEntries([...of('train'), ...of('test')]),
      'beyond.tif': tiff(9000, sample),
    });
    const { train, levels } = await loadImages(folder, { dataDir: '', imageSize: 4, colour: 'grey' });
    const read = (name: string, known = levels!) =>
      readPictures([path.join(folder, name)], { dataset: 'images:x', shape: grey, levels: known, invert: false });
    expect((await read('test/a/1.tif')).images).toEqual(train.images.subarray(0, 16));
    expect((await read('test/b/1.tif')).images).toEqual(train.images.subarray(16));
    expect((await read('beyond.tif')).images).toEqual(new Uint8Array(16).fill(255));
    expect(await mistakeOf(read('test/a/1.tif', {}))).toMatch(
      /stores numbers for which black and white are not defined, and the run does not record/,
    );
  }
});
