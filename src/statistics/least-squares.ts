/**
 * Nonlinear least squares of y = model(parameters, x) + error: searched by Levenberg-Marquardt from several starts, inside
 * bounds (by projection), with what the data say of the parameters: covariance, intervals, AICc. Knows no particular model.
 *
 * ```ts
 * const fit = leastSquares({ x, y, model: ([a, b], x) => a! + b! * x, starts: [[0, 0]] });
 * fit.parameters[1], fit.standardErrors[1], parameterInterval(fit, 1) // slope, its standard error, its 95 % interval
 * ```
 */
import { normalQuantile } from './normal.js';
import type { Interval } from './intervals.js';
import {
  exactly,
  levenbergMarquardt,
  type FitAttempt,
  type Ending,
  type FitParameters,
  type Residuals,
} from './levenberg-marquardt.js';
import { columnNorm, matrix, singularValues, type Matrix } from './matrices.js';
import { studentQuantile } from './student.js';

export type { Ending, FitParameters } from './levenberg-marquardt.js';

export interface LeastSquaresProblem {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly model: (parameters: FitParameters, x: number) => number;
  /** Derivatives of the model by its parameters; central differences if omitted. */
  readonly gradient?: ((parameters: FitParameters, x: number) => ArrayLike<number>) | undefined;
  /** Of each y, above 0: residuals are measured in units of it. Default: 1 each. */
  readonly standardErrors?: ArrayLike<number> | undefined;
  /**
   * `known`: `standardErrors` are taken at face value, and the scatter around the model does not affect the parameters'
   * own. `relative` (default): they are correct up to a factor, which is estimated from the scatter, like SciPy's
   * `absolute_sigma=False`.
   */
  readonly errors?: 'known' | 'relative' | undefined;
  readonly starts: readonly FitParameters[];
  readonly lower?: FitParameters | undefined;
  readonly upper?: FitParameters | undefined;
  /** From each start; default: 300. */
  readonly maxSteps?: number | undefined;
}

export interface LeastSquaresFit {
  readonly parameters: readonly number[];
  /** Of weighted residuals. */
  readonly sumOfSquares: number;
  readonly points: number;
  /** Points minus parameters; infinite if the errors are known. */
  readonly degreesOfFreedom: number;
  /**
   * Factor on the standard errors of y that the scatter implies (1 if they are known); NaN without degrees of freedom.
   */
  readonly scatter: number;
  /** For the best start; others may have converged to a worse optimum. */
  readonly converged: boolean;
  readonly ending: Ending;
  readonly steps: number;
  /** The outcome of each start, in order. */
  readonly attempts: readonly FitAttempt[];
  /** Parameters that ended on a bound. Their standard errors are computed as if there were no bound. */
  readonly atBound: readonly boolean[];
  /**
   * scatter² inverse(J'J), `[k, k]`, J the derivatives over the standard errors of y (Seber and Wild 1989, Nonlinear
   * Regression, Sec. 2.1.2; SciPy's `pcov`), the pseudo-inverse if there are `unidentified` directions. NaN without
   * degrees of freedom.
   */
  readonly covariance: readonly (readonly number[])[];
  /** Infinite if the data do not determine the parameter, or if no points are left to estimate the scatter. */
  readonly standardErrors: readonly number[];
  /**
   * Directions, each a list of k, in which the parameters can move by their own size without changing the model at the
   * points.
   */
  readonly unidentified: readonly (readonly number[])[];
  /** Largest |y|. */
  readonly magnitude: number;
  /** -2 log likelihood for normal errors, constants included. */
  readonly deviance: number;
  /** Corrected AIC (Hurvich and Tsai 1989); infinite with too few points. */
  readonly aicc: number;
}

export type FitFault = 'too-few-points' | 'not-finite' | 'not-converged';

/** Why a fit is not possible, in one line for the user. */
export class FitError extends Error {
  constructor(
    readonly fault: FitFault,
    message: string,
  ) {
    super(message);
    this.name = 'FitError';
  }
}

/** Singular values below this share of the largest one are rounding errors. */
const noSingularValue = 1e-9;

/**
 * The best of all starts by sum of squares.
 *
 * @throws FitError with fewer points than parameters, with a value that is not finite, and if no start converged
 */
