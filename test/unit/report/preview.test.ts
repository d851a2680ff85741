import * as fs from 'node:fs/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { loadSplits } from '../../../src/datasets/index.js';
import { classTable, previewSvg } from '../../../src/report/preview.js';
import { parseSize } from '../../../src/report/figures/figure-options.js';
import { toPng } from '../../../src/report/figures/render.js';
import { drawnTexts, overlapping, sizeOf } from '../../support/drawn.js';
import { folderOf, idxBytes, range } from '../../support/idx.js';

/** Classes of one colour each, so that a position in the picture shows its class. */
async function plainClasses(classes: number, perClass: number) {
  const labels = range(classes * perClass).map((i) => i % classes);
  const split = (name: string) => ({
    [`${name}-images-idx4-ubyte`]: idxBytes(
      [labels.length, 4, 4, 3],
      labels.flatMap((label) => range(16).flatMap(() => [20 * label, 255 - 20 * label, 128])),
    ),
    [`${name}-labels-idx1-ubyte`]: idxBytes([labels.length], labels),
  });
  const folder = folderOf({ ...split('train'), ...split('t10k') });
  const data = await loadSplits(`idx:${folder}`);
  await fs.rm(folder, { recursive: true });
  return data;
}

interface DrawnImage {
  readonly x: number;
  readonly y: number;
  /** Of the pixel in the middle. */
  readonly colour: string;
}

async function imagesOf(svg: string): Promise<DrawnImage[]> {
  const found = [...svg.matchAll(/<image x="([\d.]+)" y="([\d.]+)".*?base64,([^"]+)"/g)];
  return Promise.all(
    found.map(async ([, x, y, png]) => {
      const { data, info } = await sharp(Buffer.from(png!, 'base64'))
        .toColourspace('srgb')
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const at = 3 * (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2));
      return { x: Number(x), y: Number(y), colour: data.subarray(at, at + 3).join() };
    }),
  );
}

/** The colour of each row from the top; an error if a row has several. */
async function coloursDown(svg: string): Promise<string[]> {
  const images = await imagesOf(svg);
  const rows = [...new Set(images.map(({ y }) => y))].toSorted((a, b) => a - b);
  return rows.map((row) => {
    const [colour, ...others] = new Set(images.filter(({ y }) => y === row).map((image) => image.colour));
    expect(others).toEqual([]);
    return colour!;
  });
}

test('has a row per class, in the order of the labels, every image in its own colours', async () => {
  const svg = await previewSvg(await plainClasses(5, 12));
  expect(await coloursDown(svg)).toEqual(range(5).map((label) => `${20 * label},${255 - 20 * label},128`));
});

test('shows twelve of many classes, ascending, and the same each time', async () => {
  const data = await plainClasses(13, 10);
  const svg = await previewSvg(data);
  const reds = (await coloursDown(svg)).map((colour) => Number(colour.split(',')[0]));
  expect(reds).toHaveLength(12);
  expect(reds).toEqual([...reds].sort((a, b) => a - b));
  expect(await previewSvg(data)).toBe(svg);
});

test('names of classes may hold anything', async () => {
  const data = {
    ...(await plainClasses(2, 10)),
    name: 'images:<&>',
    classNames: ['<&\u0001"\u{1F600}', 'long'.repeat(30)],
  };
  const svg = await previewSvg(data);
  expect(drawnTexts(svg).map(({ text }) => text)).toContain('images:<&>');
  expect((await sharp(await toPng(svg)).metadata()).format).toBe('png');
});

test.each(['single', 'double', 'slide', '2x5'])(
  '%s: within the picture, texts of 7 points and more, none over another',
  async (name) => {
    const size = parseSize(name);
    const data = {
      ...(await plainClasses(13, 10)),
      name: `images:/${'folder/'.repeat(40)}`,
      classNames: range(13).map((i) => 'W'.repeat(1 + 4 * i)),
    };
    const svg = await previewSvg(data, { size });
    const [width, height] = sizeOf(svg);
    expect(width).toBe(96 * size.inches);
    const texts = drawnTexts(svg);
    expect(texts.length).toBeGreaterThan(13);
    expect(texts.filter(({ points }) => points < 7)).toEqual([]);
    expect(
      texts.filter(({ left, right, top, bottom }) => left < 0 || top < 0 || right > width || bottom > height),
    ).toEqual([]);
    expect(overlapping(texts)).toEqual([]);
    const left = Math.min(...(await imagesOf(svg)).map(({ x }) => x));
    expect(texts.filter(({ text }) => text.startsWith('W')).every(({ right }) => right < left)).toBe(true);
  },
);

test('labels with gaps: a row for each class that has images', async () => {
  const labels = [0, 50, 100, 50, 0, 100];
  const split = (name: string) => ({
    [`${name}-images-idx3-ubyte`]: idxBytes(
      [6, 4, 4],
      labels.flatMap((label) => range(16).map(() => label)),
    ),
    [`${name}-labels-idx1-ubyte`]: idxBytes([6], labels),
  });
  const folder = folderOf({ ...split('train'), ...split('t10k') });
  const data = await loadSplits(`idx:${folder}`);
  await fs.rm(folder, { recursive: true });
  expect(await coloursDown(await previewSvg(data))).toEqual(['0,0,0', '50,50,50', '100,100,100']);
});

test('the table of classes has names and numbers of images, and is cut where it would be long', async () => {
  const data = await loadSplits('shapes', { trainSize: 100, testSize: 50 });
  const lines = classTable(data).split('\n');
  expect(lines[0]).toMatch(/^label +class +train +test$/);
  const cells = lines.slice(1).map((line) => line.trim().split(/ {2,}/));
  expect(cells.map(([, name]) => name)).toEqual(data.classNames);
  const sum = (column: number) => cells.reduce((total, row) => total + Number(row[column]), 0);
  expect([sum(2), sum(3)]).toEqual([100, 50]);
  expect(
    classTable({ ...data, classes: 45, classNames: undefined })
      .split('\n')
      .slice(-2),
  ).toEqual(['   39  -          0     0', '... and 5 more classes']);
});
