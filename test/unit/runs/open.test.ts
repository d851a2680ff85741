/** Opening grids: partly trained, and of several lengths. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { importOutcomes } from '../../../src/library/import.js';
import { openRuns } from '../../../src/runs/open.js';
import { present } from '../../../src/machine/present.js';
import { memberFolder, membersOf, readMemberRecord, writeMemberRecord, writeRunRecord } from '../../../src/runs/run.js';
import { Random } from '../../../src/statistics/random.js';
import { runRecord, syntheticOutcomes, temporaryFolder, writeMember } from '../../support/runs.js';

test('combinations without a member are named, and leave no curve', async () => {
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

test.each([
  ['constant', 'are identical at first'],
  ['cosine', 'start alike, but with different learning rates (--schedule)'],
] as const)('trainings of two lengths under a %s schedule %s', async (schedule, alike) => {
  const folder = path.join(await temporaryFolder(), 'lengths');
  const experiment = resolveExperiment({
    ...{ arch: 'cnn', widths: [4], seeds: [0, 1], steps: [1994, 6886], moments: '1000,1994', schedule },
  });
  await writeRunRecord(folder, runRecord({ name: 'lengths', experiment }));
  for (const key of membersOf(experiment)) {
    await writeMember(folder, key, syntheticOutcomes(20, 0.5, Random.named(key.seed, 'outcomes')));
    const member = memberFolder(folder, key);
    const record = present(await readMemberRecord(member));
    const steps = key.factors?.steps ?? 1994;
    // After step 1994, FLOPs computed from either whole training differ in their last bit.
    await writeMemberRecord(member, { ...record, steps, trainingFlops: 8_158_673_978 * steps });
  }
  const [curve] = await openRuns(folder, { at: 1994 });
  expect(curve?.complete.map(({ id }) => id)).toEqual(['cnn-w4-steps6886-s0 at 1994', 'cnn-w4-steps6886-s1 at 1994']);
  expect(curve?.notes).toContain(
    `members that differ only in their length ${alike}: at each step a seed counts once, from the longest`,
  );
  const [ends] = await openRuns(folder, { at: 6886 });
  expect(ends?.notes).toEqual([]);
});

test.each([{}, { where: { parameters: 1 } }])('imported members none of which can be read, %o', async (options) => {
  const root = await temporaryFolder();
  const file = path.join(root, 'models.csv');
  await fs.writeFile(file, 'model,parameters,example,correct\na,1,x,1\nb,2,x,0\n');
  const { folder } = await importOutcomes('table', [file], { root, run: 'models' });
  const members = path.join(folder, 'members');
  for (const name of await fs.readdir(members)) await fs.rm(path.join(members, name, 'member.json'));
  await expect(openRuns(folder, options)).rejects.toThrow(/none of the 2 members can be read; the first: a \(/);
});
