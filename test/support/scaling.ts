/** Members that obey a scaling law, with seeds scattered around it. */
import type { LossCell, Law } from '../../src/analysis/scaling/law.js';
import { lossAt } from '../../src/analysis/scaling/law.js';
import type { Random } from '../../src/statistics/random.js';

export interface SimulatedLaw {
  readonly law: Law;
  /** Of each cell. */
  readonly coordinates: readonly (readonly number[])[];
  readonly seeds: number;
  /** Standard deviation of ln loss over seeds. */
  readonly deviation: number;
}

export function simulatedCells({ law, coordinates, seeds, deviation }: SimulatedLaw, random: Random): LossCell[] {
  return coordinates.map((at) => ({
    coordinates: at,
    values: Array.from({ length: seeds }, () => lossAt(law, at) * Math.exp(deviation * random.normal())),
  }));
}

/** The same as members, with 6 N D FLOPs if there are two factors. */
export function simulatedMembers(
  simulated: SimulatedLaw,
  factors: readonly string[],
  random: Random,
): { readonly coordinates: Record<string, number>; readonly value: number }[] {
  return simulatedCells(simulated, random).flatMap(({ coordinates, values }) => {
    const named = Object.fromEntries(factors.map((factor, k) => [factor, coordinates[k]!]));
    const [n, d] = coordinates;
    return values.map((value) => ({ coordinates: d === undefined ? named : { ...named, flops: 6 * n! * d }, value }));
  });
}

/** This many values with equal ratios. */
export function ratios(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first * (last / first) ** (i / (count - 1)));
}

export function gridOf(ns: readonly number[], ds: readonly number[]): [number, number][] {
  return ns.flatMap((n) => ds.map((d): [number, number] => [n, d]));
}

/** Hoffmann et al. 2022 (arXiv 2203.15556), Eq 10; and the same models refitted by Besiroglu et al. 2024 (arXiv 2404.10102), Table 1. */
export const publishedLaws = {
  hoffmann: {
    floor: 1.69,
    terms: [
      { amplitude: 406.4, exponent: 0.34 },
      { amplitude: 410.7, exponent: 0.28 },
    ],
  },
  besiroglu: {
    floor: 1.8172,
    terms: [
      { amplitude: 482.01, exponent: 0.3478 },
      { amplitude: 2085.43, exponent: 0.3658 },
    ],
  },
} as const satisfies Readonly<Record<string, Law>>;
