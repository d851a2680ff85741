import { expect, test } from 'vitest';
import { signal } from '../../../src/index.js';
import { exampleFolder } from '../../support/examples.js';
import { mean } from '../../../src/statistics/mean.js';
import * as path from 'node:path';
import { readOutcomes } from '../../support/runs.js';

test('scores are those of the checkpoints, the last one at the end of training', async () => {
  const folder = path.join(await exampleFolder(), 'checkpoints/lenet-moments');
  const { steps, metrics } = await signal(folder, { metrics: ['accuracy'] });
  const accuracy = async (member: string, file: string) =>
    mean((await readOutcomes(path.join(folder, 'members', member, file), ['correct'])).correct!);
  const finals = await Promise.all(
    ['cnn-w2-s0', 'cnn-w2-s1', 'cnn-w8-s0', 'cnn-w8-s1'].map((member) => accuracy(member, 'outcomes.parquet')),
  );
  expect(steps).toEqual([1000, 1404]);
  expect(metrics[0]!.signal).toBeCloseTo(mean(finals.slice(2)) - mean(finals.slice(0, 2)), 12);
  const of = ['moment-1000.parquet', 'moment-1200.parquet', 'outcomes.parquet'];
  const scores = await Promise.all(of.map((file) => accuracy('cnn-w2-s0', file)));
  expect(Math.max(...scores) - Math.min(...scores)).toBeGreaterThan(0); // the checkpoints differ, so noise is visible
  expect(metrics[0]!.noise).toBeGreaterThan(0);
});

test.each([
  ['lenet-mnist', {}, /lenet-mnist: has a member with 1 checkpoint, but noise needs three; train with --moments/],
  ['lenet-moments', { last: 4 }, /--last: a member of this run has 3 checkpoints; give 3 or fewer/],
  ['lenet-moments', { metrics: ['margin'] }, /./],
])('%s with %j is refused in one line', async (name, options, message) => {
  const folder = path.join(await exampleFolder(), 'checkpoints', name);
  await expect(signal(folder, options)).rejects.toThrow(message);
});
