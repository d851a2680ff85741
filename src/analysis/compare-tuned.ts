/**
 * Does a jump survive tuning? A family and its twin, whose members had an option chosen on the validation split, on the
 * same test examples: each curve with its scores, and the twin's score minus the family's. Both are drawn on the same
 * test sets; seeds are drawn separately for each family, because with another rate a seed is another model.
 */
import type { TunableKey } from '../experiment/tunable.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import type { LoadedRun } from '../runs/opened.js';
import { stepsOfPart } from '../terminal/steps.js';
import { sampleChosen, sampleTaken, type ChosenMetric, type SampledChoice } from './chosen.js';
import { familyCurve, type ComparedCurve } from './compare.js';
import { contrast, type Contrast } from './contrast.js';
import { scoreDraws } from './curves.js';
import { normalsOf } from './expected-curves.js';
import { type ScoreName, ofScores } from './scores.js';
import { curveSharpness, nullOptionsOf, type CurveSharpness, type SharpnessOptions } from './sharpness.js';

/** Whether the late rise of the untuned curve also exists in the tuned one: `twinVerdict`. */
export type TwinVerdict =
  | 'survives'
  | 'is stronger'
  | 'is weaker'
  | 'goes'
  | 'is weakened'
  | 'appears'
  | 'is strengthened'
  | 'was not there'
  | 'cannot be determined';

export interface TwinCurve extends ComparedCurve {
  readonly smooth: CurveSharpness['smooth'];
  /** Drawn families behind each p of `smooth`. */
  readonly nullDraws: number;
}

/** One metric of both families. */
export interface TwinCurves {
  /** In the form that `parseMetric` parses. */
  readonly metric: string;
  /** How it was chosen on the untuned family's outcomes; undefined where it was not. */
  readonly rule: string | undefined;
  readonly untuned: TwinCurve;
  readonly tuned: TwinCurve;
  /** The tuned family's score minus the untuned one's, and divided by it. */
  readonly scores: Readonly<Record<ScoreName, Pick<Contrast, 'difference' | 'ratio' | 'higher'>>>;
  readonly verdict: TwinVerdict;
}

export interface Twins {
  readonly draws: number;
  /** With one seed for each scale intervals are over the test set alone. */
  readonly severalSeeds: boolean;
  readonly standard: TwinCurves;
  readonly induced: TwinCurves;
}

/** Two whole runs. */
export interface TunedComparison<Run = LoadedRun> extends Twins {
  readonly one: Run;
  readonly other: Run;
  /** Test examples of both. */
  readonly common: number;
  /** What was tuned. */
  readonly factor: TunableKey;
  readonly chosen: readonly ChosenValues[];
}

/** What was chosen for the tuned family's members at one scale. */
export interface ChosenValues {
  readonly width: number;
  readonly least: number;
  readonly largest: number;
  /** Members, and those of them that took an end of the grid. */
  readonly members: number;
  readonly atEdge: number;
}

export interface TwinRequest extends SharpnessOptions {
  readonly standard: ChosenMetric;
  /** With how it was chosen on the untuned family, if it was; the tuned one has the same in each draw. */
  readonly induced: ChosenMetric;
  /** Both at the same scales, at least two, with the same test examples in the same rows. */
  readonly untuned: readonly MemberOutcomes[];
  readonly tuned: readonly MemberOutcomes[];
}

/** Throws UsageError where the test set is too small for a metric. */
export function compareTwins({ standard, induced, untuned, tuned, onStep, ...options }: TwinRequest): Twins {
  const pairOf = (chosen: ChosenMetric, half: number) => {
    const step = stepsOfPart(onStep, half, 2);
    return twinCurves(sampleChosen(chosen, untuned, options), { untuned, tuned, ...options, onStep: step });
  };
  const first = pairOf(standard, 0);
  return {
    draws: first.draws,
    severalSeeds: first.severalSeeds,
    standard: first.curves,
    induced: pairOf(induced, 1).curves,
  };
}

/** Draws of the tuned family's seeds are its own. */
const tunedTwin = 'tuned twin';

function twinCurves(
  sampled: SampledChoice,
  { untuned, tuned, onStep, ...options }: Omit<TwinRequest, 'standard' | 'induced'>,
) {
  const { metric, rule, curve } = sampled;
  const own = { ...options, seedsOf: tunedTwin };
  const other = sampleChosen({ metric }, tuned, own);
  const size = { draws: curve.draws.length, scales: curve.scales.length };
  const [a, b] = [
    scoreDraws(curve),
    scoreDraws(sampleTaken(sampled, other.curve, tuned, own), normalsOf({ ...size, of: tunedTwin })),
  ];
  const one = sharpCurve(sampled, untuned, { ...options, onStep: stepsOfPart(onStep, 0, 2) });
  const two = sharpCurve(other, tuned, { ...own, onStep: stepsOfPart(onStep, 1, 2) });
  const scores = ofScores((name) => {
    const { difference, ratio, higher } = contrast(name, a, b);
    return { difference, ratio, higher };
  });
  const verdict = twinVerdict(one.scores.bow.interval, two.scores.bow.interval, scores.bow.difference.interval);
  return {
    draws: size.draws,
    severalSeeds: [curve, other.curve].every(({ scales }) => scales.some(({ members }) => members.length > 1)),
    curves: { metric: metric.id, rule, untuned: one, tuned: two, scores, verdict } satisfies TwinCurves,
  };
}

function sharpCurve(sampled: SampledChoice, members: readonly MemberOutcomes[], options: SharpnessOptions): TwinCurve {
  const { scores, smooth } = curveSharpness(sampled, members, options);
  const { draws: nullDraws } = nullOptionsOf(options, sampled);
  return { ...familyCurve(sampled.curve, members, { scores }), smooth, nullDraws };
}

type Limits = Readonly<Record<'lower' | 'upper', number>>;

/**
 * By 95 % intervals of the bow, the one score that distinguishes late from early: there is a late rise if the interval
 * is above 0 and none if it is at most 0, and tuning changes it if the interval of the paired difference excludes 0. An
 * interval that contains 0 shows neither.
 */
export function twinVerdict(untuned: Limits, tuned: Limits, difference: Limits): TwinVerdict {
  if ([untuned, tuned, difference].some(({ lower, upper }) => !(lower <= upper))) return 'cannot be determined';
  const [isLate, staysLate] = [untuned.lower > 0, tuned.lower > 0];
  const [isWeaker, isStronger] = [difference.upper < 0, difference.lower > 0];
  if (isLate && staysLate) return isWeaker ? 'is weaker' : isStronger ? 'is stronger' : 'survives';
  if (isLate) return !isWeaker ? 'cannot be determined' : tuned.upper <= 0 ? 'goes' : 'is weakened';
  if (staysLate) return !isStronger ? 'cannot be determined' : untuned.upper <= 0 ? 'appears' : 'is strengthened';
  return 'was not there';
}
