/** What `--tune` says: which option is chosen for each member, from which values, and how many of them are tried. */
import { parseAxis } from '../terminal/grid-axis.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { nearest } from '../terminal/nearest.js';
import { hasOption } from './architectures.js';
import { describeFactor } from './definitions.js';
import { experimentSchema, keyOfOption, type Experiment } from './schema.js';
import { tunableKeys, type TunableKey } from './tunable.js';

export interface Tuning {
  readonly factor: TunableKey;
  /** Ascending, at least two. */
  readonly values: readonly number[];
  /** Number of trials, at most the number of values. */
  readonly budget: number;
  /** Whether each member has its own trials, or members of a width share them. */
  readonly per: 'member' | 'width';
  /** Training steps of a trial; undefined: the member's own number. */
  readonly steps: number | undefined;
}

/** The seed of trials that members of a width share: a constant, whichever seeds a run has. */
export const sharedSeed = 0;

/** Undefined without `--tune`. Throws UsageError for what cannot be tuned, naming `where`. */
export function tuningOf(experiment: Experiment, where = '--tune', budgetWhere = '--tune-budget'): Tuning | undefined {
  const { tune, tunePer = 'member', tuneBudget, tuneSteps, arch } = experiment;
  if (tune === undefined) return undefined;
  const { key, values } = parseAxis(tune, where);
  const factor = tunableKeys.find((each) => each === keyOfOption(key));
  if (factor === undefined || !hasOption(arch, factor)) {
    const known = tunableKeys.filter((each) => hasOption(arch, each));
    const meant = nearest(key, known);
    throw new UsageError(
      `"${key}" is not an option that can be tuned`,
      where,
      meant === undefined ? `known: ${known.join(', ')}` : `did you mean ${meant}?`,
    );
  }
  if (values.length < 2) throw new UsageError('one value leaves nothing to choose', where, 'give two or more');
  const bad = values.find((value) => !experimentSchema.shape[factor].safeParse(value).success);
  if (bad !== undefined)
    throw new UsageError(`${bad} is not a possible ${factor}`, where, `give a ${describeFactor(factor)}`);
  if (tuneBudget !== undefined && tuneBudget > values.length)
    throw new UsageError(
      `${tuneBudget} is more than the ${counted(values.length, 'value')}`,
      budgetWhere,
      'give fewer',
    );
  return { factor, values, budget: tuneBudget ?? values.length, per: tunePer, steps: tuneSteps };
}

/** The option in which members differ because it was chosen for each; none without `--tune`. */
export function tunedKeys(experiment: Experiment): TunableKey[] {
  const tuning = tuningOf(experiment);
  return tuning === undefined ? [] : [tuning.factor];
}

export interface Trial {
  readonly value: number;
  /** On the validation split, at the end of the trial; null if it diverged. */
  readonly loss: number | null;
}

/**
 * The value to try next: the middle one first, then always the one nearest to the best so far, the lower of two. So a
 * budget below the number of values is spent around the minimum. Undefined if the budget is spent.
 */
export function nextValue(
  { values, budget }: Pick<Tuning, 'values' | 'budget'>,
  trials: readonly Trial[],
): number | undefined {
  if (trials.length >= budget) return undefined;
  const centre = bestTrial(trials) ?? values[Math.floor((values.length - 1) / 2)];
  // If all trials diverged, the lower values are next.
  const place = values.indexOf(centre ?? NaN);
  const distance = (i: number) => Math.abs(i - place);
  const left = values.flatMap((value, i) => (trials.some((trial) => trial.value === value) ? [] : [{ value, i }]));
  return left.sort((a, b) => distance(a.i) - distance(b.i) || a.i - b.i)[0]?.value;
}

/** The value with the lowest loss, the lowest value of equals; undefined if all diverged. */
export function bestTrial(trials: readonly Trial[]): number | undefined {
  const fine = trials.flatMap(({ value, loss }) => (loss === null ? [] : [{ value, loss }]));
  return fine.sort((a, b) => a.loss - b.loss || a.value - b.value)[0]?.value;
}
