/** The comparison of a standard, an induced and natural curves as a table. */
import * as path from 'node:path';
import type { Comparison, ComparedCurve } from '../../analysis/compare.js';
import type { ScoreTest } from '../../analysis/smooth-null-tests.js';
import type { PairedScore, PairedScores, Pairing } from '../../analysis/paired.js';
import { scoredInLog } from '../../analysis/scores.js';
import { shallowLines } from '../../analysis/shallow-curves.js';
import { unscoredLines } from '../../analysis/unscored.js';
import type { Sharpness } from '../../analysis/sharpness.js';
import { firstOf, nth, present, zip } from '../../machine/present.js';
import { isImported, testSetText, type AnyRun, type ImportedRun } from '../../runs/imported.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { counted, countedWithSpaces, formatNumber, formatWithInterval, withSpaces } from '../../terminal/format.js';
import { shownScores, titled } from '../titles.js';
import type { Sampling } from './sampling.js';
import { textTable } from './text-table.js';

/** Architecture, dataset, seeds: one line. */
export function aboutFamily(record: AnyRun, scales: number, words: FamilyWords): string {
  if (isImported(record)) return aboutImported(record, scales);
  const { experiment } = record;
  const { length: count } = experiment.seeds;
  const seeds = count === 1 ? 'one seed' : `${count} seeds`;
  return `${experiment.arch} family on ${shownDataset(experiment.dataset)}, ${scales} ${words.isCoordinate ? `values of ${words.axis}` : 'widths'}, ${seeds} each, ${testSetText(record)}.`;
}

function aboutImported({ source, dataset, members }: ImportedRun, scales: number): string {
  const models = `${withSpaces(members.length)} imported ${members.length === 1 ? 'model' : 'models'}`;
  return `${models} on ${dataset.name} (${sourceText(source)}), ${counted(scales, 'scale')}, ${countedWithSpaces(dataset.testCount, 'test example')}.`;
}

/** `lm-eval 0.4.9`, `table`: what produced the outcomes, as far as known. */
export function sourceText({ format, tool, version }: ImportedRun['source']): string {
  return [tool ?? format, ...(version === null ? [] : [version])].join(' ');
}

/** A dataset's name without its folders. */
export function shownDataset(name: string): string {
  const [scheme, ...rest] = name.split(':');
  return rest.length === 0 ? name : `${present(scheme)}:${path.basename(rest.join(':'))}`;
}

/** Without a line break at the end. */
export function comparisonTable(
  { natural, standard, induced, prediction, sharpness }: Comparison,
  sampling: Sampling,
  words: FamilyWords = trainedWords,
): string {
  const curves = [...natural, standard, induced];
  const lines = curves.map((curve) => [
    curve.title,
    String(curve.points.length),
    formatNumber(curve.range),
    ...shownScores.map(({ name }) => formatWithInterval(curve.scores[name].value, curve.scores[name].interval)),
    curve.shape === undefined ? '-' : `${curve.shape.preferred} (${formatNumber(curve.shape.lineAbove, 2)})`,
  ]);
  const heading = ['curve', 'scales', 'range', ...shownScores.map(({ title }) => title), 'best fit (line above)'];
  const isLog = scoredInLog(standard.points.map(({ parameters }) => parameters));
  const over = sharpness.severalSeeds
    ? `over ${sampling.text} and seeds`
    : `over ${sampling.text} only, because there is one seed: another seed may lie outside`;
  const notes = [
    `In brackets: 95 % intervals, ${over}; for natural curves over their standard errors, if all are published; none if all draws agree.`,
    ...(sampling.note === undefined ? [] : [sampling.note]),
    'A straight ramp has Eq 1 / ramp = 1 and a largest step of 1 / (scales - 1); Eq 1 grows with the number of scales alone.',
    `Bow: how far a parabola ${isLog ? 'in log scale' : `over ${words.axis}`} sags below its ends, over the range; above 0 the curve improves late, below 0 early. A step in`,
    'the middle has a bow of 0; the largest step shows it.',
    ...(isLog
      ? []
      : [
          `Bow and steepest slope are not in log scale, because the ${words.scales} do not suit it: one gap would be more than half of the axis.`,
        ]),
    'Best fit: line, parabola or sigmoid in log scale by AICc, and how far above it the line is; above 10 is evidence against the line.',
  ];
  notes.push(
    ...unscoredLines(
      curves.map(({ title, notFinite, points }) => ({
        ...{ title, notFinite, values: points.map(({ value }) => value) },
        smallest: firstOf(points).parameters,
      })),
    ),
  );
  notes.push(...shallowLines([standard, induced]));
  if (prediction !== undefined) {
    const { title, assumption, distance } = prediction;
    notes.push(
      `Predicted: ${title}; ${assumption}.`,
      `Measured and predicted differ by ${formatNumber(distance.rms)} (rms over scales), most at ${words.scale} ` +
        `${scaleText(nth(induced.points, distance.at).width ?? NaN, words)}: ${formatNumber(distance.largest)}.`,
    );
  }
  return [
    textTable(heading, lines, ['curve']),
    ...notes,
    '',
    pairedTable(sharpness.paired),
    '',
    questionsTable([standard, induced], sharpness),
  ].join('\n');
}

