/**
 * Figures as they are printed: panels side by side and row below row in a picture of a given size in inches, with no text smaller
 * than 7 points. Everything is measured before it is drawn, so that texts neither run into each other nor out of the picture,
 * and the specification that comes out has the place of everything in pixels.
 */
import type { TopLevelSpec } from 'vega-lite';
import { fontFamily, inks, type SeriesStyle } from './theme.js';
import {
  apart,
  linearTicks,
  logTicks,
  placing,
  valueTicks,
  withRoom,
  type CurvePoint,
  type Domain,
  type Tick,
} from './axis.js';
import { pixelsPerInch, type FigureSize } from './print.js';
import { textWidth, wrapped, type TextFont } from './text.js';
import { UsageError } from '../../terminal/errors.js';

export interface Axis {
  readonly title: string;
  readonly domain: Domain;
  readonly isLog?: boolean;
  /** Left out: round numbers. Those without room are left out. */
  readonly ticks?: readonly Tick[];
  /** Of round numbers; left out: as they are. */
  readonly texts?: (values: readonly number[]) => Tick[];
  /** Lines across the panel; left out: yes. */
  readonly grid?: boolean;
}

/** A piece of line, with a point on it where the series has some, and its name. */
export interface Key {
  readonly label: string;
  readonly style: SeriesStyle;
  readonly hasPoints: boolean;
  /** The end of its line, where the label goes if there is room beside the panel; left out: the label goes below. */
  readonly end?: CurvePoint;
}

export interface Ramp {
  readonly scheme: string;
  readonly domain: Domain;
  readonly title: string;
  /** Left out: as they are. */
  readonly texts?: (values: readonly number[]) => Tick[];
}

export interface Panel {
  readonly title: string;
  readonly notes: readonly string[];
  readonly x: Axis;
  readonly y: Axis;
  /** Numbers above the panel. */
  readonly top?: { readonly title: string; readonly ticks: readonly Tick[] };
  readonly keys?: readonly Key[];
  /** What colours mean. */
  readonly ramp?: Ramp;
  /** What is drawn inside the axes, in Vega-Lite. */
  readonly layers: (frame: Frame) => readonly object[];
}

export interface Figure {
  readonly title: string;
  /** Sentences below the title. */
  readonly notes: readonly string[];
  /** At least one. */
  readonly panels: readonly Panel[];
  /** Panels side by side where there is room; left out: 3. */
  readonly columns?: number;
}

/** A panel's inside, in pixels, with the channels of what is drawn in it. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Pixels of what is a pixel wide at the size of a page. */
  readonly unit: number;
  readonly x: object;
  readonly y: object;
  /** What a value's colour is, of a panel that has a ramp. */
  readonly color: object;
}

/** Sizes of text in pixels. */
interface Look {
  readonly unit: number;
  readonly label: TextFont;
  readonly heading: TextFont;
  readonly title: TextFont;
  readonly line: number;
}

/** 7.2 points on paper; on what is wider than a page as much larger as it is wider. */
function lookOf(width: number): Look {
  const unit = Math.max(1, width / (6.75 * pixelsPerInch));
  return {
    unit,
    label: { size: 9.6 * unit },
    heading: { size: 10.2 * unit, bold: true },
    title: { size: 11.6 * unit, bold: true },
    line: 12.6 * unit,
  };
}

/** Sizes in pixels, at the size of a page. */
const edge = 8;
const gap = 14;
const tickRoom = 7;
const sample = 22;
const lowest = 56;

interface Layout {
  readonly columns: number;
  /** Panels whose labels stand at the ends of their lines; those of others are below them. */
  readonly atEnds: ReadonlySet<Panel>;
  readonly left: number;
  /** Beside panels that have another one to their right, and beside those that have none. */
  readonly right: { readonly inner: number; readonly last: number };
  readonly width: number;
  readonly height: number;
  /** Above each panel, below each but those of the last row, above the first row. */
  readonly heading: number;
  readonly bottom: number;
  /** Below the last row. */
  readonly foot: number;
  readonly title: readonly string[];
  readonly notes: readonly string[];
  readonly top: number;
}

