import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reconstruction } from '../../../../src/metrics/reconstruction.js';
import {
  codesOf,
  cutoffGrid,
  fromBase64,
  mostCutoffs,
  packBits,
  toBase64,
  unpackBits,
} from '../../../../src/report/explorer/codes.js';

const bytes = fc.uint8Array({ maxLength: 300 });

test('bytes pass through Base64 as Node writes it', () => {
  fc.assert(
    fc.property(bytes, (list) => {
      expect(toBase64(list)).toBe(Buffer.from(list).toString('base64'));
      expect(fromBase64(toBase64(list))).toEqual(list);
    }),
  );
});

test('more bytes than a call has arguments', () => {
  const list = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  expect(fromBase64(toBase64(list))).toEqual(list);
});

test('bits are restored, and take an eighth', () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 1, maxLength: 100 }), (flags) => {
      const packed = packBits(flags);
      expect(packed).toHaveLength(Math.ceil(flags.length / 8));
      expect(unpackBits(packed, flags.length)).toEqual(flags);
    }),
  );
});

const positive = fc.double({ min: 1e-6, max: 10, noNaN: true });

test('cutoffs ascend, hold the chosen one and both ends, and fit a byte', () => {
  fc.assert(
    fc.property(positive, positive, positive, (a, b, chosen) => {
      fc.pre(Math.max(a, b) > 1.01 * Math.min(a, b));
      const [least, most] = [Math.min(a, b), Math.max(a, b)];
      const grid = cutoffGrid(least, most, chosen);
      expect(grid).toContain(chosen);
      expect(grid).toEqual([...new Set(grid)].sort((x, y) => x - y));
      expect(grid.length).toBeLessThanOrEqual(mostCutoffs);
      // Even steps are rounded to the nearest one and to three digits: half a step and half a per cent at the ends.
      expect(grid[0]! / Math.min(least, chosen)).toBeLessThan(1.6);
      expect(Math.max(most, chosen) / grid.at(-1)!).toBeLessThan(1.6);
    }),
  );
});

test('the share with a code of at most a cutoff equals the metric, to the last image', () => {
  const errors = fc.array(fc.oneof(positive, fc.constantFrom(0, 0.001, 0.002, 0.005)), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(errors, (list) => {
      const mse = Float32Array.from(list);
      const cutoffs = cutoffGrid(0.0005, 1, 0.002);
      const codes = codesOf(mse, cutoffs);
      cutoffs.forEach((c, place) => {
        const share = codes.reduce((sum, code) => sum + Number(code <= place), 0) / codes.length;
        expect(share).toBe(reconstruction.with({ c }).measure({ mse }).value);
      });
    }),
    { numRuns: 20 },
  );
});
