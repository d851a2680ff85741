/** Forecasts as tables and CSV: as sealed, as scored, and in hindsight. */
import type { MetricForecast } from '../../analysis/forecast/forecast.js';
import { centralInterval, coverages, medianOf, type MetricScore } from '../../analysis/forecast/scoring.js';
import { tolerance, type MetricStudy } from '../../analysis/forecast/study.js';
import { lastOf, nth, present, zip } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import { wordsOfSeal, type Seal } from '../../runs/forecasts.js';
import type { Interval } from '../../statistics/intervals.js';
import { condensed, formatNumber, formatWithInterval } from '../../terminal/format.js';
import { scaleText, scaleTitle, trainedWords, type FamilyWords } from '../../runs/words.js';
import { csvText, textTable } from './text-table.js';
import { mean } from '../../statistics/mean.js';

/** Sealed forecasts, a line each. */
export function sealsTable(seals: readonly Seal[]): string {
  const heading = ['forecast', 'run', 'sealed', 'predicts', 'metrics'];
  const lines = seals.map((seal) => {
    const words = wordsOfSeal(seal);
    const scales = seal.targets.map(({ width }) => scaleText(width, words)).join(',');
    const metrics = seal.metrics.map(({ metric }) => metric).join(', ');
    return [seal.name, seal.run, seal.sealed, `${words.scale} ${scales}`, metrics];
  });
  return textTable(heading, lines, heading);
}

const shown = (value: number) => formatNumber(value);

/** With enough digits to distinguish the ends; the value alone if they are equal (`bareLines` says why). */
function withRange(quantiles: readonly number[]): string {
  const { lower, upper } = centralInterval(quantiles, 0.8);
  if (isBare({ lower, upper })) return shown(lower);
  const digits = [3, 4, 6, 9].find((each) => formatNumber(lower, each) !== formatNumber(upper, each)) ?? 9;
  return formatWithInterval(medianOf(quantiles), { lower, upper }, digits);
}

/** Of no width, up to rounding. */
function isBare({ lower, upper }: Interval): boolean {
  return formatNumber(lower, 9) === formatNumber(upper, 9);
}

/** Why forecasts have no interval, one line for all of them. */
function bareLines(
  { id, limits }: Metric,
  known: MetricForecast['known'],
  methods: readonly { readonly method: string; readonly quantiles: readonly (readonly number[])[] }[],
): string[] {
  const [first, ...others] = known.flatMap(({ values }) => values);
  if (others.every((value) => value === first))
    return [
      `no interval: all known members have the value ${shown(present(first))}, so nothing is known about how larger ones may differ`,
    ];
  const bare = methods.flatMap(({ method, quantiles }) => {
    const ends = quantiles.map((each) => centralInterval(each, 0.8)).filter(isBare);
    return ends.length === 0
      ? []
      : [{ method, isAtLimit: ends.every(({ lower }) => limits.some((limit) => Math.abs(lower - limit) < 1e-9)) }];
  });
  if (bare.length === 0) return [];
  const why = bare.every(({ isAtLimit }) => isAtLimit)
    ? `all draws exceed the limit of ${id} and are clipped to it`
    : 'all draws agree';
  return [`${condensed(bare.map(({ method }) => method))}: no interval where ${why}`];
}

/** Medians and 80 % intervals, a table for each metric; without a line break at the end. */
export function sealedTable(
  forecasts: readonly MetricForecast[],
  targets: readonly { readonly width: number }[],
  words: FamilyWords = trainedWords,
): string {
  return forecasts
    .map(({ metric, known, methods, silent }) =>
      [
        textTable(
          [metric.id, ...targets.map(({ width }) => scaleTitle(width, words))],
          [
            [
              `known: ${scaleTitle(lastOf(known).width, words)}`,
              shown(mean(lastOf(known).values)),
              ...targets.slice(1).map(() => ''),
            ],
            ...methods.map(({ method, quantiles }) => [method, ...quantiles.map(withRange)]),
          ],
          [metric.id],
        ),
        ...silent.map(({ method, why }) => `${method}: no forecast (${why})`),
        ...bareLines(metric, known, methods),
      ].join('\n'),
    )
    .join('\n\n');
}

/** A table for each metric; without a line break at the end. */
export function scoreTable(scores: readonly MetricScore[], words: FamilyWords = trainedWords): string {
  const tables = scores.map(({ metric, known, targets, methods, silent }) =>
    [
      textTable(
        [
          metric.id,
          ...targets.map(({ width }) => scaleTitle(width, words)),
          ...['mean |error|', '|ln ratio|', ...coverages.map((coverage) => `in ${100 * coverage} %`), 'CRPS', 'skill'],
        ],
        [
          ['measured', ...targets.map(({ truths }) => shown(mean(truths))), '', '', '', '', '', '', ''],
          ...methods.map((each) => [
            each.method,
            ...each.targets.map(({ quantiles }) => withRange(quantiles)),
            shown(each.error),
            shown(each.logError),
            ...each.covered.map((inside) => `${inside}/${each.members}`),
            shown(each.crps),
            formatNumber(each.skill, 2),
          ]),
        ],
        [metric.id],
      ),
      ...silent.map(({ method, why }) => `${method}: no forecast (${why})`),
      ...bareLines(
        metric,
        known,
        methods.map(({ method, targets: each }) => ({ method, quantiles: each.map(({ quantiles }) => quantiles) })),
      ),
    ].join('\n'),
  );
  return [
    tables.join('\n\n'),
    '',
    `Forecasts: median [80 % interval] of a member; measured: mean over ${words.isImported ? 'models' : 'seeds'}. In 50, 80, 95 %: members inside those intervals.`,
    'CRPS: of the distribution of the sealed quantiles, in the unit of the metric. Skill: CRPS divided by that of the best of last-value, line and power-law; below 1 is better.',
  ].join('\n');
}

