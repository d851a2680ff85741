/**
 * At which scale each test example turns from failed to solved, and where coin flips with the same accuracies would put it. Pure,
 * so that a page computes the same.
 *
 * Scales are indices into `scales`, in ascending order. A turn at index t is interval-censored: it lies after scale t - 1 and not
 * after scale t. Index 0 is left-censored (solved from the smallest scale on), `scales.length` right-censored.
 */
import { mean } from '../statistics/mean.js';

/** What one member solved. */
export interface SolvedMember {
  readonly width: number;
  readonly seed: number;
  /** Number of trainable ones; the same for all members of a width. */
  readonly parameters: number;
  /** `[examples]`, 0 or 1, the same examples in the same order for every member. */
  readonly solved: Uint8Array;
}

export interface SolvedScale {
  readonly width: number;
  readonly parameters: number;
  /** By seed. */
  readonly members: readonly SolvedMember[];
  /** Mean over its members. */
  readonly accuracy: number;
}

export interface SolvedGrid {
  /** In ascending order. */
  readonly scales: readonly SolvedScale[];
  readonly examples: number;
  /**
   * Seeds with a member at every scale, ascending: turns are computed for these. Shares and counts use every member.
   */
  readonly seeds: readonly number[];
  /** Number of members that solve an example, `[scale][example]`. */
  readonly counts: readonly Uint16Array[];
}

/** @throws RangeError if the members do not form a grid */
export function solvedGrid(members: readonly SolvedMember[]): SolvedGrid {
  const examples = members[0]?.solved.length ?? 0;
  if (examples === 0) throw new RangeError('there are no members, or no examples');
  if (members.some(({ solved }) => solved.length !== examples))
    throw new RangeError('members differ in their examples');
  const widths = [...new Set(members.map(({ width }) => width))].sort((a, b) => a - b);
  const scales = widths.map((width) => scaleOf(members.filter((member) => member.width === width)));
  for (let s = 1; s < scales.length; s++) {
    if (scales[s]!.parameters <= scales[s - 1]!.parameters) throw new RangeError('parameters must increase with width');
  }
  const seeds = [...new Set(members.map(({ seed }) => seed))]
    .filter((seed) => scales.every((scale) => scale.members.some((member) => member.seed === seed)))
    .sort((a, b) => a - b);
  return { scales, examples, seeds, counts: scales.map((scale) => countsOf(scale, examples)) };
}

function scaleOf(members: readonly SolvedMember[]): SolvedScale {
  const { width, parameters } = members[0]!;
  if (members.some((member) => member.parameters !== parameters)) {
    throw new RangeError(`members of width ${width} differ in parameters`);
  }
  if (new Set(members.map(({ seed }) => seed)).size !== members.length) {
    throw new RangeError(`width ${width} has the same seed twice`);
  }
  const sorted = members.toSorted((a, b) => a.seed - b.seed);
  const accuracy = mean(sorted.map(accuracyOf));
  return { width, parameters, members: sorted, accuracy };
}

export function accuracyOf({ solved }: SolvedMember): number {
  return solvedBy(solved) / solved.length;
}

export function solvedBy(solved: Uint8Array): number {
  let count = 0;
  for (const value of solved) count += value;
  return count;
}

function countsOf({ members }: SolvedScale, examples: number): Uint16Array {
  const counts = new Uint16Array(examples);
  for (const { solved } of members) for (let i = 0; i < examples; i++) counts[i]! += solved[i]!;
  return counts;
}

export interface Turns {
  /** `[seed of the grid][example]`: index of the smallest scale from which on the seed solves it at every scale. */
  readonly bySeed: readonly Uint8Array[];
  /**
   * Smallest scale by which at least half of the seeds have turned: a median that handles censored turns (for an even
   * number of seeds it is the lower one).
   */
  readonly median: Uint8Array;
  /** 1 if no member of any scale solves it. */
  readonly never: Uint8Array;
  /** Number of scales, from the smallest, at which it counts as failed by all: at most `slack` members solve it. */
  readonly failing: Uint8Array;
  /** Number of scales, from the largest down, at which it counts as solved by all: at most `slack` members fail it. */
  readonly holding: Uint8Array;
  /** Number of members of each scale that may disagree with all others. */
  readonly slack: readonly number[];
}

