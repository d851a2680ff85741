/** A metric's curve along a family, with the draws that its scores need. */
import type { Metric } from '../metrics/metric.js';
import type { Interval } from '../statistics/intervals.js';
import type { Scale } from './scales.js';

export interface SampledCurve {
  readonly metric: Metric;
  readonly scales: readonly Scale[];
  /** Of each member, `[members]`. */
  readonly memberValues: Float64Array;
  /** Means over seeds, `[scales]`. */
  readonly values: Float64Array;
  /** `[draws]` of `[scales]`. */
  readonly draws: readonly Float64Array[];
  /** Over the test set alone: every member in each of the same draws, `[draws]` of `[members]`. */
  readonly memberDraws: readonly Float64Array[];
  /** Units of the test set. */
  readonly count: number;
  /** Draws of the curve over all seeds there could be; undefined where no scale has two seeds, or without draws. Made when asked for. */
  readonly expected: () => ExpectedCurves | undefined;
  /**
   * 95 % of `values`, `[scales]`; see `overSeedsAndExamples`. They are of the metric itself: where it was chosen, `draws` are of whichever
   * candidate each of them takes, and would spread as far as the candidates lie apart. Made when asked for.
   */
  readonly intervals: () => readonly Interval[];
}

/** Curves over all seeds there could be, as far as those that are there tell; see seed-model.ts. */
export interface ExpectedCurves {
  /** Each member's distance from its centre in standard deviations, `[members]`: how far seeds move two metrics together. */
  readonly deviations: readonly number[];
  /**
   * One curve for each draw of the test set, in the metric's unit.
   *
   * @param normals how the seeds of each scale deviate, `[draws]` of `[scales]`
   */
  readonly draw: (normals: readonly Float64Array[]) => readonly Float64Array[];
}
