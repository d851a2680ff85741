/**
 * A family as the page explores it: curves, intervals and scores for any threshold, test-set size and choice of members, from the
 * compact outcomes, in milliseconds. The bootstrap is that of `analysis/curves.ts`, over groups of test examples instead of
 * single ones: examples stand in random order, so that 400 blocks of neighbours are random groups, and their sums scatter as
 * the examples do.
 */
import { meansOf, orient, positionOf, scalesOf, type Scale, type ScaleName } from '../../analysis/scales.js';
import { scoreInterval } from '../../analysis/score-interval.js';
import { scoreNames, scoresOf, type ScoreName, type Scores } from '../../analysis/scores.js';
import { solvedGrid, turnsOf, type SolvedGrid, type Turns } from '../../analysis/turns.js';
import { sharesOfSubsets } from '../../metrics/subsets.js';
import { drawCounts, drawnMean, weightedSums } from '../../statistics/bootstrap.js';
import { overSeedsAndExamples } from '../../statistics/seeds.js';
import { Sfc32 } from '../../statistics/sfc32.js';
import { wilsonLimits, z95, type Interval } from '../../statistics/wilson.js';
import { fromBase64, unpackBits } from './codes.js';
import type { PageRun } from './data.js';

/** Groups of test examples that are drawn, and draws of them. */
export const groups = 400;
export const draws = 400;

/** What the controls say. */
export interface Choice {
  /** One of the run's options. */
  readonly threshold: number;
  /** Units of the test set: the first so many. */
  readonly size: number;
  /** Places in the run's list of members, ascending. */
  readonly members: readonly number[];
  readonly axis: ScaleName;
}

export interface Scored extends Interval {
  readonly value: number;
}

/** A metric of the chosen members, by their places in the choice. */
export interface ExploredCurve {
  /** Of each member, with the 95 % interval over the draw of the test set in closed form. */
  readonly members: readonly Scored[];
  /** Means over seeds with their 95 % interval, at each scale. */
  readonly points: readonly Scored[];
  readonly scores: Readonly<Record<ScoreName, Scored>>;
}

export interface Explored {
  /** Their members are places in the choice. */
  readonly scales: readonly Scale[];
  readonly standard: ExploredCurve;
  readonly induced: ExploredCurve;
  /** What independence makes of the standard outcomes. */
  readonly predicted: { readonly members: Float64Array; readonly values: Float64Array; readonly scores: Scores };
}

/** One number per unit of each member, as sums over groups. */
interface Sums {
  /** `[members]` of `[groups]`. */
  readonly groups: readonly Float64Array[];
  /** `[members]`, of the values and of their squares. */
  readonly totals: Float64Array;
  readonly squares: Float64Array;
}

/** Outcomes unpacked: how each kind answers the same questions. Members are places in the run's list. */
interface Outcomes {
  /** The standard metric's value of a unit. */
  readonly standard: (member: number, unit: number) => number;
  /** Whether a unit is solved: right, below the cutoff, the first L right. */
  solved(threshold: number): (member: number, unit: number) => number;
  predicted(members: readonly number[], size: number, threshold: number): Float64Array;
}

export class Family {
  readonly #outcomes: Outcomes;
  readonly #standard = new Map<number, Sums>();
  readonly #weights = new Map<number, readonly Float64Array[]>();
  /** The last one: it stays as it is while the threshold moves. */
  #standardCurve: { readonly key: string; readonly curve: ExploredCurve } | undefined;

  constructor(readonly run: PageRun) {
    this.#outcomes = unpack(run);
  }

