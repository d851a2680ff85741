/** The interval of a mean over a few seeds on a shared test set: pure, so that the explorer's page can use it. */
import { drawsWithValue, percentileInterval } from './bootstrap.js';
import { z95, type Interval } from './wilson.js';

/** 97.5 % quantiles of Student's t with 1, 2, .. degrees of freedom; beyond the list two terms of Abramowitz and Stegun 26.7.5, to 1e-3. */
const t95 = [12.7062, 4.30265, 3.18245, 2.77645, 2.57058, 2.44691, 2.36462, 2.306, 2.26216, 2.22814];

export function studentQuantile95(degrees: number): number {
  return (
    t95[degrees - 1] ??
    z95 + (z95 ** 3 + z95) / (4 * degrees) + (5 * z95 ** 5 + 16 * z95 ** 3 + 3 * z95) / (96 * degrees ** 2)
  );
}

/**
 * 95 %. With several seeds: Student's t for their spread, and the normal's 1.96 for what draws of seeds and test examples have beyond
 * it, as independent; percentiles of draws of a few seeds would never leave those seeds. With one: percentiles of the draws. Where
 * nothing varies, as none or all of the examples are right, it is the hull of the seeds' own intervals.
 *
 * @param seeds the values, at least one
 * @param draws of their mean
 * @param ownInterval of a seed by its place, over the examples alone
 */
export function overSeedsAndExamples(
  seeds: readonly number[],
  draws: ArrayLike<number>,
  limits: readonly [number, number],
  ownInterval: (place: number) => Interval,
): Interval {
  const { lower, upper } = fromDraws(seeds, draws, limits);
  if (lower !== upper) return { lower, upper };
  const own = seeds.map((_, place) => ownInterval(place));
  return {
    lower: Math.min(lower, ...own.map((each) => each.lower)),
    upper: Math.max(upper, ...own.map((each) => each.upper)),
  };
}

function fromDraws(
  seeds: readonly number[],
  draws: ArrayLike<number>,
  [least, most]: readonly [number, number],
): Interval {
  const n = seeds.length;
  if (n === 1) return percentileInterval(draws);
  const mean = seeds.reduce((sum, value) => sum + value, 0) / n;
  const bySeeds = seeds.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) / n;
  const beyond = Math.max(0, varianceOf(draws) - bySeeds);
  const half = Math.hypot(studentQuantile95(n - 1) * Math.sqrt(bySeeds), z95 * Math.sqrt(beyond));
  return { lower: Math.max(least, mean - half), upper: Math.min(most, mean + half) };
}

function varianceOf(draws: ArrayLike<number>): number {
  const values = drawsWithValue(draws);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
