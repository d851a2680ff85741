/** A member's numbers: its factors, including the values of omitted options, and what follows from them. */
import { hasOption } from '../experiment/architectures.js';
import { factorKeys, type Experiment, type FactorKey } from '../experiment/schema.js';
import { trainingOf, type MemberRecord, type RunRecord } from './record.js';

/** Values of factors whose option is omitted. */
export function unsetFactors({
  trainCount,
  shape,
  classes,
}: Pick<RunRecord['dataset'], 'trainCount' | 'shape' | 'classes'>): Partial<Record<FactorKey, number>> {
  return { trainSize: trainCount, classes, imageSize: shape.height, labelNoise: 0, zipf: 0 };
}

/** Every factor of an architecture, with its value if the option is omitted. */
export function factorsOf(experiment: Experiment, dataset: Parameters<typeof unsetFactors>[0]): Record<string, number> {
  const unset = unsetFactors(dataset);
  const own = factorKeys.filter((key) => hasOption(experiment.arch, key));
  const factors = own.flatMap((key) => {
    const value = experiment[key] ?? unset[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(factors);
}

/**
 * Numbers of a trained member after a step, or at its end: width, all factors of its architecture, tuned values, and what follows
 * from them.
 */
export function coordinatesOf(run: RunRecord, record: MemberRecord, step = record.steps): Record<string, number> {
  const { tuned } = record;
  const { experiment: own, trainCount } = trainingOf(run, record);
  return {
    width: record.width,
    ...factorsOf(own, { ...run.dataset, trainCount }),
    ...(tuned === undefined ? {} : { [tuned.factor]: tuned.value }),
    steps: step,
    examples: step * own.batchSize,
    parameters: record.parameters,
    flops: (record.trainingFlops * step) / record.steps,
  };
}
