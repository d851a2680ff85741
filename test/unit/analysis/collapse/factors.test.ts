/** `COLLAPSE=heavy` simulates more, over more shapes of runs, and prints the rates in docs/collapse.md. */
import { describe, expect, test } from 'vitest';
import { testFactors, trainingsAmong } from '../../../../src/analysis/collapse/factors.js';
import { Random } from '../../../../src/statistics/random.js';
import { shapes, simulatedPoints, type SimulatedCollapse } from '../../../support/collapse.js';

const isHeavy = process.env['COLLAPSE'] === 'heavy';
const factors = ['width', 'steps'];
const grid = { widths: [4, 8, 16, 32], steps: [16, 32, 64, 128] };
const designs: Readonly<Record<string, Omit<SimulatedCollapse, 'shape'>>> = isHeavy
  ? {
      '4 x 4, 2 seeds': { ...grid, seeds: 2 },
      '4 x 4, 3 seeds, seeds persist': { ...grid, seeds: 3, shared: 0.5 },
      '2 x 8, 4 seeds': { widths: [4, 32], steps: [1, 2, 4, 8, 16, 32, 64, 128], seeds: 4 },
      '5 x 12, 2 seeds persist': {
        ...{ widths: [4, 8, 16, 32, 64], seeds: 2, shared: 0.5 },
        steps: Array.from({ length: 12 }, (_, i) => 2 ** i),
      },
    }
  : { '4 x 4, 3 seeds, seeds persist': { ...grid, seeds: 3, shared: 0.5 } };

/** Shares of simulated runs with an alarm for any factor, and for the width. */
function alarms(
  simulated: SimulatedCollapse,
  name: string,
  runs: number,
): { any: number; width: number; covers: number } {
  let [any, width, covers] = [0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const points = simulatedPoints(simulated, Random.named(run, name));
    const tests = testFactors(points, factors, { draws: isHeavy ? 299 : 99, random: Random.named(run, name, 'test') });
    any += Number(tests.some(({ adjusted }) => adjusted <= 0.05));
    width += Number(tests[0]!.adjusted <= 0.05);
    const { lower, upper } = tests[0]!.shift.interval;
    covers += Number(lower <= 0 && upper >= 0);
  }
  return { any: any / runs, width: width / runs, covers: covers / runs };
}

describe.each(Object.entries(designs))('%s', (name, design) => {
  const runs = isHeavy ? 1000 : 50;

  test('about 5 % false alarms over both factors, whatever the shape', () => {
    const rates = Object.entries(shapes).map(([of, { shape }]) => {
      const found = alarms({ ...design, shape }, `${name} ${of}`, runs);
      if (isHeavy) console.info(`${name}, ${of}: any ${found.any}, width ${found.width}, covers ${found.covers}`);
      return found.any;
    });
    const mean = rates.reduce((a, b) => a + b) / rates.length;
    // At 5 % more than 20 of 200 have a probability of 0.1 %; of 1000 in a cell 7.1 % is three standard errors above.
    expect(mean).toBeLessThanOrEqual(isHeavy ? 0.06 : 0.1);
    if (isHeavy) expect(Math.max(...rates)).toBeLessThanOrEqual(0.071);
    expect(mean).toBeGreaterThan(0);
  });

  test('a width that adds 0.4 at an ability of a half, 0.08 over all members, is found', () => {
    const { width, any } = alarms(
      { ...design, shape: shapes['sigmoid']!.shape, shift: 0.4 },
      `${name} power`,
      runs / 2,
    );
    if (isHeavy) console.info(`${name}, power: width ${width}, any ${any}`);
    expect(width).toBeGreaterThan(0.8);
  });
});

test('a factor that the loss alone determines cannot be tested', () => {
  const points = [1, 2, 4, 8, 16].flatMap((width) =>
    [0, 1, 2, 3].map((seed) => ({
      ...{ values: [width], seed },
      loss: (1 + 0.01 * seed) / width,
      ability: width / 20,
    })),
  );
  const [found] = testFactors(points, ['width'], { draws: 99, random: Random.named(0) });
  expect(found!.overlap).toBeLessThan(0.05);
  expect(found!.untold).toBe('members of equal loss hardly differ in it');
  expect([found!.p, found!.adjusted]).toEqual([NaN, NaN]);
});

test('a factor unrelated to the loss has all of its variance at equal loss', () => {
  const random = Random.named(0, 'unrelated');
  const points = Array.from({ length: 200 }, (_, seed) => ({
    ...{ values: [seed % 2 === 0 ? 4 : 8], seed },
    loss: Math.exp(random.normal()),
    ability: random.normal(),
  }));
  const [found] = testFactors(points, ['width'], { draws: 99, random: Random.named(1) });
  // With 200 members, 20 random columns explain about as much as chance does.
  expect(found!.overlap).toBeGreaterThan(0.9);
  expect(found!.untold).toBeUndefined();
});

test('an exact effect of a factor is recovered, up or down, and few trainings give no result', () => {
  const of = (seeds: number, sign: number) =>
    [1, 2, 4].flatMap((width) =>
      Array.from({ length: seeds }, (_, seed) =>
        [1, 2, 4, 8].map((step) => {
          const loss = 2 / step + 0.2 / width + 0.013 * seed;
          return { values: [width, step], seed, loss, ability: -Math.log(loss) + sign * 0.3 * Math.log2(width) };
        }),
      ).flat(),
    );
  for (const sign of [1, -1]) {
    const [width] = testFactors(of(4, sign), factors, { draws: 99, random: Random.named(0) });
    // The slope is on the logarithm, and -ln loss is in the spline: 0.3 per doubling, two of them.
    expect(width!.shift.value).toBeCloseTo(sign * 0.6, 8);
    expect(width!.p).toBe(0.01);
  }
  const few = testFactors(of(2, 1), factors, { draws: 99, random: Random.named(0) });
  expect(few[0]!.untold).toBe('the test needs 8 trained models, but there are 6');
});

test('members that differ only in their steps belong to one training', () => {
  const point = (width: number, steps: number, seed: number) => ({ values: [width, steps], seed });
  const points = [point(4, 1, 0), point(4, 2, 0), point(4, 1, 1), point(8, 1, 0), point(8, 2, 0)];
  expect(trainingsAmong(points, factors)).toEqual([0, 0, 1, 2, 2]);
  expect(trainingsAmong(points, ['width', 'depth'])).toEqual([0, 1, 2, 3, 4]);
});
