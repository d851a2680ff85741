import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emergenceScore, linearity, scoredInLog, scoreNames, scoresOf } from '../../../src/analysis/scores.js';

const scalesOf = (n: number) => Array.from({ length: n }, (_, i) => 2 ** i);
const scores = (values: readonly number[]) => scoresOf(values, scalesOf(values.length));

describe('Eq 1', () => {
  /** numpy: np.sign(y.argmax() - y.argmin()) * (y.max() - y.min()) / np.sqrt(np.median(np.diff(y) ** 2)) */
  test('of a curve by hand, as in NumPy', () => {
    const values = [0.01, 0.02, 0.02, 0.05, 0.6, 0.9];
    // steps .01, 0, .03, .55, .3: the median of their squares is .0009
    expect(emergenceScore(values)).toBeAllClose(0.89 / 0.03, { rtol: 1e-12 });
    // mean of squares: (.0001 + 0 + .0009 + .3025 + .09) / 5
    expect(linearity(values)).toBeAllClose(0.89 / Math.sqrt(0.3935 / 5), { rtol: 1e-12 });
  });

  test('a straight ramp over n scales scores n - 1, up or down, whatever its slope', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.double({ min: 0.01, max: 5, noNaN: true }), (n, slope) => {
        const ramp = Array.from({ length: n }, (_, i) => i * slope);
        expect(emergenceScore(ramp)).toBeAllClose(n - 1, { rtol: 1e-9 });
        expect(emergenceScore(ramp.toReversed())).toBeAllClose(1 - n, { rtol: 1e-9 });
        expect(scores(ramp)).toMatchObject({
          ramp: expect.closeTo(1, 9) as number,
          jump: expect.closeTo(1 / (n - 1), 9) as number,
        });
      }),
    );
  });

  test('flat floors inflate it, to infinity where more than half of the steps are 0', () => {
    expect(emergenceScore([0, 0, 0, 0, 1])).toBe(Infinity);
    expect(emergenceScore([1, 0, 0, 0, 0])).toBe(-Infinity);
    // an even number of steps, half of them 0: the median is half of the smallest other one
    expect(emergenceScore([0, 0, 0, 0.5, 1])).toBeAllClose(1 / Math.sqrt(0.125), { rtol: 1e-12 });
    expect(scores([0, 0, 0, 0, 1]).jump).toBe(1);
  });

  test('one dip deflates a visible jump, and its sign flips where the maximum comes before the minimum', () => {
    const clean = emergenceScore([0, 0.01, 0.02, 0.9, 0.91]);
    const dipped = emergenceScore([0, 0.1, 0.02, 0.9, 0.8]);
    expect(clean / dipped).toBeGreaterThan(5);
    expect(emergenceScore([0.5, 1, 0, 0.5])).toBeLessThan(0);
  });

  test('constant curves score 0, two scales 1, and of equal maxima the first counts', () => {
    expect(emergenceScore([0.3, 0.3, 0.3])).toBe(0);
    expect(linearity([0.3, 0.3])).toBe(0);
    expect(emergenceScore([0.1, 0.7])).toBe(1);
    expect(emergenceScore([0.7, 0.1])).toBe(-1);
    // argmax is 0 (of 0 and 2), argmin 1
    expect(emergenceScore([1, 0, 1])).toBe(-1);
    expect(emergenceScore([0.1])).toBeNaN();
  });

  test('does not depend on unit or zero', () => {
    const curve = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 10 });
    fc.assert(
      fc.property(curve, (values) => {
        fc.pre(Math.max(...values) - Math.min(...values) > 0.01);
        const rounded = values.map((value) => Math.round(value * 1000) / 1000);
        const [a, b] = [scores(rounded), scores(rounded.map((value) => 8 * value + 4))];
        for (const name of ['jump', 'steepness', 'bow'] as const)
          expect(b[name]).toBeAllClose(a[name], { rtol: 1e-9, atol: 1e-9 });
      }),
    );
  });
});

describe('scores that withstand what Eq 1 does not', () => {
  test('a straight line in log scale has steepness 1 and no bow, however its scales are spaced', () => {
    const positions = [1, 3, 4, 50, 1000];
    const line = positions.map((position) => 0.2 + 0.1 * Math.log(position));
    const { steepness, bow } = scoresOf(line, positions);
    expect([steepness, bow]).toBeAllClose([1, 0], { atol: 1e-12 });
  });

  test('of scales that suit no logarithmic axis, distances are as a linear axis draws them', () => {
    const moments = [1, 500, 1000, 1500, 2000];
    const line = moments.map((moment) => 0.2 + 0.1 * moment);
    const { steepness, bow } = scoresOf(line, moments);
    expect([steepness, bow]).toBeAllClose([1, 0], { atol: 1e-12 });
    // In log scale, the first of them would decide: a straight rise would seem to come late.
    expect(scoresOf(line, moments, true).bow).toBeGreaterThan(0.5);
    expect(scoredInLog([1, 2, 4, 8, 16, 32])).toBe(true);
  });

  test('a parabola bows by its sag below its chord', () => {
    // t from -1 to 1 in log scale: y = t² sags 1 at the middle, its range is 1
    const positions = scalesOf(9);
    const parabola = positions.map((_, i) => (i / 4 - 1) ** 2);
    expect(scoresOf(parabola, positions).bow).toBeAllClose(1, { rtol: 1e-12 });
    const late = positions.map((_, i) => (i / 8) ** 2);
    // y = (t + 1)² / 4 over a range of 1: 1/4
    expect(scoresOf(late, positions).bow).toBeAllClose(0.25, { rtol: 1e-12 });
    expect(scoresOf(late.map((value) => -value).toReversed(), positions).bow).toBeAllClose(-0.25, { rtol: 1e-12 });
  });

  test('a constant curve has no steepness, two scales have no bow', () => {
    expect(scores([1, 1, 1])).toMatchObject({ jump: NaN, steepness: NaN, bow: NaN });
    expect(scores([0, 1])).toMatchObject({ jump: 1, steepness: 1, bow: NaN });
  });

  test('a falling curve has no rise', () => {
    expect(scores([1, 0.5, 0]).jump).toBe(-0.5);
  });
});

test('ties stay ties, in whatever order the seeds were added', () => {
  const orders = [
    [0.1, 0.2, 0.3],
    [0.3, 0.1, 0.2],
    [0.2, 0.3, 0.1],
  ].map((seeds) => seeds.reduce((sum, value) => sum + value, 0) / 3);
  // The means differ in the last bit, or the test would show nothing.
  expect(new Set(orders).size).toBeGreaterThan(1);
  const scores = scoresOf([orders[0]!, orders[1]!, orders[2]!], [1, 2, 4]);
  expect([scores.emergence, scores.jump, scores.bow]).toEqual([0, NaN, NaN]);
});

test('a value that is NaN or infinite leaves no score', () => {
  const none = Object.fromEntries(scoreNames.map((name) => [name, NaN]));
  for (const wrong of [NaN, Infinity])
    for (const place of [0, 1, 3])
      expect(scoresOf([0.5, 0.6, 0.7, 0.9].with(place, wrong), [1, 2, 4, 8])).toEqual(none);
});
