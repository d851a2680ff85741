import { describe, expect, test } from 'vitest';
import type { CurveData } from '../../../src/analysis/curve-data.js';
import { fitModel } from '../../../src/analysis/fits.js';
import { models, type ModelName } from '../../../src/analysis/models.js';
import { FitError } from '../../../src/statistics/least-squares.js';
import { Random } from '../../../src/statistics/random.js';
import { fitModels, fittedValue } from '../../support/fits.js';

/** 20 scales, each 1.6 times the last. */
const scales = Array.from({ length: 20 }, (_, i) => Math.round(1e3 * 1.6 ** i));
const sigmoidal = scales.map((scale) => models.sigmoid.evaluate([0.1, 0.9, 11, 1.5], scale));

/** Published scores of language models by number of parameters; standard errors over test examples. */
const real = {
  /** OpenLM (Gadre et al. 2024), loss on C4. */
  loss: {
    scales: [10569312, 78914048, 153677376, 411616256, 1439795200, 6889410560],
    values: [5.271892, 3.860916, 3.517894, 3.130516, 2.763351, 2.454722],
    standardErrors: [0.001177, 0.001196, 0.001204, 0.001231, 0.00125, 0.001243],
  },
  /** Pythia deduped (Biderman et al. 2023), accuracy on LAMBADA. */
  lambada: {
    scales: [70426624, 162322944, 405334016, 1011781632, 1414647808, 2775208960, 6857302016, 11846072320],
    values: [0.1845527, 0.3283524, 0.5162042, 0.5620027, 0.6161459, 0.6471958, 0.672812, 0.7046381],
  },
  /** Qwen1.5, word unscrambling. */
  unscrambling: {
    scales: [5e8, 1.8e9, 4e9, 7e9, 14e9, 32e9, 72e9, 110e9],
    values: [0.008, 0.0145, 0.073, 0.121, 0.197, 0.3485, 0.416, 0.48],
    standardErrors: [0.001992, 0.002674, 0.005818, 0.007294, 0.008896, 0.01066, 0.01102, 0.01117],
  },
  /** OPT (Zhang et al. 2022), addition of two digits. */
  addition: {
    scales: [125e6, 350e6, 1.3e9, 2.7e9, 6.7e9, 13e9, 30e9, 66e9],
    values: [0.01, 0.0065, 0.03, 0.0235, 0.158, 0.133, 0.2325, 0.499],
  },
};

/**
 * SciPy 1.17.1: curve_fit with ftol = xtol = gtol = 1e-14, the best of up to 40 random starts; sums of squares over the errors,
 * parameters, sqrt(diag(pcov)).
 */
