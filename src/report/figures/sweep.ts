/** A sweep: the curve at every value of a parameter as a heat map, with the scores beside it; or scores over two parameters. */
import type { GridPoint, Sweep } from '../../analysis/sweep.js';
import type { ResampledCurve } from '../../analysis/subsampling.js';
import { haveLogarithms } from '../../analysis/scales.js';
import { allAt, firstOf, lastOf, nth } from '../../machine/present.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { scoreTitles, titled, verticalTitle } from '../titles.js';
import { countTicks, domainOf, valueTicks, type CurvePoint } from './axis.js';
import { bounds, contourLayers, heatCells, heatLayer, scheme, signChanges } from './heat.js';
import type { Axis, Figure, Panel } from './layout.js';
import { curvePanel, type CurvePanel, levelLine } from './panels.js';
import { thinned } from './thinned.js';

export interface SweepFigure {
  readonly run: string;
  readonly sweep: Sweep;
  /** Curves that change by less have no meaningful score. */
  readonly leastRange: number;
  readonly words?: FamilyWords;
}

export function sweepFigure(figure: SweepFigure): Figure {
  return figure.sweep.axes.length === 1 ? oneAxis(figure) : twoAxes(figure);
}

/** Whether values call for a log scale: the largest is at least 20 times the smallest. */
function isLogarithmic(values: readonly number[]): boolean {
  return firstOf(values) > 0 && lastOf(values) / firstOf(values) >= 20;
}

interface CellAxis extends Axis {
  readonly cells: [number, number][];
}

/** An axis of cells; one of scales is logarithmic if none of them is 0, and uses the letters for model sizes. */
function axisOf(values: readonly number[], title: string, isScale = false): CellAxis {
  const isLog = isScale ? haveLogarithms(values) : isLogarithmic(values);
  const cells = bounds(values, isLog);
  const domain = [firstOf(cells)[0], lastOf(cells)[1]] as const;
  const texts = isScale ? countTicks : valueTicks;
  // Few values are labelled themselves, as there is nothing in between.
  const ticks = values.length <= 8 ? { ticks: texts(values) } : {};
  return { title, cells, domain, isLog, grid: false, texts, ...ticks };
}

/** Most columns of a heat map: more would be too thin to draw, with visible edges. */
const mostColumns = 300;
/** Most rows, where scales are many. */
const mostRows = 200;

/** Every panel is over the parameter. */
function oneAxis({ run, sweep, leastRange, words = trainedWords }: SweepFigure): Figure {
  const [{ key, values: every }] = sweep.axes as [Sweep['axes'][number]];
  const step = Math.ceil(every.length / mostColumns);
  const kept = every.flatMap((_, j) => (j % step === 0 || j === every.length - 1 ? j : []));
  const [values, points] = [allAt(every, kept), allAt(sweep.points, kept)];
  // Points with an interval may be between the columns.
  const scored = every.flatMap((x, j) => {
    const point = nth(sweep.points, j);
    return kept.includes(j) || point.intervals !== undefined ? { x, point } : [];
  });
  const hasIntervals = scored.some(({ point }) => point.intervals !== undefined);
  const { metric } = firstOf(points);
  const isShare = metric.unit === 'probability';
  const x = axisOf(values, key);
  const rows = thinned([...sweep.scales.keys()], mostRows);
  const y = axisOf(
    rows.map((i) => nth(sweep.scales, i).parameters),
    words.axis,
    true,
  );
  const cells = heatCells(x.cells, y.cells, (j, i) => nth(nth(points, j).values, nth(rows, i)));
  const heat: Panel = {
    ...{ title: metric.name, notes: [], x, y },
    ramp: {
      scheme,
      domain: isShare
        ? [0, 1]
        : domainOf(
            points.flatMap((point) => [...point.values]),
            false,
            0,
          ),
      title: verticalTitle({ ...metric, title: metric.name }),
    },
    layers: (frame) => [heatLayer(cells, frame)],
  };
  const panelOf = (
    score: 'bow' | 'jump' | 'ramp',
    panel: Pick<CurvePanel, 'yTitle' | 'yLog' | 'yDomain'>,
    ramp: number,
  ) =>
    curvePanel({
      ...{
        ...panel,
        title: '',
        subtitle: [],
        xTitle: key,
        xDomain: x.domain,
        xLinear: x.isLog !== true,
        xTicks: valueTicks,
      },
      legend: false,
      series: [
        levelLine('straight ramp', ramp, x.domain),
        {
          label: score,
          style: 0,
          line: scored.map(({ x: at, point }) => ({
            ...{ x: at, y: shown(point, score, leastRange) },
            ...point.intervals?.[score],
          })),
          points: [],
        },
      ],
    });
  return {
    title: `${run}: ${metric.name} over ${key}`,
    notes: [
      `The same outcomes at every value. Scores are missing where the curve moves by less than ${leastRange}. Dashed: a straight ramp through as many scales.${hasIntervals ? ' Bands: 95 % intervals of the scores, over test examples, and seeds where there are several.' : ''}${rows.length < sweep.scales.length ? ` Rows: ${rows.length} of ${sweep.scales.length} ${words.scales}.` : ''}`,
    ],
    panels: [
      heat,
      panelOf('bow', { yTitle: scoreTitles.bow }, 0),
      panelOf('jump', { yTitle: scoreTitles.jump, yDomain: [0, 1] }, 1 / (sweep.scales.length - 1)),
      panelOf('ramp', { yTitle: scoreTitles.ramp, yLog: true }, 1),
    ],
    columns: 2,
  };
}

