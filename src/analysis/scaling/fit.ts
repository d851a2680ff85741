/**
 * A law with its uncertainty. Two things scatter: seeds, independently for each member, and test examples, which all members share.
 *
 * Seeds: intervals are profiles (profile.ts) at the scatter of the members around the law, with Student's t for its few degrees of freedom;
 * members of one scale and the law's misfit together determine it. If the misfit exceeds what seeds explain (F test, 5 %), the misfit alone
 * is the scatter, with the remaining degrees of freedom of the scales: many seeds of a few scales must not make a law certain that does not
 * fit them.
 *
 * Examples: the law is fitted again to each bootstrap draw of the test set, and an interval is widened by the percentiles of the draws, as
 * if independent. The scatter already contains a member's own part of each draw, so intervals are if anything too wide.
 */
import { percentileInterval } from '../../statistics/bootstrap.js';
import { upperF } from '../../statistics/f-test.js';
import type { Interval } from '../../statistics/intervals.js';
import { mean, squaresAbout } from '../../statistics/mean.js';
import { studentQuantile } from '../../statistics/student.js';
import type { OnStep } from '../../terminal/steps.js';
import type { Bounds } from '../models.js';
import {
  exponentBounds,
  fixed,
  lawBounds,
  lawData,
  lawOf,
  lossAt,
  place,
  solve,
  withPoint,
  type LossCell,
  type Law,
  type LawData,
} from './law.js';
import { profileInterval, profileRatios } from './profile.js';

/** How far members are from the law, as differences of ln loss: relative differences if they are small. */
export interface Scatter {
  /**
   * Scatter of a member around the law, as used for intervals. NaN if there are as many scales as parameters, and no second
   * seed.
   */
  readonly standardDeviation: number;
  readonly degreesOfFreedom: number;
  /** Scatter of a seed around the mean of its scale; NaN without a second seed. */
  readonly ofSeeds: number;
  /** Root mean square distance of the means over seeds from the law. */
  readonly ofMeans: number;
  /** Whether the law misses the means over seeds by more than seeds explain; undefined if this cannot be tested. */
  readonly misfit: { readonly p: number; readonly isSignificant: boolean } | undefined;
}

export interface FittedLaw {
  readonly law: Law;
  readonly cells: readonly LossCell[];
  readonly data: LawData;
  readonly bounds: Bounds;
  /** Exponents. */
  readonly shape: ArrayLike<number>;
  readonly scatter: Scatter;
  /** Largest sum of squares that is compatible with the data. */
  readonly limit: number;
  /** The law of each draw of the test set; empty without draws. */
  readonly draws: readonly Law[];
}

export interface Known {
  readonly value: number;
  /** 95 %. */
  readonly interval: Interval;
}

/** Level of the test for misfit. */
const misfitLevel = 0.05;

/**
 * @param cells with at least as many different coordinates as the law has parameters
 * @param draws the same cells on other draws of the test set
 */
export function fitLaw(
  cells: readonly LossCell[],
  draws: readonly (readonly LossCell[])[] = [],
  onStep?: OnStep,
): FittedLaw {
  const data = lawData(cells);
  const bounds = lawBounds(data);
  const found = solve(data, bounds);
  const scatter = scatterOf(cells, found.sumOfSquares, found.parameters.length);
  const { standardDeviation, degreesOfFreedom } = scatter;
  const allowed = degreesOfFreedom === 0 ? Infinity : studentQuantile(0.975, degreesOfFreedom) * standardDeviation;
  return {
    ...{ law: lawOf(found, data), cells, data, bounds, shape: found.shape, scatter },
    limit: found.sumOfSquares + allowed ** 2,
    draws: draws.map((drawn, i) => {
      onStep?.(i, draws.length);
      const of = lawData(drawn);
      return lawOf(solve(of, bounds, [found.shape]), of);
    }),
  };
}

function scatterOf(cells: readonly LossCell[], misfitSquares: number, parameters: number): Scatter {
  const members = cells.reduce((sum, { values }) => sum + values.length, 0);
  const seeds = {
    squares: cells.reduce((sum, { values }) => sum + squaresOfLogs(values), 0),
    degrees: members - cells.length,
  };
  const misfit = { squares: misfitSquares, degrees: cells.length - parameters };
  const isTold = misfit.degrees > 0 && seeds.degrees > 0;
  const ratio = misfit.squares / misfit.degrees / (seeds.squares / seeds.degrees);
  const p = isTold ? upperF(ratio, misfit.degrees, seeds.degrees) : NaN;
  const isSignificant = p < misfitLevel;
  const squares = isSignificant ? misfit.squares : misfit.squares + seeds.squares;
  const degrees = isSignificant ? misfit.degrees : misfit.degrees + seeds.degrees;
  return {
    standardDeviation: degrees === 0 ? NaN : Math.sqrt(squares / degrees),
    degreesOfFreedom: degrees,
    ofSeeds: seeds.degrees === 0 ? NaN : Math.sqrt(seeds.squares / seeds.degrees),
    ofMeans: Math.sqrt(misfit.squares / members),
    misfit: isTold ? { p, isSignificant } : undefined,
  };
}

