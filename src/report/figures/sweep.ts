/** A sweep: the curve at every value of a parameter as a heat map, with the scores beside it; or scores over two parameters. */
import type { TopLevelSpec } from 'vega-lite';
import type { GridPoint, ResampledCurve, Sweep } from '../../analysis/sweep.js';
import type { ScoreName } from '../../analysis/scores.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { panelsFigure, type Panel } from './panels.js';
import { logTicks } from './ticks.js';

const size = { width: 330, height: 290 };
const side = { width: 150, height: size.height };
/** Reads the same to the colour-blind, and in grey. */
const scheme = 'viridis';

export interface SweepFigure {
  readonly run: string;
  readonly sweep: Sweep;
  /** Curves that move by less have no score that means anything. */
  readonly leastRange: number;
  readonly words?: FamilyWords;
}

export function sweepFigure(figure: SweepFigure): TopLevelSpec {
  return figure.sweep.axes.length === 1 ? oneAxis(figure) : twoAxes(figure);
}

/** Bounds of the cells around ascending values, half-way between neighbours on the axis's own scale. */
function bounds(values: readonly number[], log: boolean): [low: number, high: number][] {
  const place = values.map((value) => (log ? Math.log(value) : value));
  const back = (value: number) => (log ? Math.exp(value) : value);
  const n = place.length;
  const alone = log ? 0.5 : 1;
  return place.map((at, i) => {
    const before = i > 0 ? (at - place[i - 1]!) / 2 : n > 1 ? (place[1]! - at) / 2 : alone;
    const after = i < n - 1 ? (place[i + 1]! - at) / 2 : n > 1 ? (at - place[n - 2]!) / 2 : alone;
    return [back(at - before), back(at + after)];
  });
}

/** Whether values lie in ratio rather than evenly: the largest is 20 times the smallest or more. */
function isLog(values: readonly number[]): boolean {
  return values[0]! > 0 && values.at(-1)! / values[0]! >= 20;
}

/** An axis of scales is logarithmic and has the letters of model sizes. */
function axisOf(values: readonly number[], title: string, isScale = false) {
  const log = isScale || isLog(values);
  const cells = bounds(values, log);
  return {
    log,
    cells,
    channel: {
      type: 'quantitative',
      scale: {
        ...(log ? ({ type: 'log' } as const) : { zero: false }),
        domain: [cells[0]![0], cells.at(-1)![1]],
        nice: false,
      },
      axis: {
        title,
        grid: false,
        ...(log
          ? {
              format: isScale ? '~s' : '~g',
              // Within the values: a cell around the first one reaches below what a parameter can be.
              values: logTicks([values[0]!, values.at(-1)!]),
            }
          : { tickCount: 6 }),
        labelOverlap: true,
      },
    } as const,
  };
}

/** A cell reaches under the next one, which is drawn after it: no pale seam between them. */
function cellAt(cells: readonly [number, number][], i: number, axis: 'x' | 'y'): Record<string, number> {
  return { [`${axis}0`]: cells[i]![0], [`${axis}1`]: (cells[i + 1] ?? cells[i]!)[1] };
}

/** Rows of a heat map: more are thinner than what is drawn, and their edges shine through. */
const mostRows = 400;

