import { describe, expect, test } from 'vitest';
import { smoothFitter, smoothNames } from '../../../src/analysis/smooth.js';

const scales = [130, 420, 1500, 5600, 21_000, 80_000];

/**
 * Sums of squares of line, power law, saturating exponential and logistic: the least over 60 starts of L-BFGS-B and 8 of Nelder-Mead in the
 * same bounds, levels by `numpy.linalg.lstsq` (SciPy 1.17.1).
 */
const references: readonly (readonly [curve: string, values: number[], sums: number[]])[] = [
  ['a logistic', [0.1, 0.14, 0.3, 0.62, 0.83, 0.9], [0.0248747, 0.0246598, 0.00189891, 2.47683e-5]],
  ['early', [0.2, 0.5, 0.66, 0.78, 0.83, 0.85], [0.0464776, 0.000288987, 0.0137259, 0.000324699]],
  ['late', [0, 0, 0.01, 0.05, 0.4, 0.9], [0.183238, 0.00884251, 0.00368997, 0.00120008]],
  ['a falling error', [2.3, 2.1, 1.2, 0.4, 0.3, 0.28], [0.479515, 0.277007, 0.00815304, 0.0153385]],
  [
    'a step, which none of them can make',
    [0.3, 0.32, 0.29, 0.9, 0.88, 0.91],
    [0.11909, 0.118979, 0.0497742, 0.0532357],
  ],
];

describe.each(references)('%s', (_, values, sums) => {
  const { fits, best } = smoothFitter(scales);

  test.each(smoothNames.map((name, i) => [name, i] as const))('%s fits as well as in SciPy', (name, i) => {
    const fit = fits(values)[i]!;
    expect(fit.name).toBe(name);
    // A hundredth of a grid step: a part in a thousand of a fit's residual, or of a thousandth of the curve's height.
    const height = Math.max(...values) - Math.min(...values);
    expect(fit.sumOfSquares).toBeLessThanOrEqual(sums[i]! * 1.003 + (1e-3 * height) ** 2);
    expect(fit.sumOfSquares).toBeGreaterThanOrEqual(sums[i]! * 0.9999);
    const left = values.reduce((sum, value, k) => sum + (value - fit.values[k]!) ** 2, 0);
    expect(left).toBeAllClose(fit.sumOfSquares, { rtol: 1e-9, atol: 1e-15 });
  });

  test('the best smooth curve has the smallest residual', () => {
    expect(best(values).sumOfSquares).toBe(Math.min(...fits(values).map(({ sumOfSquares }) => sumOfSquares)));
  });
});

test('no smooth curve makes a step: the steepest takes half of the log range from 10 to 90 %', () => {
  const nine = Array.from({ length: 9 }, (_, i) => 2 ** i);
  const { values } = smoothFitter(nine).best(nine.map((scale) => (scale < 16 ? 0 : 1)));
  const steps = Array.from(values.slice(1), (value, i) => value - values[i]!);
  // Half of the range is four steps of eight: the steepest logistic rises by tanh(ln 9 / 8) = .27 of its height in one of them.
  expect(Math.max(...steps) / (values[8]! - values[0]!)).toBeLessThan(0.32);
  const bounded = nine.map((scale) => 1 / (1 + Math.exp(-4 * Math.log(9) * (Math.log2(scale) / 8 - 0.5))));
  expect(smoothFitter(nine).best(bounded).sumOfSquares).toBeLessThan(1e-6);
});

test('two scales, and a constant curve', () => {
  expect([...smoothFitter([1, 10]).best([0.2, 0.7]).values]).toBeAllClose([0.2, 0.7], { rtol: 1e-12 });
  expect([...smoothFitter([1, 10, 100]).best([0.5, 0.5, 0.5]).values]).toBeAllClose([0.5, 0.5, 0.5], { rtol: 1e-12 });
});

test('a thousand scales are searched in groups: a fit leaves at most 0.1 % more than one that is searched at all of them', () => {
  const many = Array.from({ length: 1000 }, (_, i) => 100 * (i + 1) ** 2);
  const [grouped, plain] = [smoothFitter(many), smoothFitter(many, undefined, 1000)];
  const t = many.map((scale) => Math.log(scale / many[0]!) / Math.log(many[999]! / many[0]!));
  const noise = t.map((_, i) => 0.05 * Math.sin(1.7 * i));
  for (const [middle, slope] of [
    [0.9, 8],
    [0.3, 5],
    [0.6, 30],
  ] as const) {
    const values = t.map((at, i) => 1 / (1 + Math.exp(-slope * (at - middle))) + noise[i]!);
    for (const [i, fit] of plain.fits(values).entries()) {
      const own = grouped.fits(values)[i]!;
      expect(own.sumOfSquares, `${fit.name} ${middle}`).toBeLessThan(1.001 * fit.sumOfSquares);
      expect(own.sumOfSquares, `${fit.name} ${middle}`).toBeGreaterThan(0.999 * fit.sumOfSquares);
    }
  }
});