export function leastSquares(problem: LeastSquaresProblem): LeastSquaresFit {
  check(problem);
  const residuals = residualsOf(problem);
  const { starts, maxSteps = 300 } = problem;
  const attempts = starts.map((start) => levenbergMarquardt(residuals, start, maxSteps));
  if (!attempts.some(({ converged }) => converged)) {
    const endings = [...new Set(attempts.map(({ ending }) => ending))].join(', ');
    throw new FitError('not-converged', `none of ${starts.length} starts converged (${endings})`);
  }
  const best = attempts.reduce((a, b) => (a.sumOfSquares > residuals.exact && b.sumOfSquares < a.sumOfSquares ? b : a));
  const { parameters, sumOfSquares, converged, ending, steps } = best;
  const known = problem.errors === 'known';
  const points = residuals.count;
  const degreesOfFreedom = known ? Infinity : points - parameters.length;
  // NaN, not infinite, if there are as many points as parameters, whether the fit is exact or not.
  const scatter = known ? 1 : degreesOfFreedom === 0 ? NaN : Math.sqrt(sumOfSquares / degreesOfFreedom);
  const magnitude = Math.max(...Array.from(problem.y, Math.abs));
  const deviance = devianceOf(problem, Math.max(sumOfSquares, residuals.exact));
  return {
    parameters: Array.from(parameters),
    ...{ sumOfSquares, points, degreesOfFreedom, scatter, converged, ending, steps },
    attempts,
    atBound: Array.from(parameters, (value, j) => value <= residuals.lower[j]! || value >= residuals.upper[j]!),
    ...uncertainty(residuals.jacobian(parameters), parameters, scatter, weightedNorm(problem)),
    ...{ magnitude, deviance },
    // An estimated scatter counts as a parameter.
    aicc: aicc(deviance, parameters.length + (known ? 0 : 1), points),
  };
}

/**
 * Deviance + 2k + 2k(k + 1) / (n - k - 1) (Hurvich and Tsai 1989, Biometrika 76, 297-307); infinite for n <= k + 1.
 *
 * @param k parameters, including an estimated scatter
 */
export function aicc(deviance: number, k: number, n: number): number {
  return n <= k + 1 ? Infinity : deviance + 2 * k + (2 * k * (k + 1)) / (n - k - 1);
}

/**
 * exp(-difference / 2), relative to the best, over their sum (Burnham and Anderson 2002, Model Selection, Sec. 2.9). 0
 * where AICc is infinite, so all are 0 if all are infinite.
 */
export function akaikeWeights(values: readonly number[]): number[] {
  const best = Math.min(...values);
  const likelihoods = values.map((value) => (value === Infinity ? 0 : Math.exp((best - value) / 2)));
  const sum = likelihoods.reduce((total, value) => total + value, 0);
  return likelihoods.map((value) => (sum === 0 ? 0 : value / sum));
}

/** Around a value: Student's t with the fit's degrees of freedom, normal if they are infinite. */
export function fitInterval(fit: LeastSquaresFit, value: number, standardError: number, confidence = 0.95): Interval {
  if (!Number.isFinite(standardError)) return { lower: -Infinity, upper: Infinity };
  const p = (1 + confidence) / 2;
  const { degreesOfFreedom } = fit;
  const t = degreesOfFreedom === Infinity ? normalQuantile(p) : studentQuantile(p, degreesOfFreedom);
  return { lower: value - t * standardError, upper: value + t * standardError };
}

/** 95 %, from the curvature at the optimum (Wald); may extend beyond the bounds. */
export function parameterInterval(fit: LeastSquaresFit, index: number): Interval {
  return fitInterval(fit, fit.parameters[index]!, fit.standardErrors[index]!);
}

function check({ x, y, standardErrors, starts, errors }: LeastSquaresProblem): void {
  const [n, k] = [y.length, starts[0]?.length ?? 0];
  if (starts.length === 0) throw new RangeError('a fit needs at least one start');
  if (x.length !== n || (standardErrors !== undefined && standardErrors.length !== n)) {
    throw new RangeError('x, y and standard errors differ in length');
  }
  if (errors === 'known' && standardErrors === undefined)
    throw new RangeError('standard errors are missing, though they are said to be known');
  if (n < k) throw new FitError('too-few-points', `${n} points are too few for ${k} parameters`);
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(x[i])) throw new FitError('not-finite', `x of point ${i + 1} is ${x[i]}`);
    if (!Number.isFinite(y[i])) throw new FitError('not-finite', `y of point ${i + 1} is ${y[i]}`);
    const error = standardErrors?.[i] ?? 1;
    if (!(error > 0 && error < Infinity)) {
      throw new FitError('not-finite', `standard error of point ${i + 1} is ${error}; must be above 0 and finite`);
    }
  }
}

