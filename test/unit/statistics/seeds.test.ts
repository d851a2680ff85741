import jStat from 'jstat';
import { expect, test } from 'vitest';
import { overSeedsAndExamples, studentQuantile95 } from '../../../src/statistics/seeds.js';
import { Random } from '../../../src/statistics/random.js';

const unused = () => ({ lower: NaN, upper: NaN });

test("Student's quantiles are jStat's", () => {
  for (const degrees of [1, 2, 3, 7, 10])
    expect(studentQuantile95(degrees)).toBeCloseTo(jStat.studentt.inv(0.975, degrees), 4);
  // The expansion leaves out terms of 1 / df²: 0.004 at 11.
  for (const degrees of [11, 20, 50])
    expect(studentQuantile95(degrees)).toBeCloseTo(jStat.studentt.inv(0.975, degrees), 1);
});

/** Seeds that scatter, on test sets that all of them share. */
test.each([2, 3, 5])('the interval of a mean over %i seeds covers the truth', (count) => {
  const random = Random.named(0, 'seeds', count);
  const [bySeed, byExamples, families] = [0.03, 0.01, 2000];
  let inside = 0;
  for (let i = 0; i < families; i++) {
    const shared = byExamples * random.normal();
    const seeds = Array.from({ length: count }, () => 0.5 + shared + bySeed * random.normal());
    // What a bootstrap of seeds and examples has: S - 1 of S seeds, and the shared test set drawn anew.
    const draws = Array.from({ length: 200 }, () => {
      let sum = 0;
      for (let k = 1; k < count; k++) sum += seeds[random.integer(count)]!;
      return sum / (count - 1) + byExamples * random.normal();
    });
    const { lower, upper } = overSeedsAndExamples(seeds, draws, [0, 1], unused);
    inside += Number(lower <= 0.5 && 0.5 <= upper);
  }
  // Standard error 0.5 %; with two seeds the draws of one of them are noisy, and the interval errs to the wide side.
  expect(inside / families).toBeGreaterThan(0.93);
  expect(inside / families).toBeLessThan(0.985);
});

test('one seed: percentiles of the draws; the limits hold', () => {
  expect(overSeedsAndExamples([0.5], [0.4, 0.5, 0.6], [0, 1], unused).lower).toBeCloseTo(0.405, 12);
  expect(overSeedsAndExamples([0.99, 1], [0.99, 1, 1], [0, 1], unused).upper).toBe(1);
});

test("where nothing varies, the hull of the seeds' own intervals", () => {
  const own = [
    { lower: 0, upper: 0.004 },
    { lower: 0, upper: 0.007 },
  ];
  expect(overSeedsAndExamples([0, 0], [0, 0, 0], [0, 1], (place) => own[place]!)).toEqual({ lower: 0, upper: 0.007 });
});
