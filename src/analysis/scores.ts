/**
 * How sudden a curve is: scores of the values at its scales, in order of scale. None depends on the unit or on the curve's
 * level. Higher values are better here: a metric where lower is better is passed with its sign reversed.
 *
 * Eq 1 of Schaeffer et al. 2023 is BIG-bench's breakthroughness. It is fragile, so always show `ramp` and `jump` with it: a
 * straight ramp over n scales scores n - 1, so it grows with the number of scales alone; flat floors and ceilings inflate it,
 * to infinity if more than half of the steps are 0; a dip anywhere deflates the most visible jump.
 *
 * Steepness and bow depend on distances between scales: in log scale, or where it does not suit the scales (`scoredInLog`), as they are.
 */
import { bisectRight } from 'd3-array';
import { mean } from '../statistics/mean.js';
import { ascending, placeAscending } from '../statistics/order.js';
import type { Interval } from '../statistics/wilson.js';
import { haveLogarithms, suitLogarithms } from './scales.js';

export interface Scores {
  /**
   * Eq 1: sign(argmax - argmin) (max - min) / sqrt(median of squared successive differences). For ties, argmax and argmin are
   * the first. 0 for a constant curve; infinite if the median step is 0.
   */
  readonly emergence: number;
  /** `emergence` divided by that of a straight ramp through as many scales, n - 1. */
  readonly ramp: number;
  /**
   * BIG-bench's linearity: Eq 1 with the mean of the squares instead of their median. A ramp has n - 1, a single jump sqrt(n - 1).
   */
  readonly linearity: number;
  /**
   * Largest rise between neighbours over max - min: 1 / (n - 1) for a ramp, 1 if one step is everything. NaN for a constant curve.
   */
  readonly jump: number;
  /**
   * Steepest rise per log scale between neighbours over (max - min) per log scale from the first to the last: 1 for a straight
   * line in log scale, however the scales are spaced. NaN for a constant curve.
   */
  readonly steepness: number;
  /**
   * How far the least-squares parabola in log scale is at the middle below the line between its ends, over max - min:
   * above 0 for a curve that rises late. NaN for a constant curve and for fewer than three scales.
   */
  readonly bow: number;
}

export type ScoreName = keyof Scores;
export const scoreNames = [
  'emergence',
  'ramp',
  'linearity',
  'jump',
  'steepness',
  'bow',
] as const satisfies readonly ScoreName[];

/** A record with an entry for each score, from its name and its place among them. */
export function ofScores<T>(make: (name: ScoreName, place: number) => T): Record<ScoreName, T> {
  return Object.fromEntries(scoreNames.map((name, place) => [name, make(name, place)])) as Record<ScoreName, T>;
}

const undefinedScores: Scores = ofScores(() => NaN);

/**
 * All scores; each is NaN if a value is not finite: for the area under a ROC without a mistake, or the PSNR of a perfect image,
 * there is no step.
 *
 * @param measured values at each scale, `[n]`, n at least 2; higher is better
 * @param scales ascending and positive, `[n]`
 * @param isLog whether their distances are in log scale
 */
export function scoresOf(
  measured: ArrayLike<number>,
  scales: ArrayLike<number>,
  isLog = shapeOf(scales).isLog,
): Scores {
  for (let i = 0; i < measured.length; i++) if (!Number.isFinite(measured[i])) return undefinedScores; // eslint-disable-line @typescript-eslint/prefer-for-of
  const values = withoutRounding(measured);
  const shape = shapeOf(scales, isLog);
  const emergence = emergenceScore(values);
  return {
    emergence,
    ramp: emergence / (values.length - 1),
    linearity: linearity(values),
    jump: jump(values),
    steepness: steepness(values, shape),
    bow: bow(values, shape),
  };
}

/**
 * The least and the most that a score can be, for curves over these scales.
 *
 * @param direction 1 for curves that rise (the maximum comes after the minimum), -1 for those that fall, 0 for both
 */