  /** At least two scales among the members. */
  explore({ threshold, size, members, axis }: Choice): Explored {
    const records = members.map((i) => ({ record: this.run.members[i]! }));
    const scales = scalesOf(records);
    const positions = scales.map((scale) => positionOf(scale, axis));
    const all = this.#standardSums(size);
    const standard = pick(all, members);
    // What K takes to its power is the standard metric's count; other thresholds are counted anew.
    const isSubset = this.run.outcomes.kind === 'classification';
    const induced = isSubset ? standard : this.#sumsOf(members, size, this.#outcomes.solved(threshold));
    const table = isSubset ? sharesOfSubsets(size, threshold) : undefined;
    const transform = (mean: number) => table?.[Math.round(mean * size)] ?? mean;
    const about = { scales, positions, size };
    const predicted = this.#outcomes.predicted(members, size, threshold);
    const predictedValues = meansOf(predicted, scales);
    const key = [size, axis, ...members].join();
    if (this.#standardCurve?.key !== key) {
      const { better, unit } = this.run.standard;
      const interval = isSubset ? wilsonOf(size) : normalOf(size, unit);
      this.#standardCurve = {
        key,
        curve: this.#curve(standard, {
          ...about,
          better,
          transform: (mean) => mean,
          interval,
          limits: unit === 'probability' ? [0, 1] : [0, Infinity],
        }),
      };
    }
    return {
      scales,
      standard: this.#standardCurve.curve,
      induced: this.#curve(induced, {
        ...about,
        better: this.run.induced.better,
        transform,
        limits: [0, 1],
        interval: isSubset
          ? (sum) => {
              const { lower, upper } = wilsonLimits(sum, size);
              const value = transform(sum / size);
              return { lower: Math.min(lower ** threshold, value), upper: Math.max(upper ** threshold, value) };
            }
          : wilsonOf(size),
      }),
      predicted: { members: predicted, values: predictedValues, scores: scoresOf(predictedValues, positions) },
    };
  }

  /** At which scale each of the first units turns. Throws RangeError where no seed is at every scale. */
  turns({ threshold, size, members }: Choice): { readonly grid: SolvedGrid; readonly turns: Turns } {
    const isSolved = this.#outcomes.solved(threshold);
    const grid = solvedGrid(
      members.map((i) => {
        const { width, seed, parameters } = this.run.members[i]!;
        const solved = new Uint8Array(size);
        for (let unit = 0; unit < size; unit++) solved[unit] = isSolved(i, unit);
        return { width, seed, parameters, solved };
      }),
    );
    return { grid, turns: turnsOf(grid) };
  }

  isSolved(member: number, unit: number, threshold: number): boolean {
    return this.#outcomes.solved(threshold)(member, unit) === 1;
  }

  /** Least value above 0 that the induced metric can have. */
  resolution({ threshold, size }: Pick<Choice, 'threshold' | 'size'>): number {
    if (this.run.outcomes.kind !== 'classification') return 1 / size;
    return sharesOfSubsets(size, threshold).find((share) => share > 0) ?? NaN;
  }

  #standardSums(size: number): Sums {
    const known = this.#standard.get(size);
    if (known !== undefined) return known;
    const members = this.run.members.map((_, i) => i);
    const sums = this.#sumsOf(members, size, this.#outcomes.standard);
    this.#standard.set(size, sums);
    return sums;
  }

  /** Hot: members times units. */
  #sumsOf(members: readonly number[], size: number, valueOf: (member: number, unit: number) => number): Sums {
    const edges = groupEdges(size);
    const totals = new Float64Array(members.length);
    const squares = new Float64Array(members.length);
    const lists = members.map((member, place) => {
      const sums = new Float64Array(edges.length - 1);
      for (let g = 0; g < sums.length; g++) {
        let sum = 0;
        for (let unit = edges[g]!; unit < edges[g + 1]!; unit++) {
          const value = valueOf(member, unit);
          sum += value;
          squares[place]! += value * value;
        }
        sums[g] = sum;
        totals[place]! += sum;
      }
      return sums;
    });
    return { groups: lists, totals, squares };
  }

  /** How often each group is drawn, `[draws]` of `[groups]`: the same for every curve, so that curves are drawn together. */
  #drawn(count: number): readonly Float64Array[] {
    const known = this.#weights.get(count);
    if (known !== undefined) return known;
    const random = new Sfc32(1, 2, 3, count);
    const lists = Array.from({ length: draws }, () => {
      const counts = new Float64Array(count);
      drawCounts(random, counts);
      return counts;
    });
    this.#weights.set(count, lists);
    return lists;
  }

  #curve(sums: Sums, about: CurveRequest): ExploredCurve {
    const { scales, positions, size, better, transform, interval, limits } = about;
    const values = sums.totals.map((total) => transform(total / size));
    const members = Array.from(values, (value, i) => {
      return { value, ...interval(sums.totals[i]!, sums.squares[i]!) };
    });
    const drawn = this.#draws(sums, about);
    const observed = meansOf(values, scales);
    const points = scales.map((_, i) => {
      const seeds = scales[i]!.members.map((place) => members[place]!);
      const own = (place: number) => seeds[place]!;
      const values = drawn.map((draw) => draw[i]!);
      return {
        value: observed[i]!,
        ...overSeedsAndExamples(
          seeds.map(({ value }) => value),
          values,
          limits,
          own,
        ),
      };
    });
    const measured = scoresOf(orient({ better }, observed), positions);
    const scored = drawn.map((draw) => scoresOf(orient({ better }, draw), positions));
    const scores = scoreNames.map((name) => {
      const list = scored.map((each) => each[name]);
      return [name, { value: measured[name], ...scoreInterval(name, measured[name], list) }] as const;
    });
    return { members, points, scores: Object.fromEntries(scores) as Record<ScoreName, Scored> };
  }

  /** `[draws]` of `[scales]`. */
  #draws({ groups: columns }: Sums, { scales, size, transform }: CurveRequest): Float64Array[] {
    const edges = groupEdges(size);
    const sizes = Float64Array.from({ length: edges.length - 1 }, (_, g) => edges[g + 1]! - edges[g]!);
    const weights = this.#drawn(sizes.length);
    const random = new Sfc32(5, 6, 7, 8);
    const withSizes = [...columns, sizes];
    const sums = weights.map(() => new Float64Array(withSizes.length));
    weightedSums(withSizes, weights, sums);
    return sums.map((list) => {
      const count = list[columns.length]!;
      const values = Float64Array.from(columns, (_, i) => transform(list[i]! / count));
      return Float64Array.from(scales, (scale) => drawnMean(values, scale.members, random));
    });
  }
}

