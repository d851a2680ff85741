/** A column on one side of a cutoff. Many cutoffs are handled at once: both are sorted and passed over once. */
import { outcomeColumns, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import { perSequence, refuseLonger } from './sequence-rows.js';

/** Which side of a cutoff counts as right. */
interface Side {
  readonly isHit: (value: number, c: number) => boolean;
  /** Share of values on that side of each cutoff, `[cutoffs]`. */
  readonly shares: (values: ArrayLike<number>, cutoffs: readonly number[]) => Float64Array;
  /** Of several values, the one that gets there last. */
  readonly last: (...values: readonly number[]) => number;
}

export const below: Side = { isHit: (value, c) => value < c, shares: sharesBelow, last: Math.max };
export const atMost: Side = { isHit: (value, c) => value <= c, shares: sharesAtMost, last: Math.max };
export const above: Side = {
  isHit: (value, c) => value > c,
  shares: (values, cutoffs) => sharesAtMost(values, cutoffs).map((share) => 1 - share),
  last: Math.min,
};

interface Over {
  readonly key: string;
  readonly values: readonly number[];
}

/** Shares at many values of the cutoff; undefined for another parameter. */
export interface Cutoff<Chosen> {
  ofImages(outcomes: Partial<OutcomeTable>, chosen: Chosen, over: Over): Float64Array | undefined;
  /**
   * Share of sequences whose first l images are all on that side. Throws UsageError if `name` asks for more than a
   * sequence has.
   */
  ofSequences(
    outcomes: Partial<OutcomeTable>,
    chosen: Chosen,
    over: Over & { readonly name: string; readonly l: number },
  ): Float64Array | undefined;
}

/**
 * Shared by metrics that compare a column with one of their parameters.
 *
 * @param key of the parameter
 */
export function against<Key extends string, Chosen extends Readonly<Record<Key, number>>>(
  side: Side,
  key: Key,
  columnOf: (chosen: Chosen) => OutcomeName,
) {
  // Floating-point columns are stored in 32 bits, so the cutoff is too.
  const stored = (chosen: Chosen, c: number) =>
    outcomeColumns[columnOf(chosen)].type === 'float32' ? Math.fround(c) : c;
  const cutoff: Cutoff<Chosen> = {
    ofImages: (outcomes, chosen, over) =>
      over.key === key
        ? side.shares(
            outcomes[columnOf(chosen)]!,
            over.values.map((c) => stored(chosen, c)),
          )
        : undefined,
    ofSequences(outcomes, chosen, { name, l, ...over }) {
      const list = outcomes[columnOf(chosen)]!;
      const lasts = perSequence(outcomes.sequence!, (begin, end) => {
        refuseLonger(`${name}:l=${l}`, l, end - begin);
        return side.last(...list.subarray(begin, begin + l));
      });
      return this.ofImages({ [columnOf(chosen)]: lasts }, chosen, over);
    },
  };
  return {
    cutoff,
    rows(outcomes: Partial<OutcomeTable>, chosen: Chosen): Uint8Array {
      const c = stored(chosen, chosen[key]);
      return Uint8Array.from(outcomes[columnOf(chosen)]!, (value) => (side.isHit(value, c) ? 1 : 0));
    },
  };
}

/** Share of values `<=` each cutoff, `[cutoffs]`. */
export function sharesAtMost(column: ArrayLike<number>, cutoffs: readonly number[]): Float64Array {
  return shares(column, cutoffs, true);
}

/** Share of values `<` each cutoff, `[cutoffs]`. */
export function sharesBelow(column: ArrayLike<number>, cutoffs: readonly number[]): Float64Array {
  return shares(column, cutoffs, false);
}

function shares(column: ArrayLike<number>, cutoffs: readonly number[], orAt: boolean): Float64Array {
  const values = Float64Array.from(column).sort();
  const ascending = Float64Array.from(cutoffs).sort();
  let count = 0;
  const counts = ascending.map((cutoff) => {
    while (count < values.length && (orAt ? values[count]! <= cutoff : values[count]! < cutoff)) count++;
    return count;
  });
  const inOrder = cutoffs.every((cutoff, j) => cutoff === ascending[j]);
  return Float64Array.from(cutoffs, (cutoff, j) => counts[inOrder ? j : ascending.indexOf(cutoff)]! / values.length);
}
