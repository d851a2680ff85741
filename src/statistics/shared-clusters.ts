/**
 * Means over units that share their parts: test sequences that show the same images, images by the same writer. Two
 * units that share a cluster are not independent, and the more often a cluster is shared, the less a further unit adds.
 *
 * A mean's error is written as a sum of terms of clusters and of units, so that a bootstrap draws both with replacement
 * (after Menzel 2021, Econometrica 89(5), 2143-2188, who decomposes arrays this way): `mean + sum of count × term`. The
 * variance of these terms is that of cluster-robust inference for units that belong to several clusters (Cameron,
 * Gelbach and Miller 2011, J. Bus. Econ. Stat. 29(2), 238-249; Aronow, Samii and Assenova 2015, Polit. Anal. 23(4),
 * 564-577): the sum of e e' over all pairs of units that share a cluster, with e a unit's value minus the mean.
 *
 * With clusters alone, a unit's own noise would count once for each of its clusters. So the part of a unit's value that
 * depends on single rows is estimated by regression on `rows` (right or wrong, image by image), and a cluster's term is
 * the sum over its own rows; a unit's term is the rest. Clusters that also affect the other rows of a unit, such as an
 * image that confuses what follows it, show in the pairs that share them: terms of clusters take as much of that as the
 * pairs show.
 */
import { matrix, solveLeastSquares } from './matrices.js';
import { studentQuantile } from './student.js';
import { wilsonLimits, z95, type Interval } from './wilson.js';
import { mean } from './mean.js';

export interface SharedSample {
  /** One number per unit, `[units]`. */
  readonly values: Float64Array;
  /** First row of each unit, followed by the number of rows, `[units + 1]`. */
  readonly starts: Int32Array;
  /** How many rows of a unit its value depends on, counted from its first; default: all. */
  readonly first?: number | undefined;
  /** Which cluster each row belongs to, `[rows]`, from 0. */
  readonly clusterOf: Int32Array;
  readonly clusters: number;
  /** A number per row that shows its effect on its unit's value, `[rows]`; default: nothing is known. */
  readonly rows?: ArrayLike<number> | undefined;
  /** A unit counts only if all of its rows do, so that no single row can make it count. */
  readonly allOf?: boolean | undefined;
}

/** A mean, with the components of its intervals and draws. */
export interface SampledMean {
  readonly mean: number;
  readonly terms: Terms;
  readonly standardError: number;
  /**
   * How many independent units a mean of 0 or of 1 is worth, where nothing varies that could show how much is shared.
   */
  readonly countAtEnds: { readonly zero: number; readonly one: number };
}

/**
 * At the ends, in the worst case, every image is always right or always wrong and a unit depends on one of them. If all
 * rows of a unit have to be right, a mean of 0 is worth as much as independent units: hardly any unit that could be
 * right shares all of its rows with another.
 */
export function sampledMean(sample: SharedSample): SampledMean {
  const { values, starts, first = starts.at(-1)! / values.length, allOf = false, rows } = sample;
  const terms = termsOf(sample);
  const units = values.length / rowsInOneCluster(sample);
  const one = rows === undefined || allOf ? units : units * first;
  return {
    mean: mean(values),
    terms,
    standardError: Math.sqrt(varianceOfTerms(terms)),
    countAtEnds: { zero: allOf && first > 1 ? values.length : one, one },
  };
}

/** Wilson's interval with as many independent trials as would have this variance (Korn and Graubard 1998, Surv. Methodol. 24(2)). */
export function wilsonOfMean({ mean, standardError, countAtEnds }: SampledMean): Interval {
  const p = Math.min(1, Math.max(0, mean));
  if (p === 0) return wilsonLimits(0, countAtEnds.zero);
  if (p === 1 || standardError === 0) return wilsonLimits(p * countAtEnds.one, countAtEnds.one);
  const trials = (p * (1 - p)) / standardError ** 2;
  return wilsonLimits(p * trials, trials);
}

/** What each cluster and each unit adds to the mean's error when it is drawn once more; each list sums to 0. */
export interface Terms {
  /** `[clusters]` */
  readonly clusters: Float64Array;
  /** `[units]` */
  readonly units: Float64Array;
}

/** Of the mean of independent draws of the terms' clusters and units. */
export function varianceOfTerms({ clusters, units }: Terms): number {
  return squaresOf(clusters) + squaresOf(units);
}

export function termsOf(sample: SharedSample): Terms {
  const { values } = sample;
  const n = values.length;
  const centre = mean(values);
  const errors = values.map((value) => value - centre);
  const byRows = rowEffects(sample, errors);
  const own = sumsByCluster(sample, byRows);
  const shared = sumsByCluster(sample, spreadOverRows(sample, errors));
  const noise = squaresOf(errors);
  const left = Math.max(0, noise - own.withinUnits);
  const ofClusters = squaresOf(own.sums);
  const ofPairs = Math.max(0, squaresOf(shared.sums) - shared.withinUnits);
  const others = shared.sums.map((sum, cluster) => sum - own.sums[cluster]!);
  const variance = Math.max(ofClusters + left, noise + ofPairs);
  const part = stepTo(own.sums, others, variance - left);
  const byCluster = own.sums.map((sum, cluster) => sum + part * others[cluster]!);
  const scale = smallSample(effectiveClusters(sample)) / n;
  const ofUnits = noise === 0 ? 0 : scale * Math.sqrt(Math.max(left, variance - squaresOf(byCluster)) / noise);
  return {
    clusters: byCluster.map((sum) => scale * sum),
    units: errors.map((error) => ofUnits * error),
  };
}

