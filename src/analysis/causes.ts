/**
 * What else makes a curve look sudden, for the same outcomes: few test examples and few scales (paper, Sec. 2, causes 2 and 3).
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { UsageError } from '../terminal/errors.js';
import { sweepScales, sweepTestSizes, type ResampledCurve } from './subsampling.js';

export interface Causes {
  readonly metric: Metric;
  readonly testSizes: readonly ResampledCurve[];
  readonly keptScales: readonly ResampledCurve[];
}

export interface CausesRequest {
  readonly metric: Metric;
  readonly members: readonly MemberOutcomes[];
  /** Sizes of the smaller test sets, in units. */
  readonly testSizes: readonly number[];
  /** Numbers of scales to keep. */
  readonly keptScales: readonly number[];
  /** Draws of each test size. */
  readonly draws: number;
}

export function causesOf({ metric, members, testSizes, keptScales, draws }: CausesRequest): Causes {
  return {
    metric,
    testSizes: sweepTestSizes({ metric, members, sizes: testSizes, draws }),
    keptScales: sweepScales({ metric, members, sizes: keptScales }),
  };
}

/** Throws UsageError for more test examples or scales than the members have, or fewer examples than the metric needs. */
export function refuseCauses({ metric, members, testSizes, keptScales }: Omit<CausesRequest, 'draws'>): void {
  const { count } = metric.weighted(members[0]!.outcomes);
  refuseMore(testSizes, count, { what: 'of the test set', flag: '--test-sizes' });
  const refused = testSizes.map((size) => metric.refuses(size)).find((text) => text !== undefined);
  if (refused !== undefined) throw new UsageError(refused, '--test-sizes');
  const scales = new Set(members.map(({ record }) => record.width)).size;
  refuseMore(keptScales, scales, { what: 'scales of the run', flag: '--keep-scales' });
}

function refuseMore(sizes: readonly number[], most: number, { what, flag }: { what: string; flag: string }): void {
  const tooMany = sizes.find((size) => size > most);
  if (tooMany !== undefined)
    throw new UsageError(`${tooMany} is more than the ${most} ${what}`, flag, `give at most ${most}`);
}

/**
 * `causesOf` at a hundredth and a tenth of the test set, and at half of the scales, as far as the metric allows so few.
 */
export function usualCauses(metric: Metric, members: readonly MemberOutcomes[]): Causes {
  const { count } = metric.weighted(members[0]!.outcomes);
  const scales = new Set(members.map(({ record }) => record.width)).size;
  const testSizes = [Math.round(count / 100), Math.round(count / 10)].filter(
    (size) => size >= 2 && metric.refuses(size) === undefined,
  );
  const keptScales = [Math.ceil(scales / 2)].filter((size) => size >= 3);
  return causesOf({ metric, members, testSizes, keptScales, draws: 100 });
}
