import { expect, test } from 'vitest';
import { scoreInterval } from '../../../src/analysis/score-interval.js';
import { Random } from '../../../src/statistics/random.js';

const random = Random.named(0, 'score interval');
/** Reciprocals scatter around 0.2, as those of a median step do; none falls. */
const rising = Array.from({ length: 2000 }, () => 1 / Math.max(0.001, 0.2 + 0.12 * random.normal()));

test('one falling draw does not narrow the interval of Eq 1', () => {
  const all = scoreInterval('emergence', 5, rising);
  const one = scoreInterval('emergence', 5, [-3, ...rising.slice(1)]);
  expect(all.upper).toBe(Infinity);
  expect(one.upper).toBe(Infinity);
  expect(one.lower).toBeCloseTo(all.lower, 2);
});

test('a curve that may rise or fall has an interval covering both', () => {
  const draws = rising.map((draw, i) => (i % 3 === 0 ? -draw : draw));
  const { lower, upper } = scoreInterval('emergence', 5, draws);
  expect(lower).toBeLessThan(0);
  expect(upper).toBeGreaterThan(0);
});

test('a falling curve has the interval of its mirror image', () => {
  const { lower, upper } = scoreInterval('emergence', 5, rising);
  const mirrored = scoreInterval(
    'emergence',
    -5,
    rising.map((draw) => -draw),
  );
  expect(mirrored).toEqual({ lower: -upper, upper: -lower });
});
