/** `emergence forecast seal`: members that are not trained yet, predicted and sealed. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine } from '../../machine/installation.js';
import { examples } from '../examples.js';
import { draws, json, metricFile, metrics, wholes } from '../options.js';
import { printJson, terminal } from '../print.js';

const ascending = (flag: string, least?: number) => (text: string) => wholes(flag, least)(text).sort((a, b) => a - b);

export function registerSeal(group: CommandUnknownOpts): void {
  group
    .command('seal <run>')
    .description('predict untrained members and write the prediction to a tamper-evident file')
    .addOption(
      new Option('--widths <list>', 'widths to predict').argParser(ascending('--widths')).makeOptionMandatory(),
    )
    .addOption(new Option('--seeds <list>', "their seeds (default: the run's)").argParser(ascending('--seeds', 0)))
    .addOption(metrics('the standard and the induced one'))
    .addOption(metricFile)
    .option('--name <name>', "the forecast's name (default: the run's with a number)")
    .addOption(draws(400, 'draws of each predictive distribution'))
    .addOption(json)
    .addHelpText(
      'after',
      examples('forecast seal lenet-mnist --widths 24,32 --metric accuracy --metric subset-accuracy:k=20'),
    )
    .action(async (run, { metric, ...options }) => {
      const { sealForecast } = await import('../../library/forecast.js');
      const { sealedTable } = await import('../../report/tables/forecast.js');
      const { seal, file, forecasts } = await sealForecast(run, { ...options, ...terminal, metrics: metric });
      if (options.json === true) {
        printJson(seal);
        return;
      }
      const { widths, seeds } = options;
      const next = `train --run ${seal.run} --widths ${widths.join(',')}${seeds === undefined ? '' : ` --seeds ${seeds.join(',')}`}`;
      const lines = [
        sealedTable(forecasts, seal.targets),
        '',
        'Median [80 % interval] of a member.',
        `sealed  ${file}`,
        `        ${seal.sealed}, number ${seal.number} of this run`,
        `digest  ${seal.digest}`,
        'Publish the digest (in a commit or with a timestamping service), then train:',
        `        ${commandLine(next)}`,
        `        ${commandLine(`forecast score ${seal.name}`)}`,
      ];
      console.log(lines.join('\n'));
    });
}
