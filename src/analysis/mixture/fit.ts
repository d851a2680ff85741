/**
 * One sigmoid for all examples, or a sum of many? Each example is assumed to be solved by each member independently, with a probability
 * that is logistic in the logarithm of the parameters; the models differ in whether examples share it:
 *
 * - `one`: all do. Two parameters. Its companion `curve`: all do, and the curve is free at each scale.
 * - `classes`: K latent classes of examples with separate thresholds, with a common slope or with separate slopes.
 * - `continuum`: thresholds spread normally over the examples, common slope. Three parameters, and no classes at all.
 *
 * A member that does not know an example may guess it: if the probability of a lucky guess is above 0, every model is fitted both with and
 * without that floor under its sigmoids (a three-parameter logistic model, Birnbaum 1968, with its third parameter given), and the better
 * fit is kept; the choice counts as a parameter. Guesses are the missing data that EM fills in: which of the solved trials were known.
 *
 * Without a floor and with a common slope these are Rasch models: an example's likelihood depends only on how many members solve it, so
 * fits take milliseconds, and no more than (members + 1) / 2 classes can be identified (Lindsay, Clogg and Grego 1991, J. Am. Stat. Assoc.
 * 86, 96-107; for one scale Teicher 1961: a mixture of K binomials needs 2K - 1 trials). Fitted by EM (Dempster, Laird and Rubin 1977),
 * accelerated; classes are added by splitting those of the smaller fit.
 */
import { stepsOfPart, type OnStep } from '../../terminal/steps.js';
import { describe, type ThresholdFit } from './classes.js';
import { describeCommon, fitCommon } from './common.js';
import { fitContinuum } from './continuum.js';
import { describeOwn, fitOwn } from './class-slopes.js';
import { prepare, type Data, type SolvedTable } from './rows.js';

export interface MixtureOptions {
  /** Largest number of classes to try. */
  readonly most?: number;
  /** Probability that a guess is right, from 0 to below 1. */
  readonly chance?: number;
  readonly onStep?: OnStep | undefined;
}

/** Largest number of classes with a common slope that this number of trials per example can identify. */
export function mostClasses(trials: readonly number[]): number {
  return Math.floor((trials.reduce((sum, n) => sum + n, 0) + 1) / 2);
}

/**
 * All models that the scales and members can distinguish: `curve`, `one`, `continuum`, then classes from 2 on with a
 * common slope and with separate slopes. Empty for a single scale.
 */
export function fitThresholds(
  table: SolvedTable,
  { most = 6, chance = 0, onStep }: MixtureOptions = {},
): ThresholdFit[] {
  if (table.logParameters.length < 2) return [];
  const floors = chance === 0 ? [0] : [0, chance];
  const [plain = [], guessed] = floors.map((floor, part) =>
    fitAll(prepare(table, { floor, choices: floors.length - 1 }), most, stepsOfPart(onStep, part, floors.length)),
  );
  if (guessed === undefined) return plain;
  // The same models in the same order.
  return plain.map((fit, i) => (guessed[i]!.logLikelihood > fit.logLikelihood ? guessed[i]! : fit));
}

function fitAll(data: Data, most: number, onStep: OnStep): ThresholdFit[] {
  const { trials } = data.table;
  const common = fitCommon(data, Math.min(most, mostClasses(trials)));
  // For K classes with separate slopes, which take nearly all of the time, it grows about as the square of K.
  const stepsTo = (k: number) => (k * (k + 1) * (2 * k + 1)) / 6;
  onStep(0, stepsTo(common.length));
  const own = fitOwn(data, common, (k) => {
    onStep(stepsTo(k), stepsTo(common.length));
  });
  const fits = [freeCurve(data), describeCommon(data, common[0]!)];
  if (mostClasses(trials) >= 2) fits.push(fitContinuum(data, common[0]!));
  for (let k = 2; k <= common.length; k++) {
    fits.push(describeCommon(data, common[k - 1]!));
    const wide = own[k - 2];
    if (wide !== undefined) fits.push(describeOwn(data, wide));
  }
  return fits;
}

/** All examples alike and any curve: what is wrong with `one` beyond its shape also shows here. */
function freeCurve(data: Data): ThresholdFit {
  const { counts, trials, logParameters } = data.table;
  let logLikelihood = 0;
  const solved = trials.map((n, s) => {
    let sum = 0;
    for (let i = 0; i < data.examples; i++) sum += counts[s]![i]!;
    const failed = n * data.examples - sum;
    const p = sum / (n * data.examples);
    logLikelihood += (sum === 0 ? 0 : sum * Math.log(p)) + (failed === 0 ? 0 : failed * Math.log(1 - p));
    return p;
  });
  const classes = [{ weight: 1, floor: 0, threshold: NaN, slope: NaN, logit: NaN, solved }];
  const parameters = logParameters.length;
  return describe(data, { kind: 'curve', ownSlopes: false, classes, logLikelihood, parameters, converged: true });
}
