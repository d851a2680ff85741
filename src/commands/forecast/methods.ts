/** `emergence forecast methods`: how forecasts are made. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from '../examples.js';
import { json } from '../options.js';
import { print, printJson } from '../print.js';

export function registerMethods(group: CommandUnknownOpts): void {
  group
    .command('methods')
    .description('list the forecasting methods with their formulas and sources')
    .addOption(json)
    .addHelpText('after', examples('forecast methods'))
    .action(async (options) => {
      const { listForecastMethods } = await import('../../library/forecast/study.js');
      const methods = listForecastMethods();
      if (options.json === true) printJson({ methods });
      else
        for (const { name, kind, formula, source } of methods)
          print(`${name} (${kind})\n    ${formula}\n    ${source}`);
    });
}
