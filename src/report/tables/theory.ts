/** The model of Sec. 2 as text: for given parameters, or beside the family it was fitted to. */
import type { PredictedCurve, TheoryFit } from '../../analysis/theory-fit.js';
import { allRight, expectedEditDistance, tokenLoss, type PowerLaw } from '../../analysis/theory.js';
import { nth } from '../../machine/present.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { formatNumber, withSpaces } from '../../terminal/format.js';
import { equation } from '../figures/theory.js';
import { textTable } from './text-table.js';

/** The model at a hundredth to ten thousand times its scale: the loss, and p^l and l (1 - p) for each length. */
export function modelPoints(law: PowerLaw, lengths: readonly number[]) {
  return [-2, -1, 0, 1, 2, 3, 4].map((power) => {
    const parameters = law.scale * 10 ** power;
    return {
      ...{ parameters, loss: tokenLoss(law, parameters) },
      right: lengths.map((l) => allRight(law, parameters, l)),
      edits: lengths.map((l) => expectedEditDistance(law, parameters, l)),
    };
  });
}

/** Without a line break at the end. */
export function modelText(law: PowerLaw, lengths: readonly number[]): string {
  const lines = modelPoints(law, lengths).map(({ parameters, loss, right, edits }) =>
    [parameters, loss, ...right, ...edits].map((value) => formatNumber(value)),
  );
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
    ...(words.isCoordinate ? [] : ['parameters']),
    'L',
    'fitted',
    ...curves.flatMap(({ metric }) => [metric.title, 'predicted']),
  ];
  const lines = scales.map(({ width, parameters }, i) => [
    scaleText(width, words),
    ...(words.isCoordinate ? [] : [withSpaces(parameters)]),
    formatNumber(nth(loss, i)),
    formatNumber(nth(fittedLoss, i)),
    ...curves.flatMap(({ measured, predicted }) => [formatNumber(nth(measured, i)), formatNumber(nth(predicted, i))]),
  ]);
  const distances = curves.map(
    ({ metric, distance }) =>
      `${metric.id}: predicted and measured differ by ${formatNumber(distance.rms)} (rms over scales)`,
  );
  const error = Number.isNaN(law.standardError)
    ? ` (two ${words.scales}: the law passes through any two)`
    : ` (standard error of the exponent ${formatNumber(law.standardError, 2)})`;
  return [`${equation(law)}${error}`, '', textTable(heading, lines), ...distances].join('\n');
}
