import { describe, expect, test } from 'vitest';
import { fitModel } from '../../../src/analysis/fits.js';
import { models, type CurveModel, type ModelName } from '../../../src/analysis/models.js';

/** 20 scales, each 1.6 times the last. */
const scales = Array.from({ length: 20 }, (_, i) => Math.round(1e3 * 1.6 ** i));
/** Looks like noise within 0.02, and is the same everywhere. */
const noise = scales.map((_, i) => (((i * 7919 + 13) % 101) / 50.5 - 1) * 0.02);

const known: Readonly<Record<ModelName, readonly number[]>> = {
  constant: [0.3],
  line: [-0.4, 0.1],
  quadratic: [2, -0.3, 0.02],
  'power-law': [5, 0.4, 0.1],
  sigmoid: [0.1, 0.9, 11, 1.5],
  'broken-power-law': [0.9, -0.5, 0.05, 0.6, 11, 0.5],
  'two-sigmoids': [0.05, 0.4, 9.5, 3, 0.5, 13, 2],
};

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

const all = Object.entries(models) as [ModelName, CurveModel][];

describe.each(all)('%s', (name, model) => {
  const parameters = known[name];

  test('has its own name and names its parameters', () => {
    expect(model.name).toBe(name);
    expect(new Set(model.parameters).size).toBe(parameters.length);
  });

  test('has the derivatives of its values', () => {
    for (const scale of [1500, 60_000, 7e6]) {
      const differences = parameters.map((value, j) => {
        const h = 1e-6 * Math.max(1, Math.abs(value));
        const at = (change: number) => model.evaluate(parameters.with(j, value + change), scale);
        return (at(h) - at(-h)) / (2 * h);
      });
      expect(model.gradient(parameters, scale)).toBeAllClose(differences, { rtol: 1e-6, atol: 1e-8 });
    }
  });

  test('is recovered from a curve without noise', () => {
    const fit = fitModel(model, { scales, values: scales.map((scale) => model.evaluate(parameters, scale)) });
    expect(fit.converged).toBe(true);
    // The sigmoids of a sum may come in any order, so its curve is compared.
    const curve = scales.map((scale) => fit.model.evaluate(fit.parameters, scale));
    expect(curve).toBeAllClose(
      scales.map((scale) => model.evaluate(parameters, scale)),
      { rtol: 1e-9 },
    );
    expect(ascending(fit.parameters)).toBeAllClose(ascending(parameters), { rtol: 1e-6, atol: 1e-9 });
  });

  test('is recovered upside down and at another scale', () => {
    const values = scales.map((scale) => 7 - 30 * model.evaluate(parameters, scale));
    const fit = fitModel(model, { scales, values });
    expect(fit.sumOfSquares).toBeLessThan(1e-16);
  });
});

/**
 * SciPy 1.17.1: curve_fit with ftol = xtol = gtol = 1e-14, the best of the true parameters and (sums of sigmoids, broken power
 * law) 100 to 200 random starts inside generous bounds; its sum of squares, parameters and sqrt(diag(pcov)).
 */
describe('SciPy finds the same optimum for a noisy curve', () => {
  test.each([
    ['power-law', 0.0026767248761132016, [4.08726316, 0.3702095158, 0.09316752799], [0.940428, 0.0336011, 0.00850667]],
    [
      'sigmoid',
      0.0025699579788040984,
      [0.09711772908, 0.8994414408, 10.987652, 1.444110052],
      [0.0065486, 0.0055317, 0.0296812, 0.0558848],
    ],
    [
      'two-sigmoids',
      0.002446120266380804,
      [0.05266325506, 0.4026026434, 9.516844383, 3.217775371, 0.4907229475, 13.02493991, 2.158368311],
      [0.00728745, 0.0141599, 0.0421539, 0.379466, 0.0153978, 0.0463761, 0.198195],
    ],
    [
      'broken-power-law',
      0.00015717062455397035,
      [0.9015464388, -0.4998054875, 0.05098272121, 0.5898215573, 11.00753278, 0.5091535862],
      [0.00548945, 0.00742731, 0.00343028, 0.0420905, 0.0806738, 0.048452],
    ],
  ] as const)('%s', (name, sumOfSquares, parameters, standardErrors) => {
    // A quarter of the noise for the broken power law, or its break could not be determined.
    const share = name === 'broken-power-law' ? 0.25 : 1;
    const values = scales.map((scale, i) => models[name].evaluate(known[name], scale) + share * noise[i]!);
    const fit = fitModel(models[name], { scales, values });
    expect(fit.sumOfSquares).toBeAllClose(sumOfSquares, { rtol: 1e-9 });
    // Sums of squares that agree in 12 digits leave 6 for the parameters; SciPy's covariance is by differences.
    expect(fit.parameters).toBeAllClose(parameters, { rtol: 1e-5 });
    expect(fit.standardErrors).toBeAllClose(standardErrors, { rtol: 1e-3 });
  });
});

test('models are ordered by their number of parameters', () => {
  const counts = all.map(([, { parameters }]) => parameters.length);
  expect(counts).toEqual(ascending(counts));
});

test('the broken power law is Caballero et al.’s Eq 1', () => {
  const [a, b, c0, c1, d, f] = [0.2, 3, 0.1, 0.4, 5e4, 0.3];
  const model = models['broken-power-law'];
  for (const scale of [1e2, 5e4, 1e7]) {
    const published = a + b * scale ** -c0 * (1 + (scale / d) ** (1 / f)) ** (-c1 * f);
    expect(model.evaluate([a, b * d ** -c0, c0, c1, Math.log(d), f], scale)).toBeAllClose(published, { rtol: 1e-12 });
  }
});
