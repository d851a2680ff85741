/** `emergence sweep`: a metric over a grid of its parameters, test sizes and scales. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { firstOf, present } from '../machine/present.js';
import type { Causes } from '../analysis/causes.js';
import type { FamilySweep } from '../library/sweep.js';
import type { FigureOptions } from '../report/figures/figure-options.js';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import {
  addPrintOptions,
  addViewOptions,
  by,
  csv,
  drawCount,
  json,
  leastRange,
  metricFile,
  picture,
  repeatable,
  wholes,
} from './options.js';
import { ofEach, pictureLines, printRuns, type Shown } from './print.js';

export function registerSweep(program: CommandUnknownOpts): void {
  const command = program
    .command('sweep <runs...>')
    .description(
      'evaluate a metric over a grid of its parameters, on smaller test sets and on fewer scales: scores and heat map',
    )
    .requiredOption('--metric <metric>', 'the metric; append parameters that are not swept, as in below:column=mse')
    .addOption(
      repeatable(
        '--over <key=values>',
        'a parameter and its values: k=1..20, c=0.01,0.02 or c=1e-4:1e-1:200:log; may be given twice',
      ),
    )
    .addOption(metricFile)
    .addOption(
      new Option(
        '--test-sizes <list>',
        'sizes of smaller test sets, such as 100,1000: the effect of resolution, at the last values of --over',
      ).argParser(wholes('--test-sizes')),
    )
    .addOption(
      new Option(
        '--keep-scales <list>',
        'numbers of scales to keep, such as 4,6: the effect of sparsity, at the last values of --over',
      ).argParser(wholes('--keep-scales', 2)),
    )
    .addOption(drawCount(200, 'number of draws of each test size', 10))
    .addOption(by)
    .addOption(leastRange('a curve'))
    .addOption(picture("sweep-METRIC in the run's folder").conflicts('csv'));
  addViewOptions(addPrintOptions(command))
    .addOption(json)
    .addOption(csv)
    .addHelpText(
      'after',
      examples(
        'sweep autoencoder-mnist --metric reconstruction --over c=1e-4:1e-1:200:log',
        'sweep lenet-mnist --metric subset-accuracy:k=20 --test-sizes 100,1000,10000 --keep-scales 3,5,8',
      ),
    )
    .action(async (runs, options) => {
      const { sweep } = await import('../library/sweep.js');
      if (options.csv === true && options.over === undefined)
        throw new UsageError('needs a grid of curves, but there is none', '--csv', 'give --over, or --json');
      const { figureOptionsOf } = await import('../report/figures/figure-options.js');
      const printed = figureOptionsOf(options);
      const found = await ofEach(runs, options, (run, listener) => sweep(run, { ...options, ...listener }));
      const drawn = options.csv === true ? [] : await drawSweeps(found, { output: options.output, printed });
      const shown: Shown[] = [];
      for (const [i, each] of found.entries()) shown.push(await shownSweep(each, drawn[i]));
      printRuns(shown, options);
    });
}

interface DrawnSweep {
  /** Paths of pictures. */
  readonly grid: readonly string[];
  readonly causes: readonly string[];
}

async function drawSweeps(
  found: readonly FamilySweep[],
  { output, printed }: { readonly output: string | undefined; readonly printed: FigureOptions },
): Promise<DrawnSweep[]> {
  const { fileNameOf } = await import('../datasets/index.js');
  const { causesFigure, sweepFigure } = await import('../report/figures/sweep.js');
  const { drawRunFigures, pathsOf, uniqueFiles } = await import('../report/figures/files.js');
  const { writeOutputs } = await import('../machine/files.js');
  const name = `sweep-${fileNameOf(firstOf(found).probe.name)}`;
  const runOf = ({ run }: FamilySweep) => run;
  const hasGrid = found.every(({ grid }) => grid !== undefined);
  const hasCauses = found.every(({ causes }) => causes !== undefined);
  const grids = hasGrid
    ? await drawRunFigures(found, {
        ...{ runOf, name, output, printed },
        figureOf: ({ grid, leastRange: least, run: { words } }, run) =>
          sweepFigure({ run, sweep: present(grid), leastRange: least, words }),
      })
    : [];
  const causes = hasCauses
    ? await drawRunFigures(found, {
        ...{ runOf, name: `${name}-causes`, output: output && `${output}-causes`, printed },
        figureOf: (each, run) => {
          const { metric, ...curves } = present(each.causes);
          return causesFigure({ run, metric: metric.title, ...curves });
        },
      })
    : [];
  await writeOutputs(uniqueFiles([...grids, ...causes]));
  const [gridPaths, causePaths] = [pathsOf(grids), pathsOf(causes)];
  return found.map((_, i) => ({ grid: gridPaths[i] ?? [], causes: causePaths[i] ?? [] }));
}

/** @param drawn undefined when a program reads the output */
async function shownSweep(
  { run, by: score, leastRange: least, grid, causes }: FamilySweep,
  drawn: DrawnSweep | undefined,
): Promise<Shown> {
  const { extremesText, sweepCsv } = await import('../report/tables/sweep.js');
  const { words } = run;
  const name = run.label;
  const shown: Shown = { run: name, words, text: '', json: { run: name } };
  if (grid === undefined) return causes === undefined ? shown : withCauses(shown, causes, drawn);
  if (drawn === undefined) return { ...shown, csv: sweepCsv(name, grid, words) };
  const { found, discoveries, ...sweep } = grid;
  const text = extremesText({ run: name, sweep: grid, found, by: score, leastRange: least, discoveries });
  const withGrid = {
    ...shown,
    text: [text, ...pictureLines(drawn.grid)].join('\n'),
    json: {
      ...{ run: name, scales: sweep.scales, axes: sweep.axes, points: sweep.points.map(plain), by: score },
      strongest: found === undefined ? null : plain(found.strongest),
      weakest: found === undefined ? null : plain(found.weakest),
      ...{ discoveries: discoveries ?? null, figures: drawn.grid },
    },
  };
  return causes === undefined ? withGrid : withCauses(withGrid, causes, drawn);
}

function plain<T extends { readonly metric: { readonly id: string } }>({ metric, ...rest }: T) {
  return { metric: metric.id, ...rest };
}

async function withCauses(shown: Shown, causes: Causes, drawn: DrawnSweep | undefined): Promise<Shown> {
  const { causesText } = await import('../report/tables/sweep.js');
  const { metric, testSizes, keptScales } = causes;
  const causesFigures = drawn?.causes ?? [];
  const text = [causesText({ metric: metric.title, testSizes, keptScales }), ...pictureLines(causesFigures)].join('\n');
  return {
    ...shown,
    text: shown.text === '' ? text : `${shown.text}\n${text}`,
    json: { ...shown.json, metric: metric.id, testSizes, keptScales, causesFigures },
  };
}
