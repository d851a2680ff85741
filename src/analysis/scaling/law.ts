/**
 * Scaling laws: loss = E + A / N^a + B / D^b over parameters N and training examples D (Hoffmann et al. 2022, arXiv 2203.15556, Eq 2), and
 * the form of one factor, E + A / N^a (Kaplan et al. 2020, arXiv 2001.08361, have it without E).
 *
 * Fitted by variable projection: E, A and B, none below 0, are solved for in closed form at each pair of exponents, which alone are searched.
 * Residuals are shares of the loss, to first order the log-residuals of Hoffmann et al., so that a law does not depend on the loss's unit and
 * small losses count. Plain least squares in place of their Huber loss: its threshold of 1e-3 is far below the scatter of seeds, where it
 * is a sum of absolute values, it has no closed form for E, A and B, and what ended it too soon gave wrong exponents and intervals too
 * narrow to be true (Besiroglu et al. 2024, arXiv 2404.10102).
 */
import { mean } from '../../statistics/mean.js';
import type { Parameters } from '../../statistics/least-squares.js';
import { projectionOf, type Projected, type Separable } from '../../statistics/variable-projection.js';

/** Members that differ in their seed alone. */
export interface Cell {
  /** One for each factor, above 0. */
  readonly coordinates: readonly number[];
  /** A loss of each seed, above 0. */
  readonly values: readonly number[];
}

export interface Term {
  readonly amplitude: number;
  readonly exponent: number;
}

export interface Law {
  /** E, what no scale takes away. */
  readonly floor: number;
  /** One for each factor. */
  readonly terms: readonly Term[];
}

/** `coordinates` as those of a cell. */
export function lossAt({ floor, terms }: Law, coordinates: readonly number[]): number {
  return terms.reduce((sum, { amplitude, exponent }, k) => sum + amplitude * coordinates[k]! ** -exponent, floor);
}

/** An exponent at one of these is not told from all beyond it: a logarithm, or a drop behind the first scale. */
export const exponentBounds = [0.01, 10] as const;

/** Places in the list E, A, a, B, b. */
export const place = { floor: 0, amplitude: (k: number) => 1 + 2 * k, exponent: (k: number) => 2 + 2 * k } as const;

/** What a fit takes in: means over seeds, in units in which the law's parameters are of one size. */
export interface LawData {
  /** Geometric means of the coordinates, `[factors]`: amplitudes are those of N / centre. */
  readonly centres: readonly number[];
  /** ln(N / centre), `[cells][factors]`. */
  readonly logs: readonly (readonly number[])[];
  /** `[cells]` */
  readonly y: readonly number[];
  /** Root of the number of seeds, over the mean. `[cells]` */
  readonly weights: readonly number[];
}

export function lawData(cells: readonly Cell[]): LawData {
  const factors = cells[0]!.coordinates.map((_, k) => k);
  const middles = factors.map((k) => mean(cells.map(({ coordinates }) => Math.log(coordinates[k]!))));
  const y = cells.map(({ values }) => mean(values));
  return {
    centres: middles.map(Math.exp),
    logs: cells.map(({ coordinates }) => coordinates.map((x, k) => Math.log(x) - middles[k]!)),
    y,
    weights: cells.map(({ values }, i) => Math.sqrt(values.length) / y[i]!),
  };
}

/** A further point that the law is to pass: as near as its weight says. */
export function withPoint(
  { centres, logs, y, weights }: LawData,
  point: { readonly coordinates: readonly number[]; readonly value: number; readonly weight: number },
): LawData {
  const at = point.coordinates.map((x, k) => Math.log(x / centres[k]!));
  return { centres, logs: [...logs, at], y: [...y, point.value], weights: [...weights, point.weight] };
}

export interface Bounds {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export function lawBounds({ centres }: LawData): Bounds {
  return {
    lower: [0, ...centres.flatMap(() => [0, exponentBounds[0]])],
    upper: [Infinity, ...centres.flatMap(() => [Infinity, exponentBounds[1]])],
  };
}

/** The same with one of the parameters given. */
export function fixed({ lower, upper }: Bounds, at: number, value: number): Bounds {
  const given = (list: readonly number[]) => list.map((bound, j) => (j === at ? value : bound));
  return { lower: given(lower), upper: given(upper) };
}

function separable({ logs, y, weights, centres }: LawData, bounds: Bounds): Separable {
  return {
    linear: [place.floor, ...centres.map((_, k) => place.amplitude(k))],
    // Cells by their number: the lab's fits have one coordinate.
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

/** The best of several searches; the first whose sum of squares is small enough ends them. */
export function best(problem: Separable, starts: readonly Parameters[], enough = 0): Projected {
  const { search } = projectionOf(problem);
  let found: Projected | undefined;
  for (const start of starts) {
    const next = search(start, maxSteps);
    if (found === undefined || next.sumOfSquares < found.sumOfSquares) found = next;
    if (found.sumOfSquares <= enough) break;
  }
  return found!;
}

const maxSteps = 60;

const startingExponents = [0.03, 0.1, 0.2, 0.35, 0.6, 1, 2, 5];
const searched = 3;

/** Exponents that a search may begin at: the best few of a grid. */
function startsIn(problem: Separable, factors: number): ArrayLike<number>[] {
  const { at } = projectionOf(problem);
  const grid = Array.from({ length: factors }).reduce<number[][]>(
    (shapes) => shapes.flatMap((shape) => startingExponents.map((exponent) => [...shape, exponent])),
    [[]],
  );
  return grid
    .map(at)
    .sort((a, b) => a.sumOfSquares - b.sumOfSquares)
    .slice(0, searched)
    .map(({ shape }) => shape);
}

/**
 * Least squares inside the bounds.
 *
 * @param near exponents to begin at; left out: the best of a grid
 * @param enough a sum of squares that is small enough
 */
export function solve(data: LawData, bounds: Bounds, near?: readonly ArrayLike<number>[], enough = 0): Projected {
  const problem = separable(data, bounds);
  const starts = near ?? startsIn(problem, data.centres.length);
  return best(
    problem,
    starts.map((start) => Float64Array.from(start)),
    enough,
  );
}

export function lawOf({ parameters }: Pick<Projected, 'parameters'>, { centres }: Pick<LawData, 'centres'>): Law {
  return {
    floor: parameters[place.floor]!,
    terms: centres.map((centre, k) => {
      const exponent = parameters[place.exponent(k)]!;
      return { amplitude: parameters[place.amplitude(k)]! * centre ** exponent, exponent };
    }),
  };
}
