/**
 * Metrics chosen on the same outcomes that they are applied to: a cutoff that the largest width meets, the K with the sharpest
 * curve. Such a choice favours what looks best by chance, so it is repeated in each bootstrap draw: a draw of a chosen metric uses
 * whichever candidate the rule selects in that draw.
 */
import type { MemberOutcomes } from '../metrics/curve.js';
import type { Metric } from '../metrics/metric.js';
import { scorePlaces } from '../statistics/normal.js';
import { sampleCurve, type SampledCurve, type SampleOptions } from './curves.js';

/** A candidate's curve, as measured or in one draw. */
export interface CandidateCurve {
  /** Means over the seeds of this draw, `[scales]`. */
  readonly values: Float64Array;
}

/** How a metric was chosen among candidates. */
export interface MetricChoice {
  /** What was chosen and how, as captions say it: `the least of 1, 2, 5 times a power of ten that 9 in 10 images stay below`. */
  readonly rule: string;
  /** At least one. Only those that some draw could select, as each of them is drawn. */
  readonly candidates: readonly Metric[];
  /** Index of the selected candidate. Always the same function of the same curves. */
  readonly pick: (candidates: readonly CandidateCurve[]) => number;
}

/** A metric, and how it was chosen if it was chosen on the same outcomes. */
export interface ChosenMetric {
  readonly metric: Metric;
  readonly choice?: MetricChoice | undefined;
}

/** A chosen metric with its curve, and the curves of all its candidates. */
export interface SampledChoice {
  readonly metric: Metric;
  /** How it was chosen; undefined if it was not chosen on these outcomes. */
  readonly rule: string | undefined;
  /** Its values are those of the metric; each of its draws is that of the candidate selected in the draw. */
  readonly curve: SampledCurve;
  /** Only the metric itself if there was no choice. */
  readonly candidates: readonly SampledCurve[];
  /** Index of the metric among them. */
  readonly place: number;
  /** Which candidate is selected for families with these values, given for each candidate. */
  readonly pick: MetricChoice['pick'];
  /** Which of them is selected in each draw, `[draws]`. */
  readonly taken: readonly number[];
}

/**
 * `sampleCurve` of the chosen metric. If it was chosen on these outcomes, each draw uses the candidate that the rule selects in
 * it.
 *
 * @throws UsageError if the test set is too small for a candidate
 */
export function sampleChosen(
  { metric, choice }: ChosenMetric,
  members: readonly MemberOutcomes[],
  options: SampleOptions = {},
): SampledChoice {
  const own = sampleCurve(metric, members, options);
  const alone = choice === undefined || choice.candidates.every(({ id }) => id === metric.id);
  if (alone)
    return {
      ...{ metric, rule: choice?.rule, curve: own, candidates: [own], place: 0, pick: () => 0 },
      taken: own.draws.map(() => 0),
    };
  const place = choice.candidates.findIndex(({ id }) => id === metric.id);
  if (place < 0) throw new RangeError(`${metric.id} is not among its candidates`);
  const candidates = choice.candidates.map((each) =>
    each.id === metric.id ? own : sampleCurve(each, members, options),
  );
  const { pick } = choice;
  const takenFrom = (families: readonly (readonly Float64Array[])[]) =>
    families[0]!.map((_, b) => pick(families.map((draws) => ({ values: draws[b]! }))));
  const taken = takenFrom(candidates.map(({ draws }) => draws));
  const memberDrawsOf = (member: number) => {
    const drawn = candidates.map(({ memberDraws }) => memberDraws.of(member));
    return Float64Array.from(taken, (i, b) => drawn[i]![b]!);
  };
  const curve = {
    ...own,
    draws: taken.map((i, b) => candidates[i]!.draws[b]!),
    memberDraws: {
      length: own.memberDraws.length,
      of: memberDrawsOf,
      places: (member: number) => scorePlaces(memberDrawsOf(member)),
    },
    expected: () => {
      const all = candidates.flatMap((each) => each.expected() ?? []);
      if (all.length < candidates.length) return undefined;
      return {
        deviations: all[place]!.deviations,
        draw(normals: readonly Float64Array[]) {
          const drawn = all.map((each) => each.draw(normals));
          return takenFrom(drawn).map((i, b) => drawn[i]![b]!);
        },
      };
    },
  };
  return { metric, rule: choice.rule, curve, candidates, place, pick, taken };
}

/**
 * The curve of other members under a chosen metric: each draw uses the candidate that was selected in that draw of the first.
 *
 * @param curve the other members' under the metric itself, in as many draws of the same test set
 */
export function sampleTaken(
  { candidates, place, taken }: SampledChoice,
  curve: SampledCurve,
  members: readonly MemberOutcomes[],
  options: SampleOptions,
): SampledCurve {
  if (candidates.length === 1) return curve;
  const curves = candidates.map(({ metric }, i) => (i === place ? curve : sampleCurve(metric, members, options)));
  return { ...curve, draws: taken.map((i, b) => curves[i]!.draws[b]!) };
}
