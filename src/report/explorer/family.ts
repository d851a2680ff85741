/**
 * A family as the page explores it: curves, intervals and scores for any threshold, test-set size and choice of
 * members, from the compact outcomes, in milliseconds. The bootstrap is that of `analysis/curves.ts`, but over blocks
 * of test examples instead of single ones (for sequences: blocks of images, and of the sequences' own terms). Examples
 * are in random order, so each of the 400 blocks of neighbours is a random sample, and the sums of blocks vary as the
 * examples do.
 */
import { contrast } from '../../analysis/contrast.js';
import { meansOf, orient, positionOf, scalesOf, type Scale, type ScaleName } from '../../analysis/scales.js';
import { scoreInterval, type ScoredDraws } from '../../analysis/score-interval.js';
import { ofScores, scoresOf, type ScoreName, type Scores } from '../../analysis/scores.js';
import { correlation, drawExpected, seedModelOf, shareError } from '../../analysis/seed-model.js';
import { solvedGrid, turnsOf, type SolvedGrid, type Turns } from '../../analysis/example-turns.js';
import { mixed, mixturesOf, sameTrainings } from '../../analysis/trainings.js';
import { sharesOfSubsets } from '../../metrics/subsets.js';
import { drawCounts, drawnPlaces, meanAt, weightedSums } from '../../statistics/bootstrap.js';
import { varianceOf } from '../../statistics/mean.js';
import { normalScores } from '../../statistics/normal.js';
import { overSeedsAndExamples } from '../../statistics/seeds.js';
import { sampledMean, wilsonOfMean, type SampledMean } from '../../statistics/shared-clusters.js';
import { Sfc32 } from '../../statistics/sfc32.js';
import { wilsonLimits, z95, type Interval } from '../../statistics/wilson.js';
import { fromBase64, int32From } from './codes.js';
import type { PageRun } from './data.js';
import type { PlacedMember } from './places.js';
import { unpack, type Outcomes } from './outcomes.js';

/** Number of blocks of test examples, and of bootstrap draws. */
export const blocks = 400;
export const draws = 400;
/** Most standard curves cached: more than a view has. */
const mostKept = 32;

/** The settings of the controls. */
export interface Choice {
  /** One of the run's options. */
  readonly threshold: number;
  /** Size of the test set: its first units are used. */
  readonly size: number;
  readonly members: readonly PlacedMember[];
  readonly axis: ScaleName;
}

export interface Scored extends Interval {
  readonly value: number;
}

/** A metric of the chosen members, indexed as in the choice. */
export interface ExploredCurve {
  /** Each member's value, with the closed-form 95 % interval over the sampling of the test set. */
  readonly members: readonly Scored[];
  /** Means over seeds with 95 % intervals, one for each scale. */
  readonly points: readonly Scored[];
  readonly scores: Readonly<Record<ScoreName, Scored>>;
  readonly drawn: ScoredDraws;
}

export interface Explored {
  /** Their members are indices into the choice. */
  readonly scales: readonly Scale[];
  readonly standard: ExploredCurve;
  readonly induced: ExploredCurve;
  /** The induced curve's Eq 1 over the standard one's, and its bow minus the standard one's, in the same draws. */
  readonly paired: { readonly ratio: Scored; readonly bow: Scored };
  /** What independence predicts from the standard outcomes. */
  readonly predicted: { readonly members: Float64Array; readonly values: Float64Array; readonly scores: Scores };
}

/** One number per unit of each member, as sums over blocks. */
interface Sums {
  /** `[members]` of `[blocks]`; if clusters are shared, their terms followed by those of the units. */
  readonly blocks: readonly Float64Array[];
  /** If units share clusters: each member's mean, `[members]`. */
  readonly shared: readonly SampledMean[] | undefined;
  /** Sums of the values and of their squares, `[members]`. */
  readonly totals: Float64Array;
  readonly squares: Float64Array;
}

export class PageFamily {
  readonly #outcomes: Outcomes;
  readonly #standard = new Map<string, Sums>();
  readonly #weights = new Map<string, readonly Float64Array[]>();
  /** Cluster of each row of the units, if clusters rather than units are drawn. */
  readonly #clusterOf: Int32Array | undefined;
  /** They do not change while the threshold moves. */
  readonly #standardCurves = new Map<string, ExploredCurve>();

