import { describe, expect, test } from 'vitest';
import { figureSpec } from '../../../../src/report/figures/spec.js';
import {
  figureOptionsOf,
  parseFormats,
  parseSize,
  pixelsPerInch,
  usualFigure,
} from '../../../../src/report/figures/figure-options.js';
import { curvePanel } from '../../../../src/report/figures/panels.js';
import { toSvg } from '../../../../src/report/figures/render.js';
import { drawnTexts, overlapping, sizeOf } from '../../../support/drawn.js';
import { figures } from '../../../support/figures.js';

// Every figure at every size meets the promise: a quarter of a minute.
describe.each([
  ['single', Object.keys(figures)],
  ['double', Object.keys(figures)],
  ['slide', Object.keys(figures)],
  ['5x9', ['train', 'compare', 'quanta']],
  ['40x20', ['compare']],
])('%s', (name, names) => {
  const size = parseSize(name);

  test.each(names)('%s: text of at least 7 points, within the picture, without overlaps', async (each) => {
    const svg = await toSvg(figureSpec(figures[each]!, size));
    const texts = drawnTexts(svg);
    const [width, height] = sizeOf(svg);
    expect(width).toBe(size.inches * pixelsPerInch);
    if (size.isHeightFirm) expect(height).toBe(size.height! * pixelsPerInch);
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter(({ points }) => points < 7)).toEqual([]);
    const outside = texts.filter(
      ({ left, right, top, bottom }) => left < 0 || top < 0 || right > width || bottom > height,
    );
    expect(outside).toEqual([]);
    expect(overlapping(texts)).toEqual([]);
  });
});

test('the checks above notice small, outside and overlapping text', () => {
  const text = (x: number, size: number, words: string) =>
    `<g transform="translate(10,20)"><text transform="translate(${x},5)" font-size="${size}px">${words}</text></g>`;
  const texts = drawnTexts(
    `<svg width="100" height="50">${text(-15, 8, 'a')}${text(0, 9.6, 'bb')}${text(5, 9.6, 'c')}</svg>`,
  );
  expect(texts.map(({ left, bottom, points }) => [left, bottom, points])).toEqual([
    [-5, 25, 6],
    [10, 25, expect.closeTo(7.2, 9)],
    [15, 25, expect.closeTo(7.2, 9)],
  ]);
  expect(overlapping(texts)).toEqual(['"bb" and "c"']);
});

test('a title of any length is broken into lines; none leaves room for the panels', async () => {
  const draw = (title?: string) => toSvg(figureSpec(figures['train']!, parseSize('single'), title));
  const [own, other, none] = [await draw(), await draw('much longer '.repeat(9).trim()), await draw('')];
  const wordsOf = (svg: string) =>
    drawnTexts(svg)
      .map(({ text }) => text)
      .join(' ');
  expect(wordsOf(own)).toContain('cnn family on shapes: run cnn-shapes 120 test images');
  expect(wordsOf(other)).toContain(`${'much longer '.repeat(9)}120 test images`);
  expect(wordsOf(none)).not.toMatch(/cnn family|120 test/);
  const heights = [own, other, none].map((svg) => sizeOf(svg)[1]);
  expect(heights[1]).toBeGreaterThan(heights[0]!);
  expect(heights[2]).toBeLessThan(heights[0]!);
  expect(overlapping(drawnTexts(other))).toEqual([]);
});

test('a figure of many rows has flatter panels, so that it fits a page', async () => {
  const [panel] = figures['train']!.panels;
  const heightOf = async (rows: number) => {
    const panels = Array.from({ length: 2 * rows }, () => panel!);
    return sizeOf(await toSvg(figureSpec({ title: 'rows', notes: [], panels, columns: 2 }, usualFigure.size)))[1];
  };
  const [one, two, four] = [await heightOf(1), await heightOf(2), await heightOf(4)];
  expect(two).toBeGreaterThan(1.8 * one);
  // US Letter, 11 inches high, with margins of one inch.
  expect(two).toBeLessThan(9 * pixelsPerInch);
  expect(four).toBeLessThanOrEqual(9 * pixelsPerInch + 1);
});

test('the entries of a legend are in columns', async () => {
  const panel = curvePanel({
    ...{ title: '', subtitle: [], xTitle: 'width', yTitle: 'share', legend: true },
    series: ['a', 'a longer name', 'b', 'c'].map((label) => {
      return {
        label,
        line: [],
        points: [
          { x: 1, y: 0.5 },
          { x: 8, y: 0.6 },
        ],
      };
    }),
  });
  const svg = await toSvg(figureSpec({ title: '', notes: [], panels: [panel] }, parseSize('2.6x3')));
  const at = (name: string) => drawnTexts(svg).find(({ text }) => text === name)!;
  expect(at('b').top).toBeGreaterThan(at('a').bottom);
  expect(at('b').left).toBe(at('a').left);
  expect(at('c').left).toBe(at('a longer name').left);
  expect(at('a longer name').top).toBe(at('a').top);
});

test('a picture too low for its panels is refused with the height it needs', () => {
  expect(() => figureSpec(figures['train']!, parseSize('4x2'))).toThrow(
    /--size: "4x2" is not high enough for this figure; at this width it needs 2\.\d inches/,
  );
});

test.each(['', 'wide', '3', '3x', '0x2', '3x1000', '-3x2', 'NaNxNaN', '51x51'])('%j is not a size', (text) => {
  expect(() => parseSize(text)).toThrow(/--size: "[^"]*" is not a size; give single, double, slide, or width x height/);
});

test('formats are a list or repeated, each once', () => {
  expect(parseFormats(['pdf,svg', 'pdf'])).toEqual(['pdf', 'svg']);
  expect(() => parseFormats(['svg,gif'])).toThrow('--format: "gif" is not a picture format; give svg, png, pdf');
  expect(figureOptionsOf({})).toMatchObject({ size: { inches: 6.75 }, formats: ['svg', 'png'], title: undefined });
  expect(figureOptionsOf({ title: 'none' }).title).toBe('');
});
