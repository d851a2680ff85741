/** Classes with a common slope. A point is [slope, ease of each class, log weight of each class]; a class's logit is ease + slope * place. */
import type { Climb, FixedPoint } from '../../statistics/squarem.js';
import { describe, latentClass, type ThresholdFit } from './classes.js';
import { ascend, bestClimb, boundedEase, clamp, type MixtureShape, splits } from './climbing.js';
import { expectCommon, expectedCost, moments, normalise, type ExpectedCommon } from './expectation.js';
import type { Data } from './rows.js';

export function fitCommon(data: Data, most: number): Climb[] {
  const fits = [bestClimb(commonModel(data, 1), [Float64Array.of(4, logitOf(meanTotal(data)) - 2, 0)])];
  for (let k = 2; k <= most; k++) {
    fits.push(bestClimb(commonModel(data, k), [quantileStart(data, k), ...splits(fits[k - 2]!.at, 1)]));
  }
  return fits;
}

/** Share of trials that are solved. */
function meanTotal({ totals, examples }: Data): number {
  return totals.reduce((sum, count, total) => sum + count * total, 0) / (examples * (totals.length - 1));
}

function logitOf(share: number): number {
  const p = clamp(share, 1e-4, 1 - 1e-4);
  return Math.log(p / (1 - p));
}

/** Starts classes at the middles of K equal parts of the examples, ordered by how many members solve them. */
function quantileStart({ totals, examples }: Data, k: number): Float64Array {
  const trials = totals.length - 1;
  const eases = Array.from({ length: k }, (_, j) => {
    let total = 0;
    for (let sum = totals[0]!; sum < ((j + 0.5) / k) * examples; sum += totals[total]!) total++;
    // The small term keeps classes of the same total apart.
    return 2 * logitOf((total + 0.5) / (trials + 1)) - 2 + 0.01 * j;
  });
  return Float64Array.of(4, ...eases, ...eases.map(() => -Math.log(k)));
}

function commonModel(data: Data, k: number): FixedPoint {
  const project = (at: Float64Array) => {
    at[0] = clamp(at[0]!, -data.steepest, data.steepest);
    for (let j = 1; j <= k; j++) at[j] = boundedEase(at[j]!, at[0]);
    normalise(at.subarray(1 + k));
  };
  return { project, step: (at) => commonStep(data, at, { k, project }) };
}

/** E: classes of each row. M: one Newton step in slope and eases, halved until it improves. */
function commonStep(data: Data, at: Float64Array, { k, project }: MixtureShape) {
  const expected = expectCommon(data, at[0]!, at.subarray(1, 1 + k), at.subarray(1 + k));
  const next = at.slice();
  ascend(next, {
    direction: commonDirection(data, at, expected),
    value: (point) => commonObjective(data, point, expected),
    project,
  });
  for (let j = 0; j < k; j++) next[1 + k + j] = Math.log(expected.weight[j]! / data.examples);
  normalise(next.subarray(1 + k));
  return { next, logLikelihood: expected.logLikelihood };
}

export function commonObjective(data: Data, point: Float64Array, { weight, solved, placed }: ExpectedCommon): number {
  let value = point[0]! * placed;
  for (let j = 0; j < weight.length; j++) {
    value += point[1 + j]! * solved[j]! - weight[j]! * expectedCost(data, point[1 + j]!, point[0]!);
  }
  return value;
}

/**
 * Newton's method: the Hessian is an arrow matrix, as the slope is coupled with every ease and the eases with nothing
 * else.
 */
function commonDirection(data: Data, at: Float64Array, { weight, solved, placed }: ExpectedCommon): Float64Array {
  const k = weight.length;
  const direction = new Float64Array(at.length);
  const ties = weight.map((w, j) => w * moments(data, at[1 + j]!, at[0]!).vt);
  const rise = new Float64Array(k);
  const curvature = new Float64Array(k);
  let slopeRise = placed;
  let slopeCurvature = 0;
  for (let j = 0; j < k; j++) {
    const m = moments(data, at[1 + j]!, at[0]!);
    slopeRise -= weight[j]! * m.pt;
    slopeCurvature += weight[j]! * m.vtt;
    rise[j] = solved[j]! - weight[j]! * m.p;
    curvature[j] = weight[j]! * m.v + 1e-9 * data.examples;
  }
  for (let j = 0; j < k; j++) {
    slopeRise -= (ties[j]! * rise[j]!) / curvature[j]!;
    slopeCurvature -= ties[j]! ** 2 / curvature[j]!;
  }
  direction[0] = slopeRise / (slopeCurvature + 1e-9 * data.examples);
  for (let j = 0; j < k; j++) direction[1 + j] = (rise[j]! - ties[j]! * direction[0]) / curvature[j]!;
  return direction;
}

export function describeCommon(data: Data, { at, logLikelihood, converged }: Climb): ThresholdFit {
  const k = (at.length - 1) / 2;
  const classes = Array.from({ length: k }, (_, j) =>
    latentClass(data, { weight: Math.exp(at[1 + k + j]!), ease: at[1 + j]!, slope: at[0]! }),
  );
  return describe(data, {
    kind: k === 1 ? 'one' : 'classes',
    ownSlopes: false,
    classes,
    ...{ logLikelihood, parameters: 2 * k + data.choices, converged },
  });
}
