/**
 * Panels side by side, each with curves against scale: the shape of the paper's figures. Every panel has its own vertical axis;
 * the horizontal ones are logarithmic.
 */
import type { TopLevelSpec } from 'vega-lite';
import { logTicks } from './ticks.js';
import { fontFamily, seriesStyle, type SeriesStyle } from '../theme.js';

export interface PanelPoint {
  readonly x: number;
  readonly y: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

export interface PanelSeries {
  readonly label: string;
  /** In order of x. */
  readonly line: readonly PanelPoint[];
  /** Single members, drawn small. */
  readonly points?: readonly PanelPoint[];
  /** Place in the palette, or what is no series of its own but a reference; left out: the series' place in its panel. */
  readonly style?: number | SeriesStyle;
  /** Ranges to be drawn behind the line, widest first: a fan. */
  readonly bands?: readonly (readonly PanelPoint[])[];
}

export interface Panel {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly series: readonly PanelSeries[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly yLog?: boolean;
  /** Left out: what is drawn, with a margin. */
  readonly yDomain?: readonly [number, number];
  /** Left out: where there is more than one series. */
  readonly legend?: boolean;
}

export interface PanelsFigure {
  readonly title: string;
  readonly subtitle: readonly string[];
  /** Side by side, or row below row. */
  readonly panels: readonly Panel[] | readonly (readonly Panel[])[];
}

const size = { width: 270, height: 240 };
const spacing = 26;
/** From the vertical axis to its title. */
const labelExtent = 38;

export function panelsFigure({ title, subtitle, panels }: PanelsFigure): TopLevelSpec {
  const rows = panels.map((each) => (Array.isArray(each) ? (each as readonly Panel[]).map(panelSpec) : undefined));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    padding: 16,
    title: { text: title, subtitle: [...subtitle], anchor: 'start', offset: 14 },
    ...(rows[0] === undefined
      ? { hconcat: (panels as readonly Panel[]).map(panelSpec), spacing }
      : { vconcat: rows.map((row) => ({ hconcat: row, bounds: 'flush', spacing: 74 })), spacing }),
  } as unknown as TopLevelSpec;
}

/** One panel, for a figure that has other parts beside it. */
export function panelSpec(whole: Panel): object {
  const panel = withEdges(whole);
  const { title, subtitle, series, xTitle, yTitle, yLog = false, legend = series.length > 1 } = panel;
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', nice: false, domain: xDomain(panel) },
    axis: { title: xTitle, format: '~s', values: logTicks(xDomain(panel)), labelOverlap: true },
  };
  const y = {
    field: 'y',
    type: 'quantitative',
    scale: { ...(yLog ? { type: 'log' } : { zero: false }), nice: false, domain: [...yDomain(panel)] },
    axis: {
      title: yLog ? `${yTitle} (log scale)` : yTitle,
      ...(yLog ? { values: logTicks(yDomain(panel)), format: '~g' } : { tickCount: 6 }),
      minExtent: labelExtent,
      maxExtent: labelExtent,
    },
  };
  const drawn = series.map((each, i) => ({
    ...each,
    style: typeof each.style === 'object' ? each.style : seriesStyle(each.style ?? i),
  }));
  return {
    ...size,
    layer: [
      ...heading(title, subtitle),
      ...drawn.flatMap(({ bands = [], style: { color } }) =>
        bands.map((band) => ({
          data: { values: [...band] },
          mark: { type: 'area', color, opacity: 0.18, clip: true },
          encoding: { x, y: { ...y, field: 'lower' }, y2: { field: 'upper' } },
        })),
      ),
      // What is pale first, for all series: a band must not tint another one's line.
      ...drawn.map(({ line, style: { color } }) => ({
        data: { values: line.filter(({ lower, upper }) => lower !== undefined && upper !== undefined) },
        mark: { type: 'area', color, opacity: 0.16, clip: true },
        encoding: { x, y: { ...y, field: 'lower' }, y2: { field: 'upper' } },
      })),
      ...drawn.map(({ line, style: { color, dash } }) => ({
        data: { values: [...line] },
        mark: { type: 'line', color, strokeDash: [...dash], strokeWidth: 2, clip: true },
        encoding: { x, y },
      })),
      ...drawn.map(({ line, points = line, style }) => ({
        data: { values: [...points] },
        mark: { ...pointMark(style), clip: true },
        encoding: { x, y },
      })),
      ...(legend ? drawn.flatMap((each, i) => legendEntry(each, i)) : []),
    ],
  };
}

