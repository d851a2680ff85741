/**
 * How many test images and seeds it takes to find a difference between two runs, by formula, with the test that `diff` makes.
 *
 * One member against one: McNemar's test, whose power follows from the probability that only one of the two is right (Connor 1987,
 * Biometrics 43, 207-211). With several seeds: Welch's t, averaged over what so few seeds could show of their spread.
 */
import type { Metric } from '../../metrics/metric.js';
import type { LoadedRun } from '../../runs/opened.js';
import { bisected, crossing } from '../../statistics/bisection.js';
import { upperF } from '../../statistics/f-test.js';
import { mean, sampleVariance } from '../../statistics/mean.js';
import { normalBelow, normalQuantile } from '../../statistics/normal.js';
import { mostDegrees, twoSidedQuantile } from '../../statistics/welch.js';

export interface PowerModel {
  /** True difference of the means over all possible seeds and images; not 0. */
  readonly effect: number;
  /** Variance of the number per image, in each run; for a share, p (1 - p). */
  readonly variances: readonly [number, number];
  /** Correlation of an image's numbers between members of the two runs. */
  readonly correlation: number;
  /** The same between seeds of one run. */
  readonly seedCorrelation: number;
  /** Variance of seeds on an infinite test set. */
  readonly seedDeviation: number;
  /** Whether an image's number is right or wrong. */
  readonly isShare: boolean;
}

export interface PowerPlan {
  readonly images: number;
  /** Of each run. */
  readonly seeds: number;
}

/** Probability that the two-sided test at `alpha` finds the difference. */
export function powerOf(model: PowerModel, { images, seeds }: PowerPlan, alpha = 0.05): number {
  const { effect, variances, correlation, seedCorrelation, seedDeviation, isShare } = model;
  const [a, b] = variances;
  const together = 2 * correlation * Math.sqrt(a * b);
  const size = Math.abs(effect);
  if (seeds === 1) {
    const variance = Math.max(0, a + b - together);
    const z = normalQuantile(1 - alpha / 2);
    // For right and wrong, the variance under no difference is the probability of a discordant image.
    const none = isShare ? variance + size ** 2 : variance;
    return normalBelow((size * Math.sqrt(images) - z * Math.sqrt(none)) / Math.sqrt(variance));
  }
  const own = [a, b].map((variance) => (seedDeviation ** 2 + (variance * (1 - seedCorrelation)) / images) / seeds);
  const shared = Math.max(0, seedCorrelation * (a + b) - together) / images;
  return powerOfWelch(size, { own: own as [number, number], shared, degrees: seeds - 1, images, alpha });
}

interface Welch {
  /** Variances of the two means as estimated from seeds, each with its degrees of freedom. */
  readonly own: readonly [number, number];
  readonly degrees: number;
  /** Variance from the images, with their number minus 1. */
  readonly shared: number;
  readonly images: number;
  readonly alpha: number;
}

/**
 * The estimate is normal; its variance is estimated from the seeds, few of which determine it poorly, and the degrees of freedom with it.
 * So the power is averaged over both runs' chi-squares.
 */
function powerOfWelch(size: number, { own, degrees, shared, images, alpha }: Welch): number {
  const deviation = Math.sqrt(own[0] + own[1] + shared);
  const chances = chiSquareNodes(degrees);
  const limit = limitsOf(alpha);
  let sum = 0;
  for (const first of chances)
    for (const second of chances) {
      const [a, b] = [own[0] * first, own[1] * second];
      const seen = a + b + shared;
      const inverse = (a ** 2 / degrees + b ** 2 / degrees + shared ** 2 / Math.max(1, images - 1)) / seen ** 2;
      const half = limit(inverse) * Math.sqrt(seen);
      sum += normalBelow((size - half) / deviation) + normalBelow((-size - half) / deviation);
    }
  return sum / chances.length ** 2;
}

/** Chi-squares divided by their degrees of freedom, at equal probabilities. */
const chiSquareNodes = remembered((degrees: number) =>
  Array.from({ length: 48 }, (_, k) =>
    // F with infinite degrees of freedom in the denominator.
    crossing((ratio) => upperF(ratio, degrees, mostDegrees) > 1 - (k + 0.5) / 48, [0, 60], 60),
  ),
);

/** Two-sided limits of t by the inverse of its degrees of freedom, interpolated in a table to a relative 1e-4. */
const limitsOf = remembered((alpha: number) => {
  const steps = 500;
  const logs = Array.from({ length: steps + 1 }, (_, k) =>
    Math.log(twoSidedQuantile(alpha, 1 / Math.max(1 / mostDegrees, k / steps))),
  );
  return (inverse: number) => {
    const at = Math.min(1, inverse) * steps;
    const k = Math.min(steps - 1, Math.floor(at));
    return Math.exp(logs[k]! + (at - k) * (logs[k + 1]! - logs[k]!));
  };
});

function remembered<T>(make: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>();
  return (key) => {
    const found = known.get(key) ?? make(key);
    known.set(key, found);
    return found;
  };
}

/** More images than any test set has. */
export const mostImages = 1e9;

/**
 * Fewest images for the power; undefined if `mostImages` are too few: for a tiny effect, or for any number because seeds differ too much.
 */
