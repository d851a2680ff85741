import { expect, test } from 'vitest';
import { discovered, discoveriesOf } from '../../../src/analysis/discoveries.js';
import { accuracy, subsetAccuracy } from '../../../src/metrics/classification.js';
import { family } from '../../support/members.js';

const widths = [1, 2, 4, 8, 16, 32, 64];
const metrics = [accuracy.with({}), ...[2, 3, 4].map((k) => subsetAccuracy.with({ k }))];

test('a step is found under each metric, smooth growth under none', () => {
  const step = family({
    widths,
    seeds: 3,
    count: 400,
    p: (w) => (w < 8 ? 0.2 : 0.8),
    deviation: 0.01,
    name: 'fdr step',
  });
  const found = discoveriesOf(metrics, step, 'jump', { draws: 199 });
  expect(discovered(found).map(({ metric }) => metric)).toEqual(metrics.map(({ id }) => id));
  const line = family({
    widths,
    seeds: 3,
    count: 400,
    p: (w) => 0.3 + 0.05 * Math.log2(w),
    deviation: 0.01,
    name: 'fdr line',
  });
  const none = discoveriesOf(metrics, line, 'jump', { draws: 199 });
  expect(discovered(none)).toEqual([]);
  expect(none.tests.every(({ p, rate }) => rate >= p)).toBe(true);
});

test('nothing is tested with one seed per scale', () => {
  const members = family({ widths, seeds: 1, count: 100, p: (w) => (w < 8 ? 0.2 : 0.8), name: 'fdr one' });
  const { tests } = discoveriesOf(metrics, members, 'jump', { draws: 20 });
  expect(tests.map(({ p, rate }) => [p, rate])).toEqual(metrics.map(() => [NaN, NaN]));
});