interface CurveRequest {
  readonly scales: readonly Scale[];
  readonly positions: readonly number[];
  readonly size: number;
  readonly better: 'higher' | 'lower';
  readonly transform: (mean: number) => number;
  /** Of the metric. */
  readonly limits: readonly [number, number];
  /** Of a member, from the sum of its units' values and of their squares. */
  readonly interval: (sum: number, squares: number) => Interval;
}

const wilsonOf = (size: number) => (sum: number) => wilsonLimits(sum, size);

/** As `meanInterval` has it. */
const normalOf = (size: number, unit: string) => (sum: number, squares: number) => {
  const mean = sum / size;
  const variance = Math.max(0, squares - size * mean * mean) / (size - 1);
  const half = z95 * Math.sqrt(variance / size);
  const ends = { lower: mean - half, upper: mean + half };
  return unit === 'probability' ? { lower: Math.max(0, ends.lower), upper: Math.min(1, ends.upper) } : ends;
};

function pick({ groups: lists, totals, squares }: Sums, members: readonly number[]): Sums {
  return {
    groups: members.map((i) => lists[i]!),
    totals: Float64Array.from(members, (i) => totals[i]!),
    squares: Float64Array.from(members, (i) => squares[i]!),
  };
}

/** Where each group begins, and the end: as even as they can be. */
function groupEdges(size: number): Int32Array {
  const count = Math.min(size, groups);
  return Int32Array.from({ length: count + 1 }, (_, g) => Math.round((g * size) / count));
}

function unpack(run: PageRun): Outcomes {
  const { outcomes } = run;
  switch (outcomes.kind) {
    case 'classification':
      return rightOrWrong(bitsOf(run, outcomes.right, 1));
    case 'sequences':
      return inSequences(bitsOf(run, outcomes.right, outcomes.length), outcomes.length);
    case 'reconstruction':
      return belowCutoffs(run, outcomes);
  }
}

/** `[members]` of `[units * length]`, 0 or 1. */
function bitsOf({ members, count }: PageRun, text: string, length: number): Uint8Array[] {
  const bytes = fromBase64(text);
  const each = Math.ceil((count * length) / 8);
  return members.map((_, i) => unpackBits(bytes.subarray(i * each, (i + 1) * each), count * length));
}

function rightOrWrong(right: readonly Uint8Array[]): Outcomes {
  return {
    standard: (member, unit) => right[member]![unit]!,
    solved: () => (member, unit) => right[member]![unit]!,
    predicted: (members, size, k) =>
      Float64Array.from(members, (member) => (sumOf(right[member]!.subarray(0, size)) / size) ** k),
  };
}

