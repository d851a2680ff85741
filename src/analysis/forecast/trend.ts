/**
 * Extrapolation of smooth curves of unknown form: a slope that varies (local linear trend, Harvey 1989, Forecasting, Structural
 * Time Series Models and the Kalman Filter, Sec. 2.3), and candidates weighted by how well they have predicted the scales so far.
 */
import { sumOfSquaredNormals } from '../../statistics/normal.js';
import { mean } from '../../statistics/mean.js';
import { quantile } from '../../statistics/bootstrap.js';
import { FitError } from '../../statistics/least-squares.js';
import { Random } from '../../statistics/random.js';
import type { ModelFit } from '../fits.js';
import type { CurveModel } from '../models.js';
import { predictiveDraws, type KnownCurve } from './predictive.js';
import { counted } from '../../terminal/format.js';

export interface Extrapolated {
  /** `[targets]` of `[draws]`. */
  readonly draws: readonly Float64Array[];
  /** None for a local trend. */
  readonly fit?: ModelFit;
}

/** A way to continue a curve. Throws FitError if it cannot. */
export interface Extrapolation {
  readonly name: string;
  readonly extrapolate: (
    curve: KnownCurve,
    targets: { readonly scales: readonly number[]; readonly draws: number; readonly random: Random },
  ) => Extrapolated;
}

export const fitted = (model: CurveModel): Extrapolation => ({
  name: model.name,
  extrapolate: (curve, targets) => predictiveDraws(model, curve, targets),
});

/**
 * The last slope per ln N, which keeps varying as it has so far: variance of its changes per ln N, minus what seeds
 * explain.
 */
export const localTrend: Extrapolation = {
  name: 'local-trend',
  extrapolate({ scales, seeds }, { scales: targets, draws, random }) {
    const n = scales.length;
    if (n < 3) throw new FitError('too-few-points', `${counted(n, 'scale')}; local-trend needs 3`);
    const x = scales.map(Math.log);
    const means = seeds.map((values) => mean(values));
    const noise = seedVariance(seeds, means);
    const slopes = x.slice(1).map((at, i) => (means[i + 1]! - means[i]!) / (at - x[i]!));
    const ofMean = seeds.map((values) => noise / values.length);
    const rates = slopes.slice(1).map((slope, i) => {
      const [before, after] = [x[i + 1]! - x[i]!, x[i + 2]! - x[i + 1]!];
      // Variance of a change of slope due to the noise of three means.
      const byNoise =
        ofMean[i]! / before ** 2 + ofMean[i + 1]! * (1 / before + 1 / after) ** 2 + ofMean[i + 2]! / after ** 2;
      // Mean slopes of two neighbouring segments of a Wiener process differ by its rate times a third of their length.
      return ((slope - slopes[i]!) ** 2 - byNoise) / ((before + after) / 3);
    });
    const rate = Math.max(0, mean(rates));
    const length = x[n - 1]! - x[n - 2]!;
    const results = targets.map(() => new Float64Array(draws));
    for (let b = 0; b < draws; b++) {
      const wander = (rate * rates.length) / sumOfSquaredNormals(rates.length, random);
      // The level of the curve at the last two scales is known from few seeds.
      const last = Math.sqrt(ofMean[n - 1]!) * random.normal();
      const before = Math.sqrt(ofMean[n - 2]!) * random.normal();
      const slope = slopes.at(-1)! + (last - before) / length + Math.sqrt((wander * length) / 3) * random.normal();
      targets.forEach((target, t) => {
        const ahead = Math.log(target) - x[n - 1]!;
        const bend = Math.sqrt((wander * Math.abs(ahead) ** 3) / 3) * random.normal();
        results[t]![b] = means[n - 1]! + last + slope * ahead + bend + Math.sqrt(noise) * random.normal();
      });
    }
    return { draws: results };
  },
};

