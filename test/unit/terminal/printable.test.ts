import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inSeriesColour } from '../../../src/terminal/colour.js';
import { RunError, UsageError } from '../../../src/terminal/errors.js';
import { isNameable, printable, printableText } from '../../../src/terminal/printable.js';

test.each([
  ['\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
  ['\u001b[2J\u001b[H', '\\u001b[2J\\u001b[H'],
  ['\u009b2J', '\\u009b2J'],
  ['a\nerror: forged', 'a\\u000aerror: forged'],
  ['a\rb', 'a\\u000db'],
  ['photo\u202egnp.exe', 'photo\\u202egnp.exe'],
  ['\u2066a\u2069', '\\u2066a\\u2069'],
  ['a\u2028b', 'a\\u2028b'],
  ['a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
  ['\u{e0041}', '\\udb40\\udc41'],
  ['half \ud83d', 'half \\ud83d'],
  // Letters of any script, marks and emoji are unchanged.
  ['café 漢字 עברית 👩‍👧 क्ष', 'café 漢字 עברית 👩‍👧 क्ष'],
])('%j', (text, expected) => {
  expect(printable(text)).toBe(expected);
});

const any = fc.string({ unit: 'binary' });

test('gives one line without control characters, whatever the text; repeating it changes nothing', () => {
  fc.assert(
    fc.property(any, (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u);
      expect(printable(printable(text))).toBe(printable(text));
    }),
  );
});

test('a composed text keeps line breaks, tabs and our colours, and no other escape', () => {
  expect(printableText(`a\tb\n${inSeriesColour('●', 1)}`)).toBe(`a\tb\n${inSeriesColour('●', 1)}`);
  expect(printableText('\u001b[8mhidden\u001b[2A')).toBe('\\u001b[8mhidden\\u001b[2A');
});

test('JSON has the same value afterwards', () => {
  fc.assert(
    fc.property(any, (text) => {
      expect(JSON.parse(printableText(JSON.stringify({ [text]: [text] }, undefined, 2)))).toEqual({ [text]: [text] });
    }),
  );
});

test('every error message is one line', () => {
  for (const Reported of [UsageError, RunError])
    expect(new Reported('is "a\nb"', '\u001b[1mfile', 'c\rd').message).toBe(
      '\\u001b[1mfile: is "a\\u000ab"; c\\u000dd',
    );
});

test.each([
  ['birds', true],
  ['oiseaux d’été 鳥', true],
  ['a\tb', false],
  ['a\nb', false],
  ['\u007f', false],
  ['\ufffe', false],
])('%j can be a name: %s', (text, expected) => {
  expect(isNameable(text)).toBe(expected);
});
