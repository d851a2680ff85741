/**
 * Compares two runs on the same test examples: the mean over the second run's seeds minus that over the first's.
 *
 * Two things make it vary: seeds, which are drawn for each run independently (their spread is observed, and Welch's t
 * covers it); and test examples, which both runs share, so that what is hard for both cancels (observed in bootstrap
 * draws of the difference). Seeds also differ in which examples they get right. The spread of seeds already contains
 * that, so it is subtracted from the variance of the draws, or it would count twice. Moments of the same trained models
 * are not additional seeds: the mean over them is taken seed by seed. A run with one member at a scale stands for that
 * member alone.
 */
import { clustersOf, type Clusters } from '../../metrics/clusters.js';
import { curve, type MemberOutcomes } from '../../metrics/curve.js';
import { isMean, type Metric, type UnitNumbers } from '../../metrics/metric.js';
import { percentileInterval } from '../../statistics/bootstrap.js';
import type { Interval } from '../../statistics/intervals.js';
import { mean, sampleVariance } from '../../statistics/mean.js';
import { holm } from '../../statistics/multiplicity.js';
import { mcnemar, tangoInterval, type Discordant, type McNemar } from '../../statistics/paired-shares.js';
import { estimateOf, type Estimate, type VariancePart } from '../../statistics/welch.js';
import type { SampleOptions } from '../curves.js';
import { drawMembers, type MemberDraws } from '../draws/members.js';
import type { LoadedRun } from '../../runs/opened.js';
import { sameTrainings } from '../trainings.js';
import type { MatchedExamples, MatchedScale, MatchedScales } from './match.js';

/** Members at one scale by their indices in the draws. */
export interface DrawPlaces {
  readonly one: readonly number[];
  readonly other: readonly number[];
}

export interface DifferenceOptions {
  /** Of the metric; default: none. */
  readonly limits?: Metric['limits'];
  /** For each run, the result of `sameTrainings`; default: each scale has separate trainings. */
  readonly first?: Readonly<Record<keyof DrawPlaces, readonly number[]>>;
}

/** The mean over scales of the difference at each. */
export function differenceOf(
  { observed, draws, count }: MemberDraws,
  scales: readonly DrawPlaces[],
  { limits: [least, most] = [-Infinity, Infinity], first }: DifferenceOptions = {},
): Estimate {
  const at = (values: Float64Array) =>
    mean(scales.map(({ one, other }) => meanAt(values, other) - meanAt(values, one)));
  const value = at(observed);
  const whole = draws.filter((draw) =>
    scales.every((scale) => [...scale.one, ...scale.other].every((i) => Number.isFinite(draw[i]))),
  );
  // With fewer draws that have a value, the rest would say little about the others; a single example says nothing about
  // others.
  if (whole.length < 0.95 * draws.length || whole.length < 2 || count < 2 || !Number.isFinite(value))
    return { value, standardError: NaN, degrees: NaN, interval: { lower: NaN, upper: NaN }, p: NaN };
  const parts: VariancePart[] = [];
  let twice = 0;
  for (const lists of trainedTogether(scales, first)) {
    const count = lists[0]!.length;
    if (count < 2) continue;
    const share = (lists.length / scales.length) ** 2 / count;
    const ofSeeds = (values: Float64Array) => meansOfSeeds(values, lists);
    parts.push({ variance: share * sampleVariance(ofSeeds(observed)), degrees: count - 1 });
    twice += share * ownVariance(whole.map(ofSeeds));
  }
  const shared = Math.max(0, sampleVariance(whole.map(at)) - twice);
  const estimate = estimateOf(value, [...parts, { variance: shared, degrees: Math.max(1, count - 1) }]);
  const { lower, upper } = estimate.interval;
  return { ...estimate, interval: { lower: Math.max(least - most, lower), upper: Math.min(most - least, upper) } };
}

function meanAt(values: Float64Array, places: readonly number[]): number {
  let sum = 0;
  for (const place of places) sum += values[place]!;
  return sum / places.length;
}

/** The members of each scale and run; those of several scales together that are moments of the same trainings. */
function trainedTogether(scales: readonly DrawPlaces[], first: DifferenceOptions['first']): (readonly number[])[][] {
  return (['one', 'other'] as const).flatMap((side) => {
    const lists = new Map<number, (readonly number[])[]>();
    for (const [j, scale] of scales.entries()) {
      const root = first?.[side][j] ?? j;
      lists.set(root, [...(lists.get(root) ?? []), scale[side]]);
    }
    return [...lists.values()];
  });
}