  constructor(readonly run: PageRun) {
    this.#outcomes = unpack(run);
    this.#clusterOf = run.clusters === null ? undefined : int32From(fromBase64(run.clusters));
  }

  /** The members must have at least two scales. */
  explore({ threshold, size, members, axis }: Choice): Explored {
    const records = members.map((record) => ({ record }));
    const scales = scalesOf(records);
    const first = sameTrainings(scales, records);
    const positions = scales.map((scale) => positionOf(scale, axis));
    const places = members.map(({ place }) => place);
    const standard = this.#standardSums(places, size);
    // Subset accuracy is a function of the standard metric's count; other thresholds need a new count.
    const isSubset = this.run.outcomes.kind === 'classification';
    const induced = isSubset ? standard : this.#sumsOf(places, size, threshold);
    const table = isSubset ? sharesOfSubsets(size, threshold) : undefined;
    const transform = (mean: number) => table?.[Math.round(mean * size)] ?? mean;
    const about = { scales, first, positions, size };
    const predicted = this.#outcomes.predicted(members, size, threshold);
    const predictedValues = meansOf(predicted, scales);
    const key = [size, axis, ...members.map(({ place, width }) => `${place} ${width}`)].join();
    let standardCurve = this.#standardCurves.get(key);
    if (standardCurve === undefined) {
      const { better, unit } = this.run.standard;
      const interval = isSubset ? wilsonOf(size) : normalOf(size, unit);
      const limits = unit === 'probability' ? ([0, 1] as const) : ([0, Infinity] as const);
      standardCurve = this.#curve(standard, { ...about, better, transform: (mean) => mean, interval, limits });
      if (this.#standardCurves.size >= mostKept) this.#standardCurves.clear();
      this.#standardCurves.set(key, standardCurve);
    }
    const inducedCurve = this.#curve(induced, {
      ...about,
      better: this.run.induced.better,
      transform,
      limits: [0, 1],
      interval: isSubset
        ? (place) => {
            const { lower, upper } = wilsonOf(size)(place, standard);
            const value = transform(standard.totals[place]! / size);
            return { lower: Math.min(lower ** threshold, value), upper: Math.max(upper ** threshold, value) };
          }
        : wilsonOf(size),
    });
    const { ratio } = contrast('ramp', standardCurve.drawn, inducedCurve.drawn);
    const { difference } = contrast('bow', standardCurve.drawn, inducedCurve.drawn);
    return {
      scales,
      standard: standardCurve,
      induced: inducedCurve,
      paired: {
        ratio: { value: ratio!.value, ...ratio!.interval },
        bow: { value: difference.value, ...difference.interval },
      },
      predicted: { members: predicted, values: predictedValues, scores: scoresOf(predictedValues, positions) },
    };
  }

  /** At which scale each of the first units turns. Throws RangeError if no seed is at every scale. */
  turns({ threshold, size, members }: Choice): { readonly grid: SolvedGrid; readonly turns: Turns } {
    const isSolved = this.#outcomes.solved(threshold);
    const grid = solvedGrid(
      members.map(({ place, width, seed, parameters }) => {
        const solved = new Uint8Array(size);
        for (let unit = 0; unit < size; unit++) solved[unit] = isSolved(place, unit);
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

  /** Cached, since the threshold's slider does not change them. */
  #standardSums(members: readonly number[], size: number): Sums {
    const key = `${size} ${members.join()}`;
    const known = this.#standard.get(key);
    if (known !== undefined) return known;
    const sums = this.#sumsOf(members, size, undefined);
    if (this.#standard.size >= mostKept) this.#standard.clear();
    this.#standard.set(key, sums);
    return sums;
  }

  /** Sums of the standard metric, or of the units solved at a threshold. Hot: members times units. */
  #sumsOf(members: readonly number[], size: number, threshold: number | undefined): Sums {
    const valueOf = threshold === undefined ? this.#outcomes.standard : this.#outcomes.solved(threshold);
    const totals = new Float64Array(members.length);
    const squares = new Float64Array(members.length);
    const values = members.map((member, place) => {
      const list = new Float64Array(size);
      for (let unit = 0; unit < size; unit++) {
        const value = valueOf(member, unit);
        list[unit] = value;
        totals[place]! += value;
        squares[place]! += value * value;
      }
      return list;
    });
    const shared = this.#clusterOf && this.#sharedBy(this.#clusterOf, members, { values, threshold });
    const lists =
      shared === undefined
        ? values.map(inBlocks)
        : shared.map(({ terms }) => Float64Array.of(...inBlocks(terms.clusters), ...inBlocks(terms.units)));
    return { blocks: lists, shared, totals, squares };
  }

  #sharedBy(
    clusterOf: Int32Array,
    members: readonly number[],
    { values, threshold }: { readonly values: readonly Float64Array[]; readonly threshold: number | undefined },
  ): SampledMean[] {
    const size = values[0]!.length;
    const { length } = this.#outcomes.parts(members[0]!, threshold);
    const { of, count } = numbered(clusterOf, size * length);
    const starts = Int32Array.from({ length: size + 1 }, (_, unit) => unit * length);
    return members.map((member, place) => {
      const { rows = values[place]!, first, allOf } = this.#outcomes.parts(member, threshold);
      return sampledMean({ values: values[place]!, starts, clusterOf: of, clusters: count, rows, first, allOf });
    });
  }

  /** How often each block is drawn, `[draws]` of `[blocks]`: the same for every curve, so that draws are paired. */
  #drawn(counts: readonly number[]): readonly Float64Array[] {
    const known = this.#weights.get(counts.join());
    if (known !== undefined) return known;
    const streams = counts.map((count, i) => new Sfc32(1 + i, 2, 3, count));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const lists = Array.from({ length: draws }, () => {
      const list = new Float64Array(total);
      let at = 0;
      counts.forEach((count, i) => {
        drawCounts(streams[i]!, list.subarray(at, (at += count)));
      });
      return list;
    });
    this.#weights.set(counts.join(), lists);
    return lists;
  }

  #curve(sums: Sums, about: CurveRequest): ExploredCurve {
    const { scales, positions, size, better, transform, interval, limits } = about;
    const values = sums.totals.map((total) => transform(total / size));
    const members = Array.from(values, (value, i) => {
      return { value, ...interval(i, sums) };
    });
    const means = sums.shared === undefined ? this.#drawnMeans(sums, size) : this.#drawnTerms(sums, sums.shared);
    const drawn = this.#draws(means, about);
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
    const score = (curve: Float64Array) => scoresOf(orient({ better }, curve), positions);
    const scored = {
      observed: score(observed),
      draws: drawn.map(score),
      expected: this.#expected(sums, means, about)?.map(score),
    };
    const scores = ofScores((name) => {
      return { value: scored.observed[name], ...scoreInterval(name, scored, positions) };
    });
    return {
      members,
      points,
      scores,
      drawn: scored,
    };
  }

  /** `[draws]` of `[scales]`. */
  #draws(means: readonly Float64Array[], { scales, first, transform, limits }: CurveRequest): Float64Array[] {
    const random = new Sfc32(5, 6, 7, 8);
    const within = (value: number) => Math.min(limits[1], Math.max(limits[0], value));
    return means.map((each) => {
      const values = each.map((mean) => within(transform(within(mean))));
      const drawn: number[][] = [];
      return Float64Array.from(scales, ({ members }, j) => {
        const seeds = first[j] === j ? drawnPlaces(members.length, random) : drawn[first[j]!]!;
        drawn.push(seeds);
        return meanAt(values, members, seeds);
      });
    });
  }

  /**
   * Curves over all possible seeds, see `analysis/seed-model.ts`; undefined with one seed for each scale. Whether seeds
   * affect both metrics alike is not measured here: a lucky seed is assumed to be better under both.
   */
  #expected(
    sums: Sums,
    means: readonly Float64Array[],
    { scales, first, size, transform, limits, better }: CurveRequest,
  ): Float64Array[] | undefined {
    if (scales.every((scale) => scale.members.length < 2)) return undefined;
    const bases = Array.from(sums.totals, (total) => total / size);
    const isShare = Number.isFinite(limits[1]);
    const byMember = bases.map((_, i) => means.map((each) => each[i]!));
    const ranks = byMember.map(normalScores);
    const errors = byMember.map((values, i) =>
      isShare && ranks[i] === undefined ? shareError(bases[i]!, size) : Math.sqrt(varianceOf(values)),
    );
    const model = seedModelOf(
      {
        ...{
          bases,
          errors,
          ranks: (member) => ranks[member],
          isShare,
          count: size,
          seen: bases.map((base) => !isShare || (base > 0 && base < 1)),
        },
        shared: scales.map((scale) => correlation(scale.members.map((i) => ranks[i]))),
      },
      { scales, limits, first },
    );
    const mixtures = mixturesOf(scales, first, model.spread.deviations);
    const luck = new Sfc32(9, 10, 11, 12);
    const sign = better === 'higher' ? 1 : -1;
    const normals = means.map(() => Float64Array.from(scales, () => sign * luck.normal()));
    return drawExpected(
      model,
      normals.map((numbers) => mixed(mixtures, numbers)),
      transform,
      first.map((j) => new Sfc32(13, 14, 15, 16 + j)),
    );
  }

  /** Means for independent units, `[draws]` of `[members]`. */
  #drawnMeans({ blocks: columns }: Sums, size: number): Float64Array[] {
    const sizes = inBlocks(new Float64Array(size).fill(1));
    return drawnSums([...columns, sizes], this.#drawn([sizes.length])).map((list) => {
      const count = list[columns.length]!;
      return list.subarray(0, columns.length).map((sum) => sum / count);
    });
  }

  #drawnTerms({ blocks: columns }: Sums, shared: readonly SampledMean[]): Float64Array[] {
    const { clusters, units } = shared[0]!.terms;
    const counts = [clusters, units].map(({ length }) => Math.min(length, blocks));
    return drawnSums(columns, this.#drawn(counts)).map((list) => list.map((sum, i) => shared[i]!.mean + sum));
  }
}

