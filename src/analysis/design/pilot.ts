/**
 * A metric of a pilot run as a model that other widths, seeds and test sets are drawn from.
 *
 * Between widths the mean over seeds is interpolated in log width on a scale on which it has no ends (the logit of what lies between
 * two limits, the logarithm of what is above 0), after isotonic regression, as noise must not make it turn. Beyond the pilot's
 * ends it goes on with the slope of the last step. Seeds are normal on that scale, with the pilot's variance beyond what the test set
 * explains, pooled over neighbouring widths. Test sets are the pilot's bootstrap draws: members keep the rank that they have in each
 * (a Gaussian copula, as in noise.ts), with an error as large as theirs: of a share a binomial's of as many independent units as tell
 * as much; else in proportion to the root of p (1 - p) between two limits, and to the level above 0.
 */
import { accuracy } from '../../metrics/classification.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric, UnitValues } from '../../metrics/metric.js';
import { binomialQuantile, normalScores } from '../../statistics/distributions.js';
import { isotonic } from '../../statistics/isotonic.js';
import { mean } from '../../statistics/mean.js';
import { Random } from '../../statistics/random.js';
import { sampleCurve, type Scale } from '../curves.js';
import { correlation, effectiveCount, errorsOf } from '../noise.js';

export interface PilotMetric {
  readonly metric: Metric;
  /** What a test set measures, of which the metric is a function: metrics with the same one are drawn together. */
  readonly made: string;
  readonly scales: readonly Scale[];
  /** On the scale without ends: the mean over seeds at each of the pilot's widths, as measured. */
  readonly centres: readonly number[];
  /** What it could be as well, had the pilot been tested on another test set: as in a bootstrap draw. */
  readonly onAnotherTestSet: (draw: number) => readonly number[];
  /** Its variance over seeds, there. */
  readonly variances: readonly number[];
  /** Each member's distance from its centre in standard deviations, `[members]`. */
  readonly deviations: readonly number[];
  /** Normal scores of a new member's test set in each bootstrap draw, `[draws]`. */
  readonly scores: (width: number, seed: number) => Float64Array;
  /** +1 where a better value is a higher one on the scale without ends. */
  readonly sign: number;
  /** From there to what a test set measures: the share, the mean. */
  readonly base: (x: number) => number;
  /** What a test set `size` times the pilot's shows at a normal score. */
  readonly measured: (base: number, score: number, size: number) => number;
  /** The metric of a base. */
  readonly value: (base: number, size: number) => number;
}

/**
 * Models of metrics of these members; those of one base share its draws.
 *
 * @param members two of each width at least
 * @param draws of the test set
 */
export function pilotOf(members: readonly MemberOutcomes[], draws: number): (metric: Metric) => PilotMetric {
  const known = new Map<string, Base>();
  return (metric) => {
    const made = metric.name === 'subset-accuracy' ? accuracy.with({}) : metric;
    const base = known.get(made.id) ?? baseOf(made, members, draws);
    known.set(made.id, base);
    const units = metric.unitValues(members[0]!.outcomes);
    if (units?.share !== true) return { ...base, metric, value: (base) => base };
    return { ...base, metric, value: remembered(units.transform, base.count) };
  };
}

/** `transform` of shares of a test set, each once: simulations ask for the same ones again and again. */
function remembered(transform: UnitValues['transform'], count: number): PilotMetric['value'] {
  let values = new Float64Array(0);
  return (share, size) => {
    const units = Math.round(size * count);
    if (values.length !== units + 1) values = new Float64Array(units + 1).fill(NaN);
    const place = Math.round(share * units);
    const value = values[place]!;
    return Number.isNaN(value) ? (values[place] = transform(place / units, units)) : value;
  };
}

interface Base extends Omit<PilotMetric, 'metric' | 'value'> {
  readonly count: number;
}

