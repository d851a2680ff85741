/** `emergence forecast verify`: whether sealed forecasts are unchanged. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { RunError } from '../../terminal/errors.js';
import { examples } from '../examples.js';
import { json } from '../options.js';
import { print, printJson } from '../print.js';

export function registerVerify(group: CommandUnknownOpts): void {
  group
    .command('verify [name]')
    .description(
      'check that sealed forecasts, their inputs and their order are unchanged; give a forecast or a run, or neither for all',
    )
    .addOption(json)
    .addHelpText('after', examples('forecast verify lenet-mnist'))
    .action(async (name, options) => {
      const { verifyForecasts } = await import('../../library/forecast/verify.js');
      const forecasts = await verifyForecasts(name);
      const broken = forecasts.filter(({ reasons }) => reasons.length > 0).length;
      if (options.json === true) printJson({ forecasts });
      else print(forecasts.length === 0 ? 'no forecast is sealed' : forecasts.map(lineOf).join('\n'));
      if (broken > 0) throw new RunError(`${broken} of ${forecasts.length} forecasts are void, or can't be read`);
    });
}

interface Verified {
  readonly name: string | null;
  readonly digest: string | null;
  readonly reasons: readonly string[];
}

function lineOf({ name, digest, reasons }: Verified): string {
  if (name === null) return `✗ unreadable  ${reasons.join('; ')}`;
  return reasons.length === 0 ? `✓ ok    ${name}  ${digest ?? ''}` : `✗ void  ${name}  ${reasons.join('; ')}`;
}