/** @param title in place of the figure's own; an empty one leaves out the lines below it too */
export function figureSpec(
  figure: Figure,
  { inches, height, isHeightFirm, name }: FigureSize,
  title?: string,
): TopLevelSpec {
  const total = { width: Math.round(inches * pixelsPerInch), height: height && Math.round(height * pixelsPerInch) };
  const look = lookOf(total.width);
  const named = title === undefined ? figure : title === '' ? { ...figure, title, notes: [] } : { ...figure, title };
  const layouts = columnChoices(figure, total.width, look).map((columns) => layoutOf(named, total, columns, look));
  const fitting =
    total.height === undefined ? layouts.slice(0, 1) : layouts.filter(({ height: high }) => high >= lowest * look.unit);
  const shape = ({ width, height: high }: Layout) => Math.min(width, 1.3 * high);
  const [best] = fitting.toSorted((a, b) => shape(b) - shape(a));
  if (best !== undefined) return specOf(named, best, total, look);
  if (isHeightFirm)
    throw new UsageError(
      `"${name}" is too low for this figure`,
      '--size',
      `at this width it takes ${Math.ceil(10 * leastHeight(named, layouts, look)) / 10} inches`,
    );
  return figureSpec(figure, { inches, height: undefined, isHeightFirm, name }, title);
}

function leastHeight(figure: Figure, layouts: readonly Layout[], look: Look): number {
  return (
    Math.min(...layouts.map((layout) => totalHeight(figure, { ...layout, height: lowest * look.unit }, look))) /
    pixelsPerInch
  );
}

/** Most first, and of those with as many rows the fewest: no row is left almost empty. */
function columnChoices({ panels: { length }, columns = 3 }: Figure, width: number, { unit }: Look): number[] {
  const most = Math.max(1, Math.min(columns, length, Math.floor(width / (188 * unit))));
  const balanced = (count: number) => Math.ceil(length / Math.ceil(length / count));
  return [...new Set(Array.from({ length: most }, (_, i) => balanced(most - i)))];
}

function layoutOf(
  figure: Figure,
  total: { width: number; height: number | undefined },
  columns: number,
  look: Look,
): Layout {
  const { panels } = figure;
  const { unit, label, line } = look;
  const all = total.width - 2 * edge * unit;
  const rows = Math.ceil(panels.length / columns);
  const isLast = (i: number) => i % columns === columns - 1 || i === panels.length - 1;
  const cell = all / columns;
  // A panel that is the last of its row before the last column has the place of the next ones for its labels.
  const spare = (i: number) => (i === panels.length - 1 ? (columns - 1 - (i % columns)) * cell : 0);
  const atEnds = new Set(panels.filter((panel, i) => labelsFit(panel, 0.36 * cell + spare(i), look)));
  const right = panels.map((panel) => (atEnds.has(panel) ? endWidth(panel, look) : 4 * unit));
  const most = (values: readonly number[]) => Math.max(0, ...values);
  const ofLast = most(right.filter((_, i) => i % columns === columns - 1));
  const ofInner = most(right.filter((_, i) => !isLast(i)));
  const title = figure.title === '' ? [] : wrapped(figure.title, all, look.title);
  const notes = figure.notes.flatMap((note) => wrapped(note, all, label));
  const top =
    title.length === 0 ? edge * unit : (edge + 4) * unit + (1.15 * title.length + notes.length) * line + 4 * unit;
  let layout: Layout = {
    ...{
      columns,
      atEnds,
      left: 30 * unit,
      right: { inner: ofInner, last: ofLast },
      width: all / columns,
      height: 150 * unit,
    },
    ...{ heading: 0, bottom: 0, foot: 0, title, notes, top },
  };
  // Labels of an axis depend on its length, and lengths on the labels: it settles at once.
  for (let pass = 0; pass < 3; pass++) {
    const left = most(panels.map((panel) => leftOf(panel, layout, look)));
    const width = (all - columns * left - (columns - 1) * (ofInner + gap * unit) - ofLast) / columns;
    const sized = { ...layout, left, width };
    const heading = most(panels.map((panel, i) => headingHeight(panel, roomOf(i, panels.length, sized, all), look)));
    const bottoms = panels.map((panel) => bottomHeight(panel, sized, look));
    const lastRow = (rows - 1) * columns;
    const measured = {
      ...{ ...sized, heading },
      bottom: most(bottoms.slice(0, lastRow)),
      foot: most(bottoms.slice(lastRow)),
    };
    const free = (total.height ?? 0) - totalHeight(figure, { ...measured, height: 0 }, look);
    const height = total.height === undefined ? Math.min(300 * unit, Math.max(110 * unit, width / 1.45)) : free / rows;
    layout = { ...measured, height };
  }
  return layout;
}

function totalHeight(
  { panels }: Figure,
  { columns, top, heading, height, bottom, foot }: Layout,
  { unit }: Look,
): number {
  const rows = Math.ceil(panels.length / columns);
  return top + rows * (heading + height) + (rows - 1) * (bottom + gap * unit) + foot + edge * unit;
}

