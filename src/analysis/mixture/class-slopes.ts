/** Classes with separate slopes. A point is [ease of each class, slope of each, log weight of each]. */
import type { Climb, FixedPoint } from '../../statistics/squarem.js';
import { describe, latentClass, type ThresholdFit } from './classes.js';
import { ascend, bestClimb, boundedEase, clamp, type Ascent, type MixtureShape, splits } from './climbing.js';
import { expect, expectedCost, moments, normalise } from './expectation.js';
import type { Data } from './rows.js';

/**
 * From 2 classes on, as many as the counts can determine; each starts from the fit with a common slope and from the fit with
 * one class less.
 */
export function fitOwn(data: Data, common: readonly Climb[], onFit?: (classes: number) => void): Climb[] {
  const cells = data.table.trials.reduce((product, n) => product * (n + 1), 1);
  const fits: Climb[] = [];
  for (let k = 2; k <= common.length && 3 * k - 1 < cells; k++) {
    const shared = common[k - 1]!.at;
    const slopes = new Array<number>(k).fill(shared[0]!);
    const starts: Float64Array[] = [
      Float64Array.of(...shared.subarray(1, 1 + k), ...slopes, ...shared.subarray(1 + k)),
    ];
    const fewer = fits.at(-1)?.at;
    if (fewer !== undefined) starts.push(...splits(fewer, 0));
    fits.push(bestClimb(ownModel(data, k), starts));
    onFit?.(k);
  }
  return fits;
}

function ownModel(data: Data, k: number): FixedPoint {
  const project = (at: Float64Array) => {
    for (let j = 0; j < k; j++) {
      at[k + j] = clamp(at[k + j]!, -data.steepest, data.steepest);
      at[j] = boundedEase(at[j]!, at[k + j]!);
    }
    normalise(at.subarray(2 * k));
  };
  return { project, step: (at) => ownStep(data, at, { k, project }) };
}

function ownStep(data: Data, at: Float64Array, { k, project }: MixtureShape) {
  const [eases, slopes] = [at.subarray(0, k), at.subarray(k, 2 * k)];
  const { logLikelihood, weight, solved, placed } = expect(data, data.rows, {
    ...{ eases, slopes, logWeights: at.subarray(2 * k) },
  });
  const next = at.slice();
  for (let j = 0; j < k; j++) {
    const own = { weight: weight[j]!, solved: solved[j]!, placed: placed[j]! };
    const point = Float64Array.of(eases[j]!, slopes[j]!);
    ascend(point, sigmoidAscent(data, point, own));
    next[j] = point[0]!;
    next[k + j] = point[1]!;
    next[2 * k + j] = Math.log(weight[j]! / data.examples);
  }
  project(next);
  return { next, logLikelihood };
}

/** A class's own logistic regression on [1, place]. */
function sigmoidAscent(
  data: Data,
  point: Float64Array,
  { weight, solved, placed }: { readonly weight: number; readonly solved: number; readonly placed: number },
): Ascent {
  const m = moments(data, point[0]!, point[1]!);
  const [rise, slopeRise] = [solved - weight * m.p, placed - weight * m.pt];
  const damping = 1e-9 * data.examples;
  const [v, vt, vtt] = [weight * m.v + damping, weight * m.vt, weight * m.vtt + damping];
  const determinant = v * vtt - vt * vt;
  return {
    direction: Float64Array.of((vtt * rise - vt * slopeRise) / determinant, (v * slopeRise - vt * rise) / determinant),
    value: (at) => at[0]! * solved + at[1]! * placed - weight * expectedCost(data, at[0]!, at[1]!),
    project: (at) => {
      at[1] = clamp(at[1]!, -data.steepest, data.steepest);
      at[0] = boundedEase(at[0]!, at[1]);
    },
  };
}

export function describeOwn(data: Data, { at, logLikelihood, converged }: Climb): ThresholdFit {
  const k = at.length / 3;
  const classes = Array.from({ length: k }, (_, j) =>
    latentClass(data, { weight: Math.exp(at[2 * k + j]!), ease: at[j]!, slope: at[k + j]! }),
  );
  return describe(data, {
    ...{ kind: 'classes', ownSlopes: true, classes, logLikelihood, parameters: 3 * k - 1 + data.choices, converged },
  });
}
