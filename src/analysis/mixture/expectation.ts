/** The E step: how much of each row belongs to each class, and which solved trials were known; moments of a sigmoid for the M step. */
import { logistic, softplus } from '../../statistics/logistic.js';
import { clamp } from './climbing.js';
import type { Data, ExampleRows } from './rows.js';

/** Classes as a step of EM uses them, `[classes]` each. */
interface Classes {
  readonly eases: Float64Array;
  readonly slopes: ArrayLike<number>;
  readonly logWeights: Float64Array;
}

/** What a step of EM computes, `[classes]` each. */
interface Expected {
  readonly logLikelihood: number;
  /** Number of examples. */
  readonly weight: Float64Array;
  /** Number of their trials that were known. */
  readonly solved: Float64Array;
  /** Sum of place over those; NaN if the rows do not determine it. */
  readonly placed: Float64Array;
}

/** Hot: every distinct row, each class. */
export function expect(
  data: Data,
  { features, examples }: ExampleRows,
  { eases, slopes, logWeights }: Classes,
): Expected {
  const { place, trials, floor } = data;
  const [k, d] = [eases.length, features.length];
  // A class's log-likelihood of a row is linear in its features.
  const factors = Array.from(eases, (ease, j) =>
    floor === 0 ? [ease, slopes[j]!].slice(0, d) : Array.from(place, (t) => logOddsOver(ease + slopes[j]! * t, floor)),
  );
  const spared = floor === 0 ? 0 : Math.log1p(-floor) * trials.reduce((sum, n) => sum + n, 0);
  const base = eases.map((ease, j) => logWeights[j]! - expectedCost(data, ease, slopes[j]!) + spared);
  const weight = new Float64Array(k);
  const sums = factors.map(() => new Float64Array(d));
  const terms = new Float64Array(k);
  let logLikelihood = 0;
  for (let i = 0; i < examples.length; i++) {
    let top = -Infinity;
    for (let j = 0; j < k; j++) {
      let term = base[j]!;
      for (let f = 0; f < d; f++) term += factors[j]![f]! * features[f]![i]!;
      terms[j] = term;
      if (term > top) top = term;
    }
    let all = 0;
    for (let j = 0; j < k; j++) all += terms[j] = Math.exp(terms[j]! - top);
    logLikelihood += examples[i]! * (top + Math.log(all));
    for (let j = 0; j < k; j++) {
      const share = (examples[i]! * terms[j]!) / all;
      weight[j]! += share;
      for (let f = 0; f < d; f++) sums[j]![f]! += share * features[f]![i]!;
    }
  }
  if (floor === 0) {
    const [solved, placed] = [0, 1].map((f) => Float64Array.from(sums, (sum) => sum[f] ?? NaN));
    return { logLikelihood, weight, solved: solved!, placed: placed! };
  }
  // Share of the solved trials that were known.
  const known = sums.map((sum, j) =>
    sum.map((solved, s) => solved / (1 + floor * Math.exp(-(eases[j]! + slopes[j]! * place[s]!)))),
  );
  const total = (list: Float64Array) => list.reduce((sum, value) => sum + value, 0);
  return {
    ...{ logLikelihood, weight, solved: Float64Array.from(known, total) },
    placed: Float64Array.from(known, (list) => total(list.map((value, s) => value * place[s]!))),
  };
}

/** Logit of floor + (1 - floor) logistic(x). */
function logOddsOver(x: number, floor: number): number {
  return Math.max(x, 0) + Math.log(Math.exp(Math.min(x, 0)) + floor * Math.exp(-Math.max(x, 0))) - Math.log1p(-floor);
}

/** The same if classes have one slope; `placed` is for all of them. */
export function expectCommon(data: Data, slope: number, eases: Float64Array, logWeights: Float64Array) {
  const slopes = new Float64Array(eases.length).fill(slope);
  const { logLikelihood, placed, ...rest } = expect(data, data.commonRows, { eases, slopes, logWeights });
  // Without a floor, the rows do not contain places, which are the same for all classes.
  return data.floor === 0
    ? { ...rest, logLikelihood: logLikelihood + slope * data.placedSum, placed: data.placedSum }
    : { ...rest, logLikelihood, placed: placed.reduce((sum, value) => sum + value, 0) };
}

export type ExpectedCommon = ReturnType<typeof expectCommon>;

/** Minus log-likelihood of an example that is not known. */
export function expectedCost({ place, trials }: Data, ease: number, slope: number): number {
  let cost = 0;
  for (let s = 0; s < place.length; s++) cost += trials[s]! * softplus(ease + slope * place[s]!);
  return cost;
}

/** Trials that are expected solved, the same times place, and their second moments. */
export function moments({ place, trials }: Data, ease: number, slope: number) {
  const sum = { p: 0, pt: 0, v: 0, vt: 0, vtt: 0 };
  for (let s = 0; s < place.length; s++) {
    const [t, p] = [place[s]!, logistic(ease + slope * place[s]!)];
    const v = trials[s]! * p * (1 - p);
    sum.p += trials[s]! * p;
    sum.pt += trials[s]! * p * t;
    sum.v += v;
    sum.vt += v * t;
    sum.vtt += v * t * t;
  }
  return sum;
}

/** Subtracts, in place, the logarithm of the sum of the exponentials, so that they add up to 1. */
export function normalise(logWeights: Float64Array): void {
  for (let k = 0; k < logWeights.length; k++) logWeights[k] = clamp(logWeights[k]!, -60, 60);
  const top = logWeights.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logWeights.reduce((total, value) => total + Math.exp(value - top), 0);
  for (let k = 0; k < logWeights.length; k++) logWeights[k]! -= top + Math.log(sum);
}
