/**
 * Where test examples turn from failed to solved: the distribution of turns beside what coin flips would give, the share of
 * seeds that solve each example at each width, and the sigmoids of BIC's mixture over the accuracies.
 */
import { preferred, type Quanta } from '../../analysis/quanta.js';
import { probabilityAt, type LatentClass } from '../../analysis/mixture/classes.js';
import { firstOf, lastOf, nth, present, zip } from '../../machine/present.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { mean } from '../../statistics/mean.js';
import { counted } from '../../terminal/format.js';
import { classColors, greys, seriesStyle } from './theme.js';
import { shareTicks, type CurvePoint, type Tick } from './axis.js';
import { heatCells, heatLayer } from './heat.js';
import type { Figure, Frame, Panel } from './layout.js';
import { curvePanel, type PanelSeries } from './panels.js';
import { shortened } from './train.js';

export interface QuantaFigure {
  readonly run: string;
  readonly arch: string;
  readonly dataset: string;
  /** What solved means: `right`, `squared error below 0.02`. */
  readonly solved: string;
  /** `10 000 test images`. */
  readonly testSet: string;
  readonly quanta: Quanta;
  readonly words?: FamilyWords;
}

/** Most rows of the heat map: more would be thinner than a pixel. */
const heatRows = 115;

export function quantaFigure({
  run,
  arch,
  dataset,
  solved,
  testSet,
  quanta,
  words = trainedWords,
}: QuantaFigure): Figure {
  const { scales, seeds } = quanta.grid;
  return {
    title: `Where test examples turn: ${arch} family on ${shortened(dataset)}, run ${shortened(run)}`,
    notes: [`${testSet}, ${counted(scales.length, words.noun)}, ${counted(seeds.length, 'seed')}. Solved: ${solved}.`],
    panels: [
      histogram(quanta, words),
      heatMap(quanta, words),
      ...(quanta.fits.length === 0 ? [] : [sigmoids(quanta, words)]),
    ],
    columns: 2,
  };
}

/** Censored bars are set apart: they are not turns at a width. */
function histogram({ grid, turns, measured, coinFlips }: Quanta, words: FamilyWords): Panel {
  const last = grid.scales.length;
  const never = mean(turns.never);
  // Half a bar between the censored ones and the rest.
  const places = [...measured.median.keys()].map((t) => t + (t === 0 ? 0 : t === last ? 1 : 0.5));
  const neverAt = last + 2.5;
  const bars = [
    ...zip(measured.median, places).map(([share, at], t) => ({
      ...{ at, share: t === last ? share - never : share, isTurn: t > 0 && t < last },
    })),
    { at: neverAt, share: never, isTurn: false },
  ];
  const flips = zip(coinFlips.median, places).map(([share, at]) => ({ at, share }));
  const names = turnNames(grid, words);
  const ticks = [...zip(names, places).map(([text, at]): Tick => ({ at, text })), { at: neverAt, text: 'never' }];
  const highest = Math.max(...[...bars, ...flips].map(({ share }) => share));
  return {
    title: '(a) Turns',
    notes: [
      'Dashes: independent coin flips with the same accuracies.',
      `${lastOf(names)}: failed by the largest ${words.scale} (median over seeds); never: not solved by any member.`,
    ],
    x: {
      ...{ title: `${words.scale} from which it stays solved (median over seeds)`, domain: [-0.6, neverAt + 0.6] },
      ...{ ticks, grid: false },
    },
    y: { title: 'share of examples', domain: [0, 1.06 * highest || 1], texts: shareTicks },
    layers: (frame) => barLayers(bars, flips, frame),
  };
}

function barLayers(
  bars: readonly { readonly at: number; readonly share: number; readonly isTurn: boolean }[],
  flips: readonly { readonly at: number; readonly share: number }[],
  { unit, x, y }: Frame,
): object[] {
  const wide = (at: number, half: number) => ({ left: at - half, right: at + half });
  const encoding = { x: { field: 'left', ...x }, x2: { field: 'right' }, y: { field: 'share', ...y } };
  return [
    ...[true, false].map((isTurn) => ({
      data: {
        values: bars
          .filter((bar) => bar.isTurn === isTurn)
          .map(({ at, share }) => ({ ...wide(at, 0.38), share, floor: 0 })),
      },
      mark: { type: 'rect', color: (isTurn ? seriesStyle(0) : greys.bar).color },
      encoding: { ...encoding, y2: { field: 'floor' } },
    })),
    {
      data: { values: flips.map(({ at, share }) => ({ ...wide(at, 0.45), share })) },
      mark: { type: 'rule', color: seriesStyle(1).color, strokeWidth: 2.2 * unit },
      encoding,
    },
  ];
}

/** `≤ 1` for examples solved from the smallest width on, then the widths, then `> 8` for those not solved by the largest. */
function turnNames({ scales }: Quanta['grid'], words: FamilyWords): string[] {
  const widths = scales.map(({ width }) => scaleText(width, words));
  return [`≤ ${firstOf(widths)}`, ...widths.slice(1), `> ${lastOf(widths)}`];
}

