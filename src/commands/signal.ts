/** `emergence signal`: how far apart a metric places models, against how far it swings between checkpoints. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from './examples.js';
import { at, curvePer, json, metricFile, metricNames, where, whole, probe } from './options.js';
import { ofEach, printRuns, terminal, type Shown } from './print.js';

export function registerSignal(program: CommandUnknownOpts): void {
  program
    .command('signal <runs...>')
    .description(
      'how far apart each metric places the models, against how far it swings between the last checkpoints of a training, and what averaging them gains',
    )
    .addOption(metricNames('the standard one, the induced one and the loss'))
    .addOption(metricFile)
    .option(
      '--last <n>',
      'checkpoints that are looked at, from the end of each training (default: 5, or all where there are fewer)',
      whole('--last', 3),
    )
    .addOption(where)
    .addOption(at)
    .addOption(probe)
    .addOption(curvePer)
    .addOption(json)
    .addHelpText('after', examples('signal lenet-moments --metric accuracy --metric subset-accuracy:k=10'))
    .action(async (runs, { metric, ...options }) => {
      const { signal } = await import('../library/signal.js');
      const { signalTable } = await import('../report/tables/signal.js');
      // Every checkpoint up to the step is looked at, not its own alone.
      const all = await ofEach(
        runs,
        { where: options.where, probe: options.probe, curvePer: options.curvePer, all: true },
        (run) => signal(run, { ...options, ...terminal, metrics: metric }),
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
