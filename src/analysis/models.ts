/**
 * Forms that a curve can take: each a data object with its formula, its source, its derivatives, its bounds and the shapes that a
 * search begins with. x is the natural logarithm of the scale. fits.ts fits them.
 *
 * Bounds come from the data: a level (floor, ceiling, limit) stays inside the metric's limits or, without them, within ten ranges
 * of the data beyond it; a rise is at least a tenth of the scales' span long, and at its steepest is over between two
 * neighbouring scales. Values beyond cannot be distinguished at the points.
 */
import type { FitParameters } from '../statistics/least-squares.js';
import { logistic, softplus } from '../statistics/logistic.js';
import type { DataRange } from './curve-data.js';
import { brokenPowerShapes, powerShapes, sigmoidShapes, twoSigmoidShapes } from './fit-grids.js';

export interface Bounds {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export interface CurveModel {
  readonly name: string;
  readonly formula: string;
  readonly source: string;
  readonly parameters: readonly string[];
  /**
   * Indices of the levels, in which the model is linear: it is the sum of each times its derivative. The rest is its shape.
   */
  readonly linear: readonly number[];
  readonly evaluate: (parameters: FitParameters, scale: number) => number;
  /** Derivatives with respect to the parameters. */
  readonly gradient: (parameters: FitParameters, scale: number) => number[];
  readonly bounds: (range: DataRange) => Bounds;
  /** Groups of shapes, `[groups][shapes][parameters]`: a search may start from the best of a group. */
  readonly shapes: (range: DataRange) => number[][][];
}

export const constant = polynomial('constant', 'y = c0', 'the null model: scale does not matter', 1);
export const line = polynomial('line', 'y = c0 + c1 x, x = ln N', 'straight line in log scale', 2);
const quadratic = polynomial('quadratic', 'y = c0 + c1 x + c2 x², x = ln N', 'parabola in log scale', 3);

export const powerLaw: CurveModel = {
  name: 'power-law',
  formula: 'y = A N^-a + E, 0.01 <= a <= 10; A below 0 for a curve that rises',
  source: 'Hestness et al. 2017 (arXiv 1712.00409); Hoffmann et al. 2022 (arXiv 2203.15556), Eq 2',
  parameters: ['amplitude', 'exponent', 'limit'],
  linear: [0, 2],
  evaluate: ([amplitude, exponent, limit], scale) => amplitude! * scale ** -exponent! + limit!,
  gradient([amplitude, exponent], scale) {
    const power = scale ** -exponent!;
    return [power, -amplitude! * Math.log(scale) * power, 1];
  },
  bounds: ({ lower, upper }) => ({ lower: [-Infinity, 0.01, lower], upper: [Infinity, 10, upper] }),
  shapes: powerShapes,
};

export const sigmoid: CurveModel = {
  name: 'sigmoid',
  formula:
    'y = floor + (ceiling - floor) / (1 + exp(-slope (ln N - midpoint))), slope above 0; ceiling below floor for a fall',
  source:
    'logistic curve with 4 parameters in log scale; as in Ruan et al. 2024 (arXiv 2405.10938), with free floor and ceiling',
  parameters: ['floor', 'ceiling', 'midpoint', 'slope'],
  linear: [0, 1],
  evaluate: ([floor, ceiling, midpoint, slope], scale) =>
    floor! + (ceiling! - floor!) * logistic(slope! * (Math.log(scale) - midpoint!)),
  gradient([floor, ceiling, midpoint, slope], scale) {
    const distance = Math.log(scale) - midpoint!;
    const share = logistic(slope! * distance);
    const steepness = (ceiling! - floor!) * share * (1 - share);
    return [1 - share, share, -slope! * steepness, distance * steepness];
  },
  bounds(range) {
    const [midpoint, slope] = [midpointBounds(range), slopeBounds(range)];
    return {
      lower: [range.lower, range.lower, midpoint[0], slope[0]],
      upper: [range.upper, range.upper, midpoint[1], slope[1]],
    };
  },
  shapes: sigmoidShapes,
};

/** Places of the heights of two sigmoids among their parameters; a midpoint and a slope follow each. */
const heightPlaces = [1, 4] as const;

/** Heights of either sign; the sigmoids are in no particular order. */
export const twoSigmoids: CurveModel = {
  name: 'two-sigmoids',
  formula: 'y = floor + sum of height_i / (1 + exp(-slope_i (ln N - midpoint_i))), i = 1, 2, slope_i above 0',
  source: 'a curve as a sum of abilities that switch on one after another: Michaud et al. 2023 (arXiv 2303.13506)',
  parameters: ['floor', 'height1', 'midpoint1', 'slope1', 'height2', 'midpoint2', 'slope2'],
  linear: [0, ...heightPlaces],
  evaluate(p, scale) {
    const x = Math.log(scale);
    let y = p[0]!;
    for (const i of heightPlaces) y += p[i]! * logistic(p[i + 2]! * (x - p[i + 1]!));
    return y;
  },
  gradient(p, scale) {
    const x = Math.log(scale);
    const result = [1];
    for (const i of heightPlaces) {
      const share = logistic(p[i + 2]! * (x - p[i + 1]!));
      const steepness = p[i]! * share * (1 - share);
      result.push(share, -p[i + 2]! * steepness, (x - p[i + 1]!) * steepness);
    }
    return result;
  },
  bounds(range) {
    const [midpoint, slope] = [midpointBounds(range), slopeBounds(range)];
    const height = range.upper - range.lower;
    return {
      lower: [range.lower, ...heightPlaces.flatMap(() => [-height, midpoint[0], slope[0]])],
      upper: [range.upper, ...heightPlaces.flatMap(() => [height, midpoint[1], slope[1]])],
    };
  },
  shapes: twoSigmoidShapes,
};

/**
 * Caballero et al.'s b is amplitude d^early: with the amplitude measured at the break instead of at N = 1, the same curves
 * have parameters that the data determine.
 */
export const brokenPowerLaw: CurveModel = {
  name: 'broken-power-law',
  formula:
    'y = a + B (N/d)^-c0 (1 + (N/d)^(1/f))^(-c1 f): limit a, amplitude B = b d^-c0, early exponent c0, change of exponent c1, break ln d, smoothness f',
  source: 'broken neural scaling law with one break, Caballero et al. 2022 (arXiv 2210.14891), Eq 1',
  parameters: ['limit', 'amplitude', 'early', 'change', 'break', 'smoothness'],
  linear: [0, 1],
  evaluate: ([limit, amplitude, early, change, at, smooth], scale) => {
    const u = Math.log(scale) - at!;
    return limit! + amplitude! * Math.exp(-early! * u - change! * smooth! * softplus(u / smooth!));
  },
  gradient([, amplitude, early, change, at, smooth], scale) {
    const u = Math.log(scale) - at!;
    const [bend, share] = [softplus(u / smooth!), logistic(u / smooth!)];
    const power = Math.exp(-early! * u - change! * smooth! * bend);
    const product = amplitude! * power;
    const [byBreak, bySmoothness] = [early! + change! * share, -change! * (bend - (u / smooth!) * share)];
    return [1, power, -u * product, -smooth! * bend * product, byBreak * product, bySmoothness * product];
  },
  bounds({ lower, upper, first, last, span, gap }) {
    const steepest = Math.min(10, 20 / gap);
    return {
      lower: [lower, -Infinity, -steepest, -2 * steepest, first - span / 2, gap / 50],
      upper: [upper, Infinity, steepest, 2 * steepest, last + span / 2, span],
    };
  },
  shapes: brokenPowerShapes,
};

/** In order of the number of parameters. */
export const models = {
  constant,
  line,
  quadratic,
  'power-law': powerLaw,
  sigmoid,
  'broken-power-law': brokenPowerLaw,
  'two-sigmoids': twoSigmoids,
} as const satisfies Readonly<Record<string, CurveModel>>;

export type ModelName = keyof typeof models;

function polynomial(name: string, formula: string, source: string, terms: number): CurveModel {
  const powers = (scale: number) => Array.from({ length: terms }, (_, j) => Math.log(scale) ** j);
  return {
    ...{ name, formula, source },
    parameters: Array.from({ length: terms }, (_, j) => `c${j}`),
    linear: Array.from({ length: terms }, (_, j) => j),
    evaluate: (parameters, scale) => powers(scale).reduce((sum, power, j) => sum + parameters[j]! * power, 0),
    gradient: (_, scale) => powers(scale),
    bounds: () => ({ lower: Array<number>(terms).fill(-Infinity), upper: Array<number>(terms).fill(Infinity) }),
    shapes: () => [[[]]],
  };
}

function midpointBounds({ first, last, span }: DataRange): readonly [number, number] {
  return [first - 2 * span, last + 2 * span];
}

function slopeBounds({ span, gap }: DataRange): readonly [number, number] {
  return [0.1 / span, 50 / gap];
}
