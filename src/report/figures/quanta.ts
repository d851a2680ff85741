/**
 * Where test examples turn from failed to solved: the distribution of turns beside what coin flips would show, which share
 * of the seeds solves each example at each width, and the sigmoids of BIC's mixture over the accuracies.
 */
import type { TopLevelSpec } from 'vega-lite';
import { preferred, type Quanta } from '../../analysis/quanta.js';
import { probabilityAt, type LatentClass } from '../../analysis/threshold-mixture.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { fontFamily, seriesStyle } from '../theme.js';
import { apart, shortened } from './curves.js';
import { logTicks } from './ticks.js';

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

type Unit = Exclude<Extract<TopLevelSpec, { readonly hconcat: unknown }>['hconcat'][number], string>;
type Layer = Extract<TopLevelSpec, { readonly layer: unknown }>['layer'][number];

/** Pixels of the areas inside the axes. */
const small = { width: 310, height: 235 };
/** Wider, for what stands apart and never. */
const histogramSize = { width: 340, height: small.height };
const large = { width: 620, height: 275 };
/** Rows of the heat map: more would be thinner than a pixel. */
const heatRows = 115;
const labelDistance = 16;
const turnLabelSize = 10.5;

const measuredColor = seriesStyle(0).color;
const coinColor = seriesStyle(1).color;
const grey = '#777777';

/** The figure's specification. */
export function quantaFigure(figure: QuantaFigure): TopLevelSpec {
  const { scales, seeds } = figure.quanta.grid;
  const { run, arch, dataset, solved, testSet, words = trainedWords } = figure;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    padding: 14,
    title: {
      text: `Where test examples turn: ${arch} family on ${shortened(dataset)}, run ${shortened(run)}`,
      subtitle:
        `${testSet}, ${scales.length} ${scales.length === 1 ? words.noun : words.scales}, ` +
        `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}. Solved: ${solved}.`,
      frame: 'bounds',
    },
    spacing: 24,
    vconcat: [
      // From axes to axes: Vega only guesses the widths of texts, and what goes by them ends anywhere.
      { spacing: 85, bounds: 'flush', hconcat: [histogram(figure.quanta, words), heatMap(figure.quanta, words)] },
      ...(figure.quanta.fits.length === 0 ? [] : [sigmoids(figure.quanta, words)]),
    ],
  };
}

function panelTitle(text: string, subtitle: string | string[]) {
  return { text, subtitle, fontSize: 12, offset: 8, anchor: 'start', frame: 'group' } as const;
}

/** Bars that are censored stand apart: they are no turns at a width. */
function histogram({ grid, turns, measured, coinFlips }: Quanta, words: FamilyWords): Unit {
  const { scales, examples } = grid;
  const names = turnNames(grid, words);
  const never = turns.never.reduce((sum, value) => sum + value, 0) / examples;
  const bars = measured.median.map((share, t) => ({
    turn: names[t]!,
    share: t === scales.length ? share - never : share,
    kind: t === 0 || t === scales.length ? 'censored' : 'turn',
  }));
  const order = [...names.slice(0, 1), ' ', ...names.slice(1, -1), '  ', names.at(-1)!, '   ', 'never'];
  const step = histogramSize.width / order.length;
  const fit = names.slice(1, -1).every((name) => 0.66 * turnLabelSize * name.length + 3 < step);
  const flips = coinFlips.median.map((share, t) => ({ turn: names[t]!, share }));
  const x = {
    field: 'turn',
    type: 'ordinal',
    scale: { domain: order, paddingInner: 0.25 },
    axis: {
      title: `${words.scale} from which on it is solved (median over seeds)`,
      labelAngle: 0,
      labelFontSize: turnLabelSize,
      // Vega guesses texts to be wider than they are.
      labelOverlap: fit ? false : 'greedy',
      grid: false,
      ticks: false,
    },
  } as const;
  const y = {
    field: 'share',
    type: 'quantitative',
    // A labelled tick at the top, as beside it: else the panels' titles stand at different heights.
    scale: { nice: 6 },
    axis: { title: 'share of examples', format: '~%', tickCount: 6 },
  } as const;
  return {
    ...histogramSize,
    title: panelTitle('(a) Turns', 'Dashes: independent coin flips with the same accuracies'),
    layer: [
      {
        data: { values: [...bars, { turn: 'never', share: never, kind: 'censored' }] },
        mark: { type: 'bar' },
        encoding: {
          x,
          y,
          color: {
            field: 'kind',
            type: 'nominal',
            scale: { domain: ['turn', 'censored'], range: [measuredColor, '#a9bccb'] },
            legend: null,
          },
        },
      },
      {
        data: { values: flips },
        mark: { type: 'tick', color: coinColor, thickness: 2.5, opacity: 1, orient: 'horizontal', bandSize: 16 },
        encoding: { x, y },
      },
    ],
  };
}

