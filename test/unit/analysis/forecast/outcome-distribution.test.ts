import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  latentOf,
  placementOf,
  referenceOf,
  shareAbove,
} from '../../../../src/analysis/forecast/outcome-distribution.js';
import { parseMetric } from '../../../../src/metrics/index.js';
import { Random } from '../../../../src/statistics/random.js';
import { syntheticOutcomes } from '../../../support/runs.js';

const normals = (count: number, random: Random, scale = 1, shift = 0) =>
  Float64Array.from({ length: count }, () => shift + scale * random.normal());

test('a distribution that is a shifted and stretched copy of another is placed exactly', () => {
  const values = normals(2000, Random.named(0, 'reference'));
  const reference = referenceOf([values]);
  fc.assert(
    fc.property(
      fc.double({ min: 0.3, max: 3, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (scale, shift) => {
        // No value may reach what counts as saturated.
        const placed = placementOf(
          values.map((value) => shift + scale * value),
          reference,
        )!;
        expect(placed.logSpread).toBeCloseTo(Math.log(scale), 8);
        expect(placed.location).toBeCloseTo(shift + scale * reference.centre, 8);
        const share = values.filter((value) => shift + scale * value > 0).length / values.length;
        // A value may lie at the threshold, up to rounding.
        expect(Math.abs(shareAbove(placed, reference) - share)).toBeLessThanOrEqual(1 / values.length);
      },
    ),
  );
});

test('without spread there is no place', () => {
  const reference = referenceOf([normals(500, Random.named(0, 'constant'))]);
  expect(placementOf(new Float64Array(500).fill(1), reference)).toBeUndefined();
});

test('the latent number is above 0 exactly where the metric counts the example', () => {
  const outcomes = syntheticOutcomes(500, 0.7, Random.named(0, 'latent'));
  const odds = latentOf(parseMetric('accuracy', '--metric'))!.of(outcomes, {});
  expect(Array.from(odds, (value) => Number(value > 0))).toEqual([...(outcomes['correct'] as Uint8Array)]);
  const mse = Float32Array.from([0.001, 0.002, 0.0019999, 0.01, 0]);
  const metric = parseMetric('reconstruction:c=0.002', '--metric');
  const latent = latentOf(metric)!.of({ mse }, metric.parameters);
  // 0.002 in float32 is above 0.002.
  expect(Array.from(latent, (value) => value > 0)).toEqual([true, false, true, false, true]);
  const { values } = metric.unitValues({ mse })!;
  expect(Array.from(latent, (value) => Number(value > 0))).toEqual([...values]);
});

test('log odds match the probabilities', () => {
  // p = 0.6 against 0.3: right; p = 0.1 against 0.7: wrong.
  const outcomes = {
    correct: Uint8Array.of(1, 0),
    log_probability: Float32Array.of(Math.log(0.6), Math.log(0.1)),
    margin: Float32Array.of(0.3, -0.6),
  };
  const odds = latentOf({ name: 'accuracy' })!.of(outcomes, {});
  // float32 columns have 7 digits.
  expect(odds[0]).toBeCloseTo(Math.log(2), 5);
  expect(odds[1]).toBeCloseTo(Math.log(1 / 7), 5);
});
