/**
 * Methods to predict a larger member, each a data object: baselines, fits of the metric's own curve, and indirect
 * methods.
 */
import { mean } from '../../statistics/mean.js';
import type { MemberOutcomes } from '../../metrics/curve.js';
import type { Metric } from '../../metrics/metric.js';
import { akaikeWeights, FitError } from '../../statistics/least-squares.js';
import { Random } from '../../statistics/random.js';
import { drawnMean } from '../../statistics/bootstrap.js';
import { levelLimits } from '../curve-data.js';
import { scalesOf } from '../curves.js';
import { drawMembers } from '../draws/members.js';
import type { ModelFit } from '../fits.js';
import { predictFromStandard } from '../independence.js';
import { brokenPowerLaw, constant, line, powerLaw, sigmoid, twoSigmoids, type CurveModel } from '../models.js';
import {
  latentOf,
  placementOf,
  referenceOf,
  shareAbove,
  type Placement,
  type Reference,
} from './outcome-distribution.js';
import { fitted, localTrend, weighCandidates, type Extrapolation, type Weighed } from './trend.js';
import { predictiveDraws, type KnownCurve, type PredictiveDraws } from './predictive.js';

/** A metric of the known members, and the scales to predict. */
export interface ForecastProblem {
  readonly metric: Metric;
  readonly members: readonly MemberOutcomes[];
  /** Parameters of each known scale, ascending. */
  readonly scales: readonly number[];
  readonly curve: KnownCurve;
  /** Parameters of the members to predict. */
  readonly targets: readonly number[];
  readonly draws: number;
  readonly seed: number;
}

/** A fit that contributed. */
export interface UsedFit {
  readonly of: string;
  readonly name: string;
  /** None for a method without parameters. */
  readonly fit: ModelFit | undefined;
  /** Its share of the draws. */
  readonly weight: number;
}

export interface MethodResult {
  /** `[targets]` of `[draws]`. */
  readonly draws: readonly Float64Array[];
  readonly fits: readonly UsedFit[];
}

export interface ForecastMethod {
  readonly name: string;
  readonly kind: 'baseline' | 'direct' | 'detour';
  readonly formula: string;
  readonly source: string;
  /** @throws FitError, one line, if the method cannot be used */
  readonly run: (problem: ForecastProblem) => MethodResult;
}

const direct = (model: CurveModel, kind: ForecastMethod['kind'] = 'direct'): ForecastMethod => ({
  name: model.name,
  kind,
  formula: model.formula,
  source: model.source,
  run(problem) {
    const { fit, draws } = drawsOf(model, problem);
    return { draws, fits: [{ of: problem.metric.id, name: model.name, fit, weight: 1 }] };
  },
});

/** How far the last value could move: a random walk in ln N with the steps of the curve so far. */
const lastValue: ForecastMethod = {
  name: 'last-value',
  kind: 'baseline',
  formula: 'the value of the largest known scale, spread as a random walk in ln N with the steps seen so far',
  source: 'the naive forecast of time series (Hyndman and Athanasopoulos 2021, Sec. 5.2)',
  run({ curve, targets, draws, seed, metric }) {
    const { scales, seeds, limits, spread } = curve;
    if (scales.length < 2) throw new FitError('too-few-points', `${scales.length} scale; last-value needs 2`);
    const random = Random.named(seed, 'forecast', 'last-value', metric.id);
    const means = seeds.map((values) => mean(values));
    const last = seeds.at(-1)!;
    const rates = means.slice(1).map((mean, i) => {
      const unit = (spread(mean) + spread(means[i]!)) / 2;
      return ((mean - means[i]!) / unit) ** 2 / Math.log(scales[i + 1]! / scales[i]!);
    });
    const rate = mean(rates);
    const unit = spread(means.at(-1)!);
    const results = targets.map((target) => {
      const step = unit * Math.sqrt(rate * Math.abs(Math.log(target / scales.at(-1)!)));
      return Float64Array.from({ length: draws }, () => {
        const value = last[random.integer(last.length)]! + step * random.normal();
        return Math.min(limits[1], Math.max(limits[0], value));
      });
    });
    return { draws: results, fits: [] };
  },
};

const averaged = [line, powerLaw, sigmoid, brokenPowerLaw, twoSigmoids] as const;

const average: ForecastMethod = {
  name: 'average',
  kind: 'direct',
  formula: `${averaged.map(({ name }) => name).join(', ')}, combined with Akaike weights from AICc over scales; all seeds of a scale share its deviation`,
  source: 'Burnham and Anderson 2002, Model Selection, Ch. 4',
  run: (problem) => averageOf(averaged, problem, problem.metric.id),
};

