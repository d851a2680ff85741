/** Two shares of the same units, such as the accuracy of two models on the same images: only units that one of them has right tell. */
import { logGamma } from './f-test.js';
import { z95, type Interval } from './wilson.js';

/** Units that one is right on and the other is not. */
export interface Discordant {
  /** Only the first is right. */
  readonly first: number;
  /** Only the second is right. */
  readonly second: number;
  /** All units, those on which both are alike among them. */
  readonly count: number;
}

export interface McNemar {
  /** Two-sided: twice the smaller tail of the binomial, at most 1. Its error rate is below the nominal one. */
  readonly exact: number;
  /**
   * With half the chance of what was observed: its error rate is near the nominal one, and hardly ever above it (Fagerland, Lydersen
   * and Laake 2013, BMC Med. Res. Methodol. 13, 91).
   */
  readonly midP: number;
}

/** McNemar's test (1947) that both shares are equal: of the discordant units half are the first's. 1 where there are none. */
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
 * 95 % of the second share less the first: all differences that the score test does not reject (Tango 1998, Stat. Med. 17, 891-908). Where
 * no unit is discordant it still has a width.
 *
 * @param z standard deviations to each side
 */
export function tangoInterval(units: Discordant, z = z95): Interval {
  const value = (units.second - units.first) / units.count;
  return { lower: limitOf(units, z, [-1, value]), upper: limitOf(units, -z, [value, 1]) };
}

/** Where the score is `wanted`; it falls with the difference. */
function limitOf(units: Discordant, wanted: number, [from, to]: readonly [number, number]): number {
  let [low, high] = [from, to];
  for (let k = 0; k < 60; k++) {
    const middle = (low + high) / 2;
    if (scoreAt(units, middle) > wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Standardized distance of the observed difference from `difference`, at the most likely chances that differ by so much. */
function scoreAt({ first, second, count }: Discordant, difference: number): number {
  const b = -second - first + (2 * count - second + first) * difference;
  const c = -first * difference * (1 - difference);
  // Chance that only the first is right.
  const q = (Math.sqrt(Math.max(0, b * b - 8 * count * c)) - b) / (4 * count);
  const variance = count * (2 * q + difference * (1 - difference));
  const distance = second - first - count * difference;
  if (distance === 0) return 0;
  return variance > 0 ? distance / Math.sqrt(variance) : Math.sign(distance) * Infinity;
}
