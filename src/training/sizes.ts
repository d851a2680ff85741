/** Sizes of members that are not trained yet. They come from the models' shapes; nothing is computed. */
import { describeFactor } from '../experiment/definitions.js';
import { experimentAt } from '../experiment/factors.js';
import { lengthOf } from '../experiment/length.js';
import { experimentSchema, factorKeys } from '../experiment/schema.js';
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
 * Sizes of members of a run. Throws UsageError, one line, for a width that no member, or none of its architecture, can have; `where` names the
 * flag.
 */
export function memberSizes({ experiment, dataset }: RunRecord, widths: readonly number[], where: string): Size[] {
  const family = families[experiment.arch];
  const { steps } = lengthOf(experiment, dataset.trainCount);
  const task = taskIn(dataset);
  return widths.map((width) => {
    if (!experimentSchema.shape.widths.safeParse([width]).success)
      throw new UsageError(`${width} is not a possible width`, where, `give a ${describeFactor('widths')}`);
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

/** Throws UsageError for a value that a factor of the run's members, or their width, cannot have; `where` names the flag. */
export function refuseFactorValues(record: RunRecord, axis: string, values: readonly number[], where: string): void {
  if (axis === 'width') memberSizes(record, values, where);
  const factor = factorKeys.find((key) => key === axis);
  if (factor === undefined) return;
  for (const value of values) {
    if (!experimentSchema.shape[factor].safeParse(value).success)
      throw new UsageError(`${value} is not a possible ${axis}`, where, `give a ${describeFactor(factor)}`);
    const experiment = experimentAt(record.experiment, { factors: { [factor]: value } });
    memberSizes({ ...record, experiment }, experiment.widths, where);
  }
}

/** Whether a factor can have values that are not whole numbers. */
export function isReal(axis: string): boolean {
  const factor = factorKeys.find((key) => key === axis);
  return factor !== undefined && experimentSchema.shape[factor].safeParse(0.5).success;
}
