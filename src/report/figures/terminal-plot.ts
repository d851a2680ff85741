/** Plots curves with characters: axes with numbers, a mark at each point, bars for intervals, a legend. */
import { firstOf, lastOf, nth } from '../../machine/present.js';
import { Canvas, cellSize, type CharacterSet, type Dot } from '../../terminal/canvas.js';
import { inSeriesColour } from '../../terminal/colour.js';
import { formatCount } from '../../terminal/format.js';
import {
  linearTicks,
  logTicks,
  placing,
  plainTicks,
  ticksAround,
  type CurvePoint,
  type Domain,
  type Tick,
} from './axis.js';

export interface PlotSeries {
  readonly label: string;
  /** In order of x. Infinite values are arrows at the edge, NaN is left out. */
  readonly points: readonly CurvePoint[];
}

export interface Plot {
  readonly series: readonly PlotSeries[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xScale: 'log' | 'linear';
  /** Numbers on the horizontal axis, room permitting; default: round ones. */
  readonly xTicks?: readonly number[] | undefined;
  /** Total width in cells. */
  readonly width: number;
  readonly height: number;
  readonly characters: CharacterSet;
  readonly colour: boolean;
}

const looks = {
  braille: { marks: ['●', '■', '▲', '◆', '▼', '✚'], side: '│', tick: '┤', corner: '└', floor: '─', xTick: '┬' },
  ascii: { marks: ['o', 'x', '+', '*', '#', '@'], side: '|', tick: '+', corner: '+', floor: '-', xTick: '+' },
} as const;

/** Marks of infinite values. */
export const arrows = { braille: { up: '↑', down: '↓' }, ascii: { up: '^', down: 'v' } } as const;

/** In dots: solid first, then dashes that distinguish curves without colour. */
const dashes: readonly (readonly [on: number, off: number])[] = [
  [1, 0],
  [4, 3],
  [1, 2],
  [7, 2],
  [2, 2],
  [1, 4],
];

/** Cells from the canvas's edge to the outermost points. */
const margin = 2;
/** Fewest cells between neighbouring scales for their intervals not to merge. */
const leastGap = 2;

/** Without a line break at the end; every series has a point. */
export function drawPlot(plot: Plot): string {
  const { width, height, yTitle, xTitle, characters } = plot;
  const legend = legendLines(plot);
  const rows = Math.max(3, height - 4 - legend.length);
  const vertical = verticalAxis(plot, rows);
  const gutter = Math.max(...vertical.ticks.map(({ text }) => text.length));
  const canvas = new Canvas(Math.max(10, width - gutter - 2), rows, characters);
  const place = dotsOf(plot, canvas, vertical);
  drawSeries(plot, canvas, place);
  const look = looks[characters];
  const labels = new Map(vertical.ticks.map(({ at, text }) => [cellOf(place({ x: NaN, y: at }), plot).row, text]));
  const body = canvas.lines(plot.colour ? inSeriesColour : undefined).map((line, row) => {
    const text = labels.get(row);
    return `${(text ?? '').padStart(gutter)} ${text === undefined ? look.side : look.tick}${line}`;
  });
  const below = horizontalAxis(plot, canvas, place);
  const indent = ' '.repeat(gutter + 1);
  return [
    ' '.repeat(Math.max(0, gutter + 1 - yTitle.length)) + yTitle,
    ...body,
    indent + look.corner + below.floor,
    `${indent} ${below.labels}`,
    `${indent} ${centred(xTitle, canvas.columns)}`,
    ...legend.map((line) => `${indent} ${line}`),
  ]
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Whether the scales of a plot are far enough apart for intervals. */
export function hasRoomForIntervals({ series, xScale, width }: Pick<Plot, 'series' | 'xScale' | 'width'>): boolean {
  const place = placing(domainOfX(series), [0, width - 12 - 2 * margin], xScale === 'log');
  const places = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => place(x))))].sort((a, b) => a - b);
  return places.slice(1).every((at, i) => at - nth(places, i) >= leastGap);
}

interface PlotAxis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly Tick[];
}

/** Round limits around all values; starts at 0 if the lowest value is nearer to 0 than to the highest. */
function verticalAxis({ series }: Plot, rows: number): PlotAxis {
  const all = series
    .flatMap(({ points }) => points.flatMap(({ y, lower, upper }) => [y, lower ?? y, upper ?? y]))
    .filter(Number.isFinite);
  let [low, high] = all.length === 0 ? [0, 1] : [Math.min(...all), Math.max(...all)];
  if (low > 0 && low < high / 2) low = 0;
  const largest = Math.max(Math.abs(low), Math.abs(high));
  // Equal except for rounding, at the precision of the axis labels; or so small that steps underflow.
  if (largest < 1e-280) [low, high] = [0, 1];
  else if (high - low <= 1e-9 * largest) [low, high] = [Math.min(0, low), Math.max(0, high)];
  const values = ticksAround([low, high], Math.max(2, Math.min(6, Math.floor(rows / 2))));
  return {
    low: firstOf(values),
    high: lastOf(values),
    ticks: plainTicks(values),
  };
}