/** The mean of each seed over scales, `[seeds]`. */
function meansOfSeeds(values: Float64Array, lists: readonly (readonly number[])[]): number[] {
  return lists[0]!.map((_, seed) => mean(lists.map((places) => values[places[seed]!]!)));
}

/**
 * Variance over the test set that a seed does not share with the others.
 *
 * @param draws of the seeds' values, `[draws]` of `[seeds]`
 */
function ownVariance(draws: readonly (readonly number[])[]): number {
  const centres = draws.map(mean);
  const own = draws[0]!.map((_, seed) => sampleVariance(draws.map((draw, b) => draw[seed]! - centres[b]!)));
  return own.reduce((sum, variance) => sum + variance, 0) / (own.length - 1);
}

export interface ScaleDifference {
  readonly one: SideValue;
  readonly other: SideValue;
  /** The second run's value minus the first's. */
  readonly difference: number;
  /** 95 %, not adjusted; NaN if nothing varies or a draw has no value. */
  readonly interval: Interval;
  /** Two-sided p-value of no difference; `adjusted` for all scales by Holm (1979). */
  readonly p: number;
  readonly adjusted: number;
  /** Degrees of freedom of t; NaN if McNemar's test was used. */
  readonly degrees: number;
  /**
   * For one member against one, under a share of independent examples: how often only one is right, and McNemar's test.
   */
  readonly mcnemar: (Discordant & McNemar) | undefined;
}

export interface SideValue {
  readonly width: number;
  readonly parameters: number;
  readonly seeds: number;
  /** Mean over seeds. */
  readonly value: number;
  /** Value of each seed. */
  readonly values: readonly number[];
  /**
   * 95 % interval of each run alone: of the mean over its seeds (Student's t), or of a single one over the sampling of
   * test examples.
   */
  readonly interval: Interval;
}

export interface RunDifference {
  readonly scales: readonly ScaleDifference[];
  /** The mean difference over all scales, a separate test; undefined for one scale. */
  readonly family: Estimate | undefined;
  /** What was drawn where that is not each example for itself: images that sequences share, or groups. */
  readonly clusters: Pick<Clusters, 'by' | 'count'> | undefined;
  /** Groups that are too few or too unequal to be drawn. */
  readonly givenGroups: number | undefined;
  /** For how many scales p is adjusted: these, or those of further comparisons too. */
  readonly adjustedFor: number;
}

/** What tables and figures say about a run. */
export type NamedRun = Pick<LoadedRun, 'label' | 'words'>;

/** Two whole runs: what was compared, and what could not be. */
export interface FamilyDifference<Run extends NamedRun = LoadedRun> extends RunDifference {
  readonly metric: Metric;
  readonly one: Run;
  readonly other: Run;
  readonly examples: Pick<MatchedExamples, 'common' | 'only' | 'isChecked'>;
  /** Scales that only one of the runs has. */
  readonly unmatched: MatchedScales['only'];
}

/** A difference is found where the adjusted p is at most this. */
export const alpha = 0.05;

export interface DifferenceRequest extends SampleOptions {
  readonly metric: Metric;
  /** With the same rows. */
  readonly one: readonly MemberOutcomes[];
  readonly other: readonly MemberOutcomes[];
  readonly scales: readonly MatchedScale[];
}

/** Throws UsageError if the test set is too small for the metric. */
export function compareRuns({ metric, one, other, scales, ...options }: DifferenceRequest): RunDifference {
  const members = [...one, ...other];
  const draws = drawMembers(metric, members, options);
  const places = scales.map((scale): DrawPlaces => ({
    one: scale.one.members,
    other: scale.other.members.map((place) => one.length + place),
  }));
  const found = places.map((each) => {
    const estimate = differenceOf(draws, [each], metric);
    return { ...estimate, ...ofShares(metric, { members, draws, places: each, estimate }) };
  });
  const adjusted = holm(found.map(({ p }) => p));
  const firstDraw = (side: keyof DrawPlaces) => {
    const own = places.map((each) => ({ members: each[side] }));
    return sameTrainings(own, members);
  };
  const sideOf = (scale: MatchedScale['one'], at: readonly number[]): SideValue => {
    const { width, parameters } = scale;
    const values = at.map((i) => draws.observed[i]!);
    const interval = ownInterval(
      metric,
      at.map((i) => members[i]!),
    );
    return { width, parameters, seeds: at.length, value: meanAt(draws.observed, at), values, interval };
  };
  return {
    scales: found.map(({ value, interval, p, degrees, mcnemar: test }, i) => ({
      one: sideOf(scales[i]!.one, places[i]!.one),
      other: sideOf(scales[i]!.other, places[i]!.other),
      ...{ difference: value, interval, p, adjusted: adjusted[i]!, degrees, mcnemar: test },
    })),
    family:
      places.length < 2
        ? undefined
        : differenceOf(draws, places, {
            limits: metric.limits,
            first: { one: firstDraw('one'), other: firstDraw('other') },
          }),
    ...drawnOf(metric, members),
    adjustedFor: scales.length,
  };
}

