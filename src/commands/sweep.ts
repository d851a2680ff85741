/** `emergence sweep`: a metric over a grid of its parameters, test sizes and scales. */
import type { Command } from 'commander';
import type { ScoreName } from '../analysis/scores.js';
import type { GridPoint, ResampledCurve, Sweep } from '../analysis/sweep.js';
import type { RegisteredMetric } from '../metrics/index.js';
import type { LoadedRun } from '../runs/load.js';
import { figureOptionsOf, type FigureOptions } from '../report/figures/print.js';
import { UsageError } from '../terminal/errors.js';
import {
  assertSeveralWidths,
  addMetricFile,
  axisOption,
  collect,
  jsonOf,
  openNamed,
  printOptions,
  pictureLines,
  readRun,
  leastRangeOf,
  refuseImpossible,
  registryOf,
  scoreOf,
  textOf,
  textsOf,
  wholeNumber,
  wholeNumbers,
  type Raw,
} from './runs.js';
import { examples } from './examples.js';

export function registerSweep(program: Command): void {
  addMetricFile(
    program
      .command('sweep <runs...>')
      .description(
        'a metric over a grid of its parameters, over smaller test sets and over fewer scales: scores and heat map',
      )
      .requiredOption(
        '--metric <name>',
        'the metric; give parameters that are not swept after it, as in below:column=mse',
      )
      .option(
        '--over <key=values>',
        'a parameter: k=1..20, c=0.01,0.02 or c=1e-4:1e-1:200:log; may be given twice',
        collect,
      ),
  )
    .option(
      '--test-sizes <list>',
      'test examples to draw, such as 100,1000: the effect of resolution, at the last values of --over',
    )
    .option(
      '--keep-scales <list>',
      'numbers of scales to keep, such as 4,6: the effect of sparsity, at the last values of --over',
    )
    .option('--draws <n>', 'draws of each test size (default: 200)')
    .option(
      '--by <score>',
      'the score that says where emergence is strongest: jump, ramp, emergence, ... (default: bow)',
    )
    .option('--least-range <x>', 'smallest movement of a curve whose score counts (default: 0.1)')
    .option('--output <stem>', "the pictures' path without .svg and so on (default: sweep-METRIC in the run's folder)")
    .option(...axisOption)
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'everything, as JSON on stdout')
    .option('--csv', 'every curve of the grid, as comma-separated values on stdout')
    .addHelpText(
      'after',
      examples(
        'sweep autoencoder-mnist --metric reconstruction --over c=1e-4:1e-1:200:log',
        'sweep lenet-mnist --metric subset-accuracy:k=20 --test-sizes 100,1000,10000 --keep-scales 3,5,8',
      ),
    )
    .action(async (names: string[], raw: Raw) => {
      const sweeps: Request[] = [];
      for (const name of names) sweeps.push(await prepare(name, raw, { first: name === names[0], of: names.length }));
      const folders = sweeps.map(({ run }) => run.folder);
      const twice = names.find((_, i) => folders.indexOf(folders[i]!) < i);
      if (twice !== undefined) throw new UsageError('is given twice', twice, 'give each run once');
      const scales = new Set(sweeps.map(({ run }) => run.words.axis));
      if (raw['csv'] === true && scales.size > 1)
        throw new UsageError(
          `the runs are drawn over ${[...scales].join(' and ')}`,
          '--csv',
          'sweep one after the other',
        );
      const results: unknown[] = [];
      for (const sweep of sweeps) results.push(await sweepRun(sweep));
      if (raw['json'] !== true) return;
      // Each in its own words, then all in one list.
      const texts = results.map((result, i) => jsonOf(result, { words: sweeps[i]!.run.words }));
      console.log(texts.length === 1 ? texts[0] : jsonOf(texts.map((text) => JSON.parse(text) as unknown)));
    });
}

const mostCurves = 100_000;

interface Place {
  readonly first: boolean;
  readonly of: number;
}

