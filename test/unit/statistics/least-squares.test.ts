import { describe, expect, test } from 'vitest';
import {
  aicc,
  akaikeWeights,
  FitError,
  leastSquares,
  parameterInterval,
  type LeastSquaresProblem,
} from '../../../src/statistics/least-squares.js';
import { Random } from '../../../src/statistics/random.js';
import { standardErrorOf } from '../../support/fits.js';

const decay = (p: ArrayLike<number>, x: number) => p[0]! * Math.exp(-p[1]! * x) + p[2]!;
const decayGradient = (p: ArrayLike<number>, x: number) => {
  const e = Math.exp(-p[1]! * x);
  return [e, -p[0]! * x * e, 1];
};
const x = Array.from({ length: 20 }, (_, i) => 0.4 * i);
/** Looks like noise and is the same everywhere. */
const noise = x.map((_, i) => (((i * 7919 + 13) % 101) / 50.5 - 1) * 0.05);
const noisy = x.map((value, i) => decay([2.5, 1.3, 0.5], value) + noise[i]!);
const errors = x.map((_, i) => 0.02 + 0.005 * (i % 4));
const problem: LeastSquaresProblem = { x, y: noisy, model: decay, gradient: decayGradient, starts: [[1, 1, 0]] };

const scipy = {
  parameters: [2.472682917341868, 1.2573849122339562, 0.49400264137946853],
  sumOfSquares: 0.015438334348551852,
  standardErrors: [0.028591844164665998, 0.02947144445505958, 0.008740194525497295],
};
const weighted = {
  parameters: [2.4749448951271664, 1.247920965729279, 0.48918315516198446],
  sumOfSquares: 21.06906002237498,
  relative: [0.022194477266892335, 0.02756352310378523, 0.008521846389849512],
  known: [0.01993640287567254, 0.024759199987543286, 0.007654830561207632],
};
/** Like SciPy's `bounds=(-inf, [2, inf, inf])`: the first held at 2, the others fitted. */
const bounded = { parameters: [2, 1.1009873385896645, 0.5260974148845058], sumOfSquares: 0.26933909227304575 };

/**
 * SciPy 1.17.1: curve_fit(f, x, y, p0=[1, 1, 0], ftol=1e-15, xtol=1e-15, gtol=1e-15), then the same with sigma=errors and
 * absolute_sigma False and True; standard errors sqrt(diag(pcov)), sum of squares of (y - f) / sigma.
 */
describe('agrees with SciPy', () => {
  test.each([
    ['with derivatives', {}],
    ['with central differences', { gradient: undefined }],
  ])('%s', (_, change) => {
    const fit = leastSquares({ ...problem, ...change });
    expect(fit.converged).toBe(true);
    // The optimum is flat: half of the digits of the sum of squares.
    expect(fit.parameters).toBeAllClose(scipy.parameters, { rtol: 1e-7 });
    expect(fit.sumOfSquares).toBeAllClose(scipy.sumOfSquares, { rtol: 1e-12 });
    expect(fit.standardErrors).toBeAllClose(scipy.standardErrors, { rtol: 1e-6 });
  });

  test.each(['relative', 'known'] as const)('with %s standard errors', (kind) => {
    const fit = leastSquares({ ...problem, standardErrors: errors, errors: kind });
    expect(fit.parameters).toBeAllClose(weighted.parameters, { rtol: 1e-7 });
    expect(fit.sumOfSquares).toBeAllClose(weighted.sumOfSquares, { rtol: 1e-12 });
    expect(fit.standardErrors).toBeAllClose(weighted[kind], { rtol: 1e-6 });
  });

  test('on a bound', () => {
    const fit = leastSquares({ ...problem, upper: [2, Infinity, Infinity] });
    expect(fit.atBound).toEqual([true, false, false]);
    expect(fit.parameters).toBeAllClose(bounded.parameters, { rtol: 1e-6 });
    expect(fit.sumOfSquares).toBeAllClose(bounded.sumOfSquares, { rtol: 1e-10 });
  });
});

test('recovers a curve without noise', () => {
  const fit = leastSquares({ ...problem, y: x.map((value) => decay([2.5, 1.3, 0.5], value)), starts: [[1, 3, 1]] });
  expect(fit.ending).toBe('exact');
  expect(fit.parameters).toBeAllClose([2.5, 1.3, 0.5], { rtol: 1e-9 });
});

test('Rosenbrock’s bent valley', () => {
  const model = ([a, b]: readonly number[] | Float64Array, i: number) => (i === 0 ? 10 * (b! - a! * a!) : 1 - a!);
  const fit = leastSquares({ x: [0, 1], y: [0, 0], model, starts: [[-1.2, 1]] });
  expect(fit.parameters).toBeAllClose([1, 1], { rtol: 1e-9 });
  expect(fit.steps).toBeLessThan(40);
});

test('the best of several starts, and how each of them ended', () => {
  const y = x.map((value) => Math.sin(2 * value));
  const model = ([f]: readonly number[] | Float64Array, value: number) => Math.sin(f! * value);
  const fit = leastSquares({ x, y, model, starts: [[4], [2.1], [NaN]] });
  expect(fit.parameters).toBeAllClose([2], { rtol: 1e-9 });
  expect(fit.attempts.map(({ ending }) => ending)[2]).toBe('not-finite');
  expect(fit.attempts[0]!.sumOfSquares).toBeGreaterThan(1);
});