/** How wide the texts above the i-th panel may be: to the next panel, or to the picture's end. */
function roomOf(i: number, count: number, { columns, left, right, width }: Layout, all: number): number {
  const place = i % columns;
  if (i < count - 1 && place < columns - 1) return width + right.inner;
  return all - left - place * (left + width + right.inner + gap);
}

function ticksOf({ domain, isLog = false, ticks, texts = valueTicks }: Axis, count: number): readonly Tick[] {
  return ticks ?? texts(isLog ? logTicks(domain) : linearTicks(domain, count));
}

function xTicks({ x }: Panel, width: number, { label, unit }: Look): Tick[] {
  const ticks = ticksOf(x, Math.max(2, Math.min(6, Math.floor(width / (45 * unit)))));
  return withRoom(ticks, placing(x.domain, [0, width], x.isLog ?? false), (text) => textWidth(text, label), 6 * unit);
}

function yTicks({ y }: Panel, height: number, { line, unit }: Look): Tick[] {
  const ticks = ticksOf(y, Math.max(2, Math.min(6, Math.floor(height / (28 * unit)))));
  return withRoom(ticks, placing(y.domain, [0, height], y.isLog ?? false), () => 0.75 * line, 0.5 * line);
}

function leftOf(panel: Panel, { height }: Layout, look: Look): number {
  const { label, unit } = look;
  return Math.max(
    10 * unit,
    ...yTicks(panel, height, look).map(({ text }) => textWidth(text, label) + tickRoom * unit),
  );
}

function labelsFit({ keys = [] }: Panel, room: number, look: Look): boolean {
  return keys.length > 0 && keys.every(({ end }) => end !== undefined) && endWidth({ keys }, look) <= room;
}

function endWidth({ keys = [] }: Pick<Panel, 'keys'>, { label, unit }: Look): number {
  return Math.max(...keys.map((key) => textWidth(key.label, label))) + (sample + 14) * unit;
}

interface Words {
  readonly title: readonly string[];
  readonly notes: readonly string[];
  readonly y: readonly string[];
  /** Above the panel. */
  readonly top: number;
}

function wordsOf({ title, notes, y, top }: Panel, room: number, { heading, label, line }: Look): Words {
  return {
    title: title === '' ? [] : wrapped(title, room, heading),
    notes: notes.flatMap((note) => wrapped(note, room, label)),
    y: wrapped(`↑ ${y.title}`, room, label),
    top: top === undefined ? 0 : 1.3 * line,
  };
}

function headingHeight(panel: Panel, room: number, look: Look): number {
  const { title, notes, y, top } = wordsOf(panel, room, look);
  return (title.length + notes.length + y.length) * look.line + top + 8 * look.unit;
}

interface LegendEntry {
  readonly key: Key;
  readonly lines: readonly string[];
  readonly at: number;
  readonly row: number;
}

/** As many entries in each row as fit; one that is wider has a row for each of its lines. */
function legendEntries({ keys = [] }: Panel, width: number, { label, unit }: Look): LegendEntry[] {
  let [at, row] = [0, 0];
  return keys.map((key) => {
    const lines = wrapped(key.label, width - (sample + 6) * unit, label);
    const size = Math.max(...lines.map((each) => textWidth(each, label))) + (sample + 18) * unit;
    if (at > 0 && (lines.length > 1 || at + size - 12 * unit > width)) [at, row] = [0, row + 1];
    const placed = { key, lines, at, row };
    [at, row] = lines.length > 1 ? [0, row + lines.length] : [at + size, row];
    return placed;
  });
}

/** Rows that a legend takes. */
function legendRows(entries: readonly LegendEntry[]): number {
  return Math.max(0, ...entries.map(({ row, lines }) => row + lines.length));
}

/** A legend may begin below the labels of the vertical axis. */
function legendWidth({ left, width }: Layout): number {
  return left + width;
}

function bottomHeight(panel: Panel, layout: Layout, look: Look): number {
  const { unit, label, line } = look;
  const title = wrapped(panel.x.title, layout.width, label).length * line;
  const rows = layout.atEnds.has(panel) ? 0 : legendRows(legendEntries(panel, legendWidth(layout), look));
  const legend = rows === 0 ? 0 : rows * 1.15 * line + 5 * unit;
  return tickRoom * unit + line + title + legend + (panel.ramp === undefined ? 0 : 2 * line + 18 * unit);
}

