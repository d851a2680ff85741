import { expect, test } from 'vitest';
import type { Figure } from '../../../../src/report/figures/layout.js';
import { curvePanel, type PanelSeries } from '../../../../src/report/figures/panels.js';
import { referenceStyles, seriesStyle } from '../../../../src/report/figures/theme.js';
import { together } from '../../../../src/report/figures/together.js';

const widths = [8, 16, 32];
const line = (height: number) => [1, 10, 100].map((x) => ({ x, y: height + x / 1000, lower: height, upper: 1 }));
const panel = (title: string, series: readonly PanelSeries[]) =>
  curvePanel({ title, subtitle: ['bow 1'], series, xTitle: 'steps', yTitle: 'share' });

/** A published curve, a curve with its prediction and a limit, and a panel without curves. */
const figure = (height: number, induced = 'K = 5'): Figure => ({
  title: 'run: accuracy',
  notes: ['of all', `of ${height} alone`],
  panels: [
    panel('natural: opt', [{ label: 'opt', line: line(0) }]),
    panel(`induced: ${induced}`, [
      { label: 'limit', style: referenceStyles.limit, line: line(0.5), points: [] },
      { label: 'measured', style: 1, line: line(height) },
      { label: 'predicted', style: 2, line: line(height / 2) },
    ]),
    { title: '', notes: [], x: { title: 'x', domain: [0, 1] }, y: { title: 'y', domain: [0, 1] }, layers: () => [] },
  ],
});
const curves = widths.map((width) => ({
  figure: figure(width / 100),
  curve: { factor: 'width', name: `width ${width}` },
}));

test('curves of a factor’s values are drawn into one panel, each named by its value', () => {
  const { title, notes, panels } = together('run', curves);
  expect(title).toBe('run: accuracy, by width');
  expect(notes).toEqual(['of all', 'Thin lines: predicted.']);
  expect(panels.map((each) => each.title)).toEqual([
    'natural: opt',
    'induced: K = 5',
    'width 8',
    'width 16',
    'width 32',
  ]);
  const [, induced] = panels;
  expect(induced!.keys!.map(({ label }) => label)).toEqual(['limit', 'width 8', 'width 16', 'width 32']);
  // Every key has an end, so that it can stand at its line.
  expect(induced!.keys!.map(({ end }) => Number(end?.y.toFixed(9)))).toEqual([0.6, 0.18, 0.26, 0.42]);
  const drawn = induced!.curves!.series.filter(({ label }) => label !== 'limit');
  expect(drawn.map(({ isUnnamed }) => isUnnamed === true)).toEqual([false, true, false, true, false, true]);
  // Whatever belongs to a curve has its colour.
  const colours = drawn.map(({ style }) => (style as { color: string }).color);
  expect(colours).toEqual([0, 0, 1, 1, 2, 2].map((i) => seriesStyle(i).color));
});

test('different metrics are named at the curves, and incompatible panels stand side by side', () => {
  const differing = curves.map((each, i) => ({ ...each, figure: figure(0.1, `K = ${i}`) }));
  const [, induced] = together('run', differing).panels;
  expect(induced!.title).toBe('induced');
  expect(induced!.keys!.map(({ label }) => label).slice(1)).toEqual([
    'width 8: K = 0',
    'width 16: K = 1',
    'width 32: K = 2',
  ]);
  expect(
    together('run', curves, true)
      .panels.map(({ title }) => title)
      .slice(0, 4),
  ).toEqual(['width 8: natural: opt', 'width 8: induced: K = 5', 'width 8', 'width 16: natural: opt']);
});

test('bands of up to four curves are drawn; those of more would be one shade, and the figure says where they are', () => {
  const ofWidths = (count: number) =>
    together(
      'run',
      Array.from({ length: count }, (_, i) => ({
        figure: figure(i / 100),
        curve: { factor: 'width', name: `width ${i}` },
      })),
    );
  const bandsIn = ({ panels }: Figure) =>
    panels[1]!.curves!.series.filter(
      ({ style, line: points }) => style !== referenceStyles.limit && points.some(({ lower }) => lower !== undefined),
    ).length;
  const said = 'Intervals of more than 4 curves would hide each other, and are in the tables alone.';
  expect([bandsIn(ofWidths(4)), ofWidths(4).notes.includes(said)]).toEqual([4, false]);
  expect([bandsIn(ofWidths(5)), ofWidths(5).notes.includes(said)]).toEqual([0, true]);
});

test('36 series have 36 looks, and neighbours differ in colour, shape and dashes', () => {
  const looks = Array.from({ length: 36 }, (_, i) => seriesStyle(i));
  expect(new Set(looks.map((look) => JSON.stringify(look))).size).toBe(36);
  looks.slice(1).forEach((look, i) => {
    const before = looks[i]!;
    expect([look.color === before.color, look.shape === before.shape, look.dash === before.dash]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
