/**
 * The options of `emergence train`, made from the schemas: a key of `experimentSchema` or `executionSchema` is an option
 * of the same name in kebab-case, with the schema's description, default and limits. Nothing is described twice.
 */
import { Option, type Command } from 'commander';
import * as z from 'zod';
import { parseDatasetName } from '../datasets/index.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { hasOption, ownDefaults, sharedDefaults, type Architecture, type OwnOption } from './architectures.js';
import type { ExperimentFile } from './load.js';
import {
  executionSchema,
  experimentSchema,
  foreignKeys,
  optionOf,
  resolveExperiment,
  type Execution,
  type Experiment,
  type ExperimentInput,
  type ExperimentKey,
} from './schema.js';

/** Values by key as the command line has them: text, or a list of texts for an option given more than once. */
export type RawOptions = Readonly<Record<string, unknown>>;

export interface TrainFlags {
  /** Events as JSON lines on stdout. */
  readonly json: boolean;
  /** Logs for TensorBoard beside each member. */
  readonly tensorboard: boolean;
  /** Op by op instead of compiled. */
  readonly eager: boolean;
}

export interface TrainOptions {
  /** What the user typed, and nothing else. */
  readonly given: Partial<ExperimentInput>;
  readonly experiment: Experiment;
  readonly execution: Execution;
  readonly flags: TrainFlags;
  /** Where a key's value was said, for messages: `--epochs`, or `experiments/a.yaml: epochs`. */
  readonly place: (key: string) => string;
}

interface Range {
  readonly minimum: number;
  readonly maximum: number;
  /** The minimum itself is not allowed. */
  readonly above: boolean;
}

type Value =
  | { readonly kind: 'integer' | 'number' | 'list'; readonly range: Range }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'text' };

interface OptionDefinition {
  readonly key: string;
  readonly flag: string;
  readonly description: string;
  /** As help shows it; undefined without one. */
  readonly default: string | undefined;
  readonly value: Value;
  readonly schema: z.ZodType;
}

/** Adds all options of `train` to a command. */
export function addTrainOptions(command: Command): Command {
  for (const definition of [...definitionsOf(experimentSchema), ...definitionsOf(executionSchema)]) {
    command.addOption(toOption(definition));
  }
  return command
    .option('--experiment <file>', 'read options from a YAML file; those given here come first')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr')
    .option('--tensorboard', 'write logs for TensorBoard beside each member')
    .option('--eager', 'run op by op instead of compiled: slow, the same numbers to rounding');
}

/** What commands that show datasets take of the options of `train`. */
const datasetSchema = z.strictObject({
  ...experimentSchema.pick({ imageSize: true, colour: true }).shape,
  ...executionSchema.pick({ dataDir: true }).shape,
});
export type DatasetOptions = z.output<typeof datasetSchema>;

/** Adds some of them to a command. */
export function addDatasetOptions(command: Command, keys: readonly (keyof DatasetOptions)[]): Command {
  const definitions = definitionsOf(datasetSchema).filter(({ key }) => (keys as readonly string[]).includes(key));
  for (const definition of definitions) command.addOption(toOption(definition));
  return command;
}

/** Throws UsageError, one line, at the first mistake. */
export function parseDatasetOptions(raw: RawOptions): DatasetOptions {
  return datasetSchema.parse(valuesOf(raw, datasetSchema));
}

/** The run that `--run` names, checked; undefined without the option. */
export function runNameOf(raw: RawOptions): string | undefined {
  return executionSchema.pick({ run: true }).parse(valuesOf(raw, executionSchema.pick({ run: true }))).run;
}

/** Where values come from that the command line does not give: a file first, then the run that exists. */
export interface Sources {
  readonly file?: ExperimentFile | undefined;
  readonly recorded?: Experiment | undefined;
}

/**
 * Reads what commander collected. What isn't given comes from the experiment file, then from the record of the run that
 * goes on, and else from the schema's defaults. Throws UsageError, one line, at the first mistake.
 */
