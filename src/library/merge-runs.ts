/** Joins two runs of one experiment. */
import { checkpoints, locateRun } from '../runs/locate.js';
import type { Merge } from '../runs/merge.js';
import type { RunOptions } from './run-and-metrics.js';

/**
 * Copies the members that a run is missing from another run of the same experiment, such as a clone that was trained on
 * a cluster with another disk. The other run is not changed. It may have further widths, seeds and values of factors:
 * the first run is extended by them.
 *
 * @example
 *     const { taken, same } = await mergeRuns('half', 'lenet-mnist');
 *     [taken.length, same.length];
 *
 * @throws UsageError if the two are not of one experiment, have a member twice with different bits, or seals that
 * contradict; RunError if a file is damaged or a process is working on a member that is to be copied. Nothing is
 * written then
 */
export async function mergeRuns(
  run: string,
  other: string,
  { root = checkpoints }: Pick<RunOptions, 'root'> = {},
): Promise<Merge> {
  const { mergeRunFolders: merge } = await import('../runs/merge.js');
  return merge(await locateRun(run, root), await locateRun(other, root));
}