/** One seed in five may disagree: with up to four seeds all must agree. */
const defaultTolerance = 0.2;

/**
 * @param tolerance share of a scale's members that may disagree with the others in `failing` and `holding`, 0 to below 0.5
 * @throws RangeError if no seed has a member at every scale, or for a tolerance out of range
 */
export function turnsOf(grid: SolvedGrid, tolerance = defaultTolerance): Turns {
  const { scales, seeds, examples, counts } = grid;
  if (seeds.length === 0) throw new RangeError('no seed has a member at every scale');
  if (!(tolerance >= 0 && tolerance < 0.5)) throw new RangeError(`tolerance ${tolerance} is not in 0 to below 0.5`);
  // A share such as 0.2 of 5 may fall short of 1 by a rounding error.
  const slack = scales.map(({ members }) => Math.floor(tolerance * members.length + 1e-9));
  const enough = scales.map(({ members }, s) => members.length - slack[s]!);
  const never = new Uint8Array(examples);
  const failing = new Uint8Array(examples);
  const holding = new Uint8Array(examples);
  for (let i = 0; i < examples; i++) {
    let a = 0;
    while (a < scales.length && counts[a]![i]! <= slack[a]!) a++;
    let b = scales.length;
    while (b > 0 && counts[b - 1]![i]! >= enough[b - 1]!) b--;
    failing[i] = a;
    holding[i] = scales.length - b;
    never[i] = Number(counts.every((column) => column[i] === 0));
  }
  const bySeed = seeds.map((seed) => turnsOfSeed(grid, seed));
  return { bySeed, median: mediansOf(bySeed, scales.length), never, failing, holding, slack };
}

function turnsOfSeed({ scales, examples }: SolvedGrid, seed: number): Uint8Array {
  const columns = scales.map(({ members }) => members.find((member) => member.seed === seed)!.solved);
  const turns = new Uint8Array(examples);
  for (let i = 0; i < examples; i++) {
    let t = columns.length;
    while (t > 0 && columns[t - 1]![i] === 1) t--;
    turns[i] = t;
  }
  return turns;
}

function mediansOf(bySeed: readonly Uint8Array[], scales: number): Uint8Array {
  const medians = new Uint8Array(bySeed[0]!.length);
  const at = new Uint16Array(scales + 1);
  for (let i = 0; i < medians.length; i++) {
    at.fill(0);
    for (const turns of bySeed) at[turns[i]!]!++;
    let t = 0;
    for (let turned = at[0]!; 2 * turned < bySeed.length; turned += at[t]!) t++;
    medians[i] = t;
  }
  return medians;
}

/**
 * Number of steps between scales that the passage from "failed by all" to "solved by all" takes: 1 is a sharp turn, failed
 * up to one scale and solved from the next on. 0 stands for a passage that the scales do not show in full: not failed by
 * all at the smallest, or not solved by all at the largest.
 */
export function passageSteps({ failing, holding }: Pick<Turns, 'failing' | 'holding'>, scales: number): Uint8Array {
  return failing.map((a, i) => (a === 0 || holding[i] === 0 ? 0 : scales - a - holding[i]! + 1));
}

/** Shares of the examples; each list adds up to 1. */
export interface TurnDistribution {
  /** By the median's scale, from 0 (always solved) to `scales.length` (not by the largest). */
  readonly median: readonly number[];
  /** By number of steps of the passage, from 0 (not in full) to `scales.length - 1`. */
  readonly passage: readonly number[];
}

