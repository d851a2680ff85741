import { expect, test } from 'vitest';
import { parseSlurmOptions, secondsOf } from '../../../src/launch/options.js';
import { leadSeconds } from '../../../src/launch/script.js';

// The forms listed by `man sbatch` under --time.
test.each([
  ['90', 5400],
  ['1:30', 90],
  ['2:00:00', 7200],
  ['1-6', 108_000],
  ['1-06:30', 109_800],
  ['1-06:30:15', 109_815],
])('a Slurm time: %s is %i seconds', (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});

test.each(['', 'tomorrow', '1:2:3:4', '-5', '1-', '5:99', '1.5', '12h', '1 2', '5\n#SBATCH --uid=0'])(
  'not a Slurm time: %j',
  (text) => {
    expect(secondsOf(text)).toBeUndefined();
    expect(() => parseSlurmOptions({ time: text })).toThrow(
      `--time: ${JSON.stringify(text)} is not a time above 0: give minutes, minutes:seconds, hours:minutes:seconds`,
    );
  },
);

test('durations of zero are refused', () => {
  expect(() => parseSlurmOptions({ time: '0:00' })).toThrow('--time: "0:00" is not a time');
});

test.each(['a b', 'a"b', "a'b", 'a;reboot', '$(reboot)', '`x`', 'a\nb', '-p', '', 'a\\b', 'ä', '#x'])(
  'not a partition name: %j',
  (partition) => {
    expect(() => parseSlurmOptions({ partition })).toThrow(
      `--partition: ${JSON.stringify(partition)} is not a name that Slurm knows`,
    );
    expect(() => parseSlurmOptions({ gres: partition })).toThrow('--gres: ');
    expect(() => parseSlurmOptions({ account: partition })).toThrow('--account: ');
  },
);

test.each(['main', 'main,long', 'gpu:a100:2', 'gres/gpu:1', 'gpu:1(IDX:0)', 'group/user@site'])(
  'a partition name: %s',
  (name) => {
    expect(parseSlurmOptions({ partition: name, gres: name, account: name }).partition).toBe(name);
  },
);

test.each([0, -1, 1.5, NaN, 1e9])('--pack %d', (pack) => {
  expect(() => parseSlurmOptions({ pack })).toThrow('--pack: ');
  expect(() => parseSlurmOptions({ arrayLimit: pack })).toThrow('--array-limit: ');
});

test('the signal comes two minutes before the end, or sooner for a short limit', () => {
  expect(leadSeconds({})).toBe(120);
  expect(leadSeconds({ time: '2-00' })).toBe(120);
  expect(leadSeconds({ time: '4' })).toBe(60);
  expect(leadSeconds({ time: '0:20' })).toBe(10);
});
