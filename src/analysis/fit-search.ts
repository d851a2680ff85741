/** Where fits of the curve models start: the best shapes of the models' grids that are not neighbours of each other. */
import { projectionOf, type Projected, type Projection } from '../statistics/variable-projection.js';
import type { DataRange } from './curve-data.js';
import type { CurveModel } from './models.js';

/**
 * The search begins from the best shapes of this many groups, and the best few are continued to convergence. One or two dimensions of
 * shape have few optima; with four or six dimensions, fewer searches end above SciPy's result in one published curve of ten.
 */
const begun = { flat: 8, deep: 60, steps: 20 };
const ended = { groups: 8, steps: 100 };

/**
 * Parameters that a fit may start from, best first: shapes with the best levels of each, searched from the best shapes of the model's
 * groups.
 */
export function startingPoints(model: CurveModel, range: DataRange): (readonly number[])[] {
  const { at, search } = projected(model, range);
  const nodes = sorted(model.shapes(range).flatMap((group) => sorted(group.map(at)).slice(0, 1)));
  const groups = model.parameters.length - model.linear.length > 2 ? begun.deep : begun.flat;
  const near = sorted(nodes.slice(0, groups).map(({ shape }) => search(shape, begun.steps)));
  // Searches that have already reached the same place count as one.
  const different = near.filter(({ sumOfSquares }, i) => i === 0 || sumOfSquares > 1.001 * near[i - 1]!.sumOfSquares);
  const found = sorted(different.slice(0, ended.groups).map(({ shape }) => search(shape, ended.steps)));
  return found.map(({ parameters }) => parameters);
}

/**
 * Of parameters that fit other data at the same scales, the ones that fit these data best, with the best levels for
 * them.
 */
export function startingPointsAmong(
  model: CurveModel,
  range: DataRange,
  among: readonly (readonly number[])[],
  count: number,
): (readonly number[])[] {
  const { at } = projected(model, range);
  const shapeOf = (parameters: readonly number[]) => parameters.filter((_, j) => !model.linear.includes(j));
  const found = sorted(among.map((parameters) => at(shapeOf(parameters))));
  return found.slice(0, count).map(({ parameters }) => parameters);
}

/** The best node of the grid of shapes, with the best levels. */
export function bestNode(model: CurveModel, range: DataRange): readonly number[] | undefined {
  const { at } = projected(model, range);
  return sorted(model.shapes(range).flatMap((group) => group.map(at)))[0]?.parameters;
}

function projected({ linear, gradient, bounds }: CurveModel, range: DataRange): Projection {
  const { scales, y, weights } = range;
  return projectionOf({ linear, gradient, ...bounds(range), x: scales, y, weights });
}

/** Best first, without values that are not finite. Differences below rounding do not count and keep their order. */
function sorted(found: readonly Projected[]): Projected[] {
  return found
    .filter(({ sumOfSquares }) => Number.isFinite(sumOfSquares))
    .sort((a, b) => Math.max(a.exact, a.sumOfSquares) - Math.max(b.exact, b.sumOfSquares));
}
