/** The standard normal distribution and functions built on it: pure, so that the explorer's page can use them. */
import type { Sfc32 } from './sfc32.js';

/** Numerators and denominators of AS 241's three rational functions, highest power first. */
const central = [
  [
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
    1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
  ],
  [
    5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
    687.1870074920579083, 42.313330701600911252, 1,
  ],
] as const;
const tail = [
  [
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  ],
  [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
  ],
] as const;
const farTail = [
  [
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
    0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
  ],
  [
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1,
  ],
] as const;

/** z with P(normal < z) = p, to 1e-15 (Wichura 1988, algorithm AS 241); infinite at 0 and 1. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(central, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  if (!(r < Infinity)) return q < 0 ? -Infinity : Infinity;
  return Math.sign(q) * (r <= 5 ? ratio(tail, r - 1.6) : ratio(farTail, r - 5));
}

function ratio([above, below]: readonly [readonly number[], readonly number[]], x: number): number {
  const at = (coefficients: readonly number[]) => coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
  return at(above) / at(below);
}

/** P(normal < z), to 1e-15 of 1: its series around 0 (Marsaglia 2004, J. Stat. Softw. 11(4)). */
export function normalBelow(z: number): number {
  if (!(Math.abs(z) < 8)) return z > 0 ? 1 : z < 0 ? 0 : NaN;
  let [sum, term] = [z, z];
  for (let last = NaN, odd = 3; sum !== last; odd += 2) {
    last = sum;
    term *= z ** 2 / odd;
    sum += term;
  }
  return 0.5 + (sum * Math.exp(-(z ** 2) / 2)) / Math.sqrt(2 * Math.PI);
}

let quantiles = { n: 0, ofHalves: new Float64Array(0) };

/** The score of each place among n, in halves of a rank; kept for the latest n, as draws of all members are equally many. */
export function scoresOfPlaces(n: number): Float64Array {
  if (quantiles.n !== n)
    quantiles = { n, ofHalves: Float64Array.from({ length: 2 * n + 1 }, (_, h) => normalQuantile(h / 2 / (n + 1))) };
  return quantiles.ofHalves;
}

/**
 * Van der Waerden's scores: the normal quantile of each value's rank over n + 1, ties at their mean rank.
 *
 * @returns undefined if all values are the same, if there are none, and if one is NaN
 */
export function normalScores(values: ArrayLike<number>): Float64Array | undefined {
  const places = scorePlaces(values);
  return places && scoresAtPlaces(places);
}

/** Ranks in halves, `[values]`. */
export type ScorePlaces = Uint16Array | Uint32Array;

/** Ranks in halves, ties at their mean rank: a quarter of the memory of the scores. Undefined as `normalScores`. */
export function scorePlaces(values: ArrayLike<number>): ScorePlaces | undefined {
  return values instanceof Uint16Array ? placesOfCounts(values) : placesOfNumbers(values);
}

/** The scores of ranks in halves, of as many values. */
export function scoresAtPlaces(places: ScorePlaces): Float64Array {
  const ofHalves = scoresOfPlaces(places.length);
  const scores = new Float64Array(places.length);
  for (let b = 0; b < scores.length; b++) scores[b] = ofHalves[places[b]!]!;
  return scores;
}

function noPlaces(n: number): ScorePlaces {
  return 2 * n < 65_536 ? new Uint16Array(n) : new Uint32Array(n);
}

function placesOfNumbers(values: ArrayLike<number>): ScorePlaces | undefined {
  const n = values.length;
  // Sorted without a comparison of ours, and NaN last.
  const ascending = Float64Array.from(values).sort();
  if (n < 2 || !(ascending[n - 1]! - ascending[0]! > 0)) return undefined;
  /** By the first place of equal values. */
  const ofFirst = noPlaces(n);
  for (let first = 0; first < n;) {
    let end = first + 1;
    while (end < n && ascending[end] === ascending[first]) end++;
    ofFirst[first] = first + end + 1;
    first = end;
  }
  const places = noPlaces(n);
  for (let b = 0; b < n; b++) places[b] = ofFirst[firstPlace(ascending, values[b]!)]!;
  return places;
}

/** Counts are ranked by how many there are of each, without sorting. */
function placesOfCounts(counts: Uint16Array): ScorePlaces | undefined {
  let [least, most] = [65_535, 0];
  for (const count of counts) {
    if (count < least) least = count;
    if (count > most) most = count;
  }
  if (!(most > least)) return undefined;
  const ofCount = new Uint32Array(most - least + 1);
  for (const count of counts) ofCount[count - least]!++;
  let below = 0;
  for (let i = 0; i < ofCount.length; i++) {
    const equal = ofCount[i]!;
    ofCount[i] = 2 * below + equal + 1;
    below += equal;
  }
  const places = noPlaces(counts.length);
  for (let b = 0; b < places.length; b++) places[b] = ofCount[counts[b]! - least]!;
  return places;
}

/** Of the ascending ones that are not below a value. */
function firstPlace(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A chi-square of so many degrees, one normal after another; `chiSquare` is faster for many, and draws others. */
export function sumOfSquaredNormals(degrees: number, random: Sfc32): number {
  let squares = 0;
  for (let i = 0; i < degrees; i++) squares += random.normal() ** 2;
  return squares;
}

/** A chi-square variate with any degrees of freedom above 0 (Marsaglia and Tsang 2000, of gamma). */
export function chiSquare(degrees: number, random: Sfc32): number {
  // If the shape is below 1, it is raised by 1 and the result scaled down again.
  const shape = degrees / 2;
  const lowered = shape < 1 ? random.uniform() ** (1 / shape) : 1;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(random.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return 2 * d * v * lowered;
  }
}
