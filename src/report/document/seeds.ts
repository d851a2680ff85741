/** What a report says about the distribution of a run's seeds, if there are enough to show a shape. */
import type { SeedDistribution, SeedScale } from '../../analysis/seeds.js';
import { scaleText, type FamilyWords } from '../../runs/words.js';
import { counted, formatNumber, formatWithInterval } from '../../terminal/format.js';
import { hasTwoModes, seedHeading, seedNotes, seedRow } from '../tables/seeds.js';
import { columnsOf, type Block, type ReportFigure, type Table } from './blocks.js';
import { stemOf, type AnalysedFamily } from './family.js';
import { withFewerRows } from './tables.js';

interface WithFigure extends AnalysedFamily {
  readonly seedsFigure: ReportFigure | undefined;
}

export function seedBlocks({ run, seeds, seedsFigure }: WithFigure): Block[] | undefined {
  if (seeds === undefined) return undefined;
  return [
    { kind: 'text', text: modesText(seeds, run.words) },
    { kind: 'text', text: pathsText(seeds, run.words) },
    ...(seedsFigure === undefined ? [] : [{ kind: 'figure', figure: seedsFigure } as const]),
    { kind: 'table', table: withFewerRows(seedsTableOf(`${stemOf(run)}-seeds`, seeds, run.words)) },
  ];
}

function modesText({ metric, scales }: SeedDistribution, words: FamilyWords): string {
  const [mixed, dipping] = [
    scales.filter(({ mixture }) => mixture !== undefined && hasTwoModes(mixture)),
    scales.filter(({ dip }) => dip.adjusted <= 0.05),
  ];
  const at = (found: readonly SeedScale[]) => {
    const shown = found.map(({ scale }) => scaleText(scale.width, words)).join(', ');
    if (found.length === 0) return `no ${words.noun}`;
    return `${words.isCoordinate || found.length === 1 ? words.scale : words.scales} ${shown}`;
  };
  const counts = scales.map(({ values }) => values.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return (
    `A mean over seeds can jump because the share of seeds that succeed jumps. With ${least === most ? counted(most, 'seed') : `${least} to ${most} seeds`} per ${words.noun}, ` +
    `${metric.title} has two modes at ${at(mixed)} by a mixture of two normals; Hartigan's dip finds more than one at ${at(dipping)} (both p at most 0.05, adjusted over the ${words.scales}).`
  );
}

function pathsText({ paths }: SeedDistribution, { noun }: FamilyWords): string {
  const { bow, ramp } = paths;
  return (
    `A single random seed per ${noun} would show a bow of ${formatWithInterval(bow.median, bow.range)} and Eq 1 / ramp of ${formatWithInterval(ramp.median, ramp.range)} (medians, and 95 % of such draws); ` +
    `the mean over seeds has ${formatNumber(bow.mean, 3)} and ${formatNumber(ramp.mean, 3)}.`
  );
}

function seedsTableOf(name: string, seeds: SeedDistribution, words: FamilyWords): Table {
  // For imported members a scale is a single number.
  const sized = <T>(value: T) => (words.isCoordinate ? [] : [value]);
  return {
    name,
    caption: seedNotes(seeds, words).join(' '),
    columns: columnsOf([], seedHeading(words)),
    rows: seeds.scales.map((scale) => seedRow(scale, words)),
    raw: {
      heading: [
        ...[words.scale, ...sized('parameters'), 'seeds', 'mean', 'dip', 'dip_p', 'dip_adjusted_p'],
        ...['mixture_p', 'mixture_adjusted_p', 'peaks', 'upper_weight', 'upper_weight_lower', 'upper_weight_upper'],
        ...['success_from', 'success', 'success_lower', 'success_upper', 'mean_given_success'],
        ...['variance', 'variance_of_test_set', 'variance_beyond'],
      ],
      lines: seeds.scales.map(({ scale, values, mean, dip, mixture, success, meanGivenSuccess, variance }) => [
        ...[scale.width, ...sized(scale.parameters), values.length, mean, dip.value, dip.p, dip.adjusted],
        ...[mixture?.p, mixture?.adjusted, mixture === undefined ? undefined : mixture.bimodal ? 2 : 1],
        ...[mixture?.fit.weight, mixture?.weightInterval?.lower, mixture?.weightInterval?.upper],
        ...[seeds.threshold, success.share, success.interval.lower, success.interval.upper, meanGivenSuccess],
        ...[variance?.observed, variance?.testSet, variance?.beyond],
      ]),
    },
  };
}
