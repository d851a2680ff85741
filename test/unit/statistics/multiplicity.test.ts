import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  falseDiscoveryRates,
  holm,
  sequentialP,
  stepDown,
  type DrawnTest,
} from '../../../src/statistics/multiplicity.js';
import { Random } from '../../../src/statistics/random.js';

/** p of each statistic among all of its test: the definition, by counting. */
function shares({ observed, null: draws }: DrawnTest): number[] {
  const all = [observed, ...Array.from(draws)];
  return all.map((value) => all.filter((other) => other >= value).length / all.length);
}

/**
 * Closed testing (Marcus, Peritz, Gabriel 1976): a test's adjusted p is the largest over all sets of tests that contain it, each with its
 * smallest p.
 */
function closed(tests: readonly DrawnTest[]): number[] {
  const columns = tests.map(shares);
  const result = tests.map(() => 0);
  for (let set = 1; set < 2 ** tests.length; set++) {
    const inside = tests.flatMap((_, j) => ((set >> j) & 1 ? j : []));
    const least = columns[0]!.map((_, b) => Math.min(...inside.map((j) => columns[j]![b]!)));
    const p = least.filter((value) => value <= least[0]!).length / least.length;
    for (const j of inside) result[j] = Math.max(result[j]!, p);
  }
  return result;
}

describe('step-down minP', () => {
  test('equals closed testing over all sets', () => {
    const value = fc.integer({ min: 0, max: 12 });
    const some = fc.integer({ min: 1, max: 4 }).chain((count) =>
      fc.integer({ min: 1, max: 12 }).chain((draws) =>
        fc.array(fc.record({ observed: value, null: fc.array(value, { minLength: draws, maxLength: draws }) }), {
          minLength: count,
          maxLength: count,
        }),
      ),
    );
    fc.assert(
      fc.property(some, (tests) => {
        const adjusted = stepDown(tests);
        expect(adjusted.map((each) => each.adjusted)).toBeAllClose(closed(tests), { rtol: 1e-12 });
        expect(adjusted.map(({ p }) => p)).toBeAllClose(
          tests.map((each) => shares(each)[0]!),
          { rtol: 1e-12 },
        );
      }),
    );
  });

  test('repeating a test costs nothing; one without a value is left out', () => {
    const draws = Array.from({ length: 99 }, (_, i) => i);
    const one = { observed: 95, null: draws };
    const [a, b, none] = stepDown([
      one,
      { observed: 950, null: draws.map((x) => 10 * x) },
      { observed: NaN, null: draws },
    ]);
    expect([a, b, none]).toEqual([
      { p: 0.05, adjusted: 0.05 },
      { p: 0.05, adjusted: 0.05 },
      { p: NaN, adjusted: NaN },
    ]);
  });

  test('of five true nulls, any one is rejected in 5 %', () => {
    const random = Random.named(0, 'minP');
    const families = 1000;
    let alarms = 0;
    // statistics that share half of their variance
    const draw = () => {
      const common = random.normal();
      return Array.from({ length: 5 }, () => common + random.normal());
    };
    for (let i = 0; i < families; i++) {
      const [observed, ...rest] = Array.from({ length: 100 }, draw) as [number[], ...number[][]];
      const tests = observed.map((value, j) => ({ observed: value, null: rest.map((each) => each[j]!) }));
      alarms += Number(stepDown(tests).some(({ adjusted }) => adjusted <= 0.05));
    }
    // exactly 5 of 100 ranks; standard deviation of 1000 families 0.7 %
    expect(alarms / families).toBeGreaterThan(0.029);
    expect(alarms / families).toBeLessThan(0.071);
  });
});

test('false discovery rates match SciPy, in any order', () => {
  // scipy.stats.false_discovery_control of p-values other than Benjamini and Hochberg's example, from SciPy 1.x
  const p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216];
  const expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.10571428571428572, 0.216, 0.216, 0.216];
  expect(falseDiscoveryRates(p)).toBeAllClose(expected, { rtol: 1e-12 });
  expect(falseDiscoveryRates(p.toReversed())).toBeAllClose(expected.toReversed(), { rtol: 1e-12 });
  expect(falseDiscoveryRates([NaN, 0.02, NaN])).toEqual([NaN, 0.02, NaN]);
  expect(falseDiscoveryRates([])).toEqual([]);
});

test('sequential p: uniform under the null in few draws, all draws where it is small', () => {
  const random = Random.named(0, 'sequential');
  const tests = 4000;
  const below = { 0.05: 0, 0.2: 0, 0.5: 0 };
  let total = 0;
  for (let i = 0; i < tests; i++) {
    const draw = () => {
      total++;
      return [random.uniform()];
    };
    const p = sequentialP([random.uniform()], draw, { draws: 199, enough: 10 });
    for (const level of [0.05, 0.2, 0.5] as const) below[level] += Number(p <= level);
  }
  // three standard deviations of 4000
  expect(below[0.05] / tests).toBeAllClose(0.05, { atol: 0.0104 });
  expect(below[0.2] / tests).toBeAllClose(0.2, { atol: 0.019 });
  expect(below[0.5] / tests).toBeLessThanOrEqual(0.525);
  expect(total / tests).toBeLessThan(60);
  expect(sequentialP([2, 5], (b) => [1, b % 2 === 0 ? 9 : 1], { draws: 99, enough: 10 })).toBe(10 / 19);
  expect(sequentialP([2], () => [1], { draws: 99, enough: 10 })).toBe(0.01);
  expect([
    sequentialP([NaN], () => [1], { draws: 9, enough: 9 }),
    sequentialP([2], () => [NaN], { draws: 9, enough: 9 }),
  ]).toEqual([NaN, NaN]);
});

test('Holm: the example of three tests; tests without a p do not count', () => {
  expect(holm([0.01, NaN, 0.04, 0.03])).toBeAllClose([0.03, NaN, 0.06, 0.06], { atol: 1e-12 });
});
