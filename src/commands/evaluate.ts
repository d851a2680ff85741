/** `emergence evaluate`: a run's stored outcomes under any metrics. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { MetricEvaluation } from '../analysis/evaluate.js';
import type { Evaluation } from '../library/evaluate.js';
import { firstOf, present, zip } from '../machine/present.js';
import { titleOf } from '../runs/imported.js';
import type { LoadedRun } from '../runs/opened.js';
import { examples } from './examples.js';
import { addViewOptions, csv, drawCount, json, metricFile, metricNames } from './options.js';
import { printRuns, refuseTwice, terminal } from './print.js';

export function registerEvaluate(program: CommandUnknownOpts): void {
  const command = program
    .command('evaluate <runs...>')
    .description("evaluate a run's stored outcomes under any metrics, with intervals")
    .addOption(metricNames('the standard one, the induced one and the loss'))
    .addOption(metricFile)
    .option('--members', 'one line per member when there are several seeds')
    .addOption(drawCount(2000));
  addViewOptions(command)
    .addOption(json)
    .addOption(csv)
    .addHelpText(
      'after',
      examples('evaluate lenet-mnist --metric accuracy --metric subset-accuracy:k=5 --metric cross-entropy'),
    )
    .action(async (runs, { members: byMember = false, metric, ...options }) => {
      const { evaluateCurves } = await import('../library/evaluate.js');
      const { evaluationCsv, evaluationTable } = await import('../report/tables/evaluate.js');
      const { samplingOf } = await import('../report/tables/sampling.js');
      refuseTwice(runs, undefined);
      const found: Evaluation[][] = [];
      for (const run of runs)
        found.push(await evaluateCurves(run, { ...options, ...terminal, metrics: metric, forget: true }));
      const shown = found.map((curves) => {
        const { record, words, members, label, curve } = firstOf(curves).run;
        const name = curve === undefined ? label : titleOf(record);
        const evaluated = curves.map(({ run, metrics: evaluations }) => ({ evaluations, curve: run.curve }));
        const ofCurve = ({ run, metrics }: Evaluation) => metrics.map((each) => plain(each, run.members));
        return {
          ...{ run: name, words },
          text: evaluationTable(evaluated, {
            byMember,
            sampling: samplingOf(record, firstOf(members).outcomes),
            words,
          }),
          csv: evaluationCsv(name, evaluated, words),
          json: {
            run: name,
            ...(words.isCoordinate ? { axis: words.scale } : {}),
            ...(curve === undefined
              ? { metrics: ofCurve(firstOf(curves)) }
              : {
                  curvePer: curve.factor,
                  curves: curves.map((each) => ({
                    [curve.factor]: present(each.run.curve).value,
                    metrics: ofCurve(each),
                  })),
                }),
          },
        };
      });
      printRuns(shown, options);
    });
}

/** Without functions, and with every coordinate of a member. */
function plain({ metric, ...rest }: MetricEvaluation, loaded: LoadedRun['members']) {
  const { id, kind, better, unit, formula } = metric;
  const members = zip(rest.members, loaded).map(([each, { record }]) => ({ ...each, coordinates: record.coordinates }));
  return { metric: id, kind, better, unit, formula, ...rest, members };
}
