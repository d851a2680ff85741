import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitFamily } from '../../../src/analysis/theory-fit.js';
import { allRight, expectedEditDistance, fitPowerLaw, tokenLoss } from '../../../src/analysis/theory.js';
import { Random } from '../../../src/statistics/random.js';
import { memberOf } from '../../support/members.js';

test('recovers a power law, whatever its exponent', () => {
  const law = fc.record({
    exponent: fc.double({ min: -2, max: -0.05, noNaN: true }),
    scale: fc.double({ min: 1, max: 1e9, noNaN: true }),
  });
  fc.assert(
    fc.property(law, (truth) => {
      const points = [1e3, 1e4, 3e5, 1e7].map((parameters) => ({ parameters, loss: tokenLoss(truth, parameters) }));
      const fit = fitPowerLaw(points);
      expect(fit.exponent).toBeAllClose(truth.exponent, { rtol: 1e-9 });
      expect(Math.log(fit.scale)).toBeAllClose(Math.log(truth.scale), { rtol: 1e-7, atol: 1e-7 });
    }),
  );
});

/** scipy 1.17: r = linregress(np.log([100, 1000, 10000, 1e5]), np.log([2.0, 1.1, .5, .3])); r.slope, r.stderr */
test('slope and standard error match SciPy’s', () => {
  const losses = [2, 1.1, 0.5, 0.3];
  const { exponent, standardError } = fitPowerLaw(losses.map((loss, i) => ({ parameters: 10 ** (i + 2), loss })));
  expect([exponent, standardError]).toBeAllClose([-0.28141489036551626, 0.015571589865215861], { rtol: 1e-9 });
});

test('at N = c a token costs 1 nat, and ten tokens are all right with probability exp(-10)', () => {
  const law = { exponent: -0.3, scale: 1e6 };
  expect(tokenLoss(law, 1e6)).toBe(1);
  expect(allRight(law, 1e6, 10)).toBeAllClose(Math.exp(-10), { rtol: 1e-12 });
  expect(expectedEditDistance(law, 1e6, 10)).toBeAllClose(10 * (1 - Math.exp(-1)), { rtol: 1e-12 });
});

test('losses of 0 and a single size have no power law', () => {
  expect(() =>
    fitPowerLaw([
      { parameters: 1, loss: 0 },
      { parameters: 2, loss: 1 },
    ]),
  ).toThrow(RangeError);
  expect(() =>
    fitPowerLaw([
      { parameters: 5, loss: 2 },
      { parameters: 5, loss: 1 },
    ]),
  ).toThrow(RangeError);
});

/** Models that match the theory: every token has probability p = exp(-L(N)) and is independently right with it. */
test('a family that follows the model is predicted: accuracy^L, edit distance', () => {
  const random = Random.named(0, 'theory');
  const law = { exponent: -0.5, scale: 200 };
  const count = 40_000;
  const members = [1, 4, 16, 64].map((width) => {
    const p = Math.exp(-tokenLoss(law, 100 * width));
    const correct = Uint8Array.from({ length: count }, () => (random.uniform() < p ? 1 : 0));
    return memberOf(width, 0, {
      correct,
      log_probability: new Float32Array(count).fill(Math.log(p)),
      // a wrong token occurs nowhere else, so that nothing shifts into place
      label: Int32Array.from({ length: count }, (_, i) => i % 8),
      predicted: Int32Array.from(correct, (right, i) => (right === 1 ? i % 8 : 99)),
      sequence: Int32Array.from({ length: count }, (_, i) => Math.floor(i / 8)),
      example: Int32Array.from({ length: count }, (_, i) => i),
    });
  });
  const fit = fitFamily('run', members, { lengths: [1, 8], draws: 20 });
  expect(fit.law.exponent).toBeAllClose(-0.5, { rtol: 1e-5 });
  // 5000 sequences: standard errors below .007 of a share, below .02 of a distance over 8 tokens
  for (const { distance } of fit.right) expect(distance.largest).toBeLessThan(0.03);
  expect(fit.edits!.distance.largest).toBeLessThan(0.1);
});

test('intervals of the predictions come from those of the fitted losses', () => {
  const random = Random.named(0, 'theory', 'intervals');
  const count = 4000;
  const members = [1, 4].map((width) =>
    memberOf(width, 0, {
      correct: new Uint8Array(count).fill(1),
      // Uniform over 1 nat: the standard deviation is 1 / sqrt(12).
      log_probability: Float32Array.from({ length: count }, () => -1 / width - random.uniform()),
    }),
  );
  const { loss, fittedLoss, fittedIntervals, right } = fitFamily('run', members, { lengths: [5] });
  expect(fittedLoss).toBeAllClose(loss, { rtol: 1e-9 });
  const half = 1.96 / Math.sqrt(12 * count);
  // 2000 draws estimate a quantile's distance from the middle to 3 %; p^5 falls with the loss, exp(-5 L).
  fittedIntervals.forEach(({ lower, upper }, i) => {
    expect([loss[i]! - lower, upper - loss[i]!]).toBeAllClose([half, half], { rtol: 0.1 });
    const { predictedIntervals } = right[0]!;
    expect(predictedIntervals[i]!.lower).toBeAllClose(Math.exp(-5 * upper), { rtol: 1e-6 });
    expect(predictedIntervals[i]!.upper).toBeAllClose(Math.exp(-5 * lower), { rtol: 1e-6 });
  });
});
