/**
 * Scaling laws: loss = E + A / N^a + B / D^b over parameters N and training examples D (Hoffmann et al. 2022, arXiv 2203.15556, Eq 2), and
 * the form with one factor, E + A / N^a (Kaplan et al. 2020, arXiv 2001.08361, without E).
 *
 * Fitted by least squares of log-residuals, as in Hoffmann et al.: a law does not depend on the loss's unit, and small losses count. The
 * search is by variable projection: E, A and B, none below 0, are solved for in closed form at each pair of exponents, so only exponents
 * are searched, with relative residuals, which are log-residuals to first order; from there all parameters are optimised to convergence.
 *
 * Squares instead of Hoffmann et al.'s Huber loss: its threshold of 1e-3 is far below the scatter of seeds, where it is a sum of absolute
 * values and provides no scatter to make intervals from; and stopped too early it gave wrong exponents, with intervals that were too narrow
 * (Besiroglu et al. 2024, arXiv 2404.10102).
 */
import { mean } from '../../statistics/mean.js';
import { exactly, levenbergMarquardt, type Residuals } from '../../statistics/levenberg-marquardt.js';
import { matrix } from '../../statistics/matrices.js';
import { projectionOf, type Separable } from '../../statistics/variable-projection.js';
import type { Bounds } from '../models.js';

/** Members that differ only in their seed. */
export interface LossCell {
  /** One for each factor, above 0. */
  readonly coordinates: readonly number[];
  /** One loss per seed, above 0. */
  readonly values: readonly number[];
}

export interface PowerTerm {
  readonly amplitude: number;
  readonly exponent: number;
}

export interface Law {
  /** E, the irreducible loss. */
  readonly floor: number;
  /** One for each factor. */
  readonly terms: readonly PowerTerm[];
}

/** `coordinates` as in a cell. */
export function lossAt({ floor, terms }: Law, coordinates: readonly number[]): number {
  return terms.reduce((sum, { amplitude, exponent }, k) => sum + amplitude * coordinates[k]! ** -exponent, floor);
}

/**
 * An exponent at one of these bounds cannot be distinguished from any beyond it: a logarithm, or a drop before the first
 * scale.
 */
export const exponentBounds = [0.01, 10] as const;

/** Indices in the list E, A, a, B, b. */
export const place = { floor: 0, amplitude: (k: number) => 1 + 2 * k, exponent: (k: number) => 2 + 2 * k } as const;

/** The input of a fit: means over seeds, in units in which the law's parameters have similar magnitudes. */
export interface LawData {
  /** Geometric means of the coordinates, `[factors]`: amplitudes multiply N / centre. */
  readonly centres: readonly number[];
  /** ln(N / centre), `[cells][factors]`. */
  readonly logs: readonly (readonly number[])[];
  /** `[cells]` */
  readonly y: readonly number[];
  /** Root of the number of seeds: weights of log-residuals. `[cells]` */
  readonly weights: readonly number[];
}

export function lawData(cells: readonly LossCell[]): LawData {
  const factors = cells[0]!.coordinates.map((_, k) => k);
  const middles = factors.map((k) => mean(cells.map(({ coordinates }) => Math.log(coordinates[k]!))));
  const y = cells.map(({ values }) => mean(values));
  return {
    centres: middles.map(Math.exp),
    logs: cells.map(({ coordinates }) => coordinates.map((x, k) => Math.log(x) - middles[k]!)),
    y,
    weights: cells.map(({ values }) => Math.sqrt(values.length)),
  };
}

/** A further point for the law to pass, as closely as its weight requires. */
export function withPoint(
  { centres, logs, y, weights }: LawData,
  point: { readonly coordinates: readonly number[]; readonly value: number; readonly weight: number },
): LawData {
  const at = point.coordinates.map((x, k) => Math.log(x / centres[k]!));
  return { centres, logs: [...logs, at], y: [...y, point.value], weights: [...weights, point.weight] };
}

export function lawBounds({ centres }: LawData): Bounds {
  return {
    lower: [0, ...centres.flatMap(() => [0, exponentBounds[0]])],
    upper: [Infinity, ...centres.flatMap(() => [Infinity, exponentBounds[1]])],
  };
}

/** The same with one of the parameters fixed. */
export function fixed({ lower, upper }: Bounds, at: number, value: number): Bounds {
  const given = (list: readonly number[]) => list.map((bound, j) => (j === at ? value : bound));
  return { lower: given(lower), upper: given(upper) };
}

