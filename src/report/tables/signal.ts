/** Signal and noise of metrics, as text. */
import type { MetricSignals } from '../../analysis/signal.js';
import { firstOf } from '../../machine/present.js';
import { counted, formatNumber, formatWithInterval, inPercent } from '../../terminal/format.js';
import { titleWithUnit } from './members.js';
import { textTable } from './text-table.js';

/** Without a line break at the end. */
export function signalTable(run: string, { steps: [first, last], metrics }: MetricSignals): string {
  const { trainings, places, checkpoints } = firstOf(metrics);
  const hasSeeds = trainings > places;
  return [
    `${run}: the last ${checkpoints} checkpoints of ${counted(trainings, 'trained model')}, steps ${first} to ${last}`,
    '',
    textTable(
      [
        'metric',
        'signal',
        'noise',
        'noise around a line',
        'signal / noise',
        'order right',
        'of averages',
        ...(hasSeeds ? ['sd over seeds', 'of averaged scores'] : []),
      ],
      metrics.map(({ metric, signal, noise, detrended, ratio, interval, order, seeds }) => [
        titleWithUnit(metric),
        formatNumber(signal, 3),
        formatNumber(noise, 2),
        Number.isNaN(detrended) ? '-' : formatNumber(detrended, 2),
        interval === undefined ? formatNumber(ratio, 3) : formatWithInterval(ratio, interval),
        inPercent(order.checkpoint, 3),
        inPercent(order.average, 3),
        ...(hasSeeds ? [formatNumber(seeds.last, 2), formatNumber(seeds.average, 2)] : []),
      ]),
      ['metric'],
    ),
    '',
    `signal: largest difference between the mean final scores of ${places} scales; noise: standard deviation over the checkpoints of a model, pooled.`,
    'order right: share of pairs of checkpoints at neighbouring scales that are ordered like their means; of averages: the same for means over the checkpoints of a model.',
  ].join('\n');
}
