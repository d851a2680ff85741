/**
 * y = f(x) + slope z + noise, f of unknown shape and spanned by a basis (Robinson 1988, Econometrica 56, 931-954; in series: Donald and
 * Newey 1994, J. Multivar. Anal. 50, 30-40). Only what the basis leaves over of z says anything of the slope, so that an error in f
 * matters no more than as far as z goes with that error.
 *
 * The noise may differ from place to place and be shared within clusters: the null of a slope of 0 is drawn by the wild cluster
 * bootstrap, residuals without the slope under random signs of whole clusters, studentized (Cameron, Gelbach and Miller 2008, Rev.
 * Econ. Stat. 90, 414-427).
 */
import { quantile } from './bootstrap.js';
import type { Interval } from './wilson.js';
import { dot, residualOf } from './projection.js';
import type { Sfc32 } from './sfc32.js';

export interface PartiallyLinear {
  readonly y: Float64Array;
  /** Orthonormal columns that span f. */
  readonly basis: readonly Float64Array[];
  /** Each is tested for itself. */
  readonly terms: readonly Float64Array[];
  /** Of each value a number from 0. */
  readonly clusters: readonly number[];
  readonly draws: number;
  readonly random: Sfc32;
}

export interface Slope {
  readonly value: number;
  /** 95 %, the slopes that the test does not reject. */
  readonly interval: Interval;
  readonly standardError: number;
  /** Slope over standard error, without sign; NaN where nothing is left of the term. */
  readonly statistic: number;
  /** The same in each draw of the null, `[draws]`; draws are shared by all terms. */
  readonly null: Float64Array;
}

export function slopesOf({ y, basis, terms, clusters, draws, random }: PartiallyLinear): Slope[] {
  const rests = terms.map((term) => residualOf(basis, term));
  const residual = residualOf(basis, y);
  const noise = noiseOf(basis, residual);
  const count = Math.max(...clusters) + 1;
  const observed = rests.map((rest) => slopeOf(residual, rest, clusters, count));
  const drawn = rests.map(() => new Float64Array(draws));
  const signs = new Float64Array(count);
  for (let b = 0; b < draws; b++) {
    for (let c = 0; c < count; c++) signs[c] = random.integer(2) === 0 ? 1 : -1;
    const flipped = residualOf(
      basis,
      noise.map((value, i) => value * signs[clusters[i]!]!),
    );
    rests.forEach((rest, k) => (drawn[k]![b] = statisticOf(slopeOf(flipped, rest, clusters, count))));
  }
  return observed.map((slope, k) => {
    const ascending = drawn[k]!.filter((value) => !Number.isNaN(value)).sort();
    const half = ascending.length === 0 ? NaN : quantile(ascending, 0.95) * slope.standardError;
    return {
      ...slope,
      interval: { lower: slope.value - half, upper: slope.value + half },
      statistic: statisticOf(slope),
      null: drawn[k]!,
    };
  });
}

/** Residuals as large as the noise is: the fit has taken a part of it, more where a value has much weight (HC2 of MacKinnon and White 1985). */
export function noiseOf(basis: readonly Float64Array[], residual: Float64Array): Float64Array {
  return residual.map((value, i) => {
    const leverage = basis.reduce((sum, column) => sum + column[i]! ** 2, 0);
    return value / Math.sqrt(Math.max(1e-6, 1 - leverage));
  });
}

type Estimate = Pick<Slope, 'value' | 'standardError'>;

const statisticOf = ({ value, standardError }: Estimate): number => Math.abs(value) / standardError;

/**
 * The standard error is the jackknife's over clusters, given the basis: what the slope would be without each of them (CV3 of MacKinnon,
 * Nielsen and Webb 2023, J. Appl. Econom. 38, 671-694), as a few clusters can have most of a term.
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