export function limitsOf(name: ScoreName, scales: ArrayLike<number>, direction: -1 | 0 | 1): Interval {
  const steps = scales.length - 1;
  // Of a curve that rises. One that falls has the mirrored limits where scores have its sign.
  const signed = ([least, most]: readonly [number, number]) =>
    direction > 0 ? { lower: least, upper: most } : { lower: -most, upper: direction < 0 ? -least : most };
  // The largest of several rises is at least their mean, and at least that of a ramp downwards if the curve falls.
  const largest = (ramp: number, most: number) => ({ lower: direction > 0 ? ramp : -ramp, upper: most });
  switch (name) {
    case 'emergence':
      return signed([1, Infinity]);
    case 'ramp':
      return signed([1 / steps, Infinity]);
    case 'linearity':
      return signed([1, steps]);
    case 'jump':
      return largest(1 / steps, 1);
    case 'steepness': {
      const { steps: own, span } = shapeOf(scales);
      return largest(1, span / Math.min(...own.subarray(1)));
    }
    case 'bow': {
      // All values with a positive weight at the top, all others at the bottom.
      const most = steps < 2 ? NaN : shapeOf(scales).weights.reduce((sum, weight) => sum + Math.max(0, weight), 0);
      return { lower: -most, upper: most };
    }
  }
}

/**
 * Makes values equal that differ only by rounding, as means over the same seeds in another order do, so that ties count
 * as ties.
 */
function withoutRounding(values: ArrayLike<number>): Float64Array {
  const result = new Float64Array(values);
  const inOrder = ascending(result);
  const least = 1e-13 * Math.max(Math.abs(inOrder[0]!), Math.abs(inOrder.at(-1)!));
  const { lows, highs } = crowdsOf(inOrder, least);
  if (lows.length === 0) return result;
  // Values that stay are not near each other.
  const kept = lows.map((): number[] => []);
  for (let i = 0; i < result.length; i++) {
    const value = result[i]!;
    const crowd = bisectRight(lows, value) - 1;
    if (crowd < 0 || value > highs[crowd]!) continue;
    const near = kept[crowd]!.find((j) => Math.abs(value - result[j]!) <= least);
    if (near === undefined) kept[crowd]!.push(i);
    else result[i] = result[near]!;
  }
  return result;
}

/** Neighbours that are near each other without all being equal: the lowest and the highest of each crowd. */
function crowdsOf(inOrder: Float64Array, least: number): { readonly lows: number[]; readonly highs: number[] } {
  const lows: number[] = [];
  const highs: number[] = [];
  for (let first = 0, i = 1; i <= inOrder.length; i++) {
    if (i < inOrder.length && inOrder[i]! - inOrder[i - 1]! <= least) continue;
    const [low, high] = [inOrder[first]!, inOrder[i - 1]!];
    if (high > low) {
      lows.push(low);
      highs.push(high);
    }
    first = i;
  }
  return { lows, highs };
}

/** Eq 1 of Schaeffer et al. 2023; see `Scores`. NaN for fewer than two values. */
export function emergenceScore(values: ArrayLike<number>): number {
  return signedRange(values) / Math.sqrt(medianOf(squaredSteps(values))) || zeroIfConstant(values);
}

/** Linearity of Srivastava et al. 2022 (arXiv 2206.04615), App. B; see `Scores`. */
export function linearity(values: ArrayLike<number>): number {
  return signedRange(values) / Math.sqrt(mean(squaredSteps(values))) || zeroIfConstant(values);
}

function jump(values: ArrayLike<number>): number {
  let largest = -Infinity;
  for (let i = 1; i < values.length; i++) largest = Math.max(largest, values[i]! - values[i - 1]!);
  return largest / Math.abs(signedRange(values));
}

function steepness(values: ArrayLike<number>, { steps, span }: ScaleShape): number {
  let largest = -Infinity;
  for (let i = 1; i < values.length; i++) largest = Math.max(largest, (values[i]! - values[i - 1]!) / steps[i]!);
  return (largest * span) / Math.abs(signedRange(values));
}

