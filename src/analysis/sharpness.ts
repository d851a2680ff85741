/**
 * How sharp the standard and the induced curve of a family are, and what of it is the metric's: three questions, as plain data.
 *
 * ```ts
 * const { paired } = compareSharpness({ standard: { metric: accuracy.with({}) }, induced: { metric: subsetAccuracy.with({ k: 20 }) }, members });
 * paired.scores.ramp.ratio; // { value: 8.1, interval: { lower: 3.4, upper: 21 } }: Eq 1 of the induced curve over that of the standard one
 * ```
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import { sampleChosen, type ChosenMetric } from './chosen.js';
import { scoreCurve, type SampledCurve, type Scored, type SampleOptions, type ScaleName } from './curves.js';
import { pairScores, type PairedScores } from './paired.js';
import type { ScoreName } from './scores.js';

export interface SharpnessOptions extends SampleOptions {
  readonly axis?: ScaleName;
}

export interface SharpnessRequest extends SharpnessOptions {
  /** The field's usual metric. */
  readonly standard: ChosenMetric;
  /** The one that is said to be sharper; with how it was chosen, if it was chosen on these outcomes. */
  readonly induced: ChosenMetric;
  /** Of at least two widths. */
  readonly members: readonly MemberOutcomes[];
}

/** One curve on its own. */
export interface CurveSharpness {
  /** As `parseMetric` takes it. */
  readonly metric: string;
  /** How the metric was chosen on these outcomes; undefined where it was not. */
  readonly rule: string | undefined;
  /** Means over seeds, `[scales]`. */
  readonly values: readonly number[];
  readonly scores: Readonly<Record<ScoreName, Scored>>;
}

export interface Sharpness {
  readonly draws: number;
  /** With one seed for each scale intervals are over the test set alone. */
  readonly severalSeeds: boolean;
  readonly standard: CurveSharpness;
  readonly induced: CurveSharpness;
  /** Is the induced curve sharper than the standard one? On the same draws of test set and seeds. */
  readonly paired: PairedScores;
}

/** Throws UsageError where the test set is too small for a metric. */
export function compareSharpness(request: SharpnessRequest): Sharpness {
  const { standard, induced, members } = request;
  return sharpnessOf(
    { ...standard, curve: sampleChosen(standard, members, request) },
    { ...induced, curve: sampleChosen(induced, members, request) },
    request,
  );
}

/** A metric with its curve sampled already. */
export interface SampledMetric extends ChosenMetric {
  readonly curve: SampledCurve;
}

/** `compareSharpness` of curves of the same members, sampled with the same options. */
export function sharpnessOf(
  standard: SampledMetric,
  induced: SampledMetric,
  { axis = 'parameters' }: SharpnessOptions,
): Sharpness {
  return {
    draws: standard.curve.draws.length,
    severalSeeds: standard.curve.scales.some(({ members }) => members.length > 1),
    standard: curveSharpness(standard, axis),
    induced: curveSharpness(induced, axis),
    paired: pairScores(standard.curve, induced.curve, axis),
  };
}

function curveSharpness({ metric, choice, curve }: SampledMetric, axis: ScaleName): CurveSharpness {
  return {
    metric: metric.id,
    rule: choice?.rule,
    values: [...curve.values],
    scores: scoreCurve(curve, axis),
  };
}
