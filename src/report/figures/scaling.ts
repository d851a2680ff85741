/** A scaling law beside its members: the law, the residuals, and for two factors the compute-optimal allocation. */
import { thinned } from './thinned.js';
import { examplesAt, flopsOf, optimumAt, type Cost, type Frontier } from '../../analysis/scaling/frontier.js';
import type { Scatter } from '../../analysis/scaling/fit.js';
import { lossAt } from '../../analysis/scaling/law.js';
import type { ScalingCell, ScalingLaw } from '../../analysis/scaling/scaling.js';
import { firstOf, lastOf, nth, zip } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import { axisTitle } from '../../runs/view.js';
import { formatCount, formatWithInterval, inPercent } from '../../terminal/format.js';
import { countTicks, domainOf, shareTicks, type CurvePoint } from './axis.js';
import type { Figure } from './layout.js';
import { curvePanel, type CurvePanel, type PanelSeries, levelLine } from './panels.js';
import { referenceStyles } from './theme.js';

/** Letters for coordinates in formulas. */
const letters: Readonly<Record<string, string>> = {
  parameters: 'N',
  params: 'N',
  examples: 'D',
  tokens: 'D',
  flops: 'C',
};
export const letterOf = (factor: string): string => letters[factor] ?? factor;

/** Symbols of each term, in the order of the factors: A / N^a, and B / D^b even if D is the only factor. */
export function termNames(factors: readonly string[]): { readonly amplitude: string; readonly exponent: string }[] {
  const names = ['a', 'b'];
  return factors.map((factor, k) => {
    const exponent = factors.length === 1 && letterOf(factor) === 'D' ? 'b' : nth(names, k);
    return { amplitude: exponent.toUpperCase(), exponent };
  });
}

/** `E + A / N^a + B / D^b` */
export function formulaOf(factors: readonly string[]): string {
  const terms = zip(termNames(factors), factors).map(
    ([{ amplitude, exponent }, factor]) => `${amplitude} / ${letterOf(factor)}^${exponent}`,
  );
  return ['E', ...terms].join(' + ');
}

export function lossTitle({ title, unit }: Pick<Metric, 'title' | 'unit'>): string {
  return unit === '' || title.includes(`(${unit}`) ? title : `${title} (${unit})`;
}

/** Most curves in a panel: the number of styles. */
const mostCurves = 6;

export function scalingFigure(run: string, found: ScalingLaw, metric: Metric): Figure {
  const { factors, scatter, exponents, heldOut } = found;
  const exponentTexts = zip(termNames(factors), exponents).map(
    ([{ exponent }, { value, interval }]) => `${exponent} = ${formatWithInterval(value, interval)}`,
  );
  const inside = heldOut?.predicted.filter(({ isInside }) => isInside).length;
  return {
    title: `${run}: ${metric.title} as ${formulaOf(factors)}`,
    notes: [
      `${exponentTexts.join(', ')} (95 %).${scatterNote(scatter)}`,
      ...(heldOut === undefined
        ? []
        : [
            `${found.frontier === undefined ? 'Bars: the' : 'The'} largest scales, predicted from the ${heldOut.known} smaller ones: ${inside} of ${heldOut.predicted.length} inside the 95 % interval.`,
          ]),
    ],
    panels: (found.frontier === undefined ? oneFactor(found, metric) : twoFactors(found, found.frontier, metric)).map(
      curvePanel,
    ),
    columns: 2,
  };
}

function scatterNote({ ofSeeds, ofMeans, misfit }: Scatter): string {
  const [seeds, means] = [inPercent(ofSeeds), inPercent(ofMeans)];
  if (Number.isNaN(ofSeeds)) return ` Members are ${means} from the law (root mean square).`;
  const so = misfit?.isSignificant === true ? 'more than seeds explain' : 'which seeds explain';
  return ` Seeds scatter by ${seeds}, their means are ${means} from the law${misfit === undefined ? '' : `, ${so}`}.`;
}

