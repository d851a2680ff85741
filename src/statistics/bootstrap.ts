/**
 * Bootstraps: how much a statistic would vary if the test set and the seeds were sampled again (Efron 1979). Streams of
 * random numbers are named, so the same call gives the same interval.
 */
import { placeAscending } from './order.js';
import type { Sfc32 } from './sfc32.js';
import type { Interval } from './wilson.js';

const drawn = new Uint32Array(4096);

/**
 * Counts of a sample of `[n]` units with replacement, as doubles or bytes: the chance that a unit is drawn 256 times is
 * about 1 / 256!. Omits the rejection that makes `Sfc32.integer` exact: a unit's probability has a relative error of at
 * most n / 2^32, and it takes a quarter of the time.
 */
export function drawCounts(random: Sfc32, counts: Float64Array | Uint8Array): void {
  counts.fill(0);
  const n = counts.length;
  for (let left = n; left > 0; left -= drawn.length) {
    const end = Math.min(left, drawn.length);
    random.fill(drawn, end);
    for (let i = 0; i < end; i++) counts[Math.floor((drawn[i]! * n) / 4294967296)]!++;
  }
}

/**
 * Weighted sums of columns `[units]` under lists of weights: their matrix product, written to `sums`, one list per list
 * of weights. Handles two columns and four lists at a time, so that each number read is used more than once (2.6 times
 * as fast as one by one). `sumsKernel` is another 15 times as fast if there is WebAssembly; a page may forbid it.
 */
export function weightedSums(
  columns: readonly Float64Array[],
  weights: readonly Counts[],
  sums: readonly Float64Array[],
): void {
  for (let first = 0; first < weights.length; first += 4) {
    const at = (k: number) => Math.min(first + k, weights.length - 1);
    fourSums(
      columns,
      [weights[at(0)]!, weights[at(1)]!, weights[at(2)]!, weights[at(3)]!],
      [sums[at(0)]!, sums[at(1)]!, sums[at(2)]!, sums[at(3)]!],
    );
  }
}

type Counts = Float64Array | Uint8Array;
type Four<T> = readonly [T, T, T, T];

function fourSums(columns: readonly Float64Array[], [u, v, w, x]: Four<Counts>, sums: Four<Float64Array>): void {
  const n = u.length;
  for (let c = 0; c < columns.length; c += 2) {
    const a = columns[c]!;
    const b = columns[c + 1] ?? a;
    // Separate variables, not arrays: this loop takes most of the time.
    let au = 0;
    let av = 0;
    let aw = 0;
    let ax = 0;
    let bu = 0;
    let bv = 0;
    let bw = 0;
    let bx = 0;
    for (let i = 0; i < n; i++) {
      const p = a[i]!;
      const q = b[i]!;
      const ui = u[i]!;
      const vi = v[i]!;
      const wi = w[i]!;
      const xi = x[i]!;
      au += p * ui;
      av += p * vi;
      aw += p * wi;
      ax += p * xi;
      bu += q * ui;
      bv += q * vi;
      bw += q * wi;
      bx += q * xi;
    }
    [au, av, aw, ax].forEach((sum, k) => (sums[k]![c] = sum));
    if (c + 1 < columns.length) [bu, bv, bw, bx].forEach((sum, k) => (sums[k]![c + 1] = sum));
  }
}

/**
 * Mean over places drawn with replacement, one fewer than there are, so that its variance has the right size (McCarthy
 * and Snowden 1985); with a single place, its value.
 */
export function drawnMean(values: ArrayLike<number>, places: readonly number[], random: Sfc32): number {
  return meanAt(values, places, drawnPlaces(places.length, random));
}

/** How many of `count` seeds are drawn: one fewer, as `drawnMean` says. */
export function drawnOf(count: number): number {
  return Math.max(1, count - 1);
}

/** Which of `count` seeds are drawn. */
export function drawnPlaces(count: number, random: Sfc32): number[] {
  const places = new Array<number>(drawnOf(count)).fill(0);
  if (count > 1) for (let k = 0; k < places.length; k++) places[k] = random.integer(count);
  return places;
}

/** Mean over the drawn places. */
export function meanAt(values: ArrayLike<number>, places: readonly number[], drawnOnes: readonly number[]): number {
  let sum = 0;
  for (const k of drawnOnes) sum += values[places[k]!]!;
  return sum / drawnOnes.length;
}

/** The p-quantile of ascending values, interpolated linearly (type 7 of Hyndman and Fan 1996, NumPy's default). */
export function quantile(ascending: ArrayLike<number>, p: number): number {
  const at = p * (ascending.length - 1);
  const [low, high] = endsAt(ascending.length, p);
  const [a, b] = [ascending[low]!, ascending[high]!];
  // Equal ends first: between two infinities interpolation would give NaN.
  return a === b ? a : a + (at - low) * (b - a);
}

/** Places of the two values between which the p-quantile of `count` ascending ones lies. */
function endsAt(count: number, p: number): [low: number, high: number] {
  const at = p * (count - 1);
  return [Math.floor(at), Math.ceil(at)];
}

/**
 * The draws that have a value: one without is, for example, the area under the ROC of a draw without mistakes. Empty if
 * more than 1 in 20 has none, since the rest would then say little about the whole.
 */
export function drawsWithValue(draws: ArrayLike<number>): Float64Array {
  const values = new Float64Array(draws.length);
  let count = 0;
  for (let b = 0; b < values.length; b++) if (!Number.isNaN(draws[b]!)) values[count++] = draws[b]!;
  return draws.length - count > draws.length / 20 ? new Float64Array(0) : values.subarray(0, count);
}

/**
 * 95 % percentile interval of draws that have a value (Efron and Tibshirani 1993, ch. 13), see `drawsWithValue`.
 * Infinite draws are allowed.
 */
export function percentileInterval(draws: ArrayLike<number>): Interval {
  const values = drawsWithValue(draws);
  if (values.length === 0) return { lower: NaN, upper: NaN };
  const levels = [(1 - 0.95) / 2, (1 + 0.95) / 2] as const;
  placeAscending(values, [...new Set(levels.flatMap((p) => endsAt(values.length, p)))]);
  return { lower: quantile(values, levels[0]), upper: quantile(values, levels[1]) };
}

/**
 * The hull of the percentile and the basic 95 % bootstrap interval, lower to upper. Scores of suddenness are extremes and
 * medians of steps: noise shifts their draws, and where it does, percentiles alone always miss the truth (the largest
 * step of a straight ramp) and basic limits alone a fifth of the time (the median step of a flat curve).
 * docs/emergence.md gives the hull's coverage.
 */
export function hullInterval(observed: number, draws: ArrayLike<number>): Interval {
  const { lower, upper } = percentileInterval(draws);
  return { lower: Math.min(lower, 2 * observed - upper), upper: Math.max(upper, 2 * observed - lower) };
}
