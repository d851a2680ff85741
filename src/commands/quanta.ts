/** `emergence quanta`: at which scale each test example turns from failed to solved; one sigmoid or a sum of many. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FamilyQuanta } from '../library/quanta.js';
import { mean } from '../statistics/mean.js';
import { printable } from '../terminal/printable.js';
import { zip } from '../machine/present.js';
import { examples } from './examples.js';
import { addPrintOptions, addViewOptions, json, number } from './options.js';
import { ofEach, printRuns, type Shown } from './print.js';

export function registerQuanta(program: CommandUnknownOpts): void {
  const command = program
    .command('quanta <runs...>')
    .description(
      'find the scale at which each test example turns from failed to solved: one sigmoid for all, or a sum of many?',
    )
    .addOption(
      new Option(
        '--cutoff <c>',
        'autoencoders: an image counts as solved if its squared error per pixel is below c',
      ).argParser(number('--cutoff', { wanted: ' above 0, such as 0.02', fits: (c) => c > 0 })),
    )
    .addOption(
      new Option(
        '--tolerance <share>',
        "share of a width's seeds that may disagree on an example (default: 0.2)",
      ).argParser(
        number('--tolerance', {
          wanted: ' from 0 to below 0.5, such as 0.2',
          fits: (share) => share >= 0 && share < 0.5,
        }),
      ),
    );
  addPrintOptions(addViewOptions(command))
    .addOption(json)
    .addHelpText('after', examples('quanta lenet-mnist'))
    .action(async (runs, options) => {
      const { quanta } = await import('../library/quanta.js');
      const { quantaTables, writeQuanta } = await import('../report/quanta.js');
      const { learningTables } = await import('../report/tables/learning.js');
      const { chosenBy, notesOf, sharedNotes } = await import('../report/tables/quanta.js');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const printed = figureOptionsOf(options);
      const all = await ofEach(runs, options, (run, listener) => quanta(run, { ...options, ...listener }));
      const written = await writeQuanta(all, printed);
      const shown = zip(all, written).map(([found, files]): Shown => {
        const { words, label } = found.run;
        const notes = [...sharedNotes(found, found.clusters), ...notesOf(found, words)];
        const lines = files.map((file, place) => `${place === 0 ? 'written' : '       '}  ${printable(file)}`);
        const parts = [
          quantaTables(found, words),
          ...(found.learning === undefined ? [] : [learningTables(found.learning)]),
          ...(notes.length === 0 ? [] : [notes.join('\n')]),
          lines.join('\n'),
        ];
        return {
          run: label,
          words,
          text: parts.join('\n\n'),
          json: { ...plain(found, chosenBy(found.fits)), notes, files },
        };
      });
      printRuns(shown, options);
    });
}

/** Without lists as long as the test set, which are in the CSV. A continuum's nodes follow from its mean and spread. */
function plain(
  { run, solved, cutoff, grid, turns, measured, coinFlips, sharp, dispersion, fits, learning }: FamilyQuanta,
  chosen: readonly { readonly fit: { readonly aicc: number; readonly bic: number } }[],
) {
  return {
    ...{ run: run.label, folder: run.folder, solved, cutoff: cutoff ?? null },
    ...{ examples: grid.examples, seeds: grid.seeds },
    scales: grid.scales.map(({ width, parameters, members, accuracy }) => {
      return { width, parameters, members: members.length, accuracy };
    }),
    neverSolved: mean(turns.never),
    ...{ slack: turns.slack, measured, coinFlips, sharp, dispersion },
    ...(learning === undefined ? {} : { learning }),
    fits: fits.map((fit) => ({
      ...fit,
      ...(fit.kind === 'continuum' ? { classes: [] } : {}),
      aiccAboveBest: fit.aicc - (chosen[0]?.fit.aicc ?? NaN),
      bicAboveBest: fit.bic - (chosen.at(-1)?.fit.bic ?? NaN),
    })),
  };
}
