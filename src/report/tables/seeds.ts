/** Distributions over seeds, as text. */
import { mostWeighed, type PathScore, type SeedDistribution, type SeedScale } from '../../analysis/seeds.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { formatNumber, formatWithInterval } from '../../terminal/format.js';
import { textTable } from './text-table.js';

export function seedHeading({ scale }: FamilyWords): string[] {
  return [
    ...[scale, 'seeds', 'mean', 'dip', 'p', 'two modes?', 'weight of the upper', 'P(success)', 'mean given success'],
    ...['sd of seeds', 'beyond the test set'],
  ];
}

/** Explains the columns, one line each. */
export function seedNotes({ metric, threshold, scales: all }: SeedDistribution, { scales }: FamilyWords): string[] {
  const success = `${metric.better === 'higher' ? 'at least' : 'at most'} ${formatNumber(threshold)}`;
  return [
    `Success: ${metric.title} of ${success}. In brackets: 95 %.`,
    'Dip: Hartigan and Hartigan 1985, p against one mode. Two modes: a mixture of two normals against a single one, skewness removed from both, p by parametric',
    `bootstrap; "yes" if its p is at most 0.05, the mixture has two peaks, and the dip is larger than in half of uniform samples. All p are adjusted over the ${scales} (Holm 1979).`,
    ...(all.length > mostWeighed
      ? [
          `With more than ${mostWeighed} ${scales}, weights have intervals only where the p of a single normal is at most 0.05.`,
        ]
      : []),
    'Beyond the test set: the standard deviation left with an infinite test set (Jordan 2023); 0 if the test set explains all of it.',
  ];
}

/** Without a line break at the end. */
export function seedsTable(seeds: SeedDistribution, words: FamilyWords = trainedWords): string {
  const { scales, paths } = seeds;
  return [
    textTable(
      seedHeading(words),
      scales.map((scale) => seedRow(scale, words)),
    ),
    ...seedNotes(seeds, words),
    '',
    textTable(
      ['score', 'of the mean over seeds', 'of single seeds: median, 95 %'],
      [
        ['Eq 1', ...pathCells(paths.emergence)],
        ['Eq 1 / ramp', ...pathCells(paths.ramp)],
        ['bow', ...pathCells(paths.bow)],
      ],
      ['score'],
    ),
    `Single seeds: one seed per ${words.noun}, drawn at random, 1000 times.`,
  ].join('\n');
}

export function seedRow(
  { scale, values, mean, dip, mixture, success, meanGivenSuccess, variance }: SeedScale,
  words: FamilyWords,
): string[] {
  return [
    scaleText(scale.width, words),
    String(values.length),
    formatNumber(mean),
    formatNumber(dip.value, 2),
    formatNumber(dip.adjusted, 2),
    twoModes(mixture),
    weightText(mixture),
    formatWithInterval(success.share, success.interval, 2),
    formatNumber(meanGivenSuccess),
    variance === undefined ? '-' : formatNumber(Math.sqrt(variance.observed), 2),
    variance === undefined ? '-' : formatNumber(Math.sqrt(variance.beyond), 2),
  ];
}

function twoModes(mixture: SeedScale['mixture']): string {
  if (mixture === undefined) return '-';
  return `${hasTwoModes(mixture) ? 'yes' : 'no'} (p ${formatNumber(mixture.adjusted, 2)})`;
}

function weightText(mixture: SeedScale['mixture']): string {
  if (mixture?.weightInterval === undefined || !hasTwoModes(mixture)) return '-';
  return formatWithInterval(mixture.fit.weight, mixture.weightInterval, 2);
}

export function hasTwoModes({ adjusted, bimodal }: NonNullable<SeedScale['mixture']>): boolean {
  return adjusted <= 0.05 && bimodal;
}

function pathCells({ mean, median, range }: PathScore): string[] {
  return [formatNumber(mean, 3), formatWithInterval(median, range)];
}
