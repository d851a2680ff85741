/** `emergence forecast study`: how well forecasts of the larger widths from the smaller ones would have done. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from '../examples.js';
import { addPrintOptions, addViewOptions, csv, drawCount, json, metricFile, metricNames, picture } from '../options.js';
import { ofEach, pictureLines, printRuns, type Shown } from '../print.js';

export function registerStudy(group: CommandUnknownOpts): void {
  const command = group
    .command('study <runs...>')
    .description('backtest: forecast the larger widths from every set of smaller ones')
    .addOption(metricNames('the standard and the induced one'))
    .addOption(metricFile)
    .addOption(drawCount(400, 'draws of each predictive distribution'));
  addPrintOptions(addViewOptions(command).addOption(picture("forecast-study in the run's folder")))
    .addOption(json)
    .addOption(csv)
    .addHelpText('after', examples('forecast study lenet-mnist --metric accuracy --metric subset-accuracy:k=20'))
    .action(async (runs, { metric, ...options }) => {
      const { studyForecasts } = await import('../../library/forecast/study.js');
      const { plainMetric, studyCsv, studyTable } = await import('../../report/tables/forecast.js');
      const { studyFigure } = await import('../../report/figures/forecast.js');
      const { figureOptionsOf } = await import('../../report/figures/figure-options.js');
      const { writeRunFigures } = await import('../../report/figures/files.js');
      const printed = figureOptionsOf(options);
      const found = await ofEach(runs, options, (run, listener) =>
        studyForecasts(run, { ...options, ...listener, metrics: metric }),
      );
      const isDrawn = options.json !== true && options.csv !== true;
      const pictures = isDrawn
        ? await writeRunFigures(found, {
            runOf: ({ run }) => run,
            figureOf: ({ run: { words }, studies }, run) => studyFigure(run, studies, words),
            ...{ name: 'forecast-study', output: options.output, printed, isApart: true },
          })
        : [];
      const shown = found.map(({ run: { label, words }, studies }, i): Shown => ({
        ...{ run: label, words, csv: studyCsv(label, studies, words) },
        text: [studyTable(studies, words), '', ...pictureLines(pictures[i] ?? [])].join('\n'),
        json: {
          run: label,
          metrics: studies.map(({ metric: of, ...rest }) => ({ ...plainMetric(of), ...rest })),
        },
      }));
      printRuns(shown, options);
    });
}
