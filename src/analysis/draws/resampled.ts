/** Draws of a test set, and sums of columns in each of them. */
import { availableCores } from '../../experiment/cores.js';
import type { UnitNumbers } from '../../metrics/metric.js';
import { weightedSums } from '../../statistics/bootstrap.js';
import { sumsKernel } from '../../statistics/kernels/kernels.js';
import { resamples, type ResampleBlock } from '../../statistics/resamples.js';

/** `[members]` under each list of counts, of which there are at most `listsAtOnce`. */
export type Resampled = (counts: readonly Uint8Array[]) => Float64Array[];

/**
 * The same streams for every metric, and the same groups if there are too many units: curves of one test set are drawn together, and
 * their differences are paired.
 */
export function drawnBy(
  resampled: Resampled,
  blocks: readonly ResampleBlock[],
  draws: number,
  seed: number,
): Float64Array[] {
  const samples: Float64Array[] = [];
  for (const counts of resamples(blocks, draws, seed)) samples.push(...resampled(counts));
  return samples;
}

export type SumsOf = (counts: readonly Uint8Array[]) => Float64Array[];

/** Sums of columns under lists of counts, `[lists]` of `[columns]`. Columns that are not finite go through plain loops. */
export function sumsOver(columns: readonly UnitNumbers[]): SumsOf {
  const threads = availableCores();
  const kernel = sumsKernel(columns, threads);
  if (kernel !== undefined) return (counts) => kernel.sums(counts);
  const [finite, others] = [true, false].map((wanted) =>
    [...columns.keys()].filter((c) => isFiniteColumn(columns[c]!) === wanted),
  ) as [number[], number[]];
  const plain = others.map((c) => Float64Array.from(columns[c]!));
  const ofFinite =
    finite.length > 0
      ? sumsKernel(
          finite.map((c) => columns[c]!),
          threads,
        )
      : undefined;
  return (counts) => {
    const plainSums = counts.map(() => new Float64Array(others.length));
    weightedSums(plain, counts, plainSums);
    const finiteSums = ofFinite?.sums(counts);
    return counts.map((_, k) => {
      const sums = new Float64Array(columns.length);
      others.forEach((c, i) => (sums[c] = plainSums[k]![i]!));
      finite.forEach((c, i) => (sums[c] = finiteSums![k]![i]!));
      return sums;
    });
  };
}

function isFiniteColumn(column: UnitNumbers): boolean {
  for (const value of column) if (!Number.isFinite(value)) return false;
  return true;
}
