/**
 * The family's curves: each metric against trainable parameters. With one seed the points are members, with bars for the
 * draw of the test images; with several the points are seeds and the line is their mean, with a band from three seeds on
 * (from two, Student's t makes it 13 standard errors wide, and it hides the rest).
 */
import type { TopLevelSpec } from 'vega-lite';
import type { Curve } from '../../metrics/curve.js';
import type { Interval } from '../../statistics/intervals.js';
import { fontFamily, seriesStyle, type SeriesStyle } from '../theme.js';
import { logTicks } from './ticks.js';

export interface CurvesFigure {
  readonly run: string;
  readonly arch: string;
  readonly dataset: string;
  /** At least one, each with at least one member, all with the same members and metrics that fit one axis. */
  readonly curves: readonly Curve[];
  /** An axis of shares, 0 to 1 or a part of it; or a logarithmic one. */
  readonly vertical: 'share' | 'log';
  /** Title of the vertical axis. */
  readonly axis: string;
  /** What an interval is over the draw of: `test images`. */
  readonly drawOf: string;
  /** `10 000 test images`. */
  readonly testSet: string;
  /** Members of the run that are not in the curves. */
  readonly missing: number;
}

type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>['layer'][number];

/** Pixels of the area inside the axes. */
const size = { width: 560, height: 330 };
/** From the vertical axis to its title: room for 0.9992. */
const labelExtent = 50;
/** From the axes' right end to the labels of the curves. */
const labelGap = 14;
const labelSample = 34;
const labelDistance = 19;
/** Widest of a label's letters on average, measured in DejaVu Sans at 12 pixels. */
const letterWidth = 6.9;

/** The figure's specification. */
export function curvesFigure(whole: CurvesFigure): TopLevelSpec {
  const { vertical, axis } = whole;
  const frame: Frame = { x: horizontalDomain(whole.curves), y: verticalDomain(whole), vertical, axis };
  const figure = { ...whole, curves: whole.curves.map((curve) => withEdges(curve, frame)) };
  const seeds = seedsOf(figure.curves);
  const heights = labelHeights(figure.curves, frame);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...size,
    // Set by hand: without a canvas Vega only guesses the widths of texts, and leaves a wide empty margin.
    autosize: 'none',
    padding: { left: labelExtent + 32, right: labelWidth(figure.curves), top: 112, bottom: 54 },
    title: {
      text: `${figure.arch} family on ${shortened(figure.dataset)}: run ${shortened(figure.run)}`,
      subtitle: caption(whole, frame),
    },
    resolve: { axis: { x: 'independent' } },
    layer: [
      ...axes(figure.curves[0]!, frame),
      // What is pale first, for all curves: a band must not tint another curve's line.
      ...figure.curves.flatMap((curve, i) => spreadLayers(curve, { style: seriesStyle(i), seeds })),
      ...figure.curves.map((curve, i) => meanLayer(curve, { style: seriesStyle(i), seeds })),
      ...figure.curves.map((curve, i) => memberPoints(curve, { style: seriesStyle(i), seeds })),
      ...figure.curves.flatMap((curve, i) =>
        labelLayers(curve.metric.title, { style: seriesStyle(i), height: heights[i]! }),
      ),
    ],
  };
}

interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly vertical: CurvesFigure['vertical'];
  readonly axis: string;
}

interface Seeds {
  readonly least: number;
  readonly most: number;
}

function seedsOf([first]: readonly Curve[]): Seeds {
  const counts = first!.points.map(({ seeds }) => seeds);
  return { least: Math.min(...counts), most: Math.max(...counts) };
}

/** A margin of a twentieth on both sides; a single width gets a factor of 4. */
function horizontalDomain([first]: readonly Curve[]): [number, number] {
  const logs = first!.points.map(({ parameters }) => Math.log(parameters));
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const margin = least === most ? Math.log(4) : Math.max(0.05 * (most - least), Math.log(1.1));
  return [Math.exp(least - margin), Math.exp(most + margin)];
}

