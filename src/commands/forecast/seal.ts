/** `emergence forecast seal`: predicts members that do not exist yet and seals the prediction. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine } from '../../machine/installation.js';
import { nth } from '../../machine/present.js';
import { UsageError } from '../../terminal/errors.js';
import { decimal } from '../../experiment/option-values.js';
import { largestSeed } from '../../experiment/schema.js';
import { examples } from '../examples.js';
import { addViewOptions, drawCount, json, metricFile, metricNames, wholes } from '../options.js';
import { ofEach, printRuns, terminal, type Shown } from '../print.js';

const ascending = (flag: string, least?: number, most?: number) => (text: string) =>
  wholes(flag, least, most)(text).sort((a, b) => a - b);

/** Numbers above 0, ascending. */
function positives(flag: string): (text: string) => number[] {
  return (text) => {
    const values = text.split(',').map((part) => {
      const value = decimal.test(part.trim()) ? Number(part) : NaN;
      if (value > 0 && value < Infinity) return value;
      throw new UsageError(`"${part}" is not a number above 0`, flag, 'give numbers with commas, such as 2.8e9,6.9e9');
    });
    return values.sort((a, b) => a - b);
  };
}

export function registerSeal(group: CommandUnknownOpts): void {
  const command = group
    .command('seal <run>')
    .description(
      'predict members that are not trained or imported yet and write the prediction to a tamper-evident file',
    )
    .addOption(new Option('--widths <list>', 'widths to predict').argParser(ascending('--widths')))
    .addOption(
      new Option(
        '--scales <list>',
        'values to predict on the axis given by --axis, or on that of imported members, such as 2.8e9,6.9e9',
      ).argParser(positives('--scales')),
    )
    .addOption(
      new Option('--seeds <list>', "their seeds (default: the run's)").argParser(ascending('--seeds', 0, largestSeed)),
    )
    .addOption(metricNames('the standard and the induced one'))
    .addOption(metricFile)
    .option('--name <name>', "the forecast's name (default: the run's with a number)")
    .addOption(drawCount(400, 'draws of each predictive distribution'));
  addViewOptions(command)
    .addOption(json)
    .addHelpText(
      'after',
      examples(
        'forecast seal lenet-mnist --widths 24,32 --metric accuracy --metric subset-accuracy:k=20',
        'forecast seal lenet-depth --axis depth --scales 4 --metric accuracy',
        'forecast seal pythia --scales 2.8e9,6.9e9 --metric accuracy',
      ),
    )
    .action(async (run, { metric, ...options }) => {
      const { sealForecasts } = await import('../../library/forecast/seal.js');
      const { sealedTable } = await import('../../report/tables/forecast.js');
      const { wordsOfSeal } = await import('../../runs/forecasts.js');
      const curves = await ofEach([run], options, (curve) => Promise.resolve(curve));
      const sealed = await sealForecasts(curves, { ...options, ...terminal, metrics: metric });
      const shown = sealed.map(({ seal, file, forecasts, next }, i): Shown => {
        const words = wordsOfSeal(seal);
        const lines = [
          sealedTable(forecasts, seal.targets, words),
          '',
          'Median [80 % interval] of a member.',
          `sealed  ${file}`,
          `        ${seal.sealed}, number ${seal.number} of this run`,
          `digest  ${seal.digest}`,
          `Publish the digest (in a commit or with a timestamping service), then ${words.isImported ? 'import the members' : 'train'}:`,
          `        ${commandLine(next)}`,
          `        ${commandLine(`forecast score ${seal.name}`)}`,
        ];
        return { run: nth(curves, i).label, text: lines.join('\n'), json: seal };
      });
      printRuns(shown, options);
    });
}
