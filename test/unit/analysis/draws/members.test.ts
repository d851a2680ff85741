import { describe, expect, test } from 'vitest';
import { drawMembers, orTooLarge } from '../../../../src/analysis/draws/members.js';
import { accuracy, auroc, subsetAccuracy } from '../../../../src/metrics/classification.js';
import { parseMetric } from '../../../../src/metrics/index.js';
import { membersAtOnce } from '../../../../src/runs/opened.js';
import { OutOfMemory } from '../../../../src/statistics/kernels/out-of-memory.js';
import { Random } from '../../../../src/statistics/random.js';
import { groupingOf, groupSums, ofEachUnit, resamples } from '../../../../src/statistics/resamples.js';
import { RunError } from '../../../../src/terminal/errors.js';
import { memberOf, rightWith } from '../../../support/members.js';

test('shares of more members than are drawn at once equal the counts of their draws, whatever was drawn before', () => {
  const random = Random.named(0, 'many members');
  const units = 30;
  const members = Array.from({ length: membersAtOnce + 100 }, (_, i) =>
    memberOf(1 + (i % 5), i, { correct: Uint8Array.from({ length: units }, () => random.integer(2)) }),
  );
  const [share, subsets] = [accuracy.with({}), subsetAccuracy.with({ k: 3 })];
  const rightIn = (draws: number, seed: number) =>
    [...resamples([{ of: 'units', count: units }], draws, seed)].flat().map((counts) =>
      members.map(({ outcomes }) => {
        let right = 0;
        for (let i = 0; i < units; i++) right += counts[i]! * outcomes.correct![i]!;
        return right;
      }),
    );
  // The second of each pair reuses what the first drew, unless the seed differs or draws are more; fewer draws are the first ones.
  for (const [draws, seed] of [
    [20, 0],
    [20, 1],
    [30, 1],
    [10, 1],
  ] as const) {
    const right = rightIn(draws, seed);
    for (const metric of [share, subsets, share]) {
      const of = (m: number) => (metric === share ? m / units : (m * (m - 1) * (m - 2)) / (30 * 29 * 28));
      const drawn = drawMembers(metric, members, { draws, seed }).draws;
      drawn.forEach((values, b) => {
        expect([...values]).toBeAllClose(right[b]!.map(of), { rtol: 1e-12 });
      });
    }
  }
  const some = drawMembers(share, members.slice(0, 40), { draws: 20, seed: 1 }).draws;
  const all = drawMembers(share, members, { draws: 20, seed: 1 }).draws;
  expect(some).toEqual(all.map((values) => values.slice(0, 40)));
});

test('a member with a non-finite value does not affect the draws of others', () => {
  const random = Random.named(0, 'not finite');
  const losses = () => Float32Array.from({ length: 50 }, () => Math.log(random.uniform()));
  const [first, second, last] = [1, 2, 4].map((width) => memberOf(width, 0, { log_probability: losses() }));
  const metric = parseMetric('cross-entropy');
  const others = drawMembers(metric, [first!, last!], { draws: 20 }).draws.map((draw) => [...draw]);
  for (const value of [-Infinity, NaN]) {
    const log_probability = second!.outcomes.log_probability!.with(7, value);
    const members = [first!, memberOf(2, 0, { log_probability }), last!];
    const { draws } = drawMembers(metric, members, { draws: 20 });
    expect(draws.map((draw) => [draw[0], draw[2]])).toEqual(others);
    expect(draws.some((draw) => !Number.isFinite(draw[1]))).toBe(true);
  }
});

