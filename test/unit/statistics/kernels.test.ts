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