function oneFactor({ factors, law, cells, curve, heldOut }: ScalingLaw, metric: Metric): CurvePanel[] {
  const [factor] = factors as [string];
  const xTitle = axisTitle(factor);
  const [first, last] = [firstOf(curve).at, lastOf(curve).at];
  // A logarithmic axis can't show an unbounded interval.
  const ends = (value: number, { lower, upper }: { readonly lower: number; readonly upper: number }) =>
    lower > 0 && upper < Infinity ? { lower: Math.max(lower, value / 10), upper: Math.min(upper, value * 10) } : {};
  const xDomain = [first / 1.3, 1.2 * last] as const;
  return [
    {
      title: 'the law',
      subtitle: [],
      ...{ xTitle, yTitle: lossTitle(metric), yLog: true, legend: true, xDomain },
      series: [
        ...(law.floor > 0 ? [levelLine('E', law.floor, [first, last])] : []),
        {
          label: 'the law',
          style: 0,
          line: curve.map(({ at, value, interval }) => ({ x: at, y: value, ...ends(value, interval) })),
          points: [],
        },
        { label: 'members', style: 0, line: [], points: membersOf(cells, 0) },
        ...heldOutSeries(
          heldOut?.predicted.map(({ coordinates, value, interval }) => ({
            x: firstOf(coordinates),
            y: value,
            ...ends(value, interval),
          })),
        ),
      ],
    },
    residualPanel([{ label: 'members', style: 0, cells }], {
      xTitle,
      xDomain,
      at: ({ coordinates }) => firstOf(coordinates),
    }),
  ];
}

function membersOf(cells: readonly ScalingCell[], k: number): CurvePoint[] {
  return cells.flatMap(({ coordinates, values }) => values.map((y) => ({ x: nth(coordinates, k), y })));
}

/** Separate points, not joined by a line. */
function heldOutSeries(predicted: readonly CurvePoint[] | undefined): PanelSeries[] {
  if (predicted === undefined) return [];
  const apart = predicted.flatMap((point) => [point, { x: point.x, y: NaN }]);
  return [{ label: 'predicted from smaller ones', style: 1, line: apart, spread: 'bars' }];
}

interface Residuals {
  readonly label: string;
  readonly style: number;
  readonly cells: readonly ScalingCell[];
}

/** Each member's deviation from the law, as a share of the law. */
function residualPanel(
  groups: readonly Residuals[],
  { xTitle, xDomain, at }: Pick<CurvePanel, 'xTitle' | 'xDomain'> & { readonly at: (cell: ScalingCell) => number },
): CurvePanel {
  const all = groups.flatMap(({ cells }) => cells);
  const [first, last] = xDomain ?? [Math.min(...all.map(at)), Math.max(...all.map(at))];
  return {
    title: 'residuals',
    subtitle: [],
    ...{ xTitle, yTitle: 'loss / law - 1', yTicks: shareTicks, legend: groups.length > 1 },
    ...(xDomain === undefined ? {} : { xDomain }),
    series: [
      levelLine('the law', 0, [first, last]),
      ...groups.map(({ label, style, cells }) => ({
        ...{ label, style },
        // Through the means over seeds.
        line: cells.map((cell) => ({ x: at(cell), y: cell.residual })),
        points: cells.flatMap((cell) => cell.values.map((value) => ({ x: at(cell), y: value / cell.fitted - 1 }))),
      })),
    ],
  };
}

