/**
 * Signal and noise of a metric (Heineman et al. 2025, arXiv 2508.13144): how far apart it places models, compared with
 * how much it fluctuates from one checkpoint of a model to the next. A metric whose noise is as large as its signal
 * cannot distinguish models, and a larger test set does not change that, because it is the weights that moved.
 */
import { group } from 'd3-array';
import type { Metric } from '../metrics/metric.js';
import { mean, pooledDeviation, sampleVariance } from '../statistics/mean.js';
import { dot } from '../statistics/projection.js';
import { studentQuantile } from '../statistics/student.js';
import type { Interval } from '../statistics/wilson.js';

/** The scores of one trained model at its last checkpoints. */
export interface CheckpointScores {
  /** What models that differ only in their seed have in common: `width 8`. */
  readonly place: string;
  readonly seed: number;
  /** Steps of the checkpoints, ascending. */
  readonly steps: readonly number[];
  readonly scores: readonly number[];
}

export interface Signal {
  /** Numbers of trained models, of their places, and of checkpoints of each. */
  readonly trainings: number;
  readonly places: number;
  readonly checkpoints: number;
  /** Largest difference between the places' mean final scores; in the metric's unit, like everything below. */
  readonly signal: number;
  /**
   * Standard deviation of a model's scores over its checkpoints, pooled over models (root of the mean variance).
   */
  readonly noise: number;
  /**
   * The same around each model's straight line over its steps, which removes ongoing learning. NaN with fewer than
   * four checkpoints.
   */
  readonly detrended: number;
  /** signal / noise. */
  readonly ratio: number;
  /** 95 %, over seeds; undefined without two at each place, or without noise. */
  readonly interval: Interval | undefined;
  /**
   * For neighbouring places, how often a checkpoint of each has the order of the overall means; and the same for two
   * models whose checkpoints were averaged.
   */
  readonly order: { readonly checkpoint: number; readonly average: number };
  /** Standard deviation over seeds of the last score, and of the mean over the checkpoints; NaN with one seed. */
  readonly seeds: { readonly last: number; readonly average: number };
}

/** For several metrics at the same checkpoints. */
export interface MetricSignals {
  /** First and last step of the checkpoints used, over all models. */
  readonly steps: readonly [number, number];
  readonly metrics: readonly (Signal & { readonly metric: Metric })[];
}

/**
 * @param trainings each with the same number of checkpoints, at least two
 * @throws RangeError for fewer than two places
 */
export function signalOf(trainings: readonly CheckpointScores[]): Signal {
  const places = [...group(trainings, ({ place }) => place).values()];
  if (places.length < 2) throw new RangeError('signal is a difference between scales, but there is only one');
  const averages = places.map((place) => place.map(({ scores }) => mean(scores)));
  const last = places.map((place) => place.map(({ scores }) => scores.at(-1)!));
  const variances = places.flatMap((place) => place.map(({ scores }) => sampleVariance(scores)));
  const [low, high] = endsOf(last);
  const signal = mean(high) - mean(low);
  const noise = Math.sqrt(mean(variances));
  return {
    ...{ trainings: trainings.length, places: places.length, checkpoints: trainings[0]!.scores.length },
    ...{ signal, noise, detrended: Math.sqrt(mean(trainings.map(varianceAroundLine))), ratio: signal / noise },
    interval: ratioInterval({ signal, noise, last, variances }),
    order: {
      checkpoint: orderOf(
        places.map((place) => place.flatMap(({ scores }) => scores)),
        averages,
      ),
      average: orderOf(averages, averages),
    },
    seeds: { last: pooledDeviation(last), average: pooledDeviation(averages) },
  };
}

/** A number for each trained model, by place. */
type ByPlace = readonly (readonly number[])[];

/**
 * Around the least-squares line over the steps: the residual sum of squares over two degrees of freedom less than there
 * are scores.
 */
function varianceAroundLine({ steps, scores }: CheckpointScores): number {
  if (scores.length < 4) return NaN;
  const [x, y] = [steps, scores].map((values) => {
    const centre = mean(values);
    return Float64Array.from(values, (value) => value - centre);
  }) as [Float64Array, Float64Array];
  const left = dot(y, y) - dot(x, y) ** 2 / dot(x, x);
  return Math.max(0, left) / (scores.length - 2);
}

/**
 * On the logarithm, by the delta method. The signal is a difference of two means of last scores, whose variance over
 * seeds is assumed to be the same at every place and pooled; the noise is a root of a mean of variances, which vary
 * from model to model. Degrees of freedom by Welch and Satterthwaite.
 */
function ratioInterval({
  signal,
  noise,
  last,
  variances,
}: Pick<Signal, 'signal' | 'noise'> & {
  readonly last: ByPlace;
  readonly variances: readonly number[];
}): Interval | undefined {
  if (last.some(({ length }) => length < 2)) return undefined;
  const [low, high] = endsOf(last);
  const ofSignal = (pooledDeviation(last) ** 2 * (1 / low.length + 1 / high.length)) / signal ** 2;
  const ofNoise = sampleVariance(variances) / variances.length / (2 * noise ** 2) ** 2;
  const variance = ofSignal + ofNoise;
  const freedom =
    variance ** 2 / (ofSignal ** 2 / (variances.length - last.length) + ofNoise ** 2 / (variances.length - 1));
  const half = studentQuantile(0.975, freedom) * Math.sqrt(variance);
  const centre = Math.log(signal / noise);
  return Number.isFinite(half) ? { lower: Math.exp(centre - half), upper: Math.exp(centre + half) } : undefined;
}

/** The places with the least and the greatest mean. */
function endsOf(places: ByPlace): [low: readonly number[], high: readonly number[]] {
  const ranked = [...places].sort((a, b) => mean(a) - mean(b));
  return [ranked[0]!, ranked.at(-1)!];
}

/** Share of pairs of values of neighbouring places that are ordered like the places' means; ties count half. */
function orderOf(values: ByPlace, averages: ByPlace): number {
  const centres = averages.map(mean);
  const ranked = values.map((_, i) => i).sort((a, b) => centres[a]! - centres[b]!);
  const shares = ranked.slice(1).map((higher, i) => {
    const [low, high] = [values[ranked[i]!]!, values[higher]!];
    let right = 0;
    for (const x of low) for (const y of high) right += y > x ? 1 : y === x ? 0.5 : 0;
    return right / (low.length * high.length);
  });
  return mean(shares);
}
