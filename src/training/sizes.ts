/** Sizes of members that are not trained yet. They come from the models' shapes; nothing is computed. */
import { lengthOf } from '../experiment/length.js';
import { families } from '../families/index.js';
import { parameterCount } from '../families/family.js';
import type { RunRecord } from '../runs/record.js';
import { UsageError } from '../terminal/errors.js';
import { taskIn } from './task.js';

export interface Size {
  readonly width: number;
  /** Number of trainable ones. */
  readonly parameters: number;
  /** For all training steps, as counted in member.json. */
  readonly trainingFlops: number;
}

/**
 * Sizes of members of a run. Throws UsageError, one line, for a width that its architecture cannot have; `where` names the
 * flag.
 */
export function memberSizes({ experiment, dataset }: RunRecord, widths: readonly number[], where: string): Size[] {
  const family = families[experiment.arch];
  const { steps } = lengthOf(experiment, dataset.trainCount);
  const task = taskIn(dataset);
  return widths.map((width) => {
    const refusal = family.refuses?.(width, experiment);
    if (refusal !== undefined) throw new UsageError(refusal.what, where, refusal.remedy);
    const { parameters, flops } = family.model(width, task, experiment);
    return {
      width,
      parameters: parameterCount(parameters),
      trainingFlops: flops.training * experiment.batchSize * steps,
    };
  });
}
