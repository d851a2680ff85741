/**
 * Lays out figures: panels in rows in a picture of a given size, with no text smaller than 7 points. Everything is measured before
 * anything is drawn (spec.ts), so that texts neither overlap nor run out of the picture.
 */
import {
  linearTicks,
  logTicks,
  placing,
  evenlyThinned,
  roundest,
  valueTicks,
  withRoom,
  type CurvePoint,
  type Domain,
  type Tick,
} from './axis.js';
import { pixelsPerInch } from './figure-options.js';
import { sum } from 'd3-array';
import { textWidth, wrapText, type TextFont } from './text.js';
import type { SeriesStyle } from './theme.js';

export interface Axis {
  readonly title: string;
  readonly domain: Domain;
  readonly isLog?: boolean;
  /** Default: round numbers. Ticks without room are left out. */
  readonly ticks?: readonly Tick[];
  /** Labels of round numbers; default: plain numbers. */
  readonly texts?: (values: readonly number[]) => Tick[];
  /** Lines across the panel; default: yes. */
  readonly grid?: boolean;
}

/** A sample of the series' line and point, if it has them, and its name. */
export interface Key {
  readonly label: string;
  readonly style: SeriesStyle;
  readonly hasLine: boolean;
  readonly hasPoints: boolean;
  /** The end of its line, where the label goes if there is room beside the panel; by default the label goes below. */
  readonly end?: CurvePoint;
}

export interface Ramp {
  readonly scheme: string;
  readonly domain: Domain;
  readonly title: string;
  /** Default: plain numbers. */
  readonly texts?: (values: readonly number[]) => Tick[];
}

export interface Panel {
  readonly title: string;
  readonly notes: readonly string[];
  readonly x: Axis;
  readonly y: Axis;
  /** An axis above the panel. */
  readonly top?: { readonly title: string; readonly ticks: readonly Tick[] };
  readonly keys?: readonly Key[];
  /** The colour scale. */
  readonly ramp?: Ramp;
  /** The panel it was made from, if it is one of curves. */
  readonly curves?: CurvePanel;
  /** Vega-Lite layers drawn inside the axes. */
  readonly layers: (frame: Frame) => readonly object[];
}

export interface PanelSeries {
  readonly label: string;
  /** In order of x, with gaps where there is no value. */
  readonly line: readonly CurvePoint[];
  /** Single members, drawn small; default: the line's points. */
  readonly points?: readonly CurvePoint[];
  /** Index in the palette, or the style of a reference; default: the series' index in its panel. */
  readonly style?: number | SeriesStyle;
  /** How the line's intervals are drawn; default: band. */
  readonly spread?: 'band' | 'bars';
  /** Ranges drawn behind the line, widest first, as a fan. */
  readonly bands?: readonly (readonly CurvePoint[])[];
  /** Points alone: nothing joins them. */
  readonly isUnjoined?: boolean;
  /** Drawn without a legend entry, as it belongs to another series. */
  readonly isUnnamed?: boolean;
  /** Drawn wide and pale below the other lines, as a prediction is, which measured lines may coincide with. */
  readonly isUnderlaid?: boolean;
}

export interface CurvePanel {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly series: readonly PanelSeries[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** Default: logarithmic, with the letters used for model sizes. */
  readonly xTicks?: (values: readonly number[]) => Tick[];
  /** Where ticks are on a logarithmic axis, room permitting; default: at the points' own values if those are few and short. */
  readonly xPlaces?: readonly number[];
  /** Default: the range of the data, with a margin. */
  readonly xDomain?: Domain;
  /** Default: linear if a logarithmic axis does not suit the points (`suitLogarithms`). */
  readonly xLinear?: boolean;
  readonly yLog?: boolean;
  readonly yTicks?: (values: readonly number[]) => Tick[];
  readonly yDomain?: Domain;
  /** Default: shown if there is more than one series. */
  readonly legend?: boolean;
  readonly top?: Panel['top'];
}

export interface Figure {
  readonly title: string;
  /** Sentences below the title. */
  readonly notes: readonly string[];
  /** At least one. */
  readonly panels: readonly Panel[];
  /** Most panels side by side, room permitting; default: 3. */
  readonly columns?: number;
}

/** The inside of a panel, in pixels, with the encoding channels for what is drawn in it. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Pixels for a line that is one pixel wide at page size. */
  readonly unit: number;
  readonly x: object;
  readonly y: object;
  /** Colour channel, for a panel with a ramp. */
  readonly color: object;
}

/** Text sizes in pixels. */
export interface Look {
  readonly unit: number;
  readonly label: TextFont;
  readonly heading: TextFont;
  readonly title: TextFont;
  readonly line: number;
}

