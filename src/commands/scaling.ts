/** `emergence scaling`: the scaling law of a run's loss, and what compute is best spent on. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FamilyScaling } from '../library/scaling.js';
import { examples } from './examples.js';
import { draws, format, json, metricFile, picture, size, title, where } from './options.js';
import { pictureLines, printRuns, refuseTwice, terminal, type Shown } from './print.js';

export function registerScaling(program: CommandUnknownOpts): void {
  program
    .command('scaling <runs...>')
    .description(
      'fit the scaling law E + A / N^a + B / D^b of a loss: exponents with intervals, residuals, larger members predicted, compute-optimal frontier',
    )
    .option('--metric <metric>', 'a continuous loss (default: cross-entropy; of autoencoders mse)')
    .addOption(metricFile)
    .addOption(
      new Option(
        '--axis <coordinates>',
        'what the law is over: parameters, examples, flops, or two with a comma (default: parameters,examples where both vary)',
      ),
    )
    .addOption(where)
    .addOption(draws(400, 'bootstrap draws of the test set'))
    .addOption(picture("scaling in the run's folder"))
    .addOption(size)
    .addOption(format)
    .addOption(title)
    .addOption(json)
    .addHelpText('after', examples('scaling lenet-mnist --axis parameters'))
    .action(async (runs, options) => {
      const path = await import('node:path');
      const { scaling } = await import('../library/scaling.js');
      const { scalingFigure } = await import('../report/figures/scaling.js');
      const { figureOptionsOf } = await import('../report/figures/print.js');
      const { writeFigure } = await import('../report/figures/files.js');
      const { scalingTable } = await import('../report/tables/scaling.js');
      const printed = figureOptionsOf(options);
      refuseTwice(runs, options.output);
      const all: FamilyScaling[] = [];
      for (const run of runs) all.push(await scaling(run, { ...options, ...terminal }));
      const shown: Shown[] = [];
      for (const { run, metric, ...found } of all) {
        const { record, folder } = run;
        const stem = options.output ?? path.join(folder, 'scaling');
        const figures = await writeFigure(stem, scalingFigure(record.name, found, metric), printed);
        shown.push({
          run: record.name,
          text: [scalingTable(found, metric), '', ...pictureLines(figures)].join('\n'),
          json: { run: record.name, metric: metric.id, ...found, figures },
        });
      }
      printRuns(shown, options);
    });
}