/** Reads the run, and refuses what can't be swept before anything is written. */
async function prepare(name: string, raw: Raw, place: Place): Promise<Request> {
  const path = await import('node:path');
  const { parseAxis } = await import('../analysis/axis-text.js');
  const { choose, splitMetric } = await import('../metrics/index.js');
  const { fileNameOf } = await import('../datasets/index.js');
  const printed = figureOptionsOf(raw);
  const open = await openNamed(name, textOf(raw, 'axis'));
  const registry = await registryOf(raw, open);
  const { metric, parameters } = splitMetric(textOf(raw, 'metric') ?? '', '--metric', registry);
  const axes = textsOf(raw, 'over').map((text) => parseAxis(text));
  const [by, leastRange] = [await scoreOf(raw), leastRangeOf(raw)];
  const sizes = listOf(textOf(raw, 'testSizes'), '--test-sizes', 1);
  const kept = listOf(textOf(raw, 'keepScales'), '--keep-scales', 2);
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', 200, 10);
  checkAxes(metric, parameters, axes, sizes.length + kept.length > 0);
  checkOutput(raw, axes, place);
  const start = Object.fromEntries(axes.map(({ key, values }) => [key, values.at(-1)]));
  for (const { key, values } of axes)
    for (const value of values) choose(metric, { ...parameters, ...start, [key]: value }, '--over');
  const probe = choose(metric, { ...parameters, ...start }, axes.length > 0 ? '--over' : '--metric');
  await refuseImpossible(open, [probe], registry);
  const run = await readRun(open, probe.needs);
  assertSeveralWidths(run, name);
  checkCauses({ run, probe, sizes, kept });
  const stem = textOf(raw, 'output') ?? path.join(run.folder, `sweep-${fileNameOf(probe.name)}`);
  return { run, metric, parameters, axes, by, leastRange, stem, printed, place, raw, sizes, kept, draws, probe };
}

async function sweepRun(request: Request): Promise<unknown> {
  const grid = request.axes.length > 0 ? await sweepGrid(request) : undefined;
  const causes = request.sizes.length + request.kept.length > 0 ? await sweepCauses(request) : undefined;
  return { run: request.run.record.name, ...grid, ...causes };
}

function listOf(text: string | undefined, flag: string, least: number): number[] {
  return text === undefined ? [] : wholeNumbers(text, flag, least);
}

function checkAxes(
  { name, parameters: { shape } }: RegisteredMetric,
  given: Readonly<Record<string, unknown>>,
  axes: Sweep['axes'],
  hasCauses: boolean,
): void {
  const known = Object.keys(shape);
  const wrong = axes.find(({ key }) => !known.includes(key));
  if (wrong !== undefined)
    throw new UsageError(
      `"${wrong.key}" is not a parameter of ${name}`,
      '--over',
      `known: ${known.join(', ') || 'none'}`,
    );
  if (axes.length > 2) throw new UsageError(`${axes.length} parameters at once`, '--over', 'give one or two');
  const twice = axes.find(({ key }, i) => key in given || axes.findIndex((axis) => axis.key === key) < i);
  if (twice !== undefined) throw new UsageError(`${twice.key} is given twice`, '--over', 'give it once');
  if (axes.length === 0 && !hasCauses)
    throw new UsageError('nothing is swept', '--over', 'give --over, --test-sizes or --keep-scales');
  const missing = known.find((key) => !(key in given) && !axes.some((axis) => axis.key === key));
  if (missing !== undefined)
    throw new UsageError(
      `${name} lacks ${missing}`,
      '--metric',
      missing === 'column'
        ? `write ${name}:column=mse, say`
        : `sweep it with --over ${missing}=..., or write ${name}:${missing}=...`,
    );
}

function checkOutput(raw: Raw, axes: Sweep['axes'], { of }: Place): void {
  if (axes.reduce((product, { values }) => product * values.length, 1) > mostCurves)
    throw new UsageError(
      `${axes.map(({ values }) => values.length).join(' x ')} curves are more than ${mostCurves}`,
      '--over',
      'give fewer values',
    );
  const csv = raw['csv'] === true;
  if (csv && raw['json'] === true) throw new UsageError('both write to stdout', '--csv and --json', 'give one of them');
  if (csv && axes.length === 0)
    throw new UsageError('has the curves of a grid, and there is none', '--csv', 'give --over, or --json');
  if (textOf(raw, 'output') === undefined) return;
  if (of > 1) throw new UsageError('one path for several runs', '--output', 'leave it out, or sweep one run');
  if (csv) throw new UsageError('is of pictures, and --csv draws none', '--output', 'leave one of them out');
}

interface Request {
  readonly run: LoadedRun;
  readonly metric: RegisteredMetric;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly axes: Sweep['axes'];
  readonly by: ScoreName;
  readonly leastRange: number;
  readonly stem: string;
  readonly printed: FigureOptions;
  readonly place: Place;
  readonly raw: Raw;
  readonly sizes: readonly number[];
  readonly kept: readonly number[];
  readonly draws: number;
  /** The metric at the last value of each axis: the curve whose other causes are looked for. */
  readonly probe: ReturnType<RegisteredMetric['from']>;
}

