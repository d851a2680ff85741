import { expect, test } from 'vitest';
import { distanceBetween, predictFromStandard } from '../../../src/analysis/independence.js';
import { sampleCurve } from '../../../src/analysis/curves.js';
import { parseMetric } from '../../../src/metrics/index.js';
import { Random } from '../../../src/statistics/random.js';
import { memberOf, rightWith } from '../../support/members.js';

const sequence = (count: number, length: number) =>
  Int32Array.from({ length: count * length }, (_, i) => Math.floor(i / length));
const range = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

test('independent images: sequences are as predicted', () => {
  const random = Random.named(0, 'independent');
  const members = [0.5, 0.8, 0.95].map((p, i) =>
    memberOf(2 ** i, 0, { correct: rightWith(p, 20_000, random), sequence: sequence(5000, 4), example: range(20_000) }),
  );
  const metric = parseMetric('sequence-accuracy:l=4');
  const { values } = predictFromStandard(metric, members)!;
  // p^4 with 5000 sequences: standard error at most .007
  expect([...values]).toBeAllClose([0.5 ** 4, 0.8 ** 4, 0.95 ** 4], { atol: 0.015 });
  expect(distanceBetween(sampleCurve(metric, members, { draws: 0 }).values, values).largest).toBeLessThan(0.03);
});

test('sequences right as a whole: measured p, predicted p^4', () => {
  const correct = Uint8Array.from({ length: 4000 }, (_, i) => Math.floor(i / 4) % 2);
  const members = [memberOf(1, 0, { correct, sequence: sequence(1000, 4), example: range(4000) })];
  const metric = parseMetric('sequence-accuracy:l=4');
  expect(metric.measure(members[0]!.outcomes).value).toBe(0.5);
  expect(predictFromStandard(metric, members)!.values[0]).toBe(0.5 ** 4);
});

test('accuracy differs by position: the product over positions, not a power of the mean', () => {
  // first image always right, second right in every other sequence
  const correct = Uint8Array.from([1, 0, 1, 1, 1, 0, 1, 1]);
  const members = [memberOf(1, 0, { correct, sequence: sequence(4, 2) })];
  expect(predictFromStandard(parseMetric('sequence-accuracy:l=2'), members)!.values[0]).toBe(0.5);
});

test('errors of one distribution up to its mean: shares below a cutoff are as predicted', () => {
  const random = Random.named(0, 'errors');
  const means = [0.1, 0.03, 0.01];
  const members = means.map((mean, i) =>
    memberOf(2 ** i, 0, { mse: Float32Array.from({ length: 20_000 }, () => -mean * Math.log(1 - random.uniform())) }),
  );
  const { values } = predictFromStandard(parseMetric('reconstruction:c=0.02'), members)!;
  // exponential errors: 1 - exp(-c / mean)
  expect([...values]).toBeAllClose(
    means.map((mean) => 1 - Math.exp(-0.02 / mean)),
    { atol: 0.01 },
  );
});

test('a member is predicted only from the errors of the other widths', () => {
  const members = [
    memberOf(1, 0, { mse: Float32Array.of(0.5, 0.5) }),
    memberOf(2, 0, { mse: Float32Array.of(0.25, 0.75) }),
    memberOf(2, 1, { mse: Float32Array.of(0.25, 0.75) }),
  ];
  // over their means: 1, 1 at width 1; 1/2, 3/2 at width 2. Below 0.375, 3/4 of all means: none of the former, half of the latter.
  const { memberValues } = predictFromStandard(parseMetric('reconstruction:c=0.375'), members)!;
  expect([...memberValues]).toEqual([0.5, 0, 0]);
  // without another width, from its own
  expect([...predictFromStandard(parseMetric('reconstruction:c=0.375'), members.slice(1))!.memberValues]).toEqual([
    0.5, 0.5,
  ]);
});

test('subset accuracy is predicted by a power of accuracy; a mean has no prediction', () => {
  const members = [memberOf(1, 0, { correct: Uint8Array.from([1, 1, 1, 0]) })];
  expect(predictFromStandard(parseMetric('subset-accuracy:k=2'), members)!.values[0]).toBe(0.75 ** 2);
  expect(predictFromStandard(parseMetric('accuracy'), members)).toBeUndefined();
});

test('distance: root mean square, maximum and its place', () => {
  expect(distanceBetween([0, 0, 1], [0, 0.3, 0.6])).toEqual({
    rms: expect.closeTo(Math.sqrt(0.25 / 3), 12) as number,
    largest: expect.closeTo(0.4, 12) as number,
    at: 2,
  });
});