/** 7.2 points on paper; scaled up with the width beyond a page's. */
export function lookOf(width: number): Look {
  const unit = Math.max(1, width / (6.75 * pixelsPerInch));
  return {
    unit,
    label: { size: 9.6 * unit },
    heading: { size: 10.2 * unit, bold: true },
    title: { size: 11.6 * unit, bold: true },
    line: 12.6 * unit,
  };
}

/** Sizes in pixels at page size. */
export const edge = 8;
export const gap = 14;
export const tickRoom = 7;
export const sample = 22;
export const lowest = 56;
/** Inches between the margins of a page: panels are flatter where a figure would be higher. */
const pageHeight = 9;

export interface PanelLayout {
  readonly columns: number;
  /** Panels with labels at the ends of their lines; other panels have them below. */
  readonly atEnds: ReadonlySet<Panel>;
  readonly left: number;
  /** Room to the right of panels that have a neighbour there, and of those that have none. */
  readonly right: { readonly inner: number; readonly last: number };
  readonly width: number;
  readonly height: number;
  /** Room above and below the panels of each row. */
  readonly headings: readonly number[];
  readonly bottoms: readonly number[];
  readonly title: readonly string[];
  readonly notes: readonly string[];
  /** Room above the first row. */
  readonly top: number;
}

/** The row of the i-th panel. */
export function rowOf(i: number, { columns }: Pick<PanelLayout, 'columns'>): number {
  return Math.floor(i / columns);
}

export function leastHeight(figure: Figure, layouts: readonly PanelLayout[], look: Look): number {
  return (
    Math.min(...layouts.map((layout) => totalHeight(figure, { ...layout, height: lowest * look.unit }, look))) /
    pixelsPerInch
  );
}

/** Largest first, and for each number of rows only the smallest, so that no row is almost empty. */
export function columnChoices({ panels: { length }, columns = 3 }: Figure, width: number, { unit }: Look): number[] {
  const most = Math.max(1, Math.min(columns, length, Math.floor(width / (188 * unit))));
  const balanced = (count: number) => Math.ceil(length / Math.ceil(length / count));
  return [...new Set(Array.from({ length: most }, (_, i) => balanced(most - i)))];
}

export function layoutOf(
  figure: Figure,
  total: { width: number; height: number | undefined },
  columns: number,
  look: Look,
): PanelLayout {
  const { panels } = figure;
  const { unit, label, line } = look;
  const all = total.width - 2 * edge * unit;
  const rows = Math.ceil(panels.length / columns);
  const isLast = (i: number) => i % columns === columns - 1 || i === panels.length - 1;
  const cell = all / columns;
  // A last panel that is not in the last column can use the space of the missing ones for its labels.
  const spare = (i: number) => (i === panels.length - 1 ? (columns - 1 - (i % columns)) * cell : 0);
  const atEnds = new Set(panels.filter((panel, i) => labelsFit(panel, 0.36 * cell + spare(i), look)));
  const right = panels.map((panel) => (atEnds.has(panel) ? endWidth(panel, look) : 4 * unit));
  const most = (values: readonly number[]) => Math.max(0, ...values);
  const ofRows = (values: readonly number[]) =>
    Array.from({ length: rows }, (_, row) => most(values.slice(row * columns, (row + 1) * columns)));
  const ofLast = most(right.filter((_, i) => i % columns === columns - 1));
  const ofInner = most(right.filter((_, i) => !isLast(i)));
  const title = figure.title === '' ? [] : wrapText(figure.title, all, look.title);
  const notes = figure.notes.flatMap((note) => wrapText(note, all, label));
  const top =
    title.length === 0 ? edge * unit : (edge + 4) * unit + (1.15 * title.length + notes.length) * line + 4 * unit;
  let layout: PanelLayout = {
    ...{
      columns,
      atEnds,
      left: 30 * unit,
      right: { inner: ofInner, last: ofLast },
      width: all / columns,
      height: 150 * unit,
    },
    ...{ headings: [], bottoms: [], title, notes, top },
  };
  // An axis's labels depend on its length and its length on the labels; this converges quickly.
  for (let pass = 0; pass < 3; pass++) {
    const left = most(panels.map((panel) => leftOf(panel, layout, look)));
    const width = (all - columns * left - (columns - 1) * (ofInner + gap * unit) - ofLast) / columns;
    const sized = { ...layout, left, width };
    const measured = {
      ...sized,
      headings: ofRows(
        panels.map((panel, i) => headingHeight(panel, roomForTexts(i, panels.length, sized, { all, unit }), look)),
      ),
      bottoms: ofRows(panels.map((panel) => bottomHeight(panel, sized, look))),
    };
    const free = (total.height ?? pageHeight * pixelsPerInch) - totalHeight(figure, { ...measured, height: 0 }, look);
    const usual = Math.max(110 * unit, Math.min(300 * unit, width / 1.45));
    const height = total.height === undefined ? Math.min(usual, Math.max(90 * unit, free / rows)) : free / rows;
    layout = { ...measured, height };
  }
  return layout;
}

