/**
 * Lloyd's k-means, and how many clusters a second sample would reproduce (Tibshirani and Walther 2005, JCGS 14: 511).
 */
import { mean } from './mean.js';
import type { Random } from './random.js';

export type Points = readonly Float64Array[];

export interface Clustering {
  readonly centres: Points;
  /** Cluster of each row. */
  readonly of: Int32Array;
  /** Sum of squared distances to each row's own centre. */
  readonly squares: number;
}

const restarts = 5;
const mostRounds = 100;

/** The best of several k-means++ starts (Arthur and Vassilvitskii 2007). */
export function kMeans(rows: Points, k: number, random: Random): Clustering {
  let best: Clustering | undefined;
  for (let start = 0; start < restarts; start++) {
    const found = lloyd(rows, firstCentres(rows, k, random));
    if (best === undefined || found.squares < best.squares) best = found;
  }
  return best!;
}

function firstCentres(rows: Points, k: number, random: Random): Float64Array[] {
  const centres = [rows[random.integer(rows.length)]!];
  const nearest = rows.map(() => Infinity);
  while (centres.length < k) {
    rows.forEach((row, i) => (nearest[i] = Math.min(nearest[i]!, squaredDistance(row, centres.at(-1)!))));
    let left = random.uniform() * nearest.reduce((sum, value) => sum + value, 0);
    const at = nearest.findIndex((value) => (left -= value) < 0);
    centres.push(rows[at < 0 ? random.integer(rows.length) : at]!);
  }
  return centres;
}

function lloyd(rows: Points, first: Points): Clustering {
  let centres = first;
  let of = assign(rows, centres);
  for (let round = 0; round < mostRounds; round++) {
    centres = centresOf(rows, of, centres);
    const next = assign(rows, centres);
    if (next.every((cluster, i) => cluster === of[i])) break;
    of = next;
  }
  return { centres, of, squares: rows.reduce((sum, row, i) => sum + squaredDistance(row, centres[of[i]!]!), 0) };
}

/** The nearest centre of each row. */
function assign(rows: Points, centres: Points): Int32Array {
  return Int32Array.from(rows, (row) => {
    let best = 0;
    let least = Infinity;
    centres.forEach((centre, c) => {
      const distance = squaredDistance(row, centre);
      if (distance < least) [best, least] = [c, distance];
    });
    return best;
  });
}

/** A centre that is nearest to no row stays in place. */
function centresOf(rows: Points, of: Int32Array, before: Points): Float64Array[] {
  const sums = before.map((centre) => new Float64Array(centre.length));
  const counts = before.map(() => 0);
  rows.forEach((row, i) => {
    const sum = sums[of[i]!]!;
    for (let d = 0; d < row.length; d++) sum[d]! += row[d]!;
    counts[of[i]!]!++;
  });
  return sums.map((sum, c) => (counts[c] === 0 ? before[c]! : sum.map((value) => value / counts[c]!)));
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += (a[d]! - b[d]!) ** 2;
  return sum;
}

/** Times that rows are halved at random. */
const halvings = 5;

/**
 * Prediction strength of k clusters: two random halves are clustered separately; of the pairs that the worst cluster of
 * one half puts together, the share that the other half's centres also put together. Mean over `halvings` and both
 * directions; 1 for one cluster.
 */
export function predictionStrength(rows: Points, k: number, random: Random): number {
  if (k === 1) return 1;
  const strengths: number[] = [];
  for (let split = 0; split < halvings; split++) {
    const halves: [Float64Array[], Float64Array[]] = [[], []];
    const order = rows.map((row) => ({ row, key: random.uniform() })).sort((a, b) => a.key - b.key);
    order.forEach(({ row }, i) => halves[i % 2]!.push(row));
    const [a, b] = halves.map((half) => kMeans(half, k, random)) as [Clustering, Clustering];
    strengths.push(
      worstShare(b.of, assign(halves[1], a.centres), k),
      worstShare(a.of, assign(halves[0], b.centres), k),
    );
  }
  return mean(strengths);
}

/**
 * Least share, over own clusters, of pairs that the others' centres also put together; a cluster of one has no pairs
 * and counts as 0.
 */
function worstShare(own: Int32Array, others: Int32Array, k: number): number {
  const table = Array.from({ length: k }, () => new Float64Array(k));
  own.forEach((cluster, i) => table[cluster]![others[i]!]!++);
  return Math.min(
    ...table.map((counts) => {
      const size = counts.reduce((sum, n) => sum + n, 0);
      return size < 2 ? 0 : counts.reduce((sum, n) => sum + n * (n - 1), 0) / (size * (size - 1));
    }),
  );
}
