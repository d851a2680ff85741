/** `emergence predict`: a trained member's predictions for image files. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ImagePrediction } from '../library/predict.js';
import { firstOf } from '../machine/present.js';
import { examples } from './examples.js';
import { force, json, whole } from './options.js';
import { printJson, terminal } from './print.js';

export function registerPredict(program: CommandUnknownOpts): void {
  program
    .command('predict <member> <images...>')
    .description(
      'classify image files with a member, RUN/MEMBER, and show the probabilities; an autoencoder reports how well it reconstructs them; a transformer takes them as one sequence',
    )
    .option('--invert', 'read images as negatives, such as a dark digit on a white page for mnist')
    .addOption(
      new Option('--top <n>', 'classes listed for each image (default: 3, with --json all)').argParser(whole('--top')),
    )
    .addOption(
      new Option(
        '--labels <list>',
        'transformers: the class of each image but the last, by name or number, comma-separated',
      ).argParser((text: string) => text.split(',').map((part) => part.trim())),
    )
    .option('--output <folder>', 'autoencoders: write the reconstructions to this folder, one PNG each')
    .addOption(force)
    .addOption(json)
    .addHelpText(
      'after',
      examples(
        'predict lenet-mnist/cnn-w16-s0 digit.png',
        'predict lenet-mnist/cnn-w16-s0 scans/*.jpg --invert --json',
      ),
    )
    .action(async (member, images, options) => {
      const { predict } = await import('../library/predict.js');
      const found = await predict(member, images, { ...options, note: terminal.note });
      if (options.json === true) {
        printJson(found);
        return;
      }
      const { textTable } = await import('../report/tables/text-table.js');
      const { heading, lines } = tableOf(found.images, options.top ?? 3);
      console.log(textTable(heading, lines, heading));
    });
}

/** One line per image. */
function tableOf(
  images: readonly ImagePrediction[],
  top: number,
): { readonly heading: readonly string[]; readonly lines: readonly string[][] } {
  const lines = images.map((each) => {
    if ('mse' in each)
      return [
        each.image,
        each.mse.toPrecision(3),
        `${each.psnr.toFixed(1)} dB`,
        ...(each.file === undefined ? [] : [each.file]),
      ];
    const likeliest = firstOf(each.classes);
    const shown = each.classes
      .slice(1, top)
      .map(({ name, chance }) => `${name} ${percent(chance)}`)
      .join(', ');
    return [
      each.image,
      ...(sequenceOf(images) ? [each.label ?? ''] : []),
      likeliest.name,
      percent(likeliest.chance),
      shown,
    ];
  });
  const [first] = images;
  if (first !== undefined && 'mse' in first)
    return { heading: ['image', 'mse', 'psnr', ...(first.file === undefined ? [] : ['reconstruction'])], lines };
  const label = sequenceOf(images) ? ['label'] : [];
  return { heading: ['image', ...label, 'class', 'chance', 'next'], lines };
}

function sequenceOf(images: readonly ImagePrediction[]): boolean {
  return images.some((each) => 'classes' in each && each.label !== undefined);
}

/** `99.8 %`; an uncertain prediction is not shown as 100. */
function percent(chance: number): string {
  const shown = (100 * chance).toFixed(1);
  return shown === '100.0' && chance < 1 ? '>99.9 %' : `${shown} %`;
}