const prequential: ForecastMethod = {
  name: 'prequential',
  kind: 'direct',
  formula: `${averaged.map(({ name }) => name).join(', ')}, weighted by how well they predicted each scale from the smaller ones`,
  source: 'Dawid 1984, J. R. Stat. Soc. A 147, 278-292',
  run({ metric, curve, targets, draws, seed }) {
    const candidates = averaged.map((model) => fitted(model));
    const weighed = weighCandidates(candidates, curve, { scales: targets, draws, seed, name: metric.id });
    return mixtureOf(weighed, { of: metric.id, draws, seed });
  },
};

/** Hu et al.'s law needs success rates above 0: closed forms resolve rates far below 1 / (size of the test set). */
const passRate: ForecastMethod = {
  name: 'pass-rate',
  kind: 'detour',
  formula:
    'ln(-ln y) = c0 + c1 ln N, y is the success rate at high resolution: accuracy^K, the product of the accuracies at each place, or the share itself where it is above 0',
  source: 'PassUntil and its task scaling law, Hu et al. 2023 (arXiv 2310.03262)',
  run({ metric, members, curve, targets, draws, seed }) {
    if (metric.unit !== 'probability') throw new FitError('not-finite', `${metric.id} is not a success rate`);
    const fine = predictFromStandard(metric, members);
    const isFine = fine !== undefined && metric.name !== 'reconstruction';
    const seeds = scalesOf(members).map((scale, i) =>
      isFine ? scale.members.map((place) => fine.memberValues[place]!) : curve.seeds[i]!,
    );
    const usable = curve.scales.flatMap((scale, i) => {
      const values = seeds[i]!.filter((value) => value > 0 && value < 1).map((value) => Math.log(-Math.log(value)));
      return values.length === 0 ? [] : [{ scale, values }];
    });
    if (usable.length < 3)
      throw new FitError(
        'too-few-points',
        `${usable.length} scale${usable.length === 1 ? '' : 's'} with a success rate between 0 and 1; pass-rate needs 3`,
      );
    const known: KnownCurve = {
      scales: usable.map(({ scale }) => scale),
      seeds: usable.map(({ values }) => values),
      resampled: [],
      limits: [-Infinity, Infinity],
      spread: () => 1,
    };
    const random = Random.named(seed, 'forecast', 'pass-rate', metric.id);
    const { fit, draws: values } = predictiveDraws(line, known, { scales: targets, draws, random });
    return {
      draws: values.map((each) => each.map((value) => Math.exp(-Math.exp(value)))),
      fits: [{ of: 'ln(-ln y)', name: line.name, fit, weight: 1 }],
    };
  },
};

const perExample: ForecastMethod = {
  name: 'per-example',
  kind: 'detour',
  formula:
    'the share above the threshold of a distribution with the shape seen at the largest known scale; its location is extrapolated by a line, a power law or a local trend, its log width by a constant or a line, weighted by how well they predicted each scale from the smaller ones',
  source: 'after Schaeffer et al. 2024 (arXiv 2406.04391): per-example continuous outcomes decide thresholded ones',
  run(problem) {
    const { metric, members, curve, draws, seed } = problem;
    const latent = latentOf(metric);
    if (latent === undefined)
      throw new FitError('not-finite', `${metric.id} is not a threshold on a continuous outcome`);
    const missing = latent.needs.filter((name) => members.some((member) => member.outcomes[name] === undefined));
    if (missing.length > 0) throw new FitError('not-finite', `the outcomes do not have ${missing.join(', ')}`);
    const scales = scalesOf(members);
    const values = members.map((member) => latent.of(member.outcomes, metric.parameters));
    const reference = referenceOf(scales.at(-1)!.members.map((place) => values[place]!));
    const placed = scales.flatMap((scale, i) => {
      const placements = scale.members
        .map((place) => placementOf(values[place]!, reference))
        .filter((each): each is Placement => each !== undefined);
      return placements.length === 0 ? [] : [{ scale: curve.scales[i]!, placements }];
    });
    const along = (key: keyof Placement, among: readonly Extrapolation[]): MethodResult => {
      const known: KnownCurve = {
        scales: placed.map(({ scale }) => scale),
        seeds: placed.map(({ placements }) => placements.map((each) => each[key])),
        resampled: [],
        limits: [-Infinity, Infinity],
        spread: () => 1,
      };
      const weighed = weighCandidates(among, known, { scales: problem.targets, draws, seed, name: key });
      return mixtureOf(weighed, { of: key, draws, seed });
    };
    const location = along('location', [fitted(line), fitted(powerLaw), localTrend]);
    const spread = along('logSpread', [fitted(constant), fitted(line)]);
    const own = metric.unitValues(members.at(-1)!.outcomes)!.transform;
    const transform = (share: number) => latent.metricOf?.(share, metric.parameters) ?? own(share);
    const results = problem.targets.map((_, t) =>
      Float64Array.from({ length: draws }, (__, b) =>
        transform(shareOf(location.draws[t]![b]!, spread.draws[t]![b]!, reference)),
      ),
    );
    return { draws: results, fits: [...location.fits, ...spread.fits] };
  },
};

