/** Curves that rise by little more than their seeds scatter: intervals of two of their scores cover too little (docs/emergence.md). */
import { group } from 'd3-array';
import { pooledDeviation } from '../statistics/mean.js';
import { formatNumber } from '../terminal/format.js';

/** In simulations, intervals of linearity and of the largest step held up to 97 % at far more than this, and 54 to 63 % at 3.5. */
const enough = 5;

export interface CurveOfMembers {
  readonly title: string;
  /** max - min of the means. */
  readonly range: number;
  readonly members: readonly { readonly parameters: number; readonly value: number }[];
}

/** The range over the standard deviation of seeds, pooled over scales; undefined without two seeds at a scale, or where it is no number. */
export function rangeInDeviations({ range, members }: Omit<CurveOfMembers, 'title'>): number | undefined {
  const byScale = [...group(members, ({ parameters }) => parameters).values()];
  const deviation = pooledDeviation(byScale.map((seeds) => seeds.map(({ value }) => value)));
  return Number.isFinite(range / deviation) ? range / deviation : undefined;
}

/** A warning for each curve whose intervals cover too little. */
export function shallowLines(curves: readonly CurveOfMembers[]): string[] {
  return curves.flatMap((curve) => {
    const ratio = rangeInDeviations(curve);
    if (ratio === undefined || ratio >= enough) return [];
    return [
      `${curve.title}: its range is ${formatNumber(ratio, 2)} standard deviations of a seed. Below ${enough}, intervals of linearity and largest step cover too little: 54 to 63 % at 3.5 in simulations.`,
    ];
  });
}
