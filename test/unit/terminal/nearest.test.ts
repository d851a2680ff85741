import fc from 'fast-check';
import { expect, test } from 'vitest';
import { typingDistance, nearest, suggestion } from '../../../src/terminal/nearest.js';

test.each([
  ['mnst', 'mnist'],
  ['mnits', 'mnist'],
  ['MNIST', 'mnist'],
  ['shape', 'shapes'],
])('%s suggests %s', (word, meant) => {
  expect(nearest(word, ['mnist', 'shapes'])).toBe(meant);
});

test('a word that resembles none has no nearest', () => {
  expect(nearest('imagenet', ['mnist', 'shapes'])).toBeUndefined();
  expect(suggestion('imagenet', ['mnist', 'shapes'])).toBe('known: mnist, shapes');
});

test('the distance counts an added, missing, changed or transposed letter as one', () => {
  expect(['cn', 'cnnn', 'can', 'ncn', 'cnn'].map((word) => typingDistance(word, 'cnn'))).toEqual([1, 1, 1, 1, 0]);
});

test('the distance is symmetric, and at most the longer length', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(typingDistance(a, b)).toBe(typingDistance(b, a));
      expect(typingDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(typingDistance(a, b)).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
  );
});