function problemOf({ logs, y, weights, centres }: LawData, bounds: Bounds): Separable {
  return {
    linear: [place.floor, ...centres.map((_, k) => place.amplitude(k))],
    // Cells by their number: the fits have a single coordinate.
    x: logs.map((_, i) => i),
    ...{ y, weights, ...bounds },
    gradient: (parameters, i) => [
      1,
      ...logs[i]!.flatMap((log, k) => {
        const power = Math.exp(-parameters[place.exponent(k)]! * log);
        return [power, -parameters[place.amplitude(k)]! * log * power];
      }),
    ],
  };
}

/** Least squares of log-residuals. */
export interface Least {
  readonly parameters: readonly number[];
  /** The parameters in which the law is nonlinear. */
  readonly shape: readonly number[];
  /** Infinite if no law is positive everywhere. */
  readonly sumOfSquares: number;
}

const maxSteps = 100;

/**
 * The best of several searches; the first with a small enough sum of squares ends them.
 *
 * @param problem with the weights of log-residuals
 */
export function bestFit(problem: Separable, starts: readonly ArrayLike<number>[], enough = 0): Least {
  const { at } = projectionOf(inShares(problem));
  const residuals = logResiduals(problem);
  let found: Least = { parameters: [], shape: [], sumOfSquares: Infinity };
  for (const start of starts) {
    const { parameters, sumOfSquares } = levenbergMarquardt(residuals, at(start).parameters, maxSteps);
    const isBetter = found.parameters.length === 0 || sumOfSquares < found.sumOfSquares;
    const shape = Array.from(parameters).filter((_, j) => !problem.linear.includes(j));
    if (isBetter) found = { parameters: Array.from(parameters), shape, sumOfSquares };
    if (sumOfSquares <= enough) break;
  }
  return found;
}

/** Linear in the levels, with relative residuals. */
function inShares(problem: Separable): Separable {
  return { ...problem, weights: problem.weights.map((weight, i) => weight / problem.y[i]!) };
}

function logResiduals({ linear, x, y, weights, gradient, lower, upper }: Separable): Residuals {
  const rowsAt = (parameters: Float64Array) => x.map((each) => gradient(parameters, each));
  const modelOf = (parameters: Float64Array, row: ArrayLike<number>) =>
    linear.reduce((sum, j) => sum + parameters[j]! * row[j]!, 0);
  return {
    count: y.length,
    at: (parameters) =>
      Float64Array.from(rowsAt(parameters), (row, i) => weights[i]! * Math.log(y[i]! / modelOf(parameters, row))),
    jacobian(parameters) {
      const result = matrix(y.length, lower.length);
      for (const [i, row] of rowsAt(parameters).entries()) {
        const factor = weights[i]! / modelOf(parameters, row);
        for (let j = 0; j < lower.length; j++) result.data[i * lower.length + j] = factor * row[j]!;
      }
      return result;
    },
    exact: exactly(weights.reduce((sum, weight) => sum + weight ** 2, 0)),
    lower: Float64Array.from(lower),
    upper: Float64Array.from(upper),
  };
}

const startingExponents = [0.03, 0.1, 0.2, 0.35, 0.6, 1, 2, 5];
const searched = { shapes: 3, steps: 60 };

/** Exponents at which a search may start: by variable projection, from the best few of a grid. */
function startsIn(problem: Separable, factors: number): ArrayLike<number>[] {
  const { at, search } = projectionOf(inShares(problem));
  const grid = Array.from({ length: factors }).reduce<number[][]>(
    (shapes) => shapes.flatMap((shape) => startingExponents.map((exponent) => [...shape, exponent])),
    [[]],
  );
  return grid
    .map(at)
    .sort((a, b) => a.sumOfSquares - b.sumOfSquares)
    .slice(0, searched.shapes)
    .map(({ shape }) => search(shape, searched.steps).shape);
}

/**
 * Least squares inside the bounds.
 *
 * @param near exponents to start at; default: searched
 * @param enough a sum of squares that is small enough
 */
export function solve(data: LawData, bounds: Bounds, near?: readonly ArrayLike<number>[], enough = 0): Least {
  const problem = problemOf(data, bounds);
  return bestFit(problem, near ?? startsIn(problem, data.centres.length), enough);
}

export function lawOf({ parameters }: Pick<Least, 'parameters'>, { centres }: Pick<LawData, 'centres'>): Law {
  return {
    floor: parameters[place.floor]!,
    terms: centres.map((centre, k) => {
      const exponent = parameters[place.exponent(k)]!;
      return { amplitude: parameters[place.amplitude(k)]! * centre ** exponent, exponent };
    }),
  };
}
