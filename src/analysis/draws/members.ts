/**
 * A metric of every member in bootstrap draws of the test set, which all members share: images; for sequences the
 * images that they share, and what is particular to each sequence; groups of images if there are enough.
 */
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import { membersAtOnce } from '../../runs/opened.js';
import { OutOfMemory } from '../../statistics/kernels/out-of-memory.js';
import { RunError } from '../../terminal/errors.js';
import type { DrawnMembers } from '../sampled-curve.js';
import { evaluatorsOf, type DrawnMember } from './evaluators.js';

export interface DrawOptions {
  /** Default: 2000. 0 for the values alone. */
  readonly draws?: number;
  readonly seed?: number;
}

export const defaultDraws = 2000;

/** A metric of every member, as measured and in bootstrap draws of the test set shared by all members. */
export interface MemberDraws {
  /** `[members]` */
  readonly observed: Float64Array;
  /** `[draws]` of `[members]`. */
  readonly draws: readonly Float64Array[];
  /** Units of the test set. */
  readonly count: number;
}

/** `MemberDraws`, one member at a time. */
export interface MemberByMember extends Omit<MemberDraws, 'draws'> {
  readonly drawn: DrawnMembers;
}

/** Throws UsageError if the test set is too small for the metric. */
export function drawMembers(
  metric: Metric,
  members: readonly MemberOutcomes[],
  options: DrawOptions = {},
): MemberDraws {
  const { count, observed, drawn } = drawEachMember(metric, members, options);
  const draws = Array.from({ length: drawn.length }, () => new Float64Array(members.length));
  for (let i = 0; drawn.length > 0 && i < members.length; i++) {
    const own = drawn.of(i);
    for (let b = 0; b < own.length; b++) draws[b]![i] = own[b]!;
  }
  return { count, observed, draws };
}

/** Throws UsageError if the test set is too small for the metric. */
export function drawEachMember(
  metric: Metric,
  members: readonly MemberOutcomes[],
  { draws = defaultDraws, seed = 0 }: DrawOptions = {},
): MemberByMember {
  const observed = new Float64Array(members.length);
  const drawn: DrawnMember[] = [];
  let units = 0;
  for (let first = 0; first < members.length; first += membersAtOnce) {
    const evaluators = evaluatorsOf(metric, members.slice(first, first + membersAtOnce));
    units = evaluators.count;
    observed.set(evaluators.observed(), first);
    if (draws > 0) drawn.push(...orTooLarge(() => evaluators.resampled(draws, seed), metric));
  }
  // Without draws a member has an empty list, and no ranks.
  const none = new Float64Array(0);
  return {
    ...{ count: units, observed },
    drawn: {
      length: draws,
      of: (member) => drawn[member]?.values() ?? none,
      places: (member) => drawn[member]?.places(),
    },
  };
}

/** Throws RunError if there was not enough memory, however much the process may use. */
export function orTooLarge<T>(draw: () => T, { id }: Pick<Metric, 'id'>): T {
  try {
    return draw();
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    const remedy = 'take fewer members (--where, --at), or give the process more memory';
    throw new RunError(`not enough memory to draw its intervals (${error.message})`, id, remedy, { cause: error });
  }
}
