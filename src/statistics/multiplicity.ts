/**
 * Several tests at once: step-down minP over draws that the tests share (Westfall and Young 1993), and Holm's step-down
 * for tests that share none (1979), which bound the chance of even one false alarm, and Benjamini and Hochberg's
 * step-up (1995), which bounds the expected share of false alarms among all alarms.
 */
import { bisectLeft } from 'd3-array';

/**
 * One of several tests: its statistic as observed and in each draw of its null. Larger is evidence against the null.
 */
export interface DrawnTest {
  /** NaN if there is none: the test is left out, and its p is NaN. */
  readonly observed: number;
  /**
   * `[draws]`, the same draws for all tests; NaN in a draw without a value, which never counts as large. The test is
   * also left out if more than 1 in 20 has none, since the rest would then say little about the whole.
   */
  readonly null: ArrayLike<number>;
}

export interface AdjustedP {
  /** Share of draws, counting the observed one, in which the statistic is at least the observed. */
  readonly p: number;
  /**
   * Adjusted for all tests: rejecting where it is at most alpha gives even one false alarm with probability at most
   * alpha.
   */
  readonly adjusted: number;
}

/**
 * Step-down maxT of Westfall and Young (1993, Resampling-Based Multiple Testing, Algorithm 2.8) over ranks, which is
 * their minP: each draw's statistics are replaced by the p they would have among all draws, so that scores of different
 * units count equally. Tests that move together, as Eq 1 and its ratio to a ramp do, cost nothing.
 */
export function stepDown(tests: readonly DrawnTest[]): AdjustedP[] {
  const result = tests.map((): AdjustedP => ({ p: NaN, adjusted: NaN }));
  const ranked = tests
    .map((test, place) => ({ place, shares: sharesAtLeast(test) }))
    .filter(({ place }) => isKnown(tests[place]!))
    .sort((a, b) => a.shares[0]! - b.shares[0]!);
  const draws = (ranked[0]?.shares.length ?? 1) - 1;
  const least = new Float64Array(draws + 1).fill(1);
  const raw = new Map<number, number>();
  for (const { place, shares } of ranked.toReversed()) {
    let count = 0;
    for (let b = 0; b <= draws; b++) {
      least[b] = Math.min(least[b]!, shares[b]!);
      if (least[b]! <= shares[0]!) count++;
    }
    raw.set(place, count / (draws + 1));
  }
  let adjusted = 0;
  for (const { place, shares } of ranked) {
    adjusted = Math.max(adjusted, raw.get(place)!);
    result[place] = { p: shares[0]!, adjusted };
  }
  return result;
}

/**
 * The largest p of statistics that share draws, by Besag and Clifford's sequential Monte Carlo (1991, Biometrika 78,
 * 301-304): it stops with the first statistic that `enough` draws have reached, whose p is then `enough` over their
 * number. A large p takes few draws, a small one all of them. NaN if a statistic has no value, or has none in more than
 * 1 in 20 draws.
 */
export function sequentialP(
  observed: readonly number[],
  draw: (place: number) => readonly number[],
  { draws, enough }: { readonly draws: number; readonly enough: number },
): number {
  if (observed.some(Number.isNaN)) return NaN;
  const reached = observed.map(() => 0);
  let without = 0;
  for (let b = 0; b < draws; b++) {
    const values = draw(b);
    without += Number(values.some(Number.isNaN));
    values.forEach((value, s) => (reached[s]! += Number(value >= observed[s]!)));
    if (Math.max(...reached) === enough) return enough / (b + 1);
  }
  return without > draws / 20 ? NaN : (1 + Math.max(...reached)) / (1 + draws);
}

function isKnown({ observed, null: draws }: DrawnTest): boolean {
  const without = Array.from(draws).filter(Number.isNaN).length;
  return !Number.isNaN(observed) && without <= draws.length / 20;
}

/**
 * For the observed statistic, then for each draw's: the share of all of them that are at least as large, `[1 + draws]`.
 */
function sharesAtLeast({ observed, null: draws }: DrawnTest): Float64Array {
  const all = Float64Array.from([observed, ...Array.from(draws)], (value) => (Number.isNaN(value) ? -Infinity : value));
  const ascending = all.slice().sort();
  return all.map((value) => (all.length - bisectLeft(ascending, value)) / all.length);
}

/** Step-down Bonferroni (Holm 1979); NaN doesn't count as a test. */
export function holm(p: readonly number[]): number[] {
  const order = p.flatMap((value, i) => (Number.isNaN(value) ? [] : [i])).sort((a, b) => p[a]! - p[b]!);
  const adjusted = p.map(() => NaN);
  let largest = 0;
  order.forEach((place, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * p[place]!));
    adjusted[place] = largest;
  });
  return adjusted;
}

/**
 * p-values adjusted by Benjamini and Hochberg (1995, J. R. Stat. Soc. B 57, 289-300): of those at most q, an expected share of q
 * at most are false alarms, for tests that are independent or positively dependent (Benjamini and Yekutieli 2001, Ann. Stat. 29,
 * 1165-1188), as metrics of the same outcomes are. NaN stays NaN and doesn't count as a test.
 */
export function falseDiscoveryRates(p: readonly number[]): number[] {
  const places = p.flatMap((value, i) => (Number.isNaN(value) ? [] : i)).sort((a, b) => p[b]! - p[a]!);
  const result = p.map(() => NaN);
  let least = 1;
  for (const [i, place] of places.entries()) {
    least = Math.min(least, (p[place]! * places.length) / (places.length - i));
    result[place] = least;
  }
  return result;
}
