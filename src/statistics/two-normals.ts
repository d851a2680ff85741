/**
 * One normal distribution or a mixture of two with a common standard deviation, by maximum likelihood (EM from several
 * splits of the sorted values). Whether two are needed is judged by a parametric bootstrap of the likelihood ratio
 * under one (McLachlan 1987, J. R. Stat. Soc. C 36(3)): its distribution is not chi-squared there. A single skewed mode
 * would pass for two, so skewness is first removed by the power transform under which the values look most like one
 * normal (MacLean, Morton, Elston and Yee 1976, Biometrics 32(3)), in the values and in each draw alike.
 */
import type { Interval } from './wilson.js';
import { percentileInterval } from './bootstrap.js';
import { Random } from './random.js';
import { mean } from './mean.js';

export interface TwoNormals {
  /** Of the upper component, 0 to 1. */
  readonly weight: number;
  readonly lowerMean: number;
  readonly upperMean: number;
  readonly deviation: number;
  /** Twice the logarithm of the likelihood ratio against one normal; at least 0. */
  readonly ratio: number;
}

/**
 * Undefined for fewer than four values, or if all are equal. The deviation is at least a thousandth of that of all
 * values; if it were smaller, single values would make the likelihood infinite.
 */
export function fitTwoNormals(values: ArrayLike<number>): TwoNormals | undefined {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  const { mean, variance } = momentsOf(sorted);
  if (n < 4 || !(variance > 0)) return undefined;
  const least = 1e-6 * variance;
  const single = -0.5 * n * (Math.log(2 * Math.PI * variance) + 1);
  let best:
    { weight: number; lowerMean: number; upperMean: number; variance: number; logLikelihood: number } | undefined;
  for (const share of [0.1, 0.25, 0.5, 0.75, 0.9]) {
    const split = Math.min(n - 1, Math.max(1, Math.round(share * n)));
    const fitted = climb(sorted, split, least);
    if (best === undefined || fitted.logLikelihood > best.logLikelihood) best = fitted;
  }
  const { weight, lowerMean, upperMean, variance: within, logLikelihood } = best!;
  const ratio = Math.max(0, 2 * (logLikelihood - single));
  return ratio === 0
    ? { weight: 0.5, lowerMean: mean, upperMean: mean, deviation: Math.sqrt(variance), ratio }
    : { weight, lowerMean, upperMean, deviation: Math.sqrt(within), ratio };
}

function momentsOf(values: Float64Array): { mean: number; variance: number } {
  const centre = mean(values);
  let squares = 0;
  // A plain loop, here and below: a bootstrap fits thousands of samples.
  for (let i = 0; i < values.length; i++) squares += (values[i]! - centre) ** 2; // eslint-disable-line @typescript-eslint/prefer-for-of
  return { mean: centre, variance: squares / values.length };
}

/** EM from the values below and above a split, until the gain is less than a millionth. */
function climb(x: Float64Array, split: number, leastVariance: number) {
  const n = x.length;
  const [low, high] = [momentsOf(x.subarray(0, split)), momentsOf(x.subarray(split))];
  let [lowerMean, upperMean, weight] = [low.mean, high.mean, (n - split) / n];
  let variance = Math.max(leastVariance, (split * low.variance + (n - split) * high.variance) / n);
  let logLikelihood = -Infinity;
  const responsibilities = new Float64Array(n);
  for (let step = 0; step < 500; step++) {
    let next = -0.5 * n * Math.log(2 * Math.PI * variance);
    let upper = 0;
    let upperSum = 0;
    let lowerSum = 0;
    for (let i = 0; i < n; i++) {
      const a = (x[i]! - lowerMean) ** 2 / (2 * variance);
      const b = (x[i]! - upperMean) ** 2 / (2 * variance);
      const least = Math.min(a, b);
      // One of the two exponentials is that of 0.
      const p = (1 - weight) * (a === least ? 1 : Math.exp(least - a));
      const q = weight * (b === least ? 1 : Math.exp(least - b));
      next += Math.log(p + q) - least;
      const r = q / (p + q);
      responsibilities[i] = r;
      upper += r;
      upperSum += r * x[i]!;
      lowerSum += (1 - r) * x[i]!;
    }
    const gain = next - logLikelihood;
    logLikelihood = next;
    if (gain < 1e-6 || upper < 1e-9 || n - upper < 1e-9) break;
    weight = upper / n;
    lowerMean = lowerSum / (n - upper);
    upperMean = upperSum / upper;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const r = responsibilities[i]!;
      squares += (1 - r) * (x[i]! - lowerMean) ** 2 + r * (x[i]! - upperMean) ** 2;
    }
    variance = Math.max(leastVariance, squares / n);
  }
  return { weight, lowerMean, upperMean, variance, logLikelihood };
}

