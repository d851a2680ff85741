/**
 * Curves with everything that their scores need: values at each scale, and bootstrap draws of them over test set and
 * seeds. The draw of the test set (draws/members.ts) is shared by all members, because they share the test set; seeds
 * are drawn within each width, and once for all moments of a trained model. Both together are Owen's pigeonhole
 * bootstrap (2007, Ann. Appl. Stat. 1(2)), which is, if anything, too wide. Of S seeds, S - 1 are drawn, so that the
 * variance of their mean has the right size (McCarthy and Snowden 1985); with a single seed, whose spread is unknown,
 * the interval is over the test set alone.
 */
import type { Metric } from '../metrics/metric.js';
import { once } from '../machine/once.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { drawnOf } from '../statistics/bootstrap.js';
import { latest } from '../statistics/latest.js';
import { Random } from '../statistics/random.js';
import { emptyRows } from '../statistics/rows.js';
import { overSeedsAndExamples } from '../statistics/seeds.js';
import { drawEachMember, type DrawOptions } from './draws/members.js';
import { meansOf, orient, scalesOf, type Scale } from './scales.js';
import type { DrawnMembers, SampledCurve } from './sampled-curve.js';
import { sameTrainings } from './trainings.js';
import { scoreInterval, type ScoredDraws, type ScoreWithInterval } from './score-interval.js';
import { ofScores, scoresOf, type ScoreName } from './scores.js';
import { expectedCurves, normalsOf } from './expected-curves.js';

export type { SampledCurve } from './sampled-curve.js';
export type { ScoreWithInterval } from './score-interval.js';
export { meansOf, orient, scalesOf, type Scale } from './scales.js';

export interface SampleOptions extends DrawOptions {
  /**
   * Runs whose seeds are drawn separately, on the same draws of the test set, have different names here; default: ''.
   */
  readonly seedsOf?: string;
}

/** Throws UsageError if the test set is too small for the metric. */
export function sampleCurve(
  metric: Metric,
  members: readonly MemberOutcomes[],
  options: SampleOptions = {},
): SampledCurve {
  const scales = scalesOf(members);
  const { count, observed, drawn } = drawEachMember(metric, members, options);
  const samples = meansOfDrawn(drawn, drawnSeeds(scales, members, drawn.length, options));
  const intervals = once(() =>
    scales.map((scale, i) =>
      overSeedsAndExamples(
        scale.members.map((place) => observed[place]!),
        samples.map((draw) => draw[i]!),
        metric.limits,
        (seed) => metric.measure(members[scale.members[seed]!]!.outcomes),
      ),
    ),
  );
  const curve = {
    metric,
    scales,
    memberValues: observed,
    values: meansOf(observed, scales),
    draws: samples,
    memberDraws: drawn,
    count,
    intervals,
  };
  return { ...curve, expected: once(() => expectedCurves(curve, members)) };
}

/** Which seeds are drawn: the same ones for every metric, because their curves are paired. */
interface DrawnSeeds {
  readonly key: string;
  readonly scales: readonly Pick<Scale, 'members'>[];
  /** `[draws][seedsOfAll]`, places in the list of a scale's members. */
  readonly places: Uint16Array;
  /** Where the seeds of a scale begin in the list of a draw, `[scales]`; moments of one trained model share theirs. */
  readonly starts: readonly number[];
  /** In each draw, of all scales. */
  readonly ofAll: number;
}

const latestSeeds = latest<DrawnSeeds>();

function drawnSeeds(
  scales: readonly Scale[],
  members: readonly MemberOutcomes[],
  draws: number,
  { seed = 0, seedsOf }: SampleOptions,
): DrawnSeeds {
  const first = sameTrainings(scales, members);
  const sizes = scales.map((scale) => scale.members.length);
  const key = JSON.stringify([seed, seedsOf ?? '', draws, sizes, first]);
  const known = latestSeeds.get();
  if (known?.key === key) return { ...known, scales };
  const random = Random.named(seed, 'bootstrap', 'seeds', ...(seedsOf ? [seedsOf] : []));
  let ofAll = 0;
  const starts: number[] = [];
  for (const [j, root] of first.entries()) {
    starts.push(root === j ? ofAll : starts[root]!);
    if (root === j) ofAll += drawnOf(sizes[j]!);
  }
  const places = new Uint16Array(draws * ofAll);
  let at = 0;
  for (let b = 0; b < draws; b++) {
    for (const [j, root] of first.entries()) {
      if (root !== j) continue;
      const [size, wanted] = [sizes[j]!, drawnOf(sizes[j]!)];
      // A single seed is not drawn.
      for (let k = 0; k < wanted; k++) places[at++] = size > 1 ? random.integer(size) : 0;
    }
  }
  const drawn = { key, scales, places, starts, ofAll };
  latestSeeds.set(drawn);
  return drawn;
}

/** Means over the drawn seeds of each scale, `[draws]` of `[scales]`. */
function meansOfDrawn(drawn: DrawnMembers, { scales, places, starts, ofAll }: DrawnSeeds): Float64Array[] {
  const samples = emptyRows(drawn.length, scales.length);
  for (const [j, { members }] of scales.entries()) {
    const seeds = members.map(drawn.of);
    const wanted = drawnOf(members.length);
    // Hot: plain loops.
    for (let b = 0; b < samples.length; b++) {
      const begin = b * ofAll + starts[j]!;
      let sum = 0;
      for (let k = 0; k < wanted; k++) sum += seeds[places[begin + k]!]![b]!;
      samples[b]![j] = sum / wanted;
    }
  }
  return samples;
}

/** Every score of a curve of at least two scales, with its bootstrap interval. */
export function scoreCurve(curve: SampledCurve): Record<ScoreName, ScoreWithInterval> {
  const drawn = scoreDraws(curve);
  const positions = curve.scales.map(({ parameters }) => parameters);
  return ofScores((name) => {
    return { value: drawn.observed[name], interval: scoreInterval(name, drawn, positions) };
  });
}

/** @param normals how seeds deviate in each draw, `[draws]` of `[scales]`; default: drawn as for every single metric */
export function scoreDraws(
  { metric, scales, values, draws, expected }: SampledCurve,
  normals?: readonly Float64Array[],
): ScoredDraws {
  const positions = scales.map(({ parameters }) => parameters);
  const score = (curve: Float64Array) => scoresOf(orient(metric, curve), positions);
  const curves = expected()?.draw(normals ?? normalsOf({ draws: draws.length, scales: scales.length }));
  return { observed: score(values), draws: draws.map(score), expected: curves?.map(score) };
}
