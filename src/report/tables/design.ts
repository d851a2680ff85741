/** A proposed experiment: as tables, and as a file for `train --experiment`. */
import { stringify } from 'yaml';
import type { MetricPower, Design } from '../../analysis/design/design.js';
import type { Power } from '../../analysis/design/power.js';
import type { Experiment, FactorKey } from '../../experiment/schema.js';
import { lastOf, nth } from '../../machine/present.js';
import type { RunRecord } from '../../runs/record.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { capitalized, counted, formatDuration, formatNumber, formatWithInterval } from '../../terminal/format.js';
import { textTable } from './text-table.js';

interface Asked {
  readonly ratio: number;
  readonly power: number;
  readonly mostSeeds: number;
  /** Whether the induced metric was given rather than chosen. */
  readonly isGiven: boolean;
  readonly cores: number;
  readonly words?: FamilyWords | undefined;
}

/** Without a line break at the end. */
export function designTable(
  design: Design,
  { ratio, power, mostSeeds, isGiven, cores, words = trainedWords }: Asked,
): string {
  const { standard, induced, widths, curves, candidates, bySeeds, bySize } = design;
  const value = (list: readonly number[], i: number) => formatNumber(nth(list, i));
  const [proposed, wanted] = [lastOf(bySeeds), formatNumber(power)];
  const effect = ratio === 1 ? 'excludes a difference of 0' : `lies above ${formatNumber(ratio)}`;
  const { scale, scales, noun } = words;
  const values = words.isCoordinate ? `values of ${scale}` : 'whole widths';
  const less = bySize.find((each) => each.power >= power);
  return [
    textTable(
      [scale, standard.title, induced.title],
      widths.map((width, i) => [scaleText(width, words), value(curves.standard, i), value(curves.induced, i)]),
    ),
    `Expected means over seeds, interpolated on the pilot: steps of ${standard.title} as equal as ${values} allow (Eq 1 / ramp ${formatNumber(proposed.standardRamp, 2)}, median over simulated families).`,
    ...(design.isExtrapolated
      ? [`Beyond the pilot's ${scales}, the curves are extrapolated from its last step: nothing was measured there.`]
      : []),
    '',
    textTable(
      ['metric', `at the largest ${noun}`, 'ratio of Eq 1', 'power', ''],
      candidates.map((each) => candidateRow(each, induced.id)),
      [''],
    ),
    `With ${counted(mostSeeds, 'seed')}. Ratio: Eq 1 of the induced curve over that of the standard one, median and middle 80 % of simulated families. Power: the share`,
    `of families whose paired 95 % interval ${effect}.`,
    ...(isGiven ? [] : [howChosen(wanted, scales)]),
    ...(design.fits ? [] : ['The induced curve is not expected to rise late and end above 0.5.']),
    '',
    textTable(
      ['seeds', 'test examples', 'power', 'ratio of Eq 1'],
      [
        ...bySeeds.map((each) => [String(each.seeds), String(lastOf(bySize).examples), ...powerCells(each)]),
        ...bySize.slice(0, -1).map((each) => [String(proposed.seeds), String(each.examples), ...powerCells(each)]),
      ],
    ),
    `In brackets after the power: 95 % interval, for ${proposed.families} simulated families. Each has a curve compatible with the pilot's few seeds; if`,
    `the pilot's own curve were the true one, the power of the proposed design would be ${formatWithInterval(design.exact.power, design.exact.interval, 2)}.`,
    '',
    design.suffices
      ? `${counted(proposed.seeds, 'seed')} per ${noun} are enough for a power of ${wanted}${less === undefined || less === bySize.at(-1) ? '' : `; ${less.examples} test examples would be enough`}.`
      : `A power of ${wanted} is not reached with up to ${counted(proposed.seeds, 'seed')}: give --most-seeds, another --induced, more --scales or another range of ${scales}.`,
    `Training takes about ${formatDuration(design.coreSeconds / cores)} on ${counted(cores, 'core')} (${counted(widths.length * proposed.seeds, 'member')}, estimated from the pilot's times).`,
  ].join('\n');
}

function howChosen(power: string, scales: string): string {
  return [
    `Chosen: the mildest metric with a power of ${power} whose curve lies in the lower half of its range at half of the ${scales} and ends above 0.5, otherwise`,
    'above 0.1; otherwise the one with the most power.',
  ].join('\n');
}

function candidateRow(each: MetricPower, chosen: string): string[] {
  return [each.title, formatNumber(each.end), ...powerCells(each).toReversed(), each.metric === chosen ? 'chosen' : ''];
}

function powerCells({ power, interval, ratio }: Power): string[] {
  return [formatWithInterval(power, interval, 2), formatWithInterval(ratio.median, ratio, 2)];
}

export interface FileRequest {
  readonly pilot: Pick<RunRecord, 'name' | 'experiment'>;
  /** Names of the factor that is varied. */
  readonly words: FamilyWords;
  /** The pilot's, with the proposed values. */
  readonly experiment: Omit<Experiment, FactorKey | 'widths'>;
  readonly design: Design;
  readonly claim: string;
  /** Commands to type. */
  readonly commands: { readonly train: string; readonly seal: string };
}

/**
 * The pilot's experiment with other widths, or other values of a factor, and other seeds, and its origin in comments.
 */
export function experimentText({ pilot, words, experiment, design, claim, commands }: FileRequest): string {
  const { seeds, testSize, standard, induced, bySeeds } = design;
  const found = lastOf(bySeeds);
  const values = { ...experiment, seeds, testSize };
  const what = words.isCoordinate ? `values of ${words.scale}` : 'widths';
  const of = pilot.experiment;
  const lines = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : scalar(value)}`],
  );
  return [
    `# A follow-up of the run ${pilot.name} (${counted(of.widths.length, 'width')}, seeds ${of.seeds.join(', ')}), proposed by the command design.`,
    `# ${capitalized(what)}, ${induced.id} against ${standard.id}, and the number of seeds were chosen on those seeds; these are new ones.`,
    `# Claim:  ${claim}, simulated power ${formatWithInterval(found.power, found.interval, 2)} with ${counted(found.seeds, 'seed')}`,
    `# Seal:   ${commands.seal}`,
    `# Run:    ${commands.train}`,
    ...lines,
    '',
  ].join('\n');
}

function scalar(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}
