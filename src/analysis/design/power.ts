/**
 * How often the paired interval of a planned family would find what it should: families are drawn from the pilot's models, each with
 * its own test set, and each gets an interval as `pairScores` makes it, from bootstrap draws of test set and seeds. The pilot's curve
 * is itself known only from a few seeds and one test set, so each family is drawn around another curve that could as well be the true
 * one.
 */
import { contrast } from '../contrast.js';
import type { ScoredDraws } from '../score-interval.js';
import { Random } from '../../statistics/random.js';
import { drawnMean, quantile } from '../../statistics/bootstrap.js';
import { wilsonInterval, type Interval } from '../../statistics/intervals.js';
import { mean } from '../../statistics/mean.js';
import { emergenceScore } from '../scores.js';
import { normalsTogether, ofVariances } from '../expected-curves.js';
import { deviationsTogether, drawExpected, seedModelOf, type SeedModel } from '../seed-model.js';
import { interpolated, varianceAt, type PilotMetric } from './pilot.js';

export interface PowerRequest {
  readonly standard: PilotMetric;
  readonly induced: PilotMetric;
  readonly widths: readonly number[];
  readonly seeds: number;
  /** The lower end of the interval should be above it. */
  readonly ratio: number;
  /** Test examples relative to the pilot's; default: 1. */
  readonly size?: number;
  /** Simulated. */
  readonly families: number;
  /** Bootstrap draws of each interval. */
  readonly draws: number;
  /** Whether each family gets its own curve that the pilot is compatible with (default: true), or the pilot's own. */
  readonly redrawCurve?: boolean;
}

export interface Power {
  readonly families: number;
  /** Share of the families whose interval has its lower end above the ratio. */
  readonly power: number;
  /** 95 % interval of that share, for this number of families. */
  readonly interval: Interval;
  /** Median over families, and the range of the middle 80 % of them. */
  readonly ratio: { readonly median: number; readonly lower: number; readonly upper: number };
  /** Median of the standard curve's Eq 1 relative to a ramp's. */
  readonly standardRamp: number;
}

/**
 * Families with the same number share their random numbers, whatever is asked, so that differences between designs show
 * sooner.
 */
export function simulatePower(request: PowerRequest): Power {
  const { standard, induced, families, ratio, widths } = request;
  const link = deviationsTogether(standard.deviations, induced.deviations);
  const found = Array.from({ length: families }, (_, family) => simulateFamily(request, link, family));
  const wins = found.filter(({ lower }) => lower > ratio).length;
  const ratios = found.map(({ value }) => (Number.isNaN(value) ? 0 : value)).sort((a, b) => a - b);
  const ramps = found.map(({ ramp }) => ramp).sort((a, b) => a - b);
  return {
    families,
    power: wins / families,
    interval: wilsonInterval(wins, families),
    ratio: { median: quantile(ratios, 0.5), lower: quantile(ratios, 0.1), upper: quantile(ratios, 0.9) },
    standardRamp: quantile(ramps, 0.5) / (widths.length - 1),
  };
}

/** What test sets show of each member: one test set, and its bootstrap draws. */
interface Measured {
  readonly observed: readonly number[];
  /** `[draws]` of `[members]` */
  readonly redrawn: readonly Float64Array[];
  /** What they show of centres and variances. */
  readonly model: SeedModel;
}

function simulateFamily(request: PowerRequest, link: number, family: number) {
  const { standard, induced, widths, seeds, size = 1, draws, redrawCurve = true } = request;
  const random = Random.named(0, 'design', 'family', family);
  const normals = () => {
    const first = random.normal();
    return [first, link * first + Math.sqrt(Math.max(0, 1 - link * link)) * random.normal()] as const;
  };
  const pilots = [standard, induced] as const;
  const shifts = standard.scales.map(normals);
  const place = random.integer(draws);
  const another = random.integer(draws);
  const curves = pilots.map((pilot, k) => {
    if (!redrawCurve) return interpolated(pilot, pilot.centres);
    const centres = pilot.onAnotherTestSet(another).map((centre, j) => {
      const error = Math.sqrt(pilot.variances[j]! / pilot.scales[j]!.members.length);
      return centre + error * shifts[j]![k]!;
    });
    return interpolated(pilot, centres);
  });
  const members = widths.flatMap((width) =>
    Array.from({ length: seeds }, (_, seed) => ({ width, seed, z: normals() })),
  );
  const measure = (pilot: PilotMetric, k: 0 | 1): Measured => {
    const scores = members.map(({ width, seed }) => pilot.scores(width, seed));
    const deviations = widths.map((width) => Math.sqrt(varianceAt(pilot, width)));
    const observed = members.map(({ width, z }, i) => {
      const truth = pilot.base(curves[k]!(width) + deviations[Math.floor(i / seeds)]! * z[k]);
      return pilot.measured(truth, scores[i]![place]!, size);
    });
    // Plain loops from here on: this is where the time is spent.
    const redrawn = Array.from({ length: draws }, (_, b) => {
      const values = new Float64Array(observed.length);
      for (let i = 0; i < values.length; i++) values[i] = pilot.measured(observed[i]!, scores[i]![b]!, size);
      return values;
    });
    const shown = pilot.shows(observed, { ranks: (member) => scores[member], widths, size });
    const model = seedModelOf(shown, {
      scales: byWidth.map((places) => ({ members: places })),
      limits: pilot.metric.limits,
    });
    return { observed, redrawn, model };
  };
  const byWidth = widths.map((_, i) => Array.from({ length: seeds }, (__, seed) => i * seeds + seed));
  const scored = (
    pilot: PilotMetric,
    { observed, redrawn, model }: Measured,
    seedNormals: readonly Float64Array[],
  ): ScoredDraws<'emergence'> => {
    const sign = pilot.metric.better === 'higher' ? 1 : -1;
    const valuesOf = (bases: ArrayLike<number>) => {
      const result = new Float64Array(bases.length);
      for (let i = 0; i < result.length; i++) result[i] = sign * pilot.value(bases[i]!, size);
      return result;
    };
    // The same stream for both curves: their seeds are drawn together.
    const picks = Random.named(0, 'design', 'bootstrap', family);
    const values = valuesOf(observed);
    return {
      observed: { emergence: emergenceScore(byWidth.map((places) => mean(places.map((i) => values[i]!)))) },
      draws: redrawn.map((bases) => {
        const drawn = valuesOf(bases);
        return { emergence: emergenceScore(byWidth.map((places) => drawnMean(drawn, places, picks))) };
      }),
      expected: drawExpected(
        model,
        seedNormals,
        (base) => sign * pilot.value(base, size),
        ofVariances(widths.length),
      ).map((curve) => ({
        emergence: emergenceScore(curve),
      })),
    };
  };
  const ofStandard = measure(standard, 0);
  const ofInduced = induced.made === standard.made ? ofStandard : measure(induced, 1);
  const together = normalsTogether([ofStandard.model.spread, ofInduced.model.spread], { draws, scales: widths.length });
  const first = scored(standard, ofStandard, together[0]!);
  const second = scored(induced, ofInduced, together[1]!);
  const { value, interval } = contrast('emergence', first, second).ratio!;
  return { value, lower: interval.lower, ramp: first.observed.emergence };
}
