/** How examples are learnt during training, as text. */
import { thinned } from '../figures/thinned.js';
import type { Learning } from '../../analysis/learning.js';
import { nth } from '../../machine/present.js';
import { counted, formatCount, formatNumber } from '../../terminal/format.js';
import { textTable } from './text-table.js';

const percent = (share: number): string => (Number.isNaN(share) ? '-' : (100 * share).toFixed(2));

/** Without a line break at the end. */
export function learningTables(learning: Learning): string {
  const { moments, trainings, never, kept, forgotten, events, coinFlips, agreement, clusters } = learning;
  const lines = [
    `along training (${counted(trainings, 'trained model')})`,
    `learnt for good  ${percent(kept)} % of the examples, once solved, are solved at every later moment`,
    `forgotten        ${percent(forgotten)} % are solved at some moment and failed at the last; ${percent(never)} % are never solved`,
    `lost             ${formatNumber(events, 3)} times per example; ${formatNumber(coinFlips, 3)} with coin flips of the same accuracies`,
    ...(Number.isNaN(agreement)
      ? []
      : [
          `order            rank correlation between seeds of when an example is learnt for good: ${formatNumber(agreement, 2)}`,
        ]),
  ];
  const table = textTable(
    ['steps', 'solved (%)', 'gained of the failed (%)', 'lost of the solved (%)'],
    moments.map(({ at, solved, gained, lost }) => [formatCount(at), ...[solved, gained, lost].map(percent)]),
  );
  return [lines.join('\n'), table, ...(clusters === undefined ? [] : [clusterText(clusters, moments)])].join('\n\n');
}

/** Losses at no more than eight moments, including the first and the last. */
function clusterText({ clusters, strengths }: NonNullable<Learning['clusters']>, moments: Learning['moments']): string {
  const strong = strengths.map((strength, i) => `${i + 2}: ${strength.toFixed(2)}`).join(', ');
  if (clusters.length === 1)
    return `Loss trajectories form no clusters that one half of the examples reproduces from the other (prediction strength ${strong}; 0.8 is required).`;
  const shown = thinned([...moments.keys()], 8);
  const table = textTable(
    ['examples (%)', 'solved at the end (%)', ...shown.map((t) => `loss at ${formatCount(nth(moments, t).at)}`)],
    clusters.map(({ share, solved, losses }) => [
      percent(share),
      percent(solved),
      ...shown.map((t) => formatNumber(nth(losses, t), 2)),
    ]),
  );
  return `${clusters.length} clusters of loss trajectories (prediction strength ${strong}; the largest number with at least 0.8):\n\n${table}`;
}
