/** The model of Sec. 2 as text: for parameters, or beside a family that it was fitted to. */
import type { PredictedCurve, TheoryFit } from '../../analysis/theory-fit.js';
import { allRight, expectedEditDistance, lossAt, type PowerLaw } from '../../analysis/theory.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { formatNumber, grouped } from '../../terminal/format.js';
import { equation } from '../figures/theory.js';
import { textTable } from './text-table.js';

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
