import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawCounts } from '../../../src/statistics/bootstrap.js';
import { listsAtOnce, pairsKernel } from '../../../src/statistics/kernels/kernels.js';
import { areaTerms, areaUnderRoc, pearson, ranksOf, spearman } from '../../../src/statistics/ranks.js';
import { Sfc32 } from '../../../src/statistics/sfc32.js';

/** By its definition, over all pairs. */
function pairsArea(scores: readonly number[], positive: readonly number[], weights: ArrayLike<number>): number {
  let [above, pairs] = [0, 0];
  for (const [i, score] of scores.entries())
    for (const [j, other] of scores.entries()) {
      if (positive[i] !== 1 || positive[j] !== 0) continue;
      const weight = weights[i]! * weights[j]!;
      pairs += weight;
      above += weight * (score > other ? 1 : score === other ? 0.5 : 0);
    }
  return above / pairs;
}

/** Like the bootstrap of a family: sixteen draws at once. */
function areasByKernel({ count, orders }: ReturnType<typeof areaUnderRoc>, counts: readonly Float64Array[]): number[] {
  const kernel = pairsKernel(count, count, count)!;
  kernel.setWeights(counts);
  const shares = orders.map((order) => kernel.shares(order));
  return counts.map((_, k) => shares.reduce((sum, each) => sum + each[k]!, 0) / shares.length);
}

test('the area under the ROC is the share of ordered pairs, for one draw and for many at once', () => {
  // Few scores, so that all kinds of ties occur; as 32-bit numbers, which are sorted differently, and as doubles.
  const examples = fc.array(
    fc.record({ score: fc.integer({ min: -3, max: 3 }), positive: fc.integer({ min: 0, max: 1 }) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(examples, fc.boolean(), fc.integer(), (list, single, seed) => {
      const values = list.map(({ score }) => score / 7);
      const scores = single ? Float32Array.from(values) : values;
      const positive = list.map((each) => each.positive);
      const area = areaUnderRoc(scores, positive);
      expect(area.evaluate()).toBeAllClose(pairsArea([...scores], positive, new Float64Array(list.length).fill(1)), {
        rtol: 1e-12,
      });
      const random = new Sfc32(1, 2, 3, seed);
      const counts = Array.from({ length: listsAtOnce }, () => {
        const drawn = new Float64Array(list.length);
        drawCounts(random, drawn);
        return drawn;
      });
      const expected = counts.map((drawn) => pairsArea([...scores], positive, drawn));
      expect(counts.map((drawn) => area.evaluate(drawn))).toBeAllClose(expected, { rtol: 1e-12 });
      expect(areasByKernel(area, counts)).toBeAllClose(expected, { rtol: 1e-12 });
    }),
  );
});

test('the area for as many examples as 32 bits count, all negatives below or above all positives; more have no kernel', () => {
  const count = 2 ** 16 - 1;
  const scores = Float32Array.from({ length: count }, (_, i) => i - 1000);
  const ones = new Float64Array(count).fill(1);
  for (const [positive, expected] of [
    [(i: number) => Number(i >= 2 ** 15), 1],
    [(i: number) => Number(i < 2 ** 15), 0],
  ] as const)
    expect(
      areasByKernel(
        areaUnderRoc(
          scores,
          Array.from(scores, (_, i) => positive(i)),
        ),
        [ones],
      ),
    ).toEqual([expected]);
  expect(pairsKernel(2 ** 16, 2 ** 16, 2 ** 16)).toBeUndefined();
  // A hundred units, one of which has 1000 items and could be drawn each time.
  expect(pairsKernel(100, 2000, 100_000)).toBeUndefined();
});

test('drawn areas to first order: off by a fiftieth of their standard error, with ties and groups of items; not for few mistakes', () => {
  const [items, units, draws] = [20_000, 5000, 200];
  const random = new Sfc32(1, 2, 3, 5);
  const positive = Array.from({ length: items }, () => Number(random.uniform() < 0.7));
  // Two digits, so that there are ties.
  const scores = positive.map((each) => Math.round(100 * (0.7 * each + random.normal())) / 100);
  const { orders } = areaUnderRoc(scores, positive);
  const grouped = orders.map(({ unitOf, negative }) => ({ unitOf: unitOf.map((i) => i % units), negative }));
  const { area, terms } = areaTerms(grouped, units)!;
  const whole = areaUnderRoc(scores, positive);
  expect(area).toBeAllClose(whole.evaluate(), { rtol: 1e-12 });
  const drawn = Array.from({ length: draws }, () => {
    const counts = new Float64Array(units);
    drawCounts(random, counts);
    const exact = whole.evaluate(Float64Array.from({ length: items }, (_, i) => counts[i % units]!));
    return [exact, area + counts.reduce((sum, count, i) => sum + count * terms[i]!, 0)] as const;
  });
  const deviation = (values: readonly number[]) => Math.sqrt(values.reduce((sum, each) => sum + each ** 2, 0) / draws);
  const error = deviation(drawn.map(([exact]) => exact - area));
  // 1 / sqrt(6000 negatives) is 0.013.
  expect(deviation(drawn.map(([exact, linear]) => linear - exact)) / error).toBeLessThan(0.02);
  expect(areaTerms(areaUnderRoc(scores.slice(0, 3000), positive.slice(0, 3000)).orders, 3000)).toBeUndefined();
});

test('0 and -0 are equal scores', () => {
  expect(areaUnderRoc(Float32Array.of(0, -0), [1, 0]).evaluate()).toBe(0.5);
});

test('equal values share the mean of their ranks', () => {
  expect([...ranksOf([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
});

/** scipy 1.17: spearmanr([1, 2, 3, 4, 5, 6], [2, 1, 4, 4, 6, 5]).statistic, pearsonr of the same. */
test('correlations match SciPy’s', () => {
  const [a, b] = [
    [1, 2, 3, 4, 5, 6],
    [2, 1, 4, 4, 6, 5],
  ];
  expect(spearman(a, b)).toBeAllClose(0.8696565534786727, { rtol: 1e-12 });
  expect(pearson(a, b)).toBeAllClose(0.8612538776448219, { rtol: 1e-12 });
});

test('a constant side has no correlation', () => {
  expect(spearman([1, 2, 3], [5, 5, 5])).toBeNaN();
});

test('a NaN has no rank and causes no endless loop', () => {
  expect([...ranksOf([1, NaN, 2])]).toEqual([NaN, NaN, NaN]);
  expect(spearman([1, NaN, 2], [1, 2, 3])).toBeNaN();
});
