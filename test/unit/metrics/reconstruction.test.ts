import { expect, test } from 'vitest';
import { mse, psnr, reconstruction } from '../../../src/metrics/reconstruction.js';
import { wilsonInterval } from '../../../src/statistics/intervals.js';

const errors = Float32Array.of(0.01, 0.02, 0.02, 0.04, 0.5);

test('means with their standard errors', () => {
  // by hand: mean 0.118; the squared distances sum to 0.1829 (0.108² + 2 x 0.098² + 0.078² + 0.382²)
  const { value, standardError } = mse.with({}).measure({ mse: errors });
  const squares = 0.108 ** 2 + 2 * 0.098 ** 2 + 0.078 ** 2 + 0.382 ** 2;
  // float32 columns
  expect([value, standardError]).toBeAllClose([0.118, Math.sqrt(squares / 4 / 5)], { rtol: 1e-6 });
  expect(psnr.with({}).measure({ psnr: Float32Array.of(10, 20) }).value).toBe(15);
});

test('reconstruction counts images strictly below the cutoff, each on its own', () => {
  const at = (c: number) => reconstruction.with({ c }).measure({ mse: errors }).value;
  expect([0.01, 0.011, 0.03, 0.3, 1].map(at)).toEqual([0, 0.2, 0.6, 0.8, 1]);
  const { lower, upper, resolution } = reconstruction.with({ c: 0.03 }).measure({ mse: errors });
  expect([{ lower, upper }, resolution]).toEqual([wilsonInterval(3, 5), 0.2]);
});

test('an error that is NaN is below no cutoff', () => {
  expect(reconstruction.with({ c: 1 }).measure({ mse: Float32Array.of(NaN, 0.1) }).value).toBe(0.5);
});
