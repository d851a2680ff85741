/** `curvesOf`, which `show` draws, next to `compare`: the same intervals of the same scores. */
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { scoreNames } from '../../../src/analysis/scores.js';
import { compare } from '../../../src/library/compare.js';
import { curvesOf } from '../../../src/library/curves.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';

test('a K chosen on the outcomes is chosen again in each draw, in show as in compare', async () => {
  const root = await temporaryFolder();
  await writeSyntheticRun({
    folder: path.join(root, 'lenet'),
    record: { dataset: { ...runRecord().dataset, testCount: 60 } },
    widths: [4, 8, 16, 32],
    seeds: [0, 1],
    // All of 5 images are right with a probability near 1 in 10, the bound at which 5 is chosen.
    accuracy: ({ width }) => (0.63 * width) / 32,
  });
  const options = { root, draws: 100 };
  const [{ curves }, compared] = [await curvesOf('lenet', options), await compare('lenet', options)];
  const [standard, induced] = curves;
  expect([standard!.rule, induced!.rule]).toEqual([undefined, compared.sharpness.induced.rule]);
  expect(induced!.rule).toMatch(/^the largest K/);
  for (const name of scoreNames) {
    expect(standard!.scores[name]).toEqual(compared.standard.scores[name]);
    expect(induced!.scores[name]).toEqual(compared.induced.scores[name]);
  }
  // Of the metric as given, which is not chosen, they are others.
  const fixed = await curvesOf('lenet', { ...options, metrics: [induced!.curve.metric.id] });
  expect(fixed.curves[0]!.rule).toBeUndefined();
  expect(fixed.curves[0]!.scores.bow.interval).not.toEqual(induced!.scores.bow.interval);
});
