/** `emergence experiments`: the shipped ones, which `train` accepts by name. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { styleText } from 'node:util';
import { commandLine } from '../machine/installation.js';
import { counted } from '../terminal/format.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { print, printJson } from './print.js';

export function registerExperiments(program: CommandUnknownOpts): void {
  program
    .command('experiments')
    .description('list the shipped experiments: what each shows and how long it takes')
    .addOption(json)
    .addHelpText('after', examples('experiments'))
    .action(async (options) => {
      const { listExperiments } = await import('../library/lists.js');
      const experiments = await listExperiments();
      if (options.json === true) {
        printJson({ experiments });
        return;
      }
      const paragraphs = experiments.map(({ name, what, arch, dataset, widths, seeds, takes, shows, fetch }) =>
        [
          styleText('bold', name),
          `    ${what}`,
          `    ${arch} on ${dataset}, ${counted(widths.length, 'width')}, ${counted(seeds.length, 'seed')}`,
          ...(fetch === null ? [] : [`    needs  ${fetch}`]),
          `    takes  ${takes}`,
          `    shows  ${shows}`,
        ].join('\n'),
      );
      print(`${paragraphs.join('\n\n')}\n\ntrain one: ${commandLine('train --experiment NAME')}`);
    });
}
