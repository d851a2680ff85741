/** `emergence design`: a follow-up experiment, proposed from a pilot run, with its power simulated. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { printable } from '../terminal/printable.js';
import { examples } from './examples.js';
import { axis, force, induced, json, number, probe, standard, where, whole } from './options.js';
import { printRuns, terminal } from './print.js';

const above0 = { fits: (x: number) => x > 0, wanted: ' above 0' };

export function registerDesign(program: CommandUnknownOpts): void {
  program
    .command('design <pilot>')
    .description(
      'propose a follow-up experiment from a pilot run: widths, metric, seeds and test size for a given power',
    )
    .addOption(standard("the pilot's"))
    .addOption(induced('the mildest K, cutoff or L that is enough'))
    .option(
      '--scales <n>',
      'number of widths, or of values of the factor on the axis, placed so that the standard metric rises in about equal steps',
      whole('--scales', 4, 100),
      10,
    )
    .addOption(axis)
    .addOption(where)
    .addOption(probe)
    .option(
      '--from <value>',
      "smallest of them (default: the pilot's; a smaller one is extrapolated)",
      number('--from', above0),
    )
    .option(
      '--to <value>',
      "largest of them (default: the pilot's; a larger one is extrapolated)",
      number('--to', above0),
    )
    .option(
      '--power <share>',
      'probability with which the claim should hold, between 0 and 1',
      number('--power', { fits: (x) => x > 0 && x < 1, wanted: ' between 0 and 1' }),
      0.9,
    )
    .option(
      '--ratio <r>',
      'the claim: the paired interval of the ratio of Eq 1 lies above r',
      number('--ratio', { fits: (x) => x >= 1, wanted: ' of at least 1' }),
      1,
    )
    .option('--most-seeds <n>', 'largest number of seeds per width', whole('--most-seeds', 3, 1000), 8)
    .option('--test-size <n>', "number of test examples (default: the pilot's)", whole('--test-size', 1, 1e8))
    .option(
      '--families <n>',
      'number of simulated families used to judge a design',
      whole('--families', 20, 100_000),
      300,
    )
    .option('--output <file>', 'the experiment file (default: PILOT-design.yaml)')
    .addOption(force)
    .addOption(json)
    .addHelpText('after', examples('design pilot --ratio 3 --power 0.9'))
    .action(async (pilot, options) => {
      const { design } = await import('../library/design.js');
      const { designTable } = await import('../report/tables/design.js');
      const { availableCores } = await import('../experiment/cores.js');
      const proposed = await design(pilot, { ...options, ...terminal });
      const { design: found, asked, isGiven, commands, file, run, claim, words } = proposed;
      const { standard: one, induced: other, widths, ...rest } = found;
      const next = [`experiment  ${printable(file)}`, ...[commands.seal, commands.train, commands.score].map(nextLine)];
      const table = designTable(found, { ...asked, isGiven, cores: availableCores(), words });
      const values = words.isCoordinate ? { axis: words.scale, values: widths } : { widths };
      const plain = { pilot: proposed.pilot, ...asked, standard: one.id, induced: other.id, ...values, ...rest };
      printRuns(
        [{ run, text: [table, '', ...next].join('\n'), json: { ...plain, claim, file, run, commands } }],
        options,
      );
    });
}

function nextLine(command: string, place: number): string {
  return `${place === 0 ? 'next      ' : '          '}  ${command}`;
}
