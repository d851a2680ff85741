/**
 * The best use of a number of training FLOPs C under a law of two factors: the frontier N_opt(C), D_opt(C) along which A / N^a + B / D^b is
 * least at C = c N^p D^q (Hoffmann et al. 2022, arXiv 2203.15556, Eq 4, where c = 6 and p = q = 1). p and q come from the members' own
 * FLOPs: those of a convolutional network do not grow in proportion to its parameters.
 */
import { matrix, solveLeastSquares } from '../../statistics/matrices.js';
import { inRatios, type FittedLaw, type Known } from './fit.js';
import { bestFit, exponentBounds, lossAt, type Law } from './law.js';
import { profileInterval, profileRatios } from './profile.js';

/** FLOPs as c N^p D^q. */
export interface Cost {
  readonly factor: number;
  readonly powers: readonly [number, number];
  /** Largest relative deviation of a member's own FLOPs; undefined if they are unknown, in which case 6 N D is used. */
  readonly farthest: number | undefined;
}

/** @param flops at each of the coordinates; NaN if unknown */
export function costOf(coordinates: readonly (readonly number[])[], flops: readonly number[]): Cost {
  if (!flops.every((each) => each > 0 && each < Infinity)) return { factor: 6, powers: [1, 1], farthest: undefined };
  const rows = coordinates.map(([n, d]) => [1, Math.log(n!), Math.log(d!)]);
  const right = Float64Array.from(flops, Math.log);
  const a = matrix(rows.length, 3);
  a.data.set(rows.flat());
  const [constant, p, q] = solveLeastSquares(a, right.slice()) as unknown as [number, number, number];
  const misses = rows.map(([, n, d], i) => Math.abs(Math.expm1(constant + p * n! + q * d! - right[i]!)));
  return { factor: Math.exp(constant), powers: [p, q], farthest: Math.max(...misses) };
}

export function flopsOf({ factor, powers: [p, q] }: Cost, [n, d]: readonly [number, number]): number {
  return factor * n ** p * d ** q;
}

/** The D that a number of FLOPs allows for a given N. */
export function examplesAt({ factor, powers: [p, q] }: Cost, flops: number, n: number): number {
  return (flops / factor / n ** p) ** (1 / q);
}

/** Exponents of C in N_opt and D_opt: b / (a q + b p) and a / (a q + b p). */
export function frontierExponents({ terms: [n, d] }: Law, { powers: [p, q] }: Pick<Cost, 'powers'>): [number, number] {
  const [a, b] = [n!.exponent, d!.exponent];
  return [b / (a * q + b * p), a / (a * q + b * p)];
}

/** The point at which a A / N^a / p = b B / D^b / q. */
export function optimumAt(law: Law, cost: Cost, flops: number): [number, number] {
  const [p, q] = cost.powers;
  const [{ amplitude: A, exponent: a }, { amplitude: B, exponent: b }] = law.terms as [
    Law['terms'][0],
    Law['terms'][0],
  ];
  const budget = Math.log(flops / cost.factor);
  const n = Math.exp((Math.log((a * A * q) / (b * B * p)) + (b / q) * budget) / (a + (b * p) / q));
  return [n, examplesAt(cost, flops, n)];
}

export interface Budget {
  readonly flops: number;
  /** N_opt and D_opt. */
  readonly optimum: readonly [Known, Known];
  readonly loss: number;
}

export interface Frontier {
  readonly cost: Cost;
  /** Exponents of C in N_opt and D_opt. */
  readonly exponents: readonly [Known, Known];
  /** From the fewest FLOPs of a member to the most. */
  readonly budgets: readonly Budget[];
}

const budgetsShown = 5;

/** @param flops of each cell, in their order */
export function frontierOf(fit: FittedLaw, flops: readonly number[]): Frontier {
  const coordinates = fit.cells.map((cell) => cell.coordinates);
  const cost = costOf(coordinates, flops);
  const spent = coordinates.map(([n, d]) => flopsOf(cost, [n!, d!]));
  const [first, last] = [Math.min(...spent), Math.max(...spent)];
  return {
    cost,
    exponents: exponentsOf(fit, cost),
    budgets: Array.from({ length: budgetsShown }, (_, i) =>
      budgetOf(fit, cost, first * (last / first) ** (i / (budgetsShown - 1))),
    ),
  };
}

