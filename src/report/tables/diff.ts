/** The comparison of two runs, as text. */
import { alpha, type FamilyDifference, type NamedRun, type ScaleDifference } from '../../analysis/diff/difference.js';
import { scaleText } from '../../runs/words.js';
import { counted, formatNumber, formatWithInterval, withSpaces } from '../../terminal/format.js';
import { metricText } from './members.js';
import { textTable } from './text-table.js';

/** Without a line break at the end. */
export function diffTable(found: FamilyDifference<NamedRun>): string {
  const { metric, one, other, scales, family } = found;
  const isAlone = scales.some(({ mcnemar }) => mcnemar !== undefined);
  const seedsOf = (scale: ScaleDifference) => [...new Set([scale.one.seeds, scale.other.seeds])].join(' and ');
  return [
    `${metric.title} of ${other.label} minus that of ${one.label}`,
    '',
    textTable(
      [
        ...[one.words.scale, 'seeds', one.label, other.label, 'difference', 'p', 'adjusted'],
        ...(isAlone ? [`only ${one.label} right`, `only ${other.label} right`] : []),
        '',
      ],
      scales.map((scale) => [
        scaleText(scale.one.width, one.words),
        seedsOf(scale),
        metricText(metric, { value: scale.one.value }),
        metricText(metric, { value: scale.other.value }),
        formatWithInterval(scale.difference, scale.interval),
        formatNumber(scale.p, 2),
        formatNumber(scale.adjusted, 2),
        ...(isAlone ? [countText(scale.mcnemar?.first), countText(scale.mcnemar?.second)] : []),
        diffVerdict(scale, found),
      ]),
      [''],
    ),
    ...(family === undefined
      ? []
      : [
          `Mean over ${scales.length} ${one.words.scales}: ${formatWithInterval(family.value, family.interval)}, p ${formatNumber(family.p, 2)}.`,
        ]),
    ...diffNotes(found),
  ].join('\n');
}

function countText(count: number | undefined): string {
  return count === undefined ? '-' : withSpaces(count);
}

/** `b is better`: which one is, if the adjusted p is small. */
function diffVerdict(
  { difference, adjusted }: Pick<ScaleDifference, 'difference' | 'adjusted'>,
  { metric, one, other }: Pick<FamilyDifference<NamedRun>, 'metric' | 'one' | 'other'>,
): string {
  if (Number.isNaN(adjusted)) return 'undetermined';
  if (adjusted > alpha) return 'no difference found';
  return `${difference > 0 === (metric.better === 'higher') ? other.label : one.label} is better`;
}

function drawnText({ clusters, givenGroups }: Pick<FamilyDifference<NamedRun>, 'clusters' | 'givenGroups'>): string {
  if (clusters !== undefined)
    return `; intervals are over ${withSpaces(clusters.count)} ${clusters.by === 'groups' ? 'groups of them' : 'images that they show'}`;
  return givenGroups === undefined
    ? ''
    : `, of ${counted(givenGroups, 'group')} that are too few or too unequal to resample: intervals are for these groups`;
}

/** What was paired, drawn, tested and adjusted, one line each. */
export function diffNotes(found: FamilyDifference<NamedRun>): string[] {
  const { scales, one, examples, metric, adjustedFor } = found;
  const seeds = scales.flatMap((scale) => [scale.one.seeds, scale.other.seeds]);
  const tests = new Set(scales.map(({ mcnemar }) => (mcnemar === undefined ? 't' : 'McNemar')));
  const isMixed = scales.some((scale) => (scale.one.seeds === 1) !== (scale.other.seeds === 1));
  return [
    `Paired by test ${metric.units === 'sequences' ? 'sequence' : 'example'}: ${withSpaces(examples.common)} in common${drawnText(found)}. In brackets: 95 %, not adjusted.`,
    ...(tests.has('t')
      ? [
          Math.max(...seeds) > 1
            ? "p: Welch's t, over seeds of both runs and test examples, which they share."
            : "p: Student's t of the paired difference over test examples, for these two members.",
        ]
      : []),
    ...(tests.has('McNemar')
      ? ["p: McNemar's test, mid-p, between two single members; another seed is another member."]
      : []),
    ...(isMixed
      ? ['A run with a single seed stands for that member alone: the interval does not cover other seeds.']
      : []),
    ...(adjustedFor > 1
      ? [
          adjustedFor > scales.length
            ? `Adjusted: for ${counted(adjustedFor, one.words.noun)} of all curves by Holm (1979). The mean over those of one curve is a separate test.`
            : `Adjusted: for ${counted(scales.length, one.words.noun)} by Holm (1979). The mean over all of them is a separate test.`,
        ]
      : []),
  ];
}