function drawnSums(columns: readonly Float64Array[], weights: readonly Float64Array[]): Float64Array[] {
  const sums = weights.map(() => new Float64Array(columns.length));
  weightedSums(columns, weights, sums);
  return sums;
}

interface CurveRequest {
  readonly scales: readonly Scale[];
  /** For each scale, the first one with the same trained models, `[scales]`. */
  readonly first: readonly number[];
  readonly positions: readonly number[];
  readonly size: number;
  readonly better: 'higher' | 'lower';
  readonly transform: (mean: number) => number;
  /** The metric's range. */
  readonly limits: readonly [number, number];
  /** Interval of the member at an index. */
  readonly interval: (place: number, sums: Sums) => Interval;
}

const wilsonOf =
  (size: number) =>
  (place: number, { totals, shared }: Sums) =>
    shared === undefined ? wilsonLimits(totals[place]!, size) : wilsonOfMean(shared[place]!);

/** Like `meanInterval`; for a mean of shares in sequences, Wilson's. */
const normalOf =
  (size: number, unit: string) =>
  (place: number, { totals, squares, shared }: Sums) => {
    if (shared !== undefined && unit === 'probability') return wilsonOfMean(shared[place]!);
    const mean = totals[place]! / size;
    const variance = Math.max(0, squares[place]! - size * mean * mean) / (size - 1);
    const half = z95 * (shared?.[place]!.standardError ?? Math.sqrt(variance / size));
    const ends = { lower: mean - half, upper: mean + half };
    return unit === 'probability' ? { lower: Math.max(0, ends.lower), upper: Math.min(1, ends.upper) } : ends;
  };

/** Sums over blocks of neighbours of as equal size as possible. */
function inBlocks(values: Float64Array): Float64Array {
  const count = Math.min(values.length, blocks);
  return Float64Array.from({ length: count }, (_, block) => {
    let sum = 0;
    const end = Math.round(((block + 1) * values.length) / count);
    for (let i = Math.round((block * values.length) / count); i < end; i++) sum += values[i]!;
    return sum;
  });
}

/** Numbers the clusters of the first rows from 0, in order of first appearance. */
function numbered(clusterOf: Int32Array, rows: number): { readonly of: Int32Array; readonly count: number } {
  const numbers = new Map<number, number>();
  const of = clusterOf.subarray(0, rows).map((cluster) => {
    const number = numbers.get(cluster) ?? numbers.size;
    numbers.set(cluster, number);
    return number;
  });
  return { of, count: numbers.size };
}