/** Examples in order of difficulty, easiest at the bottom; each row of cells is the mean of several neighbours if necessary. */
function heatMap({ grid, turns }: Quanta, words: FamilyWords): Panel {
  const { scales, examples, counts } = grid;
  const order = sortedExamples(grid, turns.median);
  const rows = Math.min(heatRows, examples);
  const from = (row: number) => Math.floor((row * examples) / rows);
  const cells = heatCells(
    scales.map((_, s) => [s - 0.5, s + 0.5]),
    Array.from({ length: rows }, (_, row) => [from(row) / examples, from(row + 1) / examples]),
    (s, row) =>
      mean(order.subarray(from(row), from(row + 1)).map((i) => nth(nth(counts, s), i))) / nth(scales, s).members.length,
  );
  return {
    title: '(b) Share of seeds that solve an example',
    notes: ['Examples, easiest at the bottom'],
    x: {
      ...{ title: words.scale, domain: [-0.5, scales.length - 0.5], grid: false },
      ticks: scales.map(({ width }, at) => ({ at, text: scaleText(width, words) })),
    },
    y: { title: 'examples', domain: [0, 1], texts: shareTicks, grid: false },
    ramp: { scheme: 'cividis', domain: [0, 1], title: 'share of seeds', texts: shareTicks },
    layers: (frame) => [heatLayer(cells, frame)],
  };
}

/** Sorted by how many members solve them, most first, then by earlier turn. */
function sortedExamples({ examples, counts }: Quanta['grid'], median: Uint8Array): Int32Array {
  const solved = Array.from({ length: examples }, (_, i) => counts.reduce((sum, column) => sum + nth(column, i), 0));
  return Int32Array.from({ length: examples }, (_, i) => i).sort(
    (a, b) => nth(solved, b) - nth(solved, a) || nth(median, a) - nth(median, b) || a - b,
  );
}

/** The classes of the fit that BIC prefers, their sum, and the single sigmoid. */
function sigmoids({ grid, fits }: Quanta, words: FamilyWords): Panel {
  const { scales } = grid;
  const fit = present(preferred(fits, 'bic'));
  const one = present(fits.find(({ kind }) => kind === 'one'));
  const [first, last] = [firstOf(scales).parameters, lastOf(scales).parameters];
  const aboves = Array.from({ length: 121 }, (_, i) => (i / 120) * Math.log(last / first));
  const line = (value: (above: number) => number): CurvePoint[] =>
    aboves.map((above) => ({ x: Math.min(last, first * Math.exp(above)), y: value(above) }));
  const sum = (classes: readonly LatentClass[]) => (above: number) =>
    classes.reduce((total, each) => total + each.weight * probabilityAt(each, above), 0);
  const points = scales.flatMap(({ parameters, members }) =>
    members.map(({ solved }) => ({ x: parameters, y: mean(solved) })),
  );
  const drawn = drawnClasses(fit);
  const series: PanelSeries[] = [
    ...drawn.map(({ curve, weight, label }, i) => ({
      ...{ label, line: line((above) => probabilityAt(curve, above)), points: fit === one ? points : [] },
      style: { ...seriesStyle(i), ...classColor(i, drawn.length), width: 1 + 4 * weight },
    })),
    ...(fit === one
      ? []
      : [
          {
            ...{ label: 'one sigmoid', line: line(sum(one.classes)), points: [] },
            style: { ...seriesStyle(1), ...greys.other, dash: [14, 5] },
          },
          {
            ...{ label: 'sum; members', line: line(sum(fit.classes)), points },
            style: { ...seriesStyle(0), ...greys.total },
          },
        ]),
  ];
  return curvePanel({
    title: `(c) ${fitTitle(fit, fits)}`,
    subtitle: ['Points: accuracy of each member.'],
    ...{ xTitle: words.axis, yTitle: 'share solved', yDomain: [0, 1], yTicks: shareTicks, series, legend: true },
  });
}

function classColor(index: number, count: number) {
  return nth(classColors, count === 1 ? 1 : Math.round((index * (classColors.length - 1)) / (count - 1)));
}

interface DrawnClass {
  readonly curve: LatentClass;
  /** Determines the line's thickness. */
  readonly weight: number;
  readonly label: string;
}

/** For a continuum, the sigmoids of some examples. */
function drawnClasses({ kind, classes }: Quanta['fits'][number]): DrawnClass[] {
  if (kind !== 'continuum') {
    return classes.map((curve) => {
      return { curve, weight: curve.weight, label: `${rounded(100 * curve.weight)} % of examples` };
    });
  }
  return [0.05, 0.25, 0.5, 0.75, 0.95].map((quantile) => {
    let sum = 0;
    const curve = present(classes.find(({ weight }) => (sum += weight) >= quantile));
    return { curve, weight: 0.1, label: `${100 * quantile} % are easier` };
  });
}

/** Without decimals; below 1 with one significant digit. */
function rounded(percent: number): string {
  return percent >= 1 ? percent.toFixed(0) : Number(percent.toPrecision(1)).toString();
}

function fitTitle(fit: Quanta['fits'][number], fits: Quanta['fits']): string {
  const other = present(preferred(fits, 'aicc'));
  const by = other === fit ? 'preferred by AICc and BIC' : `preferred by BIC; by AICc: ${fitName(other)}`;
  const floor = fit.floor === 0 ? '' : `, above ${rounded(100 * fit.floor)} % by guessing`;
  const what = {
    one: 'One sigmoid for all examples',
    continuum: 'Thresholds normally distributed over the examples',
    classes: `${fit.classes.length} classes of examples, ${fit.ownSlopes ? 'separate slopes' : 'common slope'}`,
    curve: 'Examples alike, any curve',
  }[fit.kind];
  return `${what}${floor} (${by})`;
}

/** Name of a model, as in the tables. */
export function fitName({ kind, classes, ownSlopes }: Quanta['fits'][number]): string {
  switch (kind) {
    case 'curve':
      return 'examples alike, any curve';
    case 'one':
      return 'one sigmoid';
    case 'continuum':
      return 'normal continuum';
    case 'classes':
      return `${classes.length} sigmoids, ${ownSlopes ? 'separate slopes' : 'common slope'}`;
  }
}
