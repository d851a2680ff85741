/**
 * Two shares of the same units, such as the accuracy of two models on the same images: only units that exactly one of
 * them has right carry information.
 */
import { crossing } from './bisection.js';
import { logGamma } from './f-test.js';
import { z95, type Interval } from './wilson.js';

/** Units on which one is right and the other is not. */
export interface Discordant {
  /** Only the first is right. */
  readonly first: number;
  /** Only the second is right. */
  readonly second: number;
  /** All units, including those on which both agree. */
  readonly count: number;
}

export interface McNemar {
  /** Two-sided: twice the smaller tail of the binomial, at most 1. Its error rate is below the nominal one. */
  readonly exact: number;
  /**
   * With half the probability of the observed value: its error rate is near the nominal one, and hardly ever above it
   * (Fagerland, Lydersen and Laake 2013, BMC Med. Res. Methodol. 13, 91).
   */
  readonly midP: number;
}

/**
 * McNemar's test (1947) that both shares are equal: half of the discordant units are then expected to be the first's. 1
 * if there are none.
 */
export function mcnemar({ first, second }: Pick<Discordant, 'first' | 'second'>): McNemar {
  const n = first + second;
  const least = Math.min(first, second);
  const logChance = (k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) - n * Math.LN2;
  const observed = Math.exp(logChance(least));
  let tail = 0;
  // From the largest term to the smallest, until they no longer count.
  for (let k = least, term = observed; k >= 0 && term > 1e-17 * tail; k--) {
    tail += term;
    term *= k / (n - k + 1);
  }
  return { exact: Math.min(1, 2 * tail), midP: Math.min(1, 2 * tail - observed) };
}

/**
 * 95 % interval of the second share minus the first: all differences that the score test does not reject (Tango 1998,
 * Stat. Med. 17, 891-908). Its width is above 0 even without discordant units.
 */
export function tangoInterval(units: Discordant): Interval {
  const value = (units.second - units.first) / units.count;
  return { lower: limitOf(units, z95, [-1, value]), upper: limitOf(units, -z95, [value, 1]) };
}

/** Where the score equals `wanted`; it falls with the difference. */
function limitOf(units: Discordant, wanted: number, within: readonly [number, number]): number {
  return crossing((difference) => scoreAt(units, difference) > wanted, within, 60);
}

/**
 * Standardized distance of the observed difference from `difference`, at the most likely probabilities with that
 * difference.
 */
function scoreAt({ first, second, count }: Discordant, difference: number): number {
  const b = -second - first + (2 * count - second + first) * difference;
  const c = -first * difference * (1 - difference);
  // Probability that only the first is right.
  const q = (Math.sqrt(Math.max(0, b * b - 8 * count * c)) - b) / (4 * count);
  const variance = count * (2 * q + difference * (1 - difference));
  const distance = second - first - count * difference;
  if (distance === 0) return 0;
  return variance > 0 ? distance / Math.sqrt(variance) : Math.sign(distance) * Infinity;
}