function twoFactors(found: ScalingLaw, frontier: Frontier, metric: Metric): CurvePanel[] {
  const { factors, law, cells } = found;
  const [n, d] = factors as [string, string];
  const { cost } = frontier;
  const all = [...new Set(cells.map(({ coordinates }) => nth(coordinates, 1)))].sort((a, b) => a - b);
  const levels = thinned(all, mostCurves);
  const ns = cells.map(({ coordinates }) => firstOf(coordinates));
  const [least, most] = [Math.min(...ns), Math.max(...ns)];
  const groups = levels.map((level, style): Residuals => {
    const own = cells.filter(({ coordinates }) => coordinates[1] === level);
    return { label: `${letterOf(d)} = ${formatCount(level)}`, style, cells: own };
  });
  const yTitle = lossTitle(metric);
  const budgets = thinned(
    frontier.budgets.map(({ flops }) => flops),
    mostCurves,
  );
  const spent = cells.map(({ coordinates }) => flopsOf(cost, coordinates as [number, number]));
  return [
    {
      title: 'the law',
      subtitle: [`points: members; lines: the law at a number of ${axisTitle(d)}`],
      ...{ xTitle: axisTitle(n), yTitle, yLog: true },
      series: groups.map(({ label, style, cells: own }) => ({
        ...{ label, style, points: membersOf(own, 0) },
        line: across(least, most).map((x) => ({ x, y: lossAt(law, [x, nth(firstOf(own).coordinates, 1)]) })),
      })),
    },
    residualPanel(groups, { xTitle: axisTitle(n), at: ({ coordinates }) => firstOf(coordinates) }),
    {
      title: 'iso-FLOP curves',
      subtitle: ['the law at a number of FLOPs; points: where it is least'],
      ...{ xTitle: axisTitle(n), yTitle, yLog: true },
      series: budgets.map((flops, style) => ({
        ...{ label: `${formatCount(Number(flops.toPrecision(2)))} FLOPs`, style },
        line: isoFlop(flops, found, cost),
        points: [optimumPoint(flops, found, cost)],
      })),
    },
    ...[n, d].map((factor, k): CurvePanel => {
      const { value: exponent, interval } = nth(frontier.exponents, k);
      const optima = frontier.budgets.map(({ flops, optimum }) => ({ flops, ...nth(optimum, k) }));
      const name = `${letterOf(factor)}_opt`;
      const own = cells.map(({ coordinates }) => nth(coordinates, k));
      return {
        title: `compute-optimal ${letterOf(factor)}`,
        subtitle: [`${name} ~ C^${formatWithInterval(exponent, interval)}`],
        ...{ xTitle: axisTitle('flops'), yTitle: axisTitle(factor), yTicks: countTicks, yLog: true, legend: true },
        series: [
          {
            label: `${name}, 95 %`,
            style: 0,
            line: optima.map(({ flops, value, interval: ends }) => ({ x: flops, y: value, ...ends })),
            points: [],
          },
          {
            label: 'members',
            style: referenceStyles.curve,
            line: [],
            points: zip(spent, own).map(([x, y]) => ({ x, y })),
          },
        ],
        // An unbounded interval would leave no room for the rest.
        yDomain: domainOf([...own, ...optima.map(({ value }) => value)], true, 0.15),
      };
    }),
  ];
}

/** `count` values from one to the other with equal ratios. */
function across(from: number, to: number, count = 41): number[] {
  return Array.from({ length: count }, (_, i) => from * (to / from) ** (i / (count - 1)));
}

/** The factor by which curves extend beyond the members: no farther than the law can be trusted. */
const beyond = 3;

/** Covers the N for which D is within about the members' range. */
function isoFlop(flops: number, { law, cells }: ScalingLaw, cost: Cost): CurvePoint[] {
  const [ns, ds] = [0, 1].map((k) => cells.map(({ coordinates }) => nth(coordinates, k))) as [number[], number[]];
  const [least, most] = [Math.min(...ds) / beyond, Math.max(...ds) * beyond];
  return across(Math.min(...ns) / beyond, Math.max(...ns) * beyond, 81).flatMap((n) => {
    const d = examplesAt(cost, flops, n);
    return d >= least && d <= most ? { x: n, y: lossAt(law, [n, d]) } : [];
  });
}

function optimumPoint(flops: number, { law }: ScalingLaw, cost: Cost): CurvePoint {
  const optimum = optimumAt(law, cost, flops);
  return { x: optimum[0], y: lossAt(law, optimum) };
}
