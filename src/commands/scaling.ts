/** `emergence scaling`: the scaling law of a run's loss, and the best use of compute. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { zip } from '../machine/present.js';
import { examples } from './examples.js';
import { addMemberOptions, addPrintOptions, drawCount, json, metricFile, picture } from './options.js';
import { ofEach, pictureLines, printRuns, type Shown } from './print.js';

export function registerScaling(program: CommandUnknownOpts): void {
  const command = program
    .command('scaling <runs...>')
    .description(
      'fit the scaling law E + A / N^a + B / D^b of a loss: exponents with intervals, residuals, larger members predicted, compute-optimal frontier',
    )
    .option('--metric <metric>', 'a continuous loss (default: cross-entropy; autoencoders: mse)')
    .addOption(metricFile)
    .addOption(
      new Option(
        '--axis <coordinates>',
        'factors of the law: parameters, examples, flops, or two with a comma (default: parameters,examples if both vary)',
      ),
    );
  addPrintOptions(
    addMemberOptions(command)
      .addOption(drawCount(400, 'bootstrap draws of the test set'))
      .addOption(picture("scaling in the run's folder")),
  )
    .addOption(json)
    .addHelpText('after', examples('scaling lenet-mnist --axis parameters'))
    .action(async (runs, options) => {
      const { scaling } = await import('../library/scaling.js');
      const { scalingFigure } = await import('../report/figures/scaling.js');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const { writeRunFigures } = await import('../report/figures/files.js');
      const { scalingTable } = await import('../report/tables/scaling.js');
      const printed = figureOptionsOf(options);
      // The law has its own axes: the views opened here determine which values get a law each.
      const found = await ofEach(runs, { ...options, axis: undefined, all: true }, (run, listener) =>
        scaling(run, { ...options, ...listener }),
      );
      const pictures = await writeRunFigures(found, {
        runOf: ({ run }) => run,
        figureOf: ({ metric, ...law }, run) => scalingFigure(run, law, metric),
        ...{ name: 'scaling', output: options.output, printed, isApart: true },
      });
      const shown = zip(found, pictures).map(
        ([
          {
            run: { label },
            metric,
            ...law
          },
          figures,
        ]): Shown => {
          return {
            run: label,
            text: [scalingTable(law, metric), '', ...pictureLines(figures)].join('\n'),
            json: { run: label, metric: metric.id, ...law, figures },
          };
        },
      );
      printRuns(shown, options);
    });
}
