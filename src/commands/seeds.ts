/** `emergence seeds`: the seeds of each width as a distribution. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { zip } from '../machine/present.js';
import { examples } from './examples.js';
import { addPrintOptions, addViewOptions, json, metricFile, number, picture } from './options.js';
import { ofEach, pictureLines, printRuns, type Shown } from './print.js';

export function registerSeeds(program: CommandUnknownOpts): void {
  const command = program
    .command('seeds <runs...>')
    .description(
      'show the seeds of each width as a distribution: one mode or two, how many succeed, what single seeds show',
    )
    .option('--metric <metric>', 'the metric (default: the standard one)')
    .addOption(metricFile)
    .addOption(
      new Option(
        '--success <value>',
        'value from which a seed counts as a success (default: half-way between the smallest and the largest scale)',
      ).argParser(number('--success', { fits: () => true, wanted: '; give a value of the metric, such as 0.5' })),
    )
    .addOption(picture("seeds in the run's folder"));
  addViewOptions(addPrintOptions(command))
    .addOption(json)
    .addHelpText('after', examples('seeds lenet-mnist --metric subset-accuracy:k=20'))
    .action(async (runs, options) => {
      const { seeds } = await import('../library/seeds.js');
      const { seedsFigure } = await import('../report/figures/seeds.js');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const { writeRunFigures } = await import('../report/figures/files.js');
      const { seedsTable } = await import('../report/tables/seeds.js');
      const printed = figureOptionsOf(options);
      const all = await ofEach(runs, options, (run, listener) => seeds(run, { ...options, ...listener }));
      const pictures = await writeRunFigures(all, {
        runOf: ({ run }) => run,
        figureOf: ({ run: { words }, ...found }, run) => seedsFigure(run, found, words),
        ...{ name: 'seeds', output: options.output, printed },
      });
      const shown = zip(all, pictures).map(
        ([
          {
            run: { label, words },
            ...found
          },
          figures,
        ]): Shown => {
          return {
            ...{ run: label, words },
            text: [seedsTable(found, words), '', ...pictureLines(figures)].join('\n'),
            json: { run: label, ...found, metric: found.metric.id, figures },
          };
        },
      );
      printRuns(shown, options);
    });
}
