/** `emergence collapse`: whether a run's ability is a function of its loss alone. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from './examples.js';
import { zip } from '../machine/present.js';
import { addMemberOptions, addPrintOptions, drawCount, json, metricFile, number, picture } from './options.js';
import { ofEach, pictureLines, printRuns, type Shown } from './print.js';

export function registerCollapse(program: CommandUnknownOpts): void {
  const command = program
    .command('collapse <runs...>')
    .description(
      'plot an ability against the test loss of all members, test whether any factor adds to it at equal loss, and find the loss at which it leaves chance',
    )
    .option('--metric <metric>', 'the ability (default: the metric that induces emergence, as compare chooses it)')
    .addOption(metricFile)
    .option(
      '--chance <x>',
      'the ability at chance level (default: that of guessing)',
      number('--chance', { fits: () => true, wanted: '' }),
    )
    .option(
      '--margin <x>',
      'distance from chance at which an ability counts as having left it (default: 0.05)',
      number('--margin', { fits: (x) => x > 0, wanted: ' above 0' }),
    )
    .addOption(drawCount(1000, 'bootstrap draws of the test set, and draws of the test'));
  addPrintOptions(addMemberOptions(command).addOption(picture("collapse in the run's folder")))
    .addOption(json)
    .addHelpText('after', examples('collapse lenet-mnist --metric accuracy'))
    .action(async (runs, options) => {
      const { collapse } = await import('../library/collapse.js');
      const { collapseFigure } = await import('../report/figures/collapse.js');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const { writeRunFigures } = await import('../report/figures/files.js');
      const { collapseTable } = await import('../report/tables/collapse.js');
      const printed = figureOptionsOf(options);
      const all = await ofEach(runs, { ...options, all: true }, (run, listener) =>
        collapse(run, { ...options, ...listener }),
      );
      const pictures = await writeRunFigures(all, {
        runOf: ({ run }) => run,
        figureOf: ({ metric, loss, ...found }, run) => collapseFigure({ run, found, metric, loss }),
        ...{ name: 'collapse', output: options.output, printed, isApart: true },
      });
      const shown = zip(all, pictures).map(
        ([
          {
            run: { label },
            metric,
            loss,
            ...found
          },
          figures,
        ]): Shown => {
          return {
            run: label,
            text: [collapseTable(found, metric, loss), '', ...pictureLines(figures)].join('\n'),
            json: { run: label, metric: metric.id, loss: loss.id, ...found, figures },
          };
        },
      );
      printRuns(shown, options);
    });
}
