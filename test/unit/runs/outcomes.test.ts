import * as fs from 'node:fs/promises';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { decodeOutcomes, encodeOutcomes, outcomeColumns, type OutcomeName } from '../../../src/runs/outcomes.js';
import { Random } from '../../../src/statistics/random.js';
import { syntheticOutcomes } from '../../support/runs.js';
import { RunError } from '../../../src/terminal/errors.js';

const columns = syntheticOutcomes(1500, 0.8, Random.named(1, 'outcomes'));
const names = Object.keys(columns) as OutcomeName[];

test('columns are restored bit by bit, each with its type', async () => {
  expect(await decodeOutcomes(encodeOutcomes(columns), names, 'o')).toEqual(columns);
});

test.each([0, 1])('%i rows', async (rows) => {
  const short = syntheticOutcomes(rows, 0.8, Random.named(1, 'outcomes'));
  expect(await decodeOutcomes(encodeOutcomes(short), names, 'o')).toEqual(short);
});

test('an underflowed probability and a NaN are kept', async () => {
  const log_probability = Float32Array.of(-Infinity, NaN, -0, -1e-40);
  expect(await decodeOutcomes(encodeOutcomes({ log_probability }), ['log_probability'], 'o')).toEqual({
    log_probability,
  });
});

test('equal columns make equal bytes', () => {
  expect(encodeOutcomes(columns)).toEqual(encodeOutcomes(columns));
});

test('class names are in the metadata, where other programs find them, and change no column', async () => {
  const classNames = ['caf\u00e9', '"1"'];
  const bytes = encodeOutcomes(columns, classNames);
  const { key_value_metadata: pairs } = parquetMetadata(Uint8Array.from(bytes).buffer);
  expect(pairs).toEqual([{ key: 'classNames', value: JSON.stringify(classNames) }]);
  expect(await decodeOutcomes(bytes, names, 'o')).toEqual(columns);
});

/** pyarrow 26.0.1: correct [True, False, True], rank int32 [1, 3, 1], log_probability float32 [-0.25, -2.5, -0.125], snappy. */
const fromPython = Buffer.from(
  'UEFSMRUAFQ4VEiwVBhUAFQYVBhwYAQEYAQAWACgBARgBABERAAAABxgCAAAABgEFFQQVEBUUTBUEFQASAAAIHAEAAAADAAAAFQAVEhUWLBUGFRAVBhUGHBgEAwAAABgEAQAAABYAKAQDAAAAGAQBAAAAEREAAAAJIAIAAAAGAQEDAhUEFRgVHEwVBhUAEgAADCwAAIC+AAAgwAAAAL4VABUUFRgsFQYVEBUGFQYcGAQAAAC+GAQAACDAFgAoBAAAAL4YBAAAIMAREQAAAAokAgAAAAYBAgMkABUEGUw1ABgGc2NoZW1hFQYAFQAlAhgHY29ycmVjdAAVAiUCGARyYW5rABUIJQIYD2xvZ19wcm9iYWJpbGl0eQAWBhkcGTwmABwVABklBgAZGAdjb3JyZWN0FQIWBhZUFlgmCDwYAQEYAQAWACgBARgBABERABkcFQAVABUCADwpBhkmAAYAAAAmABwVAhk1AAYQGRgEcmFuaxUCFgYWnAEWpAEmkAEmYBwYBAMAAAAYBAEAAAAWACgEAwAAABgEAQAAABERABksFQQVABUCABUAFRAVAgA8KQYZJgAGAAAAJgAcFQgZNQAGEBkYD2xvZ19wcm9iYWJpbGl0eRUCFgYWpgEWrgEmvAImhAIcGAQAAAC+GAQAACDAFgAoBAAAAL4YBAAAIMAREQAZLBUEFQAVAgAVABUQFQIAPCkGGSYABgAAABaWAxYGJggWqgMAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRk8HAAAHAAAHAAAAH0BAABQQVIx',
  'base64',
);

test('reads what pyarrow wrote', async () => {
  expect(await decodeOutcomes(fromPython, ['rank', 'correct', 'log_probability'], 'o')).toEqual({
    rank: Int32Array.of(1, 3, 1),
    correct: Uint8Array.of(1, 0, 1),
    log_probability: Float32Array.of(-0.25, -2.5, -0.125),
  });
});

describe('what cannot be written or read', () => {
  test('our columns with mistakes', () => {
    expect(() => encodeOutcomes({ corect: Uint8Array.of(1) })).toThrow('corect is not a column of outcomes');
    expect(() => encodeOutcomes({ correct: Int32Array.of(1) })).toThrow('column correct must be boolean');
    expect(() => encodeOutcomes({ label: Int32Array.of(1), rank: Int32Array.of(1, 2) })).toThrow(
      'column rank has 2 rows, label has 1',
    );
  });
  test('a missing column', async () => {
    await expect(decodeOutcomes(fromPython, ['brier'], 'o.parquet')).rejects.toThrow(
      new RunError('o.parquet: has no column brier'),
    );
  });
  const whole = Buffer.from(encodeOutcomes(columns));
  test.each([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('this is no Parquet file at all')],
    ['without its end', whole.subarray(0, 2000)],
    ['without its middle', Buffer.concat([whole.subarray(0, 500), whole.subarray(2500)])],
  ])('%s is one error line that names the file', async (_, bytes) => {
    await expect(decodeOutcomes(bytes, names, 'o.parquet')).rejects.toThrow(
      /^o\.parquet: is damaged or not a Parquet file \(.*\)$/,
    );
  });
});

test('checkpoints/README.md documents the columns correctly', async () => {
  const readme = await fs.readFile(new URL('../../../checkpoints/README.md', import.meta.url), 'utf8');
  const rows = Object.entries(outcomeColumns).map(([name, { type, unit, description }]) => {
    return `| \`${name}\` | ${type} | ${unit === '' ? '' : `${unit} `}| ${description} |`;
  });
  expect(readme.replaceAll(/ +/g, ' ')).toContain(rows.join('\n')); // the formatter pads the columns of a table
});
