/** `emergence natural`: published curves that a family can be compared with. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine } from '../machine/installation.js';
import { printable } from '../terminal/printable.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { print, printJson } from './print.js';
import { counted } from '../terminal/format.js';

const picked = 'overlay';

export function registerNatural(program: CommandUnknownOpts): void {
  const group = program
    .command('natural')
    .description('list published scores of other models against their size, for comparison')
    .helpCommand(false)
    .addHelpText('after', examples('natural list overlay'));
  group
    .command('list [file]')
    .description(
      'list the curves of a shipped file, a CSV file or BIG-bench records; without a file, those picked for comparison and the other shipped files',
    )
    .option('--search <text>', 'only curves whose name contains the text', '')
    .addOption(json)
    .addHelpText('after', examples('natural list pythia --search lambada'))
    .action(async (file, { search, ...options }) => {
      const { listNaturalCurves } = await import('../library/lists.js');
      const { naturalTable } = await import('../report/tables/natural.js');
      const name = file ?? picked;
      const { curves, leftOut } = await listNaturalCurves(name);
      for (const line of leftOut) console.error(`not a curve: ${line}`);
      const shown = curves.filter((curve) => curve.name.includes(search));
      if (options.json === true) printJson({ file: name, curves: shown });
      else if (shown.length === 0 && curves.length > 0)
        print(printable(`none of the ${counted(curves.length, 'curve')} of ${name} has "${search}" in its name`));
      else print([naturalTable(name, shown), ...(file === undefined ? await otherFiles() : [])].join('\n'));
    });
}

async function otherFiles(): Promise<string[]> {
  const { shippedFiles } = await import('../analysis/natural.js');
  const others = (await shippedFiles()).filter((other) => other !== picked);
  return ['', `more curves: ${commandLine('natural list FILE')}`, `FILE is one of ${others.join(', ')} or your own.`];
}
