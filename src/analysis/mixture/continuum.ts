/** A continuum of thresholds: ease = mean + deviation * z with z normal, on a grid of nodes. A point is [slope, mean, deviation]. */
import { solveLeastSquares } from '../../statistics/matrices.js';
import type { Climb, FixedPoint } from '../../statistics/squarem.js';
import { describe, latentClass, type ThresholdFit } from './classes.js';
import { ascend, bestClimb, boundedEase, clamp, type Ascent } from './climbing.js';
import { commonObjective } from './common.js';
import { expectCommon, moments, normalise, type ExpectedCommon } from './expectation.js';
import type { Data } from './rows.js';

/** 6 standard deviations to each side, dense enough to resolve a passage of one logit up to a deviation of 15. */
const nodes = Float64Array.from({ length: 181 }, (_, j) => (j - 90) / 15);

const nodeLogs = nodes.map((z) => (-z * z) / 2);

normalise(nodeLogs);

export function fitContinuum(data: Data, one: Climb): ThresholdFit {
  const project = (at: Float64Array) => {
    at[0] = clamp(at[0]!, -data.steepest, data.steepest);
    at[1] = boundedEase(at[1]!, at[0]);
    // The sign of the deviation is arbitrary.
    at[2] = clamp(Math.abs(at[2]!), 0, 15);
  };
  const model: FixedPoint = { project, step: (at) => continuumStep(data, at, project) };
  const starts = [0.5, 2, 5].map((deviation) => Float64Array.of(one.at[0]!, one.at[1]!, deviation));
  const { at, logLikelihood, converged } = bestClimb(model, starts);
  const [slope, mean, deviation] = [at[0]!, at[1]!, at[2]!];
  const classes = Array.from(nodes, (z, j) =>
    latentClass(data, { weight: Math.exp(nodeLogs[j]!), ease: mean + deviation * z, slope }),
  );
  const middle = latentClass(data, { weight: 1, ease: mean, slope });
  return describe(
    data,
    { kind: 'continuum', ownSlopes: false, classes, logLikelihood, parameters: 3 + data.choices, converged },
    { mean: middle.threshold, standardDeviation: Math.abs(deviation / middle.slope) },
  );
}

function continuumStep(data: Data, at: Float64Array, project: Ascent['project']) {
  const easesOf = (point: Float64Array) => nodes.map((z) => point[1]! + point[2]! * z);
  const expected = expectCommon(data, at[0]!, easesOf(at), nodeLogs);
  const next = at.slice();
  ascend(next, {
    direction: continuumDirection(data, at, expected),
    value: (point) => commonObjective(data, Float64Array.of(point[0]!, ...easesOf(point)), expected),
    project,
  });
  return { next, logLikelihood: expected.logLikelihood };
}

/** Newton's method in slope, mean and deviation: the regressors are place, 1 and z. */
function continuumDirection(data: Data, at: Float64Array, { weight, solved, placed }: ExpectedCommon): Float64Array {
  const rise = [placed, 0, 0];
  const hessian = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  nodes.forEach((z, j) => {
    const m = moments(data, at[1]! + at[2]! * z, at[0]!);
    const w = weight[j]!;
    rise[0]! -= w * m.pt;
    rise[1]! += solved[j]! - w * m.p;
    rise[2]! += z * (solved[j]! - w * m.p);
    const row = [m.vt, m.v, m.v * z];
    const outer = [[m.vtt, m.vt, m.vt * z], row, row.map((entry) => entry * z)];
    outer.forEach((line, r) => {
      line.forEach((entry, c) => (hessian[r]![c]! += w * entry));
    });
  });
  hessian.forEach((line, r) => (line[r]! += 1e-9 * data.examples));
  return solveLeastSquares({ rows: 3, columns: 3, data: Float64Array.from(hessian.flat()) }, Float64Array.from(rise));
}
