/**
 * Is a curve bent, and how? A straight line in log scale against a parabola and a sigmoid, by AICc (Hurvich and Tsai 1989): a
 * question that no single step decides. Members of one scale are not independent: scales deviate from any curve together with their
 * seeds. So the likelihood has a variance between scales besides that of seeds, and AICc counts scales, which is exact if the
 * variance between scales dominates: a curve is then a regression of as many means as there are scales. Shares stay shares: the line
 * and the parabola are inside the metric's limits at the ends (and in the middle), the sigmoid everywhere.
 */
import { mean, squaresAbout } from '../statistics/mean.js';
import { aicc, akaikeWeights, FitError } from '../statistics/least-squares.js';
import { varianceComponents } from '../statistics/variance-components.js';
import type { CurveData } from './curve-data.js';
import { fitModel } from './fits.js';
import { models, sigmoid, type CurveModel, type ModelName } from './models.js';

export interface CurveShape {
  /** The model with the least AICc. */
  readonly preferred: ModelName;
  /**
   * AICc of the line above that of the preferred model; 0 if that is the line. docs/emergence.md says how often it is above 10 by
   * chance.
   */
  readonly lineAbove: number;
  /** Akaike weight of the line among the three. */
  readonly lineWeight: number;
}

/** Fewest scales: with one less, the AICc of a sigmoid is undefined. */
const fewestScales = 7;

/**
 * @param points one for each member
 * @param limits values that the metric can have
 * @returns undefined with fewer than seven scales, and where there is nothing to fit: a constant curve
 */
export function shapeOf(
  points: readonly { readonly scale: number; readonly value: number }[],
  limits?: CurveData['limits'],
): CurveShape | undefined {
  const scales = [...new Set(points.map(({ scale }) => scale))].sort((a, b) => a - b);
  if (scales.length < fewestScales || new Set(points.map(({ value }) => value)).size === 1) return undefined;
  const seeds = scales.map((scale) => points.filter((point) => point.scale === scale).map(({ value }) => value));
  const [first, last] = [Math.log(scales[0]!), Math.log(scales.at(-1)!)];
  const candidates = [
    through('line', [first, last]),
    through('quadratic', [first, (first + last) / 2, last]),
    sigmoid,
  ] as const;
  try {
    const scores = candidates.map((model) => criterionOf(model, { scales, seeds, limits }));
    const least = Math.min(...scores);
    return {
      preferred: candidates[scores.indexOf(least)]!.name as ModelName,
      lineAbove: scores[0]! - least,
      lineWeight: akaikeWeights(scores)[0]!,
    };
  } catch (error) {
    if (error instanceof FitError) return undefined;
    throw error;
  }
}

/** The polynomial with these values at these places (Lagrange's form), each inside the limits. */
function through(name: 'line' | 'quadratic', places: readonly number[]): CurveModel {
  const basis = (scale: number) =>
    places.map((at) =>
      places.reduce(
        (product, other) => (other === at ? product : (product * (Math.log(scale) - other)) / (at - other)),
        1,
      ),
    );
  return {
    ...models[name],
    parameters: places.map((_, j) => `y${j}`),
    evaluate: (values, scale) => basis(scale).reduce((sum, weight, j) => sum + weight * values[j]!, 0),
    gradient: (_, scale) => basis(scale),
    bounds: ({ lower, upper }) => ({ lower: places.map(() => lower), upper: places.map(() => upper) }),
  };
}

interface SeededCurve {
  readonly scales: readonly number[];
  /** Values of the members of each scale. */
  readonly seeds: readonly (readonly number[])[];
  readonly limits: CurveData['limits'];
}

/** Rounds of fitting with the weights that the variances give, if scales differ in their numbers of seeds. */
const rounds = 4;

/** AICc counting scales: the curve's parameters and the variance of means; the seeds alone determine their variance. */
function criterionOf(model: CurveModel, { scales, seeds, limits }: SeededCurve): number {
  const sizes = seeds.map(({ length }) => length);
  const means = seeds.map((values) => mean(values));
  const within = seeds.reduce((total, values, i) => total + squaresAbout(means[i]!, values), 0);
  const balanced = new Set(sizes).size === 1;
  let [deviance, ratio] = [Infinity, Infinity];
  for (let round = 0; round < (balanced ? 1 : rounds); round++) {
    const standardErrors = sizes.map((size) => (ratio === Infinity ? 1 : Math.sqrt(ratio + 1 / size)));
    const fit = fitModel(model, { scales, values: means, standardErrors, limits });
    const residuals = means.map((mean, i) => mean - model.evaluate(fit.parameters, scales[i]!));
    const found = varianceComponents({ residuals, sizes, within });
    ratio = found.ratio;
    deviance = Math.min(deviance, found.deviance);
  }
  return aicc(deviance, model.parameters.length + 1, scales.length);
}
