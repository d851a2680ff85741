import * as fs from 'node:fs/promises';
import { expect, test } from 'vitest';
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
