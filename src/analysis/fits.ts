/**
 * Curve models fitted to a curve, ranked, and read off at other scales.
 *
 * ```ts
 * const { fits } = fitModels({ scales: [1e3, 4e3, 16e3, 64e3, 256e3], values: [0.1, 0.13, 0.4, 0.8, 0.9], limits: { lower: 0, upper: 1 } });
 * predict(fits[0]!.fit, 1e6); // { value, standardError, interval }
 * ```
 */
import type { Interval } from '../statistics/intervals.js';
import {
  akaikeWeights,
  FitError,
  fitInterval,
  leastSquares,
  standardErrorOf,
  type LeastSquaresFit,
} from '../statistics/least-squares.js';
import { extentOf, type CurveData } from './curve-data.js';
import { models, type CurveModel } from './models.js';
import { startsOf } from './fit-search.js';

export interface ModelFit extends LeastSquaresFit {
  readonly model: CurveModel;
}

export interface RankedFit {
  readonly fit: ModelFit;
  /** Of Akaike, over all models that were fitted; 0 where AICc is infinite. */
  readonly weight: number;
  /** AICc above the best; 0 for the best; NaN where both are infinite. */
  readonly difference: number;
}

export interface RankedFits {
  /** By AICc, then by the number of parameters. */
  readonly fits: readonly RankedFit[];
  /** Models that the data can't be fitted by, and why. */
  readonly failed: readonly { readonly model: CurveModel; readonly error: FitError }[];
}

export interface FittedValue {
  /** Of the curve, not cut to the metric's limits. */
  readonly value: number;
  /** Of the curve, not of a further measurement; by the delta method. Knows nothing of the other models. */
  readonly standardError: number;
  readonly interval: Interval;
}

/**
 * Weighted nonlinear least squares from the model's own starts, inside its bounds.
 *
 * @throws FitError with fewer points or fewer different scales than parameters, with a scale that is not above 0 or a value that
 * is not finite, and where no start converged
 */
export function fitModel(model: CurveModel, data: CurveData): ModelFit {
  const { values, standardErrors, errors } = data;
  const extent = extentOf(data, model);
  const fit = leastSquares({
    ...{ x: data.scales, y: values, standardErrors, errors },
    ...{ model: model.evaluate, gradient: model.gradient },
    ...model.bounds(extent),
    starts: startsOf(model, extent),
  });
  return { model, ...fit };
}

/** @throws FitError where the data are at fault for every model: a value that is not finite, a scale that is not above 0, no points */
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
