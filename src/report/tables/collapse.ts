/** Whether an ability is a function of the loss alone, as text. */
import type { Collapse } from '../../analysis/collapse/collapse.js';
import { firstOf, lastOf, nth } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import { counted, formatCount, formatNumber, formatWithInterval, inPercent } from '../../terminal/format.js';
import { onsetText, factorVerdict } from '../figures/collapse.js';
import { lossTitle } from '../figures/scaling.js';
import { textTable } from './text-table.js';

/** Without a line break at the end. */
export function collapseTable(found: Collapse, metric: Metric, loss: Metric): string {
  const { factors, members, trainings, onset } = found;
  const losses = members.map((member) => member.loss);
  const [most, least] = [Math.max(...losses), Math.min(...losses)].map((value) => formatNumber(value));
  return [
    `${metric.title} over ${lossTitle(loss)}: ${counted(members.length, 'member')} of ${counted(trainings, 'trained model')}, losses from ${most} to ${least}`,
    onset === undefined
      ? `The chance level of ${metric.title} is unknown or differs between the members, so where it is left cannot be determined; give it with --chance.`
      : `It ${onsetText(onset)}.`,
    '',
    textTable(
      ['factor', 'values', 'overlap', 'shift at equal loss', '80 % power at', 'p', 'adjusted', ''],
      factors.map((test, k) => [
        test.factor,
        valuesText(members.map(({ values }) => nth(values, k))),
        inPercent(test.overlap),
        test.untold === undefined ? formatWithInterval(test.shift.value, test.shift.interval) : '-',
        test.untold === undefined ? formatNumber(test.detectable, 2) : '-',
        formatNumber(test.p, 2),
        formatNumber(test.adjusted, 2),
        factorVerdict(test),
      ]),
      ['factor', ''],
    ),
    ...factors.flatMap(({ factor, untold, isBent, adjusted, p }) => {
      if (untold !== undefined) return [`${factor}: whether it adds anything cannot be determined: ${untold}.`];
      if (Number.isNaN(p))
        return [`${factor}: whether it adds anything cannot be determined: the ability does not vary.`];
      return adjusted <= 0.05 && isBent ? [`${factor}: its middle values differ from both ends.`] : [];
    }),
    '',
    conclusion(found),
  ].join('\n');
}

function valuesText(values: readonly number[]): string {
  const ascending = [...new Set(values)].sort((a, b) => a - b).map((value) => formatCount(value));
  return ascending.length <= 4
    ? ascending.join(', ')
    : `${firstOf(ascending)} to ${lastOf(ascending)} (${ascending.length})`;
}

function conclusion({ factors }: Collapse): string {
  const tested = factors.filter(({ untold, p }) => untold === undefined && !Number.isNaN(p));
  const adding = tested.filter(({ adjusted }) => adjusted <= 0.05).map(({ factor }) => factor);
  if (adding.length > 0)
    return `Not a function of the loss alone: at equal loss it depends on ${adding.join(' and ')} (adjusted p at most 0.05).`;
  if (tested.length === 0) return 'Whether it is a function of the loss alone cannot be determined from these members.';
  return `No evidence against a function of the loss alone, as far as ${tested.map(({ factor }) => factor).join(' and ')} can show.`;
}