function bow(values: ArrayLike<number>, { weights }: ScaleShape): number {
  const range = Math.abs(signedRange(values));
  if (values.length < 3 || range === 0) return NaN;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * values[i]!;
  return sum / range;
}

/** What scores need of scales that many curves share. */
interface ScaleShape {
  /** See `parabolaWeights`. */
  readonly weights: readonly number[];
  readonly isLog: boolean;
  /** From the scale before it to each scale, `[n]`; the first is NaN. */
  readonly steps: Float64Array;
  /** From the first scale to the last. */
  readonly span: number;
}

/**
 * Whether steepness and bow of a curve over these scales are in log scale. They are not where its axis is linear because a logarithmic one
 * does not suit it: of moments every 500 steps, the first of them step 1, that one point would decide the bow. A scale of 0 has neither.
 */
export function scoredInLog(scales: readonly number[]): boolean {
  return suitLogarithms(scales) || !haveLogarithms(scales);
}

const knownShapes = new WeakMap<ArrayLike<number>, ScaleShape>();

function shapeOf(scales: ArrayLike<number>, isLog?: boolean): ScaleShape {
  const known = knownShapes.get(scales);
  if (known !== undefined && (isLog === undefined || known.isLog === isLog)) return known;
  const shape = measuredShape(scales, isLog ?? scoredInLog(Array.from(scales)));
  knownShapes.set(scales, shape);
  return shape;
}

function measuredShape(scales: ArrayLike<number>, isLog: boolean): ScaleShape {
  const between = (from = NaN, to = NaN) => (isLog ? Math.log(to / from) : to - from);
  const first = scales[0];
  const span = between(first, scales[scales.length - 1]);
  const places = Array.from(scales, (scale) => (2 * between(first, scale)) / span - 1);
  const steps = Float64Array.from(scales, (scale, i) => between(scales[i - 1], scale));
  return { isLog, weights: parabolaWeights(places), steps, span };
}

/**
 * The weight of each value in the c2 of the least-squares parabola c2 t² + c1 t + c0 at the places t from -1 to 1: the parabola is c2
 * below its chord at 0. By orthogonalising t² to 1 and t.
 */
function parabolaWeights(t: readonly number[]): readonly number[] {
  const centre = mean(t);
  const centred = t.map((value) => value - centre);
  const squares = t.map((value) => value * value);
  const spread = mean(centred.map((value) => value * value));
  const slope = mean(squares.map((square, i) => square * centred[i]!)) / spread;
  const level = mean(squares);
  const residual = squares.map((square, i) => square - level - slope * centred[i]!);
  const norm = residual.reduce((sum, value) => sum + value * value, 0);
  return residual.map((value) => value / norm);
}

function squaredSteps(values: ArrayLike<number>): Float64Array {
  const squares = new Float64Array(Math.max(0, values.length - 1));
  for (let i = 0; i < squares.length; i++) squares[i] = (values[i + 1]! - values[i]!) ** 2;
  return squares;
}

function signedRange(values: ArrayLike<number>): number {
  let [low, high] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    if (values[i]! < values[low]!) low = i;
    if (values[i]! > values[high]!) high = i;
  }
  return Math.sign(high - low) * (values[high]! - values[low]!);
}

/** 0 / 0 of a constant curve becomes 0; a NaN with another cause stays. */
function zeroIfConstant(values: ArrayLike<number>): number {
  return values.length >= 2 && Math.abs(signedRange(values)) === 0 ? 0 : NaN;
}

/** Reorders them. */
function medianOf(values: Float64Array): number {
  const [low, high] = [(values.length - 1) >> 1, values.length >> 1];
  placeAscending(values, low === high ? [low] : [low, high]);
  return low === high ? values[low]! : (values[low]! + values[high]!) / 2;
}
