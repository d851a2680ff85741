/** A metric chosen for its score, as someone looking for a sharp curve would choose it. */
import type { MemberOutcomes } from '../../src/metrics/curve.js';
import type { Metric } from '../../src/metrics/metric.js';
import { orient, sampleCurve, scalesOf } from '../../src/analysis/curves.js';
import { scoresOf, type ScoreName } from '../../src/analysis/scores.js';
import type { ChosenMetric, CandidateCurve } from '../../src/analysis/chosen.js';

interface ScoreChoice {
  readonly by: ScoreName;
  /** Smallest max - min of a curve that is considered; default: 0. */
  readonly leastRange?: number;
}

/** The candidate whose curve rises and has the highest score, as a sweep ranks them; the first of equals, also if none rises. */
export function chooseByScore(
  candidates: readonly Metric[],
  members: readonly MemberOutcomes[],
  { by, leastRange = 0 }: ScoreChoice,
): ChosenMetric {
  const positions = scalesOf(members).map(({ parameters }) => parameters);
  const pick = (curves: readonly CandidateCurve[]): number => {
    let [best, place] = [-Infinity, 0];
    for (const [i, { values }] of curves.entries()) {
      const scores = scoresOf(orient(candidates[i]!, values), positions);
      const moves = scores.emergence > 0 && Math.max(...values) - Math.min(...values) >= leastRange;
      if (moves && scores[by] > best) [best, place] = [scores[by], i];
    }
    return place;
  };
  const measured = candidates.map((metric) => sampleCurve(metric, members, { draws: 0 }));
  const metric = candidates[pick(measured)]!;
  return { metric, choice: { rule: `the highest ${by} of ${candidates.length} candidates`, candidates, pick } };
}
