/**
 * Levenberg-Marquardt from one start (Levenberg 1944; Marquardt 1963; scaling by column norms as in Moré 1978, Lecture
 * Notes in Mathematics 630, 105-116). Bounds are kept by projection (Kanzow, Yamashita and Fukushima 2004, J. Comput.
 * Appl. Math. 172, 375-397): a parameter that a step would carry beyond its bound stops there, and one that is at its
 * bound and would move out is excluded from the step. So a solution can be on a bound, and parameters keep their own
 * scale.
 */
import { columnNorm, matrix, solveLeastSquares, type Matrix } from './matrices.js';

export type FitParameters = readonly number[] | Float64Array;

/** Residuals of a model, to be minimised. */
export interface Residuals {
  /** Number of residuals. */
  readonly count: number;
  /** Weighted y - model, `[count]`; not finite where the model isn't. */
  readonly at: (parameters: Float64Array) => Float64Array;
  /** Weighted derivatives of the model (not of the residuals), `[count, parameters]`. */
  readonly jacobian: (parameters: Float64Array) => Matrix;
  /** Sums of squares up to this one are rounding errors. */
  readonly exact: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Why a search ended. It converged with `exact` (residuals are rounding errors), `gradient` (no direction inside the
 * bounds leads down), `fall` (the sum of squares would fall by a relative 1e-12 or less) and `step` (parameters move by
 * a relative 1e-11 or less). It did not with `steps` (too many), `stalled` (no step leads down, though the slope says
 * so) and `not-finite` (the start has no finite residuals).
 */
export type Ending = 'exact' | 'gradient' | 'fall' | 'step' | 'steps' | 'stalled' | 'not-finite';

export interface FitAttempt {
  readonly parameters: Float64Array;
  readonly sumOfSquares: number;
  readonly converged: boolean;
  readonly ending: Ending;
  /** Steps tried, including rejected ones. */
  readonly steps: number;
}

const convergedEndings: readonly Ending[] = ['exact', 'gradient', 'fall', 'step'];
/**
 * How much of a column's norm is kept from step to step. Moré keeps the largest permanently, so that a growing slope,
 * whose column shrinks at the same time, is held back for good. Marquardt keeps none.
 */
const memory = 0.1;
/** Fraction of a step at which the curvature along it is measured. */
const probe = 0.1;
const smallestFall = 1e-12;
const smallestStep = 1e-11;
/** Cosine between the residuals and a column. */
const smallestSlope = 1e-10;

interface State {
  readonly parameters: Float64Array;
  readonly residuals: Float64Array;
  readonly sumOfSquares: number;
}

interface Slope {
  readonly jacobian: Matrix;
  readonly norms: Float64Array;
  /** Parameters that may move. */
  readonly free: readonly number[];
  /** Largest cosine between the residuals and the column of a free parameter. */
  readonly steepest: number;
}

/**
 * A sum of squares too small for any measurement to show, but above the rounding errors of values with this sum of
 * squares; not 0 even if all values are.
 */
export function exactly(sumOfSquares: number): number {
  return Math.max(1e-300, 1e-22 * sumOfSquares);
}

/** @param start is first moved inside the bounds */
export function levenbergMarquardt(residuals: Residuals, start: FitParameters, maxSteps: number): FitAttempt {
  let state = stateAt(residuals, project(residuals, Float64Array.from(start)));
  const ended = (ending: Ending, steps: number): FitAttempt => {
    const { parameters, sumOfSquares } = state;
    return { parameters, sumOfSquares, converged: convergedEndings.includes(ending), ending, steps };
  };
  if (!Number.isFinite(state.sumOfSquares)) return ended('not-finite', 0);
  const scale = new Float64Array(start.length);
  let damping = 1e-3;
  let slope: Slope | undefined;
  for (let steps = 0; steps < maxSteps; steps++) {
    if (state.sumOfSquares <= residuals.exact) return ended('exact', steps);
    if (slope === undefined) {
      slope = slopeAt(residuals, state);
      for (let j = 0; j < scale.length; j++) scale[j] = Math.max(memory * scale[j]!, slope.norms[j]!);
    }
    if (!Number.isFinite(slope.steepest)) return ended('not-finite', steps);
    if (slope.steepest < smallestSlope) return ended('gradient', steps);
    const change = stepOf(residuals, state, slope, scale, damping);
    const next = stateAt(residuals, project(residuals, addTo(state.parameters, change)));
    const fall = (state.sumOfSquares - next.sumOfSquares) / state.sumOfSquares;
    const expected = expectedFall(state, next, slope);
    const moved = largestMove(state.parameters, next.parameters);
    if (fall > 0) {
      state = next;
      slope = undefined;
      damping = Math.max(
        1e-15,
        fall > 0.75 * expected ? damping / 9 : fall > 0.25 * expected ? damping / 2 : damping * 2,
      );
    } else damping *= 11;
    if (Math.abs(fall) <= smallestFall && expected <= smallestFall) return ended('fall', steps + 1);
    if (moved > smallestStep) continue;
    // A step that is small only because of the damping proves nothing, unless the slope is flat to within rounding.
    return ended(slope === undefined || slope.steepest < 1e-6 ? 'step' : 'stalled', steps + 1);
  }
  return ended('steps', maxSteps);
}

function stateAt(residuals: Residuals, parameters: Float64Array): State {
  const values = residuals.at(parameters);
  let sumOfSquares = 0;
  for (const value of values) sumOfSquares += value * value;
  return { parameters, residuals: values, sumOfSquares: Number.isFinite(sumOfSquares) ? sumOfSquares : Infinity };
}

function slopeAt(problem: Residuals, { parameters, residuals, sumOfSquares }: State): Slope {
  const jacobian = problem.jacobian(parameters);
  const norms = parameters.map((_, j) => columnNorm(jacobian, j));
  const free: number[] = [];
  let steepest = 0;
  for (let j = 0; j < parameters.length; j++) {
    let down = 0;
    for (let i = 0; i < problem.count; i++) down += jacobian.data[i * parameters.length + j]! * residuals[i]!;
    const outward =
      (parameters[j]! <= problem.lower[j]! && down < 0) || (parameters[j]! >= problem.upper[j]! && down > 0);
    if (outward || norms[j] === 0) continue;
    free.push(j);
    const cosine = Math.abs(down) / norms[j]! / Math.sqrt(sumOfSquares);
    steepest = cosine <= steepest ? steepest : cosine; // keeps NaN
  }
  return { jacobian, norms, free, steepest };
}

/**
 * A step with geodesic acceleration (Transtrum and Sethna 2012, arXiv 1201.5885): half the model's curvature along the
 * step, taken by a difference, is corrected for if it is small compared with the step. In narrow curved valleys it
 * saves most of the steps.
 */
function stepOf(problem: Residuals, state: State, slope: Slope, scale: Float64Array, damping: number): Float64Array {
  const { parameters, residuals } = state;
  const step = solveDamped(residuals, slope, scale, damping);
  const ahead = parameters.map((value, j) => value + probe * step[j]!);
  if (ahead.some((value, j) => value < problem.lower[j]! || value > problem.upper[j]!)) return step;
  const there = problem.at(ahead);
  const { columns, data } = slope.jacobian;
  const bent = residuals.map((residual, i) => {
    let straight = 0;
    for (let j = 0; j < columns; j++) straight += data[i * columns + j]! * step[j]!;
    return (-2 / probe) * ((residual - there[i]!) / probe - straight);
  });
  if (!bent.every(Number.isFinite)) return step;
  const turn = solveDamped(bent, slope, scale, damping);
  return 2 * scaledNorm(turn, scale) > 0.75 * scaledNorm(step, scale)
    ? step
    : addTo(
        step,
        turn.map((value) => value / 2),
      );
}

/** Solves [J; sqrt(damping) D] step = [right; 0] in the free parameters. */
function solveDamped(
  values: Float64Array,
  { jacobian, free }: Slope,
  scale: Float64Array,
  damping: number,
): Float64Array {
  const n = values.length;
  const damped = matrix(n + free.length, free.length);
  const right = new Float64Array(n + free.length);
  right.set(values);
  free.forEach((j, column) => {
    // Columns of length 1 in units of the largest so far: the solution doesn't depend on the parameters' units.
    for (let i = 0; i < n; i++) {
      damped.data[i * free.length + column] = jacobian.data[i * jacobian.columns + j]! / scale[j]!;
    }
    damped.data[(n + column) * free.length + column] = Math.sqrt(damping);
  });
  const solution = solveLeastSquares(damped, right);
  const step = new Float64Array(jacobian.columns);
  free.forEach((j, column) => (step[j] = solution[column]! / scale[j]!));
  return step;
}

/** Predicted by the linear model, as a share of the sum of squares. */
function expectedFall(from: State, to: State, { jacobian }: Slope): number {
  const { columns, data } = jacobian;
  let after = 0;
  for (let i = 0; i < from.residuals.length; i++) {
    let residual = from.residuals[i]!;
    for (let j = 0; j < columns; j++) residual -= data[i * columns + j]! * (to.parameters[j]! - from.parameters[j]!);
    after += residual * residual;
  }
  return 1 - after / from.sumOfSquares;
}

function scaledNorm(vector: Float64Array, scale: Float64Array): number {
  let squares = 0;
  for (let j = 0; j < vector.length; j++) squares += (vector[j]! * scale[j]!) ** 2;
  return Math.sqrt(squares);
}

function addTo(parameters: Float64Array, change: Float64Array): Float64Array {
  return parameters.map((value, j) => value + change[j]!);
}

function project({ lower, upper }: Residuals, parameters: Float64Array): Float64Array {
  return parameters.map((value, j) => Math.min(upper[j]!, Math.max(lower[j]!, value)));
}

function largestMove(from: Float64Array, to: Float64Array): number {
  let largest = 0;
  for (let j = 0; j < from.length; j++) {
    largest = Math.max(largest, Math.abs(to[j]! - from[j]!) / (Math.abs(from[j]!) + smallestStep));
  }
  return largest;
}
