import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test, vi } from 'vitest';
import { launch } from '../../../src/library/launch.js';
import { runCommand } from '../../support/command.js';
import { temporaryFolder } from '../../support/runs.js';

test('alternatives to training are all suggested in the same words', async () => {
  const folder = await temporaryFolder();
  const ways = [['--plan-only'], ['--launcher', 'slurm'], ['--summary-only']];
  const pairs = ways.flatMap((one, i) => ways.slice(i + 1).map((other) => [one, other] as const));
  for (const [one, other] of pairs)
    expect(await runCommand(folder, ['train', '--run', 'x', ...other, ...one])).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `error: ${other[0]}: cannot be combined with ${one[0]}; give one of the two\n`,
    });
  expect(await fs.readdir(folder)).toEqual([]);
});

test('a summary accepts no training options', async () => {
  const folder = await temporaryFolder();
  for (const [flag, ...value] of [
    ['--widths', '2'],
    ['--learning-rate', '0.1'],
    ['--threads', '2'],
    ['--eager'],
    ['--experiment', 'smoke'],
    ['--data-dir', 'x'],
  ])
    expect(await runCommand(folder, ['train', '--run', 'x', '--summary-only', flag!, ...value])).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `error: --summary-only: trains nothing, so this option has no effect; leave out ${flag}\n`,
    });
  expect(await fs.readdir(folder)).toEqual([]);
});

test('a run for GPUs can be planned on a host without one', async () => {
  const folder = await temporaryFolder();
  const family = '--arch cnn --dataset shapes --train-size 128 --test-size 60 --steps 1 --widths 1,2 --seeds 0 --run x';
  vi.stubEnv('CUDA_VISIBLE_DEVICES', '');
  const words = ['train', ...family.split(' '), '--device', 'gpu', '--threads', '2'];
  expect(await runCommand(folder, [...words, '--plan-only'])).toMatchObject({ code: 0, stderr: '' });
  const file = path.join(folder, 'checkpoints', 'x', 'run.json');
  const record = JSON.parse(await fs.readFile(file, 'utf8')) as object;
  expect(record).toMatchObject({
    device: { kind: 'gpu', name: 'of another host' },
    threads: { 'cnn-w1-s0': 2, 'cnn-w2-s0': 2 },
  });
  // Commands that train must have one.
  const { code, stderr } = await runCommand(folder, ['train-member', 'x', '--index', '0']);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: --device gpu: /)]);
});