function oneAxis({
  run,
  sweep: { scales, axes, points: all },
  leastRange,
  words = trainedWords,
}: SweepFigure): TopLevelSpec {
  const [{ key, values: every }] = axes as [Sweep['axes'][number]];
  const step = Math.ceil(every.length / mostRows);
  const kept = every.flatMap((_, j) => (j % step === 0 || j === every.length - 1 ? j : []));
  const [values, points] = [kept.map((j) => every[j]!), kept.map((j) => all[j]!)];
  const first = points[0]!.metric;
  const x = axisOf(
    scales.map(({ parameters }) => parameters),
    words.axis,
    true,
  );
  const y = axisOf(values, key);
  // Column by column: else the column before would shine through where two rows meet within a pixel.
  const cells = scales.flatMap((_, i) =>
    points.map((point, j) => ({ ...cellAt(x.cells, i, 'x'), ...cellAt(y.cells, j, 'y'), value: point.values[i]! })),
  );
  const scored = points.map((point, j) => scoredPoint(point, values[j]!, leastRange));
  const share = first.unit === 'probability' ? { domain: [0, 1] } : {};
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    padding: 16,
    title: {
      text: `${run}: ${first.name} over ${key}`,
      subtitle: [
        'The same outcomes at every value. Scores are missing where the curve moves by less than ' + `${leastRange}.`,
        `Grey: a straight ramp through as many scales.${scored.some(({ isInfinite }) => isInfinite) ? ' Triangles at the edge: infinite.' : ''}`,
      ],
      offset: 14,
    },
    spacing: 24,
    hconcat: [
      {
        ...size,
        data: { values: cells },
        mark: { type: 'rect', clip: true },
        encoding: {
          x: { field: 'x0', ...x.channel },
          x2: { field: 'x1' },
          y: { field: 'y0', ...y.channel },
          y2: { field: 'y1' },
          color: {
            field: 'value',
            type: 'quantitative',
            scale: { scheme, ...share },
            legend: {
              title: first.unit === 'probability' ? 'share' : first.unit || first.name,
              orient: 'left',
              gradientLength: 180,
              offset: 10,
            },
          },
        },
      },
      scorePanel(scored, y.channel, { field: 'bow', title: 'bow', ramp: 0 }),
      scorePanel(scored, y.channel, { field: 'jump', title: 'largest step / range', ramp: 1 / (scales.length - 1) }),
      scorePanel(scored, y.channel, { field: 'ramp', title: 'Eq 1 / ramp (log scale)', ramp: 1 }),
    ],
    resolve: { scale: { x: 'independent', y: 'independent', color: 'independent' } },
  } as unknown as TopLevelSpec;
}

function scoredPoint({ range, scores }: GridPoint, at: number, leastRange: number) {
  const shown = (score: number) => (range >= leastRange && Number.isFinite(score) ? score : null);
  // On a logarithmic axis a score that falls has no place.
  const ramp = shown(scores.ramp);
  return {
    ...{ at, bow: shown(scores.bow), jump: shown(scores.jump), ramp: ramp !== null && ramp > 0 ? ramp : null },
    // Eq 1 where more than half of the steps are 0: it is not missing, it has no place on the axis.
    isInfinite: range >= leastRange && scores.ramp === Infinity,
  };
}

interface ScoreAxis {
  readonly field: 'bow' | 'jump' | 'ramp';
  readonly title: string;
  readonly ramp: number;
}

function scorePanel(
  scored: readonly ReturnType<typeof scoredPoint>[],
  y: object,
  { field, title, ramp }: ScoreAxis,
): object {
  // Two scales have no bow, and a constant curve no score at all: an axis has to come from elsewhere.
  const empty = scored.every((point) => point[field] === null);
  const finite = scored.map((point) => point[field]).filter((value) => value !== null);
  const ramps = [empty ? 0.1 : 0.8 * Math.min(1, ...finite), empty ? 10 : 1.25 * Math.max(1, ...finite)] as const;
  const scales = {
    bow: empty ? { domain: [-1, 1] } : { nice: true },
    jump: { domain: [0, 1] },
    ramp: { type: 'log', domain: ramps, nice: false },
  };
  const beyond =
    field === 'ramp' ? scored.filter(({ isInfinite }) => isInfinite).map(({ at }) => ({ at, edge: ramps[1] })) : [];
  const format = field === 'ramp' ? { format: '~g', values: logTicks(ramps) } : { tickCount: 4 };
  const x = { type: 'quantitative', scale: scales[field], axis: { title, labelOverlap: true, ...format } };
  return {
    ...side,
    layer: [
      {
        data: { values: [{ ramp }] },
        mark: { type: 'rule', color: '#999999', strokeDash: [4, 3] },
        encoding: { x: { field: 'ramp', ...x } },
      },
      {
        data: { values: scored },
        mark: {
          type: 'line',
          color: '#0072B2',
          strokeWidth: 1.8,
          invalid: 'break-paths-show-path-domains',
          clip: true,
        },
        encoding: { x: { field, ...x }, y: { field: 'at', ...y }, order: { field: 'at' } },
      },
      ...(beyond.length === 0
        ? []
        : [
            {
              data: { values: beyond },
              mark: {
                type: 'point',
                shape: 'triangle-right',
                filled: true,
                size: 36,
                color: '#0072B2',
                opacity: 1,
                clip: false,
              },
              encoding: { x: { field: 'edge', ...x }, y: { field: 'at', ...y } },
            },
          ]),
    ],
  };
}

