import { expect, test } from 'vitest';
import { kMeans, predictionStrength } from '../../../src/statistics/k-means.js';
import { Random } from '../../../src/statistics/random.js';

const cloud = (random: Random, centre: readonly number[], count: number, sd = 1) =>
  Array.from({ length: count }, () => Float64Array.from(centre, (value) => value + sd * random.normal()));

test('clusters of few points are the best of all partitions', () => {
  const random = Random.named(3, 'k-means');
  const rows = cloud(random, [0, 0], 9, 2);
  let least = Infinity;
  for (let code = 1; code < 2 ** 9 - 1; code++) {
    const parts = [0, 1].map((part) => rows.filter((_, i) => ((code >> i) & 1) === part));
    least = Math.min(
      least,
      parts.reduce((sum, part) => sum + around(part), 0),
    );
  }
  expect(kMeans(rows, 2, random).squares).toBeCloseTo(least, 9);
});

function around(rows: readonly Float64Array[]): number {
  const centre = [0, 1].map((d) => rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length);
  return rows.reduce((sum, row) => sum + (row[0]! - centre[0]!) ** 2 + (row[1]! - centre[1]!) ** 2, 0);
}

test('three separate clouds are found as three, not four; one cloud not as two', () => {
  const random = Random.named(1, 'k-means');
  const three = [
    [0, 0],
    [12, 0],
    [0, 12],
  ].flatMap((centre) => cloud(random, centre, 100));
  expect(predictionStrength(three, 3, random)).toBeCloseTo(1, 12);
  expect(predictionStrength(three, 4, random)).toBeLessThan(0.8);
  const one = cloud(random, [0, 0, 0], 300);
  expect(predictionStrength(one, 1, random)).toBe(1);
  // Halves of a round cloud are cut along a different line each time.
  expect(predictionStrength(one, 2, random)).toBeLessThan(0.8);
});
