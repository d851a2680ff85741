import * as fs from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { datasets, loadSplits } from '../../../src/datasets/index.js';
import { readOmniglot } from '../../../src/datasets/omniglot.js';
import { mistakeOf, ownCache, pngOf, zipWith } from '../../support/pictures.js';
import { temporaryFolder } from '../../support/runs.js';

beforeEach(async () => {
  await ownCache();
});

const side = 105;

/** A character drawn as a black square of one new pixel of 28, whose position encodes character and drawer. */
function drawing(character: number, drawer: number): Promise<Buffer> {
  const image = new Uint8Array(side * side).fill(255);
  const times = side / 28;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      if (Math.floor(x / times) === drawer && Math.floor(y / times) === character) image[y * side + x] = 0;
  return pngOf(image, side, 1);
}

/** An archive as the authors make them: SET/Alphabet/characterNN/IIII_DD.png. */
async function archive(set: string, characters: Readonly<Record<string, number>>): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  for (const [name, character] of Object.entries(characters))
    for (let drawer = 1; drawer <= 20; drawer++)
      files[`${set}/${name}/0${character}00_${String(drawer).padStart(2, '0')}.png`] = await drawing(character, drawer);
  return files;
}

/** Where the most ink is. */
function darkest(images: Uint8Array, index: number, size = 28): [number, number] {
  const image = images.subarray(index * size * size, (index + 1) * size * size);
  const at = image.indexOf(Math.max(...image));
  return [Math.floor(at / size), at % size];
}

describe('archives in the official format', () => {
  test('become classes of 16 and 4 drawers; a character in both counts once', async () => {
    const first = await zipWith(await archive('images_background', { 'Greek/character02': 5, 'Greek/character01': 4 }));
    const second = await zipWith(
      await archive('images_evaluation', { 'Atlantean/character01': 3, 'Greek/character01': 4 }),
    );
    const { classNames, classes, shape, train, test: held, groups } = await readOmniglot([first, second], {});
    expect(classNames).toEqual(['Atlantean/character01', 'Greek/character01', 'Greek/character02']);
    expect([classes, shape]).toEqual([3, { height: 28, width: 28, channels: 1 }]);
    expect([...train.labels]).toEqual([
      ...Array<number>(16).fill(0),
      ...Array<number>(16).fill(1),
      ...Array<number>(16).fill(2),
    ]);
    expect([...held.labels]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    // Ink is bright, on black, in the row of the character and the column of the drawer.
    for (let i = 0; i < 48; i++) expect(darkest(train.images, i)).toEqual([3 + Math.floor(i / 16), 1 + (i % 16)]);
    for (let i = 0; i < 12; i++) expect(darkest(held.images, i)).toEqual([3 + Math.floor(i / 4), 17 + (i % 4)]);
    expect(train.images[0]).toBe(0);
    expect([groups?.noun, ...groups!.of]).toEqual(['writers', 17, 18, 19, 20, 17, 18, 19, 20, 17, 18, 19, 20]);
  });

  test('at another size', async () => {
    const file = await zipWith(await archive('s', { 'Greek/character01': 4, 'Greek/character02': 5 }));
    const { shape, train } = await readOmniglot([file], { imageSize: 14 });
    expect(shape).toEqual({ height: 14, width: 14, channels: 1 });
    expect(train.images).toHaveLength(32 * 14 * 14);
  });

  test('with a missing drawer, a strange name or a damaged image are refused', async () => {
    const files = await archive('s', { 'Greek/character01': 4 });
    const line = async (changes: Record<string, Buffer>, without = '') => {
      const kept = Object.entries({ ...files, ...changes }).filter(([name]) => name !== without);
      const file = await zipWith(Object.fromEntries(kept));
      return (await mistakeOf(readOmniglot([file], {}))).replaceAll(file, 'FILE');
    };
    expect(await line({}, 's/Greek/character01/0400_18.png')).toBe(
      'UsageError: FILE: Greek/character01 is missing the drawing by drawer 18',
    );
    expect(await line({ 's/Greek/image.png': Buffer.from('') })).toBe(
      'UsageError: FILE: holds s/Greek/image.png; the names of Omniglot are SET/Alphabet/characterNN/IIII_DD.png',
    );
    expect(await line({ 's/Greek/character01/0400_03.png': Buffer.from('x') })).toBe(
      'UsageError: FILE: s/Greek/character01/0400_03.png is not an image (Input buffer contains unsupported image format)',
    );
  });
});

test('omniglot-small: 242 characters, 16 and 4 drawers of each, scaled as by Pillow', async () => {
  const { classes, classNames, train, test: held } = await loadSplits('omniglot-small');
  expect([classes, train.count, held.count]).toEqual([242, 3872, 968]);
  expect([classNames![0], classNames![241]]).toEqual(['Balinese/character01', 'Tagalog/character17']);
  for (let label = 0; label < 242; label++) {
    expect(train.labels.filter((each) => each === label)).toHaveLength(16);
    expect(held.labels.filter((each) => each === label)).toHaveLength(4);
  }
  // 255 - Image.open(...).convert('L').resize((28, 28), Image.BILINEAR) of Pillow 13.0: Balinese/character01/0108_01.png, row
  // 10, and Latin/character26/0708_20.png, row 12. Both round, at different steps, so one unit is allowed.
  const first = [0, 0, 0, 0, 51, 222, 171, 175, 206, 21, 0, 0, 0, 0, 0, 0, 2, 80, 227, 170, 233, 80, 0, 0, 0, 0, 0, 0];
  expect(train.images.subarray(280, 308)).toBeAllClose(first, { rtol: 0, atol: 1 });
  const last = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 139, 235, 90, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const at = (4 * classNames!.indexOf('Latin/character26') + 3) * 784 + 12 * 28;
  expect(held.images.subarray(at, at + 28)).toBeAllClose(last, { rtol: 0, atol: 1 });
  // The share of ink in the original files, by Pillow. Shrinking preserves it, except at the edges.
  const ink = train.images.reduce((sum, value) => sum + value, 0) / train.images.length / 255;
  expect(Math.abs(ink - 0.0806)).toBeLessThan(0.001);
});

test('groups of test images survive a change of colour and a subset', async () => {
  const { test: held, groups } = await loadSplits('omniglot-small', { testSize: 50, colour: 'rgb' });
  // In the whole test set the four drawers of a character follow each other.
  expect(groups).toEqual({ noun: 'writers', of: held.indices.map((index) => 17 + (index % 4)) });
  expect(datasets['omniglot-small'].contents?.groups).toEqual({ noun: 'writers', count: new Set(groups!.of).size });
});

test('missing official archives are named, and nothing else is taken for them', async () => {
  const dataDir = await temporaryFolder();
  expect(await mistakeOf(loadSplits('omniglot', { dataDir }))).toBe(
    `UsageError: ${dataDir}/omniglot/images_background.zip: is missing, and omniglot needs it; run: npm run datasets -- fetch omniglot --data-dir ${dataDir} (9.5 MB), or copy https://github.com/brendenlake/omniglot/raw/master/python/images_background.zip there yourself`,
  );
  await fs.mkdir(`${dataDir}/omniglot`);
  await fs.copyFile(
    await zipWith(await archive('s', { 'Greek/character01': 4 })),
    `${dataDir}/omniglot/images_background.zip`,
  );
  expect(await mistakeOf(loadSplits('omniglot', { dataDir }))).toMatch(
    /images_background\.zip: is \d+ bytes long, but the published size is 9464212; delete it and run: npm run datasets -- fetch omniglot/,
  );
});
