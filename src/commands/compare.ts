/** `emergence compare`: natural, standard and induced curve side by side. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { firstOf, zip } from '../machine/present.js';
import * as path from 'node:path';
import { optionOf } from '../experiment/schema.js';
import type { CompareOptions } from '../library/compare.js';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import {
  addPrintOptions,
  addViewOptions,
  drawCount,
  induced,
  json,
  metricFile,
  natural,
  picture,
  standard,
} from './options.js';
import { ofEach, pictureLines, printRuns, terminal, type Shown } from './print.js';

export function registerCompare(program: CommandUnknownOpts): void {
  const command = program
    .command('compare <runs...>')
    .description("compare a published natural curve with a family's standard and induced curves, and their scores")
    .addOption(standard('accuracy, mse or image-accuracy'))
    .addOption(induced('the one that train plots'))
    .addOption(natural)
    .option(
      '--tuned <run>',
      'instead of all this: show whether the late rise survives in this run, which was trained with the same options and --tune',
    )
    .addOption(metricFile)
    .addOption(drawCount(2000))
    .addOption(picture("compare, or tuned-TUNED, in the run's folder"));
  addViewOptions(addPrintOptions(command))
    .addOption(json)
    .addHelpText(
      'after',
      examples(
        'compare lenet-mnist --standard accuracy --induced subset-accuracy:k=20 --natural overlay:opt-2digit-addition',
      ),
    )
    .action(async (runs, { tuned, ...options }) => {
      if (tuned !== undefined) {
        await compareWithTuned(runs, tuned, options);
        return;
      }
      const { compare } = await import('../library/compare.js');
      const { comparisonTable } = await import('../report/tables/compare.js');
      const { comparisonFigure } = await import('../report/figures/compare.js');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const { writeRunFigures } = await import('../report/figures/files.js');
      const { samplingOf } = await import('../report/tables/sampling.js');
      const printed = figureOptionsOf(options);
      const found = await ofEach(runs, options, (run, listener) => compare(run, { ...options, ...listener }));
      const pictures = await writeRunFigures(found, {
        runOf: ({ family }) => family,
        figureOf: ({ family: { words }, ...comparison }, run) => comparisonFigure({ ...comparison, run }, words),
        ...{ name: 'compare', output: options.output, printed },
      });
      const shown = zip(found, pictures).map(([{ family, ...comparison }, figures]): Shown => {
        const { record, words, members, label } = family;
        const table = comparisonTable(comparison, samplingOf(record, firstOf(members).outcomes), words);
        const text = [table, '', ...pictureLines(figures)].join('\n');
        return { run: label, words, text, json: { ...comparison, figures } };
      });
      printRuns(shown, options);
    });
}

type TunedOptions = Omit<CompareOptions, 'note' | 'track'> & {
  readonly output?: string | undefined;
  readonly curvePer?: string | undefined;
  readonly json?: true | undefined;
};

async function compareWithTuned(runs: readonly string[], tuned: string, options: TunedOptions): Promise<void> {
  const { compareTuned } = await import('../library/compare-tuned.js');
  const { tunedTable } = await import('../report/tables/compare-tuned.js');
  const { tunedFigure } = await import('../report/figures/compare-tuned.js');
  const { figureOptionsOf } = await import('../report/figures/figure-options.js');
  const { writeFigure } = await import('../report/figures/files.js');
  const printed = figureOptionsOf(options);
  if (runs.length > 1) throw new UsageError('a tuned twin belongs to one run', '--tuned', 'name one run before it');
  const other = (['natural', 'curvePer'] as const).find((key) => options[key] !== undefined);
  if (other !== undefined)
    throw new UsageError('is not available with --tuned', `--${optionOf(other)}`, 'leave one of the two out');
  const found = await compareTuned(firstOf(runs), tuned, { ...options, ...terminal });
  const { one, other: twin, ...rest } = found;
  const stem = options.output ?? path.join(one.folder, `tuned-${twin.record.name}`);
  const figures = await writeFigure(stem, tunedFigure(found), printed);
  const text = [tunedTable(found), '', ...pictureLines(figures)].join('\n');
  printRuns(
    [{ run: one.label, words: one.words, text, json: { run: one.label, tuned: twin.label, ...rest, figures } }],
    options,
  );
}