function twoAxes({ run, sweep: { axes, points }, leastRange }: SweepFigure): TopLevelSpec {
  const [outer, inner] = axes as [Sweep['axes'][number], Sweep['axes'][number]];
  const [x, y] = [axisOf(outer.values, outer.key), axisOf(inner.values, inner.key)];
  const cells = points.map((point, index) => {
    const [i, j] = [Math.floor(index / inner.values.length), index % inner.values.length];
    return { ...cellAt(x.cells, i, 'x'), ...cellAt(y.cells, j, 'y'), ...scoredPoint(point, 0, leastRange) };
  });
  const panel = (field: 'bow' | 'jump', title: string) => ({
    ...size,
    title: { text: title, fontSize: 12 },
    data: { values: cells },
    mark: { type: 'rect', clip: true },
    encoding: {
      x: { field: 'x0', ...x.channel },
      x2: { field: 'x1' },
      y: { field: 'y0', ...y.channel },
      y2: { field: 'y1' },
      color: {
        field,
        type: 'quantitative',
        scale: { scheme, ...(field === 'jump' ? { domain: [0, 1] } : {}) },
        legend: { title: null, gradientLength: 180 },
      },
    },
  });
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    padding: 16,
    title: {
      text: `${run}: ${points[0]!.metric.name} over ${outer.key} and ${inner.key}`,
      subtitle: [`White: the curve moves by less than ${leastRange}.`],
      offset: 14,
    },
    spacing: 24,
    hconcat: [panel('bow', 'bow'), panel('jump', 'largest step / range')],
    resolve: { scale: { x: 'independent', y: 'independent', color: 'independent' } },
  } as unknown as TopLevelSpec;
}

export interface CausesFigure {
  readonly run: string;
  readonly metric: string;
  readonly testSizes: readonly ResampledCurve[];
  readonly keptScales: readonly ResampledCurve[];
}

const shownScores: readonly { readonly name: ScoreName; readonly title: string }[] = [
  { name: 'bow', title: 'bow' },
  { name: 'jump', title: 'largest step / range' },
];

/** Scores against the size of the test set, and against the number of scales. */
export function causesFigure({ run, metric, testSizes, keptScales }: CausesFigure): TopLevelSpec {
  const panels = [
    { curves: testSizes, xTitle: 'test examples', what: 'resolution' },
    { curves: keptScales, xTitle: 'scales that are kept', what: 'sparsity' },
  ]
    .filter(({ curves }) => curves.length > 0)
    .flatMap(({ curves, xTitle, what }) =>
      shownScores.map(({ name, title }): Panel => {
        const finite = curves.filter(({ scores }) => Number.isFinite(scores[name].upper));
        return {
          title: `${what}: ${title}`,
          subtitle: finite.length < curves.length ? ['left out: sizes at which it is not finite in some draws'] : [],
          xTitle,
          yTitle: title,
          series: [
            {
              label: title,
              line: finite.map(({ size: x, scores }) => {
                return { x, y: scores[name].median, lower: scores[name].lower, upper: scores[name].upper };
              }),
            },
          ],
          ...(name === 'jump' ? { yDomain: [0, 1] as const } : {}),
        };
      }),
    )
    .filter(({ series }) => series[0]!.line.length > 0);
  return panelsFigure({
    title: `${run}: ${metric}, with fewer test examples and with fewer scales`,
    subtitle: [
      panels.length === 0
        ? 'Nothing to draw: no score is finite.'
        : 'Lines: medians over draws of the test set, or over sets of scales. Bands: the middle 95 %.',
    ],
    panels,
  });
}
