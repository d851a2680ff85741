import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoreInterval } from '../../../src/analysis/score-interval.js';
import { limitsOf, scoreNames, scoresOf, type Scores } from '../../../src/analysis/scores.js';
import { Random } from '../../../src/statistics/random.js';

const random = Random.named(0, 'score interval');
/** Reciprocals scatter around 0.2, as those of a median step do; none falls. */
const rising = Array.from({ length: 2000 }, () => 1 / Math.max(0.001, 0.2 + 0.12 * random.normal()));
const scales = [1, 2, 4, 8, 16, 32];

const withEq1 = (emergence: number) => ({ emergence }) as Scores;
const intervalOf = (observed: number, draws: readonly number[]) =>
  scoreInterval('emergence', { observed: withEq1(observed), draws: draws.map(withEq1) }, scales);

test('one falling draw does not narrow the interval of Eq 1', () => {
  const all = intervalOf(5, rising);
  const one = intervalOf(5, [-3, ...rising.slice(1)]);
  expect(all.upper).toBe(Infinity);
  expect(one.upper).toBe(Infinity);
  expect(one.lower).toBeCloseTo(all.lower, 2);
});

test('a curve that may rise or fall has an interval covering both', () => {
  const draws = rising.map((draw, i) => (i % 3 === 0 ? -draw : draw));
  const { lower, upper } = intervalOf(5, draws);
  expect(lower).toBeLessThan(0);
  expect(upper).toBeGreaterThan(0);
});

test('a falling curve has the interval of its mirror image', () => {
  const { lower, upper } = intervalOf(5, rising);
  const mirrored = intervalOf(
    -5,
    rising.map((draw) => -draw),
  );
  expect(mirrored).toEqual({ lower: -upper, upper: -lower });
});

test('no interval ends where no curve can be: twice the observed step minus a larger one would be negative', () => {
  // A ramp whose draws have steps as large as the whole range.
  const observed = scoresOf([0, 0.1, 0.2, 0.3, 0.4, 0.5], scales);
  const draws = Array.from({ length: 200 }, (_, i) => scoresOf([0, 0, 0, i / 200, 1, 1], scales));
  const jump = scoreInterval('jump', { observed, draws }, scales);
  expect(2 * observed.jump - 1).toBeLessThan(0);
  expect(jump.lower).toBe(1 / 5);
  expect(jump.upper).toBeLessThanOrEqual(1);
  // Half of the draws fall: their largest step may be down, by as little as a fifth of the range.
  const mixed = draws.map((draw, i) => (i % 2 === 0 ? scoresOf([1, 0.8, 0.6, 0.4, 0.2, 0], scales) : draw));
  expect(scoreInterval('jump', { observed, draws: mixed }, scales).lower).toBe(-1 / 5);
});

const curve = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 8 });

test('every score of every curve lies within its limits, and a curve attains those of a ramp and of a single step', () => {
  fc.assert(
    fc.property(
      curve,
      fc.array(fc.double({ min: 0.1, max: 3, noNaN: true }), { minLength: 7, maxLength: 7 }),
      (values, steps) => {
        const own = values.map((_, i) => Math.exp(steps.slice(0, i).reduce((sum, step) => sum + step, 0)));
        const scores = scoresOf(values, own);
        for (const direction of [0, Math.sign(scores.emergence)] as (-1 | 0 | 1)[]) {
          for (const name of scoreNames) {
            const { lower, upper } = limitsOf(name, own, direction);
            if (Number.isNaN(scores[name]) || (scores.emergence === 0 && direction !== 0)) continue;
            // Rounding of a quotient of sums.
            const slack = 1e-9 * Math.max(1, Math.abs(scores[name]));
            expect(scores[name]).toBeGreaterThanOrEqual(lower - slack);
            expect(scores[name]).toBeLessThanOrEqual(upper + slack);
          }
        }
      },
    ),
  );
  const ramp = scoresOf([0, 1, 2, 3, 4, 5], scales);
  const step = scoresOf([0, 0, 0, 0, 0, 1], scales);
  for (const name of ['jump', 'steepness'] as const)
    expect(ramp[name]).toBeCloseTo(limitsOf(name, scales, 1).lower, 12);
  for (const name of ['jump', 'steepness'] as const)
    expect(step[name]).toBeCloseTo(limitsOf(name, scales, 1).upper, 12);
  expect(ramp.linearity).toBeCloseTo(limitsOf('linearity', scales, 1).upper, 12);
});