describe('SciPy finds the same optimum for a real curve', () => {
  const loss = { ...real.loss, standardErrors: undefined };
  const unscrambling = { ...real.unscrambling, standardErrors: undefined };
  test.each<[ModelName, string, CurveData, number, readonly number[], readonly number[]]>([
    [
      ...(['power-law', 'loss', loss, 0.00019345558884600755] as const),
      [254.0711265, 0.2660702909, 1.8376661],
      [14.0565, 0.00377086, 0.0243022],
    ],
    [
      ...(['power-law', 'loss, known errors', { ...real.loss, errors: 'known' }, 132.60529097500262] as const),
      [253.5783172, 0.2659386905, 1.83691569],
      [2.11495, 0.000569754, 0.00371072],
    ],
    [
      ...(['power-law', 'LAMBADA', real.lambada, 0.0020878040205355207] as const),
      [-1471.232115, 0.4330126454, 0.7645255572],
      [1728.0, 0.0673153, 0.0368991],
    ],
    [
      ...(['sigmoid', 'LAMBADA', real.lambada, 0.001858800744761646] as const),
      [-0.5441513054, 0.7224997361, 17.64212125, 0.6790122295],
      [1.17478, 0.0430886, 2.44127, 0.308515],
    ],
    [
      ...(['sigmoid', 'unscrambling', unscrambling, 0.0009835139551319617] as const),
      [-0.004762344132, 0.5378061204, 23.74539736, 1.154476811],
      [0.0174279, 0.0463322, 0.182477, 0.202718],
    ],
    [
      ...(['sigmoid', 'unscrambling, known errors', { ...real.unscrambling, errors: 'known' }] as const),
      26.580269496798863,
      [0.001375212579, 0.5046402858, 23.62872012, 1.344017816],
      [0.00255076, 0.0175331, 0.0802665, 0.0838424],
    ],
    [
      ...(['sigmoid', 'addition, ceiling at most 1', { ...real.addition, limits: { lower: 0, upper: 1 } }] as const),
      0.009368971964052307,
      [0.01856514526, 1, 25.04073889, 1.107688138],
      [0.0339521, 1.66803, 2.87096, 0.869924],
    ],
  ])('%s, %s', (name, _, data, sumOfSquares, parameters, standardErrors) => {
    const fit = fitModel(models[name], data);
    expect(fit.sumOfSquares).toBeAllClose(sumOfSquares, { rtol: 1e-9 });
    // Sums of squares that agree in 12 digits leave 6 for the parameters; SciPy's covariance is by differences.
    expect(fit.parameters).toBeAllClose(parameters, { rtol: 2e-5 });
    expect(fit.standardErrors).toBeAllClose(standardErrors, { rtol: 1e-3 });
  });
});

describe('ranking', () => {
  test.each(['line', 'power-law', 'sigmoid', 'two-sigmoids'] as const)('%s wins on its own curve', (name) => {
    const parameters = {
      line: [-0.4, 0.1],
      'power-law': [5, 0.4, 0.1],
      sigmoid: [0.1, 0.9, 11, 1.5],
      'two-sigmoids': [0.05, 0.4, 9.5, 3, 0.5, 13, 2],
    }[name];
    const random = Random.named(3, name);
    const values = scales.map((scale) => models[name].evaluate(parameters, scale) + 0.005 * random.normal());
    const { fits } = fitModels({ scales, values });
    expect(fits[0]!.fit.model.name).toBe(name);
    expect(fits.reduce((sum, { weight }) => sum + weight, 0)).toBeAllClose(1, { rtol: 1e-12 });
    expect(fits.map(({ fit }) => fit.aicc)).toEqual(fits.map(({ fit }) => fit.aicc).toSorted((a, b) => a - b));
    expect(fits[0]!.difference).toBe(0);
  });

  test('models with too many parameters are reported, not dropped', () => {
    const { fits, failed } = fitModels({ scales: scales.slice(0, 5), values: [0.1, 0.2, 0.2, 0.4, 0.5] });
    // Five points are too few for AICc to pay for a slope, though the line's sum of squares is a thirteenth.
    expect(fits.map(({ fit }) => fit.model.name)).toEqual(['constant', 'line', 'quadratic', 'power-law', 'sigmoid']);
    expect(failed.map(({ error }) => error.message)).toEqual([
      '5 different scales are too few for broken-power-law, which has 6 parameters',
      '5 different scales are too few for two-sigmoids, which has 7 parameters',
    ]);
  });

  test('seeds at the same scales do not add scales', () => {
    const seeds = { scales: [1e3, 1e3, 1e4, 1e4, 1e5, 1e5], values: [0.1, 0.12, 0.3, 0.28, 0.5, 0.53] };
    expect(fitModel(models.line, seeds).degreesOfFreedom).toBe(4);
    expect(() => fitModel(models.sigmoid, seeds)).toThrow('3 different scales are too few for sigmoid');
  });
});

