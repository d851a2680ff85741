/**
 * How sharp the standard and the induced curve of a family are, and how much of that comes from the metric: three
 * questions, as plain data.
 *
 * ```ts
 * const { paired } = compareSharpness({ standard: { metric: accuracy.with({}) }, induced: { metric:
 * subsetAccuracy.with({ k: 20 }) }, members }); paired.scores.ramp.ratio; // { value: 8.1, interval: { lower: 3.4,
 * upper: 21 } }: Eq 1 of the induced curve over that of the standard one ```
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import { sampleChosen, type ChosenMetric, type SampledChoice } from './chosen.js';
import { scoreCurve, type ScoreWithInterval, type SampleOptions } from './curves.js';
import {
  testAgainstPushed,
  testAgainstSmooth,
  type NullOptions,
  type PushedTest,
  type SmoothTest,
} from './smooth-null-tests.js';
import { pairScores, type PairedScores } from './paired.js';
import { stepsOfPart, type OnStep } from '../terminal/steps.js';
import type { ScoreName } from './scores.js';

export interface SharpnessOptions extends SampleOptions {
  /**
   * Draws of each null distribution of the first and the third question, which take seconds; default: as many as
   * `draws`; with more than 500 members, a million divided by their number, at least 200. 0 for none, so that their p
   * are NaN.
   */
  readonly nullDraws?: number;
  readonly onStep?: OnStep;
}

export interface SharpnessRequest extends SharpnessOptions {
  /** The field's usual metric. */
  readonly standard: ChosenMetric;
  /** The one that is claimed to be sharper; with how it was chosen, if it was chosen on these outcomes. */
  readonly induced: ChosenMetric;
  /** Members of at least two widths. */
  readonly members: readonly MemberOutcomes[];
}

/** One curve on its own. */
export interface CurveSharpness {
  /** As `parseMetric` takes it. */
  readonly metric: string;
  /** How the metric was chosen on these outcomes; undefined if it was not. */
  readonly rule: string | undefined;
  /** Means over seeds, `[scales]`. */
  readonly values: readonly number[];
  readonly scores: Readonly<Record<ScoreName, ScoreWithInterval>>;
  /** Is it sharper than smooth growth? */
  readonly smooth: SmoothTest;
}

export interface Sharpness {
  readonly draws: number;
  /** Draws of each null distribution: a p is known to within sqrt(p (1 - p) / nullDraws). */
  readonly nullDraws: number;
  /** With one seed for each scale, intervals are over the test set alone. */
  readonly severalSeeds: boolean;
  readonly standard: CurveSharpness;
  readonly induced: CurveSharpness;
  /** Is the induced curve sharper than the standard one? On the same draws of test set and seeds. */
  readonly paired: PairedScores;
  /**
   * Is the induced curve sharper than its metric makes a smooth family? Undefined if that prediction does not exist for
   * the metric.
   */
  readonly pushed: PushedTest | undefined;
}

/** Throws UsageError if the test set is too small for a metric. */
export function compareSharpness(request: SharpnessRequest): Sharpness {
  const { standard, induced, members } = request;
  return sharpnessOf(sampleChosen(standard, members, request), sampleChosen(induced, members, request), request);
}

/** `compareSharpness` of curves of the same members, sampled with the same options. */
export function sharpnessOf(
  standard: SampledChoice,
  induced: SampledChoice,
  { members, onStep, ...options }: SharpnessOptions & Pick<SharpnessRequest, 'members'>,
): Sharpness {
  const test = (part: number) => ({ ...options, onStep: stepsOfPart(onStep, part, 3) });
  return {
    draws: standard.curve.draws.length,
    nullDraws: nullOptionsOf(options, standard).draws,
    severalSeeds: standard.curve.scales.some((scale) => scale.members.length > 1),
    standard: curveSharpness(standard, members, test(0)),
    induced: curveSharpness(induced, members, test(1)),
    paired: pairScores(standard.curve, induced.curve),
    pushed: testAgainstPushed(induced, members, nullOptionsOf(test(2), standard)),
  };
}

export function curveSharpness(
  sampled: SampledChoice,
  members: readonly MemberOutcomes[],
  options: SharpnessOptions,
): CurveSharpness {
  const { metric, rule, curve } = sampled;
  return {
    metric: metric.id,
    rule,
    values: [...curve.values],
    scores: scoreCurve(curve),
    smooth: testAgainstSmooth(sampled, members, nullOptionsOf(options, sampled)),
  };
}

/** With more members than this, null distributions have fewer draws, because each draw takes time for every member. */
const manyMembers = 500;
/** Draws times members, and the fewest draws: with these, a p of 0.05 is known to within 0.015. */
const memberDraws = 1_000_000;
const fewestDraws = 200;

export function nullOptionsOf(
  options: SharpnessOptions,
  { curve }: SampledChoice,
): NullOptions & { readonly draws: number } {
  const draws = curve.draws.length;
  const members = curve.memberValues.length;
  const most = members > manyMembers ? Math.max(fewestDraws, Math.round(memberDraws / members)) : draws;
  return { ...options, draws: options.nullDraws ?? Math.min(draws, most) };
}
