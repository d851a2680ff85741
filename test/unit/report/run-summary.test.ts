import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { memberFolder, membersOf, writeMemberRecord } from '../../../src/runs/run.js';
import { summariseRun } from '../../../src/report/run-summary.js';
import { memberRecord, runRecord, temporaryFolder, writeSyntheticRun } from '../../support/runs.js';
import { RunError } from '../../../src/terminal/errors.js';

const dataset = { ...runRecord().dataset, testCount: 1000 };
const rising = ({ width }: { width: number }) => width / (width + 2);

async function syntheticRun(widths: readonly number[], seeds: readonly number[], testCount = 1000): Promise<string> {
  const folder = path.join(await temporaryFolder(), 'lenet');
  await writeSyntheticRun({ folder, record: { dataset: { ...dataset, testCount } }, widths, seeds, accuracy: rising });
  return folder;
}

/** The texts of an SVG, with their entities. */
function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>(?:<tspan[^>]*>)?([^<]*)</g)].map(([, text]) => text!);
}

test('one seed: a line per member, with intervals; the picture beside run.json', async () => {
  const folder = await syntheticRun([2, 8, 32], [0]);
  const { rows, table, figures } = await summariseRun(folder);
  expect(table).toMatchInlineSnapshot(`
    "member      parameters                 accuracy  cross-entropy (nats)  subset accuracy, K = 20  seconds
    cnn-w2-s0        1 466  0.5180 [0.4870, 0.5488]                 2.053  1.6e-6 [5.6e-7, 6.2e-6]      1.0
    cnn-w8-s0       20 522  0.8030 [0.7772, 0.8265]                 1.019  0.0119 [0.0065, 0.0221]      2.5
    cnn-w32-s0     317 066  0.9400 [0.9235, 0.9531]                0.5175  0.2866 [0.2037, 0.3826]      8.5
    In brackets: 95 % intervals over the sampling of 1 000 test images (Wilson; Wilson's limits to the power K)."
  `);
  expect(rows.map(({ id }) => id)).toEqual(['cnn-w2-s0', 'cnn-w8-s0', 'cnn-w32-s0']);
  expect(figures).toEqual([path.join(folder, 'curve.svg'), path.join(folder, 'curve.png')]);
  const png = await fs.readFile(figures[1]!);
  // 6.75 inches of 300 pixels.
  expect([png.subarray(1, 4).toString(), png.readUInt32BE(16)]).toEqual(['PNG', 2025]);
  expect(textsOf(await fs.readFile(figures[0]!, 'utf8'))).toEqual(
    expect.arrayContaining([
      'trainable parameters',
      'width',
      '↑ share right',
      'accuracy',
      'subset accuracy, K = 20',
      'cnn family on mnist: run lenet',
    ]),
  );
});

test('several seeds: a line per width, with an interval of the SD of logits x 4.303 / root 3 (Student, 2 degrees of freedom)', async () => {
  const { table } = await summariseRun(await syntheticRun([2, 8], [0, 1, 2]));
  expect(table).toMatchInlineSnapshot(`
    "width  parameters  seeds                 accuracy  cross-entropy (nats)  subset accuracy, K = 10  seconds
        2       1 466      3  0.5133 [0.5030, 0.5237]                 2.036  0.0012 [0.0010, 0.0015]      1.0
        8      20 522      3  0.7997 [0.7753, 0.8220]                 1.022  0.1062 [0.0787, 0.1418]      2.5
    Means over seeds, each on 1 000 test images; seconds are per member.
    In brackets: 95 % intervals of the mean over seeds (Student's t; for shares, on the logit scale)."
  `);
});

test('the same run gives the same picture', async () => {
  const folder = await syntheticRun([2, 8], [0, 1, 2]);
  const { figures } = await summariseRun(folder);
  const before = await Promise.all([fs.readFile(figures[0]!), fs.readFile(figures[1]!)]);
  await summariseRun(folder);
  expect(await Promise.all([fs.readFile(figures[0]!), fs.readFile(figures[1]!)])).toEqual(before);
});

test('incomplete members are named, in the table and in the picture', async () => {
  const folder = await syntheticRun([1, 2, 4, 8], [0]);
  const member = (width: number, file = '') => path.join(memberFolder(folder, { arch: 'cnn', width, seed: 0 }), file);
  await fs.rm(member(1), { recursive: true });
  const training = memberRecord({ arch: 'cnn', width: 2, seed: 0 }, { status: 'training', epochsDone: 1 });
  await writeMemberRecord(member(2), training);
  await fs.truncate(member(4, 'outcomes.parquet'), 100);
  const { rows, table, figures } = await summariseRun(folder);
  expect(rows.map(({ width }) => width)).toEqual([8]);
  expect(table.split('\n').slice(-3)).toEqual([
    'not included: cnn-w1-s0 (no epoch done)',
    'not included: cnn-w2-s0 (1 of 3 epochs done)',
    'not included: cnn-w4-s0 (outcomes.parquet is damaged: it does not match its SHA-256 in member.json)',
  ]);
  expect(textsOf(await fs.readFile(figures[0]!, 'utf8'))).toContainEqual(
    expect.stringContaining('1 000 test images, one seed per width; 3 members are missing.'),
  );
});

test('members with a cross-entropy above that of uniform guessing, ln 10 for 10 classes, are named', async () => {
  const folder = path.join(await temporaryFolder(), 'lenet');
  const accuracy = ({ width }: { width: number }) => (width === 2 ? 0.05 : 0.8);
  await writeSyntheticRun({ folder, record: { dataset }, widths: [2, 8], seeds: [0], accuracy });
  const { rows, table } = await summariseRun(folder);
  expect(rows[0]!.metrics['cross-entropy']!.value).toBeGreaterThan(Math.LN10);
  expect(table.split('\n').at(-1)).toBe(
    'cross-entropy above ln 10 = 2.303 nats, the value of equal chances for every class: cnn-w2-s0; hardly trained, overfitted, or --learning-rate too large',
  );
});

test('with a single test image K is 1 by default', async () => {
  const { rows } = await summariseRun(await syntheticRun([2, 8], [0], 1));
  const values = (id: string) => rows.map(({ metrics }) => metrics[id]?.value);
  expect(values('subset-accuracy:k=1')).toEqual(values('accuracy'));
  expect(values('accuracy').every((value) => value === 0 || value === 1)).toBe(true);
});

test('an empty run is an error that says why; a missing run is another', async () => {
  const folder = await syntheticRun([2, 8], [0]);
  for (const key of membersOf({ arch: 'cnn', widths: [2, 8], seeds: [0] }))
    await fs.rm(memberFolder(folder, key), { recursive: true });
  await expect(summariseRun(folder)).rejects.toThrow(
    new RunError(`${folder}: no member of this run is complete: cnn-w2-s0 (no epoch done), cnn-w8-s0 (no epoch done)`),
  );
  await expect(summariseRun('/nowhere')).rejects.toThrow(
    new RunError('/nowhere: there is no run here: run.json is missing'),
  );
});
