/** An ability over loss, whatever the members' factors, and beside it the contribution of each factor. */
import type { Collapse } from '../../analysis/collapse/collapse.js';
import type { FactorTest } from '../../analysis/collapse/factors.js';
import { firstOf, lastOf, nth } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import { axisTitle } from '../../runs/view.js';
import { mean } from '../../statistics/mean.js';
import { formatCount, formatNumber, formatWithInterval } from '../../terminal/format.js';
import { valueTicks, type CurvePoint } from './axis.js';
import type { Figure } from './layout.js';
import { curvePanel, type CurvePanel, type PanelSeries, levelLine } from './panels.js';
import { lossTitle } from './scaling.js';
import { referenceStyles, seriesStyles } from './theme.js';

export interface CollapseFigure {
  readonly run: string;
  readonly found: Collapse;
  /** The ability. */
  readonly metric: Metric;
  readonly loss: Metric;
}

export function collapseFigure({ run, found, metric, loss }: CollapseFigure): Figure {
  return {
    title: `${run}: ${metric.title} over test loss`,
    notes: found.onset === undefined ? [] : [`It ${onsetText(found.onset)}.`],
    panels: [abilityPanel(found, metric, loss), ...found.factors.map((_, k) => factorPanel(found, k))].map(curvePanel),
  };
}

/** `leaves chance (0.1, by 0.05) at a loss of 1.2 [1.1, 1.3]` */
export function onsetText({ chance, margin, loss, interval }: NonNullable<Collapse['onset']>): string {
  const from = `chance (${formatNumber(chance)}, by ${formatNumber(margin)})`;
  if (loss === 0) return `does not leave ${from} even at the lowest loss`;
  if (loss === Infinity) return `has already left ${from} at the highest loss`;
  return `leaves ${from} at a loss of ${formatWithInterval(loss, interval)}`;
}

/** `no effect found (p 0.4)`: the result of a factor's test in a few words. */
export function factorVerdict({ untold, adjusted }: FactorTest): string {
  if (untold !== undefined) return 'undetermined';
  if (Number.isNaN(adjusted)) return 'undetermined';
  return adjusted <= 0.05 ? 'adds to the loss' : 'no effect found';
}

interface Group {
  readonly label: string;
  readonly holds: (value: number) => boolean;
}

/** One group for each value; if there are more values than markers, neighbours are combined. */
function groupsOf(factor: string, values: readonly number[]): Group[] {
  const ascending = [...new Set(values)].sort((a, b) => a - b);
  const most = seriesStyles.length;
  const size = Math.ceil(ascending.length / most);
  return Array.from({ length: Math.ceil(ascending.length / size) }, (_, g) => {
    const own = ascending.slice(g * size, (g + 1) * size);
    const ends = [...new Set([firstOf(own), lastOf(own)])].map((value) => formatCount(value));
    return { label: `${factor} ${ends.join(' to ')}`, holds: (value) => own.includes(value) };
  });
}

function abilityPanel({ factors, members, curve, onset }: Collapse, metric: Metric, loss: Metric): CurvePanel {
  const losses = members.map((member) => member.loss);
  const [most, least] = [Math.max(...losses), Math.min(...losses)];
  const margin = Math.max(1.05, (most / least) ** 0.04);
  const { factor } = firstOf(factors);
  const groups = groupsOf(
    factor,
    members.map(({ values }) => firstOf(values)),
  );
  return {
    title: 'all members',
    subtitle: [],
    ...{ xTitle: `test loss: ${lossTitle(loss)}, falling to the right`, yTitle: lossTitle(metric), xTicks: valueTicks },
    xDomain: [most * margin, least / margin],
    series: [
      ...(onset === undefined ? [] : [levelLine('chance', onset.chance, [most, least])]),
      {
        label: 'pooled curve, 95 %',
        style: referenceStyles.curve,
        line: curve.map(({ loss: x, ability: y, interval }) => ({ x, y, ...interval })),
        points: [],
      },
      ...groups.map(({ label, holds }, style) => ({
        ...{ label, style },
        line: [],
        points: members.flatMap(({ values, loss: x, ability: y }) => (holds(firstOf(values)) ? { x, y } : [])),
      })),
      // Last, as members crowd where an ability begins.
      ...onsetSeries(onset, [least, most]),
    ],
    legend: true,
  };
}

/** The interval of the onset's loss as a line at the onset's level; none if it is outside the members' range. */
function onsetSeries(onset: Collapse['onset'], [least, most]: readonly [number, number]): PanelSeries[] {
  if (onset === undefined || onset.loss === 0 || onset.loss === Infinity) return [];
  const { level, loss, interval } = onset;
  const line = [Math.min(most, interval.upper), Math.max(least, interval.lower)].map((x) => ({ x, y: level }));
  const style = { ...referenceStyles.limit, dash: [1, 0], width: 2.2 };
  return [{ label: 'leaves chance, 95 %', style, line, points: [{ x: loss, y: level }] }];
}

function factorPanel({ factors, members }: Collapse, k: number): CurvePanel {
  const test = nth(factors, k);
  const { factor, adjusted } = test;
  const points = members.map(({ values, residual }): CurvePoint => ({ x: nth(values, k), y: residual }));
  const values = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const p = Number.isNaN(adjusted) ? '' : `, adjusted p ${formatNumber(adjusted, 2)}`;
  return {
    title: `${axisTitle(factor)} at equal loss`,
    subtitle: [`${factorVerdict(test)}${p}`],
    ...{ xTitle: axisTitle(factor), yTitle: 'ability less the pooled curve', legend: false },
    xPlaces: values,
    series: [
      levelLine('the curve', 0, [firstOf(values), lastOf(values)]),
      {
        label: 'members',
        style: 0,
        line: values.map((x) => ({ x, y: mean(points.filter((point) => point.x === x).map(({ y }) => y)) })),
        points,
      },
    ],
  };
}
