/** `emergence runs`: which runs there are, and what each is missing. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { printJson } from './print.js';

export function registerRuns(program: CommandUnknownOpts): void {
  program
    .command('runs')
    .description('list the runs in checkpoints: members, status, size on disk, and what is missing')
    .option(
      '--verify',
      'read every file and compare it with its hash instead of only checking that it exists; exit code 1 if one is damaged',
    )
    .addOption(json)
    .addHelpText('after', examples('runs'))
    .action(async (options) => {
      const { listRuns } = await import('../library/lists.js');
      const { checkpoints } = await import('../runs/locate.js');
      const { runsTable } = await import('../report/tables/runs.js');
      const runs = await listRuns(options);
      if (options.verify === true && runs.some(({ status }) => status === 'damaged')) process.exitCode = 1;
      if (options.json === true) printJson({ runs });
      else if (runs.length > 0) console.log(runsTable(runs));
      else
        console.log(
          `no runs in ${checkpoints}; create one with: ${commandLine('train --arch cnn --widths 8,16,32,64')}`,
        );
    });
}