function specOf(
  figure: Figure,
  layout: Layout,
  total: { width: number; height: number | undefined },
  look: Look,
): TopLevelSpec {
  const { panels, title, notes } = figure;
  const { columns, left, right, top, heading, bottom } = layout;
  const { unit } = look;
  const height = total.height ?? Math.ceil(totalHeight(figure, layout, look));
  const before = { left: edge * unit + left, top: top + heading };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: [title, ...notes].join(' '),
    // All is placed by hand: the whole picture is padding around a view without a size of its own.
    autosize: { type: 'none' },
    // A single column's width is the whole view's.
    padding: {
      ...before,
      right: total.width - before.left - (columns === 1 ? layout.width : 0),
      bottom: height - before.top,
    },
    columns,
    align: 'none',
    bounds: 'flush',
    spacing: { row: bottom + gap * unit + heading, column: right.inner + gap * unit + left },
    concat: panels.map((panel, i) => panelSpec(panel, i, { figure, layout, total, look })),
    resolve: { scale: { color: 'independent' } },
  } as unknown as TopLevelSpec;
}

interface Whole {
  readonly figure: Figure;
  readonly layout: Layout;
  readonly total: { readonly width: number };
  readonly look: Look;
}

function panelSpec(panel: Panel, i: number, { figure, layout, total, look }: Whole): object {
  const { width, height } = layout;
  const { unit } = look;
  const [x, y] = [
    channel(panel.x, xTicks(panel, width, look), look),
    channel(panel.y, yTicks(panel, height, look), look),
  ];
  const room = roomOf(i, figure.panels.length, layout, total.width - 2 * edge * unit);
  return {
    ...{ width, height },
    layer: [
      ...panel.layers({
        width,
        height,
        unit,
        x,
        y,
        color: panel.ramp === undefined ? {} : colorOf(panel, layout, look),
      }),
      ...(i === 0 ? titleLines(layout, look) : []),
      ...headingLines(panel, room, layout, look),
      ...belowPanel(panel, layout, look),
      ...keysOf(panel, layout, look),
    ],
  };
}

function channel({ domain, isLog = false, grid = true }: Axis, ticks: readonly Tick[], { label, unit }: Look): object {
  const texts = Object.fromEntries(ticks.map(({ at, text }) => [String(at), text]));
  return {
    type: 'quantitative',
    scale: { ...(isLog ? { type: 'log' } : { zero: false }), domain: [...domain], nice: false },
    axis: {
      title: null,
      values: ticks.map(({ at }) => at),
      labelExpr: `(${JSON.stringify(texts)})[datum.value]`,
      labelFontSize: label.size,
      labelOverlap: false,
      labelBound: false,
      labelFlush: false,
      labelLimit: 0,
      labelPadding: 3 * unit,
      tickSize: 4 * unit,
      grid,
    },
  };
}

/** Where the legend begins, or the ramp. */
function belowTitle(panel: Panel, layout: Layout, look: Look): number {
  const { title, notes, x, y, layers } = panel;
  return layout.height + bottomHeight({ title, notes, x, y, layers }, layout, look) + 5 * look.unit;
}

function colorOf(panel: Panel, layout: Layout, look: Look): object {
  const { scheme, domain, texts = valueTicks } = panel.ramp!;
  const { label, line, unit } = look;
  const ticks = texts(linearTicks(domain, 4));
  return {
    type: 'quantitative',
    scale: { scheme, domain: [...domain] },
    legend: {
      ...{ title: null, orient: 'none', direction: 'horizontal', offset: 0, padding: 0, labelLimit: 0 },
      ...{
        legendX: 0,
        legendY: belowTitle(panel, layout, look) + line,
        labelOffset: 3 * unit,
        labelFontSize: label.size,
      },
      ...{ gradientLength: layout.width, gradientThickness: 7 * unit, values: ticks.map(({ at }) => at) },
      labelExpr: `(${JSON.stringify(Object.fromEntries(ticks.map(({ at, text }) => [String(at), text])))})[datum.value]`,
    },
  };
}

interface Placed extends TextFont {
  readonly x: number;
  readonly y: number;
  readonly align?: 'left' | 'center' | 'right';
  readonly color?: string;
}

/** A line of text, with its baseline's middle at the height y. */
function text(words: string, { x, y, size, bold = false, align = 'left', color = inks.text }: Placed): object {
  const style = { fontSize: size, font: fontFamily, ...(bold ? { fontWeight: 'bold' } : {}) };
  return {
    data: { values: [{}] },
    mark: { type: 'text', text: words, align, baseline: 'middle', color, ...style },
    encoding: { x: { value: x }, y: { value: y } },
  };
}

