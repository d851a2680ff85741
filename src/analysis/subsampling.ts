/**
 * The same curve on fewer test examples (resolution) and at fewer scales (sparsity): the paper's other two causes of a
 * curve that looks sudden (Sec. 2), from the same outcomes.
 */
import { availableCores } from '../experiment/cores.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { membersAtOnce } from '../runs/opened.js';
import { quantile } from '../statistics/bootstrap.js';
import { byCount } from '../statistics/by-count.js';
import { listsAtOnce, sumsKernel } from '../statistics/kernels/kernels.js';
import { Random } from '../statistics/random.js';
import { mostUnits } from '../statistics/resamples.js';
import { meansOf, orient, scalesOf } from './curves.js';
import { orTooLarge } from './draws/members.js';
import { ofScores, scoredInLog, scoresOf, type ScoreName, type Scores } from './scores.js';

/** A score's median and the middle 95 % of its values over draws. */
export interface DrawSpread {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

export interface ResampledCurve {
  /** Units of the test set, or scales that were kept. */
  readonly size: number;
  /** Number of draws, or of sets of scales. */
  readonly draws: number;
  readonly scores: Record<ScoreName, DrawSpread>;
  /** Share of the draws in which the value at the smallest scale is the worst possible: 0 for a share. */
  readonly flatStart: number;
  /** One example draw: which scales, and the values there. */
  readonly example: { readonly scales: readonly number[]; readonly values: Float64Array };
}

export interface ResampleRequest {
  readonly metric: Metric;
  readonly members: readonly MemberOutcomes[];
  readonly sizes: readonly number[];
  readonly draws: number;
  readonly seed?: number;
}

/**
 * The same members on smaller test sets, drawn without replacement (paper, Sec. 2, cause 2: resolution).
 *
 * @throws RangeError for a size that is not from 1 to that of the test set
 */
export function sweepTestSizes(request: ResampleRequest): ResampledCurve[] {
  const { metric, members, sizes, draws, seed = 0 } = request;
  const scales = scalesOf(members);
  const positions = scales.map(({ parameters }) => parameters);
  const all = Int32Array.from(scales.keys());
  const { count } = metric.weighted(members[0]!.outcomes);
  const valuesOn = sharesOnSubsets(metric, members) ?? plainOnSubsets(metric, members);
  return sizes.map((size) => {
    const random = Random.named(seed, 'test-size', size);
    const drawOne = subsetDrawer(random, count, size);
    const drawn = orTooLarge(() => valuesOn(drawOne, { draws, size }), metric);
    return summarise({
      ...{ metric, size, positions },
      curves: drawn.map((values) => ({ places: all, values: meansOf(values, scales) })),
    });
  });
}

/** Members on a number of drawn sets of units, `[draws]` of `[members]`. */
type OnSubsets = (
  drawOne: () => Int32Array,
  drawn: { readonly draws: number; readonly size: number },
) => readonly Float64Array[];

function plainOnSubsets(metric: Metric, members: readonly MemberOutcomes[]): OnSubsets {
  const evaluators = members.map(({ outcomes }) => onSubset(metric, outcomes));
  return (drawOne, { draws }) =>
    Array.from({ length: draws }, () => {
      const chosen = drawOne();
      return Float64Array.from(evaluators, ({ evaluate }) => evaluate(chosen));
    });
}

/**
 * The same for shares of units, whose sums are exact, with the kernel of the bootstrap: a unit counts once or not at
 * all. Undefined for other metrics, and for more units than it can handle.
 */
function sharesOnSubsets(metric: Metric, members: readonly MemberOutcomes[]): OnSubsets | undefined {
  const units = members.map(({ outcomes }) => metric.unitValues(outcomes));
  const columns = units.flatMap((each) =>
    each?.share === true && each.values instanceof Uint8Array ? each.values : [],
  );
  const count = columns[0]?.length ?? 0;
  if (columns.length < members.length || count > mostUnits) return undefined;
  const { transform } = units[0]!;
  return (drawOne, { draws, size }) => {
    const lists = Array.from({ length: draws }, () => {
      const list = new Uint8Array(count);
      for (const i of drawOne()) list[i] = 1;
      return list;
    });
    const of = byCount((right) => transform(right / size, size), size);
    const values = lists.map(() => new Float64Array(members.length));
    for (let first = 0; first < columns.length; first += membersAtOnce) {
      const kernel = sumsKernel(columns.slice(first, first + membersAtOnce), availableCores())!;
      for (let b = 0; b < draws; b += listsAtOnce) {
        for (const [k, sums] of kernel.sums(lists.slice(b, b + listsAtOnce), size).entries())
          for (let i = 0; i < sums.length; i++) values[b + k]![first + i] = of(sums[i]!);
      }
    }
    return values;
  };
}

/** A member under the metric, on the units at `indices`. */
function onSubset(metric: Metric, outcomes: MemberOutcomes['outcomes']) {
  const units = metric.unitValues(outcomes);
  if (units !== undefined) {
    const { values, transform } = units;
    const evaluate = (indices: Int32Array): number => {
      let sum = 0;
      for (const i of indices) sum += values[i]!;
      return transform(sum / indices.length, indices.length);
    };
    return { count: values.length, evaluate };
  }
  const { count, evaluate } = metric.weighted(outcomes);
  return {
    count,
    evaluate(indices: Int32Array): number {
      const weights = new Float64Array(count);
      for (const i of indices) weights[i] = 1;
      return evaluate(weights);
    },
  };
}

/** `size` of 0 .. count - 1, each once (the first of a Fisher-Yates shuffle), at each call. */
function subsetDrawer(random: Random, count: number, size: number): () => Int32Array {
  if (!Number.isInteger(size) || size < 1 || size > count) throw new RangeError(`${size} of ${count}`);
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const places = new Int32Array(size);
  const swap = (i: number, j: number) => {
    const value = order[i]!;
    order[i] = order[j]!;
    order[j] = value;
  };
  return () => {
    for (let i = 0; i < size; i++) {
      places[i] = i + random.integer(count - i);
      swap(i, places[i]!);
    }
    const drawn = order.slice(0, size);
    // Back to the order that every shuffle starts from, in the time of its swaps.
    for (let i = size - 1; i >= 0; i--) swap(i, places[i]!);
    return drawn;
  };
}

/** Largest number of sets of scales that are all evaluated; if there are more, this many are drawn. */
const mostSubsets = 1000;

/**
 * The same curve at fewer of its scales, always including the first and last (paper, Sec. 2, cause 3: sparsity): every
 * set of `size` scales, or 1000 random ones if there are more.
 */
export function sweepScales(request: Omit<ResampleRequest, 'draws'>): ResampledCurve[] {
  const { metric, members, sizes, seed = 0 } = request;
  const scales = scalesOf(members);
  const values = meansOf(
    Float64Array.from(members, ({ outcomes }) => metric.weighted(outcomes).evaluate()),
    scales,
  );
  const positions = scales.map(({ parameters }) => parameters);
  return sizes.map((size) => {
    if (!Number.isInteger(size) || size < 2 || size > scales.length)
      throw new RangeError(`${size} of ${scales.length}`);
    const kept = subsetsOf(scales.length, size, Random.named(seed, 'keep-scales', size));
    return summarise({ metric, size, positions, curves: curvesAt(kept, values) });
  });
}

function* curvesAt(sets: Iterable<Int32Array>, values: Float64Array): Generator<Curve> {
  for (const places of sets) yield { places, values: takenAt(values, places) };
}

/** Hot: millions of places. */
function takenAt(values: Float64Array | readonly number[], places: Int32Array): Float64Array {
  const taken = new Float64Array(places.length);
  for (let i = 0; i < taken.length; i++) taken[i] = values[places[i]!]!;
  return taken;
}

/** Sets of `size` of 0 .. n - 1 with both ends, in ascending order, one at a time. */
function* subsetsOf(n: number, size: number, random: Random): Generator<Int32Array> {
  const [inner, wanted] = [n - 2, size - 2];
  const withEnds = (middle: Int32Array) => {
    const places = new Int32Array(size);
    for (let i = 0; i < wanted; i++) places[i + 1] = middle[i]! + 1;
    places[size - 1] = n - 1;
    return places;
  };
  if (binomial(inner, wanted) <= mostSubsets) {
    for (const middle of combinationsOf(inner, wanted)) yield withEnds(middle);
    return;
  }
  const drawOne = subsetDrawer(random, inner, wanted);
  for (let k = 0; k < mostSubsets; k++) yield withEnds(drawOne().sort());
}

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 0; i < k; i++) result = (result * (n - i)) / (i + 1);
  return result;
}

