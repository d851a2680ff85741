import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  above,
  below,
  imageAbove,
  imageBelow,
  sequenceAbove,
  sequenceBelow,
  subsetAbove,
  subsetBelow,
} from '../../../src/metrics/column.js';
import { reconstruction } from '../../../src/metrics/reconstruction.js';

test('below and above: shares on either side of a cutoff; equal counts as neither', () => {
  const rank = Int32Array.from([1, 2, 2, 3]);
  expect(below.with({ column: 'rank', c: 2 }).measure({ rank }).value).toBe(0.25);
  expect(above.with({ column: 'rank', c: 2 }).measure({ rank }).value).toBe(0.25);
  // 2.5 is between ranks, and stays there
  expect(below.with({ column: 'rank', c: 2.5 }).measure({ rank }).value).toBe(0.75);
});

test('reconstruction is below on the squared error, also where an error equals the cutoff', () => {
  const errors = fc.array(fc.constantFrom(0.001, 0.01, 0.0100001, 0.1), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(errors, fc.constantFrom(0.001, 0.01, 0.05), (list, c) => {
      const mse = Float32Array.from(list);
      const { value } = reconstruction.with({ c }).measure({ mse });
      expect(value).toBe(below.with({ column: 'mse', c }).measure({ mse }).value);
      expect(value).toBe(list.filter((error) => error < c).length / list.length);
    }),
  );
});

/** All ways to choose k of the values, with the metric's definition: the share of choices that are all hits. */
function shareOfChoices(hits: readonly boolean[], k: number): number {
  let [all, right] = [0, 0];
  for (let mask = 0; mask < 2 ** hits.length; mask++) {
    const chosen = hits.filter((_, i) => (mask >> i) % 2 === 1);
    if (chosen.length !== k) continue;
    all++;
    if (chosen.every(Boolean)) right++;
  }
  return right / all;
}

// Cutoffs equal to values, between them, and outside.
const someCutoffs = [0.005, 0.01, 0.02, 0.03, 0.2];
const someErrors = fc.constantFrom(0.01, 0.02, 0.0200001, 0.1);

test('K images at once on one side of a cutoff: the share of all choices, whichever parameter is swept', () => {
  fc.assert(
    fc.property(fc.array(someErrors, { minLength: 3, maxLength: 8 }), fc.integer({ min: 1, max: 3 }), (list, k) => {
      const mse = Float32Array.from(list);
      for (const [metric, isHit] of [
        [subsetBelow, (error: number, c: number) => error < c],
        [subsetAbove, (error: number, c: number) => error > c],
      ] as const) {
        const column = 'mse';
        const expected = (c: number, size: number) =>
          shareOfChoices(
            list.map((error) => isHit(error, c)),
            size,
          );
        const at = (c: number, size: number) => metric.with({ column, c, k: size });
        const measured = someCutoffs.map((c) => at(c, k).measure({ mse }).value);
        expect(measured).toBeAllClose(
          someCutoffs.map((c) => expected(c, k)),
          { rtol: 1e-12, atol: 1e-15 },
        );
        const overC = at(0.01, k).sweep({ mse }, { key: 'c', values: someCutoffs })!;
        expect(overC).toBeAllClose(measured, { rtol: 1e-12, atol: 1e-15 });
        const overK = at(0.02, 1).sweep({ mse }, { key: 'k', values: [1, 2, 3] })!;
        expect(overK).toBeAllClose(
          [1, 2, 3].map((size) => expected(0.02, size)),
          { rtol: 1e-12, atol: 1e-15 },
        );
      }
    }),
  );
});

test('in sequences: every image, and the first L of each, on one side of a cutoff', () => {
  const rows = fc.array(fc.array(someErrors, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 4 }), (table, l) => {
      const brier = Float32Array.from(table.flat());
      const sequence = Int32Array.from(table.flatMap((row, i) => row.map(() => i)));
      const outcomes = { brier, sequence, example: sequence.map((_, i) => i) };
      const column = 'brier';
      for (const [image, whole, isHit] of [
        [imageBelow, sequenceBelow, (error: number, c: number) => error < c],
        [imageAbove, sequenceAbove, (error: number, c: number) => error > c],
      ] as const) {
        const share = (c: number) => table.flat().filter((error) => isHit(error, c)).length / brier.length;
        const firsts = (c: number, n: number) =>
          table.filter((row) => row.slice(0, n).every((error) => isHit(error, c))).length / table.length;
        for (const c of someCutoffs) {
          expect(image.with({ column, c }).measure(outcomes).value).toBeAllClose(share(c), {
            rtol: 1e-12,
            atol: 1e-15,
          });
          expect(whole.with({ column, c, l }).measure(outcomes).value).toBe(firsts(c, l));
        }
        const overC = whole.with({ column, c: 1, l }).sweep(outcomes, { key: 'c', values: someCutoffs })!;
        expect(overC).toBeAllClose(
          someCutoffs.map((c) => firsts(c, l)),
          { rtol: 1e-12, atol: 1e-15 },
        );
        const overL = whole.with({ column, c: 0.02, l: 1 }).sweep(outcomes, { key: 'l', values: [1, 2, 3, 4] })!;
        expect(overL).toBeAllClose(
          [1, 2, 3, 4].map((n) => firsts(0.02, n)),
          { rtol: 1e-12, atol: 1e-15 },
        );
      }
    }),
  );
  const short = { brier: Float32Array.of(0.1), sequence: Int32Array.of(0) };
  expect(() => sequenceBelow.with({ column: 'brier', c: 1, l: 2 }).measure(short)).toThrow(
    'sequence-below:l=2: the test sequences have 1 image',
  );
});