/**
 * If scales are a coordinate, `width` and `parameters` are both that coordinate, and share one column named after it.
 */
export const scoreCsvColumns = (words: FamilyWords = trainedWords): readonly string[] => [
  ...['forecast', 'metric', 'method', 'kind', ...(words.isCoordinate ? [words.scale] : ['width', 'parameters'])],
  ...['measured', words.isImported ? 'models' : 'seeds', 'median'],
  ...coverages.flatMap((coverage) => [
    `lower_${100 * coverage}`,
    `upper_${100 * coverage}`,
    `inside_${100 * coverage}`,
  ]),
  ...['error', 'log_error', 'crps'],
];

/** A line for every metric, method and target. */
export function scoreCsvLines(forecast: string, scores: readonly MetricScore[], words: FamilyWords = trainedWords) {
  return scores.flatMap(({ metric, targets, methods }) =>
    methods.flatMap(({ method, kind, targets: each }) =>
      zip(each, targets).map(([score, { width, parameters, truths }]) => [
        ...[forecast, metric.id, method, kind, width, ...(words.isCoordinate ? [] : [parameters]), mean(truths)],
        ...[score.seeds, medianOf(score.quantiles)],
        ...coverages.flatMap((coverage, i) => {
          const { lower, upper } = centralInterval(score.quantiles, coverage);
          return [lower, upper, nth(score.covered, i)];
        }),
        ...[score.error, Number.isNaN(score.logError) ? null : score.logError, score.crps],
      ]),
    ),
  );
}

export function scoreCsv(forecast: string, scores: readonly MetricScore[], words?: FamilyWords): string {
  return csvText(scoreCsvColumns(words), scoreCsvLines(forecast, scores, words));
}

/** How each method does from how far below, a table for each metric; without a line break at the end. */
export function studyTable(studies: readonly MetricStudy[], words: FamilyWords = trainedWords): string {
  const tables = studies.map(({ metric, methods, widths, values, range }) => {
    const target = scaleText(lastOf(widths), words);
    return textTable(
      [
        metric.id,
        ...['cases', 'CRPS / range', 'skill', ...coverages.map((coverage) => `in ${100 * coverage} %`)],
        `${words.scale} ${target} predicted from`,
        'at',
      ],
      methods.map(({ method, cells, crps, skill, covered, from }) => [
        method,
        String(cells),
        shown(crps),
        formatNumber(skill, 2),
        ...covered.map((share) => formatNumber(100 * share, 3)),
        from === undefined
          ? '-'
          : `${words.scale} ${scaleText(from.width, words)}, ${formatNumber(from.ratio, 2)} times smaller`,
        from === undefined ? '-' : shown(from.value),
      ]),
      [metric.id],
    ).concat(
      `\n${words.isCoordinate ? words.scale : words.scales} ${widths.map((width) => scaleText(width, words)).join(', ')}: ${values.map(shown).join(', ')}`,
      range > 0 ? '' : '\nThe curve is constant, so there is no error relative to its range and no skill.',
    );
  });
  return [
    tables.join('\n\n'),
    '',
    `Every set of the 3 or more smallest scales forecasts all larger ones, without reading them. Predicted from: the ${words.isCoordinate ? 'shortest' : 'narrowest'} such set from which the median of the`,
    `${words.isCoordinate ? 'largest' : 'widest'} stays within ${100 * tolerance} % of the curve's range; at: the metric there. In 50, 80, 95 %: percentage of members inside those intervals.`,
    'Skill: CRPS divided by that of the best of last-value, line and power-law, if all of them made a forecast; below 1 is better.',
  ].join('\n');
}

export function studyCsv(run: string, studies: readonly MetricStudy[], { scale }: FamilyWords = trainedWords): string {
  const columns = [
    ...[
      'run',
      'metric',
      'method',
      'known_scales',
      `known_${scale}`,
      `target_${scale}`,
      'ratio',
      'median',
      'measured',
      'error',
    ],
    ...['crps', 'seeds', ...coverages.map((coverage) => `inside_${100 * coverage}`)],
  ];
  const lines = studies.flatMap(({ cells }) =>
    cells.map((cell) => [
      ...[
        run,
        cell.metric,
        cell.method,
        cell.known,
        cell.knownWidth,
        cell.targetWidth,
        cell.ratio,
        cell.median,
        cell.truth,
      ],
      ...[cell.error, cell.crps, cell.seeds, ...cell.covered],
    ]),
  );
  return csvText(columns, lines);
}

/** A metric's description, for JSON. */
export function plainMetric({ id, kind, better, unit, formula }: Metric) {
  return { metric: id, kind, better, unit, formula };
}