/**
 * How many rows share a cluster with a row drawn at random, including itself: the most by which clusters can increase
 * an interval's variance.
 */
export function rowsInOneCluster(sample: Pick<SharedSample, 'starts' | 'first' | 'clusterOf' | 'clusters'>): number {
  const { sizes, rows } = clusterSizes(sample);
  return squaresOf(sizes) / rows;
}

function effectiveClusters(sample: SharedSample): number {
  const { sizes, rows } = clusterSizes(sample);
  return rows ** 2 / squaresOf(sizes);
}

function clusterSizes(sample: Pick<SharedSample, 'starts' | 'first' | 'clusterOf' | 'clusters'>) {
  const { starts, clusterOf, clusters } = sample;
  const sizes = new Float64Array(clusters);
  let rows = 0;
  for (let unit = 0; unit + 1 < starts.length; unit++) {
    const end = endOf(sample, unit);
    for (let row = starts[unit]!; row < end; row++) sizes[clusterOf[row]!]!++;
    rows += end - starts[unit]!;
  }
  return { sizes, rows };
}

/**
 * With few clusters their spread is underestimated by (g - 1) / g, and is itself uncertain, as in Student's t; g is the
 * number of equal clusters that would be as informative (Carter, Schnepel and Steigerwald 2017, Rev. Econ. Stat. 99(4),
 * 698-709).
 */
function smallSample(g: number): number {
  if (g < 2) return 1;
  return (Math.sqrt(g / (g - 1)) * studentQuantile(0.975, Math.floor(g - 1))) / z95;
}

/**
 * The effect of each row on its unit's value, in a linear approximation per position: least squares over units,
 * `[rows]`. Hot, like all loops over rows here, so they are plain ones.
 */
function rowEffects(sample: SharedSample, errors: Float64Array): Float64Array {
  const { rows, starts } = sample;
  const effects = new Float64Array(starts.at(-1)!);
  const units = errors.length;
  let places = 0;
  for (let unit = 0; unit < units; unit++) places = Math.max(places, endOf(sample, unit) - starts[unit]!);
  if (rows === undefined || units <= places) return effects;
  const means = new Float64Array(places);
  const counts = new Float64Array(places);
  for (let unit = 0; unit < units; unit++) {
    const [begin, end] = [starts[unit]!, endOf(sample, unit)];
    for (let row = begin; row < end; row++) {
      means[row - begin]! += rows[row]!;
      counts[row - begin]!++;
    }
  }
  for (let place = 0; place < places; place++) means[place]! /= counts[place]!;
  const design = matrix(units, places);
  for (let unit = 0; unit < units; unit++) {
    const [begin, end] = [starts[unit]!, endOf(sample, unit)];
    for (let row = begin; row < end; row++) {
      effects[row] = rows[row]! - means[row - begin]!;
      design.data[unit * places + row - begin] = effects[row]!;
    }
  }
  const slopes = solveLeastSquares(design, errors.slice());
  for (let unit = 0; unit < units; unit++) {
    const [begin, end] = [starts[unit]!, endOf(sample, unit)];
    for (let row = begin; row < end; row++) effects[row]! *= slopes[row - begin]!;
  }
  return effects;
}

/** Each unit's number, repeated for each of its rows, `[rows]`. */
function spreadOverRows(sample: SharedSample, values: Float64Array): Float64Array {
  const spread = new Float64Array(sample.starts.at(-1)!);
  for (let unit = 0; unit < values.length; unit++) spread.fill(values[unit]!, sample.starts[unit], endOf(sample, unit));
  return spread;
}

interface ClusterSums {
  /** `[clusters]` */
  readonly sums: Float64Array;
  /** Sum over units and their clusters of the squared sum over the unit's rows in the cluster. */
  readonly withinUnits: number;
}

function sumsByCluster(sample: SharedSample, ofRows: Float64Array): ClusterSums {
  const { clusterOf, clusters, values, starts } = sample;
  const sums = new Float64Array(clusters);
  const before = new Float64Array(clusters);
  let withinUnits = 0;
  for (let unit = 0; unit < values.length; unit++) {
    const [begin, end] = [starts[unit]!, endOf(sample, unit)];
    for (let row = begin; row < end; row++) before[clusterOf[row]!] = sums[clusterOf[row]!]!;
    for (let row = begin; row < end; row++) sums[clusterOf[row]!]! += ofRows[row]!;
    for (let row = begin; row < end; row++) {
      const cluster = clusterOf[row]!;
      withinUnits += (sums[cluster]! - before[cluster]!) ** 2;
      before[cluster] = sums[cluster]!;
    }
  }
  return { sums, withinUnits };
}

/** Index after the last row that a unit's value depends on. */
function endOf({ starts, first = Infinity }: Pick<SharedSample, 'starts' | 'first'>, unit: number): number {
  return Math.min(starts[unit + 1]!, starts[unit]! + first);
}

/** How much of b to add to a for the sum's squares to reach `target`, or get as close as all of b takes it; 0 to 1. */
function stepTo(a: Float64Array, b: Float64Array, target: number): number {
  const [aa, bb] = [squaresOf(a), squaresOf(b)];
  const ab = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  if (bb === 0 || target <= aa) return 0;
  return Math.min(1, (Math.sqrt(ab * ab + bb * (target - aa)) - ab) / bb);
}

function squaresOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
