/** Sentences say what the numbers show: curves whose verdict is known by construction. */
import { describe, expect, test } from 'vitest';
import { compareCurves } from '../../../../src/analysis/compare.js';
import { accuracy, subsetAccuracy } from '../../../../src/metrics/classification.js';
import { describeContrast, describeCurve, describePrediction } from '../../../../src/report/document/findings.js';
import { bowText, whereImproves } from '../../../../src/report/bows.js';
import { coordinateWords, trainedWords } from '../../../../src/runs/words.js';
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
    /the induced curve improves late and the standard one does not, although the models are the same and only the metric differs\.$/,
  );
});

test('a curve that saturates under K = 2 stays early, and no emergence is claimed', () => {
  const early = comparison((place) => 0.99 - 0.6 * Math.exp(-6 * place), 2);
  expect(describeContrast(early.sharpness)).toMatch(
    /improves less early than the standard one, but no later than a straight line|the bow does not show which is later/,
  );
  expect(describeContrast(early.sharpness)).not.toMatch(/improves late/);
});

test('K = 1 is accuracy, and nothing differs', () => {
  const same = comparison((place) => 0.2 + 0.7 * place ** 3, 1);
  expect(describeContrast(same.sharpness)).toBe(
    'The induced curve has the same Eq 1 as the standard one in every draw. Their bows are the same in every draw.',
  );
  expect(describePrediction(same)).toMatch(/^The curve that independence predicts .* is the measured one\.$/);
});

describe('where a curve improves', () => {
  const words = { loss: coordinateWords('loss', { title: 'test loss', further: '' }), width: trainedWords };
  test.each([
    [1, 0.3, 0.2, 0.4, 'width', [1, 2, 4], 'improves late'],
    [1, -0.3, -0.4, -0.2, 'width', [1, 2, 4], 'improves early'],
    [1, 0.1, -0.1, 0.3, 'width', [1, 2, 4], 'improves neither late nor early beyond what chance explains'],
    [1, 0.1, NaN, NaN, 'width', [1, 2, 4], 'is neither clearly late nor clearly early'],
    [-1, 0.3, 0.2, 0.4, 'width', [1, 2, 4], 'gets worse towards larger scales'],
    [-1, 0.3, 0.2, 0.4, 'loss', [0.1, 0.2, 0.4], 'gets worse as the loss rises'],
    [NaN, NaN, NaN, NaN, 'width', [1, 2, 4], 'is constant, or not finite everywhere'],
    [
      1,
      NaN,
      NaN,
      NaN,
      'loss',
      [0, 0.2, 0.4],
      'has a scale of 0, which has no place in log scale, where its bow is measured',
    ],
    [1, NaN, NaN, NaN, 'width', [1, 2], 'has two scales, too few to say where it improves'],
  ] as const)('Eq 1 %d, bow %d [%d, %d] over %s %j', (emergence, value, lower, upper, over, scales, expected) => {
    const bow = { value, interval: { lower, upper } };
    expect(whereImproves({ emergence, bow }, { scales, words: words[over] })).toBe(expected);
  });
  test('of two scales a heading says what a bow needs', () => {
    expect([bowText('-', 2), bowText('0.3', 3)]).toEqual(['no bow: it needs three scales', 'bow 0.3']);
  });
});
