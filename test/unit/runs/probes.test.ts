/** Views of a run's probes: their outcomes at the end and along training, and the value of guessing. */
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { nth, present } from '../../../src/machine/present.js';
import { PageFamily } from '../../../src/report/explorer/family.js';
import { placed } from '../../../src/report/explorer/places.js';
import { pairsOf, testSetText } from '../../../src/runs/imported.js';
import { readColumns } from '../../../src/runs/load.js';
import { openRun } from '../../../src/library/run-and-metrics.js';
import { encodeMoment, encodeOutcomes, probeFile } from '../../../src/runs/outcomes.js';
import type { RunRecord } from '../../../src/runs/record.js';
import { membersOf, writeRunRecord } from '../../../src/runs/run.js';
import { Random } from '../../../src/statistics/random.js';
import { runCommand } from '../../support/command.js';
import { pageRun } from '../../support/pages.js';
import { runRecord, syntheticOutcomes, temporaryFolder, writeMember } from '../../support/runs.js';

const experiment = resolveExperiment({
  ...{ arch: 'transformer', widths: [8, 16], steps: 1404, moments: '10,100', pairs: 4, testSequences: 50 },
  ...{ heldOutClasses: 3, probe: 'in-weights,held-out' },
});

/** The last image of 50 sequences, of which a share is right: 0.1 for in-weights, 0.5, 0.6 and finally 0.9 for held-out. */
function queries(right: number) {
  const outcomes = syntheticOutcomes(50, 0, Random.named(1, 'queries'));
  const ids = Int32Array.from({ length: 50 }, (_, i) => i);
  return {
    ...outcomes,
    correct: Uint8Array.from(ids, (i) => Number(i < 50 * right)),
    sequence: ids,
    position: ids.fill(3),
  };
}

let root = '';
let folder = '';
beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'checkpoints', 'icl');
  await writeRunRecord(folder, runRecord({ name: 'icl', experiment }));
  const rows = Int32Array.from({ length: 200 }, (_, i) => i);
  const test = { ...syntheticOutcomes(200, 0.3, Random.named(2, 'test')), sequence: rows.map((i) => i >> 2) };
  const outcomes = { ...test, position: rows.map((i) => i % 4) };
  const moments = new Map([10, 100].map((step) => [step, outcomes]));
  const further = {
    [probeFile('in-weights')]: encodeOutcomes(queries(0.1)),
    [probeFile('held-out')]: encodeOutcomes(queries(0.9)),
    ...Object.fromEntries([10, 100].map((step) => [probeFile('in-weights', step), encodeMoment(queries(0.1))])),
    [probeFile('held-out', 10)]: encodeMoment(queries(0.5)),
    [probeFile('held-out', 100)]: encodeMoment(queries(0.6)),
  };
  for (const key of membersOf(experiment)) await writeMember(folder, key, outcomes, moments, further);
});

const shareRight = (correct: Uint8Array) => correct.reduce((sum, value) => sum + value, 0) / correct.length;

test('its outcomes along training, one per sequence', async () => {
  const run = await openRun(folder, { probe: 'held-out', axis: 'steps', where: { width: 8 } });
  const { members } = await readColumns(run, ['correct', 'sequence', 'example']);
  expect(
    members.map(({ record, outcomes }) => [record.coordinates['steps'], shareRight(present(outcomes.correct))]),
  ).toEqual([
    [10, 0.5],
    [100, 0.6],
    [1404, 0.9],
  ]);
});

test('the chance of guessing is one in the possible answers', async () => {
  const [weights, context] = await Promise.all(['in-weights', 'held-out'].map((probe) => openRun(folder, { probe })));
  expect([present(weights).record.dataset.classes, present(context).record.dataset.classes]).toEqual([10, 2]);
  const { record, label } = present(context);
  expect([pairsOf(record), label]).toEqual([1, 'icl, held-out']);
  expect(testSetText((await readColumns(present(context), ['correct'])).record as RunRecord)).toBe(
    '50 held-out probes (the last of 4 images, 2 answers to choose from)',
  );
});

test('commands', async () => {
  const said = async (words: string) => {
    const { code, stdout, stderr } = await runCommand(root, words.split(' '));
    return { code, text: stdout + stderr };
  };
  const csv = await said('evaluate icl --metric image-accuracy --csv --draws 100');
  const probe = await said('evaluate icl --metric image-accuracy --csv --draws 100 --probe held-out');
  expect(csv.text).not.toContain(',0.9,');
  expect(probe.text).toMatch(/transformer-w8-s0,.*,0\.9,/);
  expect(probe.text).toContain(
    'note: outcomes are of the probe held-out, for the last of 4 images; a guess is right 1 time in 2',
  );
  expect(await said('evaluate icl --probe few-shot')).toEqual({
    code: 2,
    text: 'error: --probe: icl was trained without the probe few-shot; it has in-weights, held-out\n',
  });
  expect((await said('evaluate icl --probe weights')).text).toBe(
    'error: --probe: "weights" is not a probe; it has in-weights, held-out\n',
  );
  expect((await said('show icl --draws 100')).text).toContain('Probes of icl (--probe NAME): in-weights, held-out.');
});

test('the page of a report shows the accuracy of its right answers under that name', async () => {
  const { code } = await runCommand(root, [...'report icl --probe held-out --draws 100 --output page'.split(' ')]);
  expect(code).toBe(0);
  const run = await pageRun(path.join(root, 'page', 'report.html'));
  expect(run.standard).toEqual({ title: 'accuracy per image', unit: 'probability', better: 'higher' });
  const members = nth(placed(run, run.first).curves, 0).members;
  const { standard } = new PageFamily(run).explore({ threshold: 1, size: run.count, members, axis: 'parameters' });
  expect(standard.members.map(({ value }) => value)).toEqual(members.map(() => 0.9));
});
