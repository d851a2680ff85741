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
      const { sealsTable } = await import('../../report/tables/forecast.js');
      const forecasts = await listForecasts(run, terminal);
      if (options.json === true) printJson({ forecasts });
      else console.log(forecasts.length === 0 ? 'no forecast is sealed' : sealsTable(forecasts));
    });
}
