import * as fs from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import wabt from 'wabt';
import { drawCounts } from '../../../src/statistics/bootstrap.js';
import { binary } from '../../../src/statistics/kernels/binary.js';
import { listsAtOnce, sumsKernel } from '../../../src/statistics/kernels/kernels.js';
import { OutOfMemory } from '../../../src/statistics/kernels/out-of-memory.js';
import { varianceOf } from '../../../src/statistics/mean.js';
import { Random } from '../../../src/statistics/random.js';

test('the binary matches kernels.wat (`npm run kernels` writes it)', async () => {
  const tools = await wabt();
  const text = fs.readFileSync(new URL('../../../src/statistics/kernels/kernels.wat', import.meta.url));
  const { buffer } = tools.parseWat('kernels.wat', text, { simd: true }).toBinary({});
  expect(binary).toBe(Buffer.from(buffer).toString('base64'));
});

// Odd and even numbers of both: the kernel works in pairs.
test.each([
  [1, 1],
  [2, 30],
  [5, 31],
])('weighted sums of %i columns of %i units equal a plain loop, repeatedly', (columnCount, units) => {
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

// Of counts up to 255, so that eight bits hold no sum of two; and more columns than two threads take.
test.each([
  ['a few', 3, 1],
  ['many, by three threads', 2500, 3],
] as const)('columns of 0 and 1, %s, are counted exactly, whatever the counts', (_, columnCount, threads) => {
  const random = Random.named(0, 'shares');
  const units = 5003;
  const some = Array.from({ length: 30 }, () => Uint8Array.from({ length: units }, () => random.integer(2)));
  const columns = Array.from({ length: columnCount }, (_, c) => some[(c * 7) % 30]!);
  const kernel = sumsKernel(columns, threads)!;
  for (const most of [2, 13, 128, 256]) {
    const counts = Array.from({ length: 5 }, () => Uint8Array.from({ length: units }, () => random.integer(most)));
    for (const [k, list] of kernel.sums(counts).entries())
      for (let c = 0; c < columnCount; c += 97) {
        let expected = 0;
        for (let i = 0; i < units; i++) expected += columns[c]![i]! * counts[k]![i]!;
        expect(list[c]).toBe(expected);
      }
  }
});

test('several threads sum to the bits of one, whichever kernel is requested', () => {
  const random = Random.named(0, 'threads');
  const units = 5000;
  const some = Array.from({ length: 30 }, (_, c) =>
    c % 3 === 0
      ? Uint8Array.from({ length: units }, () => random.integer(2))
      : Float32Array.from({ length: units }, () => random.normal()),
  );
  // On one plane and on two, enough for three threads to have work.
  const columnsOf = (count: number) => Array.from({ length: count }, (_, c) => some[(c * 7) % 30]!);
  const counts = Array.from({ length: listsAtOnce }, () => new Uint8Array(units));
  for (const each of counts) drawCounts(random, each);
  const families = [900, 750, 1001].map(columnsOf);
  const expected = families.map((columns) => sumsKernel(columns)!);
  const kernels = families.map((columns) => sumsKernel(columns, 3)!);
  // A thread keeps the columns of two kernels: those of the third are sent again.
  for (const lists of [counts, counts.slice(0, 5)])
    for (const [i, kernel] of kernels.entries()) {
      const bytes = (sums: readonly Float64Array[]) => Buffer.concat(sums.map(({ buffer }) => Buffer.from(buffer)));
      expect(bytes(kernel.sums(lists)).equals(bytes(expected[i]!.sums(lists)))).toBe(true);
    }
});

test('a kernel with a failing thread says so, every time and at once, and the next has its own threads', () => {
  const columns = Array.from({ length: 1000 }, (_, c) => new Float32Array(5000).map((_, i) => (i * c) % 17));
  const counts = [new Uint8Array(5000).fill(1)];
  const expected = sumsKernel(columns)!.sums(counts);
  const failing = sumsKernel(columns, 3)!;
  expect(failing.sums(counts)).toEqual(expected);
  const { add } = Atomics;
  const asked = vi.spyOn(Atomics, 'add').mockImplementation(((control: Int32Array, at: number, value: number) => {
    control[control.length - 1] = 1; // the thread's message when out of memory
    return add(control, at, value);
  }) as typeof Atomics.add);
  expect(() => failing.sums(counts)).toThrow(OutOfMemory);
  asked.mockRestore();
  expect(() => failing.sums(counts)).toThrow('the thread that had these outcomes is gone');
  expect(sumsKernel(columns, 3)!.sums(counts)).toEqual(expected);
});

test('sums of integers are exact, and a column that is not finite has no kernel', () => {
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

describe('a drawn mean', () => {
  const units = 65_536;
  const random = Random.named(0, 'outlier');
  const counts = Array.from({ length: listsAtOnce }, () => new Uint8Array(units));
  for (const each of counts) drawCounts(random, each);
  /** The largest error of drawn means, relative to their standard error. */
  const errorOf = (column: Float64Array): number => {
    const sums = sumsKernel([column])!.sums(counts);
    const errors = counts.map((weights, k) => {
      // Minus a number in the middle, as sums of large numbers are rounded themselves.
      const plain = column.reduce((sum, value, i) => sum + (value - column[1]!) * weights[i]!, 0);
      return Math.abs(sums[k]![0]! - column[1]! * units - plain) / units;
    });
    return Math.max(...errors) / Math.sqrt(varianceOf(column) / units);
  };

  test('is typically off by less than 1e-7 of its standard error, even with one huge value among small ones', () => {
    expect(errorOf(Float64Array.from({ length: units }, () => random.normal()))).toBeLessThan(1e-7);
    expect(errorOf(Float64Array.from({ length: units }, (_, i) => (i === 0 ? 1e6 : random.uniform())))).toBeLessThan(
      1e-7,
    );
  });

  /**
   * The widest range for its standard deviation, in steps of 1, with everything between the ends nearly half a step off, in the same
   * direction.
   */
  test('is off by at most 1.1e-5 of it, whatever the column', () => {
    const most = 2 ** 32 - 1;
    const worst = new Float64Array(units).fill(2 ** 31 + 0.49);
    worst.set([0], 0);
    worst.set([most], units - 1);
    const error = errorOf(worst);
    expect(error).toBeGreaterThan(1e-5);
    expect(error).toBeLessThan(1.1e-5);
  });
});
