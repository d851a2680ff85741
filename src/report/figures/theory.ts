/** The model of Sec. 2, drawn for given parameters or beside the family it was fitted to. */
import type { PredictedCurve, TheoryFit } from '../../analysis/theory-fit.js';
import { allRight, expectedEditDistance, tokenLoss, type PowerLaw } from '../../analysis/theory.js';
import { nth } from '../../machine/present.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import type { Interval } from '../../statistics/intervals.js';
import { formatNumber } from '../../terminal/format.js';
import type { CurvePoint } from './axis.js';
import type { Figure } from './layout.js';
import { curvePanel, type CurvePanel, type PanelSeries } from './panels.js';

/** The equation, for titles and tables. */
export const equation = (law: PowerLaw) => `L(N) = (N / ${formatNumber(law.scale)})^${formatNumber(law.exponent)} nats`;

/** The paper's three panels over six decades around c. */
export function modelFigure(law: PowerLaw, lengths: readonly number[]): Figure {
  const sizes = Array.from({ length: 101 }, (_, i) => law.scale * 10 ** (-2 + (6 * i) / 100));
  const line = (value: (parameters: number) => number): CurvePoint[] => sizes.map((x) => ({ x, y: value(x) }));
  const ofLengths = (value: (law: PowerLaw, parameters: number, length: number) => number) =>
    lengths.map((l) => ({ label: `l = ${l}`, line: line((n) => value(law, n, l)), points: [] }));
  const xTitle = 'parameters';
  return {
    title: 'Sharp and smooth curves from one power law',
    notes: [
      `${equation(law)}; a token is right with p = exp(-L), tokens are independent. Schaeffer et al. 2023 (arXiv 2304.15004), Sec. 2.`,
    ],
    panels: [
      curvePanel({
        title: 'cross-entropy per token',
        subtitle: ['falls as a power law'],
        series: [{ label: 'L', line: line((n) => tokenLoss(law, n)), points: [] }],
        ...{ xTitle, yTitle: 'nats (lower is better)', yLog: true },
      }),
      curvePanel({
        title: 'all of l tokens right',
        subtitle: ['p^l: nonlinear, and sharp for long l'],
        series: ofLengths(allRight),
        ...{ xTitle, yTitle: 'share right', yDomain: [0, 1] as const },
      }),
      curvePanel({
        title: 'token edit distance',
        subtitle: ['l (1 - p): linear in p, and smooth'],
        series: ofLengths(expectedEditDistance),
        ...{ xTitle, yTitle: 'tokens (lower is better)' },
      }),
    ],
  };
}

type Compared = Pick<PredictedCurve, 'measured' | 'measuredIntervals' | 'predicted' | 'predictedIntervals'>;

export function fitFigure(
  { run, law, scales, right, edits, ...losses }: TheoryFit,
  words: FamilyWords = trainedWords,
): Figure {
  const points = (values: Float64Array, intervals: readonly Interval[]): CurvePoint[] =>
    scales.map(({ parameters }, i) => ({ x: parameters, y: nth(values, i), ...nth(intervals, i) }));
  const pair = (
    { measured, measuredIntervals, predicted, predictedIntervals }: Compared,
    label = 'predicted',
  ): PanelSeries[] => [
    { label: 'measured', line: points(measured, measuredIntervals), spread: 'bars' },
    { label, line: points(predicted, predictedIntervals), points: [] },
  ];
  const { loss, lossIntervals, fittedLoss, fittedIntervals } = losses;
  const fitted = {
    ...{ measured: loss, measuredIntervals: lossIntervals },
    ...{ predicted: fittedLoss, predictedIntervals: fittedIntervals },
  };
  const xTitle = words.axis;
  const panels: CurvePanel[] = [
    {
      title: 'cross-entropy',
      subtitle: [`fitted: exponent ${formatNumber(law.exponent)}`, `rms of ln L ${formatNumber(law.rmsLog)}`],
      series: pair(fitted, 'fitted'),
      ...{ xTitle, yTitle: 'nats (lower is better)', yLog: true },
    },
    ...right.map((curve): CurvePanel => ({
      title: curve.metric.title,
      subtitle: [
        curve.length === 1 ? 'p = exp(-L)' : `p^${curve.length}`,
        `rms difference ${formatNumber(curve.distance.rms)}`,
      ],
      series: pair(curve),
      ...{ xTitle, yTitle: 'share right', yDomain: [0, 1] as const },
    })),
  ];
  if (edits !== undefined) {
    panels.push({
      title: edits.metric.title,
      subtitle: [`${edits.length} (1 - p)`, `rms difference ${formatNumber(edits.distance.rms)}`],
      series: pair(edits),
      ...{ xTitle, yTitle: 'tokens (lower is better)' },
    });
  }
  return {
    title: `${run}: predictions from a power law of the cross-entropy`,
    notes: [
      `${equation(law)}, fitted to the means over seeds; the other panels have no free parameters. Bars: 95 % intervals of the means. Bands: of the prediction, the law fitted to each bootstrap draw.`,
    ],
    panels: panels.map(curvePanel),
  };
}
