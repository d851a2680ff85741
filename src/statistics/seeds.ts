/** The interval of a mean over a few seeds on a shared test set: pure, so that the explorer's page can use it. */
import { drawsWithValue, percentileInterval } from './bootstrap.js';
import { mean, sampleVariance } from './mean.js';
import { studentQuantile } from './student.js';
import { z95, type Interval } from './wilson.js';

/**
 * 95 %. With several seeds: `overSeeds`, widened by the variance of draws of seeds and test examples in excess of the
 * seeds' spread, taken as independent; percentiles of draws of a few seeds would never go beyond those seeds. With one:
 * its own interval between finite limits, if there is one in closed form; otherwise percentiles of the draws. If
 * nothing varies, because none or all of the examples are right, it is the hull of the seeds' own intervals.
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
  // For a share near 0 or 1, percentiles of draws are too narrow.
  const isBounded = limits.every(Number.isFinite);
  const alone = seeds.length === 1 && isBounded ? ownInterval(0) : undefined;
  if (alone !== undefined && !Number.isNaN(alone.lower)) return alone;
  const { lower, upper } =
    seeds.length === 1
      ? percentileInterval(draws)
      : overSeeds(seeds, limits, ownInterval, Math.max(0, varianceOf(draws) - varianceOf(seeds) / seeds.length));
  if (lower !== upper) return { lower, upper };
  const own = seeds.map((_, place) => ownInterval(place));
  return {
    lower: Math.min(lower, ...own.map((each) => each.lower)),
    upper: Math.max(upper, ...own.map((each) => each.upper)),
  };
}

/**
 * 95 % of the mean over all possible seeds: Student's t, between finite limits on the logit scale around the mean. A
 * share near 0, such as accuracy to a high power, is so skewed over seeds that t's symmetric limits contain its mean
 * only 84 to 90 % of the time.
 *
 * @param seeds at least two
 * @param ownInterval of a seed by its place, for one that is at a limit; if omitted, limits are those of the values
 * themselves
 * @param beyond a further known variance of the mean
 */
export function overSeeds(
  seeds: readonly number[],
  [least, most]: readonly [number, number],
  ownInterval: (place: number) => Interval = () => ({ lower: NaN, upper: NaN }),
  beyond = 0,
): Interval {
  const n = seeds.length;
  const centre = mean(seeds);
  const half = (spread: number, slope: number) =>
    Math.hypot((studentQuantile(0.975, n - 1) * spread) / Math.sqrt(n), z95 * slope * Math.sqrt(beyond));
  // A seed at a limit has no logit, but the middle of its own interval does.
  const inside = seeds.map((value, place) => {
    const { lower, upper } = value > least && value < most ? { lower: value, upper: value } : ownInterval(place);
    return ((lower + upper) / 2 - least) / (most - least);
  });
  const logits = inside.map((share) => Math.log(share / (1 - share)));
  const share = (centre - least) / (most - least);
  if (!(share > 0 && share < 1 && logits.every(Number.isFinite))) {
    const straight = half(Math.sqrt(varianceOf(seeds)), 1);
    return { lower: Math.max(least, centre - straight), upper: Math.min(most, centre + straight) };
  }
  const odds = share / (1 - share);
  const factor = Math.exp(half(Math.sqrt(varianceOf(logits)), 1 / (share * (1 - share) * (most - least))));
  const at = (value: number) => least + (most - least) * (value === Infinity ? 1 : value / (1 + value));
  return { lower: at(odds / factor), upper: at(odds * factor) };
}

function varianceOf(draws: ArrayLike<number>): number {
  return sampleVariance(drawsWithValue(draws));
}
