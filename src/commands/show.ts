/** `emergence show`: draws the curves of one or more runs in the terminal. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { FamilyCurves } from '../library/curves.js';
import { firstOf, present, zip } from '../machine/present.js';
import { probesOf } from '../datasets/probes.js';
import { isImported } from '../runs/imported.js';
import { tunedWordsOf } from '../runs/tuned.js';
import { UsageError } from '../terminal/errors.js';
import { sizeOf } from '../terminal/size.js';
import { examples } from './examples.js';
import { addViewOptions, drawCount, json, metricFile, metricNames, whole } from './options.js';
import { ofEach, print, printRuns } from './print.js';
import { Option } from '@commander-js/extra-typings';

/**
 * The smallest size at which a plot with its axes is legible; a larger limit would be a mistake, and fill the memory.
 */
const cells = { least: { width: 40, height: 10 }, most: 1000 } as const;

export function registerShow(program: CommandUnknownOpts): void {
  const command = program
    .command('show <runs...>')
    .description("draw runs' curves in the terminal, with their scores")
    .addOption(metricNames('the standard and the induced one'))
    .addOption(metricFile);
  addViewOptions(command)
    .option('--linear', 'a linear horizontal axis instead of a logarithmic one')
    .addOption(
      new Option(
        '--width <cells>',
        "width of the drawing in characters (default: the terminal's; 80 without one)",
      ).argParser(whole('--width', cells.least.width, cells.most)),
    )
    .addOption(
      new Option('--height <cells>', 'height of each plot in lines (default: what fits the terminal)').argParser(
        whole('--height', cells.least.height, cells.most),
      ),
    )
    .option('--ascii', 'ASCII characters instead of braille')
    .addOption(drawCount(2000))
    .addOption(json)
    .addHelpText('after', examples('show lenet-mnist --metric accuracy --metric subset-accuracy:k=20 --axis width'))
    .action(async (runs, { metric, linear, ascii, width, height, ...options }) => {
      const { curvesOf } = await import('../library/curves.js');
      const found = await ofEach(runs, options, (run, listener) =>
        curvesOf(run, { ...options, ...listener, metrics: metric }),
      );
      if (options.json === true) {
        printRuns(
          found.map((each) => ({ run: each.run.label, words: each.run.words, text: '', json: plain(each) })),
          options,
        );
        return;
      }
      const { panelsOf, showText } = await import('../report/tables/show.js');
      const { samplingOf } = await import('../report/tables/sampling.js');
      const { usesColour } = await import('../terminal/colour.js');
      const [{ run }] = found as [FamilyCurves, ...FamilyCurves[]];
      const other = found.find(({ run: { words } }) => words.axis !== run.words.axis);
      if (other !== undefined)
        throw new UsageError(
          `has the axis ${other.run.words.axis}, but ${run.label} has ${run.words.axis}`,
          other.run.label,
          'show them one at a time',
        );
      const curves = found.flatMap(namedCurves);
      const { columns, rows } = sizeOf(process.stdout);
      const look = {
        width: width ?? Math.max(cells.least.width, columns),
        height: height ?? heightFor(rows, panelsOf(curves.map(({ curve }) => curve)).length),
        words: run.words,
        xScale: linear === true ? 'linear' : 'log',
        characters: ascii === true ? 'ascii' : 'braille',
        colour: usesColour(process.stdout),
      } as const;
      const samplings = found.map(({ run: { record, members } }) => samplingOf(record, firstOf(members).outcomes));
      const text = [...new Set(samplings.map((sampling) => sampling.text))].join('; ');
      const lines = new Set(found.flatMap((each) => [...probeLine(each), ...tunedLine(each)]));
      print([showText(curves, look, { ...firstOf(samplings), text }), ...lines].join('\n'));
    });
}

/** With the name of the run in the title if there are several, or the factor's value if one run has several curves. */
function namedCurves({ run, curves }: FamilyCurves, _: number, all: readonly FamilyCurves[]): FamilyCurves['curves'] {
  if (all.length === 1) return curves;
  const isOneRun = all.every((each) => each.run.folder === run.folder);
  return curves.map(({ curve, ...about }) => {
    const title = `${isOneRun ? present(run.curve).name : run.label}: ${curve.metric.title}`;
    return { ...about, curve: { ...curve, metric: { ...curve.metric, title } } };
  });
}

/** Which further outcomes a run has. */
function probeLine({ run: { record } }: FamilyCurves): string[] {
  if (isImported(record) || record.experiment.probe === undefined) return [];
  const names = probesOf(record.experiment.probe).join(', ');
  return [
    `Probes of ${record.name} (--probe NAME): ${names}${record.probe === undefined ? '' : `; shown: ${record.probe}`}.`,
  ];
}

/** The tuned values of the members shown. */
function tunedLine({ run: { record, members } }: FamilyCurves): string[] {
  const tuned = tunedWordsOf(members.map((member) => member.record));
  return tuned === undefined ? [] : [`${record.name}: ${tuned.text}${tuned.edge}.`];
}

/** Room for the scores below; a lower plot is hard to read, and the terminal scrolls instead. */
function heightFor(rows: number, panels: number): number {
  return Math.min(24, Math.max(15, Math.floor((rows - 6) / panels)));
}

/** Without the draws. */
function plain({ run, curves }: FamilyCurves) {
  return {
    ...{ run: run.label, axis: run.words.isCoordinate ? run.words.scale : 'parameters' },
    curves: curves.map(({ curve: { metric, scales, values }, rule, scores }) => ({
      ...{ metric: metric.id, rule },
      range: Math.max(...values) - Math.min(...values),
      points: zip(scales, values).map(([{ width, parameters }, value]) => ({ width, parameters, value })),
      scores,
    })),
  };
}