function squaresOfLogs(values: readonly number[]): number {
  const logs = values.map(Math.log);
  return squaresAbout(mean(logs), logs);
}

/**
 * Whether the data allow laws within other bounds. Starts from the previous result, as values are requested in order.
 */
function allows({ data, shape, limit }: FittedLaw, boundsAt: (value: number) => Bounds, of = data) {
  let near: ArrayLike<number> = shape;
  return (value: number): boolean => {
    const found = solve(of, boundsAt(value), [near, shape], limit);
    near = found.shape;
    return found.sumOfSquares <= limit;
  };
}

/** E, the irreducible loss. */
export function floorOf(fit: FittedLaw): Known {
  const { law, bounds, data, draws } = fit;
  const least = Math.min(...data.y);
  const interval = profileInterval(
    allows(fit, (value) => fixed(bounds, place.floor, value)),
    { best: law.floor, least: 0, most: Math.max(...data.y), step: 0.05 * least },
  );
  const drawn = percentileInterval(draws.map(({ floor }) => floor));
  const { lower, upper } = withDraws(law.floor, interval, drawn);
  return { value: law.floor, interval: { lower: Math.max(0, lower), upper } };
}

/** From 0 or to infinity if the data allow all exponents on that side. */
export function exponentOf(fit: FittedLaw, k: number): Known {
  const { law, bounds } = fit;
  const value = law.terms[k]!.exponent;
  const interval = profileRatios(
    allows(fit, (exponent) => fixed(bounds, place.exponent(k), exponent)),
    { best: value, least: exponentBounds[0], most: exponentBounds[1], step: 0.1 },
  );
  return inRatios(fit, value, interval, ({ terms }) => terms[k]!.exponent);
}

/** A of A / N^a, whose unit depends on a: it is not informative without it. */
export function amplitudeOf(fit: FittedLaw, k: number): Known {
  const { law, bounds, data } = fit;
  const value = law.terms[k]!.amplitude;
  // A factor of N itself, not of N over its centre.
  const plain: LawData = {
    ...data,
    centres: data.centres.map(() => 1),
    logs: data.logs.map((logs) => logs.map((log, j) => log + Math.log(data.centres[j]!))),
  };
  const interval = profileRatios(
    allows(fit, (amplitude) => fixed(bounds, place.amplitude(k), amplitude), plain),
    { best: value, least: value * 1e-30, most: value * 1e30, step: 0.5 },
  );
  return inRatios(fit, value, interval, ({ terms }) => terms[k]!.amplitude);
}

/** A weight so large that the law passes through the point. */
const asGoodAsFixed = 1e3;

/** The law itself at other coordinates. */
export function curveAt(fit: FittedLaw, coordinates: readonly number[]): Known {
  const value = lossAt(fit.law, coordinates);
  return inRatios(fit, value, throughPoint(fit, coordinates, asGoodAsFixed), (law) => lossAt(law, coordinates));
}

/** The mean of this many new members on the same test set. */
export function predictedAt(fit: FittedLaw, coordinates: readonly number[], members: number): Known {
  const value = lossAt(fit.law, coordinates);
  return { value, interval: throughPoint(fit, coordinates, Math.sqrt(members)) };
}

/** Compatible values: with one of them among the data, the law still fits all. */
function throughPoint(fit: FittedLaw, coordinates: readonly number[], weight: number): Interval {
  const { data, bounds, shape, limit, law, scatter } = fit;
  const best = lossAt(law, coordinates);
  let near: ArrayLike<number> = shape;
  const isIn = (value: number): boolean => {
    const found = solve(withPoint(data, { coordinates, value, weight }), bounds, [near, shape], limit);
    near = found.shape;
    return found.sumOfSquares <= limit;
  };
  const step = Math.min(0.2, Math.max(1e-4, scatter.standardDeviation || 0.2));
  return profileRatios(isIn, { best, least: best * 1e-6, most: best * 1e6, step });
}

/** A positive quantity and its interval by a profile, widened by its spread over draws of the test set. */
export function inRatios(fit: FittedLaw, value: number, interval: Interval, of: (law: Law) => number): Known {
  const drawn = percentileInterval(fit.draws.map((law) => Math.log(of(law))));
  const { lower, upper } = withDraws(
    Math.log(value),
    { lower: Math.log(interval.lower), upper: Math.log(interval.upper) },
    drawn,
  );
  return { value, interval: { lower: Math.exp(lower), upper: Math.exp(upper) } };
}

function withDraws(value: number, { lower, upper }: Interval, drawn: Interval): Interval {
  const further = (one: number, other: number) => Math.hypot(one, Number.isNaN(other) ? 0 : Math.max(0, other));
  return {
    lower: value - further(value - lower, value - drawn.lower),
    upper: value + further(upper - value, drawn.upper - value),
  };
}
