import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawPlot, hasRoomForIntervals, type Plot } from '../../../../src/report/figures/terminal-plot.js';

const plot: Plot = {
  series: [{ label: 'accuracy', points: [1, 10, 100].map((x, i) => ({ x, y: i / 2, lower: i / 2, upper: i / 2 })) }],
  xTitle: 'width, logarithmic',
  yTitle: 'share',
  xScale: 'log',
  width: 40,
  height: 12,
  characters: 'ascii',
  colour: false,
};

test('a small plot, whole', () => {
  expect(`\n${drawPlot(plot)}`).toMatchInlineSnapshot(`
    "
    share
      1 +                             ..'o
        |                         ..''
        |                     ..''
    0.5 +                .o.''
        |           ...''
        |      ...''
      0 +  o.''
        +--+----+----+----+----+----+----+--
           1    2    5    10   20   50  100
                 width, logarithmic
         o accuracy"
  `);
});

interface Mark {
  readonly column: number;
  readonly row: number;
}

/** Positions of a mark in the drawing's body, and of the numbers at its axes. */
function read(text: string, mark: string): { marks: Mark[]; ticks: Map<number, number>; gutter: number } {
  const lines = text.split('\n').slice(1);
  const floor = lines.findIndex((line) => /^ *[+└][-─┬+]/.test(line) && !line.includes('|'));
  const gutter = lines[floor]!.search(/\S/);
  const marks: Mark[] = [];
  const ticks = new Map<number, number>();
  lines.slice(0, floor).forEach((line, row) => {
    const number = line.slice(0, gutter).trim();
    if (number !== '') ticks.set(row, Number(number));
    Array.from(line.slice(gutter + 1)).forEach((character, column) => {
      if (character === mark) marks.push({ column, row });
    });
  });
  return { marks, ticks, gutter };
}

describe.each(['braille', 'ascii'] as const)('%s', (characters) => {
  test('marks are where the axis puts them, to the cell; nothing exceeds the requested width and height', () => {
    const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(finite, { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 40, max: 120 }),
        fc.integer({ min: 10, max: 40 }),
        (values, width, height) => {
          const points = values.map((y, i) => ({ x: 2 ** i, y }));
          const text = drawPlot({ ...plot, series: [{ label: 'a', points }], characters, width, height });
          expect(Math.max(...text.split('\n').map((line) => Array.from(line).length))).toBeLessThanOrEqual(width);
          expect(text.split('\n')).toHaveLength(height);
          const { marks, ticks } = read(text, characters === 'ascii' ? 'o' : '●');
          const rows = [...ticks.keys()];
          const [top, bottom] = [Math.min(...rows), Math.max(...rows)];
          const [high, low] = [ticks.get(top)!, ticks.get(bottom)!];
          // The numbers at the ends are rounded to 3 digits; a cell is a step of the axis.
          const cell = (high - low) / (bottom - top) + 0.01 * Math.max(Math.abs(high), Math.abs(low));
          const inOrder = marks.toSorted((a, b) => a.column - b.column);
          expect(inOrder).toHaveLength(values.length);
          inOrder.forEach(({ row }, i) => {
            expect(Math.abs(high - ((row - top) / (bottom - top)) * (high - low) - values[i]!)).toBeLessThanOrEqual(
              cell,
            );
          });
        },
      ),
      {
        examples: [
          [[-999999.9999824999, -999999.9999524999], 40, 17],
          [[7.4e-323, 7e-323], 40, 10],
        ],
      },
    );
  });
});

test('intervals are bars from end to end, and left out where scales crowd', () => {
  const points = [1, 10].map((x) => ({ x, y: 0.5, lower: 0, upper: 1 }));
  const wide = drawPlot({ ...plot, series: [{ label: 'a', points }] });
  const column = read(wide, 'o').marks[0]!.column;
  const body = wide.split('\n').slice(1, -4);
  expect(body.map((line) => line[6 + column - 1])).not.toContain(' ');
  const crowded = {
    ...plot,
    series: [{ label: 'a', points: Array.from({ length: 40 }, (_, i) => ({ x: i + 1, y: i })) }],
  };
  expect([hasRoomForIntervals(plot), hasRoomForIntervals(crowded)]).toEqual([true, false]);
});

test('constant curves, values that are NaN, one scale', () => {
  for (const values of [
    [0, 0],
    [0.3, 0.3],
    [-2, -2],
    [NaN, 1, Infinity],
  ]) {
    const points = values.map((y, i) => ({ x: i + 1, y }));
    const { marks } = read(drawPlot({ ...plot, series: [{ label: 'a', points }] }), 'o');
    expect(marks).toHaveLength(values.filter(Number.isFinite).length);
  }
  expect(drawPlot({ ...plot, series: [{ label: 'a', points: [{ x: 5, y: 1 }] }] })).toContain('o');
});

test.each([[[0.9962, 0.9978]], [[2.3026, 2.3031]], [[123_456, 123_999]]])(
  'labels of ticks between %j differ',
  (values) => {
    const points = values.map((y, i) => ({ x: i + 1, y }));
    const labels = drawPlot({ ...plot, series: [{ label: 'a', points }] }).matchAll(/^ *(\S+) [┤+]/gm);
    const texts = [...labels].map(([, text]) => text);
    expect(texts.length).toBeGreaterThan(2);
    expect(new Set(texts).size).toBe(texts.length);
  },
);

test('colours only on request', () => {
  expect(drawPlot(plot)).not.toContain('\u001b');
  expect(drawPlot({ ...plot, colour: true })).toContain('\u001b[34mo\u001b[39m');
});
