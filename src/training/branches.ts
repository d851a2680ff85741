/**
 * Into how many branches a member's batch is split. With one, each operation of a step shares out its work to the threads and
 * collects it again, which costs more than the work of a narrow layer; branches meet only where gradients are added.
 */
import type { Experiment } from '../experiment/schema.js';

/** Examples of a branch, below which a branch is not worth its operations. */
const leastExamples = 8;

/** Measured with two threads only (docs/performance.md). */
export function branchesFor({ batchSize }: Pick<Experiment, 'batchSize'>, threads: number): number {
  return threads === 2 && batchSize % 2 === 0 && batchSize / 2 >= leastExamples ? 2 : 1;
}
