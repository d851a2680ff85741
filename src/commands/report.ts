/** `emergence report`: a folder with an interactive page, figures, tables and text on one run or several. */
import type { Command } from 'commander';
import type { NaturalCurve } from '../analysis/natural.js';
import type { Metric } from '../metrics/metric.js';
import type { OpenRun } from '../runs/load.js';
import { figureOptionsOf } from '../report/figures/print.js';
import { UsageError } from '../terminal/errors.js';
import { printable } from '../terminal/printable.js';
import {
  axisOption,
  collect,
  metricsOf,
  openNamed,
  printOptions,
  textOf,
  textsOf,
  wholeNumber,
  type Raw,
} from './runs.js';
import { examples } from './examples.js';

/** What stands in the figures where nothing is said, and its file's other curves in the explorer. */
const usualNatural = 'overlay:opt-2digit-addition';
const explorerFile = 'overlay';

export function registerReport(program: Command): void {
  program
    .command('report <runs...>')
    .description('a page to explore, figures, tables and text on one run or several, in a folder')
    .option(
      '--induced <metric>',
      'the metric that the page begins with: subset-accuracy, reconstruction or sequence-accuracy; may be given again, for runs of other kinds (default: the one in the curve of train)',
      collect,
    )
    .option(
      '--natural <file:curve>',
      `a published curve in figures and page; may be given again (default: ${usualNatural})`,
      collect,
    )
    .option(
      '--dataset <name>',
      'images:PATH or idx:PATH of a run that was trained on your own images, for their pictures: no path that a run names is read; may be given again',
      collect,
    )
    .option(...axisOption)
    .option('--draws <n>', 'bootstrap draws of the tables and figures (default: 2000)')
    .option('--output <folder>', 'where it goes (default: reports/RUN, of several runs their names joined)')
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'what was written, as JSON on stdout')
    .addHelpText(
      'after',
      examples(
        'report lenet-mnist',
        'report autoencoder-mnist --induced reconstruction:c=0.005 --natural overlay:pythia-lambada',
      ),
    )
    .action(report);
}

async function report(names: string[], raw: Raw): Promise<void> {
  const path = await import('node:path');
  const { makeReport, refuseOutput, writeReport } = await import('../report/report.js');
  const { formatBytes } = await import('../terminal/format.js');
  const { withSteps } = await import('../terminal/steps.js');
  const figures = figureOptionsOf(raw);
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', 2000, 100);
  const natural = await naturalCurves(textsOf(raw, 'natural'));
  const datasets = textsOf(raw, 'dataset');
  const opened: { name: string; open: OpenRun }[] = [];
  for (const name of names) {
    const open = await openNamed(name, textOf(raw, 'axis'));
    const twice = opened.some(({ open: { record } }) => record.name === open.record.name);
    if (twice) throw new UsageError(`two runs have the name ${open.record.name}`, 'RUN', 'report on one of them');
    opened.push({ name, open });
  }
  await refuseUnusedDatasets(datasets, opened);
  const chosen = await inducedMetrics(textsOf(raw, 'induced'), opened);
  const joined = opened.map(({ open }) => open.record.name).join('+');
  const folder = textOf(raw, 'output') ?? path.join('reports', joined);
  await refuseOutput(folder, '--output');
  const runs = opened.map((each, i) => ({ ...each, induced: chosen[i] }));
  const made = await withSteps('parts of the report', (onStep) =>
    makeReport({ runs, natural, datasets, draws, figures, onStep }),
  );
  for (const line of made.warnings) console.error(line);
  await writeReport(folder, made);
  const sizes = [...made.files].map(([file, content]) => [path.join(folder, file), sizeOf(content)] as const);
  if (raw['json'] === true) {
    const files = sizes.map(([file, bytes]) => ({ file, bytes }));
    console.log(JSON.stringify({ type: 'report', folder, runs: opened.map(({ open }) => open.record.name), files }));
    return;
  }
  const [page] = sizes.filter(([file]) => file.endsWith('report.html'));
  const text = made.report.summary.join('\n');
  console.log(
    [
      text,
      '',
      printable(`report  ${folder}, ${sizes.length} files`),
      printable(`page    ${page![0]}, ${formatBytes(page![1])}`),
    ].join('\n'),
  );
}

function sizeOf(content: unknown): number {
  return typeof content === 'string' ? Buffer.byteLength(content) : (content as Uint8Array).length;
}

/** Those that were asked for, or the usual one, and after them all others of the explorer's file. */
async function naturalCurves(asked: readonly string[]) {
  const { readNaturalCurve, readNaturalCurves } = await import('../analysis/natural.js');
  const texts = asked.length === 0 ? [usualNatural] : asked;
  const curves: { curve: NaturalCurve; text: string; inFigures: boolean }[] = [];
  for (const text of texts) curves.push({ curve: await readNaturalCurve(text), text, inFigures: true });
  const twice = curves.find(({ curve }, i) => curves.findIndex((other) => other.curve.name === curve.name) < i);
  if (twice !== undefined) throw new UsageError(`${twice.text} is given twice`, '--natural', 'give it once');
  const { curves: further } = await readNaturalCurves(explorerFile);
  const others = further.filter(({ name }) => !curves.some(({ curve }) => curve.name === name));
  return [...curves, ...others.map((curve) => ({ curve, text: `${explorerFile}:${curve.name}`, inFigures: false }))];
}

/** Datasets without a path need not be given, and of those with one some run has to be. */
async function refuseUnusedDatasets(
  given: readonly string[],
  runs: readonly { readonly open: OpenRun }[],
): Promise<void> {
  const { parseDatasetName } = await import('../datasets/index.js');
  const { isImported } = await import('../runs/imported.js');
  const flag = '--dataset';
  for (const text of given) {
    const { source, argument } = parseDatasetName(text, flag);
    if (argument === '') throw new UsageError(`${text} is not a path, and found by its name`, flag, 'leave it out');
    const isOf = ({ open: { record } }: (typeof runs)[number]) =>
      !isImported(record) && record.experiment.dataset.startsWith(source.name);
    if (!runs.some(isOf)) throw new UsageError(`no run here was trained on ${source.name}PATH`, flag, 'leave it out');
  }
}

/** For each run the metric that was asked for, if one of them is of its kind. */
async function inducedMetrics(
  texts: readonly string[],
  runs: readonly { readonly open: OpenRun }[],
): Promise<(Metric | undefined)[]> {
  const { metrics } = await import('../metrics/index.js');
  const { kindOf, pairsOf } = await import('../runs/imported.js');
  const flag = '--induced';
  const metricOf = {
    classification: 'subset-accuracy',
    reconstruction: 'reconstruction',
    sequences: 'sequence-accuracy',
  };
  const asked = await metricsOf(texts, metrics, flag);
  const names = runs.map(({ open }) => metricOf[kindOf(open.record)]);
  const twice = asked.find(({ name }, i) => asked.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) throw new UsageError(`${twice.name} is given twice`, flag, 'give it once');
  const unfit = asked.find(({ name }) => !names.includes(name));
  if (unfit !== undefined)
    throw new UsageError(
      `${unfit.id} is no threshold of these runs`,
      flag,
      `they have ${[...new Set(names)].join(', ')}`,
    );
  return runs.map(({ open }, i) => {
    const metric = asked.find(({ name }) => name === names[i]);
    const pairs = pairsOf(open.record);
    if (metric?.name === 'sequence-accuracy' && Number(metric.parameters['l']) > pairs)
      throw new UsageError(`sequences of ${open.record.name} have ${pairs} images`, flag, `give l=${pairs} at most`);
    return metric;
  });
}
