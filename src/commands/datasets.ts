/** `emergence datasets`: list them, download some, preview one. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { styleText } from 'node:util';
import type { DatasetStatus } from '../datasets/list.js';
import type { RawOptions } from '../experiment/option-values.js';
import { addDatasetOptions, parseDatasetOptions } from '../experiment/options.js';
import { firstOf } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { formatBytes } from '../terminal/format.js';
import { figureFormats, figureOptionsOf, type FigureFormat } from '../report/figures/figure-options.js';
import { examples } from './examples.js';
import { json, size, style, title } from './options.js';
import { print, printJson } from './print.js';
import { printable } from '../terminal/printable.js';

export function registerDatasets(program: CommandUnknownOpts): void {
  const group = program
    .command('datasets')
    .description('list, download and preview datasets')
    .helpCommand(false)
    .addHelpText('after', examples('datasets list'));
  addDatasetOptions(
    group.command('list').description('list the datasets: installed or not, size, licence and citation'),
    ['dataDir'],
  )
    .addOption(json)
    .addHelpText('after', examples('datasets list'))
    .action(list);
  addDatasetOptions(
    group
      .command('fetch <names...>')
      .description('download datasets into the data folder, or verify those already there'),
    ['dataDir'],
  )
    .addHelpText('after', examples('datasets fetch fashion-mnist cifar10'))
    .action(async (names: string[], raw: RawOptions) => {
      process.exitCode = await fetchAll(names, raw);
    });
  addDatasetOptions(group.command('preview <name>').description('draw some images of each class'), [
    'imageSize',
    'colour',
    'dataDir',
  ])
    .option('--output <file>', 'the picture: .png, .svg or .pdf (default: reports/preview-NAME.png)')
    .addOption(size)
    .addOption(title)
    .addOption(style)
    .addOption(json)
    .addHelpText('after', examples('datasets preview omniglot-small'))
    .action(preview);
}

async function list(raw: RawOptions): Promise<void> {
  const { listDatasets } = await import('../library/lists.js');
  const datasets = await listDatasets(parseDatasetOptions(raw));
  if (raw['json'] === true) printJson({ datasets });
  else print(datasets.map(paragraph).join('\n\n'));
}

/** Absolute. */
async function dataDirOf(raw: RawOptions): Promise<string> {
  const path = await import('node:path');
  const { dataFolder } = await import('../machine/folders.js');
  return path.resolve(parseDatasetOptions(raw).dataDir ?? dataFolder());
}

function paragraph(status: DatasetStatus): string {
  const { name, summary, here, fault, remedy, folder, sizeBytes, licence, citation } = status;
  const sign = here === null ? ' ' : here ? styleText('green', '✓') : styleText('yellow', '-');
  return [
    `${sign} ${styleText('bold', name)}: ${summary}`,
    ...(fault === null ? [] : [`    problem   ${fault}; run: ${remedy ?? ''}`]),
    ...(folder === null ? [] : [`    files     ${printable(folder)}, ${formatBytes(sizeBytes ?? 0)}`]),
    `    licence   ${licence}`,
    `    citation  ${citation}`,
  ].join('\n');
}

/** Exit code: 130 after Ctrl-C, 143 after SIGTERM. */
async function fetchAll(names: readonly string[], raw: RawOptions): Promise<number> {
  const { fetchDatasets } = await import('../datasets/download.js');
  const { stopOnSignals } = await import('../terminal/signals.js');
  const stop = stopOnSignals();
  try {
    await fetchDatasets(names, await dataDirOf(raw), {
      signal: stop.signal,
      onProgress: (line) => {
        console.error(line);
      },
    });
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error('stopped; run the same command again to resume');
    return stop.exitCode();
  } finally {
    stop.release();
  }
}

/** Of a file by its ending; a device gets a PNG. */
function pictureFormat(file: string): FigureFormat {
  const ending = file.startsWith('/dev/') ? 'png' : /\.(\w+)$/.exec(file)?.[1]?.toLowerCase();
  const format = figureFormats.find((each) => each === ending);
  if (format !== undefined) return format;
  throw new UsageError(`"${file}" does not end in .png, .svg or .pdf`, '--output', 'name a picture');
}

async function preview(name: string, raw: RawOptions): Promise<void> {
  const { fileNameOf, loadDataset, parseDatasetName } = await import('../datasets/index.js');
  const { createFolder, writeOutput } = await import('../machine/files.js');
  const { rendered } = await import('../report/figures/render.js');
  const { countByClass, classTable, previewSvg } = await import('../report/preview.js');
  parseDatasetName(name, 'preview');
  const output = typeof raw['output'] === 'string' ? raw['output'] : `reports/preview-${fileNameOf(name)}.png`;
  const printed = { ...figureOptionsOf(raw), formats: [pictureFormat(output)] };
  const data = await loadDataset(name, { ...parseDatasetOptions(raw), dataDir: await dataDirOf(raw) });
  for (const line of data.notes) console.error(line);
  // Line by line: a message is one line, and a break in it would be escaped.
  if (raw['json'] !== true) for (const line of classTable(data).split('\n')) console.error(line);
  const [, picture] = firstOf(await rendered(await previewSvg(data, printed), printed));
  if (raw['output'] === undefined) await createFolder('reports');
  await writeOutput(output, picture);
  // Only the picture is written to a device.
  if (raw['json'] === true) printJson({ dataset: name, file: output, classes: countByClass(data) });
  else if (!output.startsWith('/dev/')) console.log(printable(output));
}
