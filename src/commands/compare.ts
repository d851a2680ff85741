/** `emergence compare`: natural, standard and induced curve side by side. */
import type { Command } from 'commander';
import { figureOptionsOf } from '../report/figures/print.js';
import { UsageError } from '../terminal/errors.js';
import {
  assertSeveralWidths,
  addMetricFile,
  axisOption,
  collect,
  jsonOf,
  metricsOf,
  openNamed,
  printOptions,
  pictureLines,
  readRun,
  refuseImpossible,
  registryOf,
  textOf,
  textsOf,
  wholeNumber,
  type Raw,
} from './runs.js';
import { examples } from './examples.js';

export function registerCompare(program: Command): void {
  addMetricFile(
    program
      .command('compare <run>')
      .description(
        "a published natural curve, a family's standard curve and its induced one, side by side with their scores",
      )
      .option('--standard <metric>', "the field's usual metric (default: accuracy, mse or image-accuracy)")
      .option('--induced <metric>', 'the metric that induces emergence (default: the one in the curve of train)')
      .option(
        '--natural <file:curve>',
        'a published curve, such as overlay:opt-2digit-addition; may be given again',
        collect,
      ),
  )
    .option('--draws <n>', 'bootstrap draws (default: 2000)')
    .option('--output <stem>', "the picture's path without .svg and so on (default: compare in the run's folder)")
    .option(...axisOption)
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText(
      'after',
      examples(
        'compare lenet-mnist --standard accuracy --induced subset-accuracy:k=20 --natural overlay:opt-2digit-addition',
      ),
    )
    .action(compareRun);
}

async function compareRun(name: string, raw: Raw): Promise<void> {
  const path = await import('node:path');
  const { compare } = await import('../analysis/compare.js');
  const { defaultColumnsOf, defaultInduced, defaultMetrics } = await import('../analysis/defaults.js');
  const { predictionNeeds } = await import('../analysis/independence.js');
  const { readNaturalCurve } = await import('../analysis/natural.js');
  const { aboutFamily, comparisonTable } = await import('../report/comparison.js');
  const { comparisonFigure } = await import('../report/figures/compare.js');
  const { flatness } = await import('../analysis/evaluate.js');
  const { samplingOf } = await import('../report/sampling.js');
  const { writeFigure } = await import('../report/files.js');

  const printed = figureOptionsOf(raw);
  const open = await openNamed(name, textOf(raw, 'axis'));
  const registry = await registryOf(raw, open);
  const [standard] = await metricsOf(oneOf(textOf(raw, 'standard')), registry, '--standard');
  const [induced] = await metricsOf(oneOf(textOf(raw, 'induced')), registry, '--induced');
  const natural = await Promise.all(textsOf(raw, 'natural').map((text) => readNaturalCurve(text)));
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', 2000, 100);
  if (standard !== undefined) await refuseImpossible(open, [standard], registry, '--standard');
  if (induced !== undefined) await refuseImpossible(open, [induced], registry, '--induced');
  const run = await readRun(open, [
    ...defaultColumnsOf(open),
    ...(standard?.needs ?? []),
    ...(induced?.needs ?? []),
    ...(induced === undefined ? [] : (predictionNeeds(induced) ?? [])),
  ]);
  assertSeveralWidths(run, name);
  const widths = new Set(run.members.map(({ record }) => record.width));
  const usual = defaultMetrics(run.record, run.members.at(-1)!.outcomes);
  const shown = {
    standard: { metric: standard ?? usual.standard },
    induced: induced === undefined ? defaultInduced(run.record, run.members) : { metric: induced },
  };
  if (shown.standard.metric.id === shown.induced.metric.id)
    throw new UsageError(
      `${shown.induced.metric.id} is the standard metric too`,
      induced === undefined ? '--standard' : '--induced',
      'give two metrics',
    );
  const comparison = compare({
    run: run.record.name,
    about: aboutFamily(run.record, widths.size),
    ...shown,
    members: run.members,
    natural,
    draws,
  });
  const stem = textOf(raw, 'output') ?? path.join(run.folder, 'compare');
  const odd = flatness({ metric: shown.induced.metric, members: comparison.induced.members }, run.members);
  if (odd !== undefined) console.error(`note: ${odd}`);
  const files = await writeFigure(stem, comparisonFigure(comparison, run.words), printed);
  const sampling = samplingOf(run.record, run.members[0]!.outcomes);
  if (raw['json'] === true) console.log(jsonOf({ ...comparison, figures: files }, { words: run.words }));
  else console.log([comparisonTable(comparison, sampling, run.words), '', ...pictureLines(files)].join('\n'));
}

function oneOf(text: string | undefined): string[] {
  return text === undefined ? [] : [text];
}
