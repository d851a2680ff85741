/**
 * Which of many metrics' curves are sharper than smooth growth, when all of them were examined: the expected share of
 * false alarms among those named is bounded (Benjamini and Hochberg), because the highest of hundreds of scores is high
 * by chance.
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { falseDiscoveryRates } from '../statistics/multiplicity.js';
import { sampleChosen } from './chosen.js';
import { smoothP, type NullOptions } from './smooth-null-tests.js';
import type { ScoreName } from './scores.js';

export interface Discoveries {
  readonly by: ScoreName;
  /** Draws of each test's null distribution, at most. */
  readonly draws: number;
  /** In the order of the metrics. */
  readonly tests: readonly Discovery[];
}

export interface Discovery {
  readonly metric: string;
  /** p of the score, against smooth growth; NaN if there is none, as with one seed for each scale. */
  readonly p: number;
  /** False discovery rate at which the metric would be named. */
  readonly rate: number;
}

/** Members are drawn as if each had its own test set: their dependence is not estimated for every metric. */
export function discoveriesOf(
  metrics: readonly Metric[],
  members: readonly MemberOutcomes[],
  by: ScoreName,
  { draws = 500, onStep, ...options }: NullOptions = {},
): Discoveries {
  const p = metrics.map((metric, i) => {
    onStep?.(i, metrics.length);
    const sampled = sampleChosen({ metric }, members, { draws: 0 });
    return smoothP(sampled, members, by, { ...options, draws });
  });
  const rates = falseDiscoveryRates(p);
  return { by, draws, tests: metrics.map(({ id }, i) => ({ metric: id, p: p[i]!, rate: rates[i]! })) };
}

/** A sweep with more curves than this is made for its picture, and testing each of them would take minutes. */
export const mostTested = 400;

/** Metrics whose rate is at most 5 %. */
export function discovered({ tests }: Discoveries): readonly Discovery[] {
  return tests.filter(({ rate }) => rate <= 0.05);
}
