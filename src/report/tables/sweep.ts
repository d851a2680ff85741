/** Sweeps as text and CSV. */
import { discovered, mostTested, type Discoveries } from '../../analysis/discoveries.js';
import { whyUnscored } from '../../analysis/unscored.js';
import { scoreNames, type ScoreName } from '../../analysis/scores.js';
import type { extremes, GridPoint, Sweep } from '../../analysis/sweep.js';
import type { ResampledCurve, DrawSpread } from '../../analysis/subsampling.js';
import { firstOf, nth } from '../../machine/present.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { condensed, counted, formatNumber, formatWithInterval } from '../../terminal/format.js';
import { rankedScores, shownScores } from '../titles.js';
import { csvText, textTable } from './text-table.js';

export interface SweepText {
  readonly run: string;
  readonly sweep: Sweep;
  readonly found: ReturnType<typeof extremes>;
  readonly by: ScoreName;
  readonly leastRange: number;
  /** Discoveries among the curves that change enough; undefined if they are not tested. */
  readonly discoveries: Discoveries | undefined;
}

/** Without a line break at the end. */
export function extremesText({
  run,
  sweep: { points, scales },
  found,
  by,
  leastRange,
  discoveries,
}: SweepText): string {
  const title = `${run}: ${counted(points.length, 'curve')} over ${counted(scales.length, 'scale')}`;
  if (found === undefined)
    return `${title}; no curve rises by ${leastRange} or more and has the score ${by} (--least-range)`;
  const line = (name: string, { metric, range, scores }: GridPoint) => [
    name,
    metric.id,
    formatNumber(range),
    ...rankedScores.map((score) => formatNumber(scores[score.name])),
  ];
  const heading = ['', 'metric', 'range', ...rankedScores.map((score) => score.title)];
  const table = textTable(heading, [line('highest', found.strongest), line('lowest', found.weakest)], ['', 'metric']);
  const tested =
    discoveries === undefined ? `Not tested: more than ${mostTested} curves.` : discoveriesText(discoveries);
  return `${title}; highest and lowest ${by} among those that rise by ${leastRange} or more:\n${table}\n${tested}`;
}

/** How many metrics are sharper than smooth growth, allowing for the number examined. */
export function discoveriesText(discoveries: Discoveries): string {
  const { by, tests } = discoveries;
  const known = tests.filter(({ p }) => !Number.isNaN(p)).length;
  if (known === 0) return 'Not tested against smooth growth: with one seed per scale, the spread of seeds is unknown.';
  const found = discovered(discoveries).map(({ metric }) => metric);
  const [count, verb] = found.length === 0 ? ['none', 'is'] : [String(found.length), found.length === 1 ? 'is' : 'are'];
  const names = found.length === 0 ? '' : `: ${condensed(found)}`;
  return `By ${by}, ${count} of ${counted(known, 'curve')} ${verb} sharper than smooth growth at a false discovery rate of 5 % (Benjamini and Hochberg)${names}.`;
}

/** One line for every scale of every point. */
export function sweepCsv(run: string, { points, scales, axes }: Sweep, words: FamilyWords = trainedWords): string {
  const sized = <T>(value: T) => (words.isCoordinate ? [] : [value]);
  const columns = [
    ...['run', 'metric', ...axes.map(({ key }) => key), words.scale, ...sized('parameters')],
    ...['seeds', 'value', 'range'],
    ...scoreNames,
    'note',
  ];
  const lines = points.flatMap(({ metric, values, range, scores }) =>
    scales.map(({ width, parameters, members }, i) => [
      ...[run, metric.id, ...axes.map(({ key }) => metric.parameters[key]), width],
      ...[...sized(parameters), members.length],
      ...[
        nth(values, i),
        range,
        ...scoreNames.map((name) => scores[name]),
        whyUnscored(metric, values, firstOf(scales).parameters),
      ],
    ]),
  );
  return csvText(columns, lines);
}

export interface CausesText {
  readonly metric: string;
  readonly testSizes: readonly ResampledCurve[];
  readonly keptScales: readonly ResampledCurve[];
}

/** Without a line break at the end. */
export function causesText({ metric, testSizes, keptScales }: CausesText): string {
  const lines = (curves: readonly ResampledCurve[]) =>
    curves.map(({ size, draws, scores, flatStart }) => [
      String(size),
      String(draws),
      formatNumber(flatStart, 2),
      ...shownScores.map(({ name }) => spread(scores[name])),
    ]);
  const scores = shownScores.map(({ title }) => title);
  const parts: string[] = [];
  if (testSizes.length > 0) {
    const heading = ['test examples', 'draws', 'smallest at 0', ...scores];
    parts.push(`${metric} on smaller test sets (resolution)`, textTable(heading, lines(testSizes)));
  }
  if (keptScales.length > 0) {
    const heading = ['scales', 'sets', 'smallest at 0', ...scores];
    parts.push(`${metric} at fewer scales (sparsity)`, textTable(heading, lines(keptScales)));
  }
  const hasBlank = [...testSizes, ...keptScales].some(({ scores: { jump, bow } }) =>
    [jump, bow].some(({ median }) => Number.isNaN(median)),
  );
  return [
    ...parts,
    'Medians over draws; in brackets, the middle 95 % if draws differ.',
    ...(hasBlank
      ? ['-: most draws have a constant curve, a value that is not finite or, for the bow, only two scales.']
      : []),
  ].join('\n');
}

function spread({ median, ...interval }: DrawSpread): string {
  return formatWithInterval(median, interval);
}
