import { expect, test } from 'vitest';
import { packer } from '../../../src/machine/packed.js';

test('arrays lie side by side with their own values, doubles where doubles may begin', () => {
  const pack = packer();
  const bytes = Uint8Array.of(1, 0, 1);
  const packed = [bytes, Float64Array.of(0.1, -2), Int32Array.of(-7), new Float32Array(), Uint16Array.of(65_535)].map(
    (array) => pack(array),
  );
  bytes.fill(9);
  expect(packed).toEqual([
    Uint8Array.of(1, 0, 1),
    Float64Array.of(0.1, -2),
    Int32Array.of(-7),
    new Float32Array(),
    Uint16Array.of(65_535),
  ]);
  expect(new Set(packed.map(({ buffer }) => buffer)).size).toBe(1);
});

test('a part of an array is copied alone, and an array that would fill a block stays where it is', () => {
  const pack = packer();
  expect(pack(Int32Array.of(1, 2, 3).subarray(1))).toEqual(Int32Array.of(2, 3));
  const large = new Float64Array(2 ** 17);
  expect(pack(large)).toBe(large);
  // five blocks' worth of arrays that do not fill them evenly
  const many = Array.from({ length: 200 }, (_, i) => pack(new Float64Array(12_345).fill(i)));
  expect(many.every((array, i) => array.length === 12_345 && array.every((value) => value === i))).toBe(true);
});
