/** The model of Sec. 2 as figure and text: drawn for parameters, or beside a family that it was fitted to. */
import type { PredictedCurve, TheoryFit } from '../analysis/theory-fit.js';
import { allRight, expectedEditDistance, lossAt, type PowerLaw } from '../analysis/theory.js';
import { scaleText, trainedWords, type FamilyWords } from '../runs/words.js';
import { formatNumber } from '../terminal/format.js';
import { panelsFigure, type Panel, type PanelPoint } from './figures/panels.js';
import { grouped } from './numbers.js';
import { textTable } from './text-table.js';

const equation = (law: PowerLaw) => `L(N) = (N / ${formatNumber(law.scale)})^${formatNumber(law.exponent)} nats`;

/** The paper's three panels over six decades around c. */
export function modelFigure(law: PowerLaw, lengths: readonly number[]) {
  const sizes = Array.from({ length: 101 }, (_, i) => law.scale * 10 ** (-2 + (6 * i) / 100));
  const line = (value: (parameters: number) => number): PanelPoint[] => sizes.map((x) => ({ x, y: value(x) }));
  const xTitle = 'parameters';
  return panelsFigure({
    title: 'Sharp and smooth curves from one power law',
    subtitle: [
      `${equation(law)}; a token is right with p = exp(-L), tokens are independent.`,
      'Schaeffer et al. 2023 (arXiv 2304.15004), Sec. 2.',
    ],
    panels: [
      {
        title: 'cross-entropy per token',
        subtitle: ['falls as a power law'],
        series: [{ label: 'L', line: line((n) => lossAt(law, n)), points: [] }],
        ...{ xTitle, yTitle: 'nats', yLog: true },
      },
      {
        title: 'all of l tokens right',
        subtitle: ['p^l: nonlinear, and sharp for long l'],
        series: lengths.map((l) => ({ label: `l = ${l}`, line: line((n) => allRight(law, n, l)), points: [] })),
        ...{ xTitle, yTitle: 'share right', yDomain: [0, 1] as const },
      },
      {
        title: 'token edit distance',
        subtitle: ['l (1 - p): linear in p, and smooth'],
        series: lengths.map((l) => {
          return { label: `l = ${l}`, line: line((n) => expectedEditDistance(law, n, l)), points: [] };
        }),
        ...{ xTitle, yTitle: 'tokens' },
      },
    ],
  });
}

/** Without a line break at the end. */
export function modelText(law: PowerLaw, lengths: readonly number[]): string {
  const sizes = [-2, -1, 0, 1, 2, 3, 4].map((power) => law.scale * 10 ** power);
  const lines = sizes.map((n) => [
    formatNumber(n),
    formatNumber(lossAt(law, n)),
    ...lengths.map((l) => formatNumber(allRight(law, n, l))),
    ...lengths.map((l) => formatNumber(expectedEditDistance(law, n, l))),
  ]);
  const heading = ['parameters', 'L (nats)', ...lengths.map((l) => `p^${l}`), ...lengths.map((l) => `${l} (1 - p)`)];
  return [`${equation(law)}, p = exp(-L)`, '', textTable(heading, lines)].join('\n');
}

export function fitFigure(
  { run, law, scales, loss, fittedLoss, right, edits }: TheoryFit,
  words: FamilyWords = trainedWords,
) {
  const points = (values: Float64Array): PanelPoint[] =>
    scales.map(({ parameters }, i) => ({ x: parameters, y: values[i]! }));
  const pair = (measured: Float64Array, predicted: Float64Array, label = '') => [
    { label: `measured${label}`, line: points(measured) },
    { label: `predicted${label}`, line: points(predicted), points: [] },
  ];
  const xTitle = words.axis;
  const panels: Panel[] = [
    {
      title: 'cross-entropy',
      subtitle: [`fitted: exponent ${formatNumber(law.exponent)}`, `rms of ln L ${formatNumber(law.rmsLog)}`],
      series: [
        { label: 'measured', line: points(loss) },
        { label: 'power law, fitted', line: points(fittedLoss), points: [] },
      ],
      ...{ xTitle, yTitle: 'nats', yLog: true },
    },
    ...right.map((curve): Panel => ({
      title: curve.metric.title,
      subtitle: [
        curve.length === 1 ? 'p = exp(-L)' : `p^${curve.length}`,
        `rms difference ${formatNumber(curve.distance.rms)}`,
      ],
      series: pair(curve.measured, curve.predicted),
      ...{ xTitle, yTitle: 'share right', yDomain: [0, 1] as const },
    })),
  ];
  if (edits !== undefined) {
    panels.push({
      title: edits.metric.title,
      subtitle: [`${edits.length} (1 - p)`, `rms difference ${formatNumber(edits.distance.rms)}`],
      series: pair(edits.measured, edits.predicted),
      ...{ xTitle, yTitle: 'tokens' },
    });
  }
  return panelsFigure({
    title: `${run}: what a power law of the cross-entropy predicts`,
    subtitle: [`${equation(law)}, fitted to the means over seeds; the other panels have no further parameter.`],
    panels,
  });
}

/** Without a line break at the end. */
export function fitText(
  { law, scales, loss, fittedLoss, right, edits }: TheoryFit,
  words: FamilyWords = trainedWords,
): string {
  const curves: PredictedCurve[] = edits === undefined ? [...right] : [...right, edits];
  const heading = [
    words.scale,
    ...(words.isImported ? [] : ['parameters']),
    'L',
    'fitted',
    ...curves.flatMap(({ metric }) => [metric.title, 'predicted']),
  ];
  const lines = scales.map(({ width, parameters }, i) => [
    scaleText(width, words),
    ...(words.isImported ? [] : [grouped(parameters)]),
    formatNumber(loss[i]!),
    formatNumber(fittedLoss[i]!),
    ...curves.flatMap(({ measured, predicted }) => [formatNumber(measured[i]!), formatNumber(predicted[i]!)]),
  ]);
  const distances = curves.map(
    ({ metric, distance }) =>
      `${metric.id}: predicted and measured differ by ${formatNumber(distance.rms)} (rms over scales)`,
  );
  const error = Number.isNaN(law.standardError)
    ? ` (two ${words.scales}: the law goes through both, whatever they are)`
    : ` (standard error of the exponent ${formatNumber(law.standardError, 2)})`;
  return [`${equation(law)}${error}`, '', textTable(heading, lines), ...distances].join('\n');
}
