/** Makes the specification of a figure for a given size in inches, with everything positioned in pixels. */
import type { TopLevelSpec } from 'vega-lite';
import { firstOf, nth, present } from '../../machine/present.js';
import { UsageError } from '../../terminal/errors.js';
import { apart, linearTicks, placing, valueTicks, withRoom, type Tick } from './axis.js';
import { pixelsPerInch, type FigureSize } from './figure-options.js';
import { textWidth, wrapText, type TextFont } from './text.js';
import { fontFamily, inks, type SeriesStyle } from './theme.js';
import {
  lookOf,
  edge,
  gap,
  tickRoom,
  sample,
  lowest,
  leastHeight,
  columnChoices,
  layoutOf,
  totalHeight,
  roomForTexts,
  rowOf,
  xTicks,
  yTicks,
  wordsOf,
  legendEntries,
  legendWidth,
  bottomHeight,
  type Axis,
  type Key,
  type Panel,
  type Figure,
  type Look,
  type PanelLayout,
} from './layout.js';

/** @param title replaces the figure's own; an empty one also omits the lines below it */
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
  const shape = ({ width, height: high }: PanelLayout) => Math.min(width, 1.3 * high);
  const [best] = fitting.toSorted((a, b) => shape(b) - shape(a));
  if (best !== undefined) return specOf(named, best, total, look);
  if (isHeightFirm)
    throw new UsageError(
      `"${name}" is not high enough for this figure`,
      '--size',
      `at this width it needs ${Math.ceil(10 * leastHeight(named, layouts, look)) / 10} inches`,
    );
  return figureSpec(figure, { inches, height: undefined, isHeightFirm, name }, title);
}

function specOf(
  figure: Figure,
  layout: PanelLayout,
  total: { width: number; height: number | undefined },
  look: Look,
): TopLevelSpec {
  const { panels, title, notes } = figure;
  const { columns, left, right, top, headings } = layout;
  const { unit } = look;
  const height = total.height ?? Math.ceil(totalHeight(figure, layout, look));
  const before = { left: edge * unit + left, top: top + firstOf(headings) };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: [title, ...notes].join(' '),
    // Everything is positioned explicitly: the whole picture is padding around a view without size.
    autosize: { type: 'none' },
    // With a single column, its width is the whole view's.
    padding: {
      ...before,
      right: total.width - before.left - (columns === 1 ? layout.width : 0),
      bottom: height - before.top,
    },
    columns,
    align: 'none',
    bounds: 'flush',
    spacing: { row: 0, column: right.inner + gap * unit + left },
    concat: panels.flatMap((panel, i) => [
      ...(i > 0 && i % columns === 0 ? gapBefore(rowOf(i, layout), layout, look) : []),
      panelSpec(panel, i, { figure, layout, total, look }),
    ]),
    resolve: { scale: { color: 'independent' } },
  } as unknown as TopLevelSpec;
}

/** Empty views as spacers between rows, because gaps differ and Vega-Lite has a single spacing for all. */
function gapBefore(row: number, { columns, width, headings, bottoms }: PanelLayout, { unit }: Look): object[] {
  const height = nth(bottoms, row - 1) + gap * unit + nth(headings, row);
  return Array.from({ length: columns }, (_, column) => ({
    ...{ name: `gap_${row}_${column}`, width, height, data: { values: [] }, mark: 'point' },
  }));
}