function exponentsOf(fit: FittedLaw, cost: Cost): [Known, Known] {
  const [p, q] = cost.powers;
  const [ofN, ofD] = frontierExponents(fit.law, cost);
  const end = 0.999 / p;
  const found = profileInterval((exponent) => leastWithExponent(fit, cost, exponent) <= fit.limit, {
    ...{ best: Math.min(end, Math.max(0.001 / p, ofN)), least: 0.001 / p, most: end, step: 0.02 },
  });
  const interval = {
    lower: found.lower <= 0.001 / p ? 0 : found.lower,
    upper: found.upper >= end ? 1 / p : found.upper,
  };
  const rest = (exponent: number) => (1 - p * exponent) / q;
  return [
    inRatios(fit, ofN, interval, (law) => frontierExponents(law, cost)[0]),
    inRatios(
      fit,
      ofD,
      { lower: rest(interval.upper), upper: rest(interval.lower) },
      (law) => frontierExponents(law, cost)[1],
    ),
  ];
}

/** Least sum of squares of laws whose N_opt has this exponent: a is a multiple of b. */
function leastWithExponent({ data, shape, limit }: FittedLaw, { powers: [p, q] }: Cost, exponent: number): number {
  const ratio = (1 - p * exponent) / (q * exponent);
  const problem = {
    linear: [0, 1, 2],
    x: data.logs.map((_, i) => i),
    ...{ y: data.y, weights: data.weights },
    lower: [0, 0, 0, exponentBounds[0]],
    upper: [Infinity, Infinity, Infinity, exponentBounds[1]],
    gradient: ([, A, B, b]: readonly number[] | Float64Array, i: number) => {
      const [n, d] = data.logs[i] as [number, number];
      const [ofN, ofD] = [Math.exp(-ratio * b! * n), Math.exp(-b! * d)];
      return [1, ofN, ofD, -A! * ratio * n * ofN - B! * d * ofD];
    },
  };
  return bestFit(problem, [[shape[1]!], [shape[0]! / ratio]], limit).sumOfSquares;
}

function budgetOf(fit: FittedLaw, cost: Cost, flops: number): Budget {
  const [n, d] = optimumAt(fit.law, cost, flops);
  const interval = profileRatios((at) => leastWithOptimum(fit, cost, [at, examplesAt(cost, flops, at)]) <= fit.limit, {
    ...{ best: n, least: n / 1e6, most: n * 1e6, step: 0.1 },
  });
  const examples = (at: number) => (at === Infinity ? 0 : at === 0 ? Infinity : examplesAt(cost, flops, at));
  return {
    flops,
    optimum: [
      inRatios(fit, n, interval, (law) => optimumAt(law, cost, flops)[0]),
      inRatios(
        fit,
        d,
        { lower: examples(interval.upper), upper: examples(interval.lower) },
        (law) => optimumAt(law, cost, flops)[1],
      ),
    ],
    loss: lossAt(fit.law, [n, d]),
  };
}

/**
 * Least sum of squares of laws with their optimum here, where A / N^a is q a / (p b) of B / D^b, or the other way
 * round.
 */
function leastWithOptimum(
  { data, shape, limit }: FittedLaw,
  { powers: [p, q] }: Cost,
  optimum: readonly [number, number],
): number {
  const at = optimum.map((x, k) => Math.log(x / data.centres[k]!)) as [number, number];
  const problem = {
    linear: [0, 1],
    x: data.logs.map((_, i) => i),
    ...{ y: data.y, weights: data.weights },
    lower: [0, 0, exponentBounds[0], exponentBounds[0]],
    upper: [Infinity, Infinity, exponentBounds[1], exponentBounds[1]],
    // B is B / D_opt^b here.
    gradient: ([, B, a, b]: readonly number[] | Float64Array, i: number) => {
      const [n, d] = data.logs[i]!.map((log, k) => log - at[k]!) as [number, number];
      const share = (p * b!) / (q * a!);
      const [ofN, ofD] = [share * Math.exp(-a! * n), Math.exp(-b! * d)];
      return [1, ofN + ofD, -B! * ofN * (1 / a! + n), B! * (ofN / b! - d * ofD)];
    },
  };
  return bestFit(problem, [shape], limit).sumOfSquares;
}