test("members of an earlier launch are not launched again while Slurm's answer is missing", async () => {
  const folder = await temporaryFolder();
  const place = await temporaryFolder();
  const slurm = async (squeue: string) => {
    const commands = { sbatch: 'echo 12', squeue, scontrol: 'exit 1', sacct: 'exit 1' };
    for (const [name, body] of Object.entries(commands))
      await fs.writeFile(path.join(place, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${place}:${process.env['PATH'] ?? ''}`);
    const family =
      '--arch cnn --dataset shapes --train-size 128 --test-size 60 --steps 1 --widths 1,2 --seeds 0 --run x';
    return runCommand(folder, ['train', ...family.split(' '), '--launcher', 'slurm']);
  };
  const launches = () => fs.readdir(path.join(folder, 'checkpoints', 'x', 'launch'));
  expect((await slurm('exit 1')).stdout).toMatch(/^launched 2 members as 1 job array 12; /);
  const before = await launches();
  expect(await slurm('exit 1')).toEqual({
    ...{ code: 1, stdout: '' },
    stderr:
      'error: squeue: Slurm does not say whether 2 members of an earlier launch still wait or run, such as cnn-w2-s0; launch again when it answers\n',
  });
  expect(await launches()).toEqual(before);
  expect((await slurm('echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1')).stdout).toMatch(
    /^launched 2 members/,
  );
});

/** Cluster commands that answer as instructed. */
async function answering(answers: Readonly<Record<string, string>>): Promise<string> {
  const place = await temporaryFolder();
  for (const [name, body] of Object.entries({ scontrol: 'exit 1', sacct: 'exit 1', ...answers }))
    await fs.writeFile(path.join(place, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${place}:${process.env['PATH'] ?? ''}`);
  return place;
}

const family = '--arch cnn --dataset shapes --train-size 128 --test-size 60 --steps 1 --widths 1,2 --seeds 0 --run x';

test('of two concurrent launches one submits, and the other finds its jobs', async () => {
  const folder = await temporaryFolder();
  const place = await temporaryFolder();
  const log = path.join(place, 'log');
  // What was submitted waits in the queue.
  await answering({
    sbatch: `case "$*" in *test-only*) exit 0;; *array*) sleep 0.3; echo "$*" >> ${log};; esac; echo 12`,
    squeue: `[ -e ${log} ] && printf '12|0|PENDING||None\\n12|1|PENDING||None\\n'; exit 0`,
  });
  const launching = () => launch({ root: undefined, ...launchOptions } as never);
  const launchOptions = {
    ...{ arch: 'cnn', dataset: 'shapes', trainSize: 128, testSize: 60, steps: 1, widths: [1, 2], seeds: [0], run: 'x' },
    slurm: {},
  } as const;
  const before = process.cwd();
  process.chdir(folder);
  const both = await Promise.all([launching(), launching()]).finally(() => {
    process.chdir(before);
  });
  expect(both.map(({ launched, queued }) => [launched.length, queued.length]).sort()).toEqual([
    [0, 2],
    [2, 0],
  ]);
  expect((await fs.readFile(log, 'utf8')).trim().split('\n')).toHaveLength(1);
  // And a later one says so, also in JSON.
  const { stdout } = await runCommand(folder, ['train', ...family.split(' '), '--launcher', 'slurm', '--json']);
  expect(JSON.parse(stdout)).toEqual({
    ...{ type: 'launched', folder: 'checkpoints/x', launch: null, jobs: [], members: [] },
    queued: expect.arrayContaining(['cnn-w1-s0', 'cnn-w2-s0']) as string[],
  });
});

test("a time limit that is too long is the user's mistake, a limit of the cluster's is not", async () => {
  const answers = [
    ['Requested time limit is invalid (missing or exceeds some limit)', 2],
    ['Unable to contact slurm controller (connect failure)', 1],
    ['Job violates accounting/QOS policy (job submit limit)', 1],
  ] as const;
  for (const [complaint, code] of answers) {
    await answering({ sbatch: `echo "sbatch: error: ${complaint}" >&2; exit 1`, squeue: 'exit 0' });
    const launched = await runCommand(await temporaryFolder(), ['train', ...family.split(' '), '--launcher', 'slurm']);
    expect([launched.code, launched.stderr]).toEqual([code, expect.stringContaining(complaint)]);
  }
});

test('a hanging squeue is not waited for: the files tell the status', async () => {
  const folder = await temporaryFolder();
  await answering({ sbatch: 'echo 12', squeue: 'exit 0' });
  await runCommand(folder, ['train', ...family.split(' '), '--launcher', 'slurm']);
  await fs.cp(path.join(folder, 'checkpoints/x'), path.join(folder, 'checkpoints/y'), { recursive: true });
  // A child process holds the pipes when it is killed.
  const place = await answering({ squeue: 'echo asked >> "$0.log"; sleep 20 & wait' });
  const { code, stdout } = await runCommand(folder, ['runs']);
  expect(code).toBe(0);
  for (const run of ['x', 'y'])
    expect(stdout).toMatch(
      new RegExp(`^${run} is missing cnn-w1-s0: no epoch done; launched as job 12_\\d; Slurm does not answer$`, 'm'),
    );
  // It is not asked again about the second run.
  expect(await fs.readFile(path.join(place, 'squeue.log'), 'utf8')).toBe('asked\n');
});

test.each([
  ['--arch cnn --probe few-shot', '--probe: cnn does not have this option, only transformer; leave it out'],
  ['--arch transformer --probe few', '--probe: "few" is not a probe; known: in-weights, few-shot, held-out'],
  [
    '--arch transformer --probe held-out',
    '--held-out-classes: held-out needs 2 held-out classes of two test images each, but there are 0; hold out at least 2',
  ],
  [
    '--arch transformer --held-out-classes 8',
    '--held-out-classes: 8 held-out classes leave none to train on: shapes has 8; give fewer, such as 1',
  ],
  [
    '--arch transformer --held-out-classes 5 --probe in-weights',
    '--pairs: in-weights needs 8 trained classes for 8 different pairs, but there are 3; give at most 3',
  ],
  [
    '--arch transformer --ways 9 --probe few-shot',
    '--pairs: few-shot needs a context of 9 classes, but 8 pairs leave 7 before the query; give at least 10',
  ],
  ['--arch transformer --ways 3', '--ways: no few-shot probe is taken; add --probe few-shot, or leave it out'],
  [
    '--arch cnn --dataset concepts --symmetries all',
    '--symmetries: concepts has classes that are combinations of attributes, which do not rotate with the images; leave it out',
  ],
])('train %s is refused in one line, with nothing written', async (words, line) => {
  const folder = await temporaryFolder();
  const dataset = words.includes('--dataset') ? [] : ['--dataset', 'shapes'];
  expect(await runCommand(folder, ['train', ...words.split(' '), ...dataset])).toEqual({
    ...{ code: 2, stdout: '' },
    stderr: `error: ${line}\n`,
  });
  expect(await fs.readdir(path.join(folder, 'checkpoints')).catch(() => [])).toEqual([]);
});
