/**
 * The verdict of a coordinate check: by which power of the width the output of a layer grows (Yang et al. 2022, arXiv 2203.03466, App.
 * D.1).
 */
import { group } from 'd3-array';
import { firstOf } from '../machine/present.js';
import type { Interval } from '../statistics/intervals.js';
import { mean } from '../statistics/mean.js';
import { overSeeds } from '../statistics/seeds.js';

/** Mean absolute value of a layer's entries after a step of training, and of their change since the start. */
export interface WidthCoordinate {
  readonly parametrization: 'standard' | 'mup';
  readonly width: number;
  readonly seed: number;
  readonly layer: string;
  readonly step: number;
  readonly size: number;
  readonly change: number;
}

export interface LayerSlopes {
  readonly parametrization: WidthCoordinate['parametrization'];
  readonly layer: string;
  readonly step: number;
  /** Means over seeds at each width, ascending. */
  readonly points: readonly { readonly width: number; readonly size: number; readonly change: number }[];
  /** Least-squares slope of log size against log width: 0 is flat, 1 grows with the width. NaN if training diverged. */
  readonly slope: number;
  readonly slopeOfChange: number;
  /** 95 % of `slopeOfChange` over seeds there could be: Student's t of each seed's own slope; undefined of one seed. */
  readonly interval: Interval | undefined;
}

/** A slope this close to 0 counts as flat. */
export const flatSlope = 0.05;

/** In the order in which parametrizations, layers and steps first occur. */
export function widthSlopes(all: readonly WidthCoordinate[]): LayerSlopes[] {
  const groups = group(all, ({ parametrization, layer, step }) => `${parametrization} ${layer} ${step}`);
  return [...groups.values()].map((own) => {
    const { parametrization, layer, step } = firstOf(own);
    const points = [...group(own, ({ width }) => width)]
      .sort(([a], [b]) => a - b)
      .map(([width, seeds]) => ({
        width,
        size: mean(seeds.map(({ size }) => size)),
        change: mean(seeds.map(({ change }) => change)),
      }));
    const slope = logSlope(points.map(({ width, size }) => [width, size]));
    const slopeOfChange = logSlope(points.map(({ width, change }) => [width, change]));
    const ofSeeds = [...group(own, ({ seed }) => seed).values()].map((all) =>
      logSlope(all.map(({ width, change }) => [width, change])),
    );
    const interval = ofSeeds.length < 2 ? undefined : overSeeds(ofSeeds, [-Infinity, Infinity]);
    return { parametrization, layer, step, points, slope, slopeOfChange, interval };
  });
}

/** Least-squares slope of log y against log x; NaN if a y is not above 0 and finite. */
export function logSlope(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), y > 0 && y < Infinity ? Math.log(y) : NaN] as const);
  const [mx, my] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  const squares = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / squares;
}