/** Of shares 0 to 1, cut to a round part of it at one end where all curves stay there; else what is drawn and a margin. */
function verticalDomain({ curves, vertical }: CurvesFigure): [number, number] {
  const all = curves.flatMap(({ members, points }) => [
    ...members.flatMap(({ value, lower, upper }) => [value, lower, upper]),
    ...points.flatMap(({ interval, seeds }) =>
      interval === undefined || seeds < 3 ? [] : [interval.lower, interval.upper],
    ),
  ]);
  // A single example has no interval, and 0 no logarithm.
  const drawn = all.filter((value) => Number.isFinite(value) && (vertical === 'share' || value > 0));
  if (drawn.length === 0) return vertical === 'log' ? [0.1, 10] : [0, 1];
  const [least, most] = [Math.min(...drawn), Math.max(...drawn)];
  if (vertical === 'log') return [least * 0.8, most * 1.25];
  const parts = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  if (least > 0.5) return [1 - parts.findLast((part) => least >= 1 - part)!, 1];
  return [0, parts.findLast((part) => most <= part) ?? 1];
}

/** What the axis does not have, 0 on a logarithmic one and infinity, stands at its edge. */
function withEdges({ metric, members, points }: Curve, { y: [bottom, top], vertical }: Frame): Curve {
  const onAxis = (value: number) =>
    value === Infinity ? top : value === -Infinity || (vertical === 'log' && value <= 0) ? bottom : value;
  const within = <T extends Interval>(each: T): T => ({
    ...each,
    lower: onAxis(each.lower),
    upper: onAxis(each.upper),
  });
  return {
    metric,
    members: members
      .filter(({ value }) => !Number.isNaN(value))
      .map((each) => ({ ...within(each), value: onAxis(each.value) })),
    points: points
      .filter(({ mean }) => !Number.isNaN(mean))
      .map((each) => ({ ...each, mean: onAxis(each.mean), interval: each.interval && within(each.interval) })),
  };
}

/** What of the curves is at an edge of the axis, or nowhere; '' where all is in its place. */
function atEdges({ curves, vertical }: CurvesFigure): string {
  const values = curves.flatMap(({ members }) => members.map(({ value }) => value));
  const parts = [
    ...(vertical === 'log' && values.some((value) => value <= 0)
      ? ['at the lower edge: 0, which has no logarithm']
      : []),
    ...(values.includes(Infinity) ? ['at the upper edge: infinity'] : []),
    ...(values.some(Number.isNaN) ? ['left out: members without a value'] : []),
  ];
  return parts.length === 0 ? '' : ` ${parts.join('; ').replace(/^./, (letter) => letter.toUpperCase())}.`;
}

function caption(figure: CurvesFigure, frame: Frame): string[] {
  const { curves, missing, vertical, testSet, drawOf } = figure;
  const { least, most } = seedsOf(curves);
  const seeds = most === 1 ? 'one seed per width' : `${least === most ? least : `${least} to ${most}`} seeds per width`;
  const absent = missing === 0 ? '' : `; ${missing} ${missing === 1 ? 'member is' : 'members are'} missing`;
  const cut = vertical === 'share' && frame.y[0] > 0 ? ' The vertical axis does not start at 0.' : '';
  return [`${testSet}, ${seeds}${absent}.${cut}${atEdges(figure)}`, drawn({ least, most }, curves, drawOf)];
}

function drawn({ least, most }: Seeds, curves: readonly Curve[], drawOf: string): string {
  if (most === 1) {
    const intervals = curves.map(({ metric }) => metric.interval);
    return `Bars: 95 % interval over the draw of ${drawOf} (${[...new Set(intervals)].join('; ')}).`;
  }
  if (least < 3) return 'Points: seeds. Lines: mean over seeds, without an interval for fewer than 3.';
  const [line, band] = curves[0]!.points.length === 1 ? ['Dashes', 'Bars'] : ['Lines', 'Bands'];
  return `Points: seeds. ${line}: mean over seeds. ${band}: 95 % interval of that mean (Student's t).`;
}