function titleLines({ title, notes, left, top, heading }: Layout, { title: font, label, line, unit }: Look): object[] {
  let y = edge * unit - top - heading - line / 2 + 2 * unit;
  return [
    ...title.map((words) => text(words, { x: -left, y: (y += 1.15 * line), ...font })),
    ...notes.map((words) => text(words, { x: -left, y: (y += line) + 2 * unit, ...label, color: inks.note })),
  ];
}

function headingLines(panel: Panel, room: number, layout: Layout, look: Look): object[] {
  const { heading: font, label, line, unit } = look;
  const words = wordsOf(panel, room, look);
  let y = -layout.heading - line / 2;
  const above = -words.top - 4 * unit - words.y.length * line - line / 2;
  let lower = above;
  const { top, x } = panel;
  const place = placing(x.domain, [0, layout.width], x.isLog ?? false);
  const numbers = top === undefined ? [] : withRoom(top.ticks, place, (each) => textWidth(each, label), 5 * unit);
  return [
    ...words.title.map((each) => text(each, { x: 0, y: (y += line), ...font })),
    ...words.notes.map((each) => text(each, { x: 0, y: (y += line), ...label, color: inks.note })),
    ...words.y.map((each) => text(each, { x: -Math.min(layout.left, 12 * unit), y: (lower += line), ...label })),
    ...(top === undefined
      ? []
      : numbers.map((tick) => text(tick.text, { x: place(tick.at), y: -0.8 * line, ...label, align: 'center' }))),
    ...(top === undefined ? [] : [text(top.title, { x: layout.width, y: above + line, ...label, align: 'right' })]),
  ];
}

function belowPanel(panel: Panel, layout: Layout, look: Look): object[] {
  const { width, height } = layout;
  const { label, line, unit } = look;
  let y = height + tickRoom * unit + line / 2;
  return [
    ...wrapped(panel.x.title, width, label).map((words) =>
      text(words, { x: width / 2, y: (y += line), ...label, align: 'center' }),
    ),
    ...(panel.ramp === undefined
      ? []
      : [text(panel.ramp.title, { x: 0, y: belowTitle(panel, layout, look) + line / 2 - 2 * unit, ...label })]),
  ];
}

/** Labels at the ends of lines where they fit, else a legend below. */
function keysOf(panel: Panel, layout: Layout, look: Look): object[] {
  const { line, unit } = look;
  const { keys = [], y } = panel;
  if (layout.atEnds.has(panel)) {
    const place = placing(y.domain, [layout.height, 0], y.isLog ?? false);
    const wanted = keys.map((key) => ({ key, at: place(key.end!.y) })).toSorted((a, b) => a.at - b.at);
    // Within the panel, as far as they have room there.
    const within = (at: number, i: number) =>
      Math.max(i * line, Math.min(at, layout.height - (wanted.length - 1 - i) * line));
    const heights = apart(
      wanted.map(({ at }, i) => within(at, i)),
      line,
    );
    return wanted.flatMap(({ key }, i) =>
      entry([key.label], key, { x: layout.width + 6 * unit, y: heights[i]! }, look),
    );
  }
  const top = belowTitle(panel, layout, look);
  return legendEntries(panel, legendWidth(layout), look).flatMap(({ key, lines, at, row }) =>
    entry(lines, key, { x: at - layout.left, y: top + (row + 0.5) * 1.15 * line }, look),
  );
}

function entry(
  lines: readonly string[],
  { style, hasPoints }: Key,
  { x, y }: { readonly x: number; readonly y: number },
  { label, line, unit }: Look,
): object[] {
  const data = { values: [{}] };
  const end = x + sample * unit;
  return [
    {
      data,
      mark: { type: 'rule', ...stroke(style, unit) },
      encoding: { x: { value: x }, x2: { value: end }, y: { value: y } },
    },
    ...(hasPoints
      ? [{ data, mark: pointMark(style, unit), encoding: { x: { value: (x + end) / 2 }, y: { value: y } } }]
      : []),
    ...lines.map((words, i) => text(words, { x: end + 5 * unit, y: y + 1.15 * line * i, ...label })),
  ];
}

/** How a series' line is drawn. */
export function stroke({ color, dash, width = 1.7 }: SeriesStyle, unit: number) {
  const strokeDash = dash.length === 2 && dash[1] === 0 ? {} : { strokeDash: dash.map((each) => each * unit) };
  return { color, strokeWidth: width * unit, ...strokeDash };
}

/** Filled, with a white rim that keeps points apart where they overlap. */
export function pointMark({ color, shape }: SeriesStyle, unit: number) {
  return {
    ...{ type: 'point', filled: true, fill: color, shape, size: 26 * unit ** 2, opacity: 0.85 },
    ...{ stroke: 'white', strokeWidth: 0.6 * unit },
  };
}