/** What the two curves of a pair share in each draw. */
const pairings: Readonly<Record<Pairing, string>> = {
  'test examples and seeds': 'each draw takes the same test examples and seeds for both curves',
  'test examples':
    'each draw takes the same test examples for both curves; with one seed, another seed may lie outside',
  seeds: 'each draw takes the same seeds for both curves, but not the same test examples: their units differ',
  nothing: 'the curves have units of different size, so their draws of test examples differ',
};

/** A share of draws, never rounded to all or none. */
export function shareOfDraws(share: number): string {
  if (Number.isNaN(share)) return '-';
  const percent = 100 * share;
  return `${percent > 99.9 && percent < 100 ? '> 99.9' : percent < 0.1 && percent > 0 ? '< 0.1' : formatNumber(percent)} %`;
}

/** Ratio (not for the bow), difference, share of draws, p, adjusted p. */
export function pairedCells({ ratio, difference, higher, test }: PairedScore): string[] {
  return [
    ratio === undefined ? '-' : formatWithInterval(ratio.value, ratio.interval),
    formatWithInterval(difference.value, difference.interval),
    shareOfDraws(higher),
    formatNumber(test.p, 2),
    formatNumber(test.adjusted, 2),
  ];
}

/** Each score of the induced curve against the standard one's, in the same draws. */
function pairedTable({ pairing, scores }: PairedScores): string {
  const heading = ['is the induced curve sharper?', 'induced / standard', 'difference', 'higher in', 'p', 'adjusted'];
  const lines = everyScore.map(({ name, title }) => [title, ...pairedCells(scores[name])]);
  return [
    textTable(heading, lines, [firstOf(heading)]),
    `Paired: ${pairings[pairing]}; 95 % intervals. Only the bow distinguishes late from early.`,
    'p: one-sided, of the hypothesis that the induced curve is not higher; adjusted: for all of these at once (step-down minP, Westfall and Young 1993).',
  ].join('\n');
}

const everyScore = titled('emergence', 'linearity', 'jump', 'steepness', 'bow');

/** Each curve against smooth growth, and the induced one against what its metric turns a smooth family into. */
function questionsTable(
  curves: readonly ComparedCurve[],
  { standard, induced, pushed, nullDraws, severalSeeds }: Sharpness,
) {
  const tests = [standard.smooth, induced.smooth];
  const heading = [
    'sharper than smooth growth?',
    ...zip(curves, tests).flatMap(([{ title }, { family }]) => [title, family, 'p', 'adjusted']),
  ];
  const lines = everyScore.map(({ name, title }) => [
    title,
    ...zip(curves, tests).flatMap(([{ scores }, smooth]) => [
      formatNumber(scores[name].value),
      ...smoothCells(smooth.scores[name]),
    ]),
  ]);
  const parts = [
    textTable(heading, lines, [firstOf(heading)]),
    'Smooth: the best fit among a line, a power law with offset, a saturating exponential, and a logistic curve that takes at least half of the log range',
    `from 10 to 90 %; p: how often the score of smooth families, ${withSpaces(nullDraws)} simulated around each of these, exceeds that of their own smooth fit by as much; the largest counts.`,
  ];
  if (pushed !== undefined) {
    const first = "beyond the metric's effect?";
    const rows = everyScore.map(({ name, title }) => {
      const { left, ...test } = pushed.scores[name];
      const [smooth, ...p] = smoothCells(test);
      return [
        title,
        formatNumber(nth(curves, 1).scores[name].value),
        present(smooth),
        formatWithInterval(left.value, left.interval),
        ...p,
      ];
    });
    parts.push(
      '',
      textTable([first, nth(curves, 1).title, 'of a smooth family', 'left', 'p', 'adjusted'], rows, [first]),
      `Of a smooth family: ${pushed.title} of the best smooth fits (${[...new Set(pushed.families)].join(', ')}). The remainder belongs to the models, and to whatever`,
      'the prediction ignores: dependence between examples.',
    );
  }
  if (induced.rule !== undefined)
    parts.push(`The induced metric was chosen on these outcomes (${induced.rule}) and is chosen again in each draw.`);
  if (!severalSeeds) parts.push('No p: with a single seed for each scale, the spread of seeds is unknown.');
  return parts.join('\n');
}

/** The best smooth fit's score, p, adjusted p. */
export function smoothCells({ smooth, p, adjusted }: ScoreTest): string[] {
  return [formatNumber(smooth), formatNumber(p, 2), formatNumber(adjusted, 2)];
}
