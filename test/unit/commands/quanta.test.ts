/** `emergence quanta` as the user sees it, on runs that were never trained. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import type { OutcomeColumns } from '../../../src/runs/outcomes.js';
import type { MemberKey } from '../../../src/runs/record.js';
import { memberFolder, membersOf, readMemberRecord, writeMemberRecord, writeRunRecord } from '../../../src/runs/run.js';
import { Random } from '../../../src/statistics/random.js';
import {
  memberRecord,
  runRecord,
  syntheticOutcomes,
  temporaryFolder,
  writeMember,
  writeSyntheticRun,
} from '../../support/runs.js';
import { runCommand } from '../../support/command.js';

async function run(cwd: string, ...words: string[]) {
  return runCommand(cwd, ['quanta', ...words]);
}

interface Family {
  readonly arch?: 'cnn' | 'autoencoder';
  readonly widths?: readonly number[];
  readonly seeds?: readonly number[];
  readonly examples?: number;
}

/** For ten examples: the position of the width at which they turn. With four widths the last never does. */
const schedule = [0, 1, 2, 3, 3, 3, 2, 1, 0, 4];

/** A run in `checkpoints/stack` whose examples turn abruptly, each at its own width. */
async function writeStack(
  root: string,
  { arch = 'cnn', widths = [1, 2, 4, 8], seeds = [0, 1, 2], examples = 200 }: Family = {},
) {
  const folder = path.join(root, 'checkpoints', 'stack');
  const experiment = resolveExperiment({ arch, dataset: 'mnist', widths: [...widths], seeds: [...seeds] });
  await writeRunRecord(folder, runRecord({ name: 'stack', experiment }));
  for (const key of membersOf(experiment))
    await writeMember(folder, key, stackOutcomes(key, { arch, widths, examples }));
  return folder;
}

function stackOutcomes(
  { width, seed }: MemberKey,
  { arch, widths, examples }: Required<Omit<Family, 'seeds'>>,
): OutcomeColumns {
  const random = Random.named(seed, 'stack', width);
  const solved = (i: number) => widths.indexOf(width) >= schedule[i % 10]!;
  const example = Int32Array.from({ length: examples }, (_, i) => i);
  const label = example.map((i) => i % 10);
  if (arch === 'cnn') {
    const correct = Uint8Array.from(example, (i) => Number(solved(i)));
    return { ...syntheticOutcomes(examples, 0.5, random), label, correct };
  }
  const mse = Float32Array.from(example, (i) => (solved(i) ? 0.01 : 0.1) * (0.8 + 0.1 * random.uniform()));
  return { example, label, mse, psnr: mse.map((value) => -10 * Math.log10(value)), ssim: mse, max_error: mse };
}

test('a table, a CSV with a row per example, a picture', async () => {
  const root = await temporaryFolder();
  const folder = await writeStack(root);
  const { code, stdout, stderr } = await run(root, 'stack');
  expect([code, stderr]).toEqual([0, '']);
  // Accuracies 0.2, 0.4, 0.6, 0.9: a coin is heads throughout with F = 0.0432, in two of three seeds with 3 F² - 2 F³ =
  // 0.00544.
  expect(stdout).toContain(
    [
      'stays solved from width  parameters  examples (%)  coin flips (%)',
      '                up to 1         432         20.00            0.54',
    ].join('\n'),
  );
  expect(stdout).toContain('10.00 % of the examples are not solved by any member.');
  expect(stdout).toMatch(/^sharp turns {6}70\.00 % of the examples \[/m);
  expect(stdout).toMatch(/p = 0\.0010 \(999 permutations\)$/m);
  expect(stdout).toMatch(/^ +one sigmoid +3 /m);
  expect(stdout).toMatch(/^AICc and BIC (prefer|do not agree, and neither decides alone)/m);

  const lines = fs.readFileSync(path.join(folder, 'quanta.csv'), 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(201);
  expect([...lines.slice(0, 5), lines[10]]).toEqual([
    'example,label,turn,after_width,by_width,passage_steps,passage_decades,sharp,solved_w1,solved_w2,solved_w4,solved_w8,by_width_s0,by_width_s1,by_width_s2',
    '0,0,always,,1,,,0,1,1,1,1,1,1,1',
    '1,1,within,1,2,1,0.5307,1,0,1,1,1,2,2,2',
    '2,2,within,2,4,1,0.5638,1,0,0,1,1,4,4,4',
    '3,3,within,4,8,1,0.5822,1,0,0,0,1,8,8,8',
    '9,9,never,8,,,,0,0,0,0,0,,,',
  ]);
  expect(fs.readFileSync(path.join(folder, 'quanta.svg'), 'utf8')).toMatch(/^<svg /);
  expect(fs.readFileSync(path.join(folder, 'quanta.png')).subarray(1, 4).toString()).toBe('PNG');
  expect(fs.readdirSync(folder).sort()).toEqual(['members', 'quanta.csv', 'quanta.png', 'quanta.svg', 'run.json']);
});

test('the same run twice gives the same bytes, also by path and as JSON', async () => {
  const root = await temporaryFolder();
  const folder = await writeStack(root);
  const first = await run(root, 'stack', '--json');
  const csv = fs.readFileSync(path.join(folder, 'quanta.csv'));
  const second = await run(root, 'stack', '--json');
  expect(second).toEqual(first);
  expect(fs.readFileSync(path.join(folder, 'quanta.csv'))).toEqual(csv);
  const byPath = await run(root, folder, '--json');
  const result = JSON.parse(first.stdout) as Record<string, unknown>;
  expect({ ...(JSON.parse(byPath.stdout) as object), folder: result['folder'], files: result['files'] }).toEqual(
    result,
  );
  expect(result).toMatchObject({
    run: 'stack',
    examples: 200,
    seeds: [0, 1, 2],
    cutoff: null,
    neverSolved: 0.1,
  });
});

test('an autoencoder takes a cutoff, or one is chosen and reported', async () => {
  const root = await temporaryFolder();
  await writeStack(root, { arch: 'autoencoder' });
  const given = await run(root, 'stack', '--cutoff', '0.02');
  expect([given.code, given.stderr]).toEqual([0, '']);
  expect(given.stdout).toMatch(/^sharp turns {6}70\.00 %/m);
  expect(await run(root, 'stack', '--cutoff', '5')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^error: --cutoff: 5: every image of every member is below; squared errors of this run go from 0\.008\d+ to 0\.0\d+\n$/,
    ) as string,
  });
  const chosen = await run(root, 'stack');
  expect([chosen.code, chosen.stdout]).toEqual([0, given.stdout]);
  expect(chosen.stderr).toBe(
    'cutoff 0.01, chosen as the smallest of 1, 2 and 5 times a power of ten that 9 in 10 images of width 8 are below; --cutoff sets another\n',
  );
});

