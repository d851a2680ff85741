/**
 * The predictive distribution of a member that is not trained yet, from a fitted curve, as draws. Three sources of uncertainty
 * are combined:
 *
 * - the points: test examples and seeds are resampled (the curve's own bootstrap), and the model is fitted again. The prediction
 * is for members on another test set of this size, so intervals are wide for members on the same one;
 * - the model: if the points lie further from the curve than that explains, the excess is treated as a deviation of the truth
 * from it, independent between scales, whose variance is itself uncertain (s² df / chi², so that the tails are Student's);
 * - the member: it has its own seed, which scatters as the seeds of the fitted scales do.
 *
 * None of them covers a truth that departs from the model beyond the fitted scales.
 */
import { sumOfSquaredNormals } from '../../statistics/normal.js';
import type { Limits } from '../../metrics/metric.js';
import { aicc, FitError, leastSquares } from '../../statistics/least-squares.js';
import { dot, orthonormal } from '../../statistics/projection.js';
import type { Random } from '../../statistics/random.js';
import { varianceComponents } from '../../statistics/variance-components.js';
import { dataRangeOf } from '../curve-data.js';
import { fitModel, type ModelFit } from '../fits.js';
import type { CurveModel } from '../models.js';
import { bestNode, startingPointsAmong } from '../fit-search.js';
import { counted } from '../../terminal/format.js';
import { mean } from '../../statistics/mean.js';

/** A curve at the scales at which it is known. */
export interface KnownCurve {
  /** Above 0, ascending, `[scales]`. */
  readonly scales: readonly number[];
  /** Values of the members of each scale: one per seed. */
  readonly seeds: readonly (readonly number[])[];
  /** Bootstrap draws of the means over seeds, `[draws]` of `[scales]`; none if only the scatter around the fit is known. */
  readonly resampled: readonly ArrayLike<number>[];
  readonly limits: Limits;
  /** Relative scatter of a value: 1 everywhere, or the value itself. */
  readonly spread: (value: number) => number;
}

export interface PredictiveDraws {
  /** Fit to all members, with its AICc counting scales as in `shapeOf`. */
  readonly fit: ModelFit;
  /** `[targets]` of `[draws]`, inside the limits. */
  readonly draws: readonly Float64Array[];
}

export interface Targets {
  /** Above 0, `[targets]`. */
  readonly scales: readonly number[];
  readonly draws: number;
  readonly random: Random;
}

/** Maximum number of steps of a fit to a draw, which starts at the fit to the data. */
const stepsOfRefit = 60;

/** @throws FitError if there are no more scales than the model has parameters, and if no start of the fit converged */
export function predictiveDraws(
  model: CurveModel,
  curve: KnownCurve,
  { scales: targets, draws, random }: Targets,
): PredictiveDraws {
  const { scales, limits, spread } = curve;
  const n = scales.length;
  const spare = n - model.parameters.length;
  if (spare < 1)
    throw new FitError('too-few-points', `${counted(n, 'scale')}; ${model.name} needs ${model.parameters.length + 1}`);
  const means = curve.seeds.map(mean);
  const units = means.map(spread);
  const finite = { lower: limits[0], upper: limits[1] };
  const members = fitModel(model, {
    scales: curve.seeds.flatMap((values, i) => values.map(() => scales[i]!)),
    values: curve.seeds.flat(),
    standardErrors: curve.seeds.flatMap((values, i) => values.map(() => units[i]!)),
    limits: finite,
  });
  const fitted = scales.map((scale) => model.evaluate(members.parameters, scale));
  const fit = { ...members, aicc: scalesAicc(model, { seeds: curve.seeds, means, fitted, units }) };
  const residual = sum(means.map((mean, i) => ((mean - fitted[i]!) / units[i]!) ** 2)) / spare;
  const explained = resampledResidual({ model, fit, curve, means, units, spare });
  const seedVariance = varianceOfSeeds(curve.seeds, units);
  // Of a mean over seeds; with a single seed, the scatter around the fit already includes it.
  const sampled = Math.max(explained, curve.resampled.length > 0 ? 0 : seedVariance / curve.seeds[0]!.length);

  const results = targets.map(() => new Float64Array(draws));
  const y = new Float64Array(n);
  for (let b = 0; b < draws; b++) {
    const wander = Math.sqrt(Math.max(0, (residual * spare) / sumOfSquaredNormals(spare, random) - sampled));
    const drawn = curve.resampled.length === 0 ? undefined : curve.resampled[b % curve.resampled.length]!;
    for (let i = 0; i < n; i++) {
      const noise = drawn === undefined ? Math.sqrt(sampled) * random.normal() * units[i]! : drawn[i]! - means[i]!;
      y[i] = fitted[i]! + noise + wander * random.normal() * units[i]!;
    }
    const parameters = refit(model, { scales, values: [...y], standardErrors: units, limits: finite }, fit);
    targets.forEach((target, t) => {
      const value = model.evaluate(parameters, target);
      const unit = spread(Math.min(limits[1], Math.max(limits[0], value)));
      const scatter = wander * random.normal() + Math.sqrt(seedVariance) * random.normal();
      results[t]![b] = Math.min(limits[1], Math.max(limits[0], value + unit * scatter));
    });
  }
  return { fit, draws: results };
}

