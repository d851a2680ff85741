/** The power of `diff` by simulation: two runs are drawn repeatedly from images of known difficulty, and tested as `diff` tests them. */
import { mcnemar } from '../../statistics/paired-shares.js';
import { mean, squaresAbout } from '../../statistics/mean.js';
import { chiSquare } from '../../statistics/normal.js';
import type { Random } from '../../statistics/random.js';
import { estimateOf } from '../../statistics/welch.js';
import type { PowerPlan, PowerModel } from './power.js';

/** Difficulties: for each image the probability that a seed has it right. */
export interface Population {
  readonly chances: Float64Array;
  /** The images of one member, right or wrong; for one member against one. */
  readonly member: ArrayLike<number>;
}

export interface SimulationRequest extends PowerPlan {
  readonly model: PowerModel;
  /** The first run's share. */
  readonly share: number;
  readonly population: Population;
  readonly alpha: number;
  /** Pairs of runs. */
  readonly pairs: number;
  readonly random: Random;
}

/**
 * Models images by beta-distributed difficulties: an image is observed as `right` of `seeds`, and the spread of difficulties follows
 * from the correlation between seeds.
 *
 * @param right of each image; default: `images` of them without observations
 */
export function populationOf(
  { share, correlation, seeds }: { readonly share: number; readonly correlation: number; readonly seeds: number },
  right: ArrayLike<number>,
  random: Random,
): Float64Array {
  // Var q = share (1 - share) / (a + b + 1).
  const size = 1 / Math.min(0.999, Math.max(1e-3, correlation)) - 1;
  return Float64Array.from({ length: right.length }, (_, i) => {
    const above = chiSquare(2 * (share * size + right[i]!), random);
    const below = chiSquare(2 * ((1 - share) * size + seeds - right[i]!), random);
    return Math.min(1 - 1e-9, Math.max(1e-9, above / (above + below)));
  });
}

/** Share of the pairs of runs between which the test finds a difference. */
export function simulatedPower(request: SimulationRequest): number {
  const { seeds, alpha, pairs } = request;
  const draw = seeds === 1 ? membersDrawn(request) : runsDrawn(request);
  let found = 0;
  for (let k = 0; k < pairs; k++) found += Number(draw() <= alpha);
  return found / pairs;
}

/** p of McNemar's test: some of the member's images are flipped, as many as effect and correlation require. */
function membersDrawn({ model, share, population: { member }, images, random }: SimulationRequest): () => number {
  const { effect, correlation, variances } = model;
  const both = share * (share + effect) + correlation * Math.sqrt(variances[0] * variances[1]);
  const [lost, won] = [(share - both) / share, (share + effect - both) / (1 - share)];
  return () => {
    let [first, second] = [0, 0];
    for (let i = 0; i < images; i++) {
      const isRight = member[random.integer(member.length)] === 1;
      if (random.uniform() >= (isRight ? lost : won)) continue;
      if (isRight) first++;
      else second++;
    }
    return mcnemar({ first, second }).midP;
  };
}

/** p of Welch's test between runs of several seeds. */
function runsDrawn({ model, share, population: { chances }, images, seeds, random }: SimulationRequest): () => number {
  const { effect, correlation, seedCorrelation, seedDeviation } = model;
  const odds = chances.map((chance) => chance / (1 - chance));
  const shiftOf = shifts(odds);
  // An image is as hard for the second run as for the first, or as hard as another image: with the probability that gives
  // the right correlation.
  const alike = seedCorrelation === 0 ? 0 : Math.min(1, Math.max(0, correlation / seedCorrelation));
  return () => {
    const [first, second] = [new Int32Array(images), new Int32Array(images)];
    for (let i = 0; i < images; i++) {
      first[i] = random.integer(odds.length);
      second[i] = random.uniform() < alike ? first[i]! : random.integer(odds.length);
    }
    const sideOf = (places: Int32Array, side: 0 | 1): Side => {
      const right = new Int32Array(images);
      const means = Array.from({ length: seeds }, () => {
        const factor = shiftOf(share + side * effect + seedDeviation * random.normal());
        let sum = 0;
        for (let i = 0; i < images; i++) {
          const odd = factor * odds[places[i]!]!;
          const isRight = random.uniform() * (1 + odd) < odd ? 1 : 0;
          right[i]! += isRight;
          sum += isRight;
        }
        return sum / images;
      });
      return { right, means };
    };
    return estimateInClosedForm([sideOf(first, 0), sideOf(second, 1)]).p;
  };
}

interface Side {
  /** Number of seeds that have each image right. */
  readonly right: Int32Array;
  /** Of each seed. */
  readonly means: readonly number[];
}

/** What `differenceOf` finds in many draws, for images that are right or wrong. */
export function estimateInClosedForm(sides: readonly [Side, Side]) {
  const images = sides[0].right.length;
  const [a, b] = sides.map(({ means }) => mean(means)) as [number, number];
  const [first, second] = sides;
  let squares = 0;
  for (let i = 0; i < images; i++)
    squares += (second.right[i]! / second.means.length - first.right[i]! / first.means.length - (b - a)) ** 2;
  let shared = squares / (images - 1) / images;
  const parts = sides.map(({ right, means }) => {
    const seeds = means.length;
    const centre = mean(means);
    const between = squaresAbout(centre, means);
    let within = 0;
    for (const count of right) within += (count * (seeds - count)) / seeds;
    shared -= (within - images * between) / (images - 1) / images / (seeds - 1) / seeds;
    return { variance: between / (seeds - 1) / seeds, degrees: seeds - 1 };
  });
  return estimateOf(b - a, [...parts, { variance: Math.max(0, shared), degrees: images - 1 }]);
}

/** Maps a share to the factor on all odds that yields it, by a table. */
function shifts(odds: Float64Array): (share: number) => number {
  const factors = Array.from({ length: 241 }, (_, k) => Math.exp((k - 120) / 10));
  const shares = factors.map((factor) => mean(odds.map((odd) => (factor * odd) / (1 + factor * odd))));
  return (share) => {
    let k = shares.findIndex((value) => value >= share);
    if (k < 0) return factors.at(-1)!;
    k = Math.max(1, k);
    const part = Math.min(1, Math.max(0, (share - shares[k - 1]!) / (shares[k]! - shares[k - 1]!)));
    return factors[k - 1]! ** (1 - part) * factors[k]! ** part;
  };
}
