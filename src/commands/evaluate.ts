/** `emergence evaluate`: a run's stored outcomes under any metrics. */
import type { Command } from 'commander';
import type { DefaultMetrics } from '../analysis/defaults.js';
import type { MetricEvaluation } from '../analysis/evaluate.js';
import type { Metric } from '../metrics/metric.js';
import type { OpenRun } from '../runs/load.js';
import { UsageError } from '../terminal/errors.js';
import {
  addMetricFile,
  axisOption,
  collect,
  jsonOf,
  metricsOf,
  openNamed,
  readRun,
  refuseImpossible,
  registryOf,
  textOf,
  textsOf,
  wholeNumber,
  type Raw,
} from './runs.js';
import { examples } from './examples.js';

export function registerEvaluate(program: Command): void {
  addMetricFile(
    program
      .command('evaluate <run>')
      .description("a run's stored outcomes under any metrics, with intervals")
      .option(
        '--metric <name>',
        'a metric, such as subset-accuracy:k=5; may be given again (default: the usual one, the induced one and the loss)',
        collect,
      ),
  )
    .option('--members', 'a line for every member, where there are several seeds')
    .option('--draws <n>', 'bootstrap draws (default: 2000)')
    .option(...axisOption)
    .option('--json', 'everything, as JSON on stdout')
    .option('--csv', 'everything, as comma-separated values on stdout')
    .addHelpText(
      'after',
      examples('evaluate lenet-mnist --metric accuracy --metric subset-accuracy:k=5 --metric cross-entropy'),
    )
    .action(evaluate);
}

async function evaluate(name: string, raw: Raw): Promise<void> {
  const { defaultColumnsOf, defaultMetrics } = await import('../analysis/defaults.js');
  const { answerColumns, evaluateMetric, flatness, oneAnswer } = await import('../analysis/evaluate.js');
  const tables = await import('../report/evaluation.js');
  const { samplingOf } = await import('../report/sampling.js');
  const texts = textsOf(raw, 'metric');
  if (raw['json'] === true && raw['csv'] === true) throw new UsageError('JSON and CSV at once', '--json', 'give one');
  const open = await openNamed(name, textOf(raw, 'axis'));
  const registry = await registryOf(raw, open);
  const chosen = await metricsOf(texts, registry);
  await refuseImpossible(open, chosen, registry);
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', 2000, 100);
  const needs = chosen.length > 0 ? chosen.flatMap((metric) => metric.needs) : defaultColumnsOf(open);
  const run = await readRun(open, [...needs, ...answerColumns.filter((column) => open.columns.includes(column))]);
  if (chosen.length === 0) for (const line of missingLines(open)) console.error(`note: ${line}`);
  const metrics = chosen.length > 0 ? chosen : usualOf(defaultMetrics(run.record, run.members.at(-1)!.outcomes));
  const evaluations = metrics.map((metric) => evaluateMetric(metric, run.members, { draws }));
  for (const evaluation of evaluations) {
    const odd = flatness(evaluation, run.members);
    if (odd !== undefined) console.error(`note: ${odd}`);
  }
  for (const line of oneAnswer(run.members, run.record.dataset)) console.error(`note: ${line}`);
  if (raw['json'] === true) {
    const axis = run.words.isImported ? { axis: run.words.axis } : {};
    console.log(jsonOf({ run: run.record.name, ...axis, metrics: evaluations.map(plain) }, { words: run.words }));
  } else if (raw['csv'] === true) process.stdout.write(tables.evaluationCsv(run.record.name, evaluations, run.words));
  else {
    const sampling = samplingOf(run.record, run.members[0]!.outcomes);
    console.log(tables.evaluationTable(evaluations, { byMember: raw['members'] === true, sampling, words: run.words }));
  }
}

/** The usual metrics that imported outcomes lack the columns of. */
function missingLines({ columns, words }: OpenRun): string[] {
  if (!words.isImported || columns.includes('log_probability')) return [];
  return ['no cross-entropy: the imported outcomes have no log-probability of the right answer'];
}

/** Each once: an autoencoder's loss is its standard metric. */
function usualOf({ standard, induced, loss }: DefaultMetrics): readonly Metric[] {
  return loss === undefined || loss.id === standard.id ? [standard, induced] : [standard, induced, loss];
}

/** Without functions. */
function plain({ metric, ...rest }: MetricEvaluation) {
  const { id, kind, better, unit, formula } = metric;
  return { metric: id, kind, better, unit, formula, ...rest };
}
