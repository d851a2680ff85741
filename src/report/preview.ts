/** A dataset's images in a grid, a labelled row for each class. */
import sharp from 'sharp';
import type { ImageShape, Split } from '../datasets/dataset.js';
import type { Splits } from '../datasets/index.js';
import { imagesPerClass } from '../datasets/subsets.js';
import { allAt, nth } from '../machine/present.js';
import { Random } from '../statistics/random.js';
import { markupText } from './escape.js';
import { edge, lookOf, type Look } from './figures/layout.js';
import { dotsPerInch, pixelsPerInch, usualFigure, type FigureOptions } from './figures/figure-options.js';
import { cut, textWidth, wrapText, type TextFont } from './figures/text.js';
import { fontFamily, inks } from './figures/theme.js';
import { textTable } from './tables/text-table.js';

const mostClasses = 12;
const mostImages = 10;

/** Lengths in pixels at page size, as in layout.ts. */
const gap = 3;
/** Longest side of an image as drawn. */
const mostSide = 64;

/** Most classes listed, to avoid a wall of numbers; a run's record lists them all. */
const mostListed = 40;

/** Number of training and test images in each class. */
export function countByClass({ classNames, classes, train, test }: Splits) {
  const [trained, tested] = [imagesPerClass(train, classes), imagesPerClass(test, classes)];
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

/** An SVG. Classes and training images are chosen at random, the same each time. */
export async function previewSvg(
  data: Splits,
  { size, title }: Pick<FigureOptions, 'size' | 'title'> = usualFigure,
): Promise<string> {
  const total = Math.round(size.inches * pixelsPerInch);
  const look = lookOf(total);
  const { unit, label } = look;
  const rows = rowsOf(data);
  const labels = rows.map(({ name }) => cut(name, 0.28 * total, label));
  const left = edge * unit + Math.max(...labels.map((each) => textWidth(each, label))) + 2 * gap * unit;
  const columns = Math.max(...rows.map(({ indices }) => indices.length));
  const room = (total - left - edge * unit + gap * unit) / columns - gap * unit;
  const cell = cellOf(data.shape, room, mostSide * unit);
  const step = { x: cell.width + gap * unit, y: Math.max(cell.height, 1.2 * label.size) + gap * unit };
  const heading = headingOf(data, { title, shown: rows.length, width: total - 2 * edge * unit, look });
  const top = heading.height + edge * unit;
  const parts = await Promise.all(
    rows.map(async ({ indices }, row) => {
      const middle = top + row * step.y + (step.y - gap * unit) / 2;
      const images = await Promise.all(indices.map((index) => imagePng(data, index, cell)));
      return [
        `<text x="${rounded(left - 2 * gap * unit)}" y="${rounded(middle)}" dominant-baseline="central" text-anchor="end">${markupText(nth(labels, row))}</text>`,
        ...images.map(
          (png, column) =>
            `<image x="${rounded(left + column * step.x)}" y="${rounded(middle - cell.height / 2)}" width="${rounded(cell.width)}" height="${rounded(cell.height)}" href="data:image/png;base64,${png.toString('base64')}"/>`,
        ),
      ].join('');
    }),
  );
  const height = Math.ceil(top + rows.length * step.y - gap * unit + edge * unit);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${total}" height="${height}" viewBox="0 0 ${total} ${height}" font-family="${fontFamily}" font-size="${label.size}px" fill="${inks.text}">` +
    `<rect width="100%" height="100%" fill="white"/>${heading.text}${parts.join('')}</svg>`
  );
}

interface Heading {
  /** An empty one leaves all lines out; undefined: the dataset's name. */
  readonly title: string | undefined;
  /** Number of classes shown. */
  readonly shown: number;
  readonly width: number;
  readonly look: Look;
}

/** The title and the lines below it, with the height that they take. */
function headingOf(data: Splits, { title, shown, width, look }: Heading): { text: string; height: number } {
  if (title === '') return { text: '', height: 0 };
  const { unit, title: font, label, line } = look;
  const titles = title === undefined ? [endOf(data.name, width, font)] : wrapText(title, width, font);
  const notes = wrapText(aboutOf(data, shown), width, label);
  let y = edge * unit;
  const place = (words: string, attributes: string) =>
    `<text x="${edge * unit}" y="${rounded((y += line))}"${attributes}>${markupText(words)}</text>`;
  const text = [
    ...titles.map((words) => place(words, ` font-size="${font.size}px" font-weight="bold"`)),
    ...notes.map((words) => place(words, ` fill="${inks.note}"`)),
  ];
  return { text: text.join(''), height: y };
}

const rounded = (length: number) => Number(length.toFixed(2));

interface Row {
  readonly name: string;
  /** Images of the training split. */
  readonly indices: readonly number[];
}

/** Rows of the classes that have training images: not every number up to the largest label need be a class. */
function rowsOf({ classNames, train }: Splits): Row[] {
  const present = [...new Set(train.labels)].sort((a, b) => a - b);
  const places = Random.named(0, 'preview', 'classes').permutation(present.length).subarray(0, mostClasses).sort();
  return allAt(present, places).map((label) => ({
    name: classNames?.[label] ?? String(label),
    indices: imagesOf(train, label),
  }));
}

function imagesOf({ labels }: Split, label: number): number[] {
  const members: number[] = [];
  labels.forEach((each, i) => {
    if (each === label) members.push(i);
  });
  const order = Random.named(0, 'preview', label).permutation(members.length).subarray(0, mostImages).sort();
  return allAt(members, order);
}

function aboutOf({ classes, shape, train, test }: Splits, rows: number): string {
  const kind = shape.channels === 1 ? 'grey' : shape.channels === 3 ? 'rgb' : `${shape.channels} channels`;
  const shown = rows < classes ? `${rows} of ${classes} classes` : `${classes} classes`;
  return `${shown}, ${shape.height} x ${shape.width} ${kind}, ${train.count} train and ${test.count} test images; training images at random`;
}

/** As much of the text's end as fits: it distinguishes paths. */
function endOf(text: string, width: number, font: TextFont): string {
  const letters = Array.from(text);
  if (textWidth(text, font) <= width) return text;
  while (letters.length > 1 && textWidth(`…${letters.join('')}`, font) > width) letters.shift();
  return `…${letters.join('')}`;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** An image's size as drawn: as large as there is room for, no side longer than `most`. */
function cellOf({ width, height }: ImageShape, room: number, most: number): Size {
  const scale = Math.min(room / width, most / Math.max(width, height));
  return { width: scale * width, height: scale * height };
}

/** A training image at the dots of print, without smoothing, so that small images stay sharp; of other channels than three the first, in grey. */
function imagePng({ shape, train }: Splits, index: number, cell: Size): Promise<Buffer> {
  const { width, height, channels } = shape;
  const values = train.images.subarray(index * width * height * channels, (index + 1) * width * height * channels);
  const isColour = channels === 3;
  const pixels = isColour ? values : values.filter((_, i) => i % channels === 0);
  const dots = (length: number) => Math.max(1, Math.round((length * dotsPerInch) / pixelsPerInch));
  return sharp(pixels, { raw: { width, height, channels: isColour ? 3 : 1 } })
    .resize({ width: dots(cell.width), height: dots(cell.height), fit: 'fill', kernel: 'nearest' })
    .png({ compressionLevel: 9 })
    .toBuffer();
}
