/**
 * One sigmoid for all examples, or a stack of many? Each example is taken to be solved by each member independently, with
 * a probability that is logistic in the logarithm of the parameters; what the models differ in is whether examples share it:
 *
 * - `one`: all do. Two parameters. With it `curve`: all do, and the curve is free at each scale.
 * - `classes`: K latent classes of examples with thresholds of their own, with a common slope or with slopes of their own.
 * - `continuum`: thresholds spread normally over the examples, common slope. Three parameters, and no classes at all.
 *
 * A member that does not know an example may guess it: with a chance above 0 every model is fitted with that floor under its sigmoids and without
 * (a logistic model of three parameters, Birnbaum 1968, its third one given), and the better is kept; the choice counts as a parameter.
 * Guesses are what EM has to fill in: of the solved trials, which were known.
 *
 * Without a floor and with a common slope these are Rasch models: an example's likelihood depends on how many members solve it and no more, so
 * that fits take milliseconds, and no more than (members + 1) / 2 classes can be told (Lindsay, Clogg and Grego 1991, J. Am.
 * Stat. Assoc. 86, 96-107; for one scale Teicher 1961: a mixture of K binomials needs 2K - 1 trials). Fitted by EM
 * (Dempster, Laird and Rubin 1977), accelerated; classes are added by splitting those of the smaller fit.
 */
import { stepsOfPart, type OnStep } from '../../terminal/steps.js';
import { describe, type ThresholdFit } from './classes.js';
import { describeCommon, fitCommon } from './common.js';
import { fitContinuum } from './continuum.js';
import { describeOwn, fitOwn } from './class-slopes.js';
import { prepare, type Data, type SolvedTable } from './rows.js';

export interface MixtureOptions {
  /** Classes that are tried, at most. */
  readonly most?: number;
  /** Chance that a guess is right, from 0 to below 1. */
  readonly chance?: number;
  readonly onStep?: OnStep | undefined;
}

/** Most classes of a common slope that so many trials per example can tell apart. */
export function mostClasses(trials: readonly number[]): number {
  return Math.floor((trials.reduce((sum, n) => sum + n, 0) + 1) / 2);
}

/**
 * All models that the scales and members can tell apart: `curve`, `one`, `continuum`, then classes from 2 on with a common
 * slope and with their own. Empty for a single scale.
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
  // Of K classes with slopes of their own, which take nearly all of the time, it is about as the square of K.
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

/** All examples alike and any curve: what is wrong with `one` beyond its shape shows here too. */
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
