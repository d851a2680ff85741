/** Opening a grid that is partly trained. */
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { openRuns } from '../../../src/runs/open.js';
import { membersOf, writeRunRecord } from '../../../src/runs/run.js';
import { Random } from '../../../src/statistics/random.js';
import { runRecord, syntheticOutcomes, temporaryFolder, writeMember } from '../../support/runs.js';

test('combinations that no member has are named, and leave no curve', async () => {
  const folder = path.join(await temporaryFolder(), 'grid');
  const grid = { widths: [4, 8], seeds: [0], depth: [1, 2], learningRate: [0.01, 0.1] };
  const experiment = resolveExperiment({ arch: 'cnn', ...grid });
  await writeRunRecord(folder, runRecord({ name: 'grid', experiment }));
  for (const key of membersOf(experiment)) {
    if (key.factors?.depth === 2 && key.factors.learningRate === 0.1) continue;
    await writeMember(folder, key, syntheticOutcomes(20, 0.5, Random.named(key.width, 'outcomes')));
  }
  await expect(openRuns(folder, { where: { depth: 2, learningRate: 0.1 } })).rejects.toThrow(
    '--where: no member is complete with depth 2 and learningRate 0.1; hold other values',
  );
  const curves = await openRuns(folder, { curvePer: 'depth', where: { learningRate: 0.1 } });
  expect(curves.map(({ curve, complete }) => [curve?.name, complete.length])).toEqual([['depth 1', 2]]);
  expect(await openRuns(folder, { curvePer: 'depth' })).toHaveLength(2);
});
