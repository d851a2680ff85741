/** Curves over all possible seeds, compared with closed forms of the lognormal: what a bootstrap of the same seeds cannot know. */
import { expect, test } from 'vitest';
import { sampleCurve } from '../../../src/analysis/curves.js';
import {
  deviationsTogether,
  drawExpected,
  meanOverSeeds,
  seedModelOf,
  type SeedModel,
} from '../../../src/analysis/seed-model.js';
import { normalsOf, normalsTogether, ofVariances } from '../../../src/analysis/expected-curves.js';
import { accuracy } from '../../../src/metrics/classification.js';
import { percentileInterval } from '../../../src/statistics/bootstrap.js';
import { Random } from '../../../src/statistics/random.js';
import { family } from '../../support/members.js';

/** Scales with the same spread over seeds, measured without any test set error. */
function lognormal(scales: number, seeds: number, sigma: number, random: Random) {
  const places = Array.from({ length: scales }, (_, j) => ({
    members: Array.from({ length: seeds }, (__, s) => j * seeds + s),
  }));
  const bases = Array.from({ length: scales * seeds }, () => Math.exp(sigma * random.normal()));
  const observed = {
    ...{ bases, errors: bases.map(() => 0), ranks: () => undefined, shared: places.map(() => 0) },
    ...{ seen: bases.map(() => true), count: 100, isShare: false },
  };
  return seedModelOf(observed, { scales: places, limits: [0, Infinity] });
}

const draw = (model: SeedModel, draws: number) =>
  drawExpected(
    model,
    normalsOf({ draws, scales: model.spread.scales.length }),
    (base) => base,
    ofVariances(model.spread.scales.length),
  );

test.each([
  [2, 0.3],
  [3, 1],
  [6, 1],
])('the mean of a lognormal over %i seeds with sigma %d is covered', (seeds, sigma) => {
  const random = Random.named(0, 'lognormal', seeds);
  const truth = Math.exp(sigma ** 2 / 2);
  const families = 300;
  let covered = 0;
  for (let i = 0; i < families; i++) {
    const draws = draw(lognormal(3, seeds, sigma, random), 300);
    const { lower, upper } = percentileInterval(draws.map((curve) => curve[1]!));
    covered += Number(lower <= truth && truth <= upper);
  }
  // The generalized interval is exact except for the pooled degrees of freedom and the far tail beyond 41 nodes, a percent or two; 300
  // families: a standard error of 1.3 %.
  expect(covered / families).toBeGreaterThan(0.89);
});

test('for many seeds it is their mean, with its standard error', () => {
  const [seeds, sigma] = [400, 0.5];
  const draws = draw(lognormal(3, seeds, sigma, Random.named(0, 'many seeds')), 2000).map((curve) => curve[1]!);
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const deviation = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length);
  const truth = Math.exp(sigma ** 2 / 2);
  // Delta method of exp(m + v / 2): variance truth^2 (v / n + v^2 / (2 (n - 1))), where v has twice the degrees of freedom thanks to the
  // neighbours.
  const error = truth * Math.sqrt(sigma ** 2 / seeds + sigma ** 4 / 2 / (seeds * (8 / 3)));
  expect(Math.abs(mean - truth)).toBeLessThan(4 * error);
  expect(Math.abs(deviation / error - 1)).toBeLessThan(0.1);
});

test('the mean over seeds of exp(x) is exp(m + v / 2), up to the tail beyond 41 nodes of equal probability', () => {
  expect(meanOverSeeds(0.4, 0.25, Math.exp)).toBeAllClose(Math.exp(0.4 + 0.125), { rtol: 2e-3 });
  expect(meanOverSeeds(1, 0, (x) => x)).toBeAllClose(1, { rtol: 1e-12 });
});

test('seeds move a metric equally with itself and oppositely with its negative', () => {
  expect(deviationsTogether([1, -0.5, 0.2], [1, -0.5, 0.2])).toBe(1);
  expect(deviationsTogether([1, -0.5, 0.2], [-2, 1, -0.4])).toBeAllClose(-1, { rtol: 1e-12 });
  expect(deviationsTogether([0, 0], [1, 2])).toBe(0);
  const [own, other] = normalsTogether([{ deviations: [1, 2] }, { deviations: [1, 2] }], { draws: 3, scales: 4 });
  expect(other).toEqual(own);
  const [up, down] = normalsTogether([{ deviations: [1, 2] }, { deviations: [-1, -2] }], { draws: 1, scales: 2 });
  expect(down![0]).toBeAllClose(
    up![0]!.map((value) => -value),
    { rtol: 1e-9 },
  );
});

test('one seed per scale says nothing about others', () => {
  const members = family({ widths: [1, 2, 4], seeds: 1, count: 50, p: (w) => w / 5, name: 'one seed' });
  expect(sampleCurve(accuracy.with({}), members, { draws: 20 }).expected()).toBeUndefined();
});
