import { describe, expect, test } from 'vitest';
import { darkened, darkGround } from '../../../../src/report/figures/dark.js';
import { studyFigure } from '../../../../src/report/figures/forecast.js';
import { usualFigure } from '../../../../src/report/figures/figure-options.js';
import { toSvg } from '../../../../src/report/figures/render.js';
import { figureSpec } from '../../../../src/report/figures/spec.js';
import { referenceStyles, seriesStyle, seriesStyles } from '../../../../src/report/figures/theme.js';
import { ciede2000, contrast, labOf, leastDistance, linear, sights, times } from '../../../support/colours.js';
import { figures, studied } from '../../../support/figures.js';

// 2.3 in CIELAB is a just noticeable difference between adjacent patches; separate lines need several times that.
describe.each(Object.entries(sights))('%s', (_, sight) => {
  test('any two figure colours are at least 19 apart in CIELAB, and 18 on the dark page', () => {
    expect(
      leastDistance(
        seriesStyles.map(({ color }) => color),
        sight,
      ),
    ).toBeGreaterThanOrEqual(19);
    expect(
      leastDistance(
        seriesStyles.map(({ onDark }) => onDark),
        sight,
      ),
    ).toBeGreaterThanOrEqual(18);
  });

  // In CIEDE2000 about 1 is just noticeable.
  test('and at least 9 apart in CIEDE2000', () => {
    for (const ground of ['color', 'onDark'] as const)
      expect(
        leastDistance(
          seriesStyles.map((style) => style[ground]),
          sight,
          ciede2000,
        ),
      ).toBeGreaterThanOrEqual(9);
  });
});

