/** `emergence runs`: which runs there are, and what each lacks. */
import type { Command } from 'commander';
import { jsonOf, root } from './runs.js';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';

export function registerRuns(program: Command): void {
  program
    .command('runs')
    .description('list the runs in checkpoints: members, status, size on disk, and what is missing')
    .option(
      '--verify',
      'read every file and compare it with its hash, not only look whether it is there; exit code 1 where one is damaged',
    )
    .option('--json', 'as one JSON array on stdout')
    .addHelpText('after', examples('runs'))
    .action(list);
}

async function list({ json, verify }: { readonly json?: true; readonly verify?: true }): Promise<void> {
  const { listRuns } = await import('../runs/inventory.js');
  const { runsTable } = await import('../report/runs.js');
  const runs = await listRuns(root, verify === true ? 'hashes' : 'presence');
  if (verify === true && runs.some(({ status }) => status === 'damaged')) process.exitCode = 1;
  if (json === true) console.log(jsonOf(runs));
  else if (runs.length === 0)
    console.log(`no runs in ${root}; create one with: ${commandLine('train --arch cnn --widths 8,16,32,64')}`);
  else console.log(runsTable(runs));
}
