import { expect, test } from 'vitest';
import { forecastMetric } from '../../../../src/analysis/forecast/forecast.js';
import { forecastMethods, problemOf } from '../../../../src/analysis/forecast/methods.js';
import { studyMetric, type MetricStudy } from '../../../../src/analysis/forecast/study.js';
import { parseMetric } from '../../../../src/metrics/index.js';
import type { MemberOutcomes } from '../../../../src/metrics/curve.js';
import { Random } from '../../../../src/statistics/random.js';
import { lenetParameters, syntheticOutcomes } from '../../../support/runs.js';

const accuracyOf = (width: number) => 0.05 + 0.9 / (1 + Math.exp(-(Math.log2(width) - 3)));

function family(widths: readonly number[], accuracy = accuracyOf): MemberOutcomes[] {
  return widths.flatMap((width) =>
    [0, 1].map((seed) => ({
      record: { id: `cnn-w${width}-s${seed}`, width, seed, parameters: lenetParameters(width), trainingFlops: width },
      outcomes: syntheticOutcomes(400, accuracy(width), Random.named(seed, 'study', width)),
    })),
  );
}

const widths = [1, 2, 4, 8, 16, 32];
const accuracy = parseMetric('accuracy', '--metric');

/** Nothing here is about intervals. */
const draws = 30;
let known: MetricStudy | undefined;
const steps: [done: number, of: number][] = [];
const onStep = (done: number, of: number) => void steps.push([done, of]);
/** Of the whole family, made once: fits take most of this file's time. */
const study = (): MetricStudy => (known ??= studyMetric(accuracy, family(widths), { draws, onStep }));

test('later data are never read: with other later members the forecasts stay the same', () => {
  const told = ({ cells }: MetricStudy) => cells.filter(({ known }) => known === 4);
  const other = family(widths, (width) => (width > 8 ? 0.3 : accuracyOf(width)));
  const [first, second] = [told(study()), told(studyMetric(accuracy, other, { draws }))];
  const medians = (cells: typeof first) => cells.map(({ method, target, median }) => [method, target, median]);
  expect(medians(second)).toEqual(medians(first));
  expect(second.map(({ truth }) => truth)).not.toEqual(first.map(({ truth }) => truth));
});

test('every beginning predicts all later scales, and the errors are those of its medians', () => {
  const { cells, methods, values, range } = study();
  const lastValue = cells.filter(({ method }) => method === 'last-value');
  expect(lastValue.map(({ knownWidth, targetWidth }) => [knownWidth, targetWidth])).toEqual([
    [4, 8],
    [4, 16],
    [4, 32],
    [8, 16],
    [8, 32],
    [16, 32],
  ]);
  for (const { median, truth, error } of cells) expect(error).toBeCloseTo(median - truth, 12);
  expect(range).toBeCloseTo(Math.max(...values) - Math.min(...values), 12);
  // By definition the best of the baselines that always forecast.
  const baselines = methods.filter(({ method }) => ['last-value', 'line', 'power-law'].includes(method));
  expect(Math.min(...baselines.map(({ skill }) => skill))).toBe(1);
});

test('progress is reported for every method of every beginning', () => {
  study();
  // Beginnings of 3, 4 and 5 widths.
  const of = 3 * forecastMethods.length;
  expect(steps).toEqual(Array.from({ length: of }, (_, i) => [i + 1, of]));
});

test('the same call gives the same result, and each method forecasts or says why not', () => {
  const members = family(widths.slice(0, 4));
  const options = { targets: [lenetParameters(16)], draws };
  const forecast = forecastMetric(accuracy, members, options);
  expect(forecast).toEqual(forecastMetric(accuracy, members, options));
  const named = [...forecast.methods.map(({ method }) => method), ...forecast.silent.map(({ method }) => method)];
  expect(named.sort()).toEqual(forecastMethods.map(({ name }) => name).sort());
  expect(forecast.silent).toContainEqual({ method: 'two-sigmoids', why: '4 scales; two-sigmoids needs 8' });
  for (const { quantiles } of forecast.methods)
    expect(quantiles[0]!.every((value, i) => i === 0 || value >= quantiles[0]![i - 1]!)).toBe(true);
});