/** Groups are the test set's, the same for all members. */
function drawnOf(
  { units }: Metric,
  members: readonly MemberOutcomes[],
): Pick<RunDifference, 'clusters' | 'givenGroups'> {
  const { outcomes } = members[0]!;
  const clusters = clustersOf(outcomes, units);
  const givenGroups =
    outcomes.group === undefined || clusters?.by === 'groups' ? undefined : new Set(outcomes.group).size;
  return { clusters: clusters && { by: clusters.by, count: clusters.count }, givenGroups };
}

/** With p adjusted for all scales of several comparisons of one question. */
export function adjustedTogether<T extends RunDifference>(all: readonly T[]): T[] {
  const adjusted = holm(all.flatMap(({ scales }) => scales.map(({ p }) => p)));
  let at = 0;
  return all.map((each) => ({
    ...each,
    adjustedFor: adjusted.length,
    scales: each.scales.map((scale) => ({ ...scale, adjusted: adjusted[at++]! })),
  }));
}

/** Of one run at one scale. */
function ownInterval(metric: Metric, seeds: readonly MemberOutcomes[]): Interval {
  const { members, points } = curve(metric, seeds);
  const { lower, upper } = points[0]!.interval ?? members[0]!;
  return { lower, upper };
}

type ShareResult = Pick<ScaleDifference, 'mcnemar'> & Partial<Pick<ScaleDifference, 'p' | 'interval' | 'degrees'>>;

/**
 * For units that are right or wrong: McNemar's test for one member against one, with Tango's interval if the metric is
 * the share itself, else percentiles of the draws. If nothing varies in the draws, because none or all are right,
 * Tango's interval for no discordant unit.
 */
function ofShares(
  metric: Metric,
  {
    members,
    draws,
    places: { one, other },
    estimate,
  }: {
    readonly members: readonly MemberOutcomes[];
    readonly draws: MemberDraws;
    readonly places: DrawPlaces;
    readonly estimate: Estimate;
  },
): ShareResult {
  const drawn = [one[0]!, other[0]!].map((place) => metric.drawn(members[place]!.outcomes));
  const units = [one[0]!, other[0]!].map((place) => metric.unitValues(members[place]!.outcomes));
  const [a, b] = units;
  if (a?.share !== true || b === undefined) return { mcnemar: undefined };
  const isShare = isMean(a);
  const isAlone = one.length === 1 && other.length === 1 && drawn.every(({ kind }) => kind === 'units');
  if (!isAlone) {
    if (estimate.standardError !== 0 || !isShare) return { mcnemar: undefined };
    const { lower, upper } = tangoInterval({ first: 0, second: 0, count: draws.count });
    const { value } = estimate;
    return { mcnemar: undefined, p: value === 0 ? 1 : NaN, interval: { lower: value + lower, upper: value + upper } };
  }
  const discordant = discordantOf(a.values, b.values);
  const test = mcnemar(discordant);
  const interval = isShare
    ? tangoInterval(discordant)
    : percentileInterval(draws.draws.map((draw) => draw[other[0]!]! - draw[one[0]!]!));
  return { mcnemar: { ...discordant, ...test }, p: test.midP, interval, degrees: NaN };
}

function discordantOf(first: UnitNumbers, second: UnitNumbers): Discordant {
  let [a, b] = [0, 0];
  for (let i = 0; i < first.length; i++) {
    if (first[i]! > second[i]!) a++;
    else if (first[i]! < second[i]!) b++;
  }
  return { first: a, second: b, count: first.length };
}
