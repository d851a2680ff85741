/** Fits a curve model to a curve. */
import { leastSquares, type LeastSquaresFit } from '../statistics/least-squares.js';
import { dataRangeOf, type CurveData } from './curve-data.js';
import type { CurveModel } from './models.js';
import { startingPoints } from './fit-search.js';

export interface ModelFit extends LeastSquaresFit {
  readonly model: CurveModel;
}

/**
 * Weighted nonlinear least squares from the model's own starts, inside its bounds.
 *
 * @throws FitError if there are fewer points or different scales than parameters, if a scale is not above 0 or a value not
 * finite, and if no start converged
 */
export function fitModel(model: CurveModel, data: CurveData): ModelFit {
  const { values, standardErrors, errors } = data;
  const range = dataRangeOf(data, model);
  const fit = leastSquares({
    ...{ x: data.scales, y: values, standardErrors, errors },
    ...{ model: model.evaluate, gradient: model.gradient },
    ...model.bounds(range),
    starts: startingPoints(model, range),
  });
  return { model, ...fit };
}
