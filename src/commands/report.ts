/** `emergence report`: a folder with an interactive page, figures, tables and text on one or more runs. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { present } from '../machine/present.js';
import { printable } from '../terminal/printable.js';
import { examples } from './examples.js';
import { addPrintOptions, addViewOptions, drawCount, json, repeatable } from './options.js';
import { print, printJson, terminal } from './print.js';
import { counted, formatBytes } from '../terminal/format.js';

export function registerReport(program: CommandUnknownOpts): void {
  const command = program
    .command('report <runs...>')
    .description('write a folder with an explorable page, figures, tables and text on one or more runs')
    .addOption(
      repeatable(
        '--induced <metric>',
        'the metric that the page starts with: subset-accuracy, reconstruction or sequence-accuracy; may be given again, for runs of other kinds (default: the one that train plots)',
      ),
    )
    .addOption(
      repeatable(
        '--natural <curve>',
        'a published curve for figures and page; may be given again (default: overlay:opt-2digit-addition)',
      ),
    )
    .addOption(
      repeatable(
        '--dataset <name>',
        'images:PATH or idx:PATH of a run trained on your own images, to show its test images (paths recorded in a run are never read); may be given again',
      ),
    );
  addPrintOptions(
    addViewOptions(command)
      .addOption(drawCount(2000, 'bootstrap draws of the tables and figures'))
      .option('--output <folder>', 'the folder to write (default: reports/RUN; for several runs, their names joined)'),
  )
    .addOption(json)
    .addHelpText(
      'after',
      examples(
        'report lenet-mnist',
        'report autoencoder-mnist --induced reconstruction:c=0.005 --natural overlay:pythia-lambada',
      ),
    )
    .action(async (runs, { dataset, ...options }) => {
      const { report } = await import('../library/report.js');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const figures = figureOptionsOf(options);
      const { summary, ...written } = await report(runs, { ...options, ...terminal, figures, datasets: dataset });
      if (options.json === true) {
        printJson(written);
        return;
      }
      const { folder, files } = written;
      const page = present(files.find(({ file }) => file.endsWith('report.html')));
      const lines = [
        summary.join('\n'),
        '',
        printable(`report  ${folder}, ${counted(files.length, 'file')}`),
        printable(`page    ${page.file}, ${formatBytes(page.bytes)}`),
      ];
      print(lines.join('\n'));
    });
}
