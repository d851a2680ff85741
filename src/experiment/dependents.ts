/** Options that say nothing without another, or contradict it. */
import { UsageError } from '../terminal/errors.js';
import type { Experiment } from './schema.js';
import { originOf, type ValueOrigins } from './value-origins.js';

/** Throws UsageError for the first of them. */
export function refuseDependents(experiment: Experiment, origins: ValueOrigins = {}): void {
  const { parametrization, baseWidth, optimizer, weightDecay, grid = {} } = experiment;
  if (parametrization === undefined && baseWidth !== undefined)
    throw new UsageError(
      'means nothing to the standard parametrization',
      originOf('baseWidth', origins),
      'add --parametrization mup, or leave it out',
    );
  if (parametrization === 'mup' && optimizer === 'adam' && (weightDecay > 0 || grid.weightDecay !== undefined))
    throw new UsageError(
      "adam's L2 penalty does not keep its strength across widths under mup",
      originOf('weightDecay', origins),
      'give --optimizer adamw, whose decay does',
    );
}
