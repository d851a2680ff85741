/**
 * The options of `emergence train`, made from the schemas: a key of `experimentSchema` or `executionSchema` is an
 * option of the same name in kebab-case, with the schema's description, default and limits. Nothing is described twice.
 */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import * as z from 'zod';
import { parseDatasetName } from '../datasets/index.js';
import { UsageError } from '../terminal/errors.js';
import { hasOption, sharedDefaults, type Architecture } from './architectures.js';
import { definitionsOf, type OptionDefinition } from './definitions.js';
import { refuseDependents } from './dependents.js';
import type { ExperimentFile } from './load.js';
import { refuseGrid } from './factors.js';
import {
  gridFlag,
  optionText,
  optionValues,
  plurals,
  takesList,
  typedAs,
  withGrid,
  type RawOptions,
} from './option-values.js';
import { originOf, refuseForeignKeys, refuseTwoLengths, type ValueOrigins } from './value-origins.js';
import {
  executionSchema,
  experimentSchema,
  factorKeys,
  inputSchema,
  inputOf,
  optionOf,
  isReplacedBy,
  resolveExperiment,
  type Execution,
  type Experiment,
  type ExperimentInput,
  type ExperimentKey,
} from './schema.js';

export interface TrainFlags {
  /** Events as JSON lines on stdout. */
  readonly json: boolean;
  /** Logs for TensorBoard next to each member. */
  readonly tensorboard: boolean;
  /** Op by op instead of compiled. */
  readonly eager: boolean;
  /** Writes run.json and trains nothing. */
  readonly planOnly: boolean;
}

export interface ParsedTrainOptions {
  /** What the user typed or the experiment file says, and nothing else. */
  readonly given: Partial<ExperimentInput>;
  /** Places in the experiment file of the values that come from it. */
  readonly places: ValueOrigins;
  readonly experiment: Experiment;
  readonly execution: Execution;
  readonly flags: TrainFlags;
}

const experimentFlag = '--experiment';

/** Adds all options of `train` to a command. */
export function addTrainOptions<C extends CommandUnknownOpts>(command: C): C {
  const file = new Option(
    `${experimentFlag} <file>`,
    'a shipped experiment by its name (the command `experiments` lists them), or a YAML file; the options below override what it says',
  );
  command.addOption(collecting(file, experimentFlag));
  for (const definition of [...definitionsOf(inputSchema), ...definitionsOf(executionSchema)]) {
    command.addOption(toOption(definition));
  }
  command.addOption(
    collecting(
      new Option(
        `${gridFlag} <lists...>`,
        'further lists: width=8,16 trainSize=500:8000:5:log; every combination of values is trained',
      ),
      gridFlag,
    ),
  );
  for (const [key, plural] of plurals) {
    const flag = `--${optionOf(plural)}`;
    command.addOption(collecting(new Option(`${flag} <list>`, `the same as --${optionOf(key)}`).hideHelp(), flag));
  }
  command
    .option('--json', 'events as JSON lines on stdout, everything else on stderr')
    .option('--tensorboard', 'write TensorBoard logs for each member')
    .option('--eager', 'run op by op instead of compiled: slow, same numbers up to rounding')
    .option(
      '--plan-only',
      'write the run.json of all members, with their threads, but train none: train-member does that',
    );
  return command;
}

/** Options of `train` that commands which show datasets accept. */
const datasetSchema = z.strictObject({
  ...experimentSchema.pick({ imageSize: true, colour: true }).shape,
  ...executionSchema.pick({ dataDir: true }).shape,
});
export type DatasetOptions = z.output<typeof datasetSchema>;

/** Adds some of them to a command. */
export function addDatasetOptions<C extends CommandUnknownOpts>(
  command: C,
  keys: readonly (keyof DatasetOptions)[],
): C {
  const definitions = definitionsOf(datasetSchema).filter(({ key }) => (keys as readonly string[]).includes(key));
  for (const definition of definitions) command.addOption(toOption(definition));
  return command;
}

/** Defaults of a coordinate check. */
export const checkDefaults = {
  widths: [8, 16, 32, 64, 128, 256, 512],
  seeds: [0, 1, 2, 3],
  learningRate: 0.003,
  /** Steps after which layers are examined. */
  after: [10],
};

/**
 * Options of `train` that a coordinate check takes: those that say what is trained, but not for how long or what it is
 * tested on.
 */