describe('undetermined results are reported as such', () => {
  test('one width, one seed', async () => {
    const root = await temporaryFolder();
    const widths = [2];
    await writeSyntheticRun({
      folder: path.join(root, 'checkpoints', 'lenet'),
      widths,
      seeds: [0],
      accuracy: () => 0.5,
    });
    const { code, stdout, stderr } = await run(root, 'lenet');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      'One width: whether and where an example turns cannot be determined, nor can a sigmoid be fitted.',
    );
    expect(stdout).toContain('One seed: effects of the example and of the seed cannot be separated');
  });

  test('two widths', async () => {
    const root = await temporaryFolder();
    await writeStack(root, { widths: [1, 2] });
    const { code, stdout } = await run(root, 'stack');
    expect(code).toBe(0);
    expect(stdout).toContain('Two widths: every turn lies between them, and any two accuracies lie on a sigmoid.');
  });
});

describe('incomplete members', () => {
  test('half-trained and damaged ones are named and left out', async () => {
    const root = await temporaryFolder();
    const folder = await writeStack(root);
    const half = { arch: 'cnn', width: 2, seed: 1 };
    const { experiment } = (await readMemberRecord(memberFolder(folder, half)))!;
    await writeMemberRecord(
      memberFolder(folder, half),
      memberRecord(half, { status: 'training', epochsDone: 1, experiment }),
    );
    fs.appendFileSync(path.join(memberFolder(folder, { ...half, width: 8, seed: 2 }), 'outcomes.parquet'), 'x');
    const { code, stdout, stderr } = await run(root, 'stack');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^not included: cnn-w2-s1 \(1 of \d+ epochs? done\)\nnot included: cnn-w8-s2 \(outcomes\.parquet is damaged: it does not match its SHA-256 in member\.json\)\n$/,
    );
    expect(stdout).toContain(
      'Turns are those of 1 seed with a member at every width; shares and fits use all members.',
    );
  });

  test('a width without seeds is left out, and a run without members refused', async () => {
    const root = await temporaryFolder();
    const folder = await writeStack(root, { seeds: [0] });
    fs.rmSync(memberFolder(folder, { arch: 'cnn', width: 2, seed: 0 }), { recursive: true });
    const { code, stderr } = await run(root, 'stack');
    // The remaining widths form a grid of their own.
    expect([code, stderr]).toEqual([0, 'not included: cnn-w2-s0 (no epoch done)\n']);
    fs.rmSync(path.join(folder, 'members'), { recursive: true });
    expect(await run(root, 'stack')).toMatchObject({
      code: 1,
      stderr: 'error: checkpoints/stack: none of the 4 members is complete; the first: cnn-w1-s0 (no epoch done)\n',
    });
  });

  test('different test examples', async () => {
    const root = await temporaryFolder();
    const folder = await writeStack(root);
    const key = { arch: 'cnn', width: 4, seed: 1 };
    await writeMember(folder, key, syntheticOutcomes(150, 0.5, Random.named(0, 'other')));
    expect(await run(root, 'stack')).toMatchObject({
      code: 1,
      stderr: 'error: checkpoints/stack: its members have outcomes of 200 and 150 rows\n',
    });
  });
});

test.each<[string, string]>([
  ['stak', 'error: RUN: "stak" is neither a run in checkpoints nor a folder with a run.json; did you mean stack?'],
  ['stack --cutoff 0.1', 'error: --cutoff: a cnn does not use one: its examples are right or wrong; leave it out'],
  ['stack --cutoff x', 'error: --cutoff: "x" is not a number above 0, such as 0.02'],
  ['stack --tolerance 0.5', 'error: --tolerance: "0.5" is not a number from 0 to below 0.5, such as 0.2'],
  [
    '',
    "error: missing required argument 'runs' (one or more runs: their names, listed by `npm run runs`, or their folders)",
  ],
])('a mistake is one line and writes nothing: %s', async (words, message) => {
  const root = await temporaryFolder();
  const folder = await writeStack(root, { widths: [1, 2], seeds: [0] });
  const { code, stdout, stderr } = await run(root, ...words.split(' ').filter((word) => word !== ''));
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `${message}\n` });
  expect(fs.readdirSync(folder).sort()).toEqual(['members', 'run.json']);
});