function baseOf(metric: Metric, members: readonly MemberOutcomes[], draws: number): Base {
  const curve = sampleCurve(metric, members, { draws });
  const { scales, memberDraws, memberValues } = curve;
  const isShare = metric.unitValues(members[0]!.outcomes)?.share === true;
  const count = isShare ? effectiveCount(curve, members) : curve.count;
  const link = linkOf(metric.limits);
  // Half a success and half a failure more: a share of 0 has a logit too.
  const bases = Array.from(memberValues, (value) => (isShare ? (value * count + 0.5) / (count + 1) : value));
  const errors = isShare ? bases.map((p) => Math.sqrt((p * (1 - p)) / count)) : errorsOf(curve, members);
  const x = bases.map(link.to);
  const ranks = members.map((_, i) => normalScores(memberDraws.map((draw) => draw[i]!)));
  const ofTest = errors.map((error, i) => error * link.slope(bases[i]!));
  const centres = scales.map((scale) => mean(scale.members.map((i) => x[i]!)));
  const spread = scales.map((scale, j) => {
    const squares = scale.members.reduce((sum, i) => sum + (x[i]! - centres[j]!) ** 2, 0);
    const shared = correlation(scale.members.map((i) => ranks[i]));
    const explained = (1 - shared) * mean(scale.members.map((i) => ofTest[i]! ** 2));
    // Where no example is right, or all are, nothing is seen of how seeds differ.
    const isSeen = !isShare || scale.members.some((i) => memberValues[i]! > 0 && memberValues[i]! < 1);
    const degrees = scale.members.length - 1;
    return { degrees: isSeen ? degrees : 0, total: squares / degrees, explained, shared };
  });
  const pooled = (of: (each: (typeof spread)[0]) => number) => spread.map((_, j) => neighbours(spread, j, of));
  const totals = pooled(({ total }) => total);
  const beyond = pooled(({ total, explained }) => total - explained).map((variance) => Math.max(0, variance));
  const deviations = members.map((_, i) => {
    const j = scales.findIndex((scale) => scale.members.includes(i));
    return totals[j] === 0 ? 0 : (x[i]! - centres[j]!) / Math.sqrt(totals[j]!);
  });
  const typical = mean(errors.map((error, i) => error / link.size(bases[i]!)));
  const [least, most] = isShare ? [0, 1] : metric.limits;
  return {
    onAnotherTestSet: (b) =>
      scales.map((scale, j) => centres[j]! + mean(scale.members.map((i) => ofTest[i]! * (ranks[i]?.[b] ?? 0)))),
    ...{ made: metric.id, scales, centres, variances: beyond, deviations, count },
    sign: metric.better === 'higher' ? 1 : -1,
    base: link.from,
    measured(base, score, size) {
      const units = Math.round(count * size);
      if (isShare) return binomialQuantile(units, base, score) / units;
      const error = (typical * link.size(base)) / Math.sqrt(size);
      return Math.min(most, Math.max(least, base + error * score));
    },
    scores: scoresOf(scales, ranks, { draws, shared: spread.map(({ shared }) => shared) }),
  };
}

/** A pooled number of a scale and its two neighbours, which count half; of the nearest where those say nothing. */
function neighbours<T extends { readonly degrees: number }>(all: readonly T[], j: number, of: (each: T) => number) {
  for (let reach = 1; reach < Math.max(2, all.length); reach++) {
    let [sum, weights] = [0, 0];
    for (const [i, each] of all.entries()) {
      if (Math.abs(i - j) > reach) continue;
      const weight = each.degrees * (i === j ? 1 : 0.5);
      sum += weight * of(each);
      weights += weight;
    }
    if (weights > 0) return sum / weights;
  }
  return 0;
}

interface ScoreOptions {
  readonly draws: number;
  /** How far the seeds of each scale have the test set in common. */
  readonly shared: readonly number[];
}

/**
 * A new member has as much in common with another one of its width as the pilot's of the nearest width have with each other: their
 * mean, and the rest for itself.
 */
