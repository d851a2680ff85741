/**
 * At which scale does each test example turn from failed to solved, and does it turn at once? The quantization model (Michaud et al.
 * 2023, arXiv 2303.13506) explains a smooth curve by many sharp turns, one for each "quantum" of skill; the same accuracy curve
 * results if every example rises as slowly as the curve itself. What distinguishes them is whether every seed solves the same
 * examples. `example-turns.ts` computes the turns, this file their sharpness and what coin flips with the same accuracies would show;
 * `mixture/` the sigmoids.
 */
import { sampledMean, wilsonOfMean } from '../statistics/shared-clusters.js';
import { wilsonLimits, type Interval } from '../statistics/wilson.js';
import { Random } from '../statistics/random.js';
import type { OnStep } from '../terminal/steps.js';
import type { ThresholdFit } from './mixture/classes.js';
import { fitThresholds } from './mixture/fit.js';
import {
  accuracyOf,
  coinFlips,
  expectedDistribution,
  passageSteps,
  solvedBy,
  solvedGrid,
  turnDistribution,
  turnsOf,
  type ExampleClass,
  type SolvedGrid,
  type SolvedMember,
  type TurnDistribution,
  type Turns,
} from './example-turns.js';

export interface SharpTurns {
  readonly count: number;
  /** Share of all examples. */
  readonly share: number;
  /** Wilson, 95 %, over the sampling of examples, or of what they share, with these members. */
  readonly interval: Interval;
  /** Share of the examples whose passage the scales show in full; NaN if there are none. */
  readonly shareOfWhole: number;
  readonly coinFlips: {
    /** Expected, in closed form. */
    readonly share: number;
    /** Range of 95 % of the permutations. */
    readonly interval: Interval;
    /**
     * Probability that permuted examples have at least as many sharp turns: (1 + permutations that do) / (1 +
     * permutations).
     */
    readonly pValue: number;
    readonly permutations: number;
  };
}

export interface SharpOptions {
  /** At first; default: 99. */
  readonly permutations?: number;
  /** Up to this many if none has as many sharp turns, so that p is as small as possible; default: 999. */
  readonly mostPermutations?: number;
  /** Of the permutations. */
  readonly seed?: number;
  /** Called after each permutation. */
  readonly onStep?: OnStep | undefined;
  /**
   * Units that examples share and that are resampled instead: the image that several rows show, or a group of images.
   */
  readonly clusters?: { readonly count: number; readonly of: Int32Array } | undefined;
}

/**
 * How many examples turn sharply, and how many would if the examples that each member solves were drawn at random: its
 * accuracy is kept, the identity of the examples is not.
 */
export function sharpTurns(
  grid: SolvedGrid,
  turns: Turns,
  { permutations: first = 99, mostPermutations = 999, seed = 0, clusters, onStep }: SharpOptions = {},
): SharpTurns {
  const steps = passageSteps(turns, grid.scales.length);
  const count = steps.reduce((sum, step) => sum + Number(step === 1), 0);
  const whole = steps.reduce((sum, step) => sum + Number(step > 0), 0);
  const permute = permutedSharp(grid, turns.slack, seed);
  const drawn: number[] = [];
  onStep?.(0, Math.max(first, mostPermutations));
  while (drawn.length < first || (drawn.length < mostPermutations && drawn.every((value) => value < count))) {
    drawn.push(permute());
    onStep?.(drawn.length, Math.max(first, mostPermutations));
  }
  const permuted = drawn.sort((a, b) => a - b);
  const permutations = permuted.length;
  const atLeast = permuted.filter((value) => value >= count).length;
  const quantile = (q: number) => permuted[Math.round(q * (permutations - 1))]! / grid.examples;
  return {
    count,
    share: count / grid.examples,
    interval: intervalOf(steps, clusters),
    shareOfWhole: count / whole,
    coinFlips: {
      share: expectedDistribution(grid, turns, [coinFlips(grid)]).passage[1]!,
      interval: { lower: quantile(0.025), upper: quantile(0.975) },
      pValue: (1 + atLeast) / (1 + permutations),
      permutations,
    },
  };
}

/** Interval of the share of examples whose passage takes one step. */
function intervalOf(steps: ArrayLike<number>, clusters: SharpOptions['clusters']): Interval {
  const sharp = Float64Array.from(steps, (step) => Number(step === 1));
  if (clusters === undefined)
    return wilsonLimits(
      sharp.reduce((sum, value) => sum + value, 0),
      sharp.length,
    );
  const starts = Int32Array.from({ length: sharp.length + 1 }, (_, i) => i);
  return wilsonOfMean(
    sampledMean({ values: sharp, starts, clusterOf: clusters.of, clusters: clusters.count, rows: sharp }),
  );
}

/** Sharp turns in one more permutation at each call. Hot: 40 members x 10 000 examples. */
function permutedSharp({ scales, examples }: SolvedGrid, slack: readonly number[], seed: number): () => number {
  const random = Random.named(seed, 'quanta', 'permutations');
  const order = Int32Array.from({ length: examples }, (_, i) => i);
  const members = scales.map((scale) => scale.members.map(({ solved }) => solvedBy(solved)));
  const counts = scales.map(() => new Int16Array(examples));
  const enough = members.map(({ length }, s) => length - slack[s]!);
  return () => {
    members.forEach((solved, s) => {
      scatterAll(solved, { into: counts[s]!, order, random });
    });
    return countSharp(counts, slack, enough);
  };
}

