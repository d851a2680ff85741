/** What a forecast was worth once the truth is known. Quantiles stand for the whole distribution. */
import type { Metric } from '../../metrics/metric.js';
import type { Seal } from '../../runs/forecasts.js';
import { levels } from './forecast.js';
import { forecastMethods, type ForecastMethod } from './methods.js';

/**
 * Continuous ranked probability score: mean over the levels of twice the quantile loss (Gneiting and Ranjan 2011, J. Bus. Econ.
 * Stat. 29, 411-422; with these levels the weighted interval score of Bracher et al. 2021, PLoS Comput. Biol. 17(2)). In the unit of the
 * metric; the absolute error where all quantiles are one number.
 */
export function crps(quantiles: readonly number[], truth: number): number {
  let total = 0;
  for (let i = 0; i < levels.length; i++) {
    const q = quantiles[i]!;
    total += 2 * (truth < q ? (1 - levels[i]!) * (q - truth) : levels[i]! * (truth - q));
  }
  return total / levels.length;
}

/** Central intervals that forecasts are held to. */
export const coverages = [0.5, 0.8, 0.95] as const;
export type Coverage = (typeof coverages)[number];

export interface CentralInterval {
  readonly lower: number;
  readonly upper: number;
}

export function centralInterval(quantiles: readonly number[], coverage: Coverage): CentralInterval {
  const tail = Math.round(((1 - coverage) / 2) * (levels.length + 1));
  return { lower: quantiles[tail - 1]!, upper: quantiles[levels.length - tail]! };
}

export function medianOf(quantiles: readonly number[]): number {
  return quantiles[(levels.length - 1) / 2]!;
}

export interface TargetScore {
  /** Median less mean over seeds, in the metric's unit. */
  readonly error: number;
  /** ln of their ratio; NaN where one is not above 0. */
  readonly logError: number;
  /** Mean over seeds. */
  readonly crps: number;
  /** For each of `coverages`: how many seeds lie inside. */
  readonly covered: readonly number[];
  readonly seeds: number;
}

/** @param truths the metric of each seed, at least one */
export function scoreTarget(quantiles: readonly number[], truths: readonly number[]): TargetScore {
  const mean = truths.reduce((sum, value) => sum + value, 0) / truths.length;
  const median = medianOf(quantiles);
  return {
    error: median - mean,
    logError: median > 0 && mean > 0 ? Math.log(median / mean) : NaN,
    crps: truths.reduce((sum, truth) => sum + crps(quantiles, truth), 0) / truths.length,
    covered: coverages.map((coverage) => {
      const { lower, upper } = centralInterval(quantiles, coverage);
      return truths.filter((truth) => truth >= lower && truth <= upper).length;
    }),
    seeds: truths.length,
  };
}

export interface MethodScore {
  readonly method: string;
  readonly kind: ForecastMethod['kind'];
  /** `[targets]` of those that are trained. */
  readonly targets: readonly (TargetScore & { readonly quantiles: readonly number[] })[];
  /** Mean over targets of |error|, and of |logError| where there is one. */
  readonly error: number;
  readonly logError: number;
  readonly crps: number;
  /** CRPS over that of the best baseline; below 1 is better; NaN where a baseline is exact. */
  readonly skill: number;
  /** For each of `coverages`: members inside. */
  readonly covered: readonly number[];
  readonly members: number;
}

export interface ScoredTarget {
  readonly width: number;
  readonly parameters: number;
  /** Of each seed. */
  readonly truths: readonly number[];
}

export interface MetricScore {
  readonly metric: Metric;
  readonly known: Seal['metrics'][number]['known'];
  readonly targets: readonly ScoredTarget[];
  readonly methods: readonly MethodScore[];
  readonly silent: Seal['metrics'][number]['silent'];
}

/**
 * @param sealed the forecast of one metric
 * @param truths for each target of the seal its members' values; undefined for one that is not trained
 */
export function scoreMetric(
  metric: Metric,
  sealed: Seal['metrics'][number],
  targets: Seal['targets'],
  truths: readonly (readonly number[] | undefined)[],
): MetricScore {
  const scored = targets.flatMap(({ width, parameters }, t) => {
    const values = truths[t];
    return values === undefined ? [] : [{ width, parameters, truths: values, place: t }];
  });
  const methods = sealed.methods.map(({ method, quantiles }) => {
    const scores = scored.map(({ truths: values, place }) => ({
      quantiles: quantiles[place]!,
      ...scoreTarget(quantiles[place]!, values),
    }));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      method,
      kind: forecastMethods.find(({ name }) => name === method)?.kind ?? 'direct',
      targets: scores,
      error: mean(scores.map(({ error }) => Math.abs(error))),
      logError: mean(scores.map(({ logError }) => Math.abs(logError)).filter((value) => !Number.isNaN(value))),
      crps: mean(scores.map((score) => score.crps)),
      covered: coverages.map((_, i) => scores.reduce((sum, { covered }) => sum + covered[i]!, 0)),
      members: scores.reduce((sum, { seeds }) => sum + seeds, 0),
    };
  });
  const baseline = Math.min(...methods.filter(({ kind }) => kind === 'baseline').map(({ crps }) => crps));
  return {
    metric,
    known: sealed.known,
    targets: scored.map(({ width, parameters, truths: values }) => ({ width, parameters, truths: values })),
    methods: methods.map((each) => ({ ...each, skill: baseline > 0 ? each.crps / baseline : NaN })),
    silent: sealed.silent,
  };
}
