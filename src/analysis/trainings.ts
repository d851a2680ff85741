/**
 * Moments of the same trained models ("trainings"): a seed that is ahead after 100 steps is likely to be ahead after
 * 200. Scales that are moments of the same trainings have their seeds drawn once for all of them, and what models draw
 * for seeds is as correlated between scales as the trained seeds are.
 */
import type { Scale } from './scales.js';

interface OfTraining {
  readonly record: {
    /** The training that a member is a moment of. */
    readonly training?: string | undefined;
  };
}

/** Of each scale the first one that has the same trainings in the same order, which may be itself, `[scales]`. */
export function sameTrainings(scales: readonly Pick<Scale, 'members'>[], members: readonly OfTraining[]): number[] {
  const firsts = new Map<string, number>();
  return scales.map(({ members: places }, j) => {
    const trainings = places.map((place) => members[place]!.record.training);
    if (trainings.includes(undefined)) return j;
    const key = JSON.stringify(trainings);
    const first = firsts.get(key) ?? j;
    firsts.set(key, first);
    return first;
  });
}

/** How much each scale's number contributes to another's. */
export type Mixture = readonly { readonly scale: number; readonly weight: number }[];

/**
 * Correlates independent standard normals of the scales as the seeds of the same trainings are correlated: rows of the
 * Cholesky factor of the seeds' correlations between scales, `[scales]`. A scale with separate trainings keeps its
 * number.
 *
 * @param first as `sameTrainings` has it
 * @param deviations of members from their scale's centre, `[members]`
 */
export function mixturesOf(
  scales: readonly Pick<Scale, 'members'>[],
  first: readonly number[],
  deviations: readonly number[],
): Mixture[] {
  const directions = scales.map(({ members }) => {
    const own = members.map((i) => deviations[i]!);
    const size = Math.hypot(...own);
    return size > 0 ? own.map((value) => value / size) : undefined;
  });
  const correlation = (j: number, k: number) => {
    const [a, b] = [directions[j], directions[k]];
    return a === undefined || b === undefined ? 0 : a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  };
  const rows: { readonly scale: number; readonly weight: number }[][] = [];
  for (const [j, root] of first.entries()) {
    const row: { scale: number; weight: number }[] = [];
    let left = 1;
    if (scales[j]!.members.length > 1)
      for (let k = root; k < j; k++) {
        if (first[k] !== root) continue;
        const own = rows[k]!.find(({ scale }) => scale === k)!.weight;
        const known = row.reduce(
          (sum, { scale, weight }) => sum + weight * (rows[k]!.find((each) => each.scale === scale)?.weight ?? 0),
          0,
        );
        // What a scale adds to those before it may be nothing: few seeds have few directions.
        const weight = own > 1e-6 ? (correlation(j, k) - known) / own : 0;
        row.push({ scale: k, weight });
        left -= weight ** 2;
      }
    rows.push([...row, { scale: j, weight: Math.sqrt(Math.max(0, left)) }]);
  }
  return rows;
}

/** The numbers of all scales, mixed. */
export function mixed(mixtures: readonly Mixture[], numbers: Float64Array): Float64Array {
  return Float64Array.from(mixtures, (parts) =>
    parts.reduce((sum, { scale, weight }) => sum + weight * numbers[scale]!, 0),
  );
}
