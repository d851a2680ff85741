import { expect, test } from 'vitest';
import { overSeeds, overSeedsAndExamples } from '../../../src/statistics/seeds.js';
import { Random } from '../../../src/statistics/random.js';

const unused = () => ({ lower: NaN, upper: NaN });

/** Seeds that scatter, on test sets that all of them share. */
test.each([2, 3, 5])('the interval of a mean over %i seeds covers the truth', (count) => {
  const random = Random.named(0, 'seeds', count);
  const [bySeed, byExamples, families] = [0.03, 0.01, 2000];
  let inside = 0;
  for (let i = 0; i < families; i++) {
    const shared = byExamples * random.normal();
    const seeds = Array.from({ length: count }, () => 0.5 + shared + bySeed * random.normal());
    // The draws of a bootstrap of seeds and examples: S - 1 of S seeds, and the shared test set resampled.
    const draws = Array.from({ length: 200 }, () => {
      let sum = 0;
      for (let k = 1; k < count; k++) sum += seeds[random.integer(count)]!;
      return sum / (count - 1) + byExamples * random.normal();
    });
    const { lower, upper } = overSeedsAndExamples(seeds, draws, [0, 1], unused);
    inside += Number(lower <= 0.5 && 0.5 <= upper);
  }
  // Standard error 0.5 %; with two seeds the draws of one of them are noisy, and the interval is rather too wide.
  expect(inside / families).toBeGreaterThan(0.93);
  expect(inside / families).toBeLessThan(0.985);
});

/** For seeds with accuracies that scatter by this much on the logit scale, around that of `value` = accuracy^k, on 10 000 images. */
test.each([
  [2, 20, 0.15],
  [3, 20, 0.15],
  [3, 20, 0.4],
  [3, 100, 0.15],
  [3, 1, 0.4],
  [5, 5, 0.15],
  [5, 20, 0.4],
])('the interval of the mean of accuracy^k at 0.02 covers it: %i seeds, k = %i, scatter %d', (count, k, scatter) => {
  const random = Random.named(0, 'power', count, k, String(scatter));
  const drawn = () => 1 / (1 + Math.exp(-(Math.log(middle / (1 - middle)) + scatter * random.normal())));
  const [middle, images, families, truths] = [0.02 ** (1 / k), 10_000, 1000, 40_000];
  let truth = 0;
  for (let i = 0; i < truths; i++) truth += drawn() ** k / truths;
  let inside = 0;
  for (let i = 0; i < families; i++) {
    // Half of a test set's variance is shared by all seeds: what is hard for one is hard for the others.
    const tested = (p: number, shared: number) =>
      p + Math.sqrt((p * (1 - p)) / images / 2) * (shared + random.normal());
    const common = random.normal();
    const accuracies = Array.from({ length: count }, () => tested(drawn(), common));
    const draws = Array.from({ length: 200 }, () => {
      const again = random.normal();
      let sum = 0;
      for (let j = 1; j < count; j++) sum += Math.max(0, tested(accuracies[random.integer(count)]!, again)) ** k;
      return sum / (count - 1);
    });
    const { lower, upper } = overSeedsAndExamples(
      accuracies.map((p) => p ** k),
      draws,
      [0, 1],
      unused,
    );
    inside += Number(lower <= truth && truth <= upper);
  }
  // Standard error 0.7 %. Student's t on the values themselves: 84 to 94 %.
  expect(inside / families).toBeGreaterThan(0.92);
  expect(inside / families).toBeLessThan(0.985);
});

test('shares and their complements have mirrored intervals, and limits other than 0 and 1 scale', () => {
  const [seeds, draws] = [
    [0.02, 0.05, 0.03],
    [0.03, 0.04, 0.033, 0.036],
  ];
  const mirror = (values: readonly number[]) => values.map((value) => 1 - value);
  const { lower, upper } = overSeedsAndExamples(seeds, draws, [0, 1], unused);
  const mirrored = overSeedsAndExamples(mirror(seeds), mirror(draws), [0, 1], unused);
  expect([mirrored.lower, mirrored.upper]).toBeAllClose([1 - upper, 1 - lower], { rtol: 1e-12 });
  const twice = (values: readonly number[]) => values.map((value) => 2 * value - 1);
  const scaled = overSeedsAndExamples(twice(seeds), twice(draws), [-1, 1], unused);
  expect([scaled.lower, scaled.upper]).toBeAllClose([2 * lower - 1, 2 * upper - 1], { rtol: 1e-12 });
  expect(upper - 0.1 / 3).toBeGreaterThan(0.1 / 3 - lower);
});

test('a seed that solves none counts as the middle of its own interval', () => {
  const { lower, upper } = overSeedsAndExamples([0, 0.01, 0.02], [0.005, 0.01, 0.015], [0, 1], () => ({
    lower: 0,
    upper: 0.004,
  }));
  expect(lower).toBeGreaterThan(0);
  expect(upper).toBeGreaterThan(0.02);
});

/** statsmodels 0.15.0: DescrStatsW(x).tconfint_mean() of the values, and of their logits. */
test("without limits Student's t of the values; between 0 and 1 that of the logits, moved to the mean", () => {
  const values = [0.5, 1.25, 0.75, 2.0, 1.5, 0.25, 3.0];
  const { lower, upper } = overSeeds(values, [-Infinity, Infinity]);
  expect([lower, upper]).toBeAllClose([0.43883577412944974, 2.204021368727693], { rtol: 1e-9 });
  const shares = [0.02, 0.04, 0.03];
  const logits = shares.map((share) => Math.log(share / (1 - share)));
  const middle = logits.reduce((sum, value) => sum + value, 0) / 3;
  const spread = Math.sqrt(logits.reduce((sum, value) => sum + (value - middle) ** 2, 0) / 2);
  const half = (4.302652729749461 * spread) / Math.sqrt(3);
  const [low, high] = [-half, half].map((move) => 1 / (1 + Math.exp(-(Math.log(0.03 / 0.97) + move))));
  const ofShares = overSeeds(shares, [0, 1]);
  expect([ofShares.lower, ofShares.upper]).toBeAllClose([low!, high!], { rtol: 1e-9 });
});

test('one seed: percentiles of the draws; the limits hold', () => {
  expect(overSeedsAndExamples([0.5], [0.4, 0.5, 0.6], [0, 1], unused).lower).toBeCloseTo(0.405, 12);
  expect(overSeedsAndExamples([0.99, 1], [0.99, 1, 1], [0, 1], unused).upper).toBe(1);
});

test("without variation, the hull of the seeds' own intervals", () => {
  const own = [
    { lower: 0, upper: 0.004 },
    { lower: 0, upper: 0.007 },
  ];
  expect(overSeedsAndExamples([0, 0], [0, 0, 0], [0, 1], (place) => own[place]!)).toEqual({ lower: 0, upper: 0.007 });
});
