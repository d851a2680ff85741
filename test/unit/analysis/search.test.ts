import { expect, test } from 'vitest';
import {
  candidatesFor,
  isPossible,
  rankCandidates,
  scoreCandidates,
  surrogatesOf,
  unitsOf,
} from '../../../src/analysis/search.js';
import { parseMetric } from '../../../src/metrics/index.js';
import { Random } from '../../../src/statistics/random.js';
import { memberOf } from '../../support/members.js';

const random = Random.named(0, 'search');
const members = [1, 2, 4, 8, 16].flatMap((width) =>
  [0, 1].map((seed) => {
    const mse = Float32Array.from({ length: 300 }, () => (0.2 / width) * (0.5 + random.uniform()));
    return memberOf(width, seed, { mse, psnr: mse.map((value) => -10 * Math.log10(value)) });
  }),
);

test('candidates are the metrics that the columns allow, without repeats', () => {
  const ids = candidatesFor(members).map(({ id }) => id);
  expect(ids).toContain('mse');
  expect(ids.some((id) => id.startsWith('reconstruction:c='))).toBe(true);
  expect(ids).not.toContain('accuracy');
  expect(new Set(ids).size).toBe(ids.length);
});

test('ranked by the score, highest first, without curves that hardly move', () => {
  const ranked = rankCandidates(scoreCandidates(candidatesFor(members), members), 'bow', 0.2);
  const scores = ranked.map((candidate) => candidate.scores.bow);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(ranked.every(({ metric, range }) => metric.unit !== 'probability' || range >= 0.2)).toBe(true);
});

test('images and sequences are not confused', () => {
  const columns = ['correct', 'sequence', 'example'] as const;
  expect(unitsOf(columns)).toBe('sequences');
  expect(isPossible(parseMetric('accuracy'), columns, 'sequences')).toBe(false);
  expect(isPossible(parseMetric('image-accuracy'), columns, 'sequences')).toBe(true);
  expect(isPossible(parseMetric('mse'), ['correct'], 'images')).toBe(false);
});

test('a surrogate that orders members like the target has correlation 1, a noisy one none', () => {
  const target = parseMetric('reconstruction:c=0.05');
  const [best] = surrogatesOf(target, [parseMetric('mse'), parseMetric('psnr')], members, { draws: 100 });
  expect(best!.correlation).toBeGreaterThan(0.9);
  expect(best!.interval.upper).toBeLessThanOrEqual(1);
  const noise = members.map((member) => {
    return {
      ...member,
      outcomes: { ...member.outcomes, ssim: Float32Array.from({ length: 300 }, () => random.uniform()) },
    };
  });
  const [found] = surrogatesOf(target, [parseMetric('ssim')], noise, { draws: 100 });
  // ten members: noise reaches .63 in 1 of 20
  expect(Math.abs(found!.correlation)).toBeLessThan(0.8);
});

test('within widths: seeds that run against the trend of widths show it', () => {
  // across widths mse falls as brier does; within a width the seed better by one is worse by the other
  const against = [1, 2, 4].flatMap((width) =>
    [0, 1].map((seed) =>
      memberOf(width, seed, {
        mse: new Float32Array(4).fill(1 / width + 0.01 * seed),
        ssim: new Float32Array(4).fill(-1 / width + 0.01 * seed),
      }),
    ),
  );
  const [{ correlation, withinWidths }] = surrogatesOf(
    parseMetric('below:column=mse,c=9'),
    [parseMetric('ssim')],
    against,
    {
      draws: 50,
    },
  ) as [ReturnType<typeof surrogatesOf>[number]];
  // the target is 1 for all: nothing to order
  expect([correlation, withinWidths]).toEqual([NaN, NaN]);
  const [other] = surrogatesOf(parseMetric('mse'), [parseMetric('ssim')], against, { draws: 50 });
  expect(other!.correlation).toBeGreaterThan(0.7);
  expect(other!.withinWidths).toBe(-1);
});