/** Variance between seeds, pooled over scales; 0 with one seed. */
function seedVariance(seeds: readonly (readonly number[])[], means: readonly number[]): number {
  const degrees = seeds.reduce((sum, values) => sum + values.length - 1, 0);
  const squares = seeds.flatMap((values, i) => values.map((value) => (value - means[i]!) ** 2));
  return degrees === 0 ? 0 : squares.reduce((sum, value) => sum + value, 0) / degrees;
}

export interface Weighed extends Extrapolated {
  readonly name: string;
  readonly weight: number;
}

/** Fewest scales from which a candidate predicts the next one. */
const fewest = 3;

/**
 * Candidates weighted by their likelihood for each known scale, predicted from those before it (prequential, Dawid 1984,
 * J. R. Stat. Soc. A 147, 278-292); equal weights if there is nothing to judge them by.
 *
 * @throws FitError if no candidate can continue the curve
 */
export function weighCandidates(
  candidates: readonly Extrapolation[],
  curve: KnownCurve,
  targets: { readonly scales: readonly number[]; readonly draws: number; readonly seed: number; readonly name: string },
): Weighed[] {
  const going: { candidate: Extrapolation; result: Extrapolated }[] = [];
  let refusal: FitError | undefined;
  for (const candidate of candidates) {
    try {
      const random = Random.named(targets.seed, 'forecast', targets.name, candidate.name);
      going.push({ candidate, result: candidate.extrapolate(curve, { ...targets, random }) });
    } catch (error) {
      if (!(error instanceof FitError)) throw error;
      refusal ??= error;
    }
  }
  if (going.length === 0) throw refusal ?? new FitError('too-few-points', 'no trend could be extrapolated');
  const logs = going.map(({ candidate }) => prequential(candidate, curve, targets.seed));
  const most = Math.max(...logs);
  const likelihoods = logs.map((log) => Math.exp(log - most));
  const total = likelihoods.reduce((sum, each) => sum + each, 0);
  return going.map(({ candidate, result }, i) => ({
    name: candidate.name,
    weight: likelihoods[i]! / total,
    ...result,
  }));
}

/**
 * Sum of ln density of each scale's mean, predicted from those before it; a scale that it cannot predict counts as the worst guess of all
 * candidates.
 */
function prequential(candidate: Extrapolation, curve: KnownCurve, seed: number): number {
  let total = 0;
  for (let known = fewest; known < curve.scales.length; known++) {
    const before = { ...curve, scales: curve.scales.slice(0, known), seeds: curve.seeds.slice(0, known) };
    const values = curve.seeds[known]!;
    const truth = mean(values);
    total += logDensity(candidate, before, { scale: curve.scales[known]!, truth, seed });
  }
  return total;
}

const judgingDraws = 200;

function logDensity(
  candidate: Extrapolation,
  before: KnownCurve,
  { scale, truth, seed }: { readonly scale: number; readonly truth: number; readonly seed: number },
): number {
  const seen = before.seeds.flat();
  const range = Math.max(...seen) - Math.min(...seen) || 1;
  // Equivalent to knowing only that it may be anywhere within twice the range seen.
  const ignorance = -Math.log(2 * range);
  try {
    const random = Random.named(seed, 'prequential', candidate.name, before.scales.length);
    const { draws } = candidate.extrapolate(
      { ...before, resampled: [] },
      { scales: [scale], draws: judgingDraws, random },
    );
    const ascending = draws[0]!.slice().sort();
    const centre = quantile(ascending, 0.5);
    // Student's tails are excluded: the quartiles determine the width.
    const width = Math.max((quantile(ascending, 0.75) - quantile(ascending, 0.25)) / 1.349, 1e-3 * range);
    const density = Math.exp(-(((truth - centre) / width) ** 2) / 2) / (width * Math.sqrt(2 * Math.PI));
    // One miss must not rule out a candidate for good.
    return Math.log(0.9 * density + 0.1 * Math.exp(ignorance));
  } catch (error) {
    if (error instanceof FitError) return ignorance;
    throw error;
  }
}
