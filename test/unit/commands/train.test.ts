import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test, vi } from 'vitest';
import { runCommand } from '../../support/command.js';
import { temporaryFolder } from '../../support/runs.js';

test('what is to be done instead of a training is said in one way', async () => {
  const folder = await temporaryFolder();
  const ways = [['--plan-only'], ['--launcher', 'slurm'], ['--summary-only']];
  const pairs = ways.flatMap((one, i) => ways.slice(i + 1).map((other) => [one, other] as const));
  for (const [one, other] of pairs)
    expect(await runCommand(folder, ['train', '--run', 'x', ...other, ...one])).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `error: ${other[0]}: says something else to do than ${one[0]}; give one of the two\n`,
    });
  expect(await fs.readdir(folder)).toEqual([]);
});

test('members of an earlier launch are not launched again while Slurm does not say where they are', async () => {
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
      'error: squeue: Slurm does not say whether 2 members of an earlier launch still wait or run, cnn-w2-s0 for one; launch again when it answers\n',
  });
  expect(await launches()).toEqual(before);
  expect((await slurm('echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1')).stdout).toMatch(
    /^launched 2 members/,
  );
});
