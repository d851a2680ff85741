/** The comparison of a standard, an induced and natural curves as figure and table. */
import * as path from 'node:path';
import type { Comparison, ComparedCurve } from '../analysis/compare.js';
import type { ScoreName } from '../analysis/scores.js';
import type { RunRecord } from '../runs/record.js';
import { counted, formatNumber, formatWithInterval } from '../terminal/format.js';
import { panelsFigure, type Panel, type PanelSeries } from './figures/panels.js';
import { grouped } from './showcase.js';
import { textTable } from './text-table.js';

/** Scores that tables have, and their headings. */
export const shownScores: readonly { readonly name: ScoreName; readonly title: string }[] = [
  { name: 'emergence', title: 'emergence (Eq 1)' },
  { name: 'ramp', title: 'Eq 1 / ramp' },
  { name: 'jump', title: 'largest step / range' },
  { name: 'bow', title: 'bow' },
];

/** Architecture, dataset, seeds: one line. */
export function aboutFamily(
  { experiment, dataset }: Pick<RunRecord, 'experiment' | 'dataset'>,
  widths: number,
): string {
  const seeds = counted(experiment.seeds.length, 'seed');
  return `${experiment.arch} family on ${shownDataset(experiment.dataset)}, ${widths} widths, ${seeds} each, ${grouped(dataset.testCount)} test images.`;
}

/** A dataset's name without the folders that lead to it. */
export function shownDataset(name: string): string {
  const [scheme, ...rest] = name.split(':');
  return rest.length === 0 ? name : `${scheme!}:${path.basename(rest.join(':'))}`;
}

/** Without a line break at the end. */
export function comparisonTable({ natural, standard, induced, prediction }: Comparison): string {
  const curves = [...natural, standard, induced];
  const lines = curves.map((curve) => [
    curve.title,
    String(curve.points.length),
    formatNumber(curve.range),
    ...shownScores.map(({ name }) => formatWithInterval(curve.scores[name].value, curve.scores[name].interval)),
    curve.test === undefined ? '-' : formatNumber(curve.test.bow.p, 2),
    curve.shape === undefined ? '-' : `${curve.shape.preferred} (${formatNumber(curve.shape.lineAbove, 2)})`,
  ]);
  const heading = [
    'curve',
    'scales',
    'range',
    ...shownScores.map(({ title }) => title),
    'p of the bow',
    'best fit (line above)',
  ];
  const notes = [
    'In brackets: 95 % intervals, bootstrap over test examples and seeds; of natural curves over their standard errors.',
    'A straight ramp has Eq 1 / ramp = 1, and a largest step of 1 / (scales - 1); Eq 1 grows with the number of scales alone.',
    'Bow: how far a parabola in log scale sags below its ends, over the range; above 0 the curve rises late, below 0 early.',
    'Best fit: line, parabola or sigmoid in log scale by AICc, and how far above it the line is; above 10 speaks against the line.',
    'p: chance that a straight line in log scale, measured as finely, bows as far.',
  ];
  if (prediction !== undefined) {
    const { title, assumption, distance } = prediction;
    notes.push(
      `Independence predicts ${title}: ${assumption}.`,
      `Measured and predicted differ by ${formatNumber(distance.rms)} (rms over scales), most at width ` +
        `${induced.points[distance.at]!.width ?? '?'}: ${formatNumber(distance.largest)}.`,
    );
  }
  return [textTable(heading, lines, ['curve']), ...notes].join('\n');
}

/** Panels: natural curves, the standard curve, the induced one. */
export function comparisonFigure(comparison: Comparison) {
  const { natural, standard, induced, prediction, run, about } = comparison;
  const predicted: PanelSeries[] =
    prediction === undefined
      ? []
      : [
          {
            label: 'predicted by independence',
            line: induced.points.map(({ relative }, i) => ({ x: relative, y: prediction.values[i]! })),
            points: [],
            style: 2,
          },
        ];
  return panelsFigure({
    title: `${run}: ${standard.title} and ${induced.title}`,
    subtitle: [
      about,
      'Horizontal axes: parameters over those of the smallest model, logarithmic. Bands: 95 % intervals. Points: seeds.',
    ],
    panels: [
      ...natural.map((curve) => panelOf(curve, 'natural', 3)),
      panelOf(standard, 'standard', 0),
      {
        ...panelOf(induced, 'induced', 1, predicted.length > 0 ? 'measured' : undefined),
        ...withSeries(induced, predicted),
      },
    ],
  });
}

function withSeries(induced: ComparedCurve, predicted: readonly PanelSeries[]): Partial<Panel> {
  if (predicted.length === 0) return {};
  return { series: [seriesOf(induced, 1, 'measured'), ...predicted] };
}

function panelOf(curve: ComparedCurve, role: string, style: number, label = curve.title): Panel {
  const { emergence, jump, bow } = curve.scores;
  const isShare = curve.unit === 'probability';
  return {
    title: `${role}: ${shortened(curve.title)}`,
    subtitle: [
      `emergence (Eq 1) ${formatWithInterval(emergence.value, emergence.interval, 2)}`,
      `largest step / range ${formatWithInterval(jump.value, jump.interval, 2)}`,
      `bow ${formatWithInterval(bow.value, bow.interval, 2)}`,
    ],
    series: [seriesOf(curve, style, label)],
    xTitle: 'parameters / smallest',
    yTitle: isShare ? 'share' : curve.unit === '' ? curve.title : curve.unit,
    ...(isShare ? { yDomain: [0, 1] as const } : {}),
  };
}

function seriesOf({ points, members }: ComparedCurve, style: number, label: string): PanelSeries {
  return {
    label,
    style,
    line: points.map(({ relative, value, interval }) => {
      return { x: relative, y: value, lower: interval?.lower, upper: interval?.upper };
    }),
    points: members.map(({ relative, value }) => ({ x: relative, y: value })),
  };
}

function shortened(text: string): string {
  return text.length <= 34 ? text : `${text.slice(0, 33)}…`;
}