function residualsOf(problem: LeastSquaresProblem): Residuals {
  const { x, y, model, gradient = differences(problem), standardErrors, starts } = problem;
  const [n, k] = [y.length, starts[0]!.length];
  const weights = Float64Array.from(y, (_, i) => 1 / (standardErrors?.[i] ?? 1));
  return {
    count: n,
    // The model gets a plain list because it may destructure it, which is slow with typed arrays.
    at(parameters) {
      const list = Array.from(parameters);
      return weights.map((weight, i) => weight * (y[i]! - model(list, x[i]!)));
    },
    jacobian(parameters) {
      const result = matrix(n, k);
      const list = Array.from(parameters);
      for (let i = 0; i < n; i++) {
        const row = gradient(list, x[i]!);
        for (let j = 0; j < k; j++) result.data[i * k + j] = weights[i]! * row[j]!;
      }
      return result;
    },
    exact: exactly(weightedNorm(problem) ** 2),
    lower: Float64Array.from(starts[0]!, (_, j) => problem.lower?.[j] ?? -Infinity),
    upper: Float64Array.from(starts[0]!, (_, j) => problem.upper?.[j] ?? Infinity),
  };
}

/** Central differences inside the bounds: error about 1e-10 of the model's value. */
function differences({ model, lower, upper }: LeastSquaresProblem) {
  return (parameters: FitParameters, x: number): Float64Array => {
    const moved = Float64Array.from(parameters);
    return moved.map((value, j) => {
      const h = 6e-6 * Math.max(1e-3, Math.abs(value)); // cube root of the rounding unit
      const [low, high] = [Math.max(value - h, lower?.[j] ?? -Infinity), Math.min(value + h, upper?.[j] ?? Infinity)];
      moved[j] = high;
      const above = model(moved, x);
      moved[j] = low;
      const below = model(moved, x);
      moved[j] = value;
      return high > low ? (above - below) / (high - low) : 0;
    });
  };
}

function weightedNorm({ y, standardErrors }: LeastSquaresProblem): number {
  return Math.sqrt(Array.from(y).reduce((sum, value, i) => sum + (value / (standardErrors?.[i] ?? 1)) ** 2, 0));
}

function devianceOf({ y, standardErrors, errors }: LeastSquaresProblem, sumOfSquares: number): number {
  const n = y.length;
  const logVariances = Array.from(standardErrors ?? []).reduce((sum, error) => sum + 2 * Math.log(error), 0);
  const constant = n * Math.log(2 * Math.PI) + logVariances;
  return errors === 'known' ? sumOfSquares + constant : n * Math.log(sumOfSquares / n) + n + constant;
}

function uncertainty(jacobian: Matrix, parameters: Float64Array, scatter: number, norm: number) {
  const k = parameters.length;
  const sizes = parameters.map((value) => Math.max(1, Math.abs(value)));
  // A parameter whose effect, when changed by its own size, is lost in rounding has no column.
  const scale = parameters
    .map((_, j) => columnNorm(jacobian, j))
    .map((length, j) => (length * sizes[j]! <= 1e-12 * norm ? 0 : length));
  for (let i = 0; i < jacobian.data.length; i++) {
    const column = scale[i % k]!;
    jacobian.data[i] = column === 0 ? 0 : jacobian.data[i]! / column;
  }
  const { values, vectors } = singularValues(jacobian);
  const threshold = noSingularValue * Math.max(...values);
  const all = Array.from({ length: k }, (_, j) => j);
  const entry = (i: number, l: number) => vectors.data[i * k + l]! / (scale[i] === 0 ? 1 : scale[i]!);
  const determined = all.filter((l) => values[l]! > threshold);
  const undetermined = all.filter((l) => !(values[l]! > threshold));
  const identified = all.map((i) => undetermined.every((l) => Math.abs(vectors.data[i * k + l]!) < 1e-6));
  const covariance = all.map((i) =>
    all.map(
      (j) => determined.reduce((sum, l) => sum + (entry(i, l) * entry(j, l)) / values[l]! ** 2, 0) * scatter ** 2,
    ),
  );
  const unidentified = undetermined.map((l) => {
    const size = Math.max(...all.map((i) => Math.abs(entry(i, l)) / sizes[i]!));
    return all.map((i) => entry(i, l) / size);
  });
  const standardErrors = all.map((i) =>
    Number.isNaN(scatter) || !identified[i] ? Infinity : Math.sqrt(covariance[i]![i]!),
  );
  return { covariance, standardErrors, unidentified };
}
