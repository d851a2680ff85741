import { expect, test } from 'vitest';
import { signalOf, type CheckpointScores } from '../../../src/analysis/signal.js';
import { Random } from '../../../src/statistics/random.js';

const training = (place: string, seed: number, scores: number[]): CheckpointScores => {
  return { place, seed, steps: scores.map((_, i) => 100 + 10 * i), scores };
};

test('signal, noise and order by hand', () => {
  const found = signalOf([
    training('a', 0, [0.1, 0.3, 0.2]),
    training('a', 1, [0.2, 0.2, 0.2]),
    training('b', 0, [0.5, 0.7, 0.6]),
    training('b', 1, [0.3, 0.3, 0.3]),
  ]);
  // Final means 0.2 and 0.45; sample variances 0.01, 0, 0.01, 0.
  expect(found.signal).toBeCloseTo(0.25, 12);
  expect(found.noise).toBeCloseTo(Math.sqrt(0.005), 12);
  expect(found.ratio).toBeCloseTo(0.25 / Math.sqrt(0.005), 12);
  expect(found.detrended).toBeNaN(); // three checkpoints
  // 36 pairs: 0.3 of a meets b's three 0.3 (halves), everything else is in order.
  expect(found.order.checkpoint).toBeCloseTo((36 - 1.5) / 36, 12);
  expect(found.order.average).toBe(1);
  // Last scores 0.2, 0.2 and 0.6, 0.3: variances 0 and 0.045, one degree of freedom each.
  expect(found.seeds.last).toBeCloseTo(Math.sqrt(0.045 / 2), 12);
  expect(found.seeds.average).toBeCloseTo(Math.sqrt(0.045 / 2), 12);
});

test('what is still being learnt is noise, but not around a line', () => {
  const found = signalOf([training('a', 0, [0, 1, 2, 3]), training('b', 0, [5, 6, 7, 8])]);
  expect(found.noise).toBeCloseTo(Math.sqrt(5 / 3), 12);
  expect(found.detrended).toBeCloseTo(0, 6);
  expect([found.interval, found.seeds.last]).toEqual([undefined, NaN]);
});

test("an ability's unit does not affect the ratio, the interval and the order", () => {
  const random = Random.named(2, 'signal');
  const rows = simulated(random);
  const plain = signalOf(rows);
  const scaled = signalOf(rows.map((row) => ({ ...row, scores: row.scores.map((score) => 3 - 200 * score) })));
  expect(scaled.ratio).toBeCloseTo(plain.ratio, 8);
  expect(scaled.interval!.lower).toBeCloseTo(plain.interval!.lower, 8);
  expect(scaled.order).toEqual(plain.order);
});

/** Five abilities from 0 to 1, four seeds that differ by 0.03, five checkpoints that vary by 0.05: signal / noise is 20. */
function simulated(random: Random): CheckpointScores[] {
  return [0, 1, 2, 3, 4].flatMap((place) =>
    [0, 1, 2, 3].map((seed) => {
      const level = place / 4 + 0.03 * random.normal();
      return training(
        String(place),
        seed,
        Array.from({ length: 5 }, () => level + 0.05 * random.normal()),
      );
    }),
  );
}

test('its interval covers the ratio in 95 % of simulations, and averages are more accurate than last scores', () => {
  const random = Random.named(1, 'signal');
  const runs = 600;
  let covered = 0;
  let last = 0;
  let average = 0;
  for (let i = 0; i < runs; i++) {
    const { interval, seeds } = signalOf(simulated(random));
    covered += Number(interval!.lower <= 20 && 20 <= interval!.upper);
    last += seeds.last ** 2 / runs;
    average += seeds.average ** 2 / runs;
  }
  // 600 draws of 0.95: standard error 0.9 %; three of them, plus the error of a jackknife over few trainings.
  expect(covered / runs).toBeGreaterThan(0.92);
  expect(covered / runs).toBeLessThan(0.98);
  // 0.03² + 0.05² and 0.03² + 0.05² / 5, each from 15 degrees of freedom x 600.
  expect(last).toBeCloseTo(0.0034, 3);
  expect(average).toBeCloseTo(0.0014, 3);
});

test('a single place has no signal', () => {
  expect(() => signalOf([training('a', 0, [1, 2, 3])])).toThrow(RangeError);
});