describe('degenerate curves', () => {
  test.each([0.3, 0, 1])('constant %d: the constant wins, and every model predicts it', (value) => {
    const { fits } = fitModels({ scales, values: scales.map(() => value) });
    expect(fits[0]!.fit.model.name).toBe('constant');
    expect(fits).toHaveLength(7);
    for (const { fit } of fits) expect(fittedValue(fit, 1e8).value).toBeAllClose(value, { atol: 1e-9 });
  });

  test('a constant says nothing about a sigmoid’s midpoint', () => {
    const fit = fitModel(models.sigmoid, { scales, values: scales.map(() => 0.3) });
    expect(fit.standardErrors.slice(2)).toEqual([Infinity, Infinity]);
    expect(fittedValue(fit, 1e8).standardError).toBeLessThan(1e-9);
  });

  test('two points: a line through them, with no known uncertainty', () => {
    const { fits, failed } = fitModels({ scales: [10, 100], values: [0.1, 0.2] });
    expect(fits.map(({ fit, weight }) => [fit.model.name, fit.aicc, weight])).toEqual([
      ['constant', Infinity, 0],
      ['line', Infinity, 0],
    ]);
    expect(failed).toHaveLength(5);
    const ahead = fittedValue(fits[1]!.fit, 1000);
    expect(ahead.value).toBeAllClose(0.3, { rtol: 1e-9 });
    expect(ahead.interval).toEqual({ lower: -Infinity, upper: Infinity });
  });

  test('one point', () => {
    expect(fitModels({ scales: [10], values: [0.1] }).fits.map(({ fit }) => fit.model.name)).toEqual(['constant']);
  });

  test('a step: a sigmoid between its neighbours', () => {
    const values = scales.map((_, i) => (i < 9 ? 0.1 : 0.9));
    const { fits } = fitModels({ scales, values });
    const [{ fit }] = fits as [(typeof fits)[0]];
    expect(fit.model.name).toBe('sigmoid');
    expect(fit.parameters.slice(0, 2)).toBeAllClose([0.1, 0.9], { atol: 1e-6 });
    expect(fit.parameters[2]).toBeGreaterThan(Math.log(scales[8]!));
    expect(fit.parameters[2]).toBeLessThan(Math.log(scales[9]!));
  });

  test.each<[CurveData, string]>([
    [{ scales, values: sigmoidal.with(3, NaN) }, 'value of point 4 is NaN'],
    [{ scales: scales.with(0, 0), values: sigmoidal }, 'scale of point 1 is 0; must be above 0 and finite'],
    [{ scales, values: sigmoidal, standardErrors: scales.map(() => 0) }, 'standard error of point 1 is 0'],
    [{ scales: [], values: [] }, '0 different scales are too few for constant, which has 1 parameter'],
  ])('refused: %#', (data, message) => {
    expect(() => fitModels(data)).toThrow(FitError);
    expect(() => fitModels(data)).toThrow(message);
  });
});

describe('coverage by simulation', () => {
  /** How often 95 % intervals of the curve cover the truth at scales inside and four times beyond the data. */
  const coverage = (name: ModelName, truth: readonly number[], draws: number) => {
    const random = Random.named(7, name);
    const places = [scales[10]!, 4 * scales[19]!];
    const held = [0, 0];
    for (let draw = 0; draw < draws; draw++) {
      const values = scales.map((scale) => models[name].evaluate(truth, scale) + 0.02 * random.normal());
      const fit = fitModel(models[name], { scales, values });
      places.forEach((scale, i) => {
        const { lower, upper } = fittedValue(fit, scale).interval;
        const value = models[name].evaluate(truth, scale);
        held[i]! += Number(lower <= value && value <= upper);
      });
    }
    return held.map((count) => count / draws);
  };

  // Three standard errors of a share of 0.95 in 400 draws are 0.033.
  test.each<[ModelName, readonly number[]]>([
    ['line', [-0.4, 0.1]],
    ['power-law', [5, 0.4, 0.1]],
    ['sigmoid', [0.1, 0.9, 11, 1.5]],
  ])('%s', (name, truth) => {
    expect(coverage(name, truth, 400)).toBeAllClose([0.95, 0.95], { atol: 0.033 });
  });
});
