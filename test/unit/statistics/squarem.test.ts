import { expect, test } from 'vitest';
import { climb, type FixedPoint } from '../../../src/statistics/squarem.js';

/**
 * EM for the share w of one of two known components; likelihoods 0.6 and 0.4 for 70 observations, 0.4 and 0.6 for 30. The maximum in closed
 * form: 70 * 0.2 / (0.4 + 0.2 w) = 30 * 0.2 / (0.6 - 0.2 w) has w = 1.5, so the optimum is at the edge, 1; with 55 and 45 it is w = 0.75.
 */
function shares(first: number, second: number): FixedPoint {
  return {
    project: (at) => {
      at[0] = Math.min(1, Math.max(0, at[0]!));
    },
    step: (at) => {
      const w = at[0]!;
      const [p, q] = [0.4 + 0.2 * w, 0.6 - 0.2 * w];
      const next = (first * 0.6 * w) / p + (second * 0.4 * w) / q;
      return {
        next: Float64Array.of(next / (first + second)),
        logLikelihood: first * Math.log(p) + second * Math.log(q),
      };
    },
  };
}

test('climbs to the maximum, in far fewer steps than EM, and never down', () => {
  let steps = 0;
  const model = shares(55, 45);
  const counted: FixedPoint = {
    ...model,
    step: (at) => {
      steps++;
      return model.step(at);
    },
  };
  const { at, logLikelihood, converged } = climb(counted, Float64Array.of(0.1), { tolerance: 1e-13, cycles: 1000 });
  expect(converged).toBe(true);
  // A tolerance of 1e-13 nats leaves the flat optimum's place to about the root of that.
  expect(at).toBeAllClose([0.75], { atol: 1e-4 });
  expect(logLikelihood).toBeAllClose(55 * Math.log(0.55) + 45 * Math.log(0.45), { rtol: 1e-12 });
  let plain = Float64Array.of(0.1);
  let plainSteps = 0;
  while (Math.abs(plain[0]! - 0.75) > 1e-4) [plain, plainSteps] = [model.step(plain).next.slice(), plainSteps + 1];
  expect(steps).toBeLessThan(plainSteps / 3);
});

test('an optimum at the edge is reached and kept', () => {
  const { at } = climb(shares(70, 30), Float64Array.of(0.5), { tolerance: 1e-12, cycles: 1000 });
  expect(at).toBeAllClose([1], { atol: 1e-6 });
});

test('says so if the cycles do not suffice', () => {
  expect(climb(shares(55, 45), Float64Array.of(0.1), { tolerance: 0, cycles: 1 }).converged).toBe(false);
});
