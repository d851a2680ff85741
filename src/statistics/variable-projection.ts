/**
 * Fits of models that are linear in some of their parameters: only the others, the shape, are searched, and for each
 * shape the best levels follow in closed form (variable projection, Golub and Pereyra 1973, SIAM J. Numer. Anal. 10,
 * 413-432; derivatives as in Kaufman 1975, BIT 15, 49-57). The search has fewer dimensions and fewer false optima.
 * Levels also keep their bounds.
 */
import { exactly, levenbergMarquardt, type FitParameters } from './levenberg-marquardt.js';
import { matrix, solveBounded, solveLeastSquares, type Matrix } from './matrices.js';

export interface Separable {
  /** Indices of the levels: the model is the sum of each times its derivative, which depends only on the shape. */
  readonly linear: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** 1 / standard error. */
  readonly weights: readonly number[];
  /** Derivatives of the model by all parameters. */
  readonly gradient: (parameters: FitParameters, x: number) => ArrayLike<number>;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export interface Projected {
  readonly shape: ArrayLike<number>;
  /** All of them, levels and shape, at their indices. */
  readonly parameters: readonly number[];
  readonly residuals: Float64Array;
  /** Infinite if the model is not finite. */
  readonly sumOfSquares: number;
  /** Sums of squares up to this one are rounding errors. */
  readonly exact: number;
}

export interface Projection {
  /** A shape with its best levels. */
  readonly at: (shape: ArrayLike<number>) => Projected;
  /** Levenberg-Marquardt over the shape, from one shape. */
  readonly search: (start: ArrayLike<number>, maxSteps: number) => Projected;
}

export function projectionOf({ linear, x, y, weights, gradient, lower, upper }: Separable): Projection {
  const places = lower.map((_, j) => j).filter((j) => !linear.includes(j));
  const among = (bounds: readonly number[], chosen: readonly number[]) => Float64Array.from(chosen, (j) => bounds[j]!);
  const [lowest, highest] = [among(lower, linear), among(upper, linear)];
  const right = Float64Array.from(y, (value, i) => weights[i]! * value);
  const exact = exactly(right.reduce((sum, value) => sum + value * value, 0));

  /** Weighted derivatives by the parameters at these indices. */
  const columnsAt = (parameters: FitParameters, chosen: readonly number[]): Matrix => {
    const result = matrix(x.length, chosen.length);
    for (let i = 0; i < x.length; i++) {
      const row = gradient(parameters, x[i]!);
      for (let c = 0; c < chosen.length; c++) result.data[i * chosen.length + c] = weights[i]! * row[chosen[c]!]!;
    }
    return result;
  };

  const at = (shape: ArrayLike<number>): Projected => {
    const parameters = new Array<number>(lower.length).fill(0);
    for (let i = 0; i < places.length; i++) parameters[places[i]!] = shape[i]!;
    const basis = columnsAt(parameters, linear);
    const levels = solveBounded(basis, right, lowest, highest);
    for (let c = 0; c < linear.length; c++) parameters[linear[c]!] = levels[c]!;
    const residuals = less(right, basis, levels);
    let sumOfSquares = 0;
    for (const residual of residuals) sumOfSquares += residual * residual;
    if (!Number.isFinite(sumOfSquares)) sumOfSquares = Infinity;
    return { shape, parameters, residuals, sumOfSquares, exact };
  };

  /** Derivatives by the shape, minus the part that levels not at a bound can compensate for. */
  const jacobian = (shape: ArrayLike<number>): Matrix => {
    const { parameters } = at(shape);
    const free = linear.filter((j) => parameters[j]! > lower[j]! && parameters[j]! < upper[j]!);
    const basis = columnsAt(parameters, free);
    const result = columnsAt(parameters, places);
    for (let c = 0; c < places.length; c++) {
      const column = Float64Array.from(x, (_, i) => result.data[i * places.length + c]!);
      const followed = solveLeastSquares({ ...basis, data: basis.data.slice() }, column.slice());
      less(column, basis, followed).forEach((value, i) => (result.data[i * places.length + c] = value));
    }
    return result;
  };

  const problem = {
    count: y.length,
    at: (shape: Float64Array) => at(shape).residuals,
    jacobian,
    exact,
    lower: among(lower, places),
    upper: among(upper, places),
  };
  return {
    at,
    search: (start, maxSteps) => at(levenbergMarquardt(problem, Float64Array.from(start), maxSteps).parameters),
  };
}

/** Values minus the matrix times the coefficients. */
function less(values: Float64Array, { columns, data }: Matrix, coefficients: ArrayLike<number>): Float64Array {
  const result = values.slice();
  for (let i = 0; i < result.length; i++) {
    for (let c = 0; c < columns; c++) result[i]! -= coefficients[c]! * data[i * columns + c]!;
  }
  return result;
}
