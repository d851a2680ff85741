/** Sentences say what the numbers show: curves whose verdict is known by construction. */
import { describe, expect, test } from 'vitest';
import { compare } from '../../../../src/analysis/compare.js';
import { accuracy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import {
  describeContrast,
  describeCurve,
  describePrediction,
  rises,
} from '../../../../src/report/document/findings.js';
import { family } from '../../../support/members.js';

/** Scales a factor of 2 apart, so that a line in their number is a line in log scale. */
function comparison(p: (place: number) => number, k = 10) {
  const widths = [1, 2, 4, 8, 16, 32];
  const members = family({ widths, seeds: 2, count: 4000, p: (width) => p(Math.log2(width) / 5), name: 'findings' });
  return compare({
    run: 'a',
    about: '',
    standard: accuracy.with({}),
    induced: subsetAccuracy.with({ k }),
    members,
    natural: [],
    draws: 200,
  });
}

test('a line in log scale under K = 10: straight, and late', () => {
  const straight = comparison((place) => 0.5 + 0.48 * place);
  expect(describeCurve('The standard curve', straight.standard)).toMatch(
    /^The standard curve, accuracy, goes from 0\.\d+ at the smallest scale to 0\.98\d* at the largest, its largest step being 2\d % of its range\. It rises neither late nor early/,
  );
  expect(describeContrast(straight)).toMatch(
    /the induced curve rises late where the standard one does not: no model has changed, the metric has\.$/,
  );
});

test('a curve that saturates under K = 2 stays early, and no emergence is claimed', () => {
  const early = comparison((place) => 0.99 - 0.6 * Math.exp(-6 * place), 2);
  expect(describeContrast(early)).toMatch(
    /less early than the standard one, but rises no later than a straight line|do not differ beyond their intervals/,
  );
  expect(describeContrast(early)).not.toMatch(/rises late/);
});

test('K = 1 is accuracy, and nothing differs', () => {
  const same = comparison((place) => 0.2 + 0.7 * place ** 3, 1);
  expect(describeContrast(same)).toMatch(
    /the intervals overlap, so that Eq 1 does not tell the two curves apart\. Their bows do not differ/,
  );
  expect(describePrediction(same)).toMatch(/^What independence predicts .* is what was measured\.$/);
});

describe('where a curve rises', () => {
  test.each([
    [0.3, 0.2, 0.4, 'rises late'],
    [-0.3, -0.4, -0.2, 'rises early'],
    [0.1, -0.1, 0.3, 'rises neither late nor early beyond what chance explains'],
    [0.1, NaN, NaN, "can't be told late from early"],
    [NaN, NaN, NaN, 'is constant, or has too few scales to say where it rises'],
  ])('bow %d [%d, %d]', (value, lower, upper, expected) => {
    expect(rises({ value, interval: { lower, upper } })).toBe(expected);
  });
});