// Images alone, or images and sequences together, are more than a kernel takes at once.
test.each([
  [60_000, 10_000],
  [40_000, 70_000],
])('draws of %i sequences of %i images are the plain sums of their terms', (sequences, images) => {
  const random = Random.named(0, 'sequences', sequences);
  const example = Int32Array.from({ length: 2 * sequences }, (_, row) => (row < images ? row : random.integer(images)));
  const sequence = example.map((_, row) => row >> 1);
  const correct = Uint8Array.from(example, (image) => Number(random.uniform() < (image % 2 === 0 ? 0.9 : 0.5)));
  const metric = parseMetric('sequence-accuracy:l=2');
  const outcomes = { example, sequence, correct };
  const { draws } = drawMembers(metric, [memberOf(1, 0, outcomes)], { draws: 3 });
  const sample = metric.drawn(outcomes);
  if (sample.kind !== 'terms') throw new Error('no terms');
  const clusters = groupSums(sample.terms.clusters, groupingOf(images));
  const terms = [...clusters, ...sample.terms.units];
  const blocks = [
    { of: 'units', count: clusters.length },
    { of: 'sequences', count: sequences },
  ];
  const plain = [...resamples(blocks, 3, 0)]
    .flat()
    .map((counts) => sample.mean + terms.reduce((sum, term, i) => sum + term * counts[i]!, 0));
  expect(draws.map(([value]) => value)).toBeAllClose(plain, { rtol: 1e-9 });
});

describe('a test set drawn in groups', () => {
  const count = 70_000;
  const random = Random.named(0, 'large');
  const label = Int32Array.from({ length: count }, (_, i) => i % 10);
  const correct = rightWith(0.6, count, random);
  const confidence = Float32Array.from(correct, (right) => 0.1 * right + random.uniform());
  const outcomes = { label, correct, confidence };
  const members = [memberOf(1, 0, outcomes)];
  const drawsOf = (id: string, draws: number) =>
    drawMembers(parseMetric(id), members, { draws }).draws.map(([value]) => value!);

  test('uses the same draw for means and for other metrics, with the standard error of single images', () => {
    const draws = 400;
    const [mean, balanced, ofClass] = ['accuracy', 'balanced-accuracy', 'class-accuracy:class=3'].map((id) => {
      const values = drawsOf(id, draws);
      const centre = values.reduce((sum, value) => sum + value, 0) / draws;
      const deviations = values.map((value) => value - centre);
      const spread = Math.sqrt(deviations.reduce((sum, each) => sum + each ** 2, 0) / (draws - 1));
      // 400 draws estimate a spread to 3.5 %.
      expect(spread).toBeAllClose(parseMetric(id).measure(outcomes).standardError, { rtol: 0.12 });
      return { deviations, spread };
    });
    const correlation = (a: typeof mean, b: typeof mean) =>
      a!.deviations.reduce((sum, each, i) => sum + each * b!.deviations[i]!, 0) / (draws - 1) / a!.spread / b!.spread;
    // All classes are equally frequent and equally hard.
    expect(correlation(mean, balanced)).toBeGreaterThan(0.999);
    // One class of ten is a tenth of the variance.
    expect(correlation(mean, ofClass)).toBeAllClose(Math.sqrt(0.1), { atol: 0.15 });
  });

  test('weights areas under a ROC by group', () => {
    const grouping = groupingOf(count)!;
    const counts = [...resamples([{ of: 'units', count: grouping.count }], 2, 0)].flat();
    const { evaluate } = auroc.with({}).weighted(outcomes);
    // To first order: a fiftieth of the standard error, 0.0022.
    expect(drawsOf('auroc', 2)).toBeAllClose(
      counts.map((list) => evaluate(ofEachUnit(list, grouping))),
      { atol: 4.4e-5 },
    );
  });
});

test('memory that a kernel does not get is an error of one line that names the metric and a remedy', () => {
  const failing = () => {
    throw new OutOfMemory('no memory for 8 bytes of outcomes');
  };
  expect(() => orTooLarge(failing, accuracy.with({}))).toThrow(RunError);
  expect(() => orTooLarge(failing, accuracy.with({}))).toThrow(/^accuracy: not enough memory .*; take fewer members/);
});
