/**
 * What a curve would score if the family grew smoothly: families are drawn around smooth truths with the noise of seeds and test
 * set (a parametric bootstrap), and a metric that was chosen on the outcomes is chosen again in each.
 *
 * Two null hypotheses. *Smooth growth*: the curve itself is one of the families of smooth.ts. *A smooth family under this
 * metric*: what the induced metric is a function of (accuracy, the accuracy at each place, the error) grows smoothly, and the
 * metric does the rest. Both are composite: each family of curves with its best fit is a truth, and p is the largest over these
 * truths.
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { sequentialP, stepDown, type AdjustedP } from '../statistics/multiplicity.js';
import type { OnStep } from '../terminal/steps.js';
import type { SampledChoice } from './chosen.js';
import { orient, sampleCurve, type SampledCurve, type Scale, type ScoreWithInterval } from './curves.js';
import { defaultDraws } from './draws/members.js';
import { inducingFunction, predictFromStandard } from './independence.js';
import { noiseOf, type NoisyCurve, type NoisyFamily } from './noise.js';
import { contrast } from './contrast.js';
import type { ScoredDraws } from './score-interval.js';
import { largerP, testHigher } from './paired.js';
import { scoreNames, scoresOf, type ScoreName, type Scores, ofScores } from './scores.js';
import { normalsTogether } from './expected-curves.js';
import { bestOf, smoothFitter, smoothNames, type SmoothFit, type SmoothName } from './smooth.js';

export interface NullOptions {
  readonly draws?: number;
  readonly seed?: number;
  /** Called by `testAgainstSmooth` and `testAgainstPushed`, before each draw. */
  readonly onStep?: OnStep;
}

/** One-sided, adjusted for all scores of the test; NaN with a single seed for each scale, whose spread is unknown. */
export interface ScoreTest extends AdjustedP {
  /** The score of the smooth curve. */
  readonly smooth: number;
}

export interface SmoothTest {
  /** The family that fits the curve best, and its values at the scales. */
  readonly family: SmoothName;
  readonly values: readonly number[];
  readonly scores: Readonly<Record<ScoreName, ScoreTest>>;
}

/** For a metric that is a function of others that grow smoothly. */
export interface PushedTest {
  /** The metric under independence: `accuracy^20`. */
  readonly title: string;
  readonly assumption: string;
  /** Families that fit the metrics that it is a function of. */
  readonly families: readonly SmoothName[];
  /** At each scale, the smooth fits pushed through the metric. */
  readonly values: readonly number[];
  readonly scores: Readonly<Record<ScoreName, ScoreTest & { readonly left: ScoreWithInterval }>>;
}

/** Is the curve sharper than smooth growth? */
export function testAgainstSmooth(
  sampled: SampledChoice,
  members: readonly MemberOutcomes[],
  options: NullOptions = {},
): SmoothTest {
  const { observed, truths, best, smooth } = smoothNull(sampled, members, options);
  const tests = largestOf(observed, truths, options);
  return {
    family: best.name,
    values: [...best.values],
    scores: ofScores((name, j) => ({ smooth: smooth[name], ...tests[j]! })),
  };
}

/** The p of one score in `testAgainstSmooth`, from as many draws as it takes to see that it is not small; see `sequentialP`. */
export function smoothP(
  sampled: SampledChoice,
  members: readonly MemberOutcomes[],
  by: ScoreName,
  options: NullOptions = {},
): number {
  const { observed, truths } = smoothNull(sampled, members, options);
  const j = scoreNames.indexOf(by);
  const { draws = defaultDraws } = options;
  if (truths.length === 0) return NaN;
  return Math.max(
    ...truths.map(({ judges, draw }) =>
      sequentialP(
        judges.map((s) => observed[s]![j]!),
        (b) => {
          const drawn = draw(b);
          return judges.map((s) => drawn[s]![j]!);
        },
        { draws, enough: 20 },
      ),
    ),
  );
}

function smoothNull(sampled: SampledChoice, members: readonly MemberOutcomes[], options: NullOptions) {
  const { candidates, curve } = sampled;
  const { fitter, score } = scoringAt(curve.scales);
  const statistics = ({ metric }: SampledCurve, values: Float64Array) =>
    statisticsOf(score(metric, values), score(metric, fitter.best(values).values), values.length);
  const best = fitter.best(curve.values);
  const fits = candidates.map(({ values }) => fitter.fits(values));
  const truths = truthsOf(candidates, members, { fits, around: (smooth) => smooth });
  return {
    observed: statistics(curve, curve.values),
    truths: truths.map(({ noisy, judges }) => ({
      judges,
      draw: (b: number): Statistics => {
        const families = drawTogether(noisy, b, options);
        const taken = takenOf(sampled, families);
        return statistics(candidates[taken]!, families[taken]!.values);
      },
    })),
    best,
    smooth: score(curve.metric, best.values),
  };
}

