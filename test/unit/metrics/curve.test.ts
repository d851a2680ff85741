import { expect, test } from 'vitest';
import { accuracy } from '../../../src/metrics/classification.js';
import { curve, type MemberOutcomes } from '../../../src/metrics/curve.js';
import { memberRecord } from '../../support/runs.js';

/** `right` of 100 images. */
function member(width: number, seed: number, right: number): MemberOutcomes {
  const correct = Uint8Array.from({ length: 100 }, (_, i) => Number(i < right));
  return { record: memberRecord({ arch: 'cnn', width, seed }), outcomes: { correct } };
}

test('members by width and seed, points with the mean over seeds', () => {
  const { members, points } = curve(accuracy.with({}), [
    member(16, 0, 90),
    member(2, 1, 20),
    member(2, 0, 10),
    member(2, 2, 30),
  ]);
  expect(members.map(({ id, value }) => [id, value])).toEqual([
    ['cnn-w2-s0', 0.1],
    ['cnn-w2-s1', 0.2],
    ['cnn-w2-s2', 0.3],
    ['cnn-w16-s0', 0.9],
  ]);
  expect(points.map(({ width, seeds }) => [width, seeds])).toEqual([
    [2, 3],
    [16, 1],
  ]);
  expect([points[0]!.mean, points[0]!.standardDeviation]).toBeAllClose([0.2, 0.1], { rtol: 1e-14 });
  expect(points[1]).toMatchObject({ mean: 0.9, standardDeviation: NaN, interval: undefined });
});

/** SciPy: the logits of 0.1, 0.2, 0.3 scatter by 0.679513; t(0.975, 2) = 4.302653 times it over root 3 around the logit of 0.2. */
test('the interval over seeds stays a probability', () => {
  const { points } = curve(accuracy.with({}), [member(2, 0, 10), member(2, 1, 20), member(2, 2, 30)]);
  const odds = 0.25;
  const factor = Math.exp((4.302653 * 0.679513) / Math.sqrt(3));
  expect([points[0]!.interval!.lower, points[0]!.interval!.upper]).toBeAllClose(
    [odds / factor / (1 + odds / factor), (odds * factor) / (1 + odds * factor)],
    { rtol: 1e-5 },
  );
});
