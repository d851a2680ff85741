/** Members with outcomes drawn from closed forms, in memory. */
import type { MemberOutcomes } from '../../src/metrics/curve.js';
import type { OutcomeTable } from '../../src/runs/outcomes.js';
import { Random } from '../../src/statistics/random.js';

/** A member of a width with these outcomes; parameters are 100 times the width. */
export function memberOf(width: number, seed: number, outcomes: Partial<OutcomeTable>): MemberOutcomes {
  const record = { id: `cnn-w${width}-s${seed}`, width, seed, parameters: 100 * width, trainingFlops: 1e6 * width };
  return { record, outcomes };
}

/** Images independently right, with probability `p`. */
export function rightWith(p: number, count: number, random: Random): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, () => (random.uniform() < p ? 1 : 0));
}

/** A family whose members of width w have accuracy `p(w)` plus the seed's own deviation. */
export function family(options: {
  readonly widths: readonly number[];
  readonly seeds: number;
  readonly count: number;
  readonly p: (width: number) => number;
  readonly deviation?: number;
  readonly name: string | number;
}): MemberOutcomes[] {
  const { widths, seeds, count, p, deviation = 0, name } = options;
  const random = Random.named(0, 'family', name);
  return widths.flatMap((width) =>
    Array.from({ length: seeds }, (_, seed) => {
      const chance = Math.min(1, Math.max(0, p(width) + deviation * random.normal()));
      return memberOf(width, seed, { correct: rightWith(chance, count, random) });
    }),
  );
}
