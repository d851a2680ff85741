/**
 * The verdict of a coordinate check: by which power of the width the output of a layer grows (Yang et al. 2022, arXiv
 * 2203.03466, App. D.1).
 */
import { group } from 'd3-array';
import { firstOf } from '../machine/present.js';
import type { Interval } from '../statistics/intervals.js';
import { mean, squaresAbout } from '../statistics/mean.js';
import { overSeeds } from '../statistics/seeds.js';

/** Mean absolute value of a layer's entries after a step of training, and of their change since the start. */
export interface MeasuredLayer {
  readonly parametrization: 'standard' | 'mup';
  readonly width: number;
  readonly seed: number;
  readonly layer: string;
  readonly step: number;
  readonly size: number;
  readonly change: number;
}

export interface LayerSlopes {
  readonly parametrization: MeasuredLayer['parametrization'];
  readonly layer: string;
  readonly step: number;
  /** Geometric means over seeds at each width, ascending: their slopes are the estimates below. */
  readonly points: readonly { readonly width: number; readonly size: number; readonly change: number }[];
  readonly size: WidthSlope;
  readonly change: WidthSlope;
}

/** How a layer grows with the width. */
export interface WidthSlope {
  /**
   * Least-squares slope of the logarithm against log width, as a mean over seeds: 0 is flat, 1 grows with the width.
   * NaN if a seed diverged, or has a 0: a layer that has not moved yet.
   */
  readonly slope: number;
  /**
   * 95 % interval of the mean over all possible seeds: Student's t of the seeds' own slopes. Undefined for one seed, or
   * without a slope.
   */
  readonly interval: Interval | undefined;
  readonly verdict: Flatness;
}

/** Whether the whole interval is within `flatSlope` of 0, outside, or neither. */
export type Flatness = 'flat' | 'not flat' | 'undetermined';

/** A slope this close to 0 counts as flat. */
export const flatSlope = 0.05;

/** In the order in which parametrizations, layers and steps first occur. */
export function widthSlopes(all: readonly MeasuredLayer[]): LayerSlopes[] {
  const groups = group(all, ({ parametrization, layer, step }) => `${parametrization} ${layer} ${step}`);
  return [...groups.values()].map((own) => {
    const { parametrization, layer, step } = firstOf(own);
    const points = [...group(own, ({ width }) => width)]
      .sort(([a], [b]) => a - b)
      .map(([width, seeds]) => ({
        width,
        size: geometricMean(seeds.map(({ size }) => size)),
        change: geometricMean(seeds.map(({ change }) => change)),
      }));
    const seeds = [...group(own, ({ seed }) => seed).values()];
    const of = (what: 'size' | 'change') =>
      slopeOf(seeds.map((seed) => seed.map((each) => [each.width, each[what]] as const)));
    return { parametrization, layer, step, points, size: of('size'), change: of('change') };
  });
}

type Point = readonly [width: number, y: number];

/** @param seeds the points of each */
function slopeOf(seeds: readonly (readonly Point[])[]): WidthSlope {
  const slopes = seeds.map(logSlope);
  const slope = mean(slopes);
  const interval = seeds.length < 2 || Number.isNaN(slope) ? undefined : overSeeds(slopes, [-Infinity, Infinity]);
  const isDiverged = seeds.flat().some(([, y]) => !Number.isFinite(y));
  // A diverged layer is not flat.
  return { slope, interval, verdict: isDiverged ? 'not flat' : flatness(interval) };
}

/** What is said of a slope that is NaN. */
export function withoutSlope({ verdict }: Pick<WidthSlope, 'verdict'>): string {
  return verdict === 'not flat' ? 'diverged' : 'zero';
}

function flatness(interval: Interval | undefined): Flatness {
  if (interval === undefined) return 'undetermined';
  const { lower, upper } = interval;
  if (lower >= -flatSlope && upper <= flatSlope) return 'flat';
  return lower > flatSlope || upper < -flatSlope ? 'not flat' : 'undetermined';
}

const geometricMean = (values: readonly number[]) => Math.exp(mean(values.map(Math.log)));

/** Least-squares slope of log y against log x; NaN if a y is not above 0 and finite. */
export function logSlope(points: readonly Point[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), y > 0 && y < Infinity ? Math.log(y) : NaN] as const);
  const [mx, my] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  return (
    logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) /
    squaresAbout(
      mx,
      logs.map(([x]) => x),
    )
  );
}
