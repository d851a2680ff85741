/** `emergence metrics`: every metric that can be evaluated on a run. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { styleText } from 'node:util';
import { examples } from './examples.js';
import { json, metricFile } from './options.js';
import { print, printJson } from './print.js';

export function registerMetrics(program: CommandUnknownOpts): void {
  program
    .command('metrics')
    .description('list the metrics: kind, direction, unit, formula and source')
    .addOption(metricFile)
    .addOption(json)
    .addHelpText('after', examples('metrics'))
    .action(async (options) => {
      const { listMetrics } = await import('../library/lists.js');
      const metrics = await listMetrics(options);
      if (options.json === true) {
        printJson({ metrics });
        return;
      }
      const paragraphs = metrics.map(({ example, kind, better, unit, units, formula, source }) =>
        [
          styleText('bold', example),
          `    ${kind}, ${better} is better${unit === '' ? '' : `, in ${unit}`}; over ${units}`,
          `    ${formula}`,
          `    source: ${source}`,
        ].join('\n'),
      );
      print(paragraphs.join('\n\n'));
    });
}
