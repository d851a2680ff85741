import { describe, expect, test } from 'vitest';
import { figureSpec } from '../../../../src/report/figures/spec.js';
import { figureOptionsOf, parseFormats, parseSize, pixelsPerInch } from '../../../../src/report/figures/print.js';
import { textWidth } from '../../../../src/report/figures/text.js';
import { toSvg } from '../../../../src/report/figures/render.js';
import { figures } from '../../../support/figures.js';

interface DrawnText {
  readonly text: string;
  /** Points on paper. */
  readonly points: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Every text of an SVG written by Vega, with the area it covers: translations add up along the groups. */
function textsOf(svg: string): DrawnText[] {
  const texts: DrawnText[] = [];
  const offsets: [x: number, y: number][] = [[0, 0]];
  for (const [, close, name, attributes, empty, content] of svg.matchAll(
    /<(\/?)(\w+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>([^<]*)/g,
  )) {
    if (close === '/') {
      if (name === 'g') offsets.pop();
      continue;
    }
    const [, x = '0', y = '0'] = /transform="translate\(([-\d.e]+),\s*([-\d.e]+)\)/.exec(attributes!) ?? [];
    const [originX, originY] = offsets.at(-1)!;
    const at = [originX + Number(x), originY + Number(y)] as const;
    if (name === 'g' && empty === '') offsets.push([...at]);
    if (name !== 'text' || attributes!.includes('opacity="0"')) continue;
    expect(attributes).not.toContain('rotate');
    const size = Number(/font-size="([\d.]+)px"/.exec(attributes!)![1]);
    const text = content!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    const width = textWidth(text, { size, bold: attributes!.includes('font-weight="bold"') });
    const anchor = /text-anchor="(\w+)"/.exec(attributes!)?.[1];
    const left = at[0] - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0);
    // The height of capitals and figures above the baseline, 0.73 of DejaVu's size.
    texts.push({ text, points: (72 / 96) * size, left, right: left + width, top: at[1] - 0.73 * size, bottom: at[1] });
  }
  return texts;
}

function sizeOf(svg: string): [width: number, height: number] {
  const [, width, height] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg)!;
  return [Number(width), Number(height)];
}

function overlapping(texts: readonly DrawnText[]): string[] {
  return texts.flatMap((a, i) =>
    texts
      .slice(i + 1)
      .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `"${a.text}" and "${b.text}"`),
  );
}

// Every figure at every size meets the promise: a quarter of a minute.
describe.each([
  ['single', Object.keys(figures)],
  ['double', Object.keys(figures)],
  ['slide', Object.keys(figures)],
  ['5x9', ['train', 'compare', 'quanta']],
])('%s', (name, names) => {
  const size = parseSize(name);

  test.each(names)('%s: text of at least 7 points, within the picture, without overlaps', async (each) => {
    const svg = await toSvg(figureSpec(figures[each]!, size));
    const texts = textsOf(svg);
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
  const texts = textsOf(
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
    textsOf(svg)
      .map(({ text }) => text)
      .join(' ');
  expect(wordsOf(own)).toContain('cnn family on shapes: run cnn-shapes 120 test images');
  expect(wordsOf(other)).toContain(`${'much longer '.repeat(9)}120 test images`);
  expect(wordsOf(none)).not.toMatch(/cnn family|120 test/);
  const heights = [own, other, none].map((svg) => sizeOf(svg)[1]);
  expect(heights[1]).toBeGreaterThan(heights[0]!);
  expect(heights[2]).toBeLessThan(heights[0]!);
  expect(overlapping(textsOf(other))).toEqual([]);
});

test('a picture too low for its panels is refused with the height it needs', () => {
  expect(() => figureSpec(figures['train']!, parseSize('4x2'))).toThrow(
    /--size: "4x2" is not high enough for this figure; at this width it needs 2\.\d inches/,
  );
});

test.each(['', 'wide', '3', '3x', '0x2', '3x1000', '-3x2', 'NaNxNaN'])('%j is not a size', (text) => {
  expect(() => parseSize(text)).toThrow(/--size: "[^"]*" is not a size; give single, double, slide, or width x height/);
});

test('formats are a list or repeated, each once', () => {
  expect(parseFormats(['pdf,svg', 'pdf'])).toEqual(['pdf', 'svg']);
  expect(() => parseFormats(['svg,gif'])).toThrow('--format: "gif" is not a picture format; give svg, png, pdf');
  expect(figureOptionsOf({})).toMatchObject({ size: { inches: 6.75 }, formats: ['svg', 'png'], title: undefined });
  expect(figureOptionsOf({ title: 'none' }).title).toBe('');
});
