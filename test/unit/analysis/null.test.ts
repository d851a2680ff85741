import { expect, test } from 'vitest';
import { sampleCurve } from '../../../src/analysis/curves.js';
import { drawBinomial, testAgainstLine } from '../../../src/analysis/null.js';
import { accuracy, auroc, crossEntropy } from '../../../src/metrics/classification.js';
import { Random } from '../../../src/statistics/random.js';
import { family, memberOf } from '../../support/members.js';

const widths = [1, 2, 4, 8, 16, 32, 64];
const line = (width: number) => 0.2 + 0.1 * Math.log2(width);

function pOf(name: string | number, p: (width: number) => number) {
  const members = family({ widths, seeds: 2, count: 400, p, deviation: 0.02, name });
  return testAgainstLine(sampleCurve(accuracy.with({}), members, { draws: 0 }), members, { draws: 300 });
}

/** Under the null p is uniform, or larger: the test is not to find what is not there more than 1 in 20 times. */
test.each([
  { name: 'a straight line', slope: 0.1, seeds: 2 },
  { name: 'a flat line', slope: 0, seeds: 3 },
  { name: 'a line that is hardly steeper than its noise', slope: 0.005, seeds: 3 },
])('$name is called sudden in about 1 of 20 families', ({ name, slope, seeds }) => {
  const families = 200;
  const found = { emergence: 0, jump: 0, steepness: 0, bow: 0 };
  for (let i = 0; i < families; i++) {
    const p = (width: number) => 0.2 + slope * Math.log2(width);
    const members = family({ widths, seeds, count: 400, p, deviation: 0.02, name: `${name} ${i}` });
    const curve = sampleCurve(accuracy.with({}), members, { draws: 0 });
    const tests = testAgainstLine(curve, members, { draws: 200 });
    for (const score of Object.keys(found) as (keyof typeof found)[]) if (tests[score].p <= 0.05) found[score]++;
  }
  // 5 % of 200 has a standard deviation of 1.5 %: three of them above.
  for (const count of Object.values(found)) expect(count / families).toBeLessThanOrEqual(0.1);
});

test('with one seed for each scale nobody knows how seeds scatter: no p', () => {
  const members = family({ widths, seeds: 1, count: 400, p: line, name: 'one seed' });
  const tests = testAgainstLine(sampleCurve(accuracy.with({}), members, { draws: 0 }), members, { draws: 100 });
  expect(Object.values(tests).map(({ p }) => p)).toEqual(Array(6).fill(NaN));
  expect(tests.jump.upper).toBeGreaterThan(tests.jump.median);
});

test('AUROC of members with hardly a mistake: a draw without one leaves the null what it is, many leave no p', () => {
  const mistaken = (name: string, mistakes: number) => {
    const random = Random.named(0, 'mistakes', name);
    const members = widths.flatMap((width) =>
      [0, 1, 2].map((seed) => {
        const correct = Uint8Array.from({ length: 400 }, (_, i) => (i < (width === 64 ? mistakes : 150) ? 0 : 1));
        // The area rises by no more than chance: confidence knows nothing.
        return memberOf(width, seed, { correct, confidence: Float32Array.from(correct, () => random.uniform()) });
      }),
    );
    return testAgainstLine(sampleCurve(auroc.with({}), members, { draws: 500 }), members, { draws: 200 });
  };
  // A draw of 400 has none of 6 mistakes with chance (1 - 6 / 400) ** 400 = .0024, for three members each; of 1 with .37.
  const few = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => mistaken(name, 6));
  for (const { jump } of few) expect(Number.isFinite(jump.upper)).toBe(true);
  // Eight at once below 1 in 10 has chance 1e-8.
  expect(Math.max(...few.map(({ jump }) => jump.p))).toBeGreaterThan(0.1);
  expect(Object.values(mistaken('one', 1)).map(({ p }) => p)).toEqual(Array(6).fill(NaN));
});

test('a step is found', () => {
  const { jump, bow, emergence } = pOf('step', (width) => (width < 32 ? 0.05 : 0.85));
  expect(jump.p).toBeLessThan(0.01);
  expect(bow.p).toBeLessThan(0.01);
  expect(emergence.median).toBeGreaterThan(0);
});

test('continuous metrics, where lower is better, have a null that falls', () => {
  const random = Random.named(0, 'losses');
  const members = widths.flatMap((width) =>
    [0, 1].map((seed) => {
      const losses = Float32Array.from({ length: 400 }, () => -(0.1 + 2 / width) * -Math.log(1 - random.uniform()));
      return memberOf(width, seed, { log_probability: losses });
    }),
  );
  const tests = testAgainstLine(sampleCurve(crossEntropy.with({}), members, { draws: 0 }), members, { draws: 500 });
  // 2 / w falls early: its bow is below 0, which a line hardly ever reaches from above
  expect(tests.bow.p).toBeGreaterThan(0.99);
  expect(tests.emergence.median).toBeGreaterThan(0);
});

test.each([
  [10, 0.3],
  [1000, 0.001],
  [1000, 0.999],
  [100_000, 0.4],
])('binomials of %i trials with chance %f have their mean and variance', (n, p) => {
  const random = Random.named(0, 'binomial', n);
  const draws = Array.from({ length: 20_000 }, () => drawBinomial(random, n, p));
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length;
  const expected = n * p * (1 - p);
  expect(mean).toBeAllClose(n * p, { atol: 5 * Math.sqrt(expected / 20_000) });
  // rounding a normal adds 1/12
  expect(variance).toBeAllClose(expected, { rtol: 0.06, atol: 0.1 });
  expect(drawBinomial(random, n, 0)).toBe(0);
  expect(drawBinomial(random, n, 1)).toBe(n);
});
