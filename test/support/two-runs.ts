/** Two runs drawn from a model whose truth is known, for the coverage of their difference. */
import type { MemberOutcomes } from '../../src/metrics/curve.js';
import { accuracy } from '../../src/metrics/classification.js';
import { compareRuns } from '../../src/analysis/diff/difference.js';
import { scalesOf } from '../../src/analysis/scales.js';
import { normalBelow, normalQuantile } from '../../src/statistics/normal.js';
import type { Random } from '../../src/statistics/random.js';
import { memberOf } from './members.js';

export interface TwoRuns {
  readonly images: number;
  /** Of each run, at its one scale. */
  readonly seeds: readonly [number, number];
  /** Accuracies over all possible seeds and images. */
  readonly truth: readonly [number, number];
  /** Between the two runs, of the effect of an image's difficulty, on the normal scale. */
  readonly correlation: number;
  /** Standard deviation of seeds, on the normal scale. */
  readonly seedDeviation: number;
  /** Groups of images that belong together, such as those by one writer; default: each image is its own. */
  readonly groups?: Groups;
}

export interface Groups {
  readonly count: number;
  /** Share of the images' variance that a whole group has in common. */
  readonly share: number;
  /** Standard deviation of the logarithms of their sizes; default: equal sizes. */
  readonly logSize?: number;
}

/** Which group each image is of, `[images]`: group sizes are log-normal. */
function groupsOf(images: number, { count, logSize = 0 }: Groups, random: Random): Int32Array<ArrayBuffer> {
  const sizes = Array.from({ length: count }, () => Math.exp(logSize * random.normal()));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const of = new Int32Array(images);
  let [group, end] = [0, (images * sizes[0]!) / total];
  for (let i = 0; i < images; i++) {
    while (i + 0.5 > end && group + 1 < count) end += (images * sizes[++group]!) / total;
    of[i] = group;
  }
  return of;
}

/**
 * An image is right if a normal is above a threshold. Its variance of 1 is made of what images have in common for both runs, for all seeds
 * of one run, and for a single seed; seeds move the threshold.
 */
export function drawTwoRuns({ images, seeds, truth, correlation, seedDeviation, groups }: TwoRuns, random: Random) {
  const group = groups && groupsOf(images, groups, random);
  /** A normal for each image, part of which groups have in common. */
  const normals = (): Float64Array => {
    const own = Float64Array.from({ length: images }, () => random.normal());
    if (groups === undefined || group === undefined) return own;
    const ofGroups = Float64Array.from({ length: groups.count }, () => random.normal());
    return own.map((value, i) => Math.sqrt(1 - groups.share) * value + Math.sqrt(groups.share) * ofGroups[group[i]!]!);
  };
  const shared = normals();
  return seeds.map((count, side): MemberOutcomes[] => {
    const ownOfRun = normals();
    const threshold = normalQuantile(1 - truth[side]!) * Math.sqrt(1 + seedDeviation ** 2);
    return Array.from({ length: count }, (_, seed) => {
      // A single seed stands for itself: its truth is its own.
      const moved = threshold + (count > 1 ? seedDeviation * random.normal() : 0);
      const ownOfSeed = normals();
      const correct = Uint8Array.from(shared, (value, i) => {
        const rest = Math.sqrt((1 - correlation) / 2) * (ownOfRun[i]! + ownOfSeed[i]!);
        return Math.sqrt(correlation) * value + rest > moved ? 1 : 0;
      });
      return memberOf(1, seed, group === undefined ? { correct } : { correct, group });
    });
  });
}

/** The share of this many pairs of runs whose interval covers the true difference, and the share that finds one at 5 %. */
export function coverageOf(model: TwoRuns, { pairs, draws, random }: { pairs: number; draws: number; random: Random }) {
  const alone = model.seeds.map((count, side) =>
    count > 1
      ? model.truth[side]!
      : 1 - normalBelow(normalQuantile(1 - model.truth[side]!) * Math.sqrt(1 + model.seedDeviation ** 2)),
  );
  const truth = alone[1]! - alone[0]!;
  let [held, found] = [0, 0];
  for (let i = 0; i < pairs; i++) {
    const [one, other] = drawTwoRuns(model, random) as [MemberOutcomes[], MemberOutcomes[]];
    const scales = [{ one: scalesOf(one)[0]!, other: scalesOf(other)[0]! }];
    const { interval, p } = compareRuns({ metric: accuracy.with({}), one, other, scales, draws, seed: i }).scales[0]!;
    held += Number(interval.lower <= truth && truth <= interval.upper);
    found += Number(p <= 0.05);
  }
  return { coverage: held / pairs, found: found / pairs };
}
