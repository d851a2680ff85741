import { describe, expect, test } from 'vitest';
import { fitLaw, type Known } from '../../../../src/analysis/scaling/fit.js';
import {
  costOf,
  examplesAt,
  flopsOf,
  frontierExponents,
  frontierOf,
  optimumAt,
  type Cost,
} from '../../../../src/analysis/scaling/frontier.js';
import { lossAt } from '../../../../src/analysis/scaling/law.js';
import { Random } from '../../../../src/statistics/random.js';
import { gridOf, publishedLaws, ratios, simulatedCells } from '../../../support/scaling.js';

const six = { factor: 6, powers: [1, 1], farthest: undefined } as const satisfies Cost;
const steep = { factor: 40, powers: [0.8, 1.1], farthest: 0 } as const satisfies Cost;
const law = publishedLaws.besiroglu;

test('N_opt grows as C^(b / (a + b)) for C = 6 N D: the closed form of Hoffmann et al., Eq 4', () => {
  expect(frontierExponents(publishedLaws.hoffmann, six)[0]).toBeCloseTo(0.28 / (0.34 + 0.28), 12);
  // G = (a A / (b B))^(1 / (a + b)), N_opt = G (C / 6)^(b / (a + b)), D_opt = (C / 6)^(a / (a + b)) / G.
  const [a, A, b, B, flops] = [0.3478, 482.01, 0.3658, 2085.43, 5.88e23];
  const g = ((a * A) / (b * B)) ** (1 / (a + b));
  const [n, d] = optimumAt(law, six, flops);
  expect(n / (g * (flops / 6) ** (b / (a + b)))).toBeCloseTo(1, 10);
  expect(d / ((flops / 6) ** (a / (a + b)) / g)).toBeCloseTo(1, 10);
});

describe.each([six, steep])('FLOPs of $factor N^p D^q', (cost) => {
  test('the optimum is the lowest loss the FLOPs can buy', () => {
    const [n, d] = optimumAt(law, cost, 1e21);
    expect(flopsOf(cost, [n, d]) / 1e21).toBeCloseTo(1, 10);
    const least = lossAt(law, [n, d]);
    for (const factor of [0.5, 0.9, 0.99, 1.01, 1.1, 2])
      expect(lossAt(law, [n * factor, examplesAt(cost, 1e21, n * factor)])).toBeGreaterThan(least);
  });

  test('and grows with the stated exponents', () => {
    const [first, second] = [optimumAt(law, cost, 1e20), optimumAt(law, cost, 1e22)];
    frontierExponents(law, cost).forEach((exponent, k) => {
      expect(Math.log(second[k]! / first[k]!) / Math.log(100)).toBeCloseTo(exponent, 10);
    });
  });

  test('is recovered from the FLOPs of members', () => {
    const grid = gridOf(ratios(1e3, 1e6, 4), ratios(1e4, 1e6, 3));
    const found = costOf(
      grid,
      grid.map((at) => flopsOf(cost, at)),
    );
    expect(found.factor / cost.factor).toBeCloseTo(1, 8);
    expect(found.powers[0]).toBeCloseTo(cost.powers[0], 10);
    expect(found.powers[1]).toBeCloseTo(cost.powers[1], 10);
    expect(found.farthest).toBeLessThan(1e-8);
  });
});

test('without FLOPs of members: 6 N D', () => {
  expect(costOf([[1, 2]], [NaN])).toEqual(six);
});

const grid = gridOf(ratios(1e8, 1e10, 4), ratios(5e9, 5e11, 4));
const isIn = ({ interval: { lower, upper } }: Known, truth: number) => lower <= truth && truth <= upper;

test('intervals of exponents and optima cover the truth', () => {
  const isHeavy = process.env['SCALING'] === 'heavy';
  const count = isHeavy ? 200 : 4;
  const held = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const fit = fitLaw(
      simulatedCells({ law, coordinates: grid, seeds: 2, deviation: 0.01 }, Random.named(i, 'frontier')),
    );
    const { exponents, budgets } = frontierOf(
      fit,
      grid.map((at) => flopsOf(six, at)),
    );
    const { flops, optimum } = budgets.at(-1)!;
    const truths = [...frontierExponents(law, six), ...optimumAt(law, six, flops)];
    [...exponents, ...optimum].forEach((known, k) => (held[k]! += Number(isIn(known, truths[k]!))));
  }
  // Of 4 (200) draws of 95 %: fewer occur once in 70 (800) times.
  for (const each of held) expect(each).toBeGreaterThanOrEqual(isHeavy ? 180 : 3);
});

test('an undetermined exponent leaves the frontier open', () => {
  const exact = fitLaw(
    gridOf([1e8, 1e9, 1e10], [1e9, 1e10])
      .slice(0, 5)
      .map((coordinates) => ({ coordinates, values: [lossAt(law, coordinates)] })),
  );
  // Five points for five parameters.
  const { exponents } = frontierOf(exact, [NaN]);
  expect(exponents[0].interval).toEqual({ lower: 0, upper: 1 });
});