/** On z / `offset` + 1, z in standard deviations: MacLean et al.'s r. */
const offset = 6;
/** Powers to try; 1 changes nothing. */
const powers = Array.from({ length: 41 }, (_, i) => i - 20);

/**
 * Values in standard deviations from their mean, under the power transform that makes them most like one normal; equal
 * values are unchanged.
 */
export function unskewed(values: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(values);
  const { mean, variance } = momentsOf(x);
  if (!(variance > 0)) return x;
  const z = x.map((value) => (value - mean) / Math.sqrt(variance));
  const r = Math.max(offset, -1.5 * Math.min(...z));
  const logs = z.map((value) => Math.log(value / r + 1));
  const sum = logs.reduce((total, value) => total + value, 0);
  const transform = (p: number, into: Float64Array) => {
    for (let i = 0; i < into.length; i++) into[i] = p === 0 ? r * logs[i]! : (r / p) * Math.expm1(p * logs[i]!);
    return into;
  };
  const trial = new Float64Array(x.length);
  const logLikelihood = (p: number) =>
    -0.5 * x.length * Math.log(momentsOf(transform(p, trial)).variance) + (p - 1) * sum;
  let [best, most] = [1, logLikelihood(1)];
  for (const p of powers) {
    const likelihood = logLikelihood(p);
    if (likelihood > most) [best, most] = [p, likelihood];
  }
  return transform(best, trial);
}

/** Whether the density of the mixture has two peaks (Holzmann and Hollmann 2008; for equal deviations Behboodian 1970). */
export function isBimodal({ weight, lowerMean, upperMean, deviation }: TwoNormals): boolean {
  const d = (upperMean - lowerMean) / (2 * deviation);
  if (!(d > 1)) return false;
  const bound = 2 * Math.log(d - Math.sqrt(d ** 2 - 1)) + 2 * d * Math.sqrt(d ** 2 - 1);
  return Math.abs(Math.log((1 - weight) / weight)) <= bound;
}

export interface TwoNormalsTest {
  /** To the values with their skewness removed. */
  readonly fit: TwoNormals;
  /** Probability that one normal gives a ratio this large: bootstrap under one. */
  readonly p: number;
  /** 95 %, percentiles of the nonparametric bootstrap; undefined where p is above the one up to which it was asked for. */
  readonly weightInterval: Interval | undefined;
}

/** Of the latest draws of one normal: they are the same for all samples of one size. */
let ofOneNormal: { readonly key: string; readonly ratios: Float64Array } | undefined;

/** Ratios of draws of one normal, which are taken from the stream whether the ratios are known or not. */
function ratiosOfOneNormal(n: number, draws: number, seed: number, random: Random): Float64Array {
  const key = JSON.stringify([n, draws, seed]);
  const known = ofOneNormal?.key === key ? ofOneNormal.ratios : undefined;
  const sample = new Float64Array(n);
  const ratios = Float64Array.from({ length: draws }, (_, b) => {
    for (let i = 0; i < n; i++) sample[i] = random.normal();
    return known?.[b] ?? fitTwoNormals(unskewed(sample))!.ratio;
  });
  ofOneNormal = { key, ratios };
  return ratios;
}

/**
 * Undefined if nothing can be fitted.
 *
 * @param weightUpTo the largest p at which the interval of the weight is drawn, which takes nearly all of the time
 */
export function testTwoNormals(
  values: ArrayLike<number>,
  draws = 499,
  seed = 0,
  weightUpTo = 1,
): TwoNormalsTest | undefined {
  const straight = unskewed(values);
  const fit = fitTwoNormals(straight);
  if (fit === undefined) return undefined;
  const n = straight.length;
  const random = Random.named(seed, 'two normals', n);
  const above = 1 + ratiosOfOneNormal(n, draws, seed, random).filter((ratio) => ratio >= fit.ratio).length;
  const p = above / (draws + 1);
  return { fit, p, weightInterval: p > weightUpTo ? undefined : weightIntervalOf(straight, draws, random) };
}

function weightIntervalOf(values: Float64Array, draws: number, random: Random): Interval {
  const n = values.length;
  const sample = new Float64Array(n);
  const weights = Array.from({ length: draws }, () => {
    for (let i = 0; i < n; i++) sample[i] = values[random.integer(n)]!;
    return fitTwoNormals(sample)?.weight ?? NaN;
  });
  return percentileInterval(weights.filter((each) => !Number.isNaN(each)));
}
