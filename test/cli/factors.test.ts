/** Families with several factors and outcomes during training, on the real engine and with a real kill. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { momentFile } from '../../src/runs/outcomes.js';
import { until } from '../support/processes.js';
import { program, runProgram } from '../support/program.js';
import { readOutcomes, temporaryFolder } from '../support/runs.js';

let folder = '';
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, maxRetries: 10 });
});

const small = '--arch cnn --dataset shapes --test-size 200 --threads 1 --seeds 0 --batch-size 32 --widths 2'.split(' ');

function train(...words: string[]) {
  return runProgram(folder, ['train', ...small, ...words]);
}

function member(run: string, id: string, file: string): string {
  return path.join(folder, 'checkpoints', run, 'members', id, file);
}

test('a run grows along a factor: only new members train, and a member with the default factors has the same bits as alone', async () => {
  const alone = await train('--train-size', '64', '--steps', '4', '--run', 'alone');
  expect(alone.code).toBe(0);
  const weights = fs.readFileSync(member('alone', 'cnn-w2-s0', 'weights.safetensors'));
  const grown = await train('--run', 'alone', '--train-sizes', '64,128', '--depths', '2,3');
  expect(grown.code).toBe(0);
  expect(grown.stderr).toContain('1 of 4 members are complete already: cnn-w2-s0');
  expect(fs.readdirSync(path.join(folder, 'checkpoints/alone/members')).sort()).toEqual([
    'cnn-w2-depth3-s0',
    'cnn-w2-depth3-trainSize128-s0',
    'cnn-w2-s0',
    'cnn-w2-trainSize128-s0',
  ]);
  expect(fs.readFileSync(member('alone', 'cnn-w2-s0', 'weights.safetensors')).equals(weights)).toBe(true);
  // The member of the grid is the one that its options alone would make.
  const same = await train('--train-size', '128', '--depth', '3', '--steps', '4', '--run', 'same');
  expect(same.code).toBe(0);
  const [own, gridded] = [
    ['same', 'cnn-w2-s0'],
    ['alone', 'cnn-w2-depth3-trainSize128-s0'],
  ] as const;
  expect(
    fs.readFileSync(member(...own, 'outcomes.parquet')).equals(fs.readFileSync(member(...gridded, 'outcomes.parquet'))),
  ).toBe(true);
  const evaluated = await runProgram(folder, [
    'evaluate',
    'alone',
    '--axis',
    'train-size',
    '--where',
    'depth=3',
    '--json',
  ]);
  const { metrics } = JSON.parse(evaluated.stdout) as { metrics: { scales: { scale: { trainSize: number } }[] }[] };
  expect(metrics[0]!.scales.map(({ scale }) => scale.trainSize)).toEqual([64, 128]);
  const refused = await train('--run', 'alone', '--train-sizes', '64,99999');
  expect(refused.code).toBe(2);
  expect(refused.stderr.trim().split('\n').at(-1)).toMatch(
    /^error: --train-size: 99999 examples requested, but shapes has/,
  );
}, 120_000);

test('outcomes during training equal those of a shorter one, whatever was killed in between', async () => {
  const columns = ['predicted', 'correct', 'log_probability', 'brier', 'rank'] as const;
  const long = ['--train-size', '320', '--steps', '400', '--moments', '5,200', '--run', 'long'];
  const child = spawn(process.execPath, [program, 'train', ...small, ...long], {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
  });
  const history = member('long', 'cnn-w2-s0', 'history.jsonl');
  expect(await until(() => fs.existsSync(history), 60_000)).toBe(true);
  process.kill(-child.pid!, 'SIGKILL');
  await once(child, 'exit');
  expect((await train(...long)).code).toBe(0);
  // What is scored during training, on which data, and holding out data for it do not change a bit of the training.
  const parts = '--moments 5 --moments-size 70 --epoch-test-size 30 --validation-size 50'.split(' ');
  const short = await train('--train-size', '320', '--steps', '200', '--run', 'short', ...parts);
  expect(short.code).toBe(0);
  const some = await readOutcomes(member('short', 'cnn-w2-s0', momentFile(5)), [...columns, 'row']);
  const whole = await readOutcomes(member('long', 'cnn-w2-s0', momentFile(5)), columns);
  expect(some.row).toHaveLength(70);
  for (const name of columns) expect([...some[name]!]).toEqual(Array.from(some.row!, (row) => whole[name]![row]));
  const last = JSON.parse(
    fs
      .readFileSync(member('short', 'cnn-w2-s0', 'history.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .at(-1)!,
  ) as Record<string, number>;
  expect(last).toMatchObject({ epoch: 20, testExamples: 30 });
  for (const key of ['testLoss', 'validationLoss']) expect(last[key]).toBeGreaterThan(0);
  // Shares of 30 and of 50.
  expect(last['testAccuracy']! * 30).toBeCloseTo(Math.round(last['testAccuracy']! * 30), 9);
  expect(last['validationAccuracy']! * 50).toBeCloseTo(Math.round(last['validationAccuracy']! * 50), 9);
  const moment = await readOutcomes(member('long', 'cnn-w2-s0', momentFile(200)), columns);
  expect(moment).toEqual(await readOutcomes(member('short', 'cnn-w2-s0', 'outcomes.parquet'), columns));
  // Members have no such file for their last step.
  expect(fs.readdirSync(path.dirname(member('short', 'cnn-w2-s0', '')))).not.toContain(momentFile(200));
  const shown = await runProgram(folder, ['evaluate', 'long', '--axis', 'steps', '--metric', 'accuracy', '--json']);
  const { metrics } = JSON.parse(shown.stdout) as {
    metrics: { scales: { scale: { steps: number }; value: number }[] }[];
  };
  expect(metrics[0]!.scales.map(({ scale }) => scale.steps)).toEqual([5, 200, 400]);
  const inPart = await runProgram(folder, ['evaluate', 'short', '--axis', 'steps', '--metric', 'accuracy', '--json']);
  const { correct } = await readOutcomes(member('short', 'cnn-w2-s0', 'outcomes.parquet'), ['correct']);
  const rightAtEnd = some.row!.reduce((sum, row) => sum + correct![row]!, 0);
  expect(
    (JSON.parse(inPart.stdout) as { metrics: { scales: { value: number }[] }[] }).metrics[0]!.scales[1]!.value,
  ).toBeCloseTo(rightAtEnd / 70, 12);
  const right = moment.correct!.reduce((sum, each) => sum + each, 0) / 200;
  expect(metrics[0]!.scales[1]!.value).toBeCloseTo(right, 12);
  fs.truncateSync(member('long', 'cnn-w2-s0', momentFile(5)), 100);
  const damaged = await runProgram(folder, ['evaluate', 'long', '--axis', 'steps', '--metric', 'accuracy']);
  expect(damaged.stderr).toContain(
    `cnn-w2-s0 at 5 (${momentFile(5)} is damaged: it does not match its SHA-256 in member.json)`,
  );
  const past = await train('--train-size', '320', '--steps', '10', '--moments', '11', '--run', 'past');
  expect([past.code, past.stderr.trim()]).toEqual([
    2,
    'error: --moments: step 11 is past the end of training, step 10; give at most 10',
  ]);
}, 120_000);
