/** What a search found, as text. */
import type { Discoveries } from '../../analysis/discoveries.js';
import type { ScoreName } from '../../analysis/scores.js';
import type { MetricCurve, Surrogate } from '../../analysis/search.js';
import type { ResampledCurve } from '../../analysis/subsampling.js';
import type { Causes } from '../../analysis/causes.js';
import type { Metric } from '../../metrics/metric.js';
import { trainedWords, type FamilyWords } from '../../runs/words.js';
import { counted, formatNumber, formatWithInterval } from '../../terminal/format.js';
import { discoveriesText } from './sweep.js';
import { textTable } from './text-table.js';
import { rankedScores } from '../titles.js';

export interface SearchText {
  readonly run: string;
  /** Highest score first. */
  readonly ranked: readonly MetricCurve[];
  /** For `ranked`, in its order. */
  readonly discoveries: Discoveries;
  /** Number of metrics examined. */
  readonly looked: number;
  readonly by: ScoreName;
  /** How many to show from each end. */
  readonly top: number;
  readonly induced: Metric;
  readonly words?: FamilyWords;
  readonly surrogates: readonly Surrogate[];
  readonly causes: readonly Causes[];
}

/** Without a line break at the end. */
export function searchText(found: SearchText): string {
  const { run, ranked, discoveries, looked, by, top, causes } = found;
  if (ranked.length === 0)
    return `${run}: none of ${looked} metrics changes enough to be scored (--least-range) or has the score ${by} (two scales have no bow)`;
  const heading = ['metric', 'kind', 'range', ...rankedScores.map(({ title }) => title), 'p', 'rate'];
  const line = ({ metric, range, scores }: MetricCurve) => {
    const test = discoveries.tests.find(({ metric: id }) => id === metric.id);
    return [
      ...scoresOfLine({ metric, range, scores }),
      formatNumber(test?.p ?? NaN, 2),
      formatNumber(test?.rate ?? NaN, 2),
    ];
  };
  const scoresOfLine = ({ metric, range, scores }: Pick<MetricCurve, 'metric' | 'range' | 'scores'>) => [
    metric.id,
    metric.kind,
    formatNumber(range),
    ...rankedScores.map(({ name }) => formatNumber(scores[name])),
  ];
  const left = ['metric', 'kind'];
  const most = ranked.slice(0, top);
  const least = ranked.slice(Math.max(top, ranked.length - top)).toReversed();
  const parts = [
    `${run}: ${ranked.length} of ${looked} metrics change enough to be scored; sorted by ${by}, highest first; falling curves are left out`,
    textTable(heading, most.map(line), left),
    ...(least.length === 0 ? [] : ['', `lowest ${by} first`, textTable(heading, least.map(line), left)]),
    `p: of ${by}, against smooth growth; rate: the false discovery rate at which it would count as a finding.`,
    discoveriesText(discoveries),
    '',
    `${by} of these with fewer test examples or fewer scales (median and middle 95 % of draws)`,
    causesTable(causes, by),
    '',
    ...surrogatesTexts(found),
    'A metric picked by its score was chosen on these outcomes: its score is no evidence about other runs.',
  ];
  return parts.join('\n');
}

function surrogatesTexts({ induced, surrogates, words = trainedWords }: SearchText): string[] {
  if (surrogates.length === 0)
    return [
      `continuous surrogates of ${induced.id}: none, because no continuous metric can be computed from these outcomes`,
    ];
  return [
    `continuous surrogates of ${induced.id}: rank correlation over members, and over seeds within ${words.scales}`,
    textTable(
      ['metric', 'correlation', `within ${words.scales}`],
      surrogates.map(({ metric, correlation, interval, withinWidths }) => [
        metric.id,
        formatWithInterval(correlation, interval),
        formatNumber(withinWidths),
      ]),
      ['metric'],
    ),
  ];
}

function causesTable(causes: SearchText['causes'], by: ScoreName): string {
  const lines = causes.flatMap(({ metric, testSizes, keptScales }) => [
    ...testSizes.map((curve) => [metric.id, counted(curve.size, 'test example'), shown(curve, by)]),
    ...keptScales.map((curve) => [metric.id, counted(curve.size, 'scale'), shown(curve, by)]),
  ]);
  return textTable(['metric', 'with', by], lines, ['metric', 'with']);
}

function shown({ scores }: ResampledCurve, by: ScoreName): string {
  const { median, lower, upper } = scores[by];
  return formatWithInterval(median, { lower, upper });
}
