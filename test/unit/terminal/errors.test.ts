import { expect, test } from 'vitest';
import { messageOf } from '../../../src/terminal/errors.js';

test('a TensorFlow error is its message, without the status above it', () => {
  const error = new Error('Invalid TF_Status: 12\nMessage: The GPU implementation of X is not deterministic.');
  expect(messageOf(error)).toBe('The GPU implementation of X is not deterministic.');
  expect(messageOf('a text that was thrown')).toBe('a text that was thrown');
});
