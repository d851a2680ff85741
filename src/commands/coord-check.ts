/** `emergence coord-check`: whether the outputs of layers keep their size as an architecture becomes wider. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { addCheckOptions, checkDefaults, parseCheckOptions } from '../experiment/options.js';
import { createFolder } from '../machine/files.js';
import { examples } from './examples.js';
import { addPrintOptions, json, picture, wholes } from './options.js';
import { pictureLines, print, printJson, terminal } from './print.js';
import { figureOptionsOf } from '../report/figures/figure-options.js';

export function registerCoordCheck(program: CommandUnknownOpts): void {
  const command = addCheckOptions(
    program
      .command('coord-check')
      .description(
        "train an architecture briefly at widths 8 to 512, with the standard parametrization and with muP, and fit how each layer's activations grow with the width",
      ),
  )
    .addOption(
      new Option(
        '--after <list>',
        `training steps after which layers are measured (default: ${checkDefaults.after.join(',')})`,
      ).argParser(wholes('--after')),
    )
    .addOption(picture('coord-check-ARCH in reports/'));
  addPrintOptions(command)
    .addOption(json)
    .addHelpText(
      'after',
      examples('coord-check --arch cnn --dataset shapes --image-size 16 --widths 8,32,128 --after 5'),
    )
    .action(async (raw: Readonly<Record<string, unknown>>) => {
      const { coordCheck } = await import('../library/coord-check.js');
      const { coordCheckTable } = await import('../report/tables/coord-check.js');
      const { coordCheckFigure } = await import('../report/figures/coord-check.js');
      const { writeFigure } = await import('../report/figures/files.js');
      const printed = figureOptionsOf(raw);
      const asked = parseCheckOptions(raw);
      const found = await coordCheck({
        ...asked,
        after: raw['after'] as number[] | undefined,
        note: terminal.note,
      });
      const { arch, dataset, optimizer, learningRate, baseWidth } = found;
      const name = `${arch} on ${dataset}, ${optimizer} at ${learningRate}, base width ${baseWidth}`;
      const stem = typeof raw['output'] === 'string' ? raw['output'] : `reports/coord-check-${arch}`;
      if (raw['output'] === undefined) await createFolder('reports');
      const figures = await writeFigure(stem, coordCheckFigure(name, found.layers), printed);
      if (raw['json'] === true) {
        printJson({ ...found, figures });
        return;
      }
      print([name, '', coordCheckTable(found.layers), '', ...pictureLines(figures)].join('\n'));
    });
}
