/** A metric's curve along a family, with the draws that its scores need. */
import type { Metric } from '../metrics/metric.js';
import type { Interval } from '../statistics/intervals.js';
import type { ScorePlaces } from '../statistics/normal.js';
import type { Scale } from './scales.js';

export interface SampledCurve {
  readonly metric: Metric;
  readonly scales: readonly Scale[];
  /** Values of each member, `[members]`. */
  readonly memberValues: Float64Array;
  /** Means over seeds, `[scales]`. */
  readonly values: Float64Array;
  /** `[draws]` of `[scales]`. */
  readonly draws: readonly Float64Array[];
  /** Draws over the test set alone: every member in each of the same draws. */
  readonly memberDraws: DrawnMembers;
  /** Number of units of the test set. */
  readonly count: number;
  /**
   * Draws of the curve over all possible seeds; undefined if no scale has two seeds, or without draws. Computed on
   * demand.
   */
  readonly expected: () => ExpectedCurves | undefined;
  /**
   * 95 % intervals of `values`, `[scales]`; see `overSeedsAndExamples`. They describe the metric itself: if it was
   * chosen, `draws` are those of whichever candidate each of them selects, and would spread as far as the candidates
   * are apart. Computed on demand.
   */
  readonly intervals: () => readonly Interval[];
}

/**
 * Members in the same draws of the test set, made when they are asked for: lists for all of them would take too much
 * memory.
 */
export interface DrawnMembers {
  /** Number of draws. */
  readonly length: number;
  /** A member's values, `[draws]`. */
  readonly of: (member: number) => Float64Array;
  /** Their ranks, see `scorePlaces`, `[draws]`. */
  readonly places: (member: number) => ScorePlaces | undefined;
}

/** Curves over all possible seeds, as far as the trained ones determine them; see seed-model.ts. */
export interface ExpectedCurves {
  /**
   * Each member's distance from its centre in standard deviations, `[members]`: how strongly seeds move two metrics
   * together.
   */
  readonly deviations: readonly number[];
  /**
   * One curve for each draw of the test set, in the metric's unit.
   *
   * @param normals how the seeds of each scale deviate, `[draws]` of `[scales]`
   */
  readonly draw: (normals: readonly Float64Array[]) => readonly Float64Array[];
}