/**
 * Is the curve sharper than its metric makes a smooth family? Undefined for a metric without a prediction from others; see
 * independence.ts, whose assumptions apply: dependence between examples remains in the excess.
 */
export function testAgainstPushed(
  sampled: SampledChoice,
  members: readonly MemberOutcomes[],
  options: NullOptions = {},
): PushedTest | undefined {
  const { candidates, place, curve, taken } = sampled;
  const making = makingOf(sampled, members, options);
  if (making === undefined) return undefined;
  const { bases, push } = making;
  const { fitter, score } = scoringAt(curve.scales);
  /** Scores of a candidate's curve, and of the candidate on the smooth fits of its bases. */
  const pair = (i: number, values: Float64Array, ofBases: readonly ArrayLike<number>[]) => {
    const { metric } = candidates[i]!;
    const smooth = ofBases.map((each) => fitter.best(each).values);
    return [score(metric, values), score(metric, push(i, smooth))] as const;
  };
  const ofBases = bases.map(({ values }) => values);
  const fits = ofBases.map((values) => fitter.fits(values));
  const truths = truthsOf([...candidates, ...bases], members, {
    fits,
    around: (smooth) => [...candidates.map((_, i) => push(i, smooth)), ...smooth],
  });
  const [measured, smooth] = pair(place, curve.values, ofBases);
  const tests = largestOf(
    statisticsOf(measured, smooth, curve.scales.length),
    truths.map(({ noisy, judges }) => ({
      judges,
      draw: (b) => {
        const families = drawTogether(noisy, b, options);
        const i = takenOf(sampled, families.slice(0, candidates.length));
        const drawnBases = families.slice(candidates.length).map(({ values }) => values);
        return statisticsOf(...pair(i, families[i]!.values, drawnBases), curve.scales.length);
      },
    })),
    options,
  );
  const drawn = curve.draws.map((values, b) => {
    const drawnBases = bases.map(({ draws }) => draws[b]!);
    return pair(taken[b]!, values, drawnBases);
  });
  const expected = expectedTogether([...candidates, ...bases])?.map((curves) => {
    const i = takenOf(
      sampled,
      curves.slice(0, candidates.length).map((values) => ({ values })),
    );
    return pair(i, curves[i]!, curves.slice(candidates.length));
  });
  const [whole, part] = ([0, 1] as const).map((k) => ({
    observed: [measured, smooth][k]!,
    draws: drawn.map((scores) => scores[k]),
    expected: expected?.map((scores) => scores[k]),
  })) as unknown as [ScoredDraws, ScoredDraws];
  const compared = scoreNames.map((name) => contrast(name, part, whole));
  // Noise may lower a score of smooth families below the smooth fit's own: the excess must be above 0 as well.
  const tested = testHigher(compared);
  const best = ofBases.map((values) => fitter.best(values));
  const { title, assumption } = predictFromStandard(curve.metric, members)!;
  return {
    ...{ title, assumption, families: best.map(({ name }) => name) },
    values: Array.from(
      push(
        place,
        best.map(({ values }) => values),
      ),
    ),
    scores: ofScores((name, j) => ({
      smooth: smooth[name],
      ...largerP(tests[j]!, tested[j]!),
      left: compared[j]!.difference,
    })),
  };
}

/** What a metric and its candidates are functions of; undefined if that is not known for all. */
function makingOf({ candidates, curve }: SampledChoice, members: readonly MemberOutcomes[], { seed = 0 }: NullOptions) {
  const links = candidates.flatMap(({ metric }) => inducingFunction(metric, members) ?? []);
  if (links.length < candidates.length) return undefined;
  const metrics = new Map(links.flatMap(({ bases }) => bases.map((base) => [base.id, base])));
  const ids = [...metrics.keys()];
  return {
    /** With the same draws as the candidates. */
    bases: [...metrics.values()].map((base) => sampleCurve(base, members, { draws: curve.draws.length, seed })),
    /** Candidate `i` as a function of the curves of all bases, `[bases]` of `[scales]`. */
    push: (i: number, ofBases: readonly ArrayLike<number>[]): Float64Array => {
      const { bases: needed, push } = links[i]!;
      const inputs = needed.map(({ id, limits: [least, most] }) =>
        Float64Array.from(ofBases[ids.indexOf(id)]!, (each) => Math.min(most, Math.max(least, each))),
      );
      const at = (place: number) => inputs.map((input) => input[place]!);
      return Float64Array.from(curve.scales, ({ width }, place) => push(at(place), width));
    },
  };
}

