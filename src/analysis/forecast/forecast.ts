/** A metric of members that are not trained yet: quantiles by every method, and their fits. */
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import type { OutcomeName } from '../../runs/outcomes.js';
import { quantile } from '../../statistics/bootstrap.js';
import { FitError, parameterInterval } from '../../statistics/least-squares.js';
import { predictionNeeds } from '../independence.js';
import type { OnStep } from '../../terminal/steps.js';
import { forecastMethods, problemOf, type UsedFit } from './methods.js';
import { latentOf } from './outcome-distribution.js';

/**
 * The quantiles that make up a forecast: 1/200 to 199/200, which include the ends of the 50, 80 and 95 % intervals. Seals of earlier
 * versions have 39, 1/40 to 39/40.
 */
export const levels: readonly number[] = Array.from({ length: 199 }, (_, i) => (i + 1) / 200);

export interface FitSummary {
  /** What was fitted: the metric, or a number that it is derived from. */
  readonly of: string;
  readonly model: string;
  /** Share of the method's draws. */
  readonly weight: number;
  /** The remaining fields are missing for a method without parameters. */
  readonly converged?: boolean;
  readonly aicc?: number;
  /** Root mean square of the members' residuals, relative to the scatter of such a value. */
  readonly rms?: number;
  readonly parameters?: readonly {
    readonly name: string;
    readonly value: number;
    readonly lower: number;
    readonly upper: number;
    readonly atBound: boolean;
  }[];
}

export interface MethodForecast {
  readonly method: string;
  /** `[targets]` of `[levels]`, ascending. */
  readonly quantiles: readonly (readonly number[])[];
  readonly fits: readonly FitSummary[];
}

export interface MetricForecast {
  readonly metric: Metric;
  /** `[scales]`: parameters, and the metric of each seed. */
  readonly known: readonly {
    readonly width: number;
    readonly parameters: number;
    readonly values: readonly number[];
  }[];
  readonly methods: readonly MethodForecast[];
  /** Methods that cannot make a forecast, and why. */
  readonly silent: readonly { readonly method: string; readonly why: string }[];
}

export interface ForecastRequest {
  /** Parameters of the members that are forecast. */
  readonly targets: readonly number[];
  /** Default: 400. */
  readonly draws?: number;
  readonly seed?: number;
  /** Called after each method. */
  readonly onStep?: OnStep;
}

export const forecastDraws = 400;

/** Columns that the methods read for a metric. */
export function forecastNeeds(metric: Metric): OutcomeName[] {
  return [...new Set([...metric.needs, ...(predictionNeeds(metric) ?? []), ...(latentOf(metric)?.needs ?? [])])];
}

/**
 * @param members of at least two scales
 * @throws UsageError if the test set is too small for the metric
 */
export function forecastMetric(
  metric: Metric,
  members: readonly MemberOutcomes[],
  { targets, draws = forecastDraws, seed = 0, onStep }: ForecastRequest,
): MetricForecast {
  const problem = problemOf(metric, members, { targets, draws, seed });
  const methods: MethodForecast[] = [];
  const silent: { method: string; why: string }[] = [];
  for (const [i, { name, run }] of forecastMethods.entries()) {
    try {
      const result = run(problem);
      if (!result.draws.every((each) => each.every(Number.isFinite)))
        throw new FitError('not-finite', 'it returned a value that is not a number');
      methods.push({ method: name, quantiles: result.draws.map(quantilesOf), fits: result.fits.map(summaryOf) });
    } catch (error) {
      if (!(error instanceof FitError)) throw error;
      silent.push({ method: name, why: error.message });
    }
    onStep?.(i + 1, forecastMethods.length);
  }
  const widths = [...new Set(members.map(({ record }) => record.width))].sort((a, b) => a - b);
  const known = widths.map((width, i) => ({
    width,
    parameters: problem.scales[i]!,
    values: problem.curve.seeds[i]!,
  }));
  return { metric, known, methods, silent };
}

function quantilesOf(draws: Float64Array): number[] {
  const ascending = draws.slice().sort();
  return levels.map((level) => quantile(ascending, level));
}

function summaryOf({ of, name: model, fit, weight }: UsedFit): FitSummary {
  if (fit === undefined) return { of, model, weight };
  const { converged, aicc, sumOfSquares, points, parameters, atBound } = fit;
  return {
    of,
    model,
    weight,
    converged,
    aicc,
    rms: Math.sqrt(sumOfSquares / points),
    parameters: fit.model.parameters.map((name, i) => ({
      name,
      value: parameters[i]!,
      ...parameterInterval(fit, i),
      atBound: atBound[i]!,
    })),
  };
}
