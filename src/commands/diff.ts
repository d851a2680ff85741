/** `emergence diff`: compares two runs on the same test examples. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { NamedRun } from '../analysis/diff/difference.js';
import type { FamilyDifference } from '../library/diff.js';
import { firstOf } from '../machine/present.js';
import { titleOf } from '../runs/imported.js';
import { examples } from './examples.js';
import { addPrintOptions, addViewOptions, drawCount, json, metricFile, picture } from './options.js';
import { pictureLines, printRuns, terminal } from './print.js';

export function registerDiff(program: CommandUnknownOpts): void {
  const command = program
    .command('diff <run> <other>')
    .description(
      'compare two runs on the test examples that both have: the difference at each scale and over the family',
    )
    .option('--metric <metric>', 'the metric (default: the standard one)')
    .addOption(metricFile)
    .addOption(drawCount(2000))
    .addOption(picture("diff-OTHER in the first run's folder"));
  addViewOptions(addPrintOptions(command))
    .addOption(json)
    .addHelpText('after', examples('diff plain decay --metric accuracy'))
    .action(async (run, other, options) => {
      const { diffCurves } = await import('../library/diff.js');
      const { diffFigure } = await import('../report/figures/diff.js');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const { writeRunFigures } = await import('../report/figures/files.js');
      const { diffTable } = await import('../report/tables/diff.js');
      const printed = figureOptionsOf(options);
      const found = await diffCurves(run, other, { ...options, ...terminal });
      const first = firstOf(found);
      const figures = await writeRunFigures(found, {
        runOf: ({ one }) => one,
        figureOf: (each, _, isOneOf) =>
          diffFigure(isOneOf ? { ...each, one: named(each.one), other: named(each.other) } : each),
        ...{ name: `diff-${first.other.record.name}`, output: options.output, printed, isApart: true },
      });
      const ofCurve = ({ metric, one, other: second, ...rest }: FamilyDifference) => ({
        ...{ run: one.label, other: second.label, metric: metric.id, ...rest },
      });
      const files = firstOf(figures);
      const lines = ['', ...pictureLines(files)];
      printRuns(
        [
          {
            ...{ run: first.one.label, words: first.other.words.isCoordinate ? first.one.words : undefined },
            text: [found.map(diffTable).join('\n\n\n'), ...lines].join('\n'),
            json:
              first.one.curve === undefined
                ? { ...ofCurve(first), figures: files }
                : { curvePer: first.one.curve.factor, curves: found.map(ofCurve), figures: files },
          },
        ],
        options,
      );
    });
}

/** Under the run's name only, as the value of the factor is stated above. */
function named({ record, words }: FamilyDifference['one']): NamedRun {
  return { label: titleOf(record), words };
}