interface Around {
  readonly seeds: KnownCurve['seeds'];
  readonly means: readonly number[];
  readonly fitted: readonly number[];
  readonly units: readonly number[];
}

/** Members of a scale deviate together: see `curve-shape.ts`. */
function scalesAicc(model: CurveModel, { seeds, means, fitted, units }: Around): number {
  const { deviance } = varianceComponents({
    residuals: means.map((mean, i) => (mean - fitted[i]!) / units[i]!),
    sizes: seeds.map(({ length }) => length),
    within: sum(seeds.map((values, i) => sum(values.map((value) => ((value - means[i]!) / units[i]!) ** 2)))),
  });
  return aicc(deviance, model.parameters.length + 1, seeds.length);
}

type Points = Parameters<typeof dataRangeOf>[0];

/**
 * A draw may have another optimum than the data, so the search also starts from the best node of the grid (otherwise the intervals of
 * a sigmoid are too narrow) or, if the grid is too large for that, from the two optima of the data that suit the draw best.
 */
function refit(model: CurveModel, data: Points, { parameters, attempts }: ModelFit): readonly number[] {
  const range = dataRangeOf(data, model);
  const optima = attempts.map((attempt) => Array.from(attempt.parameters));
  const isDeep = model.parameters.length - model.linear.length > 2;
  const starts = isDeep
    ? startingPointsAmong(model, range, optima, 2)
    : [parameters, bestNode(model, range) ?? parameters];
  try {
    return leastSquares({
      ...{ x: data.scales, y: data.values, standardErrors: data.standardErrors },
      ...{ model: model.evaluate, gradient: model.gradient, maxSteps: stepsOfRefit },
      ...model.bounds(range),
      starts,
    }).parameters;
  } catch (error) {
    if (error instanceof FitError) return parameters;
    throw error;
  }
}

interface Resampling {
  readonly model: CurveModel;
  readonly fit: ModelFit;
  readonly curve: KnownCurve;
  readonly means: readonly number[];
  readonly units: readonly number[];
  readonly spare: number;
}

/**
 * What `residual` would be if only the bootstrap moved the points, in units of the spread: of its draws, the part that the model
 * cannot follow. Test examples that all members share move the points together, which a model follows well.
 */
function resampledResidual({ model, fit, curve, means, units, spare }: Resampling): number {
  const { resampled, scales } = curve;
  if (resampled.length === 0) return 0;
  const rows = scales.map((scale, i) => model.gradient(fit.parameters, scale).map((value) => value / units[i]!));
  const basis = orthonormal(model.parameters.map((_, j) => Float64Array.from(rows, (row) => row[j]!)));
  const left = resampled.map((draw) => {
    const moved = Float64Array.from(means, (mean, i) => (draw[i]! - mean) / units[i]!);
    return dot(moved, moved) - sum(basis.map((direction) => dot(direction, moved) ** 2));
  });
  return Math.max(0, sum(left)) / left.length / spare;
}

/** Between seeds, pooled over scales, in units of the spread; 0 if each scale has only one. */
function varianceOfSeeds(seeds: readonly (readonly number[])[], units: readonly number[]): number {
  let [squares, degrees] = [0, 0];
  seeds.forEach((values, i) => {
    const mean = sum(values) / values.length;
    squares += sum(values.map((value) => ((value - mean) / units[i]!) ** 2));
    degrees += values.length - 1;
  });
  return degrees === 0 ? 0 : squares / degrees;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
