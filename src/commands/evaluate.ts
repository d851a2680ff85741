/** `emergence evaluate`: a run's stored outcomes under any metrics. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { MetricEvaluation } from '../analysis/evaluate.js';
import { nth } from '../machine/present.js';
import type { LoadedRun } from '../runs/opened.js';
import { examples } from './examples.js';
import { at, axis, curvePer, where, csv, drawCount, json, metricFile, metricNames, probe } from './options.js';
import { ofEach, printRuns, terminal } from './print.js';

export function registerEvaluate(program: CommandUnknownOpts): void {
  program
    .command('evaluate <runs...>')
    .description("evaluate a run's stored outcomes under any metrics, with intervals")
    .addOption(metricNames('the standard one, the induced one and the loss'))
    .addOption(metricFile)
    .option('--members', 'one line per member when there are several seeds')
    .addOption(drawCount(2000))
    .addOption(axis)
    .addOption(where)
    .addOption(at)
    .addOption(probe)
    .addOption(curvePer)
    .addOption(json)
    .addOption(csv)
    .addHelpText(
      'after',
      examples('evaluate lenet-mnist --metric accuracy --metric subset-accuracy:k=5 --metric cross-entropy'),
    )
    .action(async (runs, { members: byMember = false, metric, ...options }) => {
      const { evaluate } = await import('../library/evaluate.js');
      const { evaluationCsv, evaluationTable } = await import('../report/tables/evaluate.js');
      const { samplingOf } = await import('../report/tables/sampling.js');
      const found = await ofEach(runs, options, (run) => evaluate(run, { ...options, ...terminal, metrics: metric }));
      const shown = found.map(({ run: { record, label, words, members }, metrics: evaluations }) => {
        const sampling = samplingOf(record, nth(members, 0).outcomes);
        return {
          ...{ run: label, words },
          text: evaluationTable(evaluations, { byMember, sampling, words }),
          csv: evaluationCsv(label, evaluations, words),
          json: {
            run: label,
            ...(words.isCoordinate ? { axis: words.scale } : {}),
            metrics: evaluations.map((each) => plain(each, members)),
          },
        };
      });
      printRuns(shown, options);
    });
}

/** Without functions, and with every coordinate of a member. */
function plain({ metric, ...rest }: MetricEvaluation, loaded: LoadedRun['members']) {
  const { id, kind, better, unit, formula } = metric;
  const members = rest.members.map((each, i) => ({ ...each, coordinates: nth(loaded, i).record.coordinates }));
  return { metric: id, kind, better, unit, formula, ...rest, members };
}