export function parseTrainOptions(raw: RawOptions, { file, recorded }: Sources = {}): TrainOptions {
  const flagged = valuesOf(raw, experimentSchema);
  const fromFile = Object.entries(file?.given ?? {}).filter(([key]) => !isReplaced(key, flagged));
  const values: Record<string, unknown> = { ...Object.fromEntries(fromFile), ...flagged };
  const execution = executionSchema.parse(valuesOf(raw, executionSchema));
  if (typeof values.dataset === 'string') parseDatasetName(values.dataset, '--dataset');
  if (recorded === undefined && values.arch === undefined) throw archMissing(execution.run);
  const arch = (values.arch ?? recorded?.arch) as Architecture;
  const [foreign] = foreignKeys({ ...values, arch });
  if (foreign !== undefined) throw foreignOption(foreign, arch);
  const inherited = Object.entries(recorded ?? {}).filter(([key]) => hasOption(arch, key));
  const experiment = resolveExperiment({ ...Object.fromEntries(inherited), ...values, arch });
  const keys = experimentSchema.keyof().options.filter((key) => values[key] !== undefined);
  const flags = { json: raw.json === true, tensorboard: raw.tensorboard === true, eager: raw.eager === true };
  const place = (key: string) => (file === undefined || key in flagged ? `--${optionOf(key)}` : `${file.file}: ${key}`);
  return { given: only(experiment, keys), experiment, execution, flags, place };
}

/** A flag comes before the file; another architecture leaves behind what only the file's has. */
function isReplaced(key: string, flagged: Readonly<Record<string, unknown>>): boolean {
  return key in flagged || (flagged.arch !== undefined && !hasOption(flagged.arch as Architecture, key));
}

function only<T extends object>(whole: T, keys: readonly (keyof T)[]): Partial<T> {
  const part: Partial<T> = {};
  for (const key of keys) part[key] = whole[key];
  return part;
}

function foreignOption(key: ExperimentKey, arch: Architecture): UsageError {
  const owners = Object.keys(ownDefaults[key as OwnOption]).join(', ');
  return new UsageError(`${arch} has no such option, only ${owners}`, `--${optionOf(key)}`, 'leave it out');
}

function archMissing(run: string | undefined): UsageError {
  const known = experimentSchema.shape.arch.options.join(', ');
  if (run === undefined) return new UsageError('an architecture is needed', '--arch', `known: ${known}`);
  return new UsageError(
    `there is no run "${run}" to go on with, so an architecture is needed`,
    '--arch',
    `known: ${known}`,
  );
}

function definitionsOf(schema: AnyObject): OptionDefinition[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([key, property]) => {
    if (typeof property === 'boolean') throw new Error(`no option can be made of ${key}`);
    return {
      key,
      flag: `--${optionOf(key)}`,
      description: property.description ?? '',
      default: property.default === undefined ? undefined : shownDefault(key, property.default),
      value: valueOf(property),
      schema: schema.shape[key]!,
    };
  });
}

/** As one would type it: 8,16,32; with the architectures that have another one. */
function shownDefault(key: string, value: unknown): string {
  const typed = (each: unknown) => JSON.stringify(each).replace(/[[\]"]/g, '');
  const others = Object.entries(sharedDefaults).flatMap(([arch, defaults]) =>
    key in defaults ? `${arch}: ${typed(defaults[key])}` : [],
  );
  return [typed(value), ...others].join('; ');
}

type AnyObject = z.ZodObject<Readonly<Record<string, z.ZodType>>>;
type Property = Exclude<z.core.JSONSchema._JSONSchema, boolean>;

function valueOf(property: Property): Value {
  if (property.enum !== undefined) return { kind: 'choice', choices: property.enum.map(String) };
  if (property.type === 'integer' || property.type === 'number')
    return { kind: property.type, range: rangeOf(property) };
  if (property.type === 'string') return { kind: 'text' };
  const { items } = property;
  if (typeof items !== 'object' || Array.isArray(items) || items.type !== 'integer') {
    throw new Error(`no option can be made of the type ${String(property.type)}`);
  }
  return { kind: 'list', range: rangeOf(items) };
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Property): Range {
  // JSON Schema before draft 6 had a boolean there; zod writes the later form.
  const above = typeof exclusiveMinimum === 'number' ? exclusiveMinimum : undefined;
  return {
    minimum: minimum ?? above ?? -Infinity,
    above: above !== undefined,
    // zod's own bound of a whole number is no limit that a user should read about.
    maximum: maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? Infinity : maximum,
  };
}

const placeholders = { integer: '<n>', number: '<x>', list: '<list>', choice: '<name>', text: '<name>' } as const;

function toOption(definition: OptionDefinition): Option {
  const shown = definition.default === undefined ? '' : ` (default: ${definition.default})`;
  const { value } = definition;
  const choices =
    value.kind === 'choice' && !mentionsAll(definition.description, value.choices)
      ? `: ${value.choices.join(', ')}`
      : '';
  const option = new Option(
    `${definition.flag} ${placeholders[definition.value.kind]}`,
    definition.description + choices + shown,
  );
  // All are collected, so that an option given twice is seen. "--widths --epochs 3" would take "--epochs" for the widths.
  return option.argParser((text: string, earlier: string[] | undefined) => {
    if (text.startsWith('--')) throw new UsageError(`a value is missing before ${text}`, definition.flag);
    return [...(earlier ?? []), text];
  });
}

function mentionsAll(description: string, choices: readonly string[]): boolean {
  return choices.every((choice) => description.includes(choice));
}

function valuesOf(raw: RawOptions, schema: AnyObject): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const definition of definitionsOf(schema)) {
    const text = textOf(raw[definition.key], definition);
    if (text !== undefined) values[definition.key] = parseValue(text, definition);
  }
  return values;
}

