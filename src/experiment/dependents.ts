/** Options that mean nothing without another, or contradict it. */
import { UsageError } from '../terminal/errors.js';
import { optionOf, type Experiment } from './schema.js';
import { tuningOf, type Tuning } from './tuning.js';
import { originOf, type ValueOrigins } from './value-origins.js';

/** Throws UsageError for the first of them. */
export function refuseDependents(experiment: Experiment, origins: ValueOrigins = {}): void {
  refuseUnfitParametrization(experiment, origins);
  const tuning = refuseUnfitTuning(experiment, origins);
  refuseUnfitDecay(experiment, tuning, origins);
}

function refuseUnfitTuning(experiment: Experiment, origins: ValueOrigins): Tuning | undefined {
  const { tune, validationSize, grid = {} } = experiment;
  const alone = (['tunePer', 'tuneBudget', 'tuneSteps'] as const).find((key) => experiment[key] !== undefined);
  if (tune === undefined && alone !== undefined)
    throw new UsageError(
      'nothing is tuned',
      originOf(alone, origins),
      'add --tune, such as learningRate=1e-4:1e-1:7:log',
    );
  const where = originOf('tune', origins);
  const tuning = tuningOf(experiment, where, originOf('tuneBudget', origins));
  if (tuning === undefined) return undefined;
  if (validationSize === undefined)
    throw new UsageError('there is no validation split to choose on', where, 'add --validation-size, such as 1000');
  if (grid[tuning.factor] !== undefined)
    throw new UsageError(
      `members differ in ${tuning.factor}, so it cannot be tuned too`,
      where,
      `leave out one of --tune and the list of --${optionOf(tuning.factor)}`,
    );
  return tuning;
}

function refuseUnfitParametrization(experiment: Experiment, origins: ValueOrigins): void {
  const { parametrization, baseWidth } = experiment;
  if (parametrization === undefined && baseWidth !== undefined)
    throw new UsageError(
      'has no effect under the standard parametrization',
      originOf('baseWidth', origins),
      'add --parametrization mup, or leave it out',
    );
}

function refuseUnfitDecay(experiment: Experiment, tuning: Tuning | undefined, origins: ValueOrigins): void {
  const { parametrization, optimizer, weightDecay, grid = {} } = experiment;
  if (parametrization !== 'mup' || optimizer !== 'adam') return;
  const isTuned = tuning?.factor === 'weightDecay';
  if (isTuned || weightDecay > 0 || grid.weightDecay !== undefined)
    throw new UsageError(
      "adam's L2 penalty does not keep its strength across widths under mup",
      originOf(isTuned ? 'tune' : 'weightDecay', origins),
      'give --optimizer adamw, whose decay does',
    );
}