function scoresOf(
  scales: readonly Scale[],
  ranks: readonly (Float64Array | undefined)[],
  { draws, shared }: ScoreOptions,
): PilotMetric['scores'] {
  const known = new Map<string, Float64Array>();
  const common = scales.map(({ members }) =>
    Float64Array.from({ length: draws }, (_, b) => mean(members.map((i) => ranks[i]?.[b] ?? 0))),
  );
  return (width, seed) => {
    const made = known.get(`${width} ${seed}`);
    if (made !== undefined) return made;
    const j = nearestScale(scales, width);
    const variance = mean(common[j]!.map((value) => value ** 2));
    const part = variance === 0 ? 0 : Math.sqrt(Math.min(1, shared[j]!) / variance);
    const own = Math.sqrt(1 - Math.min(1, shared[j]!));
    const random = Random.named(0, 'design', 'test set', width, seed);
    const scores = common[j]!.map((value) => part * value + (variance === 0 ? 1 : own) * random.normal());
    known.set(`${width} ${seed}`, scores);
    return scores;
  };
}

function nearestScale(scales: readonly Scale[], width: number): number {
  const distances = scales.map((scale) => Math.abs(Math.log(width / scale.width)));
  return distances.indexOf(Math.min(...distances));
}

interface Link {
  readonly to: (value: number) => number;
  readonly from: (x: number) => number;
  readonly slope: (value: number) => number;
  /** What errors of the test set are in proportion to. */
  readonly size: (value: number) => number;
}

/** To a scale without ends. */
function linkOf([least, most]: Metric['limits']): Link {
  if (Number.isFinite(least) && Number.isFinite(most)) {
    const share = (value: number) => Math.min(1 - 1e-12, Math.max(1e-12, (value - least) / (most - least)));
    return {
      to: (value) => Math.log(share(value) / (1 - share(value))),
      from: (x) => least + (most - least) / (1 + Math.exp(-x)),
      slope: (value) => 1 / (share(value) * (1 - share(value)) * (most - least)),
      size: (value) => Math.sqrt(share(value) * (1 - share(value))),
    };
  }
  const inside = (value: number) => Math.max(value, least + 1e-12);
  if (Number.isFinite(least))
    return {
      to: (value) => Math.log(inside(value) - least),
      from: (x) => least + Math.exp(x),
      slope: (value) => 1 / (inside(value) - least),
      size: (value) => value - least,
    };
  return { to: (value) => value, from: (x) => x, slope: () => 1, size: () => 1 };
}

/** Centres that never turn, at any width. */
export function interpolated(
  { scales, sign }: Pick<PilotMetric, 'scales' | 'sign'>,
  centres: readonly number[],
): (width: number) => number {
  const logs = scales.map(({ width }) => Math.log(width));
  const weights = scales.map(({ members }) => members.length);
  const levels = isotonic(
    centres.map((centre) => sign * centre),
    weights,
  ).map((level) => sign * level);
  return (width) => between(logs, levels, Math.log(width));
}

/** Straight lines between the points, the first and the last one without end. */
export function between(xs: readonly number[], ys: ArrayLike<number>, x: number): number {
  let i = 1;
  while (i < xs.length - 1 && x > xs[i]!) i++;
  const t = (x - xs[i - 1]!) / (xs[i]! - xs[i - 1]!);
  return ys[i - 1]! + t * (ys[i]! - ys[i - 1]!);
}

/** Variance over seeds at any width; beyond the pilot's that of its ends. */
export function varianceAt({ scales, variances }: PilotMetric, width: number): number {
  const inside = Math.min(scales.at(-1)!.width, Math.max(scales[0]!.width, width));
  return between(
    scales.map((scale) => Math.log(scale.width)),
    variances,
    Math.log(inside),
  );
}

/** Normal scores of equal chances, with variance 1: sums over them are means over seeds. */
const nodes = (() => {
  const scores = normalScores(Array.from({ length: 41 }, (_, i) => i))!;
  const size = Math.sqrt(mean(scores.map((score) => score ** 2)));
  return scores.map((score) => score / size);
})();

/** Mean of the metric over all seeds there could be, at any width. */
export function expectedCurve(pilot: PilotMetric): (width: number) => number {
  const centre = interpolated(pilot, pilot.centres);
  return (width) => {
    const [middle, deviation] = [centre(width), Math.sqrt(varianceAt(pilot, width))];
    return mean(nodes.map((node) => pilot.value(pilot.base(middle + deviation * node), 1)));
  };
}
