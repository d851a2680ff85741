/** `emergence show`: a run's curves, drawn in the terminal. */
import type { Command } from 'commander';
import type { ScaleName } from '../analysis/curves.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import {
  assertSeveralWidths,
  addMetricFile,
  collect,
  metricsOf,
  openNamed,
  readRun,
  refuseImpossible,
  registryOf,
  root,
  textOf,
  textsOf,
  wholeNumber,
  type Raw,
} from './runs.js';
import { examples } from './examples.js';

export function registerShow(program: Command): void {
  addMetricFile(
    program
      .command('show <run>')
      .description("draw a run's curves in the terminal, with their scores")
      .option(
        '--metric <name>',
        'a metric, such as subset-accuracy:k=5; may be given again (default: the standard and the induced one)',
        collect,
      ),
  )
    .option(
      '--axis <name>',
      'horizontal axis: width, parameters or flops; of imported members any of their coordinates (default: parameters, or what the run names)',
    )
    .option('--linear', 'a linear horizontal axis instead of a logarithmic one')
    .option('--width <cells>', "the drawing's width (default: the terminal's, 80 elsewhere)")
    .option('--height <cells>', "the height of each plot (default: what fits the terminal's)")
    .option('--ascii', 'ASCII characters instead of braille')
    .option('--draws <n>', 'bootstrap draws (default: 2000)')
    .addHelpText('after', examples('show lenet-mnist --metric accuracy --metric subset-accuracy:k=20 --axis width'))
    .action(show);
}

const axes: readonly ScaleName[] = ['width', 'parameters', 'flops'];
/** More would be a mistake, and fill the memory. */
const mostCells = 1000;

async function show(name: string, raw: Raw): Promise<void> {
  const { sampleCurve, scoreCurve } = await import('../analysis/curves.js');
  const { defaultColumnsOf, defaultMetrics } = await import('../analysis/defaults.js');
  const { leastPlot } = await import('../report/plot.js');
  const { panelsOf, showText } = await import('../report/show.js');
  const { samplingOf } = await import('../report/sampling.js');
  const { sizeOf } = await import('../terminal/size.js');
  const { usesColour } = await import('../terminal/colour.js');

  const terminal = sizeOf(process.stdout);
  const width =
    cellsOf(textOf(raw, 'width'), '--width', leastPlot.width) ?? Math.max(leastPlot.width, terminal.columns);
  const height = cellsOf(textOf(raw, 'height'), '--height', leastPlot.height);
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', 2000, 100);
  const { open, axis } = await openOver(name, textOf(raw, 'axis'));
  const registry = await registryOf(raw, open);
  const asked = await metricsOf(textsOf(raw, 'metric'), registry);
  await refuseImpossible(open, asked, registry);
  const run = await readRun(open, asked.length > 0 ? asked.flatMap(({ needs }) => needs) : defaultColumnsOf(open));
  assertSeveralWidths(run, name);
  const usual = defaultMetrics(run.record, run.members.at(-1)!.outcomes);
  const metrics = asked.length > 0 ? asked : [usual.standard, usual.induced];
  const shown = metrics.map((metric) => {
    const curve = sampleCurve(metric, run.members, { draws });
    return { curve, scores: scoreCurve(curve, axis) };
  });
  const panels = panelsOf(shown.map(({ curve }) => curve)).length;
  const look = {
    axis,
    width,
    height: height ?? heightFor(terminal.rows, panels),
    words: run.words,
    xScale: raw['linear'] === true ? 'linear' : 'log',
    characters: raw['ascii'] === true ? 'ascii' : 'braille',
    colour: usesColour(process.stdout),
  } as const;
  console.log(showText(shown, look, samplingOf(run.record, run.members[0]!.outcomes)));
}

/** Room for the scores below; a plot that is lower than this is read badly, and the terminal scrolls instead. */
function heightFor(rows: number, panels: number): number {
  return Math.min(24, Math.max(15, Math.floor((rows - 6) / panels)));
}

/** Which numbers are on the axis: a trained family's own, or the coordinate that imported members are placed by. */
async function openOver(name: string, text: string | undefined) {
  const { isImported } = await import('../runs/imported.js');
  const { locateRun } = await import('../runs/locate.js');
  const { readAnyRun } = await import('../runs/run.js');
  const record = await readAnyRun(await locateRun(name, root));
  if (record !== undefined && isImported(record))
    return { open: await openNamed(name, text), axis: 'parameters' as const };
  const axis = axisOf(text);
  return { open: await openNamed(name), axis };
}

function axisOf(text: string | undefined): ScaleName {
  const axis = axes.find((each) => each === (text ?? 'parameters'));
  if (axis !== undefined) return axis;
  throw new UsageError(`"${text ?? ''}" is not an axis`, '--axis', suggestion(text ?? '', axes));
}

function cellsOf(text: string | undefined, flag: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  const cells = wholeNumber(text, flag, least, least);
  if (cells > mostCells) throw new UsageError(`${cells} is more than ${mostCells}`, flag);
  return cells;
}