/** The end of a long name, such as a path: whole, it would be wider than the figure. */
export function shortened(name: string): string {
  return name.length <= 32 ? name : `…${name.slice(-31)}`;
}

/** Parameters below, widths above. */
function axes({ points }: Curve, { x, y, vertical, axis }: Frame): Layer[] {
  const data = { values: points.map(({ parameters, width }) => ({ parameters, width })) };
  const widths = Object.fromEntries(points.map(({ parameters, width }) => [parameters, String(width)]));
  const nothing = { type: 'point', opacity: 0 } as const;
  return [
    {
      data,
      mark: nothing,
      encoding: {
        x: {
          field: 'parameters',
          type: 'quantitative',
          scale: { type: 'log', domain: [...x], nice: false },
          axis: { title: 'trainable parameters', values: logTicks(x), format: '~s', grid: true },
        },
        y: {
          datum: y[0],
          type: 'quantitative',
          scale:
            vertical === 'log'
              ? { type: 'log', domain: [...y], nice: false }
              : { domain: [...y], nice: false, zero: false },
          axis: {
            title: axis,
            ...(vertical === 'log' ? { values: logTicks(y), format: '~g' } : { tickCount: 6 }),
            grid: true,
            minExtent: labelExtent,
            maxExtent: labelExtent,
          },
        },
      },
    },
    {
      data,
      mark: nothing,
      encoding: {
        x: {
          field: 'parameters',
          type: 'quantitative',
          axis: {
            title: 'width',
            orient: 'top',
            grid: false,
            domain: false,
            titlePadding: 4,
            values: points.map(({ parameters }) => parameters),
            labelExpr: `(${JSON.stringify(widths)})[datum.value]`,
            labelOverlap: 'greedy',
            labelSeparation: 3,
          },
        },
      },
    },
  ];
}

interface Drawing {
  readonly style: SeriesStyle;
  readonly seeds: Seeds;
}

function spreadLayers({ members, points }: Curve, { style, seeds: { least, most } }: Drawing): Layer[] {
  if (most === 1)
    return intervalBars(
      members.filter(({ lower, upper }) => Number.isFinite(upper - lower)),
      style,
    );
  if (least < 3) return [];
  const intervals = points.flatMap(({ parameters, interval }) =>
    interval === undefined ? [] : { parameters, ...interval },
  );
  return points.length === 1 ? intervalBars(intervals, style) : [seedBand(intervals, style)];
}

interface DrawnInterval extends Interval {
  readonly parameters: number;
}

const horizontal = { field: 'parameters', type: 'quantitative', axis: null } as const;

function vertical(field: string) {
  return { field, type: 'quantitative' } as const;
}

function seedBand(intervals: readonly DrawnInterval[], { color }: SeriesStyle): Layer {
  return {
    data: { values: [...intervals] },
    mark: { type: 'area', color, opacity: 0.16 },
    encoding: { x: horizontal, y: vertical('lower'), y2: { field: 'upper' } },
  };
}

function intervalBars(intervals: readonly DrawnInterval[], { color }: SeriesStyle): Layer[] {
  const bars = intervals.map(({ parameters, lower, upper }) => ({ parameters, lower, upper }));
  const ends = bars.flatMap(({ parameters, lower, upper }) => [lower, upper].map((end) => ({ parameters, end })));
  const line = { color, strokeWidth: 1.3, opacity: 1 } as const;
  return [
    {
      data: { values: bars },
      mark: { type: 'rule', ...line },
      encoding: { x: horizontal, y: vertical('lower'), y2: { field: 'upper' } },
    },
    {
      data: { values: ends },
      mark: { type: 'point', shape: 'stroke', size: 60, ...line },
      encoding: { x: horizontal, y: vertical('end') },
    },
  ];
}