/** `≤ 1` for what is solved from the smallest width on, the widths, `> 8` for what is not solved by the largest. */
function turnNames({ scales }: Quanta['grid'], words: FamilyWords): string[] {
  const widths = scales.map(({ width }) => scaleText(width, words));
  return [`≤ ${widths[0]!}`, ...widths.slice(1), `> ${widths.at(-1)!}`];
}

/** Examples in order of difficulty, easiest below; each row of cells is the mean of as many neighbours as it takes. */
function heatMap({ grid, turns }: Quanta, words: FamilyWords): Unit {
  const { scales, examples, counts } = grid;
  const order = sortedExamples(grid, turns.median);
  const rows = Math.min(heatRows, examples);
  const cells = Array.from({ length: rows }, (_, row) => {
    const [from, to] = [Math.floor((row * examples) / rows), Math.floor(((row + 1) * examples) / rows)];
    const part = order.subarray(from, to);
    return scales.map(({ width, members }, s) => ({
      width: scaleText(width, words),
      from: from / examples,
      // Reaches under the next row, as `band` does under the next width: the seams between cells would show.
      to: Math.min(1, (to + (to - from)) / examples),
      solved: part.reduce((sum, i) => sum + counts[s]![i]!, 0) / (part.length * members.length),
    }));
  }).flat();
  return {
    ...small,
    title: panelTitle('(b) Share of seeds that solve an example', 'Examples from the easiest, below, to the hardest'),
    data: { values: cells },
    mark: { type: 'rect', strokeWidth: 0, width: { band: 1.03 } },
    encoding: {
      x: {
        field: 'width',
        type: 'ordinal',
        scale: { domain: scales.map(({ width }) => scaleText(width, words)), padding: 0 },
        axis: { title: words.scale, labelAngle: 0, grid: false },
      },
      y: {
        field: 'from',
        type: 'quantitative',
        scale: { domain: [0, 1], nice: false },
        axis: { title: 'examples', format: '~%', tickCount: 6, grid: false },
      },
      y2: { field: 'to' },
      color: {
        field: 'solved',
        type: 'quantitative',
        scale: { domain: [0, 1], scheme: 'cividis' },
        legend: { title: null, format: '~%', gradientLength: small.height, gradientThickness: 12, tickCount: 6 },
      },
    },
  };
}

/** By how many members solve them, most first; of equals the earlier turn. */
function sortedExamples({ examples, counts }: Quanta['grid'], median: Uint8Array): Int32Array {
  const solved = new Int32Array(examples);
  for (const column of counts) for (let i = 0; i < examples; i++) solved[i]! += column[i]!;
  return Int32Array.from({ length: examples }, (_, i) => i).sort(
    (a, b) => solved[b]! - solved[a]! || median[a]! - median[b]! || a - b,
  );
}

/** The classes of the fit that BIC prefers, what they add up to, and the one sigmoid. */
function sigmoids({ grid, fits }: Quanta, words: FamilyWords): Unit {
  const { scales } = grid;
  const fit = preferred(fits, 'bic')!;
  const one = fits.find(({ kind }) => kind === 'one')!;
  const [first, last] = [scales[0]!.parameters, scales.at(-1)!.parameters];
  const aboves = Array.from({ length: 121 }, (_, i) => (i / 120) * Math.log(last / first));
  const line = (value: (above: number) => number) =>
    aboves.map((above) => ({ parameters: Math.min(last, first * Math.exp(above)), share: value(above) }));
  const mixture = (classes: readonly LatentClass[]) => (above: number) =>
    classes.reduce((sum, each) => sum + each.weight * probabilityAt(each, above), 0);
  const encoding = encodings(first, last, words);
  const drawn = drawnClasses(fit);
  const ends = drawn.map(({ curve }) => (1 - probabilityAt(curve, aboves.at(-1)!)) * large.height);
  const ranks = ends.map((_, i) => i).sort((a, b) => ends[a]! - ends[b]! || a - b);
  const heights = below(
    0,
    apart(
      ranks.map((i) => ends[i]!),
      labelDistance,
    ),
  );
  return {
    ...large,
    title: panelTitle(`(c) ${titleOf(fit, fits)}`, [
      'Points: accuracy of each member. Black: what the curves add up to.',
      'Grey dashes: one sigmoid for all examples.',
    ]),
    layer: [
      ...drawn.map(({ curve, weight }, i) =>
        lineLayer(
          line((above) => probabilityAt(curve, above)),
          { color: classColor(i, drawn.length), strokeWidth: 1 + 5 * weight },
          encoding,
        ),
      ),
      lineLayer(line(mixture(one.classes)), { color: grey, strokeWidth: 2, strokeDash: [6, 4] }, encoding),
      ...(fit === one ? [] : [lineLayer(line(mixture(fit.classes)), { color: 'black', strokeWidth: 2 }, encoding)]),
      {
        data: {
          values: scales.flatMap(({ parameters, members }) =>
            members.map(({ solved }) => ({ parameters, share: solved.reduce((a, b) => a + b, 0) / solved.length })),
          ),
        },
        mark: { type: 'point', filled: true, fill: 'black', stroke: 'white', strokeWidth: 0.7, size: 34, opacity: 0.8 },
        encoding,
      },
      ...ranks.map((i, rank) => label(drawn[i]!.label, { height: heights[rank]!, color: classColor(i, drawn.length) })),
    ],
  };
}

