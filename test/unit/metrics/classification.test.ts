import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accuracy,
  auroc,
  brier,
  crossEntropy,
  margin,
  subsetAccuracy,
  subsetTrials,
  topK,
  trueProbability,
} from '../../../src/metrics/classification.js';
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
          expect(subsetAccuracy.with({ k }).measure(outcomesOf(right)).value).toBeAllClose(share, { rtol: 1e-14 });
        },
      ),
    );
  });

  /** Python: math.comb(9876, 5) / math.comb(10000, 5). */
  test('of a whole test set', () => {
    expect(subsetAccuracy.with({ k: 5 }).measure(rightOf(9876, 10000)).value).toBeAllClose(0.9395068518838535, {
      rtol: 1e-14,
    });
  });

  test('with k = 1 is accuracy, including the interval', () => {
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

  /** The interval should cover p^5 as often as Wilson's covers p: 95 %, give or take the binomial's steps and 1000 draws. */
  test('the interval has about its nominal coverage', () => {
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
      return subsetAccuracy.with({ k: 5 }).measure(outcomesOf(right)).value;
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(subsetAccuracy.with({ k: 5 }).measure(rightOf(900, n)).standardError).toBeAllClose(spread, { rtol: 0.08 });
  });

  test('more images than there are', () => {
    expect(() => subsetAccuracy.with({ k: 5 }).measure(rightOf(3, 4))).toThrow(
      new UsageError('subset-accuracy:k=5: the test set has 4 images; 5 are needed'),
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

test('a missing column is a mistake of ours', () => {
  expect(() => accuracy.with({}).measure({})).toThrow('accuracy needs the columns correct');
});

test('top-k counts ranks up to k', () => {
  const rank = Int32Array.from([1, 2, 3, 5, 10]);
  expect([1, 2, 5, 10].map((k) => topK.with({ k }).measure({ rank }).value)).toEqual([0.2, 0.4, 0.8, 1]);
});

test('Brier score, margin and probability are means of their columns', () => {
  const columns = {
    brier: Float32Array.from([0.5, 1.5]),
    margin: Float32Array.from([-0.5, 1]),
    log_probability: Float32Array.from([Math.log(0.25), Math.log(0.75)]),
  };
  expect([brier, margin, trueProbability].map((metric) => metric.with({}).measure(columns).value)).toBeAllClose(
    [1, 0.25, 0.5],
    { rtol: 1e-7 },
  );
});

describe('AUROC of confidence', () => {
  test('is the share of ordered pairs of a right and a wrong image, ties counting half', () => {
    const image = fc.record({ right: fc.boolean(), confidence: fc.constantFrom(0.25, 0.5, 0.75, 1) });
    fc.assert(
      fc.property(fc.array(image, { minLength: 2, maxLength: 30 }), (images) => {
        const pairs = images
          .filter(({ right }) => right)
          .flatMap((a) => images.filter(({ right }) => !right).map((b) => Math.sign(a.confidence - b.confidence)));
        const expected = pairs.reduce((sum, sign) => sum + (sign + 1) / 2, 0) / pairs.length;
        const { value } = auroc.with({}).measure({
          correct: Uint8Array.from(images, ({ right }) => Number(right)),
          confidence: Float32Array.from(images, ({ confidence }) => confidence),
        });
        if (pairs.length === 0) expect(value).toBeNaN();
        else expect(value).toBeAllClose(expected, { rtol: 1e-12 });
      }),
    );
  });

  test('weights count as repeated images', () => {
    const [correct, confidence] = [Uint8Array.from([1, 0, 1, 0]), Float32Array.from([0.9, 0.8, 0.5, 0.5])];
    const repeated = {
      correct: Uint8Array.from([1, 1, 0, 1, 1, 1, 0]),
      confidence: Float32Array.from([0.9, 0.9, 0.8, 0.5, 0.5, 0.5, 0.5]),
    };
    const metric = auroc.with({});
    expect(metric.weighted({ correct, confidence }).evaluate([2, 1, 3, 1])).toBe(metric.weighted(repeated).evaluate());
  });
});

test('subset accuracy by trials: disjoint groups in order, ignoring the remainder', () => {
  const correct = Uint8Array.from([1, 1, 1, 0, 1, 1, 0]);
  expect(subsetTrials.with({ k: 2 }).measure({ correct })).toMatchObject({ value: 2 / 3, count: 3, resolution: 1 / 3 });
  expect(() => subsetTrials.with({ k: 8 }).measure({ correct })).toThrow('the test set has fewer than 8 images');
});
