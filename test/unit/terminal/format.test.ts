import { expect, test } from 'vitest';
import {
  condensed,
  counted,
  countedWithSpaces,
  formatBytes,
  formatDuration,
  formatPercent,
  formatRate,
} from '../../../src/terminal/format.js';

test.each([
  [0, '0 s'],
  [0.2, '0.2 s'],
  [59.4, '59 s'],
  [59.6, '1 min 00 s'],
  [3599.7, '1 h 00 min'],
  [7500, '2 h 05 min'],
  [-1, '0 s'],
  [NaN, '?'],
  [Infinity, '?'],
])('%d seconds', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('shares and rates', () => {
  expect([formatPercent(0.98765), formatRate(12345), formatRate(999.6)]).toEqual([
    '98.77 %',
    '12.3k ex/s',
    '1.0k ex/s',
  ]);
});

test.each([
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c', 'd'], 'a, b, c and d'],
  [['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 more, the last e'],
])('%j is condensed to %s', (ids, text) => {
  expect(condensed(ids)).toBe(text);
});

test('one is singular', () => {
  expect([0, 1, 12_000].map((count) => counted(count, 'image'))).toEqual(['0 images', '1 image', '12000 images']);
  expect([0, 1, 12_000].map((count) => countedWithSpaces(count, 'test image'))).toEqual([
    '0 test images',
    '1 test image',
    '12 000 test images',
  ]);
});

// Powers of 1000: what would be rounded to 1000 of a unit is 1.0 of the next.
test.each([
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [999_600_000, '1.0 GB'],
  [2e15, '2000 TB'],
])('%d bytes', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