/** Set by hand: Vega's own titles stand at heights that depend on the axes' labels, and would not be in line. */
function heading(title: string, subtitle: readonly string[]): object[] {
  const bottom = -8;
  return [title, ...subtitle].map((text, i) => ({
    data: { values: [{}] },
    mark: {
      ...{ type: 'text', text, align: 'left', baseline: 'bottom', font: fontFamily },
      ...(i === 0 ? { fontSize: 12, fontWeight: 'bold' } : { fontSize: 10.5, color: '#444444' }),
    },
    encoding: { x: { value: 0 }, y: { value: bottom - 14 * (subtitle.length - i) } },
  }));
}

function pointMark({ color, shape }: SeriesStyle): object {
  return { type: 'point', filled: true, fill: color, shape, size: 30, opacity: 0.8, stroke: 'white', strokeWidth: 0.6 };
}

/** A piece of line, with a point on it where the series has some, and a name: below the horizontal axis. */
function legendEntry(
  { label, line, points = line, style }: PanelSeries & { readonly style: SeriesStyle },
  place: number,
): object[] {
  const data = { values: [{}] };
  const y = { value: size.height + 54 + 16 * place };
  return [
    {
      data,
      mark: { type: 'rule', color: style.color, strokeWidth: 2, strokeDash: [...style.dash] },
      encoding: { x: { value: 0 }, x2: { value: 30 }, y },
    },
    ...(points.length === 0 ? [] : [{ data, mark: pointMark(style), encoding: { x: { value: 15 }, y } }]),
    {
      data,
      mark: { type: 'text', text: label, align: 'left', baseline: 'middle', fontSize: 11, font: fontFamily },
      encoding: { x: { value: 37 }, y },
    },
  ];
}

/** What the vertical axis does not have, 0 on a logarithmic one and infinity, stands at its edge, and the axis says so. */
function withEdges(panel: Panel): Panel {
  const [bottom, top] = yDomain(panel);
  const { yLog = false, yTitle } = panel;
  const isLow = (y: number) => y === -Infinity || (yLog && y <= 0);
  const onAxis = (y: number) => (isLow(y) ? bottom : y === Infinity ? top : y);
  const moved = (points: readonly PanelPoint[]): PanelPoint[] =>
    points
      .filter(({ y }) => !Number.isNaN(y))
      .map(({ lower, upper, ...point }) => ({
        ...{ ...point, y: onAxis(point.y) },
        ...(lower === undefined || upper === undefined || Number.isNaN(upper - lower)
          ? {}
          : { lower: onAxis(lower), upper: onAxis(upper) }),
      }));
  const centres = panel.series.flatMap(({ line, points = [] }) => [...line, ...points]).map(({ y }) => y);
  const edges = [
    ...(centres.some(isLow) ? [`at the bottom: ${centres.includes(-Infinity) ? '-infinity' : '0'}`] : []),
    ...(centres.includes(Infinity) ? ['at the top: infinity'] : []),
  ];
  return {
    ...panel,
    yDomain: [bottom, top],
    yTitle: edges.length === 0 ? yTitle : `${yTitle}; ${edges.join(', ')}`,
    series: panel.series.map(({ line, points, bands, ...series }) => ({
      ...series,
      line: moved(line),
      ...(points === undefined ? {} : { points: moved(points) }),
      ...(bands === undefined ? {} : { bands: bands.map(moved) }),
    })),
  };
}

function everyPoint({ series }: Panel): PanelPoint[] {
  return series.flatMap(({ line, points = [], bands = [] }) => [...line, ...points, ...bands.flat()]);
}

function xDomain(panel: Panel): [number, number] {
  const logs = everyPoint(panel).map(({ x }) => Math.log(x));
  if (logs.length === 0) return [1, 10];
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const margin = Math.max(0.06 * (most - least), 0.05);
  return [Math.exp(least - margin), Math.exp(most + margin)];
}

function yDomain({ yDomain: given, yLog = false, ...panel }: Panel): readonly [number, number] {
  if (given !== undefined) return given;
  const drawn = everyPoint(panel)
    .flatMap(({ y, lower, upper }) => [y, lower ?? y, upper ?? y])
    .filter((value) => Number.isFinite(value) && (!yLog || value > 0));
  if (drawn.length === 0) return yLog ? [0.1, 10] : [0, 1];
  const [least, most] = [Math.min(...drawn), Math.max(...drawn)];
  if (yLog) return [least * 0.8, most * 1.25];
  const margin = 0.05 * (most - least || 1);
  return [least - margin, most + margin];
}
