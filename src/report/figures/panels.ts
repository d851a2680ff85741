/** Panels of curves: lines with bands, bars or fans, and points. The curves of all figures become layers of Vega-Lite here. */
import { suitLogarithms } from '../../analysis/scales.js';
import { lastOf } from '../../machine/present.js';
import { withRemark } from '../titles.js';
import { referenceStyles, seriesStyle, underlaid, type SeriesStyle } from './theme.js';
import { countTicks, domainOf, placing, wholePlaces, type CurvePoint, type Domain } from './axis.js';
import type { CurvePanel, Frame, Key, Panel, PanelSeries } from './layout.js';
import { pointMark, stroke } from './spec.js';

export type { CurvePanel, PanelSeries };

export function curvePanel(whole: CurvePanel): Panel {
  const { title, subtitle, xTitle, xTicks = countTicks, top } = whole;
  const yLog = whole.yLog ?? false;
  const all = everyPoint(whole);
  const xLinear = whole.xLinear ?? !suitLogarithms(all.map(({ x }) => x));
  const xDomain =
    whole.xDomain ??
    domainOf(
      all.map(({ x }) => x),
      !xLinear,
    );
  const yDomain =
    whole.yDomain ??
    domainOf(
      all.flatMap(({ y, lower = y, upper = y }) => [y, lower, upper]),
      yLog,
    );
  const edges = edgesOf(whole, yDomain);
  const places = xLinear ? undefined : (whole.xPlaces ?? wholePlaces(all.map(({ x }) => x)));
  const drawn = whole.series.map((each, i) => {
    const style = typeof each.style === 'object' ? each.style : seriesStyle(each.style ?? i);
    return { ...each, style: each.isUnderlaid === true ? underlaid(style) : style };
  });
  return {
    ...{ title, notes: subtitle },
    x: {
      ...{ title: xTitle, domain: xDomain, isLog: !xLinear, texts: xTicks },
      ...(places === undefined ? {} : { ticks: xTicks(places) }),
    },
    y: {
      title: [yLog ? withRemark(whole.yTitle, 'log scale') : whole.yTitle, ...edges.words].join('; '),
      domain: yDomain,
      isLog: yLog,
      ...(whole.yTicks === undefined ? {} : { texts: whole.yTicks }),
    },
    ...(top === undefined ? {} : { top }),
    keys:
      (whole.legend ?? drawn.length > 1)
        ? drawn.filter(({ isUnnamed }) => isUnnamed !== true).map((each) => legendKey(each, edges))
        : [],
    curves: whole,
    layers: (frame) => layersOf(drawn, { ...edges, place: placing(xDomain, [0, frame.width], !xLinear) }, frame),
  };
}

/** A thin dashed line at a height, across a panel or part of it, that other series are compared with. */
export function levelLine(label: string, y: number, ends: Domain): PanelSeries {
  return { label, style: referenceStyles.limit, line: ends.map((x) => ({ x, y })), points: [] };
}

type DrawnSeries = Omit<PanelSeries, 'style'> & { readonly style: SeriesStyle };

function everyPoint({ series }: CurvePanel): CurvePoint[] {
  return series.flatMap(({ line, points = [], bands = [] }) => [...line, ...points, ...bands.flat()]);
}

function legendKey({ label, line, points = line, style, isUnjoined = false }: DrawnSeries, { onAxis }: Edges): Key {
  const last = line.findLast(({ y }) => !Number.isNaN(y));
  const end = last === undefined ? {} : { end: { x: last.x, y: onAxis(last.y) } };
  return { label, style, hasLine: line.length > 0 && !isUnjoined, hasPoints: points.length > 0, ...end };
}

/** Values the vertical axis can't show: 0 on a logarithmic one, and infinity. They are marked at the edge, which the axis labels. */
interface Edges {
  readonly onAxis: (y: number) => number;
  readonly isBeyond: (y: number) => boolean;
  readonly isInside: (y: number) => boolean;
  /** Whether any of it is between the axis' ends. */
  readonly reaches: (range: { readonly lower: number; readonly upper: number }) => boolean;
  readonly ends: Domain;
  readonly words: readonly string[];
}

function edgesOf({ series, yLog = false }: CurvePanel, [bottom, top]: Domain): Edges {
  const isLow = (y: number) => y === -Infinity || (yLog && y <= 0);
  const centres = series.flatMap(({ line, points = [] }) => [...line, ...points]).map(({ y }) => y);
  return {
    ends: [bottom, top],
    onAxis: (y) => (isLow(y) ? bottom : y === Infinity ? top : y),
    isBeyond: (y) => isLow(y) || y === Infinity,
    isInside: (y) => !isLow(y) && y >= bottom && y <= top,
    reaches: ({ lower, upper }) => lower <= top && upper >= bottom,
    words: [
      ...(centres.some(isLow) ? [`at the bottom: ${centres.includes(-Infinity) ? '-infinity' : '0'}`] : []),
      ...(centres.includes(Infinity) ? ['at the top: infinity'] : []),
    ],
  };
}