test("the average uses Akaike's weights", () => {
  const nine = [1, 2, 3, 4, 6, 8, 12, 16, 32];
  // Alone, as the other methods take most of a forecast's time.
  const problem = problemOf(accuracy, family(nine), { targets: [lenetParameters(64)], draws, seed: 0 });
  const used = forecastMethods.find(({ name }) => name === 'average')!.run(problem).fits;
  const fits = used.map(({ name, fit, weight }) => ({ model: name, aicc: fit!.aicc, weight }));
  expect(fits.length).toBeGreaterThan(2);
  const least = Math.min(...fits.map(({ aicc }) => aicc));
  const likelihoods = fits.map(({ aicc }) => Math.exp((least - aicc) / 2));
  const total = likelihoods.reduce((sum, value) => sum + value, 0);
  fits.forEach(({ weight }, i) => {
    expect(weight).toBeCloseTo(likelihoods[i]! / total, 10);
  });
  // Drawn from a sigmoid in log scale.
  expect(fits.find(({ model }) => model === 'sigmoid')!.weight).toBeGreaterThan(0.5);
});

test('a success rate that follows the task scaling law is predicted by pass-rate while the test set still shows values below one', () => {
  // ln(-ln y) is a line in ln N: accuracy exp(-(N / N0)^-0.5), so that a small member gets none of 20 images all right.
  const law = (width: number) => Math.exp(-((lenetParameters(width) / 3000) ** -0.5));
  const metric = parseMetric('subset-accuracy:k=20', '--metric');
  const exact = widths.flatMap((width) =>
    [0].map((seed) => {
      const right = Math.round(4000 * law(width));
      const outcomes = syntheticOutcomes(4000, 0, Random.named(seed, 'law', width));
      return {
        record: { id: `cnn-w${width}-s0`, width, seed, parameters: lenetParameters(width), trainingFlops: width },
        outcomes: { ...outcomes, correct: Uint8Array.from({ length: 4000 }, (_, i) => Number(i < right)) },
      };
    }),
  );
  const forecast = forecastMetric(metric, exact.slice(0, 4), { targets: [lenetParameters(32)], draws: 100 });
  const { quantiles } = forecast.methods.find(({ method }) => method === 'pass-rate')!;
  // Counts are integers: relative error of accuracy below 1e-4, of its 20th power below a few per cent after extrapolation.
  expect(quantiles[0]![19]! / law(32) ** 20).toBeCloseTo(1, 1);
});

test('an error, which has no upper limit, is predicted within ten ranges of what was seen', () => {
  // With a single spare point, the deviation from a sigmoid that fits badly has the tails of a Cauchy distribution.
  const errors = [0.09, 0.03, 0.06, 0.015, 0.04];
  const members = errors.flatMap((error, i) =>
    [0.97, 1, 1.03].map((factor, seed) => ({
      record: { id: `${i}-${seed}`, width: 2 ** (i + 1), seed, parameters: 3922 * 2 ** i, trainingFlops: 1 },
      outcomes: { mse: Float32Array.from({ length: 40 }, (_, k) => error * factor * (0.5 + k / 39)) },
    })),
  );
  const problem = problemOf(parseMetric('mse', '--metric'), members, { targets: [127e3, 255e3], draws: 60 });
  const { draws: predicted } = forecastMethods.find(({ name }) => name === 'sigmoid')!.run(problem);
  const [least, most] = [0.97 * 0.015, 1.03 * 0.09];
  for (const values of predicted) {
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    // Values are float32.
    expect(Math.max(...values)).toBeLessThanOrEqual((most + 10 * (most - least)) * 1.00001);
  }
});