function inSequences(right: readonly Uint8Array[], length: number): Outcomes {
  const shares = right.map((list) => perSequence(list, length, (rights) => sumOf(rights) / length));
  const firstRight = right.map((list) =>
    perSequence(list, length, (rights) => {
      const wrong = rights.indexOf(0);
      return wrong < 0 ? length : wrong;
    }),
  );
  return {
    standard: (member, unit) => shares[member]![unit]!,
    solved: (l) => (member, unit) => (firstRight[member]![unit]! >= l ? 1 : 0),
    predicted: (members, size, l) =>
      Float64Array.from(members, (member) => {
        let product = 1;
        for (let place = 0; place < l; place++) {
          let sum = 0;
          for (let unit = 0; unit < size; unit++) sum += right[member]![unit * length + place]!;
          product *= sum / size;
        }
        return product;
      }),
  };
}

function perSequence(right: Uint8Array, length: number, value: (rights: Uint8Array) => number): Float64Array {
  return Float64Array.from({ length: right.length / length }, (_, unit) =>
    value(right.subarray(unit * length, (unit + 1) * length)),
  );
}

function belowCutoffs(run: PageRun, outcomes: Extract<PageRun['outcomes'], { kind: 'reconstruction' }>): Outcomes {
  const { count, members } = run;
  const bytes = fromBase64(outcomes.errors);
  const cutoffs = run.induced.options;
  const codes = members.map((_, i) => bytes.subarray(i * count, (i + 1) * count));
  // Codes tell an error to a few percent; the member's mean, which is exact, takes most of that back.
  const means = codes.map((list, i) => {
    let sum = 0;
    for (const code of list) sum += outcomes.codeMeans[code]!;
    const factor = outcomes.memberMeans[i]! / (sum / count);
    return Float64Array.from(outcomes.codeMeans, (mean) => mean * factor);
  });
  const known = new Map<string, { readonly atMost: Float64Array; readonly mean: number }>();
  const distributionOf = (member: number, size: number) => {
    const key = `${member} ${size}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const atMost = cumulative(codes[member]!.subarray(0, size), cutoffs.length + 1);
    const mean =
      means[member]!.reduce((sum, value, code) => sum + value * (atMost[code]! - (atMost[code - 1] ?? 0)), 0) / size;
    known.set(key, { atMost, mean });
    return { atMost, mean };
  };
  return {
    standard: (member, unit) => means[member]![codes[member]![unit]!]!,
    solved(c) {
      const place = cutoffs.indexOf(c);
      return (member, unit) => (codes[member]![unit]! <= place ? 1 : 0);
    },
    predicted(chosen, size, c) {
      const list = chosen.map((i) => ({ width: members[i]!.width, ...distributionOf(i, size) }));
      const isAlone = list.every(({ width }) => width === list[0]!.width);
      return Float64Array.from(list, ({ width, mean }) => {
        let [below, count] = [0, 0];
        for (const other of list) {
          if (other.width === width && !isAlone) continue;
          below += countBelow(other.atMost, cutoffs, (c * other.mean) / mean);
          count += size;
        }
        return below / count;
      });
    },
  };
}

/** Units with a code of at most each, `[codes]`. */
function cumulative(codes: Uint8Array, length: number): Float64Array {
  const counts = new Float64Array(length);
  for (const code of codes) counts[code]!++;
  for (let i = 1; i < length; i++) counts[i]! += counts[i - 1]!;
  return counts;
}

/** How many errors are below a value: exact at a cutoff, linear in log scale between two. */
function countBelow(atMost: Float64Array, cutoffs: readonly number[], value: number): number {
  if (value < cutoffs[0]!) return (atMost[0]! * value) / cutoffs[0]!;
  const last = cutoffs.length - 1;
  let [low, high] = [0, last];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (cutoffs[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  // No error of the run is above the last cutoff, unless a single one was asked for.
  if (low === last) return value > cutoffs[last]! ? atMost[last + 1]! : atMost[last]!;
  const share = Math.log(value / cutoffs[low]!) / Math.log(cutoffs[low + 1]! / cutoffs[low]!);
  return atMost[low]! + share * (atMost[low + 1]! - atMost[low]!);
}

function sumOf(values: Uint8Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
