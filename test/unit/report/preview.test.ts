import * as fs from 'node:fs/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { loadSplits } from '../../../src/datasets/index.js';
import { classTable, previewDataset } from '../../../src/report/preview.js';
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

/** Colours down the first column of images (present at 110 pixels), below the heading, each once. */
async function coloursDown(png: Uint8Array): Promise<string[]> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const [x, top] = [110, 124];
  const colours = range(info.height - top)
    .map((below) => top + below)
    .map((y) => data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3).join());
  return [...new Set(colours)].filter((colour) => colour !== '255,255,255');
}

test('has a row per class, in the order of the labels, every image in its own colours', async () => {
  const png = await previewDataset(await plainClasses(5, 12));
  expect(await coloursDown(png)).toEqual(range(5).map((label) => `${20 * label},${255 - 20 * label},128`));
});

test('shows twelve of many classes, ascending, and the same each time', async () => {
  const data = await plainClasses(13, 10);
  const png = await previewDataset(data);
  const reds = (await coloursDown(png)).map((colour) => Number(colour.split(',')[0]));
  expect(reds).toHaveLength(12);
  expect(reds).toEqual([...reds].sort((a, b) => a - b));
  expect(await previewDataset(data)).toEqual(png);
});

test('names of classes may hold anything', async () => {
  const data = {
    ...(await plainClasses(2, 10)),
    name: 'images:<&>',
    classNames: ['<&\u0001"\u{1F600}', 'long'.repeat(30)],
  };
  const { format } = await sharp(await previewDataset(data)).metadata();
  expect(format).toBe('png');
});

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
  expect(await coloursDown(await previewDataset(data))).toEqual(['0,0,0', '50,50,50', '100,100,100']);
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
