/**
 * Into how many branches a member's batch is split. With one, each operation of a step shares out its work to the threads and collects
 * it again, which costs as much as the work of a narrow layer; branches meet only where their gradients are added.
 */
import type { Device } from '../install/runtime.js';
import type { Experiment } from '../experiment/schema.js';

/** Examples below which a branch is not worth its operations. */
const leastExamples = 8;

/** Two for two threads, with which it was measured (docs/performance.md); otherwise one. */
export function branchesFor(
  { batchSize }: Pick<Experiment, 'batchSize'>,
  { threads, device }: { readonly threads: number; readonly device: Device['kind'] },
): number {
  return device === 'cpu' && threads === 2 && batchSize % 2 === 0 && batchSize / 2 >= leastExamples ? 2 : 1;
}