interface Whole {
  readonly figure: Figure;
  readonly layout: PanelLayout;
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
  const room = roomForTexts(i, figure.panels.length, layout, { all: total.width - 2 * edge * unit, unit });
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
      ...headingLines(panel, { room, heading: nth(layout.headings, rowOf(i, layout)) }, layout, look),
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

/** Where the legend or the ramp starts. */
function belowTitle(panel: Panel, layout: PanelLayout, look: Look): number {
  const { title, notes, x, y, layers } = panel;
  return layout.height + bottomHeight({ title, notes, x, y, layers }, layout, look) + 5 * look.unit;
}

function colorOf(panel: Panel, layout: PanelLayout, look: Look): object {
  const { scheme, domain, texts = valueTicks } = present(panel.ramp);
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

/** A line of text, vertically centred at y. */
function text(words: string, { x, y, size, bold = false, align = 'left', color = inks.text }: Placed): object {
  const style = { fontSize: size, font: fontFamily, ...(bold ? { fontWeight: 'bold' } : {}) };
  return {
    data: { values: [{}] },
    mark: { type: 'text', text: words, align, baseline: 'middle', color, ...style },
    encoding: { x: { value: x }, y: { value: y } },
  };
}

function titleLines(
  { title, notes, left, top, headings }: PanelLayout,
  { title: font, label, line, unit }: Look,
): object[] {
  let y = edge * unit - top - firstOf(headings) - line / 2 + 2 * unit;
  return [
    ...title.map((words) => text(words, { x: -left, y: (y += 1.15 * line), ...font })),
    ...notes.map((words) => text(words, { x: -left, y: (y += line) + 2 * unit, ...label, color: inks.note })),
  ];
}

function headingLines(
  panel: Panel,
  { room, heading }: { readonly room: number; readonly heading: number },
  layout: PanelLayout,
  look: Look,
): object[] {
  const { heading: font, label, line, unit } = look;
  const words = wordsOf(panel, room, look);
  let y = -heading - line / 2;
  const above = -words.top - 4 * unit - words.y.length * line - line / 2;
  let lower = above;
  const { top, x } = panel;
  const place = placing(x.domain, [0, layout.width], x.isLog ?? false);
  const numbers =
    top === undefined ? [] : withRoom(top.ticks, place, (each) => textWidth(each, label), 5 * unit, 'both');
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

function belowPanel(panel: Panel, layout: PanelLayout, look: Look): object[] {
  const { width, height } = layout;
  const { label, line, unit } = look;
  let y = height + tickRoom * unit + line / 2;
  return [
    ...wrapText(panel.x.title, width, label).map((words) =>
      text(words, { x: width / 2, y: (y += line), ...label, align: 'center' }),
    ),
    ...(panel.ramp === undefined
      ? []
      : [text(panel.ramp.title, { x: 0, y: belowTitle(panel, layout, look) + line / 2 - 2 * unit, ...label })]),
  ];
}

/** Labels at the ends of lines where they fit, else a legend below. */
function keysOf(panel: Panel, layout: PanelLayout, look: Look): object[] {
  const { line, unit } = look;
  const { keys = [], y } = panel;
  if (layout.atEnds.has(panel)) {
    const place = placing(y.domain, [layout.height, 0], y.isLog ?? false);
    const wanted = keys.map((key) => ({ key, at: place(present(key.end).y) })).toSorted((a, b) => a.at - b.at);
    // Within the panel, if there is room.
    const within = (at: number, i: number) =>
      Math.max(i * line, Math.min(at, layout.height - (wanted.length - 1 - i) * line));
    const heights = apart(
      wanted.map(({ at }, i) => within(at, i)),
      line,
    );
    return wanted.flatMap(({ key }, i) =>
      entry([key.label], key, { x: layout.width + 6 * unit, y: nth(heights, i) }, look),
    );
  }
  const top = belowTitle(panel, layout, look);
  return legendEntries(panel, legendWidth(layout), look).flatMap(({ key, lines, at, row }) =>
    entry(lines, key, { x: at - layout.left, y: top + (row + 0.5) * 1.15 * line }, look),
  );
}

function entry(
  lines: readonly string[],
  { style, hasLine, hasPoints }: Key,
  { x, y }: { readonly x: number; readonly y: number },
  { label, line, unit }: Look,
): object[] {
  const data = { values: [{}] };
  const end = x + sample * unit;
  return [
    ...(hasLine
      ? [
          {
            data,
            mark: { type: 'rule', ...stroke(style, unit) },
            encoding: { x: { value: x }, x2: { value: end }, y: { value: y } },
          },
        ]
      : []),
    ...(hasPoints
      ? [{ data, mark: pointMark(style, unit), encoding: { x: { value: (x + end) / 2 }, y: { value: y } } }]
      : []),
    ...lines.map((words, i) => text(words, { x: end + 5 * unit, y: y + 1.15 * line * i, ...label })),
  ];
}

/** How a series' line is drawn. */
export function stroke({ color, dash, width = 1.7, opacity }: SeriesStyle, unit: number) {
  const strokeDash = dash.length === 2 && dash[1] === 0 ? {} : { strokeDash: dash.map((each) => each * unit) };
  return { color, strokeWidth: width * unit, ...strokeDash, ...(opacity === undefined ? {} : { opacity }) };
}

/** Filled, with a white rim that keeps points apart where they overlap; or white with a coloured rim. */
export function pointMark({ color, shape, isHollow }: SeriesStyle, unit: number) {
  if (isHollow === true)
    return {
      ...{ type: 'point', filled: true, fill: 'white', shape, size: 26 * unit ** 2, opacity: 1 },
      ...{ stroke: color, strokeWidth: 1.2 * unit },
    };
  return {
    ...{ type: 'point', filled: true, fill: color, shape, size: 26 * unit ** 2, opacity: 0.85 },
    ...{ stroke: 'white', strokeWidth: 0.6 * unit },
  };
}
