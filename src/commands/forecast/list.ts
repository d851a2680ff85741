/** `emergence forecast list`: sealed forecasts. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from '../examples.js';
import { json } from '../options.js';
import { printJson, terminal } from '../print.js';

export function registerList(group: CommandUnknownOpts): void {
  group
    .command('list [run]')
    .description('list sealed forecasts, of one run or of all')
    .addOption(json)
    .addHelpText('after', examples('forecast list'))
    .action(async (run, options) => {
      const { listForecasts } = await import('../../library/forecast/verify.js');
      const { textTable } = await import('../../report/tables/text-table.js');
      const forecasts = await listForecasts(run, terminal);
      const { wordsOfSeal } = await import('../../runs/forecasts.js');
      const { scaleText } = await import('../../runs/words.js');
      const heading = ['forecast', 'run', 'sealed', 'predicts', 'metrics'];
      const lines = forecasts.map((seal) => {
        const words = wordsOfSeal(seal);
        const scales = seal.targets.map(({ width }) => scaleText(width, words)).join(',');
        const metrics = seal.metrics.map(({ metric }) => metric).join(', ');
        return [seal.name, seal.run, seal.sealed, `${words.scale} ${scales}`, metrics];
      });
      if (options.json === true) printJson({ forecasts });
      else console.log(forecasts.length === 0 ? 'no forecast is sealed' : textTable(heading, lines, heading));
    });
}