export function totalHeight(
  { panels }: Figure,
  { columns, top, headings, height, bottoms }: PanelLayout,
  { unit }: Look,
): number {
  const rows = Math.ceil(panels.length / columns);
  return top + rows * height + sum([...headings, ...bottoms]) + (rows - 1) * gap * unit + edge * unit;
}

/** How wide the texts above the i-th panel may be: up to the next panel or the picture's edge. */
export function roomForTexts(
  i: number,
  count: number,
  { columns, left, right, width }: PanelLayout,
  { all, unit }: { readonly all: number; readonly unit: number },
): number {
  const place = i % columns;
  if (i < count - 1 && place < columns - 1) return width + right.inner;
  return all - left - place * (left + width + right.inner + gap * unit);
}

function ticksOf({ domain, isLog = false, ticks, texts = valueTicks }: Axis, count: number): readonly Tick[] {
  return ticks ?? texts(isLog ? logTicks(domain) : linearTicks(domain, count));
}

export function xTicks({ x }: Panel, width: number, { label, unit }: Look): Tick[] {
  const ticks = ticksOf(x, Math.max(2, Math.min(6, Math.floor(width / (45 * unit)))));
  const place = placing(x.domain, [0, width], x.isLog ?? false);
  // From left to right, even if the axis is descending.
  const ordered = [...ticks].sort((a, b) => place(a.at) - place(b.at));
  const ends = x.ticks === undefined ? 'first' : 'both';
  const fit = (some: readonly Tick[]) => withRoom(some, place, (text) => textWidth(text, label), 6 * unit, ends);
  if (x.isLog !== true) return fit(ordered);
  return x.ticks === undefined ? roundest(ordered, fit) : evenlyThinned(ordered, fit);
}

export function yTicks({ y }: Panel, height: number, { line, unit }: Look): Tick[] {
  const ticks = ticksOf(y, Math.max(2, Math.min(6, Math.floor(height / (28 * unit)))));
  const place = placing(y.domain, [0, height], y.isLog ?? false);
  const fit = (some: readonly Tick[]) => withRoom(some, place, () => 0.75 * line, 0.5 * line);
  return y.ticks === undefined && y.isLog === true ? roundest(ticks, fit) : fit(ticks);
}

function leftOf(panel: Panel, { height }: PanelLayout, look: Look): number {
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
  /** Room above the panel. */
  readonly top: number;
}

export function wordsOf({ title, notes, y, top }: Panel, room: number, { heading, label, line }: Look): Words {
  return {
    title: title === '' ? [] : wrapText(title, room, heading),
    notes: notes.flatMap((note) => wrapText(note, room, label)),
    y: wrapText(`↑ ${y.title}`, room, label),
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

/** As many entries in each row as fit; of several rows, one below the other where that takes no further row; a wider one is wrapped, with a row for each line. */
export function legendEntries({ keys = [] }: Panel, width: number, { label, unit }: Look): LegendEntry[] {
  const entries = keys.map((key) => {
    const lines = wrapText(key.label, width - (sample + 6) * unit, label);
    return { key, lines, size: Math.max(...lines.map((each) => textWidth(each, label))) + (sample + 18) * unit };
  });
  const placed = (column: number) => {
    let [at, row] = [0, 0];
    return entries.map(({ key, lines, size }): LegendEntry => {
      if (at > 0 && (lines.length > 1 || at + size - 12 * unit > width)) [at, row] = [0, row + 1];
      const place = { key, lines, at, row };
      [at, row] = lines.length > 1 ? [0, row + lines.length] : [at + Math.max(size, column), row];
      return place;
    });
  };
  const inFlow = placed(0);
  if (legendRows(inFlow) <= 1) return inFlow;
  const inColumns = placed(Math.max(...entries.map(({ size }) => size)));
  return legendRows(inColumns) > legendRows(inFlow) ? inFlow : inColumns;
}

/** Number of rows of a legend. */
function legendRows(entries: readonly LegendEntry[]): number {
  return Math.max(0, ...entries.map(({ row, lines }) => row + lines.length));
}

/** A legend may start below the labels of the vertical axis. */
export function legendWidth({ left, width }: PanelLayout): number {
  return left + width;
}

export function bottomHeight(panel: Panel, layout: PanelLayout, look: Look): number {
  const { unit, label, line } = look;
  const title = wrapText(panel.x.title, layout.width, label).length * line;
  const rows = layout.atEnds.has(panel) ? 0 : legendRows(legendEntries(panel, legendWidth(layout), look));
  const legend = rows === 0 ? 0 : rows * 1.15 * line + 5 * unit;
  return tickRoom * unit + line + title + legend + (panel.ramp === undefined ? 0 : 2 * line + 18 * unit);
}