type Place = (point: { readonly x: number; readonly y: number }) => Dot;

/** Maps values to dots. */
function dotsOf({ series, xScale, characters }: Plot, canvas: Canvas, vertical: PlotAxis): Place {
  const { wide, high } = canvas.size;
  const edge = margin * cellSize[characters].wide;
  const across = placing(domainOfX(series), [edge, wide - 1 - edge], xScale === 'log');
  const down = placing([vertical.high, vertical.low], [0, high - 1], false);
  return ({ x, y }) => ({ x: Math.round(across(x)), y: Math.round(down(y)) });
}

function domainOfX(series: readonly PlotSeries[]): Domain {
  const all = series.flatMap(({ points }) => points.map(({ x }) => x));
  return [Math.min(...all), Math.max(...all)];
}

function cellOf({ x, y }: Dot, { characters }: Plot): { readonly column: number; readonly row: number } {
  const { wide, high } = cellSize[characters];
  return { column: Math.floor(x / wide), row: Math.floor(y / high) };
}

/** Lines at the bottom, intervals above them, marks on top. */
function drawSeries(plot: Plot, canvas: Canvas, place: Place): void {
  const shown = plot.series.map(({ points }) => points.filter(({ y }) => Number.isFinite(y)));
  shown.forEach((points, style) => {
    const dash = dashes[style % dashes.length];
    points.slice(1).forEach((point, i) => {
      // Only between neighbours: no line crosses a missing point.
      const all = nth(plot.series, style).points;
      if (all.indexOf(point) === all.indexOf(nth(points, i)) + 1)
        canvas.line(place(nth(points, i)), place(point), { style, dash });
    });
  });
  if (hasRoomForIntervals(plot))
    shown.forEach((points, style) => {
      for (const { x, lower, upper } of points) {
        if (lower === undefined || upper === undefined || !Number.isFinite(upper - lower)) continue;
        canvas.line(place({ x, y: upper }), place({ x, y: lower }), { style });
      }
    });
  const { marks } = looks[plot.characters];
  shown.forEach((points, style) => {
    for (const point of points) canvas.mark(place(point), nth(marks, style % marks.length), style);
  });
  const { up, down } = arrows[plot.characters];
  plot.series.forEach(({ points }, style) => {
    for (const { x, y } of points.filter((point) => Math.abs(point.y) === Infinity))
      canvas.mark({ ...place({ x, y: 0 }), y: y > 0 ? 0 : canvas.size.high - 1 }, y > 0 ? up : down, style);
  });
}

function horizontalAxis(plot: Plot, canvas: Canvas, place: Place) {
  const { series, xScale, xTicks, characters } = plot;
  const look = looks[characters];
  const [low, high] = domainOfX(series);
  const round = xScale === 'log' ? logTicks([low, high]) : linearTicks([low, high], 5);
  const floor = Array.from({ length: canvas.columns }, () => look.floor as string);
  const labels = Array.from({ length: canvas.columns }, () => ' ');
  for (const value of (xTicks ?? round).filter((tick) => tick >= low && tick <= high)) {
    const { column } = cellOf(place({ x: value, y: NaN }), plot);
    const text = formatCount(value);
    const begin = Math.min(canvas.columns - text.length, Math.max(0, column - Math.floor((text.length - 1) / 2)));
    // Needs a space on either side, or adjacent numbers would run together.
    if (labels.slice(Math.max(0, begin - 1), begin + text.length + 1).some((character) => character !== ' ')) continue;
    labels.splice(begin, text.length, ...Array.from(text));
    floor[column] = look.xTick;
  }
  return { floor: floor.join(''), labels: labels.join('') };
}

function centred(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, Math.floor((columns - text.length) / 2))) + text;
}

/** As many entries per line as fit. */
function legendLines({ series, width, characters, colour }: Plot): string[] {
  const { marks } = looks[characters];
  const lines: { text: string; length: number }[] = [];
  series.forEach(({ label }, i) => {
    const mark = nth(marks, i % marks.length);
    const text = `${colour ? inSeriesColour(mark, i) : mark} ${label}`;
    const last = lines.at(-1);
    const length = label.length + 2;
    if (last === undefined || last.length + 3 + length > width - 12) lines.push({ text, length });
    else lines[lines.length - 1] = { text: `${last.text}   ${text}`, length: last.length + 3 + length };
  });
  return lines.map(({ text }) => text);
}
