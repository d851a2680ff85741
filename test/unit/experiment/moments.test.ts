import fc from 'fast-check';
import { expect, test } from 'vitest';
import { momentsOf, momentsProblem } from '../../../src/experiment/moments.js';

test('spaced moments: evenly or in ratio from the first step on; the last step is implied and not listed', () => {
  // 2^0 .. 2^6 of 64 steps; 1, 22, 43 and 64 are 21 apart.
  expect(momentsOf('7:log', 64)).toEqual([1, 2, 4, 8, 16, 32]);
  expect(momentsOf('4:linear', 64)).toEqual([1, 22, 43]);
  // Fewer steps than moments: each step once.
  expect(momentsOf('100:linear', 3)).toEqual([1, 2]);
  expect(momentsOf('5:log', 1)).toEqual([]);
  expect(momentsOf(undefined, 64)).toEqual([]);
});

test('listed moments; one past the end is refused in one line', () => {
  expect(momentsOf('1,10,64', 64)).toEqual([1, 10]);
  expect(() => momentsOf('1,65', 64)).toThrow(
    '--moments: step 65 is past the end of training, step 64; give at most 64',
  );
});

test('how to write moments, and which bound a wrong one breaks', () => {
  for (const text of ['2:log', '12:linear', '9999:log', '5', '1,2,3']) expect(momentsProblem(text)).toBeUndefined();
  const form = 'is neither COUNT:log, COUNT:linear nor ascending steps such as 10,100,1000';
  for (const text of ['', ':log', '12:cubic', '1,', 'x', '1e3', '-1'])
    expect([text, momentsProblem(text)]).toEqual([text, form]);
  expect(momentsProblem('1:log')).toBe('has a count of 1; it must be from 2 to 9999');
  expect(momentsProblem('10000:linear')).toBe('has a count of 10000; it must be from 2 to 9999');
  expect(momentsProblem('0,1')).toBe('has step 0; steps count from 1');
  expect(momentsProblem('1,3,2')).toBe('has step 2 after step 3; steps must ascend');
  expect(momentsProblem('3,3')).toBe('has step 3 after step 3; steps must ascend');
});

test('moments ascend, are steps of the training, and are no more than requested', () => {
  const spacing = fc.constantFrom('log', 'linear');
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 200 }), spacing, fc.integer({ min: 1, max: 1e6 }), (count, kind, steps) => {
      const moments = momentsOf(`${count}:${kind}`, steps);
      expect(moments.length).toBeLessThan(count);
      expect(moments.every((step, i) => step >= 1 && step < steps && (i === 0 || step > moments[i - 1]!))).toBe(true);
    }),
  );
});
