import { describe, expect, test } from 'vitest';
import type { RawDataset } from '../../../src/datasets/dataset.js';
import { withSymmetries } from '../../../src/datasets/symmetries.js';

/** One image of 3 x 3 pixels, two channels: the second is the first plus 100. */
const rows = [
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
];
const bytes = (image: readonly (readonly number[])[]) => image.flat().flatMap((value) => [value, value + 100]);
const split = { images: Uint8Array.from([...bytes(rows), ...bytes(rows)]), labels: Int32Array.from([1, 0]) };
const raw: RawDataset = {
  ...{ shape: { height: 3, width: 3, channels: 2 }, classes: 2, classNames: ['a', 'b'], train: split, test: split },
  groups: { noun: 'writers', of: Int32Array.from([5, 6]) },
};

/** Rows read by a separate index: the transpose and the reversal, from which all eight follow. */
const transposed = (image: number[][]) => image[0]!.map((_, j) => image.map((row) => row[j]!));
const mirrored = (image: number[][]) => image.map((row) => row.toReversed());
const turned = (image: number[][]) => transposed(image).toReversed();
const times = (n: number) => Array.from({ length: n }).reduce<number[][]>(turned, rows);

test('a class for each quarter turn, and for each of the mirror image', () => {
  const { train, classes } = withSymmetries(raw, 'all', 'x');
  const expected = [0, 1, 2, 3].map(times);
  const all = [...expected, ...expected.map((_, i) => Array.from({ length: i }).reduce<number[][]>(turned, rows))];
  expect(classes).toBe(16);
  expect(train.labels).toEqual(Int32Array.from([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]));
  const views = Array.from({ length: 16 }, (_, i) => [...train.images.subarray(i * 18, (i + 1) * 18)]);
  expect(views.slice(0, 4)).toEqual(all.slice(0, 4).map(bytes));
  // The mirror images are those of the rotations, each once.
  const mirrors = [0, 1, 2, 3].map((n) => bytes(mirrored(times(n))));
  expect(new Set(views.slice(4, 8).map(String))).toEqual(new Set(mirrors.map(String)));
  expect(views.slice(8)).toEqual(views.slice(0, 8));
});

test('rotations alone; names, groups and what is left out', () => {
  const four = withSymmetries(raw, 'rotations', 'x');
  expect(four.classNames).toEqual([
    ...['a', 'a turned by 90 degrees', 'a turned by 180 degrees', 'a turned by 270 degrees'],
    ...['b', 'b turned by 90 degrees', 'b turned by 180 degrees', 'b turned by 270 degrees'],
  ]);
  expect(four.groups?.of).toEqual(Int32Array.from([5, 5, 5, 5, 6, 6, 6, 6]));
  expect(withSymmetries(raw, undefined, 'x')).toBe(raw);
});

describe('refused', () => {
  test('images that are not square, composed classes', () => {
    const flat = { ...raw, shape: { height: 2, width: 4, channels: 1 } };
    expect(() => withSymmetries(flat, 'all', 'x')).toThrow(
      '--symmetries: x has images of 2 x 4, which are not square and cannot be rotated; leave it out',
    );
    const combined = { ...raw, composition: { attributes: [], rule: '' } };
    expect(() => withSymmetries(combined, 'all', 'x')).toThrow('combinations of attributes');
  });
});
