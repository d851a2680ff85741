import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  imageAccuracy,
  imageAuroc,
  imageCrossEntropy,
  imageMargin,
  sequenceAccuracy,
} from '../../../src/metrics/classification.js';
import { editDistance } from '../../../src/metrics/sequence.js';
import { wilsonInterval } from '../../../src/statistics/intervals.js';

/** Columns of sequences given as rows of right and wrong. */
function columns(rows: readonly (readonly boolean[])[]) {
  const flat = rows.flatMap((row, sequence) => row.map((right, position) => ({ right, sequence, position })));
  return {
    correct: Uint8Array.from(flat, ({ right }) => Number(right)),
    sequence: Int32Array.from(flat, ({ sequence }) => sequence),
    // Every image its own.
    example: Int32Array.from(flat, (_, i) => i),
    position: Int32Array.from(flat, ({ position }) => position),
    log_probability: Float32Array.from(flat, ({ right }) => (right ? -0.125 : -2)),
  };
}

test('sequence accuracy is the share of rows whose first l are all right', () => {
  const rows = fc.array(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 5 }), (table, l) => {
      const right = table.filter((row) => row.slice(0, l).every(Boolean)).length;
      const measured = sequenceAccuracy.with({ l }).measure(columns(table));
      expect(measured.value).toBe(right / table.length);
      const { upper } = wilsonInterval(right, table.length);
      // No image is in two sequences: as if they were independent, except for Student's t over that many images.
      expect(measured.upper).toBeGreaterThanOrEqual(right === 0 && l === 1 ? 0 : upper - 1e-12);
    }),
  );
});

test('lengths beyond the sequences are refused', () => {
  expect(() => sequenceAccuracy.with({ l: 6 }).measure(columns([[true, true]]))).toThrow(
    'sequence-accuracy:l=6: the test sequences have 2 images',
  );
});

test('per image: the mean, with a standard error over sequences if they share no image', () => {
  const table = [
    [true, true, true, true],
    [true, true, true, true],
    [false, false, false, false],
    [false, false, false, false],
  ];
  const { value, standardError } = imageAccuracy.with({}).measure(columns(table));
  // Four sequences of 1, 1, 0, 0: standard deviation 0.5, over root 4; over 16 images it would be 0.125. The spread of 16 clusters follows
  // Student's t with 15 degrees of freedom, 2.1314 instead of 1.96 (to 4 digits by its series).
  const few = Math.sqrt(16 / 15) * (2.1314 / 1.95996);
  expect([value, standardError]).toBeAllClose([0.5, 0.25 * few], { rtol: 1e-3 });
  const loss = imageCrossEntropy.with({}).measure(columns(table));
  expect([loss.value, loss.standardError]).toBeAllClose([1.0625, 1.875 * 0.25 * few], { rtol: 1e-3 });
});

test('token edit distance: substitutions, and shifts that cost two instead of many', () => {
  const label = Int32Array.from([1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8]);
  // All right; one wrong; shifted by one: drop the 9, add the 8.
  const predicted = Int32Array.from([1, 2, 3, 4, 1, 2, 9, 4, 9, 5, 6, 7]);
  const sequence = Int32Array.from([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  const { values } = editDistance.with({}).unitValues({ label, predicted, sequence })!;
  expect([...values]).toEqual([0, 1, 2]);
});

test('AUROC and margin of images in sequences: over all images, and a sequence drawn twice counts twice', () => {
  const correct = Uint8Array.from([1, 0, 1, 1, 0, 0]);
  const confidence = Float32Array.from([0.9, 0.5, 0.5, 0.75, 0.25, 0.875]);
  const sequence = Int32Array.from([0, 0, 0, 1, 1, 1]);
  const { count, evaluate } = imageAuroc.with({}).weighted({ correct, confidence, sequence });
  // Right: .9 .5 .75; wrong: .5 .25 .875. In order: 3 of .9, 1.5 of .5, 2 of .75.
  expect([count, evaluate()]).toBeAllClose([2, 6.5 / 9], { rtol: 1e-12 });
  // Only the first: .9 and .5 against .5.
  expect(evaluate([2, 0])).toBeAllClose(0.75, { rtol: 1e-12 });
  const margin = Float32Array.from([1, 0, 0.5, 0.5, -1, 0]);
  const { value } = imageMargin.with({}).measure({ margin, sequence, example: sequence.map((_, i) => i) });
  expect(value).toBeAllClose(1 / 6, { rtol: 1e-12 });
});
