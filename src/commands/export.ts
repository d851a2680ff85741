/** `emergence export`: all outcomes of a run as one table, for other programs. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { printable } from '../terminal/printable.js';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import { force, json } from './options.js';
import { printJson, terminal } from './print.js';

function formatOf(text: string): 'parquet' | 'csv' {
  if (text === 'parquet' || text === 'csv') return text;
  throw new UsageError(`"${text}" is not a format`, '--to', 'give parquet or csv');
}

export function registerExport(program: CommandUnknownOpts): void {
  program
    .command('export <run>')
    .description('export all outcomes of a run as one tidy table, with a row per member and example')
    .addOption(new Option('--to <format>', 'parquet or csv').argParser(formatOf).default('parquet' as const, 'parquet'))
    .option('--output <file>', 'the file to write (default: RUN.parquet or RUN.csv in this folder)')
    .addOption(force)
    .addOption(json)
    .addHelpText('after', examples('export lenet-mnist', 'export lenet-mnist --to csv --output outcomes.csv'))
    .action(async (name, options) => {
      const { exportOutcomes } = await import('../library/export.js');
      const { file, run } = await exportOutcomes(name, { ...options, ...terminal });
      const { length: members } = run.members;
      if (options.json === true) printJson({ run: run.record.name, file, members });
      else console.log(printable(`table  ${file}, ${members} members`));
    });
}
