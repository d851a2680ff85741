import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accuracy, crossEntropy, subsetAccuracy } from '../../../src/metrics/classification.js';
import { Random } from '../../../src/statistics/random.js';
import { UsageError } from '../../../src/terminal/errors.js';

const outcomesOf = (right: readonly boolean[]) => ({ correct: Uint8Array.from(right, Number) });
const rightOf = (m: number, n: number) => outcomesOf(Array.from({ length: n }, (_, i) => i < m));

function* subsets(items: readonly boolean[], k: number): Generator<boolean[]> {
  if (k === 0) yield [];
  else
    for (const [i, item] of items.entries())
      for (const rest of subsets(items.slice(i + 1), k - 1)) yield [item, ...rest];
}

describe('subset accuracy', () => {
  test('equals the share of all K-subsets that are all right', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 5, maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        (right, k) => {
          const all = [...subsets(right, k)];
          const share = all.filter((subset) => subset.every(Boolean)).length / all.length;
          // Log space costs a few ulp.
          expect(subsetAccuracy.evaluate(outcomesOf(right), { k })).toBeAllClose(share, { rtol: 1e-14 });
        },
      ),
    );
  });

  /** Python: math.comb(9876, 5) / math.comb(10000, 5). */
  test('of a whole test set', () => {
    expect(subsetAccuracy.evaluate(rightOf(9876, 10000), { k: 5 })).toBeAllClose(0.9395068518838535, { rtol: 1e-14 });
  });

  test('k = 1 is accuracy, to the interval', () => {
    const one = subsetAccuracy.with({ k: 1 }).measure(rightOf(37, 50));
    expect(Object.values(one)).toBeAllClose(Object.values(accuracy.with({}).measure(rightOf(37, 50))), { rtol: 1e-14 });
  });

  test('the ends: none right, fewer than k right, all right', () => {
    const five = subsetAccuracy.with({ k: 5 });
    expect(five.measure(rightOf(0, 100))).toMatchObject({ value: 0, lower: 0 });
    expect(five.measure(rightOf(4, 100))).toMatchObject({ value: 0, lower: 0 });
    expect(five.measure(rightOf(100, 100))).toMatchObject({ value: 1, upper: 1 });
    expect(five.measure(rightOf(5, 100)).value).toBeAllClose(five.measure(rightOf(0, 100)).resolution!, {
      rtol: 1e-14,
    });
  });

  /** The interval is to cover p^5 as often as Wilson's covers p: 95 %, give or take the binomial's steps and 1000 draws. */
  test('the interval covers the truth about as often as it says', () => {
    const random = Random.named(0, 'coverage');
    const five = subsetAccuracy.with({ k: 5 });
    const p = 0.9;
    let covered = 0;
    for (let i = 0; i < 1000; i++) {
      const { lower, upper } = five.measure(outcomesOf(Array.from({ length: 400 }, () => random.uniform() < p)));
      if (lower <= p ** 5 && p ** 5 <= upper) covered++;
    }
    expect(covered / 1000).toBeAllClose(0.95, { atol: 0.025 });
  });

  /** 2000 draws: the spread of the estimates is known to 1 part in sqrt(4000), 5 of these are allowed. */
  test('the standard error is the spread of estimates over test sets', () => {
    const random = Random.named(0, 'standard-error');
    const n = 1000;
    const values = Array.from({ length: 2000 }, () => {
      const right = Array.from({ length: n }, () => random.uniform() < 0.9);
      return subsetAccuracy.evaluate(outcomesOf(right), { k: 5 });
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(subsetAccuracy.uncertainty(rightOf(900, n), { k: 5 }).standardError).toBeAllClose(spread, { rtol: 0.08 });
  });

  test('more images than there are', () => {
    expect(() => subsetAccuracy.with({ k: 5 }).measure(rightOf(3, 4))).toThrow(
      new UsageError('subset-accuracy:k=5: the test set has 4 images, 5 are needed'),
    );
  });
});

test('accuracy, its standard error and its resolution', () => {
  const { value, standardError, resolution, count } = accuracy.with({}).measure(rightOf(75, 100));
  expect([value, standardError, resolution, count]).toBeAllClose([0.75, Math.sqrt(0.75 * 0.25) / 10, 0.01, 100], {
    rtol: 1e-14,
  });
});

test('cross-entropy is the mean of -ln p, with the normal interval around it', () => {
  const probabilities = [0.5, 0.25, 0.125, 1];
  const log_probability = Float32Array.from(probabilities, Math.log);
  const { value, lower, upper, standardError } = crossEntropy.with({}).measure({ log_probability });
  // (1 + 2 + 3 + 0) ln 2 / 4; standard deviation of 0..3 is sqrt(5/3). The column is float32.
  const error = (Math.log(2) * Math.sqrt(5 / 3)) / 2;
  expect([value, standardError]).toBeAllClose([1.5 * Math.log(2), error], { rtol: 1e-7 });
  expect([lower, upper]).toBeAllClose([value - 1.959964 * error, value + 1.959964 * error], { rtol: 1e-6 });
});

test('a column that is not there is a mistake of ours', () => {
  expect(() => accuracy.with({}).measure({})).toThrow('accuracy needs the columns correct');
});