/** Ascending positions, pushed down from `top` on where they are above it, each clear of the one before. */
function below(top: number, positions: readonly number[]): number[] {
  let least = top;
  return positions.map((position) => {
    const placed = Math.max(least, position);
    least = placed + labelDistance;
    return placed;
  });
}

interface LineStyle {
  readonly color: string;
  readonly strokeWidth: number;
  readonly strokeDash?: number[];
}

function lineLayer(values: { parameters: number; share: number }[], style: LineStyle, encoding: Encoding): Layer {
  return { data: { values }, mark: { type: 'line', ...style }, encoding };
}

type Encoding = ReturnType<typeof encodings>;

function encodings(first: number, last: number, { axis }: FamilyWords) {
  const margin = (last / first) ** 0.02;
  const domain: [number, number] = [first / margin, last * margin];
  const shares: [number, number] = [0, 1];
  return {
    x: {
      field: 'parameters',
      type: 'quantitative',
      scale: { type: 'log', domain, nice: false },
      axis: { title: axis, values: logTicks(domain), format: '~s' },
    },
    y: {
      field: 'share',
      type: 'quantitative',
      scale: { domain: shares },
      axis: { title: 'share solved', format: '~%', tickCount: 6 },
    },
  } as const;
}

function label(text: string, { height, color }: { readonly height: number; readonly color: string }): Layer {
  return {
    data: { values: [{}] },
    mark: { type: 'text', text, color, align: 'left', baseline: 'middle', dx: 12, fontSize: 11, font: fontFamily },
    encoding: { x: { value: large.width }, y: { value: height } },
  };
}

/** From dark blue, easiest, to ochre, hardest: dark enough on white throughout. */
const classColors = ['#1f3b73', '#0072B2', '#2a9d8f', '#7a9a01', '#c98a00', '#b5471b'];

function classColor(index: number, count: number): string {
  return classColors[count === 1 ? 1 : Math.round((index * (classColors.length - 1)) / (count - 1))]!;
}

interface DrawnClass {
  readonly curve: LatentClass;
  /** Sets the line's thickness. */
  readonly weight: number;
  readonly label: string;
}

/** Of a continuum, the sigmoids of some examples. */
function drawnClasses({ kind, classes }: Quanta['fits'][number]): DrawnClass[] {
  if (kind !== 'continuum') {
    return classes.map((curve) => {
      return { curve, weight: curve.weight, label: `${rounded(100 * curve.weight)} % of examples` };
    });
  }
  return [0.05, 0.25, 0.5, 0.75, 0.95].map((quantile) => {
    let sum = 0;
    const curve = classes.find(({ weight }) => (sum += weight) >= quantile)!;
    return { curve, weight: 0.1, label: `${100 * quantile} % are easier` };
  });
}

/** Without decimals, below 1 with one digit. */
function rounded(percent: number): string {
  return percent >= 1 ? percent.toFixed(0) : Number(percent.toPrecision(1)).toString();
}

function titleOf(fit: Quanta['fits'][number], fits: Quanta['fits']): string {
  const other = preferred(fits, 'aicc')!;
  const by = other === fit ? 'preferred by AICc and BIC' : `preferred by BIC; by AICc: ${nameOf(other)}`;
  const floor = fit.floor === 0 ? '' : `, above ${rounded(100 * fit.floor)} % by luck`;
  const what = {
    one: 'One sigmoid for all examples',
    continuum: 'Thresholds spread normally over the examples',
    classes: `${fit.classes.length} classes of examples, ${fit.ownSlopes ? 'slopes of their own' : 'common slope'}`,
    curve: 'Examples alike, any curve',
  }[fit.kind];
  return `${what}${floor} (${by})`;
}

/** As tables name a model. */
export function nameOf({ kind, classes, ownSlopes }: Quanta['fits'][number]): string {
  switch (kind) {
    case 'curve':
      return 'examples alike, any curve';
    case 'one':
      return 'one sigmoid';
    case 'continuum':
      return 'normal continuum';
    case 'classes':
      return `${classes.length} sigmoids, ${ownSlopes ? 'own slopes' : 'common slope'}`;
  }
}
