/** Sentences say what the numbers show: curves whose verdict is known by construction. */
import { describe, expect, test } from 'vitest';
import { compareCurves } from '../../../../src/analysis/compare.js';
import { accuracy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import {
  describeContrast,
  describeCurve,
  describePrediction,
  improves,
} from '../../../../src/report/document/findings.js';
import { family } from '../../../support/members.js';

/** Scales a factor of 2 apart, so that a line in their index is a line in log scale. */
function comparison(p: (place: number) => number, k = 10) {
  const widths = [1, 2, 4, 8, 16, 32];
  const members = family({ widths, seeds: 2, count: 4000, p: (width) => p(Math.log2(width) / 5), name: 'findings' });
  return compareCurves({
    run: 'a',
    about: '',
    standard: { metric: accuracy.with({}) },
    induced: { metric: subsetAccuracy.with({ k }) },
    members,
    natural: [],
    draws: 200,
  });
}

test('a line in log scale under K = 10: straight, and late', () => {
  const straight = comparison((place) => 0.5 + 0.48 * place);
  expect(describeCurve('The standard curve', straight.standard)).toMatch(
    /^The standard curve, accuracy, goes from 0\.\d+ at the smallest scale to 0\.98\d* at the largest, its largest step being 2\d % of its range\. It improves neither late nor early/,
  );
  expect(describeContrast(straight.sharpness)).toMatch(
    /the induced curve improves late and the standard one does not: the models are the same, only the metric differs\.$/,
  );
});

test('a curve that saturates under K = 2 stays early, and no emergence is claimed', () => {
  const early = comparison((place) => 0.99 - 0.6 * Math.exp(-6 * place), 2);
  expect(describeContrast(early.sharpness)).toMatch(
    /less early than the standard one, but improves no later than a straight line|the bow does not tell which is later/,
  );
  expect(describeContrast(early.sharpness)).not.toMatch(/improves late/);
});

test('K = 1 is accuracy, and nothing differs', () => {
  const same = comparison((place) => 0.2 + 0.7 * place ** 3, 1);
  expect(describeContrast(same.sharpness)).toBe(
    'Eq 1 of the two curves is the same in every draw. Their bows are the same in every draw.',
  );
  expect(describePrediction(same)).toMatch(/^The curve that independence predicts .* is what was measured\.$/);
});

describe('where a curve improves', () => {
  test.each([
    [1, 0.3, 0.2, 0.4, 'improves late'],
    [1, -0.3, -0.4, -0.2, 'improves early'],
    [1, 0.1, -0.1, 0.3, 'improves neither late nor early beyond what chance explains'],
    [1, 0.1, NaN, NaN, 'is neither clearly late nor clearly early'],
    [-1, 0.3, 0.2, 0.4, 'gets worse towards larger scales'],
    [NaN, NaN, NaN, NaN, 'is constant, or has too few scales to tell where it improves'],
  ])('Eq 1 %d, bow %d [%d, %d]', (emergence, value, lower, upper, expected) => {
    const scores = {
      emergence: { value: emergence, interval: { lower: emergence, upper: emergence } },
      bow: { value, interval: { lower, upper } },
    };
    expect(improves(scores)).toBe(expected);
  });
});