const checkSchema = z.strictObject({
  ...inputSchema.pick({
    ...{ arch: true, dataset: true, widths: true, seeds: true, batchSize: true, learningRate: true, optimizer: true },
    ...{ weightDecay: true, baseWidth: true, trainSize: true, imageSize: true, colour: true, depth: true },
    ...{ activation: true, pairs: true, blocks: true, heads: true },
  }).shape,
  widths: inputSchema.shape.widths.default(checkDefaults.widths),
  seeds: inputSchema.shape.seeds.default(checkDefaults.seeds),
  learningRate: z.number().positive().max(100).default(checkDefaults.learningRate).describe('learning rate'),
  ...executionSchema.pick({ dataDir: true }).shape,
});

export function addCheckOptions<C extends CommandUnknownOpts>(command: C): C {
  for (const definition of definitionsOf(checkSchema)) command.addOption(toOption(definition));
  return command;
}

/** The values that were typed. Throws UsageError, one line, at the first mistake. */
export function parseCheckOptions(raw: RawOptions): Partial<ExperimentInput> & {
  readonly arch: Architecture;
  readonly dataDir?: string | undefined;
} {
  const values = optionValues(raw, checkSchema);
  if (values.arch === undefined) throw archMissing(undefined);
  const list = factorKeys.find((key) => Array.isArray(values[key]));
  if (list !== undefined)
    throw new UsageError(
      'a coordinate check takes one value of each option except --widths',
      `--${optionOf(list)}`,
      'give one',
    );
  return values as ReturnType<typeof parseCheckOptions>;
}

/** Throws UsageError, one line, at the first mistake. */
export function parseDatasetOptions(raw: RawOptions): DatasetOptions {
  return datasetSchema.parse(optionValues(raw, datasetSchema));
}

/** The file that `--experiment` names; undefined without the option. */
export function experimentFileOf(raw: RawOptions): string | undefined {
  const file = optionText(raw['experiment'], { flag: experimentFlag });
  if (file === '') throw new UsageError('the value is empty', experimentFlag);
  return file;
}

/** The name of the run from `--run` or else from the experiment file, checked; undefined without either. */
export function runNameOf(raw: RawOptions, file?: ExperimentFile): string | undefined {
  const runOption = executionSchema.pick({ run: true });
  const { run } = runOption.parse(optionValues(raw, runOption));
  if (run !== undefined || file === undefined) return run;
  const { error } = runOption.safeParse({ run: file.name });
  if (error === undefined) return file.name;
  throw new UsageError(
    `"${file.name}" ${error.issues[0]?.message ?? 'is not a name'}`,
    file.path,
    'rename the file, or give --run NAME',
  );
}

/** Where values come from that are not on the command line. */
export interface TrainSources {
  /** The file that `--experiment` names, already read. */
  readonly file?: ExperimentFile | undefined;
  /** The experiment of the run, if there is one. */
  readonly recorded?: Experiment | undefined;
  /** Flags of keys that were typed under a name other than their own. */
  readonly typedAs?: ValueOrigins | undefined;
}

/**
 * Reads what commander collected. Values that aren't given come from the experiment file, then from the run's record,
 * then from the defaults. Throws UsageError, one line, at the first mistake.
 */
export function parseTrainOptions(raw: RawOptions, sources: TrainSources = {}): ParsedTrainOptions {
  const { typed, execution, flags } = parseTyped(raw);
  return { ...completeExperiment(typed, { ...sources, typedAs: typedAs(raw) }, execution.run), execution, flags };
}

/** What commander collected, parsed: of the experiment, only the values that were typed. */
export function parseTyped(raw: RawOptions): Pick<ParsedTrainOptions, 'execution' | 'flags'> & {
  readonly typed: Partial<ExperimentInput>;
} {
  return {
    typed: withGrid(optionValues(raw, inputSchema), raw),
    execution: executionSchema.parse(optionValues(raw, executionSchema)),
    flags: {
      json: raw.json === true,
      tensorboard: raw.tensorboard === true,
      eager: raw.eager === true,
      planOnly: raw.planOnly === true,
    },
  };
}

/**
 * Completes values as `parseTrainOptions` does; `run` is the name that was given. Throws UsageError, one line, at the
 * first mistake.
 */
