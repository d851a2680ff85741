/** `emergence import`: makes a run from the outcomes of models that were trained and scored elsewhere. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { tableColumns, usualCoordinates } from '../import/columns.js';
import type { ImportFormats, ImportOptions } from '../library/import.js';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import { json, repeatable, whole } from './options.js';
import { print, printJson, terminal, type Forms } from './print.js';

interface Format {
  readonly usage: string;
  readonly description: string;
  readonly options: readonly Option[];
  readonly examples: readonly string[];
}

const correct = (usual: string) =>
  new Option('--correct <metric>', `the metric that says whether an answer is right (default: ${usual})`);
const score = new Option('--score <metric>', 'another numeric metric to keep, higher is better');

function wideOf(text: string): 'correct' | 'predicted' {
  if (text === 'correct' || text === 'predicted') return text;
  throw new UsageError(`"${text}" is not a kind of wide column`, '--wide', 'give correct or predicted');
}

const formats: Readonly<Record<keyof ImportFormats, Format>> = {
  table: {
    usage: '<files...>',
    description: 'CSV, JSON lines or Parquet: one row per model and example, or one column per model',
    options: [
      ...Object.entries(tableColumns).map(
        ([key, { description }]) =>
          new Option(`--${key.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)} <column>`, description),
      ),
      new Option(
        '--coordinates <list>',
        `columns that describe the model in numbers (default: whichever of ${usualCoordinates.join(', ')} are present)`,
      ),
      new Option(
        '--label-from <what>',
        'where the true classes come from: folder (the example is a path, the folder is its class), name (its file name up to the first _), or a file with the columns example and label',
      ),
      new Option(
        '--wide <what>',
        'every remaining column is a model; its values are correct (0 or 1) or predicted (a class)',
      ).argParser(wideOf),
    ],
    examples: [
      'import table outcomes.csv --run my-models --scale params.csv',
      'import table resnet18.parquet resnet50.parquet --run resnets --example image --label target --predicted top1',
    ],
  },
  timm: {
    usage: '<files...>',
    description: 'per-image tables of inference.py of timm (csv, json, parquet), one per model',
    options: [
      new Option(
        '--label-from <what>',
        'where the true classes come from: folder (inference.py --fullname), name (the file name up to the first _), or a file with the columns example and label',
      ),
      new Option('--example <column>', 'name of the image (default: filename)'),
      new Option('--predicted <column>', 'the most probable class (default: label, else index)'),
      new Option('--confidence <column>', 'its probability (default: prob)'),
    ],
    examples: ['import timm results/*.csv --run timm --label-from folder --scale results-imagenet.csv'],
  },
  logits: {
    usage: '<files...>',
    description: 'matrices of logits, [examples, classes], in .npy, .npz or .safetensors: one per model',
    options: [
      new Option(
        '--labels <file>',
        'the true classes: an array, or a table with a column label (default: the array named labels in the same file)',
      ),
      new Option('--probabilities', 'rows are probabilities, not logits'),
    ],
    examples: ['import logits resnet18.npy resnet50.npy --labels labels.npy --run resnets --scale params.csv'],
  },
  'lm-eval': {
    usage: '<paths...>',
    description: 'folders of lm-evaluation-harness: samples_*.jsonl (--log_samples) beside results_*.json',
    options: [
      repeatable('--task <name>', 'the task, * matches anything; may be given again (default: the only one)'),
      new Option('--filter <name>', 'which answer filter, such as strict-match (default: the only one)'),
      correct('acc or exact_match'),
      score,
    ],
    examples: ['import lm-eval results/ --run pythia --task hellaswag'],
  },
  helm: {
    usage: '<paths...>',
    description: 'HELM: run folders, each with per_instance_stats.json, run_spec.json and stats.json',
    options: [new Option('--split <name>', 'such as test (default: the only one)'), correct('exact_match'), score],
    examples: ['import helm benchmark_output/runs/latest --run helm --split test --scale params.csv'],
  },
  inspect: {
    usage: '<paths...>',
    description: 'Inspect (inspect_ai): .eval and .json logs, or folders of them',
    options: [
      new Option('--task <name>', 'the task (default: the only one)'),
      new Option('--scorer <name>', 'the scorer that says whether an answer is right (default: the only one)'),
    ],
    examples: ['import inspect logs/ --run arc --task inspect_evals/arc_easy --scale params.csv'],
  },
  'every-eval-ever': {
    usage: '<paths...>',
    description: 'instance-level results of the Every Eval Ever schema: .jsonl files, or folders of them',
    options: [new Option('--evaluation <name>', 'the evaluation (default: the only one)')],
    examples: ['import every-eval-ever data/ --run eee --scale params.csv'],
  },
};

export function registerImport(program: CommandUnknownOpts): void {
  const group = program
    .command('import')
    .description('make a run from the per-example outcomes of models that were trained and tested elsewhere')
    .helpCommand(false)
    .addHelpText('after', examples('import table outcomes.csv --run my-models --scale params.csv'));
  for (const [name, format] of Object.entries(formats) as [keyof ImportFormats, Format][]) {
    const command = group.command(`${name} ${format.usage}`).description(format.description);
    for (const option of format.options) command.addOption(option);
    command
      .requiredOption('--run <name>', "the run's name, a folder under checkpoints/")
      .option(
        '--scale <file>',
        'a table with the sizes of the models: the columns model, parameters, flops, tokens, ...',
      )
      .option(
        '--axis <coordinate>',
        'the coordinate on the horizontal axis (default: parameters, else the first that differs)',
      )
      .option('--test-set <name>', "the test set's name (default: taken from the files)")
      .addOption(
        new Option('--classes <n>', 'number of classes or choices of every example, if the files do not say').argParser(
          whole('--classes', 2),
        ),
      )
      .option('--add', 'add the models to the imported run of this name: on its examples, with its columns')
      .option('--strict', 'reject examples that some models are missing, instead of leaving them out')
      .addOption(json)
      .addHelpText('after', examples(...format.examples))
      // What a format takes is made of the table above.
      .action((paths, options: unknown) => importAs(name, [paths].flat(), options as ImportOptions & Forms));
  }
}

async function importAs(
  format: keyof ImportFormats,
  paths: readonly string[],
  { json: isJson, ...options }: ImportOptions & Forms,
): Promise<void> {
  const { importOutcomes } = await import('../library/import.js');
  const { importedText } = await import('../report/tables/import.js');
  const { folder, record, members, notes } = await importOutcomes(format, paths, { ...options, note: terminal.note });
  const { name, axis, dataset } = record;
  if (isJson === true) printJson({ run: name, folder, axis, members: record.members, dataset, notes });
  else print(importedText(folder, record, members));
}
