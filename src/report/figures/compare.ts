/** Natural curves, the standard curve and the induced one side by side, as in the paper's figures. */
import { rollup } from 'd3-array';
import type { ComparedCurve, Comparison } from '../../analysis/compare.js';
import { scoredInLog } from '../../analysis/scores.js';
import { nth, zip } from '../../machine/present.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { formatWithInterval, withSpaces } from '../../terminal/format.js';
import { bowText } from '../bows.js';
import { bothTitles, verticalTitle } from '../titles.js';
import type { Figure } from './layout.js';
import { curvePanel, type CurvePanel, type PanelSeries } from './panels.js';
import { thinned } from './thinned.js';

/** Each panel has its own horizontal axis: published curves are of models of other sizes. */
export function comparisonFigure(comparison: Comparison, words: FamilyWords = trainedWords): Figure {
  const { natural, standard, induced, prediction, sharpness, run, about } = comparison;
  const predicted: PanelSeries[] =
    prediction === undefined
      ? []
      : [
          {
            label: `predicted: ${prediction.title}`,
            line: zip(induced.points, prediction.values).map(([{ parameters: x }, y]) => ({ x, y })),
            points: [],
            style: 2,
            isUnderlaid: true,
          },
        ];
  const measured = seriesOf(induced, 1, predicted.length > 0 ? 'measured' : induced.title);
  return {
    title: `${run}: ${bothTitles(standard.title, induced.title)}`,
    notes: [
      about,
      [
        intervalText(standard, words, sharpness),
        `${natural.length > 0 ? ' (published curves: their standard errors)' : ''}. Points: ${pointsText(standard.members.length)}${words.isImported ? 'models' : 'seeds'}.`,
        scoredInLog(standard.points.map(({ parameters }) => parameters))
          ? ''
          : ' The bow is measured as drawn, not in log scale.',
      ].join(''),
    ],
    panels: [
      ...natural.map((curve) => panelOf(curve, 'natural', [seriesOf(curve, 3)], 'parameters')),
      panelOf(standard, 'standard', [seriesOf(standard, 0)], words.axis),
      panelOf(induced, 'induced', [measured, ...predicted], words.axis),
    ].map(curvePanel),
  };
}

/** More are indistinguishable, and take seconds to draw. */
const mostPoints = 2000;

function pointsText(members: number): string {
  return members <= mostPoints ? '' : `${withSpaces(mostPoints)} of ${withSpaces(members)} `;
}

function panelOf(curve: ComparedCurve, role: string, series: readonly PanelSeries[], xTitle: string): CurvePanel {
  const { emergence, jump, bow } = curve.scores;
  return {
    title: `${role}: ${curve.title}`,
    subtitle: [
      `emergence (Eq 1) ${formatWithInterval(emergence.value, emergence.interval, 2)}`,
      `largest step / range ${formatWithInterval(jump.value, jump.interval, 2)}`,
      bowText(formatWithInterval(bow.value, bow.interval, 2), curve.points.length),
    ],
    series,
    xTitle,
    ...verticalOf(curve),
  };
}

export function verticalOf(curve: ComparedCurve): Pick<CurvePanel, 'yTitle' | 'yDomain'> {
  return { yTitle: verticalTitle(curve), ...(curve.unit === 'probability' ? { yDomain: [0, 1] } : {}) };
}

type Points = Pick<ComparedCurve, 'points' | 'members'>;

/**
 * Whether each point is the mean of two seeds. Alone, two say next to nothing about their spread (Student's t: 13 standard errors either
 * way, and none where they coincide), and the intervals of scores take it from all scales together: figures show the seeds themselves.
 */
function haveTwoSeeds({ points, members }: Points): boolean[] {
  const seedsAt = rollup(
    members,
    (own) => own.length,
    ({ parameters }) => parameters,
  );
  return points.map(({ parameters }) => seedsAt.get(parameters) === 2);
}

/** What intervals are over, without a full stop. */
export function intervalText(
  curve: Points,
  { examples, scales }: Pick<FamilyWords, 'examples' | 'scales'>,
  { severalSeeds }: { readonly severalSeeds: boolean },
): string {
  const over = `over test ${examples}${severalSeeds ? ' and seeds' : ''}`;
  const areTwo = haveTwoSeeds(curve);
  if (!areTwo.includes(true)) return `Bands and bars: 95 % intervals ${over}`;
  const pooled = `scores have 95 % intervals ${over}, with the spread of seeds of all ${scales}`;
  if (!areTwo.includes(false)) return `Two seeds are drawn without an interval; ${pooled}`;
  return `Bars: 95 % intervals ${over}, none for two seeds; ${pooled}`;
}

export function seriesOf(curve: ComparedCurve, style: number, label = curve.title): PanelSeries {
  const { points, members } = curve;
  const areTwo = haveTwoSeeds(curve);
  return {
    ...{ label, style, spread: areTwo.includes(true) ? 'bars' : 'band' },
    line: points.map(({ parameters: x, value: y, interval }, i) => ({ x, y, ...(nth(areTwo, i) ? {} : interval) })),
    points: thinned(members, mostPoints).map(({ parameters: x, value: y }) => ({ x, y })),
  };
}
