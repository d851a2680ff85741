/** What a worker keeps for its next member. */
import { expect, test } from 'vitest';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { jobData } from '../../src/training/open-member.js';

test('members that are trained in other ways share their data, and other data are read anew', async () => {
  const experiment = resolveExperiment({
    ...{ arch: 'cnn', dataset: 'shapes', widths: [2], epochs: 1, batchSize: 8, trainSize: 60, testSize: 80 },
  });
  const dataOf = (changes: Partial<typeof experiment>) =>
    jobData({ experiment: { ...experiment, ...changes }, dataDir: '' });
  const data = await dataOf({});
  expect(await dataOf({ learningRate: 0.5, epochs: 2, tune: 'learningRate=0.1,0.2' })).toBe(data);
  expect((await dataOf({ labelNoise: 0.5 })).train.labels).not.toEqual(data.train.labels);
  expect((await dataOf({ trainSize: 30 })).train.count).toBe(30);
});
