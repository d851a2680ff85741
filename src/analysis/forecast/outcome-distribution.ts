/**
 * Predicts a thresholded metric from the continuous outcome behind it: the metric is the share of the test set whose *latent*
 * number is above 0, such as the logarithm of cutoff / error, or the log odds of the true class against the next. The
 * distribution of the latent moves smoothly with scale even where the share stays at 0. Each member's distribution is described
 * by its location and width relative to that of the largest known scale, whose shape is kept (regression of quantiles on
 * quantiles); both numbers are extrapolated.
 */
import { bisectRight } from 'd3-array';
import type { Metric } from '../../metrics/metric.js';
import type { OutcomeName, OutcomeTable } from '../../runs/outcomes.js';
import { quantile } from '../../statistics/bootstrap.js';

export interface Latent {
  readonly needs: readonly OutcomeName[];
  /** One number for each unit, above 0 if the metric counts it. */
  readonly of: (outcomes: Partial<OutcomeTable>, parameters: Metric['parameters']) => Float64Array;
  /** `ln(c / mse)` */
  readonly formula: string;
  /** The metric as a function of the share above 0; default: the metric's own transform. */
  readonly metricOf?: (share: number, parameters: Metric['parameters']) => number;
}

const logOdds: Latent = {
  needs: ['correct', 'log_probability', 'margin'],
  formula: 'ln(p / q), p the probability of the true class, q that of the most probable other',
  of: (outcomes) => logOddsOf(outcomes),
};

const latents: Readonly<Record<string, Latent>> = {
  accuracy: logOdds,
  'subset-accuracy': logOdds,
  'image-accuracy': logOdds,
  'sequence-accuracy': {
    ...logOdds,
    formula: `${logOdds.formula}, of each image; then the l-th power, as if images of a sequence were independent`,
    metricOf: (share, { l }) => share ** Number(l),
  },
  reconstruction: {
    needs: ['mse'],
    formula: 'ln(c / mse)',
    of: ({ mse }, { c }) => Float64Array.from(mse!, (error) => Math.log(Number(c) / Math.max(error, 1e-12))),
  },
};

/** Undefined for a metric that is not a threshold on a continuous outcome. */
export function latentOf({ name }: Pick<Metric, 'name'>): Latent | undefined {
  return latents[name];
}

/** Beyond this, float32 probabilities near 1 cannot be distinguished: 1 - 6e-6. */
const saturated = 12;

function logOddsOf({ correct, log_probability, margin }: Partial<OutcomeTable>): Float64Array {
  return Float64Array.from(log_probability!, (log, i) => {
    const other = Math.max(1e-7, Math.exp(log) - margin![i]!);
    const odds = log - Math.log(other);
    // Rounding of nearly equal probabilities must not change which class is predicted.
    return correct![i] === 1 ? Math.max(odds, 1e-9) : Math.min(odds, -1e-9);
  });
}

/** Relative to the reference: `location` of its centre, and `logSpread`, the logarithm of how much wider it is. */
export interface Placement {
  readonly location: number;
  readonly logSpread: number;
}

/** The distribution that others are compared with. */
export interface Reference {
  /** Ascending. */
  readonly values: Float64Array;
  /** Levels of the quantiles that are used, and the quantiles. */
  readonly levels: readonly number[];
  readonly quantiles: readonly number[];
  readonly weights: readonly number[];
  /** Weighted mean of the quantiles. */
  readonly centre: number;
}

/** Latents of all members of the largest known scale. */
export function referenceOf(members: readonly Float64Array[]): Reference {
  const values = new Float64Array(members.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const member of members) {
    values.set(member, at);
    at += member.length;
  }
  values.sort();
  const all = Array.from({ length: 199 }, (_, i) => (i + 1) / 200);
  const levels = all.filter((level) => quantile(values, level) < saturated);
  const quantiles = levels.map((level) => quantile(values, level));
  const width = quantile(values, 0.75) - quantile(values, 0.25) || 1;
  // Quantiles near the threshold matter most.
  const weights = quantiles.map((value) => 1 / (1 + (value / width) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const centre = quantiles.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
  return { values, levels, quantiles, weights, centre };
}

/** Weighted regression of a member's quantiles on the reference's. Undefined if it has no spread. */
export function placementOf(latent: Float64Array, reference: Reference): Placement | undefined {
  const ascending = latent.slice().sort();
  let [total, meanX, meanY] = [0, 0, 0];
  const points = reference.levels.flatMap((level, i) => {
    const y = quantile(ascending, level);
    return y < saturated ? [[reference.quantiles[i]!, y, reference.weights[i]!] as const] : [];
  });
  for (const [x, y, weight] of points) {
    total += weight;
    meanX += weight * x;
    meanY += weight * y;
  }
  [meanX, meanY] = [meanX / total, meanY / total];
  let [xx, xy] = [0, 0];
  for (const [x, y, weight] of points) {
    xx += weight * (x - meanX) ** 2;
    xy += weight * (x - meanX) * (y - meanY);
  }
  const slope = xy / xx;
  if (!(slope > 0) || !Number.isFinite(slope)) return undefined;
  return { location: meanY + slope * (reference.centre - meanX), logSpread: Math.log(slope) };
}

/** Share above 0 of a distribution with the reference's shape. */
export function shareAbove({ location, logSpread }: Placement, { values, centre }: Reference): number {
  // location + spread (x - centre) > 0
  const threshold = centre - location / Math.exp(logSpread);
  return 1 - bisectRight(values, threshold) / values.length;
}