export function imagesFor(
  model: PowerModel,
  seeds: number,
  { power, alpha }: { power: number; alpha: number },
): number | undefined {
  return fewestImages((images) => powerOf(model, { images, seeds }, alpha) >= power);
}

function fewestImages(reaches: (images: number) => boolean): number | undefined {
  if (!reaches(mostImages)) return undefined;
  let [low, high] = [1, mostImages];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Smallest effect of this sign that has the power; undefined beyond `most`. */
export function effectFor(
  modelOf: (effect: number) => PowerModel,
  plan: PowerPlan,
  { power, alpha, most }: { power: number; alpha: number; most: number },
): number | undefined {
  const reaches = (effect: number) => powerOf(modelOf(effect), plan, alpha) >= power;
  if (!reaches(most)) return undefined;
  return bisected((effect) => !reaches(effect), [0, most], 50).upper;
}

/** Probability that Wilson's interval of a share excludes `fixed` if the truth is `fixed + effect`. */
export function powerOfOne(fixed: number, effect: number, images: number, alpha = 0.05): number {
  const truth = fixed + effect;
  const z = normalQuantile(1 - alpha / 2);
  const distance = Math.abs(effect) * Math.sqrt(images) - z * Math.sqrt(fixed * (1 - fixed));
  return normalBelow(distance / Math.sqrt(truth * (1 - truth)));
}

/** Fewest images for the power of `powerOfOne`; undefined if `mostImages` are too few. */
export function imagesForOne(
  fixed: number,
  effect: number,
  { power, alpha }: { power: number; alpha: number },
): number | undefined {
  return fewestImages((images) => powerOfOne(fixed, effect, images, alpha) >= power);
}

/** What is planned, in the user's terms. */
export interface Assumptions {
  /** The first run's share; undefined for a metric that is not right or wrong. */
  readonly share: number | undefined;
  /** Standard deviation over images in each run, for such a metric. */
  readonly deviation?: number | undefined;
  readonly correlation: number;
  readonly seedCorrelation: number;
  readonly seedDeviation: number;
}

export function modelFor({ share, deviation = NaN, ...rest }: Assumptions, effect: number): PowerModel {
  const variances = (share === undefined ? [deviation, deviation] : [share, share + effect]).map((value) =>
    share === undefined ? value ** 2 : value * (1 - value),
  ) as [number, number];
  return { ...rest, effect, variances, isShare: share !== undefined };
}

/**
 * Largest possible correlation of right and wrong at two shares: the worse run is right only where the better one is.
 */
export function mostCorrelation(one: number, other: number): number {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  return (low * (1 - high)) / Math.sqrt(low * (1 - low) * high * (1 - high));
}

/** What members at one scale show about images and seeds. */
export interface ScaleComponents extends Assumptions {
  readonly seeds: number;
  readonly images: number;
}

/**
 * @param members for each seed a number per image
 * @param others members of another run on the same images, for the correlation with it
 */
export function componentsOf(
  members: readonly Float64Array[],
  { isShare, others }: { readonly isShare: boolean; readonly others?: readonly Float64Array[] | undefined },
): ScaleComponents {
  const images = members[0]!.length;
  const means = members.map(mean);
  const covariance = (x: Float64Array, y: Float64Array) => {
    const [a, b] = [mean(x), mean(y)];
    let sum = 0;
    for (let i = 0; i < images; i++) sum += (x[i]! - a) * (y[i]! - b);
    return sum / (images - 1);
  };
  const variance = mean(members.map((each) => covariance(each, each)));
  const pairs = members.flatMap((one, i) => members.slice(0, i).map((other) => covariance(one, other)));
  const seedCorrelation = pairs.length === 0 || variance === 0 ? NaN : Math.max(0, mean(pairs) / variance);
  const between = sampleVariance(means);
  const crossed = others?.flatMap((other) =>
    members.map((one) => covariance(one, other) / Math.sqrt(covariance(one, one) * covariance(other, other))),
  );
  return {
    share: isShare ? mean(means) : undefined,
    deviation: Math.sqrt(variance),
    correlation: crossed === undefined ? seedCorrelation : mean(crossed),
    seedCorrelation,
    seedDeviation: Math.sqrt(Math.max(0, between - (variance * (1 - seedCorrelation)) / images)),
    ...{ seeds: members.length, images },
  };
}

export interface PlannedPower extends Assumptions {
  readonly effect: number;
  readonly power: number;
  readonly alpha: number;
  readonly images: number | undefined;
  readonly one: boolean;
  readonly rows: readonly PowerRow[];
  /** If a run was given. */
  readonly source:
    { readonly run: LoadedRun; readonly metric: Metric; readonly scale: number; readonly seeds: number } | undefined;
}

export interface PowerRow {
  /** Of each run. */
  readonly seeds: number;
  /** Undefined if no number of images is enough. */
  readonly imagesNeeded: number | undefined;
  /** At `images`; undefined without them. */
  readonly powerThere: number | undefined;
  /** The same, by simulation from the run. */
  readonly simulated: number | undefined;
  /** Smallest effect of the same sign with the desired power at `images`. */
  readonly detectable: number | undefined;
}
