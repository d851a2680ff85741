/** `emergence export`: all outcomes of a run as one table, for other programs. */
import type { Command } from 'commander';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import { openNamed, readRun, textOf, type Raw } from './runs.js';

export function registerExport(program: Command): void {
  program
    .command('export <run>')
    .description("all outcomes of a run's members as one tidy table, a row for each member and example")
    .option('--to <format>', 'parquet or csv (default: parquet)')
    .option('--output <file>', 'where it goes (default: RUN.parquet or RUN.csv here)')
    .option('--force', 'write over a file that is there')
    .addHelpText('after', examples('export lenet-mnist', 'export lenet-mnist --to csv --output outcomes.csv'))
    .action(exportRun);
}

async function exportRun(name: string, raw: Raw): Promise<void> {
  const fs = await import('node:fs/promises');
  const { tidyCsv, tidyParquet } = await import('../report/tidy.js');
  const { writeOutput } = await import('../machine/files.js');
  const { printable } = await import('../terminal/printable.js');
  const to = textOf(raw, 'to') ?? 'parquet';
  if (to !== 'parquet' && to !== 'csv') throw new UsageError(`"${to}" is not a format`, '--to', 'give parquet or csv');
  const open = await openNamed(name);
  const file = textOf(raw, 'output') ?? `${open.record.name}.${to}`;
  const there = await fs.stat(file).catch(() => undefined);
  if (there?.isFile() === true && raw['force'] !== true)
    throw new UsageError(`${file} is there already`, '--output', 'give another file, or --force to write over it');
  const run = await readRun(open, open.columns);
  await writeOutput(file, to === 'csv' ? await tidyCsv(run) : await tidyParquet(run), '--output');
  console.log(printable(`table  ${file}, ${run.members.length} members`));
}
