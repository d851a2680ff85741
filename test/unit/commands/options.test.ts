/** Numbers on the command line: what other programs would read as another number is refused. */
import { expect, test } from 'vitest';
import { number, where, whole, wholes } from '../../../src/commands/options.js';

const any = { fits: () => true, wanted: '' };

test.each<[string, (text: string) => unknown, string]>([
  ['010', whole('--n'), '--n: "010" is not a whole number of at least 1'],
  ['0x10', whole('--n'), '--n: "0x10" is not a whole number of at least 1'],
  ['8,010', wholes('--n'), '--n: "010" is not a whole number of at least 1; give for example --n 10,100'],
  ['0x10', number('--n', any), '--n: "0x10" is not a number'],
  ['0b1', number('--n', any), '--n: "0b1" is not a number'],
  ['Infinity', number('--n', any), '--n: "Infinity" is not a number'],
  [
    'width=0x10',
    (text) => {
      where.parseArg!(text, undefined);
    },
    '--where: "width=0x10" is not FACTOR=VALUE; give for example --where depth=2',
  ],
])('%s', (text, parse, line) => {
  expect(() => parse(text)).toThrow(line);
});

test('numbers as people write them', () => {
  expect([whole('--n', 0)('0'), whole('--n')('10'), wholes('--n')('1, 20')]).toEqual([0, 10, [1, 20]]);
  expect(['.5', '1e-3', '-2', '+3.', ' 4 '].map(number('--n', any))).toEqual([0.5, 0.001, -2, 3, 4]);
});
