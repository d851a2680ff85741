/** `emergence theory`: the paper's model, drawn for given parameters or fitted to a run. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { zip } from '../machine/present.js';
import type { FigureOptions } from '../report/figures/figure-options.js';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import { addPrintOptions, addViewOptions, json, number, picture, wholes } from './options.js';
import { ofEach, pictureLines, printRuns, type Forms, type Shown } from './print.js';

/** As many as there are colours. */
const mostLengths = 6;
const longest = 1_000_000;

function lengthsOf(text: string): number[] {
  const lengths = wholes('--lengths', 1, longest)(text);
  if (lengths.length > mostLengths)
    throw new UsageError(`${lengths.length} at once`, '--lengths', `give at most ${mostLengths}`);
  return lengths;
}

interface Options extends Forms {
  readonly printed: FigureOptions;
  readonly exponent?: number | undefined;
  readonly scale?: number | undefined;
  readonly lengths?: number[] | undefined;
  readonly output?: string | undefined;
  readonly axis?: string | undefined;
}

export function registerTheory(program: CommandUnknownOpts): void {
  const command = program
    .command('theory [runs...]')
    .description("plot the model of the paper's Sec. 2: from a power law of the loss to sharp and smooth curves")
    .addOption(
      new Option('--exponent <x>', 'without a run: a in L(N) = (N / c)^a, below 0 (default: -0.28)').argParser(
        number('--exponent', { fits: (value) => value < 0 && value >= -10, wanted: ' below 0, at least -10' }),
      ),
    )
    .addOption(
      new Option('--scale <n>', 'without a run: c, parameters at which L is 1 nat (default: 1e7)').argParser(
        number('--scale', { fits: (value) => value >= 1 && value <= 1e30, wanted: ' from 1 to 1e30' }),
      ),
    )
    .addOption(
      new Option(
        '--lengths <list>',
        'numbers of tokens that must all be right (default: 1,5,10,20; for a run: its own)',
      ).argParser(lengthsOf),
    )
    .addOption(picture('reports/theory; for a run: theory in its folder'));
  addViewOptions(addPrintOptions(command))
    .addOption(json)
    .addHelpText('after', examples('theory --lengths 1,5,20', 'theory lenet-mnist --lengths 5,20'))
    .action(async (runs, given) => {
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const options = { ...given, printed: figureOptionsOf(given) };
      const shown = runs.length === 0 ? [await drawModel(options)] : await fitRuns(runs, options);
      printRuns(shown, options);
    });
}

async function drawModel({ printed, output, ...given }: Options): Promise<Shown> {
  const { exponent = -0.28, scale = 1e7, lengths = [1, 5, 10, 20] } = given;
  const { modelPoints, modelText } = await import('../report/tables/theory.js');
  const { modelFigure } = await import('../report/figures/theory.js');
  const { createFolder } = await import('../machine/files.js');
  const { writeFigure } = await import('../report/figures/files.js');
  const law = { exponent, scale };
  if (output === undefined) await createFolder('reports');
  const figures = await writeFigure(output ?? 'reports/theory', modelFigure(law, lengths), printed);
  const text = [modelText(law, lengths), '', ...pictureLines(figures)].join('\n');
  return { run: '', text, json: { law, lengths, points: modelPoints(law, lengths), figures } };
}

async function fitRuns(runs: string[], options: Options): Promise<Shown[]> {
  const { theory } = await import('../library/theory.js');
  const { fitText } = await import('../report/tables/theory.js');
  const { fitFigure } = await import('../report/figures/theory.js');
  const { writeRunFigures } = await import('../report/figures/files.js');
  const given = (['exponent', 'scale'] as const).find((key) => options[key] !== undefined);
  if (given !== undefined)
    throw new UsageError('is fitted when a run is given', `--${given}`, 'leave out the option or the run');
  const { lengths } = options;
  const found = await ofEach(runs, options, (run, listener) => theory(run, { lengths, ...listener }));
  const pictures = await writeRunFigures(found, {
    runOf: ({ family }) => family,
    figureOf: ({ family: { words }, ...fit }, run) => fitFigure({ ...fit, run }, words),
    ...{ name: 'theory', output: options.output, printed: options.printed },
  });
  return zip(found, pictures).map(
    ([
      {
        family: { words },
        ...fit
      },
      figures,
    ]) => {
      const text = [fitText(fit, words), '', ...pictureLines(figures)].join('\n');
      return { run: fit.run, words, text, json: { ...fit, figures } };
    },
  );
}