function textOf(given: unknown, { flag }: OptionDefinition): string | undefined {
  if (given === undefined || typeof given === 'string') return given;
  if (!Array.isArray(given) || !given.every((text) => typeof text === 'string')) throw new Error(`${flag} is not text`);
  if (given.length > 1) throw new UsageError('given more than once', flag, 'give it once');
  return given[0];
}

function parseValue(text: string, definition: OptionDefinition): unknown {
  const value = readValue(text, definition);
  const { error } = definition.schema.safeParse(value);
  if (error === undefined) return value;
  const entries: readonly unknown[] = Array.isArray(value) ? value : [];
  const twice = entries.find((entry, i) => entries.indexOf(entry) !== i);
  if (twice !== undefined)
    throw new UsageError(`${JSON.stringify(twice)} is listed twice`, definition.flag, 'list each value once');
  throw new UsageError(`"${text}" ${error.issues[0]?.message ?? 'is not valid'}`, definition.flag);
}

function readValue(text: string, { flag, value }: OptionDefinition): unknown {
  switch (value.kind) {
    case 'integer':
    case 'number':
      return readNumber(text, flag, value.kind, value.range);
    case 'list':
      return readList(text, flag, value.range);
    case 'choice':
      if (value.choices.includes(text)) return text;
      throw new UsageError(`"${text}" is unknown`, flag, suggestion(text, value.choices));
    case 'text':
      if (text === '') throw new UsageError('the value is empty', flag);
      return text;
  }
}

function readList(text: string, flag: string, range: Range): number[] {
  const remedy = `give a comma-separated list such as ${range.minimum > 0 ? '8,16,32' : '0,1,2'}`;
  if (text.trim() === '') throw new UsageError('the list is empty', flag, remedy);
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.includes('')) throw new UsageError(`"${text}" has an empty entry`, flag, remedy);
  return entries.map((entry) => readNumber(entry, flag, 'integer', range, remedy));
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Digits alone: "1e2" and "02" are more likely slips than widths. */
const plainWhole = /^(0|-?[1-9]\d*)$/;

function readNumber(text: string, flag: string, kind: 'integer' | 'number', range: Range, remedy?: string): number {
  const number = (kind === 'integer' ? plainWhole : decimal).test(text.trim()) ? Number(text) : NaN;
  const { minimum, maximum, above } = range;
  const inside = (above ? number > minimum : number >= minimum) && number <= maximum;
  if (inside && (kind === 'number' || Number.isSafeInteger(number))) return number;
  const noun = kind === 'integer' ? 'whole number' : 'number';
  throw new UsageError(`"${text}" is not a ${noun} ${describeRange(range)}`, flag, remedy);
}

function describeRange({ minimum, maximum, above }: Range): string {
  if (above) return maximum === Infinity ? `above ${minimum}` : `above ${minimum} and at most ${maximum}`;
  return maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
}