async function sweepGrid({
  run,
  metric,
  parameters,
  axes,
  by,
  leastRange,
  stem,
  printed,
  place,
  raw,
}: Request): Promise<object> {
  const { discoveriesOf, mostTested } = await import('../analysis/discoveries.js');
  const { flatness } = await import('../analysis/evaluate.js');
  const { extremes, sweep } = await import('../analysis/sweep.js');
  const { extremesText, sweepCsv } = await import('../report/sweeps.js');
  const { sweepFigure } = await import('../report/figures/sweep.js');
  const { writeFigure } = await import('../report/files.js');
  const result = sweep({ metric, parameters, axes, members: run.members });
  const found = extremes(result.points, by, leastRange);
  const moving = result.points.filter(({ range, scores }) => range >= leastRange && scores.emergence > 0);
  const discoveries =
    moving.length > mostTested
      ? undefined
      : discoveriesOf(
          moving.map(({ metric: each }) => each),
          run.members,
          by,
        );
  if (found === undefined) {
    for (const { metric: one, values } of [result.points[0]!, result.points.at(-1)!]) {
      const odd = flatness({ metric: one, members: Array.from(values, (value) => ({ value })) }, run.members);
      if (odd !== undefined) console.error(`note: ${odd}`);
    }
  }
  const csv = raw['csv'] === true;
  if (csv) process.stdout.write(sweepCsv(run.record.name, result, { withHeading: place.first, words: run.words }));
  const figure = sweepFigure({ run: run.record.name, sweep: result, leastRange, words: run.words });
  const figures = csv ? [] : await writeFigure(stem, figure, printed);
  if (!csv && raw['json'] !== true)
    console.log(
      [
        extremesText({ run: run.record.name, sweep: result, found, by, leastRange, discoveries }),
        ...pictureLines(figures),
      ].join('\n'),
    );
  const plain = ({ metric: { id }, ...rest }: GridPoint) => ({ metric: id, ...rest });
  return {
    scales: result.scales,
    axes: result.axes,
    points: result.points.map(plain),
    by,
    strongest: found === undefined ? null : plain(found.strongest),
    weakest: found === undefined ? null : plain(found.weakest),
    discoveries: discoveries ?? null,
    figures,
  };
}

function checkCauses({
  run: { members },
  probe,
  sizes,
  kept,
}: Pick<Request, 'run' | 'probe' | 'sizes' | 'kept'>): void {
  const { count } = probe.weighted(members[0]!.outcomes);
  const tooMany = sizes.find((size) => size > count);
  if (tooMany !== undefined)
    throw new UsageError(
      `${tooMany} is more than the ${count} of the test set`,
      '--test-sizes',
      `give at most ${count}`,
    );
  const refused = sizes.map((size) => probe.refuses(size)).find((text) => text !== undefined);
  if (refused !== undefined) throw new UsageError(refused, '--test-sizes');
  const scales = new Set(members.map(({ record }) => record.width)).size;
  const tooWide = kept.find((size) => size > scales);
  if (tooWide !== undefined)
    throw new UsageError(
      `${tooWide} is more than the ${scales} scales of the run`,
      '--keep-scales',
      `give at most ${scales}`,
    );
}

async function sweepCauses({ run, probe, sizes, kept, draws, stem, printed, raw }: Request): Promise<object> {
  const { sweepScales, sweepTestSizes } = await import('../analysis/sweep.js');
  const { causesText } = await import('../report/sweeps.js');
  const { causesFigure } = await import('../report/figures/sweep.js');
  const { writeFigure } = await import('../report/files.js');
  const { members } = run;
  const testSizes: ResampledCurve[] = sweepTestSizes({ metric: probe, members, sizes, draws });
  const keptScales: ResampledCurve[] = sweepScales({ metric: probe, members, sizes: kept });
  const figures = await writeFigure(
    `${stem}-causes`,
    causesFigure({ run: run.record.name, metric: probe.title, testSizes, keptScales }),
    printed,
  );
  if (raw['json'] !== true && raw['csv'] !== true)
    console.log([causesText({ metric: probe.title, testSizes, keptScales }), ...pictureLines(figures)].join('\n'));
  return { metric: probe.id, testSizes, keptScales, causesFigures: figures };
}