/** What was measured. */
export function turnDistribution(turns: Turns, scales: number): TurnDistribution {
  return {
    median: sharesOf(turns.median, scales + 1),
    passage: sharesOf(passageSteps(turns, scales), Math.max(2, scales)),
  };
}

function sharesOf(values: Uint8Array, length: number): number[] {
  const counts = new Array<number>(length).fill(0);
  for (const value of values) counts[value]!++;
  return counts.map((count) => count / values.length);
}

/** Examples that share their probabilities, and are otherwise independent of each other and between members. */
export interface ExampleClass {
  /** Share of the examples. */
  readonly weight: number;
  /** Probability of being solved, `[scale][member]`. */
  readonly solved: readonly (readonly number[])[];
}

/** All examples alike, each member with its own accuracy: independent coin flips. */
export function coinFlips({ scales }: SolvedGrid): ExampleClass {
  return { weight: 1, solved: scales.map(({ members }) => members.map(accuracyOf)) };
}

/** What would be measured on average, in closed form. */
export function expectedDistribution(
  grid: SolvedGrid,
  { slack }: Pick<Turns, 'slack'>,
  classes: readonly ExampleClass[],
): TurnDistribution {
  const n = grid.scales.length;
  const sum = { median: new Array<number>(n + 1).fill(0), passage: new Array<number>(Math.max(2, n)).fill(0) };
  for (const each of classes) {
    expectedMedian(grid, each).forEach((share, t) => (sum.median[t]! += each.weight * share));
    expectedPassage(each, slack).forEach((share, steps) => (sum.passage[steps]! += each.weight * share));
  }
  return sum;
}

/**
 * A seed has turned by t if it solves the example at t and at all later scales; the number of such seeds is a sum of unequal
 * coins (Poisson-binomial).
 */
function expectedMedian({ scales, seeds }: SolvedGrid, { solved }: ExampleClass): number[] {
  const places = scales.map(({ members }) => seeds.map((seed) => members.findIndex((m) => m.seed === seed)));
  const turned = seeds.map(() => 1);
  const within = new Array<number>(scales.length + 1).fill(1);
  for (let t = scales.length - 1; t >= 0; t--) {
    seeds.forEach((_, j) => (turned[j]! *= solved[t]![places[t]![j]!]!));
    within[t] = sumBetween(turned, Math.ceil(turned.length / 2), turned.length);
  }
  return within.map((share, t) => share - (t === 0 ? 0 : within[t - 1]!));
}

/** Probability that from `least` to `most` of independent coins with these probabilities show heads. */
function sumBetween(probabilities: readonly number[], least: number, most: number): number {
  let counts = [1];
  for (const p of probabilities) {
    counts = [...counts, 0].map((share, k) => share * (1 - p) + (k === 0 ? 0 : counts[k - 1]! * p));
  }
  return counts.slice(least, most + 1).reduce((sum, share) => sum + share, 0);
}

/** Sums over where the failing scales end and the solved ones begin. */
function expectedPassage({ solved }: ExampleClass, slack: readonly number[]): number[] {
  const n = solved.length;
  const none = solved.map((members, s) => sumBetween(members, 0, slack[s]!));
  const all = solved.map((members, s) => sumBetween(members, members.length - slack[s]!, members.length));
  const shares = new Array<number>(Math.max(2, n)).fill(0);
  for (let a = 1, failed = none[0]!; a < n; failed *= none[a]!, a++) {
    for (let b = n - 1, held = all[b]!; b >= a; b--, held *= all[b]!) {
      // Scales a to b - 1 are in between: the first is not failed by all, the last not solved by all.
      const between = b === a ? 1 : b === a + 1 ? 1 - none[a]! - all[a]! : (1 - none[a]!) * (1 - all[b - 1]!);
      shares[b - a + 1]! += failed * between * held;
    }
  }
  shares[0] = 1 - shares.reduce((sum, share) => sum + share, 0);
  return shares;
}
