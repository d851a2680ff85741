/** A dataset's images in a grid, a labelled row for each class, as a PNG. */
import sharp from 'sharp';
import type { ImageShape, Split } from '../datasets/dataset.js';
import type { Splits } from '../datasets/index.js';
import { countsOf } from '../datasets/subsets.js';
import { nth } from '../machine/present.js';
import { Random } from '../statistics/random.js';
import { markupText } from './escape.js';
import { pixelsPerInch } from './figures/print.js';
import { toPng } from './figures/render.js';
import { textTable } from './tables/text-table.js';
import { fontFamily } from './figures/theme.js';

const mostClasses = 12;
const imagesPerClass = 10;

/** Lengths in pixels before enlargement. */
const margin = 16;
const gap = 3;
/** Small images are enlarged by a whole factor, to about this size. */
const shownSide = 48;
const header = 62;
/** Pixels of the PNG per pixel of the picture. */
const pngScale = 2;
const labelFont = 12;

/** Most classes listed, to avoid a wall of numbers; a run's record lists them all. */
const mostListed = 40;

/** Number of training and test images in each class. */
export function countByClass({ classNames, classes, train, test }: Splits) {
  const [trained, tested] = [countsOf(train, classes), countsOf(test, classes)];
  return Array.from(trained, (count, label) => {
    return { label, name: classNames?.[label] ?? null, train: count, test: nth(tested, label) };
  });
}

/** `classCounts` as a table for a terminal. */
export function classTable(data: Splits): string {
  const counts = countByClass(data);
  const rows = counts
    .slice(0, mostListed)
    .map(({ label, name, train, test }) => [String(label), name ?? '-', String(train), String(test)]);
  const table = textTable(['label', 'class', 'train', 'test'], rows, ['class']);
  const more = counts.length - mostListed;
  return more > 0 ? `${table}\n... and ${more} more ${more === 1 ? 'class' : 'classes'}` : table;
}

/** Classes and training images are chosen at random, the same each time. */
export async function previewDataset(data: Splits): Promise<Uint8Array> {
  const rows = rowsOf(data);
  const cell = cellOf(data.shape);
  const columns = Math.max(...rows.map(({ indices }) => indices.length));
  const labels = rows.map(({ name }) => shortened(name, 34));
  const labelWidth = Math.ceil(Math.max(...labels.map((label) => 0.58 * labelFont * label.length))) + 12;
  const grid = {
    width: columns * (cell.width + gap) - gap,
    height: rows.length * (cell.height + gap) - gap,
  };
  const titles = titlesOf(data, rows.length);
  const width = Math.max(
    2 * margin + labelWidth + grid.width,
    2 * margin + Math.ceil(0.62 * 11 * Math.max(...titles.map((title) => title.length))),
  );
  const height = header + grid.height + margin;
  const picture = await gridPng(data, rows, { cell, columns });
  const left = margin + labelWidth;
  const texts = labels.map(
    (label, row) =>
      `<text x="${left - 10}" y="${header + row * (cell.height + gap) + cell.height / 2 + 4}" text-anchor="end" font-size="${labelFont}" fill="#333333">${markupText(label)}</text>`,
  );
  const [title, subtitle] = titles;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" font-family="${fontFamily}">
<rect width="100%" height="100%" fill="white"/>
<text x="${margin}" y="27" font-size="14" font-weight="bold" fill="#111111">${markupText(title)}</text>
<text x="${margin}" y="47" font-size="11" fill="#444444">${markupText(subtitle)}</text>
${texts.join('\n')}
<image x="${left}" y="${header}" width="${grid.width}" height="${grid.height}" xlink:href="data:image/png;base64,${picture.toString('base64')}"/>
</svg>`;
  return toPng(svg, pngScale * pixelsPerInch);
}

interface Row {
  readonly name: string;
  /** Images of the training split. */
  readonly indices: readonly number[];
}

/** Rows of the classes that have training images: not every number up to the largest label need be a class. */
function rowsOf({ classNames, train }: Splits): Row[] {
  const present = [...new Set(train.labels)].sort((a, b) => a - b);
  const places = Random.named(0, 'preview', 'classes').permutation(present.length).subarray(0, mostClasses).sort();
  return Array.from(places, (place) => {
    const label = nth(present, place);
    return { name: classNames?.[label] ?? String(label), indices: imagesOf(train, label) };
  });
}

function imagesOf({ labels }: Split, label: number): number[] {
  const members: number[] = [];
  labels.forEach((each, i) => {
    if (each === label) members.push(i);
  });
  const order = Random.named(0, 'preview', label).permutation(members.length).subarray(0, imagesPerClass).sort();
  return Array.from(order, (place) => nth(members, place));
}

function titlesOf({ name, classes, shape, train, test }: Splits, rows: number): [string, string] {
  const kind = shape.channels === 1 ? 'grey' : shape.channels === 3 ? 'rgb' : `${shape.channels} channels`;
  const shown = rows < classes ? `${rows} of ${classes} classes` : `${classes} classes`;
  const subtitle = `${shown}, ${shape.height} x ${shape.width} ${kind}, ${train.count} train and ${test.count} test images; training images at random`;
  return [shortened(name, 70), subtitle];
}

/** Keeps the end, which distinguishes paths. */
function shortened(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(1 - length)}`;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function cellOf({ width, height }: ImageShape): Size {
  const times = Math.max(1, Math.round(shownSide / Math.max(width, height)));
  const shrink = Math.min(1, 128 / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(times * shrink * width)),
    height: Math.max(1, Math.round(times * shrink * height)),
  };
}

/** Takes each pixel of the final picture from the nearest one in the image, so that small images stay sharp. */
async function gridPng(
  { shape, train }: Splits,
  rows: readonly Row[],
  { cell, columns }: { cell: Size; columns: number },
): Promise<Buffer> {
  const size = { width: pngScale * cell.width, height: pngScale * cell.height };
  const step = { x: size.width + pngScale * gap, y: size.height + pngScale * gap };
  const width = columns * step.x - pngScale * gap;
  const height = rows.length * step.y - pngScale * gap;
  const pixels = new Uint8Array(3 * width * height).fill(255);
  rows.forEach(({ indices }, row) => {
    indices.forEach((index, column) => {
      for (let y = 0; y < size.height; y++)
        for (let x = 0; x < size.width; x++) {
          const source = {
            x: Math.floor((x * shape.width) / size.width),
            y: Math.floor((y * shape.height) / size.height),
          };
          const to = 3 * ((row * step.y + y) * width + column * step.x + x);
          pixels.set(pixelAt(train.images, shape, index, source), to);
        }
    });
  });
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** Red, green and blue; the first channel three times if there are not three. */
function pixelAt(
  images: Uint8Array,
  { height, width, channels }: ImageShape,
  index: number,
  { x, y }: { x: number; y: number },
): Uint8Array {
  const at = ((index * height + y) * width + x) * channels;
  return channels === 3 ? images.subarray(at, at + 3) : new Uint8Array(3).fill(nth(images, at));
}
