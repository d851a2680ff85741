import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from '../../../src/terminal/shell.js';

test('any word is quoted so that a shell reads it back', () => {
  const texts = fc.array(
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(texts, (words) => {
      const line = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
      const said = execFileSync('bash', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1);
      expect(said).toEqual(words.length === 0 ? [''] : words);
    }),
    { numRuns: 30 },
  );
});
