/** `emergence quanta`: at which scale each test example turns from failed to solved; one sigmoid or a stack of many. */
import type { Command } from 'commander';
import type { QuantaReport } from '../report/quanta.js';
import { figureOptionsOf } from '../report/figures/print.js';
import { UsageError } from '../terminal/errors.js';
import { printable } from '../terminal/printable.js';
import { axisOption, jsonOf, printOptions, root } from './runs.js';
import { examples } from './examples.js';

interface RawOptions {
  readonly cutoff?: string;
  readonly tolerance?: string;
  readonly axis?: string;
  readonly json?: true;
  readonly size?: string;
  readonly format?: string[];
  readonly title?: string;
}

export function registerQuanta(program: Command): void {
  program
    .command('quanta <run>')
    .description(
      'at which scale each test example turns from failed to solved: one sigmoid for all, or a stack of many?',
    )
    .option('--cutoff <c>', 'autoencoders: an image is solved where its squared error per pixel is below c')
    .option('--tolerance <share>', "share of a width's seeds that may disagree about an example (default: 0.2)")
    .option(...axisOption)
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'as one JSON object on stdout')
    .addHelpText('after', examples('quanta lenet-mnist'))
    .action(quanta);
}

async function quanta(run: string, { cutoff, tolerance, axis, json, ...raw }: RawOptions): Promise<void> {
  const options = {
    figure: figureOptionsOf(raw),
    axis,
    cutoff: numberOf(cutoff, '--cutoff', { wanted: 'a number above 0, e.g. 0.02', fits: (c) => c > 0 }),
    tolerance: numberOf(tolerance, '--tolerance', {
      wanted: 'a share from 0 to below 0.5, e.g. 0.2',
      fits: (share) => share >= 0 && share < 0.5,
    }),
  };
  const { locateRun } = await import('../runs/locate.js');
  const { reportQuanta } = await import('../report/quanta.js');
  const { withSteps } = await import('../terminal/steps.js');
  const folder = await locateRun(run, root);
  const report = await withSteps('permutations, at most', (onStep) => reportQuanta(folder, { ...options, onStep }));
  for (const line of report.warnings) console.error(line);
  console.log(
    json === true ? jsonOf(machineReadable(folder, report), { indent: 0, words: report.words }) : readable(report),
  );
}

interface Limits {
  readonly wanted: string;
  readonly fits: (value: number) => boolean;
}

function numberOf(text: string | undefined, flag: string, { wanted, fits }: Limits): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(value) && fits(value)) return value;
  throw new UsageError(`"${text}" is out of range`, flag, `give ${wanted}`);
}

function readable({ table, notes, files }: QuantaReport): string {
  const written = files.map((file, i) => `${i === 0 ? 'written' : '       '}  ${printable(file)}`);
  return [table, '', ...notes, ...(notes.length === 0 ? [] : ['']), ...written].join('\n');
}

/** Without what is as long as the test set: that is in the CSV. A continuum's nodes are told by its mean and spread. */
function machineReadable(
  folder: string,
  { run, solved, cutoff, quanta: result, notes, warnings, files }: QuantaReport,
) {
  const { grid, turns, measured, coinFlips, sharp, dispersion, fits } = result;
  return {
    ...{ type: 'quanta', run, folder, solved, cutoff: cutoff ?? null, examples: grid.examples, seeds: grid.seeds },
    scales: grid.scales.map(({ width, parameters, members, accuracy }) => {
      return { width, parameters, members: members.length, accuracy };
    }),
    neverSolved: turns.never.reduce((sum, value) => sum + value, 0) / grid.examples,
    ...{ slack: turns.slack, measured, coinFlips, sharp, dispersion },
    fits: fits.map((fit) => (fit.kind === 'continuum' ? { ...fit, classes: [] } : fit)),
    ...{ notes, warnings, files },
  };
}
