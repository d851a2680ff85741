/**
 * `emergence signal`: how far apart a metric places models, compared with how much it fluctuates between checkpoints.
 */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from './examples.js';
import { addMemberOptions, json, metricFile, metricNames, whole } from './options.js';
import { ofEach, printRuns, type Shown } from './print.js';

export function registerSignal(program: CommandUnknownOpts): void {
  const command = program
    .command('signal <runs...>')
    .description(
      'compare how far apart each metric places the models with how much it fluctuates over the last checkpoints of each, and show what averaging those gains',
    )
    .addOption(metricNames('the standard one, the induced one and the loss'))
    .addOption(metricFile)
    .option(
      '--last <n>',
      'number of checkpoints to use, from the end of training (default: 5, or all if there are fewer)',
      whole('--last', 3),
    );
  addMemberOptions(command)
    .addOption(json)
    .addHelpText('after', examples('signal lenet-moments --metric accuracy --metric subset-accuracy:k=10'))
    .action(async (runs, { metric, ...options }) => {
      const { signal } = await import('../library/signal.js');
      const { signalTable } = await import('../report/tables/signal.js');
      // Every checkpoint up to the step is used, not only its own.
      const all = await ofEach(
        runs,
        { where: options.where, probe: options.probe, curvePer: options.curvePer, all: true },
        (run, listener) => signal(run, { ...options, ...listener, metrics: metric }),
      );
      const shown = all.map((found): Shown => ({
        run: found.run.label,
        text: signalTable(found.run.label, found),
        json: {
          run: found.run.label,
          steps: found.steps,
          metrics: found.metrics.map(({ metric: { id, unit }, ...rest }) => ({ metric: id, unit, ...rest })),
        },
      }));
      printRuns(shown, options);
    });
}
