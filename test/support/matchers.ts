/** The one matcher for numbers: close everywhere, and otherwise it shows the worst element. */
import { expect } from 'vitest';

export interface Tolerance {
  /** Relative to the expected value. */
  readonly rtol?: number;
  /** Absolute. */
  readonly atol?: number;
}

type Numbers = number | ArrayLike<number>;

declare module 'vitest' {
  // The parameter must be named as in vitest's own declaration for the two to merge.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any, @typescript-eslint/no-unused-vars
  interface Assertion<T = any> {
    /** `|actual - expected| <= atol + rtol |expected|` for every element. */
    toBeAllClose(expected: Numbers, tolerance: Tolerance): void;
  }
}

expect.extend({
  toBeAllClose(received: unknown, expected: Numbers, { rtol = 0, atol = 0 }: Tolerance) {
    const actual = listOf(received);
    const wanted = listOf(expected);
    if (actual === undefined || wanted === undefined) return verdict(false, 'is not a list of numbers');
    if (actual.length !== wanted.length)
      return verdict(false, `has ${actual.length} elements, expected ${wanted.length}`);
    const worst = worstOf(actual, wanted, { rtol, atol });
    return verdict(worst === undefined || worst.excess <= 1, worst?.text ?? 'has no elements');
  },
});

function verdict(pass: boolean, text: string) {
  return { pass, message: () => (pass ? `expected some element not to be close; worst: ${text}` : text) };
}

function listOf(values: unknown): number[] | undefined {
  if (typeof values === 'number') return [values];
  if (Array.isArray(values) || ArrayBuffer.isView(values)) {
    const list = Array.from(values as unknown as ArrayLike<unknown>);
    return list.every((value) => typeof value === 'number') ? list : undefined;
  }
  return undefined;
}

function worstOf(actual: readonly number[], expected: readonly number[], { rtol, atol }: Required<Tolerance>) {
  let worst: { excess: number; text: string } | undefined;
  actual.forEach((value, i) => {
    const wanted = expected[i]!;
    const error = Object.is(value, wanted) || value === wanted ? 0 : Math.abs(value - wanted);
    const allowed = atol + (rtol === 0 ? 0 : rtol * Math.abs(wanted));
    // A NaN that is not expected, and an infinite tolerance for an infinite value, do not match.
    const excess = error === 0 ? 0 : Number.isFinite(error / allowed) ? error / allowed : Infinity;
    if (worst !== undefined && excess <= worst.excess) return;
    const text = `element ${i}: ${value}, expected ${wanted} (differs by ${error}, ${allowed} allowed)`;
    worst = { excess, text };
  });
  return worst;
}