/** A line, or a dash through the mean where there is but one width. */
function meanLayer({ points }: Curve, { style: { color, dash }, seeds }: Drawing): Layer {
  const alone = points.length === 1;
  const size = seeds.most === 1 ? 0 : 500;
  return {
    data: { values: points.map(({ parameters, mean }) => ({ parameters, mean })) },
    mark: alone
      ? { type: 'point', shape: 'stroke', size, color, strokeWidth: 2, opacity: 1 }
      : { type: 'line', color, strokeWidth: 2, strokeDash: [...dash] },
    encoding: { x: horizontal, y: vertical('mean') },
  };
}

function memberPoints({ members }: Curve, { style, seeds }: Drawing): Layer {
  const many = seeds.most > 1;
  return {
    data: { values: members.map(({ parameters, value }) => ({ parameters, value })) },
    mark: { ...symbol(style), size: many ? 28 : 55, opacity: many ? 0.65 : 1 },
    encoding: { x: horizontal, y: vertical('value') },
  };
}

/** Filled, with a white rim that keeps points apart where they overlap. */
function symbol({ color, shape }: SeriesStyle) {
  return { type: 'point', filled: true, shape, fill: color, stroke: 'white', strokeWidth: 0.7 } as const;
}

function labelWidth(curves: readonly Curve[]): number {
  return labelGap + labelSample + 20 + letterWidth * Math.max(...curves.map(({ metric }) => metric.title.length));
}

/** Where each curve's label goes, in pixels from the top: at the curve's end, but clear of the others. */
function labelHeights(curves: readonly Curve[], { y, vertical }: Frame): number[] {
  const place = (value: number) => (vertical === 'log' ? Math.log(value) : value);
  const [bottom, top] = [place(y[0]), place(y[1])];
  const wanted = curves.map(({ points }, index) => {
    return { index, height: (size.height * (top - place(points.at(-1)?.mean ?? y[0]))) / (top - bottom) };
  });
  const placed = apart(
    wanted.toSorted((a, b) => a.height - b.height).map(({ height }) => height),
    labelDistance,
  );
  const heights: number[] = [];
  wanted.toSorted((a, b) => a.height - b.height).forEach(({ index }, rank) => (heights[index] = placed[rank]!));
  return heights;
}

/** Ascending positions moved as little as it takes to be `distance` apart: neighbours that collide are centred together. */
export function apart(positions: readonly number[], distance: number): number[] {
  interface Group {
    readonly count: number;
    /** Where its first label would be if the others did not matter, averaged over the group. */
    readonly start: number;
  }
  const groups: Group[] = [];
  for (const position of positions) {
    let group: Group = { count: 1, start: position };
    for (
      let above = groups.at(-1);
      above && above.start + above.count * distance > group.start;
      above = groups.at(-1)
    ) {
      groups.pop();
      const count = above.count + group.count;
      group = {
        count,
        start: (above.count * above.start + group.count * (group.start - above.count * distance)) / count,
      };
    }
    groups.push(group);
  }
  return groups.flatMap(({ count, start }) => Array.from({ length: count }, (_, i) => start + i * distance));
}

/** A piece of line with the symbol on it, and the name: readable in grey too. */
function labelLayers(
  text: string,
  { style, height }: { readonly style: SeriesStyle; readonly height: number },
): Layer[] {
  const begin = size.width + labelGap;
  const end = begin + labelSample;
  const y = { value: height };
  const data = { values: [{}] };
  return [
    {
      data,
      mark: { type: 'rule', color: style.color, strokeWidth: 2, strokeDash: [...style.dash] },
      encoding: { x: { value: begin }, x2: { value: end }, y },
    },
    { data, mark: { ...symbol(style), size: 55, opacity: 1 }, encoding: { x: { value: (begin + end) / 2 }, y } },
    {
      data,
      mark: {
        type: 'text',
        text,
        color: style.color,
        align: 'left',
        baseline: 'middle',
        dx: 7,
        fontSize: 12,
        font: fontFamily,
      },
      encoding: { x: { value: end }, y },
    },
  ];
}
