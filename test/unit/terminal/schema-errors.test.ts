import { expect, test } from 'vitest';
import * as z from 'zod';
import { whatIsWrong } from '../../../src/terminal/schema-errors.js';

const schema = z.strictObject({
  name: z.string().regex(/^[a-z]+$/, 'is not a name of lower-case letters'),
  size: z.int().min(2).max(9).default(3),
  needs: z.array(z.enum(['label', 'predicted'])).min(1),
  values: z.custom<() => number>((value) => typeof value === 'function', 'is not a function').optional(),
  inner: z.object({ at: z.iso.datetime() }).optional(),
  share: z.number().gt(0).lt(1).optional(),
  sizes: z.array(z.union([z.int().min(1), z.null()])).optional(),
  named: z.record(z.string().regex(/^[a-z]+$/, 'is not a name'), z.number()).optional(),
  either: z.union([z.string(), z.boolean()]).default(true),
});
const right = { name: 'a', needs: ['label'] };

test.each<[unknown, string]>([
  [7, '7 is not an object'],
  [null, 'null is not an object'],
  [{ needs: ['label'] }, 'name: is missing'],
  [{ ...right, name: 'A' }, 'name: "A" is not a name of lower-case letters'],
  [{ ...right, name: ['a'] }, 'name: ["a"] is not a string'],
  [{ ...right, needs: ['label', 'colour'] }, 'needs[1]: "colour" is unknown; known: label, predicted'],
  [{ ...right, needs: [] }, 'needs: [] is too short; at least 1'],
  [{ ...right, size: 1 }, 'size: 1 is too small; at least 2'],
  [{ ...right, size: 10 }, 'size: 10 is too large; at most 9'],
  [{ ...right, size: 2.5 }, 'size: 2.5 is not a whole number'],
  [{ ...right, colour: 1 }, '"colour" is not a known key'],
  [{ ...right, values: 5 }, 'values: 5 is not a function'],
  [{ ...right, inner: { at: 'noon' } }, 'inner.at: "noon" is not a time in UTC, such as 2026-01-02T03:04:05Z'],
  [{ ...right, name: 'B'.repeat(100) }, `name: "${'B'.repeat(56)}... is not a name of lower-case letters`],
  [{ ...right, share: 0 }, 'share: 0 is too small; above 0'],
  [{ ...right, share: 1 }, 'share: 1 is too large; below 1'],
  [{ ...right, share: NaN }, 'share: NaN is not a number'],
  [{ ...right, either: 5 }, 'either: 5 is not a string or a boolean'],
  [{ ...right, sizes: [true] }, 'sizes[0]: true is not a number or null'],
  [{ ...right, sizes: [0] }, 'sizes[0]: 0 is too small; at least 1'],
  [{ ...right, named: { '../x': 1 } }, 'named.../x: "../x" is not a name'],
])('%j: %s', (value, line) => {
  expect(whatIsWrong(schema.safeParse(value).error!, value)).toBe(line);
});

test('values without JSON are named by their type', () => {
  const circular: unknown[] = [];
  circular.push(circular);
  const line = (name: unknown) => whatIsWrong(schema.safeParse({ ...right, name }).error!, { ...right, name });
  expect(line(5n)).toBe('name: a bigint is not a string');
  expect(line(circular)).toBe('name: an object is not a string');
  expect(line(() => 1)).toBe('name: a function is not a string');
});
