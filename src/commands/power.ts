/** `emergence power`: how many test images and seeds it takes to find a difference between two runs. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from './examples.js';
import { axis, json, metricFile, number, where, whole, wholes } from './options.js';
import { printRuns, terminal } from './print.js';

const share = { fits: (x: number) => x > 0 && x < 1, wanted: ' between 0 and 1' };
const correlation = { fits: (x: number) => x >= 0 && x < 1, wanted: ' from 0 to below 1' };

export function registerPower(program: CommandUnknownOpts): void {
  program
    .command('power')
    .description(
      'compute how many test images and seeds it takes to find a difference between two runs, by formula and by simulation from a run',
    )
    .requiredOption(
      '--effect <x>',
      'the difference to detect, such as 0.01: second run minus first',
      number('--effect', { fits: (x) => x !== 0, wanted: ' other than 0' }),
    )
    .option('--accuracy <share>', "the first run's share (default: that of --run)", number('--accuracy', share))
    .option(
      '--deviation <x>',
      'instead of --accuracy if the metric is not a share: its standard deviation over images',
      number('--deviation', { fits: (x) => x > 0, wanted: ' above 0' }),
    )
    .option(
      '--correlation <x>',
      "correlation of the two runs' results on an image (default: that between seeds of --run, else 0.5)",
      number('--correlation', correlation),
    )
    .option(
      '--seed-correlation <x>',
      'the same for two seeds of one run (default: that of --run, else --correlation)',
      number('--seed-correlation', correlation),
    )
    .option(
      '--seed-deviation <x>',
      'standard deviation of seeds beyond what the test set explains (default: that of --run, else 0)',
      number('--seed-deviation', { fits: (x) => x >= 0, wanted: ' of at least 0' }),
    )
    .option('--seeds <list>', 'seeds of each run (default: 1,2,3,5,8)', wholes('--seeds', 1, 10_000))
    .option('--images <n>', 'number of test images available (default: those of --run)', whole('--images', 10, 1e9))
    .option('--power <share>', 'desired probability of detecting the effect', number('--power', share), 0.8)
    .option('--alpha <share>', 'probability of a false alarm, two-sided', number('--alpha', share), 0.05)
    .option('--one', 'compare one share with the fixed value of --accuracy, instead of two runs')
    .option('--run <run>', 'a run that supplies the omitted values, and the images that the simulation draws from')
    .option('--against <run>', 'another run on the same examples, for the correlation with it')
    .option(
      '--scale <number>',
      'the scale whose members are used (default: the largest)',
      number('--scale', { fits: (x) => x > 0, wanted: ' above 0' }),
    )
    .option('--metric <metric>', 'a metric that is a mean over images (default: the standard one)')
    .addOption(metricFile)
    .option('--simulations <n>', 'pairs of runs to simulate', whole('--simulations', 20, 100_000), 400)
    .addOption(axis)
    .addOption(where)
    .addOption(json)
    .addHelpText(
      'after',
      examples('power --effect 0.01 --accuracy 0.9 --images 10000', 'power --effect 0.01 --run plain'),
    )
    .action(async (options) => {
      const { power } = await import('../library/power.js');
      const { powerTable } = await import('../report/tables/power.js');
      const planned = await power({ ...options, ...terminal });
      const { source, ...rest } = planned;
      const from = source && {
        run: source.run.label,
        metric: source.metric.id,
        scale: source.scale,
        seeds: source.seeds,
      };
      printRuns([{ run: '', text: powerTable(planned), json: { ...rest, source: from ?? null } }], options);
    });
}