function shareOf(location: number, logSpread: number, reference: Reference): number {
  return shareAbove({ location, logSpread: Math.min(5, Math.max(-5, logSpread)) }, reference);
}

/** In the order of tables: baselines, direct fits, indirect methods. */
export const forecastMethods = [
  lastValue,
  direct(line, 'baseline'),
  direct(powerLaw, 'baseline'),
  direct(sigmoid),
  direct(twoSigmoids),
  direct(brokenPowerLaw),
  average,
  prequential,
  passRate,
  perExample,
] as const;

function drawsOf(model: CurveModel, { curve, targets, draws, seed, metric }: ForecastProblem, of = metric.id) {
  const random = Random.named(seed, 'forecast', model.name, of);
  return predictiveDraws(model, curve, { scales: targets, draws, random });
}

/** Draws from several models, in numbers proportional to their weights. */
function averageOf(among: readonly CurveModel[], problem: ForecastProblem, of: string): MethodResult {
  const candidates: PredictiveDraws[] = [];
  let refusal: FitError | undefined;
  for (const model of among) {
    try {
      candidates.push(drawsOf(model, problem, of));
    } catch (error) {
      if (!(error instanceof FitError)) throw error;
      refusal ??= error;
    }
  }
  const usable = candidates.filter(({ fit }) => Number.isFinite(fit.aicc));
  const chosen = usable.length > 0 ? usable : candidates.slice(0, 1);
  if (chosen.length === 0) throw refusal ?? new FitError('not-converged', 'no model could be fitted');
  const weights = usable.length > 0 ? akaikeWeights(usable.map(({ fit }) => fit.aicc)) : [1];
  const weighed = chosen.map((each, i) => ({ ...each, name: each.fit.model.name, weight: weights[i]! }));
  return mixtureOf(weighed, { of, draws: problem.draws, seed: problem.seed });
}

/** Each draw is of one of them, by weight. */
function mixtureOf(
  weighed: readonly Weighed[],
  { of, draws, seed }: { readonly of: string; readonly draws: number; readonly seed: number },
): MethodResult {
  const random = Random.named(seed, 'forecast', 'mixture', of);
  const weights = weighed.map(({ weight }) => weight);
  const picks = Int32Array.from({ length: draws }, () => pick(weights, random));
  const mixed = weighed[0]!.draws.map((_, t) => Float64Array.from(picks, (i, b) => weighed[i]!.draws[t]![b]!));
  return { draws: mixed, fits: weighed.map(({ name, fit, weight }) => ({ of, name, fit, weight })) };
}

function pick(weights: readonly number[], random: Random): number {
  let left = random.uniform();
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i]!;
    if (left < 0) return i;
  }
  return weights.length - 1;
}

export interface ProblemOptions {
  readonly targets: readonly number[];
  readonly draws: number;
  readonly seed?: number;
}

/** Members of at least two scales. Throws UsageError if the test set is too small for the metric. */
export function problemOf(
  metric: Metric,
  members: readonly MemberOutcomes[],
  { targets, draws, seed = 0 }: ProblemOptions,
): ForecastProblem {
  const scales = scalesOf(members);
  const { observed, draws: memberDraws } = drawMembers(metric, members, { draws, seed });
  const random = Random.named(seed, 'forecast', 'seeds');
  const resampled = memberDraws.map((values) => scales.map((scale) => drawnMean(values, scale.members, random)));
  // An error has no upper limit, yet a steep fit to few scales would predict billions of times all that was seen.
  const possible = levelLimits([...observed], { lower: metric.limits[0], upper: metric.limits[1] });
  const curve: KnownCurve = {
    scales: scales.map(({ parameters }) => parameters),
    seeds: scales.map((scale) => scale.members.map((place) => observed[place]!)),
    resampled,
    limits: [possible.lower, possible.upper],
    spread: spreadOf(metric),
  };
  return { metric, members, scales: curve.scales, curve, targets, draws, seed };
}

/**
 * Values above 0 without an upper limit, such as errors and losses, scatter in proportion to themselves; all others
 * equally everywhere, as curves are usually fitted.
 */
function spreadOf({ limits: [lower, upper] }: Metric): (value: number) => number {
  return lower === 0 && upper === Infinity ? (value) => Math.max(value, 1e-12) : () => 1;
}