test('a straight line has its closed form', () => {
  const model = ([a, b]: readonly number[] | Float64Array, value: number) => a! + b! * value;
  const fit = leastSquares({ x: [0, 1, 2, 3], y: [1, 3, 2, 5], model, starts: [[0, 0]] });
  // By hand: slope 5.5 / 5, sum of squares 2.7, variance 1.35, of the slope 1.35 / 5.
  expect(fit.parameters).toBeAllClose([1.1, 1.1], { rtol: 1e-9 });
  expect(fit.sumOfSquares).toBeAllClose(2.7, { rtol: 1e-12 });
  expect(fit.standardErrors[1]!).toBeAllClose(Math.sqrt(1.35 / 5), { rtol: 1e-8 });
  // Student's t with 2 degrees of freedom: 4.302652729911275.
  const { lower, upper } = parameterInterval(fit, 1);
  expect((upper - lower) / 2).toBeAllClose(4.302652729911275 * Math.sqrt(1.35 / 5), { rtol: 1e-7 });
  // The line at 1.5, the mean of x: sqrt(1.35 / 4).
  expect(standardErrorOf(fit, [1, 1.5])).toBeAllClose(Math.sqrt(1.35 / 4), { rtol: 1e-8 });
});

describe('what the data do not determine', () => {
  const sum = ([a, b, c]: readonly number[] | Float64Array, value: number) => a! + b! + c! * value;

  test('has no standard error; quantities that depend only on the determined part do', () => {
    const fit = leastSquares({ x: [0, 1, 2, 3], y: [1, 3, 2, 5], model: sum, starts: [[0, 0, 0]] });
    expect(fit.standardErrors.slice(0, 2)).toEqual([Infinity, Infinity]);
    expect(fit.standardErrors[2]).toBeAllClose(Math.sqrt(2.7 / 5), { rtol: 1e-6 }); // one degree of freedom
    expect(standardErrorOf(fit, [1, 1, 1.5])).toBeAllClose(Math.sqrt(2.7 / 4), { rtol: 1e-6 });
    expect(standardErrorOf(fit, [1, 0, 0])).toBe(Infinity);
    expect(parameterInterval(fit, 0)).toEqual({ lower: -Infinity, upper: Infinity });
  });

  test('no spare point: the scatter is unknown', () => {
    const fit = leastSquares({ ...problem, x: [0, 1, 2], y: [3, 1.2, 0.7] });
    expect(fit.sumOfSquares).toBeLessThan(1e-20);
    expect(fit.standardErrors).toEqual([Infinity, Infinity, Infinity]);
    expect(fit.aicc).toBe(Infinity);
  });

  test('all values 0', () => {
    const fit = leastSquares({ ...problem, y: x.map(() => 0) });
    expect(Number.isFinite(fit.aicc)).toBe(true);
    expect(decay(fit.parameters, 1)).toBeAllClose(0, { atol: 1e-9 });
  });
});

describe('refused', () => {
  const faultOf = (change: Partial<LeastSquaresProblem>) => {
    try {
      leastSquares({ ...problem, ...change });
    } catch (error) {
      if (error instanceof FitError) return `${error.fault}: ${error.message}`;
      throw error;
    }
    return 'fitted';
  };

  test.each([
    [{ x: [0, 1], y: [1, 2] }, 'too-few-points: 2 points are too few for 3 parameters'],
    [{ y: noisy.with(4, NaN) }, 'not-finite: y of point 5 is NaN'],
    [{ x: x.with(0, Infinity) }, 'not-finite: x of point 1 is Infinity'],
    [{ standardErrors: errors.with(2, 0) }, 'not-finite: standard error of point 3 is 0; must be above 0 and finite'],
    [{ maxSteps: 2 }, 'not-converged: none of 1 starts converged (steps)'],
    [{ model: () => NaN }, 'not-converged: none of 1 starts converged (not-finite)'],
  ])('%#', (change, message) => {
    expect(faultOf(change)).toBe(message);
  });
});

test('95 % intervals cover the truth in 95 % of simulated data', () => {
  const [draws, truth] = [1500, [2.5, 1.3, 0.5]];
  const random = Random.named(5, 'coverage');
  const held = [0, 0, 0];
  for (let draw = 0; draw < draws; draw++) {
    const fit = leastSquares({ ...problem, y: x.map((value) => decay(truth, value) + 0.05 * random.normal()) });
    truth.forEach((value, j) => {
      const { lower, upper } = parameterInterval(fit, j);
      held[j]! += Number(lower <= value && value <= upper);
    });
  }
  // Three standard errors of a share of 0.95 in 1500 draws are 0.017.
  expect(held.map((count) => count / draws)).toBeAllClose([0.95, 0.95, 0.95], { atol: 0.017 });
});

test('known errors: chi-square and deviance with all constants', () => {
  const fit = leastSquares({ ...problem, standardErrors: errors, errors: 'known' });
  const likelihood = x.reduce((sum, value, i) => {
    const z = (noisy[i]! - decay(fit.parameters, value)) / errors[i]!;
    return sum - z ** 2 / 2 - Math.log(errors[i]! * Math.sqrt(2 * Math.PI));
  }, 0);
  expect(fit.deviance).toBeAllClose(-2 * likelihood, { rtol: 1e-12 });
  expect(fit.aicc).toBeAllClose(-2 * likelihood + 2 * 3 + (2 * 3 * 4) / (20 - 4), { rtol: 1e-12 });
  expect(leastSquares(problem).aicc - leastSquares(problem).deviance).toBeAllClose(8 + 40 / 15, { rtol: 1e-9 });
});

test('AICc is infinite with too few points', () => {
  expect([aicc(1, 3, 5), aicc(1, 3, 4), aicc(1, 3, 2)]).toEqual([1 + 6 + 24, Infinity, Infinity]);
});

test('Akaike weights', () => {
  const half = Math.exp(-1);
  expect(akaikeWeights([10, 12, Infinity])).toBeAllClose([1 / (1 + half), half / (1 + half), 0], { rtol: 1e-14 });
  expect(akaikeWeights([Infinity, Infinity])).toEqual([0, 0]);
});
