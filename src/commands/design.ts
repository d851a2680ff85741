/** `emergence design`: a follow-up experiment, proposed from a pilot run, with its power simulated. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { printable } from '../terminal/printable.js';
import { examples } from './examples.js';
import { force, induced, json, number, standard, whole } from './options.js';
import { printRuns, terminal } from './print.js';

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
      'number of widths, placed so that the standard metric rises in about equal steps',
      whole('--scales', 4, 100),
      10,
    )
    .option(
      '--from <width>',
      "smallest width (default: the pilot's); extrapolated where it is smaller",
      whole('--from', 1, 65536),
    )
    .option(
      '--to <width>',
      "largest width (default: the pilot's); extrapolated where it is larger",
      whole('--to', 1, 65536),
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
      const { design: found, asked, isGiven, commands, file, run, claim } = proposed;
      const { standard: one, induced: other, ...rest } = found;
      const next = [`experiment  ${printable(file)}`, ...[commands.seal, commands.train, commands.score].map(nextLine)];
      const table = designTable(found, { ...asked, isGiven, cores: availableCores() });
      const plain = { pilot: proposed.pilot, ...asked, standard: one.id, induced: other.id, ...rest };
      printRuns(
        [{ run, text: [table, '', ...next].join('\n'), json: { ...plain, claim, file, run, commands } }],
        options,
      );
    });
}

function nextLine(command: string, place: number): string {
  return `${place === 0 ? 'next      ' : '          '}  ${command}`;
}
