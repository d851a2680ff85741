/**
 * y = f(x) + slope z + noise, with f of unknown shape and spanned by a basis (Robinson 1988, Econometrica 56, 931-954;
 * in series: Donald and Newey 1994, J. Multivar. Anal. 50, 30-40). Only the part of z that the basis does not explain
 * says anything about the slope, so an error in f matters only as far as z is correlated with it.
 *
 * The noise may differ from place to place and be shared within clusters: the null of a slope of 0 is drawn by random
 * signs of whole clusters' scores (Hemerik, Goeman and Finos 2020, J. R. Stat. Soc. B 82, 841-864), each over the
 * standard deviation that a score has under its signs, which the fit of f makes smaller than the observed one's (De
 * Santis et al. 2022, arXiv 2209.13918). With as few clusters, a studentized wild cluster bootstrap rejects too often
 * (docs/collapse.md).
 */
import type { Interval } from './wilson.js';
import { dot, residualOf } from './projection.js';
import type { Sfc32 } from './sfc32.js';

export interface PartiallyLinear {
  readonly y: Float64Array;
  /** Orthonormal columns that span f. */
  readonly basis: readonly Float64Array[];
  /** Each is tested separately. */
  readonly terms: readonly Float64Array[];
  /** The cluster of each value, numbered from 0. */
  readonly clusters: readonly number[];
  readonly draws: number;
  readonly random: Sfc32;
}

export interface Slope {
  readonly value: number;
  /** 95 %: the slopes that the test does not reject. */
  readonly interval: Interval;
  readonly standardError: number;
  /** The score of a slope of 0 over its length, unsigned; NaN if nothing is left of the term. */
  readonly statistic: number;
  /** The same in each draw of the null, `[draws]`; draws are shared by all terms. */
  readonly null: Float64Array;
}

export function slopesOf({ y, basis, terms, clusters, draws, random }: PartiallyLinear): Slope[] {
  const residual = residualOf(basis, y);
  const count = Math.max(...clusters) + 1;
  const signs = Array.from({ length: count < 2 ? 0 : draws }, () => drawSigns(count, random));
  return terms.map((term) => {
    const rest = residualOf(basis, term);
    const squares = dot(rest, rest);
    // If the basis explains the term, what is left is a rounding error and counts as nothing.
    if (!(squares > 1e-18 * dot(term, term))) return { ...unknown, null: new Float64Array(draws).fill(NaN) };
    const observed = scoreOf(rest, residual, rest);
    const drawn = signs.map((list) =>
      scoreOf(
        residualOf(
          basis,
          rest.map((value, i) => value * list[clusters[i]!]!),
        ),
        residual,
        rest,
      ),
    );
    const { value, standardError } = slopeOf(residual, rest, clusters, count);
    return {
      ...{ value, standardError, interval: unrejected(value, standardError, { observed, drawn }) },
      statistic: at(observed, 0),
      null: Float64Array.from({ length: draws }, (_, b) => (b < drawn.length ? at(drawn[b]!, 0) : NaN)),
    };
  });
}

const unknown = { value: NaN, standardError: NaN, statistic: NaN, interval: { lower: NaN, upper: NaN } } as const;

/** 1 or -1 for each cluster, not all alike: those would give the observed score, which the p-value already counts. */
function drawSigns(count: number, random: Sfc32): Int8Array {
  const signs = new Int8Array(count);
  do for (let c = 0; c < count; c++) signs[c] = random.integer(2) === 0 ? 1 : -1;
  while (signs.every((sign) => sign === signs[0]));
  return signs;
}

/** A score, the effect of a slope of 1 on it, and its length. */
interface Score {
  readonly value: number;
  readonly ofSlope: number;
  readonly length: number;
}

function scoreOf(direction: Float64Array, residual: Float64Array, rest: Float64Array): Score {
  return {
    value: dot(direction, residual),
    ofSlope: dot(direction, rest),
    length: Math.sqrt(dot(direction, direction)),
  };
}

/** The statistic for the null of this slope. */
function at({ value, ofSlope, length }: Score, slope: number): number {
  return Math.abs(value - slope * ofSlope) / length;
}

interface Scores {
  readonly observed: Score;
  readonly drawn: readonly Score[];
}

/** The slopes around the estimate that a test at 5 % does not reject, to a thousandth of the standard error. */
function unrejected(value: number, standardError: number, { observed, drawn }: Scores): Interval {
  const isRejected = (slope: number) => {
    const statistic = at(observed, slope);
    const reached = drawn.reduce((sum, score) => sum + Number(at(score, slope) >= statistic), 0);
    return 1 + reached <= 0.05 * (1 + drawn.length);
  };
  const end = (sign: 1 | -1) => {
    let far = standardError;
    // If the test rejects nothing, the interval has no end.
    while (!isRejected(value + sign * far)) if ((far *= 2) > 1e6 * standardError) return sign * Infinity;
    let near = far === standardError ? 0 : far / 2;
    while (far - near > 1e-3 * standardError) {
      const middle = (near + far) / 2;
      if (isRejected(value + sign * middle)) far = middle;
      else near = middle;
    }
    return value + sign * near;
  };
  return standardError > 0 ? { lower: end(-1), upper: end(1) } : { lower: value, upper: value };
}

/**
 * Residuals scaled to the size of the noise: the fit has absorbed a part of it, more where a value has much weight (HC2
 * of MacKinnon and White 1985).
 */
export function noiseLikeResiduals(basis: readonly Float64Array[], residual: Float64Array): Float64Array {
  return residual.map((value, i) => {
    const leverage = basis.reduce((sum, column) => sum + column[i]! ** 2, 0);
    return value / Math.sqrt(Math.max(1e-6, 1 - leverage));
  });
}

type Estimate = Pick<Slope, 'value' | 'standardError'>;

/**
 * The standard error is the jackknife's over clusters, given the basis: what the slope would be without each of them
 * (CV3 of MacKinnon, Nielsen and Webb 2023, J. Appl. Econom. 38, 671-694), as a few clusters can hold most of a term.
 */
function slopeOf(residual: Float64Array, rest: Float64Array, clusters: readonly number[], count: number): Estimate {
  const squares = dot(rest, rest);
  const value = dot(rest, residual) / squares;
  const [scores, weights] = [new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < rest.length; i++) {
    scores[clusters[i]!]! += rest[i]! * (residual[i]! - value * rest[i]!);
    weights[clusters[i]!]! += rest[i]! ** 2;
  }
  const moved = scores.map((score, c) => score / Math.max(1e-9 * squares, squares - weights[c]!));
  return { value, standardError: Math.sqrt((dot(moved, moved) * (count - 1)) / count) };
}
