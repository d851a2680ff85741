import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { compare, compareTuned, evaluate } from '../../../src/index.js';
import { present } from '../../../src/machine/present.js';
import {
  memberFolder,
  membersOf,
  readMemberRecord,
  readRunRecord,
  writeMemberRecord,
  writeRunRecord,
} from '../../../src/runs/run.js';
import { readOutcomes, writeMember } from '../../support/runs.js';
import { runCommand } from '../../support/command.js';
import { exampleFolder } from '../../support/examples.js';

const tunedCommand = (folder: string, words: string) =>
  runCommand(folder, ['compare', ...words.split(' '), '--draws', '100', '--format', 'svg']);

test('each curve is what compare makes of its run alone, and a rise that is late only without tuning disappears', async () => {
  const folder = path.join(await exampleFolder(), 'checkpoints');
  const options = { induced: 'subset-accuracy:k=2', draws: 200 };
  const [one, two] = [path.join(folder, 'untuned'), path.join(folder, 'tuned')];
  const { standard, induced, common, chosen, factor } = await compareTuned(one, two, options);
  expect([common, factor]).toEqual([200, 'learningRate']);
  expect(chosen).toEqual(
    [1, 2, 4, 8, 16].map((width) => ({ width, least: 0.01, largest: 0.01, members: 3, atEdge: 3 })),
  );
  for (const [run, side] of [
    [one, 'untuned'],
    [two, 'tuned'],
  ] as const) {
    const alone = await compare(run, options);
    for (const [role, twin] of Object.entries({ standard, induced }) as ['standard' | 'induced', typeof induced][]) {
      expect(twin[side].points.map(({ value }) => value)).toEqual(alone[role].points.map(({ value }) => value));
      expect(twin[side].scores.bow.value).toBe(alone[role].scores.bow.value);
      // The family has the same curve in each draw, whatever it is compared with.
      if (side === 'untuned') expect(twin[side].scores.bow.interval).toEqual(alone[role].scores.bow.interval);
    }
  }
  const bowOf = (side: 'untuned' | 'tuned') => standard[side].scores.bow.value;
  expect(standard.scores.bow.difference.value).toBeCloseTo(bowOf('tuned') - bowOf('untuned'), 12);
  expect([standard.verdict, standard.untuned.scores.bow.interval.lower > 0]).toEqual(['is weakened', true]);
});

test('a twin with the same outcomes: no difference in any draw with one seed; with several, an interval containing 0', async () => {
  const folder = path.join(await exampleFolder(), 'checkpoints');
  const [untuned, twin] = [path.join(folder, 'untuned'), path.join(folder, 'twin')];
  const record = present(await readRunRecord(untuned));
  const own = { ...record.experiment, tune: 'learningRate=0.01,0.1' };
  await writeRunRecord(twin, { ...record, name: 'twin', experiment: own });
  for (const key of membersOf(own)) {
    const file = path.join(memberFolder(untuned, key), 'outcomes.parquet');
    const outcomes = await readOutcomes(file, ['example', 'label', 'predicted', 'correct', 'log_probability']);
    await writeMember(twin, key, outcomes);
    const chosen = { factor: 'learningRate', value: 0.01, trials: 2, atEdge: true } as const;
    const member = memberFolder(twin, key);
    await writeMemberRecord(member, { ...present(await readMemberRecord(member)), tuned: chosen });
  }
  const compared = () => compareTuned(untuned, twin, { draws: 200 });
  const several = (await compared()).standard.scores.bow.difference;
  expect([several.value, several.interval.lower < 0, several.interval.upper > 0]).toEqual([0, true, true]);
  for (const key of membersOf(record.experiment).filter(({ seed }) => seed > 0))
    for (const run of [twin, untuned]) await fs.rm(memberFolder(run, key), { recursive: true });
  const alone = await compared();
  expect([alone.severalSeeds, alone.standard.scores.bow.difference]).toEqual([
    false,
    { value: 0, interval: { lower: 0, upper: 0 } },
  ]);
  // A missing member: the other run's is left out too.
  await fs.rm(memberFolder(twin, { arch: 'cnn', width: 16, seed: 0 }), { recursive: true });
  expect((await compared()).chosen.map(({ width }) => width)).toEqual([1, 2, 4, 8]);
});

test('the command reports the choices, both curves and what becomes of the rise; the picture has both runs', async () => {
  const folder = await exampleFolder();
  const { stdout, code } = await tunedCommand(folder, 'untuned --tuned tuned --induced subset-accuracy:k=2');
  expect(code).toBe(0);
  expect(stdout).toContain(
    'tuned has the learning rate tuned on the validation split (15 of 15 members at an end of the grid)',
  );
  expect(stdout).toContain('accuracy: tuning weakens the late rise; whether any of it survives cannot be determined.');
  // As many as --draws.
  expect(stdout).toContain('Smooth p: the chance that smooth growth scores as high, from 100 simulated families,');
  // Eq 1 has no upper limit, so its difference says little: the table has the ratio.
  const rows = [...stdout.matchAll(/^emergence \(Eq 1\) +(\S+) \[.+?\] +(\S+) \[.+?\] +times (\S+) \[/gm)];
  expect(rows).toHaveLength(2);
  for (const [, before, after, ratio] of rows.map((row) => row.map(Number)))
    expect(Math.abs((ratio! * before!) / after! - 1)).toBeLessThan(0.015); // three printed numbers of three digits
  const values = await evaluate(path.join(folder, 'checkpoints/tuned'), { metrics: ['accuracy'] });
  const last = values.metrics[0]!.scales.at(-1)!.value;
  expect(stdout).toMatch(new RegExp(`^ *16 +0.01 +\\S+ +${String(Number(last.toPrecision(3)))}`, 'm'));
  const picture = await fs.readFile(path.join(folder, 'checkpoints/untuned/tuned-tuned.svg'), 'utf8');
  for (const label of ['untuned', 'tuned', 'standard: accuracy']) expect(picture).toContain(`>${label}<`);
});

test.each([
  ['untuned --tuned untuned', 'untuned: is given twice; give two runs: a run does not differ from itself'],
  ['tuned --tuned untuned', '--tuned: untuned was not tuned; give a run that was trained with --tune'],
  ['untuned tuned --tuned tuned', '--tuned: a tuned twin belongs to one run; name one run before it'],
  ['untuned --tuned tuned --curve-per seed', '--curve-per: is not available with --tuned; leave one of the two out'],
  ['untuned --tuned tuned --induced mse', '--induced: mse is not available for cnn runs'],
  [
    'lenet-mnist --tuned tuned',
    '--tuned: tuned has validationSize 1000, lenet-mnist has none: they differ in more than tuning',
  ],
  ['untuned --tuned absent', 'absent'],
])('compare %s is refused in one line', async (words, message) => {
  const { stderr, code } = await tunedCommand(await exampleFolder(), words);
  expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
  expect(stderr).toContain(message);
});
