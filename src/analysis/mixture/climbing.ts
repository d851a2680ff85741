/** How the likelihood of the mixture is maximised: starts, bounds, and steps that never decrease it. */
import { climb, type Climb, type FixedPoint } from '../../statistics/squarem.js';

/**
 * In nats. A superfluous class makes the maximum flat, and the remaining gain is small compared with its cost: 4 in AICc.
 */
const patient = { tolerance: 1e-4, cycles: 2000 };

const glance = { tolerance: 1e-2, cycles: 4 };

/** The best of several starts after a few steps, then climbed to convergence. */
export function bestClimb(model: FixedPoint, starts: readonly Float64Array[]): Climb {
  const tried = starts.map((start) => climb(model, start, glance));
  const first = tried.reduce((a, b) => (b.logLikelihood > a.logLikelihood ? b : a));
  return climb(model, first.at, patient);
}

export interface MixtureShape {
  readonly k: number;
  readonly project: (at: Float64Array) => void;
}

export interface Ascent {
  readonly direction: Float64Array;
  readonly value: (at: Float64Array) => number;
  readonly project: (at: Float64Array) => void;
}

/** Moves along `direction` in place, no entry by more than 5, halving the step until the value does not decrease. */
export function ascend(at: Float64Array, { direction, value, project }: Ascent): void {
  const start = at.slice();
  const before = value(start);
  const longest = direction.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  for (let factor = Math.min(1, 5 / longest), tries = 0; tries < 30; factor /= 2, tries++) {
    for (let i = 0; i < at.length; i++) at[i] = start[i]! + factor * direction[i]!;
    project(at);
    if (value(at) >= before) return;
  }
  at.set(start);
}

/** Least logit of a class at its better end: a probability of 2e-9, which no data distinguish from 0. */
const lowest = -20;

/** Keeps a class's better end above `lowest`, and its worse end below the negative of it. */
export function boundedEase(ease: number, slope: number): number {
  return clamp(ease, lowest - Math.max(0, slope), -lowest - Math.min(0, slope));
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/**
 * The point with one class split in two, for each class in turn. `head` entries come first, then the same number of entries
 * for each class; the last block is log weights, the first is the classes' ease.
 */
export function splits(at: Float64Array, head: number): Float64Array[] {
  const blocks = head === 1 ? 2 : 3;
  const k = (at.length - head) / blocks;
  return Array.from({ length: k }, (_, which) => {
    const parts = Array.from({ length: blocks }, (_, b) => [...at.subarray(head + b * k, head + (b + 1) * k)]);
    const [eases, weights] = [parts[0]!, parts.at(-1)!];
    const half = weights[which]! - Math.LN2;
    weights.splice(which, 1, half, half);
    eases.splice(which, 1, eases[which]! - 1, eases[which]! + 1);
    if (blocks === 3) parts[1]!.splice(which, 0, parts[1]![which]!);
    return Float64Array.of(...at.subarray(0, head), ...parts.flat());
  });
}
