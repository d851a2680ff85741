/** `emergence import`: outcomes of models that were trained and scored elsewhere, as a run. */
import type { Command } from 'commander';
import type { Collector } from '../import/collector.js';
import { tableColumns, usualCoordinates, type TableColumn } from '../import/columns.js';
import { UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import { collect, jsonOf, root, textOf, textsOf, wholeNumber, type Raw } from './runs.js';

export function registerImport(program: Command): void {
  const group = program
    .command('import')
    .description('make a run of models that were trained and scored elsewhere, from their outcomes on each example')
    .helpCommand(false)
    .addHelpText('after', examples('import table outcomes.csv --run my-models --scale params.csv'));
  const table = group
    .command('table <files...>')
    .description('CSV, JSON lines or Parquet: a row for each model and example, or a column for each model');
  for (const [key, { description }] of Object.entries(tableColumns))
    table.option(`--${kebab(key)} <column>`, description);
  addCommon(
    table
      .option(
        '--coordinates <list>',
        `columns that are numbers of the model (default: those of ${usualCoordinates.join(', ')} that are there)`,
      )
      .option(
        '--label-from <what>',
        'the true classes: folder (of an example that is a path), name (its file name up to the first _), or a file with the columns example and label',
      )
      .option(
        '--wide <what>',
        'each column that is nothing else is a model, and its values are: correct (0 or 1) or predicted (its class)',
      ),
  )
    .addHelpText(
      'after',
      examples(
        'import table outcomes.csv --run my-models --scale params.csv',
        'import table resnet18.parquet resnet50.parquet --run resnets --example image --label target --predicted top1',
        'import table resnet18.csv resnet50.csv --run timm --example filename --predicted label --label-from folder',
      ),
    )
    .action(importTable);
  addCommon(
    group
      .command('logits <files...>')
      .description('matrices of logits, [examples, classes], in .npy, .npz or .safetensors: one for each model')
      .option(
        '--labels <file>',
        'the true classes: an array, or a table with a column label (default: the array labels beside the logits)',
      )
      .option('--probabilities', 'rows are probabilities, not logits'),
  )
    .addHelpText(
      'after',
      examples('import logits resnet18.npy resnet50.npy --labels labels.npy --run resnets --scale params.csv'),
    )
    .action(importLogits);
  addCommon(
    group
      .command('lm-eval <paths...>')
      .description('lm-evaluation-harness: folders with samples_*.jsonl (--log_samples) beside results_*.json')
      .option('--task <name>', 'the task, * for anything; may be given again (default: the only one)', collect)
      .option('--filter <name>', 'which reading of the answers, such as strict-match (default: the only one)')
      .option('--correct <metric>', 'what says whether an answer is right (default: acc or exact_match)')
      .option('--score <metric>', 'a metric of any value, higher for better, to keep besides'),
  )
    .addHelpText('after', examples('import lm-eval results/ --run pythia --task hellaswag'))
    .action(importLmEval);
  addCommon(
    group
      .command('helm <paths...>')
      .description('HELM: folders of runs, each with per_instance_stats.json, run_spec.json and stats.json')
      .option('--split <name>', 'such as test (default: the only one)')
      .option('--correct <metric>', 'what says whether an answer is right (default: exact_match)')
      .option('--score <metric>', 'a metric of any value, higher for better, to keep besides'),
  )
    .addHelpText(
      'after',
      examples('import helm benchmark_output/runs/latest --run helm --split test --scale params.csv'),
    )
    .action(importHelm);
  addCommon(
    group
      .command('inspect <paths...>')
      .description('Inspect (inspect_ai): .eval and .json logs, or folders of them')
      .option('--task <name>', 'the task (default: the only one)')
      .option('--scorer <name>', 'whose score says whether an answer is right (default: the only one)'),
  )
    .addHelpText('after', examples('import inspect logs/ --run arc --task inspect_evals/arc_easy --scale params.csv'))
    .action(importInspect);
  addCommon(
    group
      .command('every-eval-ever <paths...>')
      .description('instance-level results of the Every Eval Ever schema: .jsonl files, or folders of them')
      .option('--evaluation <name>', 'the evaluation (default: the only one)'),
  )
    .addHelpText('after', examples('import every-eval-ever data/ --run eee --scale params.csv'))
    .action(importEveryEval);
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function addCommon(command: Command): Command {
  return command
    .requiredOption('--run <name>', "the run's name, a folder under checkpoints/")
    .option('--scale <file>', "a table with the models' numbers: the columns model, parameters, flops, tokens, ...")
    .option('--axis <coordinate>', 'what curves are drawn over (default: parameters, else the first that differs)')
    .option('--test-set <name>', "the test set's name (default: that of the files)")
    .option('--classes <n>', 'classes or choices of every example, where the files do not tell')
    .option('--strict', 'reject examples that some models are missing, instead of leaving them out')
    .option('--json', 'what was imported, as JSON on stdout');
}

async function importTable(files: string[], raw: Raw): Promise<void> {
  const { nameOfFile, parseCoordinates, readLabelSource, readTable } = await import('../import/table.js');
  const keys = Object.keys(tableColumns) as TableColumn[];
  const named = keys.flatMap((key) => {
    const text = textOf(raw, key);
    return text === undefined ? [] : [[key, text] as const];
  });
  const coordinates = textOf(raw, 'coordinates');
  const wide = textOf(raw, 'wide');
  if (wide !== undefined && wide !== 'correct' && wide !== 'predicted')
    throw new UsageError(`"${wide}" is not what columns of models can hold`, '--wide', 'give correct or predicted');
  const labelFrom = textOf(raw, 'labelFrom');
  if (labelFrom !== undefined && textOf(raw, 'label') !== undefined)
    throw new UsageError('--label names a column of them already', '--label-from', 'give one of the two');
  const options = {
    columns: Object.fromEntries(named),
    labelFrom: labelFrom === undefined ? undefined : await readLabelSource(labelFrom),
    coordinates: coordinates === undefined ? undefined : parseCoordinates(coordinates),
    wide,
  } as const;
  await importFrom('table', { paths: files, raw }, async () => ({
    collector: await readTable(files, options),
    files,
    testSet: files.map(nameOfFile).join('+').slice(0, 100),
  }));
}

async function importLmEval(paths: string[], raw: Raw): Promise<void> {
  const { readLmEval } = await import('../import/lm-eval.js');
  const options = {
    tasks: textsOf(raw, 'task'),
    filter: textOf(raw, 'filter'),
    correct: textOf(raw, 'correct'),
    score: textOf(raw, 'score'),
  };
  await importFrom('lm-eval', { paths, raw }, async () => ({ tool: 'lm-eval', ...(await readLmEval(paths, options)) }));
}

async function importHelm(paths: string[], raw: Raw): Promise<void> {
  const { readHelm } = await import('../import/helm.js');
  const options = { split: textOf(raw, 'split'), correct: textOf(raw, 'correct'), score: textOf(raw, 'score') };
  await importFrom('helm', { paths, raw }, async () => ({ tool: 'HELM', ...(await readHelm(paths, options)) }));
}

async function importInspect(paths: string[], raw: Raw): Promise<void> {
  const { readInspect } = await import('../import/inspect.js');
  const options = { task: textOf(raw, 'task'), scorer: textOf(raw, 'scorer') };
  await importFrom('inspect', { paths, raw }, async () => ({
    tool: 'inspect_ai',
    ...(await readInspect(paths, options)),
  }));
}

async function importEveryEval(paths: string[], raw: Raw): Promise<void> {
  const { readEveryEval } = await import('../import/every-eval-ever.js');
  const options = { evaluation: textOf(raw, 'evaluation') };
  await importFrom('every-eval-ever', { paths, raw }, () => readEveryEval(paths, options));
}

async function importLogits(files: string[], raw: Raw): Promise<void> {
  const { readLogits } = await import('../import/logits.js');
  const options = { labels: textOf(raw, 'labels'), probabilities: raw['probabilities'] === true };
  await importFrom('logits', { paths: files, raw }, () => readLogits(files, options));
}

/** What a reader of some format gives. */
interface Read {
  readonly collector: Collector;
  /** Every file that was read. */
  readonly files: readonly string[];
  readonly testSet: string;
  /** The program that made them. */
  readonly tool?: string | null;
  readonly version?: string | null;
  /** Classes or choices of every example, where the source tells. */
  readonly classes?: number | null;
  /** Lines that the user should see. */
  readonly notes?: readonly string[];
}

interface Typed {
  readonly paths: readonly string[];
  readonly raw: Raw;
}

/** From files to a run, or to one line that says why not. */
async function importFrom(format: string, { paths, raw }: Typed, read: () => Promise<Read>): Promise<void> {
  const { runNameSchema } = await import('../experiment/schema.js');
  const { axisOf, placeModels } = await import('../import/scale.js');
  const { refuseTaken, writeImportedRun } = await import('../import/write.js');
  const { printable } = await import('../terminal/printable.js');
  const name = textOf(raw, 'run')!;
  const parsed = runNameSchema.safeParse(name);
  if (!parsed.success) throw new UsageError(`"${name}" ${parsed.error.issues[0]!.message}`, '--run');
  const given = textOf(raw, 'classes');
  const asked = given === undefined ? undefined : wholeNumber(given, '--classes', 0, 1);
  await refuseTaken(root, name);
  const { collector, files, testSet, tool = null, version = null, classes = null, notes: known = [] } = await read();
  const scale = textOf(raw, 'scale');
  if (scale !== undefined) await placeModels(collector, scale);
  const axis = axisOf(collector.models, textOf(raw, 'axis'));
  const collected = collector.finish({ strict: raw['strict'] === true });
  const notes = [...known, ...collected.notes, ...(await aboutCollected(collected, axis))];
  const { folder, record } = await writeImportedRun(
    {
      ...{ root, name, axis, scale, groupNoun: 'groups' },
      source: { format, tool, version, files },
      command: await commandOf(raw, format, paths),
      testSet: printable(textOf(raw, 'testSet') ?? testSet),
      classes: asked ?? classes,
    },
    collected,
  );
  for (const line of notes) console.error(printable(`note: ${line}`));
  if (raw['json'] === true) {
    const { dataset, members } = record;
    console.log(jsonOf({ type: 'import', run: name, folder, axis, members, dataset, notes }));
    return;
  }
  const { importedText } = await import('../report/imported.js');
  console.log(importedText(folder, record, collected.members));
}

async function aboutCollected({ dropped, members }: ReturnType<Collector['finish']>, axis: string): Promise<string[]> {
  const { condensed, counted } = await import('../terminal/format.js');
  const scales = new Map<number, string[]>();
  for (const { name, seed, coordinates } of members)
    if (seed === null) scales.set(coordinates[axis]!, [...(scales.get(coordinates[axis]!) ?? []), name]);
  const shared = [...scales.values()].filter((names) => names.length > 1);
  return [
    ...(dropped === 0
      ? []
      : [
          `${counted(dropped, 'example')} left out: not every model has an outcome of ${dropped === 1 ? 'it' : 'them'}`,
        ]),
    ...shared.map((names) => `${condensed(names)} have the same ${axis}, and count as seeds of one scale`),
  ];
}

/** What was typed, as it can be typed again where the files are: without the folders that lead to them. */
async function commandOf(raw: Raw, format: string, files: readonly string[]): Promise<string> {
  const path = await import('node:path');
  const { shellWord } = await import('../report/escape.js');
  const options = Object.entries(raw).flatMap(([key, value]) => {
    if (value === true) return key === 'json' ? [] : [`--${kebab(key)}`];
    const texts = typeof value === 'string' ? [value] : textsOf(raw, key);
    return texts.flatMap((text) => [
      `--${kebab(key)}`,
      shellWord(['scale', 'labels', 'labelFrom'].includes(key) ? path.basename(text) : text),
    ]);
  });
  return ['import', format, ...files.map((file) => shellWord(path.basename(file))), ...options].join(' ');
}
