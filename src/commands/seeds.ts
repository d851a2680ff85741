/** `emergence seeds`: the seeds of each width as a distribution. */
import type { Command } from 'commander';
import { figureOptionsOf } from '../report/figures/print.js';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import {
  addMetricFile,
  axisOption,
  assertSeveralWidths,
  jsonOf,
  metricsOf,
  openNamed,
  printOptions,
  readRun,
  refuseImpossible,
  registryOf,
  textOf,
  type Raw,
} from './runs.js';

export function registerSeeds(program: Command): void {
  addMetricFile(
    program
      .command('seeds <run>')
      .description(
        'the seeds of each width as a distribution: one mode or two, how many succeed, what single seeds show',
      )
      .option('--metric <metric>', 'the metric (default: the standard one)'),
  )
    .option('--success <value>', 'a seed succeeds from here on (default: half-way between smallest and largest scale)')
    .option('--output <stem>', "the picture's path without .svg and so on (default: seeds in the run's folder)")
    .option(...axisOption)
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText('after', examples('seeds lenet-mnist --metric subset-accuracy:k=20'))
    .action(seeds);
}

async function seeds(name: string, raw: Raw): Promise<void> {
  const path = await import('node:path');
  const { defaultColumnsOf, defaultMetrics } = await import('../analysis/defaults.js');
  const { seedDistribution } = await import('../analysis/seed-distribution.js');
  const { seedsFigure } = await import('../report/figures/seeds.js');
  const { writeFigure } = await import('../report/files.js');
  const { seedsTable } = await import('../report/seeds.js');
  const { withSteps } = await import('../terminal/steps.js');

  const printed = figureOptionsOf(raw);
  const threshold = successOf(textOf(raw, 'success'));
  const registry = await registryOf(raw);
  const text = textOf(raw, 'metric');
  const [asked] = await metricsOf(text === undefined ? [] : [text], registry);
  const open = await openNamed(name, textOf(raw, 'axis'));
  if (asked !== undefined) await refuseImpossible(open, [asked], registry);
  const run = await readRun(open, [...defaultColumnsOf(open), ...(asked?.needs ?? [])]);
  assertSeveralWidths(run, name);
  const most = Math.max(...countsOf(run.members.map(({ record }) => record.width)));
  if (most < 2)
    throw new UsageError(
      `has one ${run.words.isImported ? 'model' : 'seed'} for each ${run.words.noun}`,
      name,
      run.words.isImported
        ? 'import models that differ in their seed alone too, with --seed COLUMN'
        : 'train more with --seeds, such as 0,1,2,3,4',
    );
  const metric = asked ?? defaultMetrics(run.record, run.members.at(-1)!.outcomes).standard;
  const [low, high] = metric.limits;
  if (threshold !== undefined && !(threshold >= low && threshold <= high))
    throw new UsageError(
      `no seed can have ${metric.title} of ${threshold}`,
      '--success',
      `it is from ${low} to ${high}`,
    );
  const found = await withSteps('widths', (onStep) => seedDistribution(metric, run.members, { threshold, onStep }));
  const stem = textOf(raw, 'output') ?? path.join(run.folder, 'seeds');
  const files = await writeFigure(stem, seedsFigure(run.record.name, found, run.words), printed);
  if (raw['json'] === true)
    console.log(jsonOf({ run: run.record.name, ...found, metric: metric.id, figures: files }, { words: run.words }));
  else console.log([seedsTable(found, run.words), '', ...files.map((file) => `picture  ${file}`)].join('\n'));
}

function successOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new UsageError(`"${text}" is not a number`, '--success', 'give a value of the metric, such as 0.5');
}

function countsOf(widths: readonly number[]): number[] {
  return [...new Set(widths)].map((width) => widths.filter((each) => each === width).length);
}
