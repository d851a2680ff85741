/** `emergence theory`: the paper's model, drawn for given parameters or fitted to a run. */
import type { Command } from 'commander';
import type * as Figures from '../report/figures/theory.js';
import type * as Theory from '../report/theory.js';
import { figureOptionsOf } from '../report/figures/print.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import {
  assertSeveralWidths,
  axisOption,
  jsonOf,
  numberOf,
  openNamed,
  printOptions,
  pictureLines,
  type Raw,
  readRun,
  textOf,
  wholeNumbers,
} from './runs.js';
import { examples } from './examples.js';

export function registerTheory(program: Command): void {
  program
    .command('theory [run]')
    .description("the model of the paper's Sec. 2: from a power law of the loss to sharp and smooth curves")
    .option('--exponent <x>', 'without a run: a in L(N) = (N / c)^a, below 0 (default: -0.28)')
    .option('--scale <n>', 'without a run: c, parameters at which L is 1 nat (default: 1e7)')
    .option('--lengths <list>', 'tokens that have to be right at once (default: 1,5,10,20; of a run: its own)')
    .option('--output <stem>', "the picture's path without .svg and so on (default: theory, of a run: in its folder)")
    .option(...axisOption)
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText('after', examples('theory --lengths 1,5,20', 'theory lenet-mnist --lengths 5,20'))
    .action(theory);
}

async function theory(name: string | undefined, raw: Raw): Promise<void> {
  const report = { ...(await import('../report/theory.js')), ...(await import('../report/figures/theory.js')) };
  const printed = figureOptionsOf(raw);
  const { writeFigure } = await import('../report/files.js');
  const text = textOf(raw, 'lengths');
  const lengths = text === undefined ? undefined : lengthsOf(text);
  const drawn = name === undefined ? drawModel(raw, lengths, report) : await fitRun(name, raw, lengths, report);
  const files = await writeFigure(textOf(raw, 'output') ?? drawn.stem, drawn.figure, printed);
  if (raw['json'] === true)
    console.log(jsonOf({ ...drawn.result, figures: files }, 'words' in drawn ? { words: drawn.words } : {}));
  else console.log([drawn.text, '', ...pictureLines(files)].join('\n'));
}

/** As many as there are colours. */
const mostLengths = 6;

function lengthsOf(text: string): number[] {
  const lengths = wholeNumbers(text, '--lengths');
  const twice = lengths.find((length, i) => lengths.indexOf(length) < i);
  if (twice !== undefined) throw new UsageError(`${twice} is listed twice`, '--lengths', 'list each once');
  if (lengths.length > mostLengths)
    throw new UsageError(`${lengths.length} at once`, '--lengths', `give at most ${mostLengths}`);
  return lengths;
}

type Report = typeof Theory & typeof Figures;

function drawModel(raw: Raw, lengths: readonly number[] = [1, 5, 10, 20], { modelFigure, modelText }: Report) {
  const law = {
    exponent: numberOf(textOf(raw, 'exponent'), '--exponent', -0.28, { fits: (value) => value < 0, wanted: 'below 0' }),
    scale: numberOf(textOf(raw, 'scale'), '--scale', 1e7, { fits: (value) => value > 0, wanted: 'above 0' }),
  };
  return { stem: 'theory', figure: modelFigure(law, lengths), text: modelText(law, lengths), result: { law, lengths } };
}

async function fitRun(name: string, raw: Raw, lengths: readonly number[] | undefined, { fitFigure, fitText }: Report) {
  const path = await import('node:path');
  const { fitFamily } = await import('../analysis/theory-fit.js');
  const { FitError } = await import('../statistics/least-squares.js');
  const given = ['exponent', 'scale'].find((key) => raw[key] !== undefined);
  if (given !== undefined)
    throw new UsageError('is fitted to the run', `--${given}`, 'leave out the option, or the run');
  const open = await openNamed(name, textOf(raw, 'axis'));
  const { kindOf, makeOf, pairsOf } = await import('../runs/imported.js');
  const pairs = pairsOf(open.record);
  const isSequences = kindOf(open.record) === 'sequences';
  if (!open.columns.includes('log_probability'))
    throw new UsageError(
      `${open.words.isImported ? 'it' : makeOf(open.record)} has no cross-entropy, which the model begins with`,
      name,
    );
  const own = [...new Set(isSequences ? [1, pairs] : [1, 5, 20])];
  const wanted = lengths ?? own;
  const longest = wanted.find((length) => isSequences && length > pairs);
  if (longest !== undefined)
    throw new UsageError(`${longest} is more than the ${pairs} images of a sequence`, '--lengths');
  const sequence = isSequences ? (['sequence', 'label', 'predicted'] as const) : [];
  const run = await readRun(open, ['correct', 'log_probability', ...sequence]);
  assertSeveralWidths(run, name, 'a fit');
  const images = run.members[0]!.outcomes.correct!.length;
  // What nobody asked for is left out, and said.
  const tooLong = lengths === undefined && !isSequences ? own.filter((length) => length > images) : [];
  if (tooLong.length > 0)
    console.error(
      `note: ${tooLong.join(' and ')} at once are left out: the test set has ${counted(images, run.words.isImported ? 'example' : 'image')}`,
    );
  const kept = wanted.filter((length) => !tooLong.includes(length));
  try {
    const fit = fitFamily(run.record.name, run.members, { lengths: kept, words: run.words });
    return {
      stem: path.join(run.folder, 'theory'),
      figure: fitFigure(fit, run.words),
      text: fitText(fit, run.words),
      result: fit,
      words: run.words,
    };
  } catch (error) {
    if (error instanceof FitError) throw new UsageError(`the cross-entropy has no power law: ${error.message}`, name);
    throw error;
  }
}
