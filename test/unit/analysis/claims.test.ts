import { describe, expect, test } from 'vitest';
import { claimText, judge, parseClaim, quantities } from '../../../src/analysis/claims.js';
import { compareSharpness } from '../../../src/analysis/sharpness.js';
import { accuracy, subsetAccuracy } from '../../../src/metrics/classification.js';
import { family } from '../../support/members.js';

describe('parseClaim', () => {
  test.each(['ratio.lower > 3', 'standard.first < 0.2', 'induced.eq1.upper > -1', 'bow > 0'])('%s', (text) => {
    expect(claimText(parseClaim(text))).toBe(text);
  });

  test('spaces are optional; .value is the number itself', () => {
    expect(parseClaim('standard.ramp.value<1.5')).toEqual(parseClaim(' standard.ramp < 1.5 '));
  });

  test.each([
    ['ratio', '--claim: "ratio" is not a claim; write one such as "ratio.lower > 3" or "standard.first < 0.2"'],
    ['ratio > x', '--claim: "x" is not a number; write one such as "ratio.lower > 3" or "standard.first < 0.2"'],
    ['standard.frist < 1', '--claim: unknown quantity "standard.frist"; did you mean standard.first?'],
    ['induced.last.upper > 1', '--claim: induced.last has no .upper; only scores have an interval'],
  ])('%s is refused', (text, message) => {
    expect(() => parseClaim(text)).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });
});

test('a claim is about the number that it names', () => {
  const members = family({
    ...{ widths: [1, 2, 4, 8], seeds: 2, count: 200, name: 'claims' },
    p: (width) => 0.2 + 0.25 * Math.log2(width),
  });
  const request = {
    standard: { metric: accuracy.with({}) },
    induced: { metric: subsetAccuracy.with({ k: 5 }) },
    members,
  };
  const sharpness = compareSharpness({ ...request, draws: 100 });
  const { standard, induced, paired } = sharpness;
  const measured = (text: string) => judge(parseClaim(`${text} > 0`), sharpness).measured;
  expect(measured('standard.last')).toBe(standard.values.at(-1));
  expect(measured('induced.eq1.upper')).toBe(induced.scores.emergence.interval.upper);
  expect(measured('ratio.lower')).toBe(paired.scores.emergence.ratio!.interval.lower);
  expect(measured('bow')).toBe(paired.scores.bow.difference.value);
  for (const quantity of Object.keys(quantities)) expect(measured(quantity)).not.toBeNaN();
});

test('a claim holds on its side of the bound, and not if there is no number', () => {
  const curve = { metric: 'accuracy', rule: undefined, values: [0.1, 0.9], scores: {} };
  const sharpness = { standard: curve, induced: { ...curve, values: [] } } as unknown as Parameters<typeof judge>[1];
  const holds = (text: string) => judge(parseClaim(text), sharpness).holds;
  expect(['standard.first < 0.2', 'standard.first > 0.2', 'standard.last > 0.9'].map(holds)).toEqual([
    true,
    false,
    false,
  ]);
  expect(['induced.last < 1', 'induced.last > -1'].map(holds)).toEqual([false, false]);
});