/** Curves over all possible seeds, drawn together: `[draws]` of `[curves]`. Undefined if one has none. */
function expectedTogether(curves: readonly SampledCurve[]): Float64Array[][] | undefined {
  const all = curves.flatMap((curve) => curve.expected() ?? []);
  if (all.length < curves.length) return undefined;
  const { draws, scales } = curves[0]!;
  const normals = normalsTogether(all, { draws: draws.length, scales: scales.length });
  const drawn = all.map((each, k) => each.draw(normals[k]!));
  return draws.map((_, b) => drawn.map((of) => of[b]!));
}

/** Fits and scores at the scales of a family. */
function scoringAt(scales: readonly Scale[]) {
  const positions = scales.map(({ parameters }) => parameters);
  return {
    fitter: smoothFitter(positions),
    score: (metric: Metric, values: Float64Array): Scores => scoresOf(orient(metric, values), positions),
  };
}

/**
 * Two statistics for each score, in the order of `scoreNames`: itself, and how far it is above that of a smooth curve. Eq 1 on a scale
 * that includes infinity.
 */
type Statistics = readonly (readonly number[])[];

function statisticsOf(measured: Scores, smooth: Scores, scales: number): Statistics {
  const finite = (name: ScoreName, scores: Scores) => {
    const value = scores[name];
    if (name !== 'emergence' && name !== 'ramp') return value;
    const ramp = name === 'ramp' ? value : value / (scales - 1);
    return Number.isFinite(ramp) ? ramp / (1 + Math.abs(ramp)) : Math.sign(ramp);
  };
  const own = scoreNames.map((name) => finite(name, measured));
  return [own, scoreNames.map((name, j) => own[j]! - finite(name, smooth))];
}

/** Indices in `Statistics`. */
const [itself, excess] = [0, 1];

interface Truth {
  /** Of every curve. */
  readonly noisy: readonly NoisyCurve[];
  /** Statistics that it judges: both for the best fits, only the excess for others, whose curves are different. */
  readonly judges: readonly number[];
}

interface TruthRequest {
  /** By family, for each curve that grows smoothly. */
  readonly fits: readonly (readonly SmoothFit[])[];
  /** Every curve, if those grow smoothly like this. */
  readonly around: (smooth: readonly Float64Array[]) => readonly ArrayLike<number>[];
}

/** The best fits as a truth, then each family of smooth curves as one; none if the spread of seeds is unknown. */
function truthsOf(
  curves: readonly SampledCurve[],
  members: readonly MemberOutcomes[],
  { fits, around }: TruthRequest,
): Truth[] {
  const noises = curves.flatMap((curve) => noiseOf(curve, members) ?? []);
  if (noises.length < curves.length) return [];
  const bests = fits.map(bestOf);
  const truthOf = (smooth: readonly SmoothFit[], judges: readonly number[]): Truth => {
    const truths = around(smooth.map(({ values }) => values));
    return { noisy: noises.map((noise, i) => noise.around(truths[i]!)), judges };
  };
  const others = smoothNames
    .map((_, family) => fits.map((each) => each[family]!))
    .filter((smooth) => smooth.some((fit, i) => fit !== bests[i]));
  return [truthOf(bests, [itself, excess]), ...others.map((smooth) => truthOf(smooth, [excess]))];
}

/** Families with the same seeds on the same test set. */
function drawTogether(noisy: readonly NoisyCurve[], b: number, { seed = 0 }: NullOptions): NoisyFamily[] {
  return noisy.map((each) => each(b, seed));
}

function takenOf({ pick }: SampledChoice, families: readonly Pick<NoisyFamily, 'values'>[]): number {
  return families.length === 1 ? 0 : pick(families);
}

/** For each score the largest p, over the truths and the statistics that they judge. */
function largestOf(
  observed: Statistics,
  truths: readonly (Pick<Truth, 'judges'> & { readonly draw: (b: number) => Statistics })[],
  { draws = defaultDraws, onStep }: NullOptions,
): AdjustedP[] {
  if (truths.length === 0 || draws === 0) return scoreNames.map(() => ({ p: NaN, adjusted: NaN }));
  const tests = truths.flatMap(({ judges, draw }, truth) => {
    const drawn = Array.from({ length: draws }, (_, b) => {
      onStep?.(truth * draws + b, truths.length * draws);
      return draw(b);
    });
    return judges.map((s) =>
      stepDown(observed[s]!.map((value, j) => ({ observed: value, null: drawn.map((each) => each[s]![j]!) }))),
    );
  });
  return scoreNames.map((_, j) => ({
    p: Math.max(...tests.map((test) => test[j]!.p)),
    adjusted: Math.max(...tests.map((test) => test[j]!.adjusted)),
  }));
}
