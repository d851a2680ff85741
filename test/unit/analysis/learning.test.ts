import { expect, test } from 'vitest';
import { learningOf } from '../../../src/analysis/learning.js';
import { Random } from '../../../src/statistics/random.js';

test('five examples at four moments, by hand', () => {
  // Columns: never, kept from the second on, forgotten at the end, lost and learnt again, always.
  const solved = [
    [0, 0, 0, 1, 1],
    [0, 1, 1, 0, 1],
    [0, 1, 1, 1, 1],
    [0, 1, 0, 1, 1],
  ].map((row) => Uint8Array.from(row));
  const found = learningOf([{ solved, losses: undefined }], [10, 20, 30, 40]);
  expect(found.moments).toEqual([
    { at: 10, solved: 0.4, gained: NaN, lost: NaN },
    { at: 20, solved: 0.6, gained: 2 / 3, lost: 1 / 2 },
    { at: 30, solved: 0.8, gained: 1 / 2, lost: 0 },
    { at: 40, solved: 0.6, gained: 0, lost: 1 / 4 },
  ]);
  expect([found.never, found.kept, found.forgotten, found.events]).toEqual([1 / 5, 2 / 5, 1 / 5, 2 / 5]);
  expect(found.coinFlips).toBeCloseTo(0.4 * 0.4 + 0.6 * 0.2 + 0.8 * 0.4, 12);
  expect([found.agreement, found.clusters]).toEqual([NaN, undefined]);
});

/** Three kinds of examples: their losses fall early, late or never; noise of a tenth; solved below a loss of 0.5. */
function training(random: Random, kinds: readonly number[]) {
  const mean = (kind: number, t: number) => [3 * Math.exp(-2 * t), 3 / (1 + Math.exp(4 * (t - 3))), 3][kind]!;
  const losses = [0, 1, 2, 3, 4, 5].map((t) =>
    Float64Array.from(kinds, (kind) => mean(kind, t) * Math.exp(0.1 * random.normal())),
  );
  return { losses, solved: losses.map((row) => Uint8Array.from(row, (loss) => Number(loss < 0.5))) };
}

test('kinds of trajectories are found as clusters, and seeds agree on the order', () => {
  const random = Random.named(1, 'learning');
  const kinds = Array.from({ length: 900 }, (_, i) => (i % 9 < 5 ? 0 : i % 9 < 8 ? 1 : 2));
  const found = learningOf([training(random, kinds), training(random, kinds)], [1, 2, 4, 8, 16, 32]);
  const { clusters } = found.clusters!;
  expect(clusters.map(({ share }) => Math.round(share * 900))).toEqual([500, 300, 100]);
  expect(clusters.map(({ solved }) => solved)).toEqual([1, 1, 0]);
  expect(clusters[2]!.losses[5]).toBeCloseTo(3, 1);
  expect(found.agreement).toBeGreaterThan(0.97); // noise moves a few over the cutoff a moment earlier or later
  expect(found.never).toBeCloseTo(1 / 9, 12);
});

test('coin-flip moments forget as many examples as expected, and seeds agree on nothing', () => {
  const random = Random.named(2, 'learning');
  const flips = () => ({
    losses: undefined,
    solved: [0.3, 0.5, 0.7].map((p) => Uint8Array.from({ length: 20_000 }, () => Number(random.uniform() < p))),
  });
  const found = learningOf([flips(), flips()], [1, 2, 3]);
  // Standard error about 0.5 / sqrt(40 000).
  expect(found.events).toBeCloseTo(found.coinFlips, 2);
  expect(Math.abs(found.agreement)).toBeLessThan(0.03);
});
