import { describe, expect, test } from 'vitest';
import { sweepScales, sweepTestSizes } from '../../../src/analysis/subsampling.js';
import { parseMetric } from '../../../src/metrics/index.js';
import { Random } from '../../../src/statistics/random.js';
import { family, memberOf, rightWith } from '../../support/members.js';

const random = Random.named(0, 'subsampling');
const members = [1, 2, 4, 8].flatMap((width) =>
  [0, 1].map((seed) => memberOf(width, seed, { correct: rightWith(1 - 0.8 / width, 120, random) })),
);

test('shares on smaller test sets are those of the drawn units, counted one by one', () => {
  const metric = parseMetric('subset-accuracy:k=3');
  // The same numbers as real ones go through plain loops.
  const real = members.map(({ record, outcomes }) => ({
    record,
    outcomes: { ...outcomes, correct: Float64Array.from(outcomes.correct!) as unknown as Uint8Array<ArrayBuffer> },
  }));
  const request = { metric, sizes: [5, 40, 120], draws: 37 };
  expect(sweepTestSizes({ ...request, members })).toEqual(sweepTestSizes({ ...request, members: real }));
});

test('all but one of 60 scales: each of the 58 inner ones is left out once, without trying smaller sets', () => {
  const many = Array.from({ length: 60 }, (_, i) => memberOf(i + 1, 0, { correct: rightWith(i / 60, 50, random) }));
  const [kept] = sweepScales({ metric: parseMetric('accuracy'), members: many, sizes: [59] });
  expect(kept!.draws).toBe(58);
});

describe('test sizes', () => {
  test('the whole test set gives the curve itself, in every draw', () => {
    const [whole] = sweepTestSizes({ metric: parseMetric('subset-accuracy:k=3'), members, sizes: [120], draws: 5 });
    const { lower, upper, median } = whole!.scores.jump;
    // the order of the sum differs, hence rounding
    expect([lower, upper]).toBeAllClose([median, median], { rtol: 1e-9 });
  });

  test('a probability below the resolution is 0 in about as many draws as it should be', () => {
    // 30 of 10 000 right: of 100 none is right with (1 - .003)^100 = .74
    const correct = Uint8Array.from({ length: 10_000 }, (_, i) => (i < 30 ? 1 : 0));
    const all = new Uint8Array(10_000).fill(1);
    const two = [memberOf(1, 0, { correct }), memberOf(2, 0, { correct: all })];
    const [small] = sweepTestSizes({ metric: parseMetric('accuracy'), members: two, sizes: [100], draws: 2000 });
    expect(small!.flatStart).toBeAllClose(0.739, { atol: 0.05 });
  });

  test('sizes out of range are refused', () => {
    const request = { metric: parseMetric('accuracy'), members, draws: 2 };
    for (const size of [0, 1.5, 121]) expect(() => sweepTestSizes({ ...request, sizes: [size] })).toThrow(RangeError);
  });
});

test('kept scales: every set with both ends', () => {
  const six = family({ widths: [1, 2, 4, 8, 16, 32], seeds: 1, count: 50, p: (w) => w / 40, name: 'kept' });
  const request = { metric: parseMetric('accuracy'), members: six };
  // of four inner scales: 1, 4, 6, 4, 1 sets
  expect(sweepScales({ ...request, sizes: [2, 3, 4, 5, 6] }).map(({ draws }) => draws)).toEqual([1, 4, 6, 4, 1]);
  expect(sweepScales({ ...request, sizes: [2] })[0]!.scores.jump.median).toBe(1);
  expect(() => sweepScales({ ...request, sizes: [7] })).toThrow(RangeError);
});
