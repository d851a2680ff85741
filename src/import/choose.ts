/** Picks one of several things in a file: the one asked for, or the only one. */
import { firstOf } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';
import { suggestion } from '../terminal/nearest.js';

export interface Choosing {
  /** What is chosen: `metric`, `split`. */
  readonly what: string;
  readonly flag: string;
  readonly asked: string | undefined;
  readonly where: string;
}

/** Throws UsageError if the one asked for is missing, if there are none, or if there are several and none is asked for. */
export function chooseOne(known: readonly string[], { what, flag, asked, where }: Choosing): string {
  if (asked !== undefined) {
    if (known.includes(asked)) return asked;
    throw new UsageError(
      `has no ${what} ${asked}`,
      where,
      known.length === 0 ? `it has none` : suggestion(asked, known),
    );
  }
  if (known.length === 1) return firstOf(known);
  if (known.length === 0) throw new UsageError(`has no ${what}`, where);
  throw new UsageError(`has more than one ${what}: ${condensed(known)}`, where, `choose one with ${flag}`);
}

/** The tools sum in a different order: the only reason their means may differ from ours. */
const meanTolerance = 1e-9;

/** Throws UsageError if a mean of the values read differs from the one the tool reports. */
export function refuseOtherMean(
  { name, mean, reported }: { readonly name: string; readonly mean: number; readonly reported: unknown },
  { where, of }: { readonly where: string; readonly of: string },
): void {
  if (typeof reported !== 'number' || Math.abs(mean - reported) <= meanTolerance * Math.max(1, Math.abs(reported)))
    return;
  throw new UsageError(
    `its mean ${name} is ${mean}, but ${of} says ${reported}`,
    where,
    'the two are of different runs, or one was changed',
  );
}