/** NaN if there is none: the curve hardly changes, or falls, which a logarithmic axis can't show. */
function shown({ range, scores }: GridPoint, score: 'bow' | 'jump' | 'ramp', leastRange: number): number {
  return range >= leastRange && (score !== 'ramp' || scores.ramp > 0) ? scores[score] : NaN;
}

function twoAxes({ run, sweep: { axes, points }, leastRange }: SweepFigure): Figure {
  const [outer, inner] = axes as [Sweep['axes'][number], Sweep['axes'][number]];
  const [x, y] = [axisOf(outer.values, outer.key), axisOf(inner.values, inner.key)];
  const panel = (score: 'bow' | 'jump', title: string): Panel => {
    const valueAt = (i: number, j: number) => shown(nth(points, i * inner.values.length + j), score, leastRange);
    const cells = heatCells(x.cells, y.cells, valueAt);
    const changes = score === 'bow' ? signChanges(x.cells, y.cells, valueAt) : [];
    const domain =
      score === 'jump'
        ? ([0, 1] as const)
        : domainOf(
            cells.map(({ value }) => value),
            false,
            0,
          );
    return {
      ...{ title, notes: [], x, y, ramp: { scheme, domain, title } },
      layers: (frame) => [heatLayer(cells, frame), ...contourLayers(changes, frame)],
    };
  };
  return {
    title: `${run}: ${firstOf(points).metric.name} over ${outer.key} and ${inner.key}`,
    notes: [`Blank: the curve moves by less than ${leastRange}. Line: where the bow changes its sign, if it does.`],
    panels: titled('bow', 'jump').map(({ name, title }) => panel(name, title)),
  };
}

export interface CausesFigure {
  readonly run: string;
  readonly metric: string;
  readonly testSizes: readonly ResampledCurve[];
  readonly keptScales: readonly ResampledCurve[];
}

/** Scores against the size of the test set, and against the number of scales. */
export function causesFigure({ run, metric, testSizes, keptScales }: CausesFigure): Figure {
  const panels = [
    { curves: testSizes, xTitle: 'test examples', title: 'Fewer test examples (resolution)' },
    { curves: keptScales, xTitle: 'scales kept', title: 'Fewer scales (sparsity)' },
  ]
    .filter(({ curves }) => curves.length > 0)
    .flatMap(({ curves, xTitle, title }) =>
      titled('bow', 'jump').map(({ name, title: yTitle }): CurvePanel => {
        const line = curves.map(({ size: x, scores }): CurvePoint => {
          const { median: y, lower, upper } = scores[name];
          return { x, y, lower, upper };
        });
        return {
          ...{ title, subtitle: [], xTitle, yTitle, series: [{ label: yTitle, line }] },
          ...(name === 'jump' ? { yDomain: [0, 1] as const } : {}),
        };
      }),
    );
  return {
    title: `${run}: ${metric} with fewer test examples and fewer scales`,
    notes: [
      'Lines: medians over draws of the test set or over sets of scales; none where most draws have no score. Bands: the middle 95 %.',
    ],
    panels: panels.map(curvePanel),
    columns: 2,
  };
}
