import { expect, test } from 'vitest';
import { seedDistribution } from '../../../src/analysis/seeds.js';
import { accuracy, subsetAccuracy } from '../../../src/metrics/classification.js';
import { Random } from '../../../src/statistics/random.js';
import { memberOf } from '../../support/members.js';

/** Every seed of a width has one probability for all images, drawn by `chance`. */
function members(
  widths: readonly number[],
  seeds: number,
  count: number,
  chance: (width: number, random: Random) => number,
) {
  const random = Random.named(0, 'seed distribution', seeds, count);
  return widths.flatMap((width) =>
    Array.from({ length: seeds }, (_, seed) => {
      const p = chance(width, random);
      return memberOf(width, seed, { correct: Uint8Array.from({ length: count }, () => Number(random.uniform() < p)) });
    }),
  );
}

test('seeds that fail or succeed: two modes, their weight, and how the successful ones do', () => {
  const share = (width: number) => (width === 1 ? 0 : width === 2 ? 0.5 : 1);
  const family = members([1, 2, 4], 40, 500, (width, random) => (random.uniform() < share(width) ? 0.9 : 0.1));
  const steps: number[][] = [];
  const onStep = (done: number, of: number) => void steps.push([done, of]);
  const { scales, threshold } = seedDistribution(accuracy.with({}), family, { draws: 99, onStep });
  expect(steps).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  expect(threshold).toBeCloseTo(0.5, 1);
  const [low, middle, high] = scales;
  expect([low!.success.share, high!.success.share]).toEqual([0, 1]);
  // 40 seeds at a half: three standard errors are 0.24.
  expect(middle!.success.share).toBeAllClose(0.5, { atol: 0.24 });
  expect(middle!.mixture!.fit.weight).toBeAllClose(middle!.success.share, { atol: 1e-6 });
  expect(middle!.mixture).toMatchObject({ bimodal: true, p: 0.01 });
  expect(middle!.dip.adjusted).toBeLessThan(0.001);
  expect([low!.meanGivenSuccess, high!.meanGivenSuccess]).toBeAllClose([NaN, 0.9], { atol: 0.01 });
});

test('variance of seeds: equal seeds are explained by the test set, and their differences are beyond it', () => {
  const count = 400;
  const family = members([1, 2], 100, count, (width, random) => 0.7 + (width === 1 ? 0 : 0.05 * random.normal()));
  const { scales } = seedDistribution(accuracy.with({}), family, { draws: 19 });
  const [same, apart] = scales.map(({ variance }) => variance!);
  // Binomial: 0.7 x 0.3 / 400; the sample variance of 100 seeds scatters by a seventh.
  expect(same!.testSet).toBeAllClose((0.7 * 0.3) / count, { rtol: 0.02 });
  expect(same!.observed).toBeAllClose((0.7 * 0.3) / count, { rtol: 0.45 });
  expect(apart!.beyond).toBeAllClose(0.05 ** 2, { rtol: 0.45 });
});

test('variance of subset accuracy, which moves in steps: that of its values over seeds', () => {
  const family = members([1, 2], 100, 400, (_, random) => 0.9 + 0.02 * random.normal());
  for (const { values, variance } of seedDistribution(subsetAccuracy.with({ k: 5 }), family, { draws: 19 }).scales) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    // The slope at the mean stands for a curve: accuracy^5 bends by a tenth over two deviations.
    expect(variance!.observed).toBeAllClose(spread, { rtol: 0.15 });
  }
});

test('paths of single seeds scatter about the mean: equal seeds are the mean', () => {
  const equal = [1, 2, 4, 8].flatMap((width) =>
    [0, 1, 2].map((seed) =>
      memberOf(width, seed, { correct: Uint8Array.from({ length: 10 }, (_, i) => Number(i < width)) }),
    ),
  );
  const { paths } = seedDistribution(accuracy.with({}), equal);
  for (const { mean, median, range } of Object.values(paths))
    expect([median, range.lower, range.upper]).toBeAllClose([mean, mean, mean], { atol: 1e-12 });
});
