/** Members that distinguish different numbers of classes: each has its own test set. */
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { readColumns } from '../../../src/runs/load.js';
import { openRunFolder, openRuns } from '../../../src/runs/open.js';
import { epochsOf } from '../../../src/runs/record.js';
import { writeRunRecord } from '../../../src/runs/run.js';
import { experiment, runRecord, syntheticOutcomes, temporaryFolder, writeMember } from '../../support/runs.js';
import { Random } from '../../../src/statistics/random.js';

const columns = ['correct', 'label'] as const;

/** With 2 and with 4 classes, on the examples of these classes among 100. */
async function writeClasses(): Promise<string> {
  const folder = path.join(await temporaryFolder(), 'classes');
  const own = resolveExperiment({ ...experiment, widths: [8], classes: [2, 4] });
  const dataset = {
    ...runRecord().dataset,
    classes: 2,
    testCount: 30,
    trainCount: 700,
    trainCounts: [300, 400, 500, 600],
  };
  await writeRunRecord(folder, runRecord({ name: 'classes', experiment: own, dataset }));
  const random = Random.named(0, 'classes');
  const label = Int32Array.from({ length: 100 }, () => random.integer(4));
  for (const [classes, factors] of [
    [2, {}],
    [4, { factors: { classes: 4 } }],
  ] as const) {
    const example = Int32Array.from([...label.keys()].filter((i) => label[i]! < classes));
    const outcomes = syntheticOutcomes(example.length, 0.7, random);
    await writeMember(
      folder,
      { arch: 'cnn', width: 8, ...factors, seed: 0 },
      { ...outcomes, example, label: example.map((i) => label[i]!) },
    );
  }
  return folder;
}

test('on one curve they are compared on the examples that all have', async () => {
  const open = await openRunFolder(await writeClasses());
  const { members, notes, record } = await readColumns(open, columns);
  const [few, more] = members.map(({ outcomes }) => outcomes);
  expect(open.words.scale).toBe('classes');
  expect(members.map((member) => member.record.width)).toEqual([2, 4]);
  expect(more!.label).toEqual(few!.label);
  expect(Math.max(...more!.label!)).toBe(1);
  expect(record.dataset.testCount).toBe(few!.label!.length);
  expect(notes.join('\n')).toContain(`on the ${few!.label!.length} test images that all have`);
});

test('held separately, each has its whole test set, its own number of classes and its own length', async () => {
  const folder = await writeClasses();
  const views = await openRuns(folder, { axis: 'width', curvePer: 'classes' });
  expect(views.map(({ record }) => record.dataset.classes)).toEqual([2, 4]);
  await expect(openRuns(folder, { axis: 'classes', curvePer: 'classes' })).rejects.toThrow(
    '--curve-per: classes is on the axis',
  );
  const { members, record } = await readColumns(views[1]!, columns);
  expect(members[0]!.outcomes.label).toHaveLength(100);
  expect(record.dataset.testCount).toBe(100);
  // 300 + 400 and 300 + 400 + 500 + 600 images: 5 and 14 batches of 128, three epochs each.
  expect(members[0]!.record.coordinates).toMatchObject({ classes: 4, trainSize: 1800 });
  const own = views[0]!.record;
  expect(own.dataset).toMatchObject({ classes: 2 });
  if ('experiment' in own) expect(epochsOf(own, { factors: { classes: 4 } })).toBe(3);
});
