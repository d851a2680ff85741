/** `emergence diff`: compares two runs on the same test examples. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from './examples.js';
import { at, axis, drawCount, format, json, metricFile, picture, size, title, where, probe } from './options.js';
import { pictureLines, printRuns, terminal } from './print.js';

export function registerDiff(program: CommandUnknownOpts): void {
  program
    .command('diff <run> <other>')
    .description(
      'compare two runs on the test examples that both have: the difference at each scale and over the family',
    )
    .option('--metric <metric>', 'the metric (default: the standard one)')
    .addOption(metricFile)
    .addOption(drawCount(2000))
    .addOption(picture("diff-OTHER in the first run's folder"))
    .addOption(size)
    .addOption(format)
    .addOption(title)
    .addOption(axis)
    .addOption(where)
    .addOption(at)
    .addOption(probe)
    .addOption(json)
    .addHelpText('after', examples('diff plain decay --metric accuracy'))
    .action(async (run, other, options) => {
      const path = await import('node:path');
      const { diff } = await import('../library/diff.js');
      const { diffFigure } = await import('../report/figures/diff.js');
      const { figureOptionsOf } = await import('../report/figures/print.js');
      const { writeFigure } = await import('../report/figures/files.js');
      const { diffTable } = await import('../report/tables/diff.js');
      const printed = figureOptionsOf(options);
      const found = await diff(run, other, { ...options, ...terminal });
      const { metric, one, other: second, ...rest } = found;
      const stem = options.output ?? path.join(one.folder, `diff-${second.record.name}`);
      const figures = await writeFigure(stem, diffFigure(found), printed);
      const words = second.words.isCoordinate ? one.words : undefined;
      printRuns(
        [
          {
            ...{ run: one.label, words },
            text: [diffTable(found), '', ...pictureLines(figures)].join('\n'),
            json: { run: one.label, other: second.label, metric: metric.id, ...rest, figures },
          },
        ],
        options,
      );
    });
}
