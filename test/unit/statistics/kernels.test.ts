import fc from 'fast-check';
import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import wabt from 'wabt';
import { drawCounts } from '../../../src/statistics/bootstrap.js';
import { binary } from '../../../src/statistics/kernels/binary.js';
import { countsBelow, listsAtOnce, sumsKernel } from '../../../src/statistics/kernels/kernels.js';
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
    const counts = Array.from({ length: lists }, () => new Float64Array(units));
    for (const each of counts) drawCounts(random, each);
    const expected = counts.map((weights) =>
      columns.map((column) => column.reduce((sum, value, i) => sum + value * weights[i]!, 0)),
    );
    const sums = kernel.sums(counts);
    expect(sums).toHaveLength(lists);
    sums.forEach((list, k) => {
      expect([...list]).toBeAllClose(expected[k]!, { rtol: 1e-12, atol: 1e-12 });
    });
  }
});

/** By its definition. */
function countedOneByOne(values: Float32Array, cutoffs: Float64Array, orAt: boolean): number[] {
  return Array.from(cutoffs, (cutoff) => values.filter((value) => value < cutoff || (orAt && value === cutoff)).length);
}

test('values below cutoffs are counted as one by one, infinities and both zeros among them', () => {
  // Few values, so that many are at a cutoff; and any of 32 bits.
  const few = fc.constantFrom(0, -0, 1, -1, 0.1, Infinity, -Infinity);
  const values = fc.oneof(fc.array(few, { maxLength: 30 }), fc.array(fc.float({ noNaN: true }), { maxLength: 200 }));
  const cutoffs = fc.array(fc.oneof(few, fc.double({ noNaN: true })), { maxLength: 20 });
  fc.assert(
    fc.property(values, cutoffs, fc.boolean(), (list, unsorted, orAt) => {
      const column = Float32Array.from(list);
      const ascending = Float64Array.from(unsorted).sort();
      expect([...countsBelow(column, ascending, orAt)]).toEqual(countedOneByOne(column, ascending, orAt));
      expect(column).toEqual(Float32Array.from(list));
    }),
  );
});

test('of as many values as need more memory, and of few after them', () => {
  const random = Random.named(0, 'counts below');
  for (const count of [100_000, 10]) {
    const values = Float32Array.from({ length: count }, () => random.normal());
    const cutoffs = Float64Array.of(-1, 0, 0.5);
    expect([...countsBelow(values, cutoffs, false)]).toEqual(countedOneByOne(values, cutoffs, false));
  }
});