/** Thins marks along an edge so that they are distinguishable: those of a fine sweep would merge into a bar. */
function spaced(points: readonly CurvePoint[], place: (x: number) => number, distance: number): CurvePoint[] {
  let last = -Infinity;
  return points
    .toSorted((a, b) => a.x - b.x)
    .filter(({ x }) => {
      if (place(x) < last + distance) return false;
      last = place(x);
      return true;
    });
}

/** The line's runs of points that have a value. */
function unbroken(line: readonly CurvePoint[]): CurvePoint[][] {
  const runs: CurvePoint[][] = [[]];
  for (const point of line) {
    if (Number.isNaN(point.y)) runs.push([]);
    else lastOf(runs).push(point);
  }
  return runs.filter(({ length }) => length > 0);
}

function layersOf(
  drawn: readonly DrawnSeries[],
  {
    onAxis,
    isBeyond,
    isInside,
    reaches,
    place,
    ends: [bottom, top],
  }: Edges & { readonly place: (x: number) => number },
  { unit, x, y }: Frame,
): object[] {
  const ranges = (points: readonly CurvePoint[]) =>
    points.flatMap((point) =>
      point.lower === undefined || point.upper === undefined || Number.isNaN(point.upper - point.lower)
        ? []
        : { x: point.x, lower: onAxis(point.lower), upper: onAxis(point.upper) },
    );
  // resvg aborts the process on a mark whose clipped parts all lie outside the panel.
  const seen = (points: readonly CurvePoint[]) => {
    const there = ranges(points);
    return there.some((range) => reaches(range)) ? there : [];
  };
  const at = (points: readonly CurvePoint[]) => points.map((point) => ({ x: point.x, y: onAxis(point.y) }));
  const encoding = { x: { field: 'x', ...x }, y: { field: 'y', ...y } };
  const between = { x: { field: 'x', ...x }, y: { field: 'lower', ...y }, y2: { field: 'upper' } };
  const area = (points: readonly CurvePoint[], { color }: SeriesStyle) => ({
    data: { values: seen(points) },
    mark: { type: 'area', color, opacity: 0.17, clip: true },
    encoding: between,
  });
  // Pale parts first, for all series: a band must not tint another series' line.
  return [
    ...drawn.flatMap(({ bands = [], style }) => bands.map((band) => area(band, style))),
    ...drawn.filter(({ spread = 'band' }) => spread === 'band').map(({ line, style }) => area(line, style)),
    ...drawn
      .filter(({ spread }) => spread === 'bars')
      .flatMap(({ line, style: { color } }) => [
        {
          data: { values: ranges(line).filter(reaches) },
          mark: { type: 'rule', color, strokeWidth: 1.1 * unit, clip: true },
          encoding: between,
        },
        ...(['lower', 'upper'] as const).map((field) => ({
          data: { values: ranges(line).filter((range) => isInside(range[field])) },
          mark: { type: 'tick', orient: 'horizontal', color, thickness: 1.1 * unit, size: 5 * unit, opacity: 1 },
          encoding: { x: encoding.x, y: { field, ...y } },
        })),
      ]),
    ...drawn
      .toSorted((a, b) => Number(b.isUnderlaid ?? false) - Number(a.isUnderlaid ?? false))
      .flatMap(({ line, style, isUnjoined = false }) =>
        (isUnjoined ? [] : unbroken(line)).map((run) => ({
          data: { values: at(run) },
          // Clipped only where it leaves the panel: a line along an edge, such as a share of 1, keeps its width.
          mark: {
            type: 'line',
            ...stroke(style, unit),
            clip: !run.every(({ y: value }) => isBeyond(value) || isInside(value)),
          },
          encoding,
        })),
      ),
    // Where a fan leaves the panel.
    ...drawn.flatMap(({ bands: [widest = []] = [], style }) =>
      (['down', 'up'] as const).flatMap((way) => {
        const there = spaced(
          widest.filter(({ lower = bottom, upper = top }) => (way === 'up' ? upper > top : lower < bottom)),
          place,
          5 * unit,
        ).map(({ x: across }) => ({ x: across, y: way === 'up' ? top : bottom }));
        if (there.length === 0) return [];
        const mark = pointMark({ ...style, shape: `triangle-${way}`, isHollow: true }, unit);
        return [{ data: { values: there }, mark, encoding }];
      }),
    ),
    // Not clipped at the edge.
    ...drawn.map(({ line, points = line, style }) => ({
      data: { values: points.filter(({ y: value }) => isInside(value)).map((point) => ({ x: point.x, y: point.y })) },
      mark: pointMark(style, unit),
      encoding,
    })),
    ...drawn.flatMap(({ line, points, style }) => {
      const beyond = (points === undefined || points.length === 0 ? line : points).filter(({ y: value }) =>
        isBeyond(value),
      );
      return (['down', 'up'] as const).flatMap((way) => {
        const there = spaced(
          beyond.filter(({ y: value }) => (value === Infinity) === (way === 'up')),
          place,
          5 * unit,
        );
        if (there.length === 0) return [];
        const mark = pointMark({ ...style, shape: `triangle-${way}` }, unit);
        return [{ data: { values: at(there) }, mark: { ...mark, size: 40 * unit ** 2, opacity: 1 }, encoding }];
      });
    }),
  ];
}