export function completeExperiment(
  typed: Readonly<Record<string, unknown>>,
  { file, recorded, typedAs = {} }: TrainSources,
  run?: string,
): Pick<ParsedTrainOptions, 'given' | 'places' | 'experiment'> {
  const fromFile = Object.entries(file?.values ?? {}).filter(([key]) => !isReplaced(key, typed));
  const values: Record<string, unknown> = { ...Object.fromEntries(fromFile), ...typed };
  const inFile = fromFile.map(([key]) => [key, file?.places[key as ExperimentKey]] as const);
  const places: ValueOrigins = { ...Object.fromEntries(inFile), ...typedAs };
  if (typeof values.dataset === 'string') parseDatasetName(values.dataset, originOf('dataset', places));
  if (recorded === undefined && values.arch === undefined) throw archMissing(run);
  const arch = (values.arch ?? recorded?.arch) as Architecture;
  refuseForeignKeys({ ...values, arch }, places);
  refuseTwoLengths(values, places);
  const inherited = Object.entries(recorded === undefined ? {} : inputOf(recorded)).filter(
    ([key]) => hasOption(arch, key) && !isReplacedBy(key, values),
  );
  const experiment = resolveExperiment({ ...Object.fromEntries(inherited), ...values, arch });
  refuseDependents(experiment, places);
  // A run whose lists are combined by position can also grow by a single member, which needs no lists.
  refuseGrid(experiment, places, recorded?.zip === true ? undefined : values.zip);
  return { given: values, places, experiment };
}

/**
 * Whether a value from the file gives way: flags come first, and with another architecture the options that only the
 * file's has are dropped.
 */
function isReplaced(key: string, typed: Readonly<Record<string, unknown>>): boolean {
  return isReplacedBy(key, typed) || (typed.arch !== undefined && !hasOption(typed.arch as Architecture, key));
}

function archMissing(run: string | undefined): UsageError {
  const known = experimentSchema.shape.arch.options.join(', ');
  if (run === undefined) return new UsageError('an architecture is needed', '--arch', `known: ${known}`);
  return new UsageError(
    `there is no run "${run}" to resume, so an architecture is needed`,
    '--arch',
    `known: ${known}`,
  );
}

/** As a user would type it: 8,16,32; with the architectures that have another default. */
function shownDefault(key: string, value: unknown): string {
  const typed = (each: unknown) => JSON.stringify(each).replace(/[[\]"]/g, '');
  const others = Object.entries(sharedDefaults).flatMap(([arch, defaults]) =>
    key in defaults ? `${arch}: ${typed(defaults[key])}` : [],
  );
  return [...(value === undefined ? [] : [typed(value)]), ...others].join('; ');
}

const placeholders: Readonly<Record<Exclude<OptionDefinition['value']['kind'], 'switch'>, string>> = {
  integer: '<n>',
  number: '<x>',
  list: '<list>',
  choice: '<name>',
  text: '<name>',
};
/** Of texts that are not names. */
const ownPlaceholders: Readonly<Partial<Record<string, string>>> = {
  dataDir: '<folder>',
  moments: '<steps>',
  probe: '<list>',
  tune: '<key=values>',
};

function toOption(definition: OptionDefinition): Option {
  const { key, value } = definition;
  const defaults = shownDefault(key, definition.default);
  const shown = defaults === '' ? '' : ` (default: ${defaults})`;
  const form = value.kind === 'list' ? ', comma-separated' : '';
  const choices =
    value.kind === 'choice' && !mentionsAll(definition.description, value.choices)
      ? `: ${value.choices.join(', ')}`
      : '';
  if (value.kind === 'switch') return new Option(definition.flag, definition.description);
  // `,...>` and not commander's variadic ` ...>`, which would take the next words too.
  const placeholder = ownPlaceholders[key] ?? placeholders[value.kind];
  const option = new Option(
    `${definition.flag} ${takesList(value) ? placeholder.replace('>', ',...>') : placeholder}`,
    definition.description + form + choices + shown,
  );
  return collecting(option, definition.flag);
}

/**
 * All texts are collected, so that an option given twice is noticed. "--widths --epochs 3" would otherwise take
 * "--epochs" for the widths.
 */
function collecting(option: Option, flag: string): Option {
  return option.argParser((text: string, earlier: string[] | undefined) => {
    if (text.startsWith('--')) throw new UsageError(`a value is missing before ${text}`, flag);
    return [...(earlier ?? []), text];
  });
}

function mentionsAll(description: string, choices: readonly string[]): boolean {
  return choices.every((choice) => description.includes(choice));
}