interface Scatter {
  readonly into: Int16Array;
  /** Any order of all indices; reordered in place. */
  readonly order: Int32Array;
  readonly random: Random;
}

/** Places each member's number of solved examples at random, without replacement; whichever outcome is rarer is placed. */
function scatterAll(solved: readonly number[], { into, order, random }: Scatter): void {
  const n = order.length;
  into.fill(solved.reduce((sum, count) => sum + Number(2 * count > n), 0));
  for (const count of solved) {
    const [rarer, sign] = 2 * count > n ? [n - count, -1] : [count, 1];
    for (let j = 0; j < rarer; j++) {
      // Without the exact uniformity of `integer`, which costs half of the time: with 10 000 examples it is off by
      // 2e-6.
      const k = j + Math.floor((random.uint32() * (n - j)) / 4294967296);
      const place = order[k]!;
      order[k] = order[j]!;
      order[j] = place;
      into[place]! += sign;
    }
  }
}

function countSharp(counts: readonly Int16Array[], slack: readonly number[], enough: readonly number[]): number {
  const n = counts.length;
  let sharp = 0;
  for (let i = 0; i < counts[0]!.length; i++) {
    let a = 0;
    while (a < n && counts[a]![i]! <= slack[a]!) a++;
    if (a === 0 || a === n) continue;
    while (a < n && counts[a]![i]! >= enough[a]!) a++;
    if (a === n) sharp++;
  }
  return sharp;
}

/**
 * By how much the accuracies of members of one scale differ more than the sampling of independent examples explains:
 * Pearson's chi-square divided by its degrees of freedom, 1 if they do not. Large values mean that seeds differ as a
 * whole, and that methods which treat members of a scale as exchangeable are overconfident. NaN with one member per scale.
 */
export function memberDispersion({ scales, examples }: SolvedGrid): number {
  let chiSquare = 0;
  let freedom = 0;
  for (const { members, accuracy } of scales) {
    if (members.length < 2 || accuracy === 0 || accuracy === 1) continue;
    freedom += members.length - 1;
    for (const member of members) {
      chiSquare += (examples * (accuracyOf(member) - accuracy) ** 2) / (accuracy * (1 - accuracy));
    }
  }
  return chiSquare / freedom;
}

/** The classes of a fit, for `expectedDistribution`. */
export function exampleClasses({ scales }: SolvedGrid, { classes }: ThresholdFit): ExampleClass[] {
  return classes.map(({ weight, solved }) => {
    return { weight, solved: scales.map(({ members }, s) => members.map(() => solved[s]!)) };
  });
}

export interface TurnOptions extends SharpOptions {
  /** Share of a scale's members that may disagree with the others when an example counts as failed or solved by all. */
  readonly tolerance?: number;
  /** Largest number of latent classes to try. */
  readonly most?: number;
  /** Probability that a guess is right; default: 0. */
  readonly chance?: number;
  /** Progress of the fits, which come before the permutations that `onStep` counts. */
  readonly onFit?: OnStep;
}

export interface Quanta {
  readonly grid: SolvedGrid;
  readonly turns: Turns;
  readonly measured: TurnDistribution;
  /** Distribution under independent coin flips with each member's accuracy. */
  readonly coinFlips: TurnDistribution;
  readonly sharp: SharpTurns;
  /** See `memberDispersion`. */
  readonly dispersion: number;
  /** The results of `fitThresholds`, each with the turns expected under it. */
  readonly fits: readonly (ThresholdFit & { readonly expected: TurnDistribution })[];
}

/**
 * The whole analysis.
 *
 * @throws RangeError if members do not form a grid, no seed is at every scale, or the tolerance is out of range
 */
export function analyseTurns(members: readonly SolvedMember[], options: TurnOptions = {}): Quanta {
  const grid = solvedGrid(members);
  const turns = turnsOf(grid, options.tolerance);
  const { scales, counts } = grid;
  const fits = fitThresholds(
    {
      logParameters: scales.map(({ parameters }) => Math.log(parameters)),
      trials: scales.map((scale) => scale.members.length),
      counts,
    },
    { ...options, onStep: options.onFit },
  );
  return {
    grid,
    turns,
    measured: turnDistribution(turns, scales.length),
    coinFlips: expectedDistribution(grid, turns, [coinFlips(grid)]),
    sharp: sharpTurns(grid, turns, options),
    dispersion: memberDispersion(grid),
    fits: fits.map((fit) => ({ ...fit, expected: expectedDistribution(grid, turns, exampleClasses(grid, fit)) })),
  };
}

/** The fit that a criterion prefers among those that have a sigmoid; undefined if there are none. */
export function preferred<Fit extends ThresholdFit>(fits: readonly Fit[], criterion: 'aicc' | 'bic'): Fit | undefined {
  return fits
    .filter(({ kind }) => kind !== 'curve')
    .reduce<Fit | undefined>((a, b) => (a === undefined || b[criterion] < a[criterion] ? b : a), undefined);
}
