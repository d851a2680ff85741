import { describe, expect, test } from 'vitest';
import { sampleCurve, scalesOf, scoreCurve } from '../../../src/analysis/curves.js';
import { drawMembers } from '../../../src/analysis/draws/members.js';
import { scoresOf } from '../../../src/analysis/scores.js';
import { accuracy, auroc, subsetAccuracy } from '../../../src/metrics/classification.js';
import { Random } from '../../../src/statistics/random.js';
import { family, memberOf } from '../../support/members.js';

const widths = [1, 2, 4, 8, 16, 32];
const sigmoid = (width: number) => 1 / (1 + Math.exp(-1.5 * (Math.log2(width) - 2.5)));

test('scales are in order of width, whatever the order of the members', () => {
  const correct = Uint8Array.from([1]);
  const members = [8, 1, 8, 2].map((width, seed) => memberOf(width, seed, { correct }));
  expect(scalesOf(members).map(({ width, members: places }) => [width, places])).toEqual([
    [1, [1]],
    [2, [3]],
    [8, [0, 2]],
  ]);
});

test('values are means over seeds of what the metric measures; subset accuracy uses its closed form', () => {
  const members = family({ widths, seeds: 3, count: 200, p: sigmoid, name: 'values' });
  const metric = subsetAccuracy.with({ k: 5 });
  const { values, memberValues } = sampleCurve(metric, members, { draws: 0 });
  expect([...memberValues]).toBeAllClose(
    members.map(({ outcomes }) => metric.measure(outcomes).value),
    { rtol: 1e-12, atol: 1e-300 },
  );
  expect(values[5]).toBeAllClose((memberValues[15]! + memberValues[16]! + memberValues[17]!) / 3, { rtol: 1e-12 });
});

test('draws repeat, and are the same for every metric of one test set', () => {
  const members = family({ widths, seeds: 2, count: 100, p: sigmoid, name: 'paired' });
  const [a, again] = [1, 2].map(() => sampleCurve(accuracy.with({}), members, { draws: 20 }));
  expect(a!.draws).toEqual(again!.draws);
  const five = drawMembers(subsetAccuracy.with({ k: 1 }), members, { draws: 20 });
  // K = 1 is accuracy: paired draws agree one by one
  five.draws.forEach((draw, b) => {
    expect([...draw]).toBeAllClose([...drawMembers(accuracy.with({}), members, { draws: 20 }).draws[b]!], {
      rtol: 1e-12,
    });
  });
});

test('a metric that is not a mean is drawn by its weights', () => {
  const random = Random.named(0, 'auroc');
  const members = widths.slice(0, 2).map((width) =>
    memberOf(width, 0, {
      correct: Uint8Array.from({ length: 60 }, () => random.integer(2)),
      confidence: Float32Array.from({ length: 60 }, () => random.uniform()),
    }),
  );
  const { draws, values } = sampleCurve(auroc.with({}), members, { draws: 400 });
  const mean = draws.reduce((sum, draw) => sum + draw[0]!, 0) / draws.length;
  // the spread of an AUROC of 30 against 30 is 0.075; its mean over 400 draws is known to 0.004
  expect(mean).toBeAllClose(values[0]!, { atol: 0.02 });
});

/** Rao and Wu's point: draws of S - 1 of S seeds have the variance of the mean, not (S - 1) / S of it. */
test('the spread of draws over seeds is that of the mean over seeds', () => {
  const accuracies = [0.2, 0.5, 0.8];
  // Seeds that are right on the same share of every kind of image: little variation is left to the draw of images.
  const members = accuracies.map((p, seed) =>
    memberOf(4, seed, { correct: Uint8Array.from({ length: 10_000 }, (_, i) => (i % 100 < 100 * p ? 1 : 0)) }),
  );
  const { draws } = sampleCurve(accuracy.with({}), members, { draws: 4000 });
  const values = draws.map(([value]) => value!);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  // variance of three seeds .09, of their mean .03; 4000 draws estimate a variance to 2 %, the images add 1e-5
  expect(variance).toBeAllClose(0.03, { rtol: 0.1 });
});

describe('coverage over test sets and seeds', () => {
  /**
   * 200 families of 6 widths and 4 seeds, 300 images. Six values on each curve: 1200 intervals, dependent within a family; seeds are few,
   * and percentiles of few are narrow, but the draw of images adds to them.
   */
  test('of scores, for the curve that the family was sampled from', () => {
    const truth = scoresOf(widths.map(sigmoid), widths);
    const covered = { jump: 0, bow: 0, emergence: 0, linearity: 0 };
    const families = 200;
    for (let i = 0; i < families; i++) {
      const members = family({ widths, seeds: 4, count: 300, p: sigmoid, deviation: 0.02, name: i });
      const curve = sampleCurve(accuracy.with({}), members, { draws: 400, seed: i });
      const scored = scoreCurve(curve);
      for (const name of Object.keys(covered) as (keyof typeof covered)[]) {
        const { lower, upper } = scored[name].interval;
        if (lower <= truth[name] && truth[name] <= upper) covered[name]++;
      }
      expect(curve.intervals()).toHaveLength(widths.length);
    }
    // simulation error of 200: 1.5 %; the hull is meant to cover at least its nominal level
    for (const count of Object.values(covered)) expect(count / families).toBeGreaterThanOrEqual(0.92);
  });
});

test('near a floor bands cover the truth, also at scales where no image is right', () => {
  // Probability .002 and 500 images: no image is right in 37 % of members.
  const [truth, families] = [0.002, 300];
  let [inside, bare] = [0, 0];
  for (let i = 0; i < families; i++) {
    const members = family({ widths: [1], seeds: 2, count: 500, p: () => truth, name: `floor ${i}` });
    const [band] = sampleCurve(accuracy.with({}), members, { draws: 200, seed: i }).intervals();
    inside += Number(band!.lower <= truth && truth <= band!.upper);
    bare += Number(band!.lower === band!.upper);
  }
  expect(bare).toBe(0);
  // simulation error 1.3 %
  expect(inside / families).toBeGreaterThanOrEqual(0.93);
});

test('a flat floor gives Eq 1 an interval that reaches infinity, and no NaN', () => {
  const members = family({ widths, seeds: 2, count: 500, p: (w) => (w < 32 ? 0 : 0.9), name: 'flat' });
  const { emergence, jump } = scoreCurve(sampleCurve(accuracy.with({}), members, { draws: 100 }));
  expect(emergence).toMatchObject({ value: Infinity, interval: { lower: Infinity, upper: Infinity } });
  expect(jump.value).toBe(1);
});
