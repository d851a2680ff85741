import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wrapped } from '../../../src/terminal/wrap.js';

test('a line is broken between words, and continued below its text', () => {
  expect(wrapped('one two three four', 9)).toBe('one two\nthree\nfour');
  expect(wrapped('    one two three', 12)).toBe('    one two\n    three');
  expect(wrapped('takes   4 minutes on 2 cores', 20)).toBe('takes   4 minutes on\n        2 cores');
});

test('colours take no room', () => {
  expect(wrapped('\u001b[1mbold\u001b[0m: and long', 9)).toBe('\u001b[1mbold\u001b[0m: and\nlong');
});

test('text that fits, commands, colours and single long words are unchanged', () => {
  for (const line of [
    'just room',
    'next   npm run train -- --run x',
    'run: emergence train --run x',
    '\u001b[1mbold one\u001b[0m',
    '/a/long/path',
  ])
    expect(wrapped(line, 9)).toBe(line);
});

test('no word is lost, and a line is too long only if a single word is', () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 5, max: 40 }), (words, room) => {
      const text = wrapped(words.join(' '), room);
      expect(text.split(/\s+/)).toEqual(words);
      for (const line of text.split('\n')) expect(line.length <= room || !line.includes(' ')).toBe(true);
    }),
  );
});