// Of the thirty-four pairs of Sharma, Wu and Dalal 2005, table 1, those that reveal a mistake in hue, chroma or
// rotation.
test.each([
  [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
  [[50, -1.3802, -84.2814], [50, 0, -82.7485], 1.0],
  [[50, 0, 0], [50, -1, 2], 2.3669],
  [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
  [[50, 2.49, -0.001], [50, -2.49, 0.0011], 7.2195],
  [[50, -0.001, 2.49], [50, 0.0009, -2.49], 4.8045],
  [[50, 2.5, 0], [73, 25, -18], 27.1492],
  [[50, 2.5, 0], [61, -5, 29], 22.8977],
  [[50, 2.5, 0], [56, -27, -3], 31.903],
  [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
  [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
] as const)('CIEDE2000 between %j and %j is %d', (a, b, expected) => {
  expect(ciede2000(a, b)).toBeCloseTo(expected, 4);
  expect(ciede2000(b, a)).toBeCloseTo(expected, 4);
});

test('the simulation is right in known cases: grey stays grey, and red and green of one lightness coincide', () => {
  for (const sight of Object.values(sights)) expect(leastDistance(['#777777', '#777777'], [...sight])).toBe(0);
  for (const [name, sight] of Object.entries(sights)) {
    const [, a, b] = labOf(times(sight, linear('#808080')));
    expect(Math.hypot(a, b), name).toBeLessThan(0.5);
  }
  const pair = ['#B34A00', '#6E6E00'];
  expect(leastDistance(pair, sights['deuteranopia']!)).toBeLessThan(0.5 * leastDistance(pair, sights['normal']!));
});

test('no two of twelve series share a mark, or of six a dash, so grey print distinguishes them', () => {
  expect(seriesStyles).toHaveLength(12);
  expect(new Set(seriesStyles.map(({ shape, isHollow }) => `${shape} ${isHollow}`)).size).toBe(12);
  for (const six of [seriesStyles.slice(0, 6), seriesStyles.slice(6)])
    expect(new Set(six.map(({ dash }) => dash.join(' '))).size).toBe(6);
});

test('colours contrast with their background', () => {
  for (const { color, onDark } of seriesStyles) {
    expect(contrast(color, '#ffffff')).toBeGreaterThan(2);
    expect(contrast(onDark, darkGround)).toBeGreaterThan(4.5);
  }
});

// As drawn, not as in the palette: a figure may give a series its own colour.
test.each(Object.entries(figures))(
  '%s: named series of a panel differ in dash or in mark, for grey print',
  (_, { panels }) => {
    for (const { title, keys = [] } of panels) {
      const looks = keys.map(({ style: { dash, shape, isHollow }, hasLine, hasPoints }) =>
        [hasLine ? dash.join(' ') : '', hasPoints ? `${isHollow === true ? 'hollow ' : ''}${shape}` : ''].join('; '),
      );
      expect(new Set(looks).size, `${title}: ${looks.join(' | ')}`).toBe(looks.length);
    }
  },
);

test('compare: a prediction is wide and pale below the measured line, so that both are visible where they coincide', async () => {
  const svg = await toSvg(figureSpec(figures['compare']!, usualFigure.size));
  const lines = [...svg.matchAll(/<path [^>]*d="M[^Z"]*"[^>]*stroke="(#\w+)" stroke-width="([\d.]+)"[^>]*>/g)];
  const [predicted, measured] = [seriesStyle(2), seriesStyle(1)].map(({ color }) => {
    const place = lines.findIndex(([, stroke]) => stroke === color);
    const [mark = '', , width] = lines[place] ?? [];
    return { place, width: Number(width), mark };
  });
  expect(predicted!.place).toBeGreaterThanOrEqual(0);
  expect(measured!.place).toBeGreaterThan(predicted!.place); // drawn later
  expect(predicted!.width).toBeGreaterThan(2 * measured!.width); // seen on both sides of it
  expect([predicted!.mark.includes('opacity="0.5"'), measured!.mark.includes('dasharray')]).toEqual([true, true]);
});

test.each(Object.entries(figures))('%s: where a panel has several series, a legend names each', (_, { panels }) => {
  const named = new Set(panels.flatMap(({ keys = [] }) => keys.map(({ label, style }) => `${label}: ${style.color}`)));
  for (const { curves } of panels) {
    // A limit is named by its axis (a difference of 0), and so is the only series beside it.
    const all = (curves?.series ?? [])
      .map((series, place) => ({ ...series, place }))
      .filter(({ isUnnamed, style }) => isUnnamed !== true && style !== referenceStyles.limit);
    if (all.length < 2) continue;
    const unnamed = all.map(({ label, style, place }) => {
      const { color } = typeof style === 'object' ? style : seriesStyle(style ?? place);
      return `${label}: ${color}`;
    });
    expect(unnamed.filter((series) => !named.has(series))).toEqual([]);
  }
});

test('curves of which the last panel has not all: each panel has its own legend', () => {
  const [first, ...others] = studied;
  const half = { ...first!, cells: first!.cells.filter(({ method }) => method === 'average') };
  const { panels } = studyFigure('half', [first!, ...others, half]);
  expect(panels.every(({ keys = [] }) => keys.length > 0)).toBe(true);
  expect(studyFigure('whole', [first!, first!]).panels.map(({ keys = [] }) => keys.length > 0)).toEqual([false, true]);
});

test.each(Object.entries(figures))(
  '%s on a dark ground: every colour has a counterpart that stands out',
  async (_, figure) => {
    const light = await toSvg(figureSpec(figure, usualFigure.size));
    const dark = darkened(light);
    const colours = (svg: string) =>
      [...svg.matchAll(/<(\w+)[^>]*? (fill|stroke)="(?!none|transparent)(#\w+|[a-z]+)"/g)].map(
        ([, element, , colour]) => ({
          element: element!,
          colour: colour!,
        }),
      );
    expect(colours(dark)).toHaveLength(colours(light).length);
    expect(colours(light).length).toBeGreaterThan(20);
    for (const [i, { colour }] of colours(dark).entries())
      if (colours(light)[i]!.colour !== '#9a9a9a') expect(colour).not.toBe(colours(light)[i]!.colour);
    const against = (colour: string) => contrast(colour, darkGround);
    const texts = colours(dark).filter(({ element }) => element === 'text');
    expect(texts.length).toBeGreaterThan(10);
    // 4.5 for text, as WCAG 2.2 requires (1.4.3).
    for (const { colour } of texts) expect(against(colour), colour).toBeGreaterThan(4.5);
  },
);

test('after the twelfth series colours repeat, with another mark and another dash', () => {
  const looks = Array.from({ length: 18 }, (_, i) => seriesStyle(i));
  expect(new Set(looks.map(({ color }) => color)).size).toBe(12);
  expect(new Set(looks.map(({ shape, dash }) => [shape, dash].join())).size).toBe(18);
});
