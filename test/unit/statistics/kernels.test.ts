import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import wabt from 'wabt';
import { drawCounts } from '../../../src/statistics/bootstrap.js';
import { binary } from '../../../src/statistics/kernels/binary.js';
import { listsAtOnce, sumsKernel } from '../../../src/statistics/kernels/kernels.js';
import { Random } from '../../../src/statistics/random.js';

test('the binary is what kernels.wat says (`npm run kernels` writes it)', async () => {
  const tools = await wabt();
  const text = fs.readFileSync(new URL('../../../src/statistics/kernels/kernels.wat', import.meta.url));
  const { buffer } = tools.parseWat('kernels.wat', text, { simd: true }).toBinary({});
  expect(binary).toBe(Buffer.from(buffer).toString('base64'));
});

// Odd and even numbers of both: the kernel goes by twos.
test.each([
  [1, 1],
  [2, 30],
  [5, 31],
])('weighted sums of %i columns of %i units are those of a plain loop, time after time', (columnCount, units) => {
  const random = Random.named(0, 'sums');
  const columns = Array.from({ length: columnCount }, () =>
    Float64Array.from({ length: units }, () => random.normal()),
  );
  const kernel = sumsKernel(columns)!;
  for (const lists of [listsAtOnce, 1, 7]) {
    const counts = Array.from({ length: lists }, () => new Uint8Array(units));
    for (const each of counts) drawCounts(random, each);
    const expected = counts.map((weights) =>
      columns.map((column) => column.reduce((sum, value, i) => sum + value * weights[i]!, 0)),
    );
    const sums = kernel.sums(counts);
    expect(sums).toHaveLength(lists);
    sums.forEach((list, k) => {
      expect([...list]).toBeAllClose(expected[k]!, { atol: 1e-8 });
    });
  }
});

test('sums of whole numbers are exact, and a column that is not finite has no kernel', () => {
  const random = Random.named(0, 'whole');
  const units = 10_000;
  const share = Float64Array.from({ length: units }, () => random.integer(2));
  const ranks = Float64Array.from({ length: units }, () => random.integer(65_000) - 30_000);
  const same = new Float64Array(units).fill(0.1);
  const counts = Array.from({ length: listsAtOnce }, () => new Uint8Array(units));
  for (const each of counts) drawCounts(random, each);
  const sums = sumsKernel([share, ranks, same])!.sums(counts);
  counts.forEach((weights, k) => {
    const plain = [share, ranks].map((column) => column.reduce((sum, value, i) => sum + value * weights[i]!, 0));
    expect([...sums[k]!.subarray(0, 2)]).toEqual(plain);
    expect(sums[k]![2]).toBe(0.1 * units);
  });
  for (const value of [NaN, Infinity, -Infinity])
    expect(sumsKernel([share, ranks.map((rank, i) => (i === 7 ? value : rank))])).toBeUndefined();
});

/** One huge value among small ones: the largest range that a column can have for its standard deviation. */
test('a drawn mean is off by less than 1e-7 of its standard error, whatever the column', () => {
  const units = 65_536;
  const random = Random.named(0, 'outlier');
  const column = Float64Array.from({ length: units }, (_, i) => (i === 0 ? 1e6 : random.uniform()));
  const counts = Array.from({ length: listsAtOnce }, () => new Uint8Array(units));
  for (const each of counts) drawCounts(random, each);
  const sums = sumsKernel([column])!.sums(counts);
  // The mean's standard error is 1e6 / units, nearly all of it the outlier's.
  counts.forEach((weights, k) => {
    const plain = column.reduce((sum, value, i) => sum + value * weights[i]!, 0);
    expect(Math.abs(sums[k]![0]! - plain)).toBeLessThan(1e-7 * 1e6);
  });
});