/** `k` of 0 .. n - 1, those with the smallest numbers first. Each is changed when the next one is asked for. */
function* combinationsOf(n: number, k: number): Generator<Int32Array> {
  const places = Int32Array.from({ length: k }, (_, i) => i);
  for (;;) {
    yield places;
    let last = k - 1;
    while (last >= 0 && places[last] === n - k + last) last--;
    if (last < 0) return;
    places[last]!++;
    for (let i = last + 1; i < k; i++) places[i] = places[i - 1]! + 1;
  }
}

interface Curve {
  /** Of its scales, among all of them. */
  readonly places: Int32Array;
  readonly values: Float64Array;
}

interface Curves {
  readonly metric: Metric;
  readonly size: number;
  /** Used one at a time: together they are large. */
  readonly curves: Iterable<Curve>;
  readonly positions: readonly number[];
}

function summarise({ metric, size, curves, positions }: Curves): ResampledCurve {
  const scored: Scores[] = [];
  // Of fewer scales as of all of them.
  const isLog = scoredInLog(positions);
  let flat = 0;
  let example: Curve | undefined;
  for (const curve of curves) {
    const { places, values } = curve;
    const isWhole = places.length === positions.length;
    scored.push(scoresOf(orient(metric, values), isWhole ? positions : takenAt(positions, places), isLog));
    if (metric.unit === 'probability' && values[0] === 0) flat++;
    example ??= curve;
  }
  const { places, values } = example!;
  return {
    size,
    draws: scored.length,
    scores: ofScores((name) => spreadOf(scored.map((scores) => scores[name]))),
    flatStart: flat / scored.length,
    example: { scales: [...places], values },
  };
}

/** Of those that are numbers; NaN if there are none. */
function spreadOf(values: readonly number[]): DrawSpread {
  const ascending = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  if (ascending.length === 0) return { median: NaN, lower: NaN, upper: NaN };
  return {
    median: quantile(ascending, 0.5),
    lower: quantile(ascending, 0.025),
    upper: quantile(ascending, 0.975),
  };
}
