/** All curve models fitted to a curve and ranked, and a fit evaluated at other scales. */
import type { CurveData } from '../../src/analysis/curve-data.js';
import { fitModel, type ModelFit } from '../../src/analysis/fits.js';
import { models, type CurveModel } from '../../src/analysis/models.js';
import type { Interval } from '../../src/statistics/intervals.js';
import { akaikeWeights, FitError, fitInterval, type LeastSquaresFit } from '../../src/statistics/least-squares.js';

export interface RankedFit {
  readonly fit: ModelFit;
  /** Akaike weight among all fitted models; 0 if AICc is infinite. */
  readonly weight: number;
  /** AICc above the best; 0 for the best; NaN if both are infinite. */
  readonly difference: number;
}

export interface RankedFits {
  /** By AICc, then by the number of parameters. */
  readonly fits: readonly RankedFit[];
  /** Models that cannot be fitted to the data, and why. */
  readonly failed: readonly { readonly model: CurveModel; readonly error: FitError }[];
}

export interface FittedValue {
  /** Of the curve, not clipped to the metric's limits. */
  readonly value: number;
  /** Of the curve, not of a further measurement; by the delta method, without regard to the other models. */
  readonly standardError: number;
  readonly interval: Interval;
}

/** @throws FitError if the data are at fault for every model: a value that is not finite, a scale that is not above 0, no points */
export function fitModels(data: CurveData, among: readonly CurveModel[] = Object.values(models)): RankedFits {
  const fits: ModelFit[] = [];
  const failed: { model: CurveModel; error: FitError }[] = [];
  for (const model of among) {
    try {
      fits.push(fitModel(model, data));
    } catch (error) {
      if (!(error instanceof FitError) || error.fault === 'not-finite' || data.values.length === 0) throw error;
      failed.push({ model, error });
    }
  }
  fits.sort((a, b) => (a.aicc === b.aicc ? 0 : a.aicc - b.aicc) || a.parameters.length - b.parameters.length);
  const weights = akaikeWeights(fits.map(({ aicc }) => aicc));
  return {
    fits: fits.map((fit, i) => ({ fit, weight: weights[i]!, difference: fit.aicc - fits[0]!.aicc })),
    failed,
  };
}

/** The fitted curve at a scale, with Student's t around it. */
export function fittedValue(fit: ModelFit, scale: number, confidence = 0.95): FittedValue {
  const value = fit.model.evaluate(fit.parameters, scale);
  const standardError = standardErrorOf(fit, fit.model.gradient(fit.parameters, scale));
  return { value, standardError, interval: fitInterval(fit, value, standardError, confidence) };
}

/**
 * Of a function of the parameters with this gradient, by the delta method: sqrt(g' C g). Infinite if the function depends on what the data
 * do not determine: if moving that by its own size moves the function by more than 1e-8 of the largest |y|.
 */
export function standardErrorOf(fit: LeastSquaresFit, gradient: ArrayLike<number>): number {
  const { covariance, unidentified, magnitude, scatter } = fit;
  if (Number.isNaN(scatter)) return Infinity;
  const along = unidentified.map((direction) => direction.reduce((sum, move, j) => sum + move * gradient[j]!, 0));
  if (along.some((change) => !(Math.abs(change) <= 1e-8 * magnitude))) return Infinity;
  let variance = 0;
  covariance.forEach((row, i) => {
    row.forEach((value, j) => (variance += gradient[i]! * value * gradient[j]!));
  });
  return Math.sqrt(Math.max(0, variance)); // rounding may leave less than 0
}
