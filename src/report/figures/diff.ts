/** Compares two runs: their curves, and the difference with its intervals. */
import {
  alpha,
  type FamilyDifference,
  type NamedRun,
  type ScaleDifference,
  type SideValue,
} from '../../analysis/diff/difference.js';
import { nth } from '../../machine/present.js';
import { withDirection } from '../titles.js';
import type { CurvePoint } from './axis.js';
import type { Figure } from './layout.js';
import { curvePanel, type PanelSeries, levelLine } from './panels.js';
import { seriesStyle } from './theme.js';

export function diffFigure(found: FamilyDifference<NamedRun>): Figure {
  const { metric, one, other, scales } = found;
  const yTitle = metric.unit === '' ? metric.title : metric.unit;
  return {
    title: `${metric.title}: ${other.label} against ${one.label}`,
    notes: notesOf(found),
    panels: [
      curvePanel({
        ...{ title: metric.title, subtitle: [], xTitle: one.words.axis, legend: true },
        yTitle: withDirection(yTitle, metric),
        series: [
          { label: one.label, ...sideOf(scales, (scale) => scale.one) },
          { label: other.label, ...sideOf(scales, (scale) => scale.other) },
        ],
      }),
      curvePanel({
        ...{ title: 'difference', subtitle: [], xTitle: one.words.axis, legend: true },
        yTitle: `${yTitle}, ${other.label} less ${one.label}`,
        series: differences(scales),
      }),
    ],
    columns: 2,
  };
}

/** Both runs are drawn at the first one's scales. */
function sideOf(scales: readonly ScaleDifference[], pick: (scale: ScaleDifference) => SideValue) {
  const placed = scales.map((scale) => ({ x: scale.one.parameters, ...pick(scale) }));
  const areBands = placed.length > 1 && placed.every(({ seeds }) => seeds > 2);
  return {
    line: placed.map(({ x, value, interval }): CurvePoint => ({ x, y: value, ...interval })),
    points: placed.flatMap(({ x, values }) => values.map((y): CurvePoint => ({ x, y }))),
    spread: areBands ? 'band' : 'bars',
  } as const;
}

function isFound({ adjusted }: ScaleDifference): boolean {
  return adjusted <= alpha;
}

/** One line with bars, with solid points where a difference is found, and rings elsewhere. */
function differences(scales: readonly ScaleDifference[]): PanelSeries[] {
  const line = scales.map(({ one, difference, interval }): CurvePoint => {
    return { x: one.parameters, y: difference, ...interval };
  });
  const x = line.map((point) => point.x);
  const style = seriesStyle(0);
  const pointsWhere = (wanted: boolean) => line.filter((_, i) => isFound(nth(scales, i)) === wanted);
  const marks: PanelSeries[] = [
    { label: `p of at most ${alpha}, adjusted`, style, line: [], points: pointsWhere(true) },
    { label: `p above ${alpha}, adjusted`, style: { ...style, isHollow: true }, line: [], points: pointsWhere(false) },
  ];
  return [
    levelLine('no difference', 0, [Math.min(...x), Math.max(...x)]),
    { label: 'difference', style, line, points: [], spread: 'bars', isUnnamed: true },
    ...marks.filter(({ points = [] }) => points.length > 0),
  ];
}

function notesOf({ one, scales }: FamilyDifference<NamedRun>): string[] {
  const seeds = scales.flatMap((scale) => [scale.one.seeds, scale.other.seeds]);
  // For a single member, some metrics have none.
  const haveIntervals = scales.some((scale) => Number.isFinite(scale.one.interval.lower));
  const curves =
    Math.max(...seeds) > 1
      ? 'Curves: means over seeds, which are the points, with 95 % intervals of each run by itself.'
      : `Curves: one member each${haveIntervals ? ', with 95 % intervals over the test examples' : ''}.`;
  const full =
    scales.length > 1 ? `; full points by p adjusted over ${one.words.scales} (Holm), bars not adjusted` : '';
  return [`${curves} Difference: 95 %, paired by test example${full}.`];
}
