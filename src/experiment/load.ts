/**
 * Reads an experiment file: YAML with the keys of `inputSchema`, comments welcome, checked as a whole before anything
 * happens. Every mistake is one line that names file, line and column. The schema decides what is valid; this file
 * finds the place of a mistake and words the message.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import * as path from 'node:path';
import type * as z from 'zod';
import { isPipe } from '../machine/inputs.js';
import { firstOf, present } from '../machine/present.js';
import { codeOf, messageOf, UsageError } from '../terminal/errors.js';
import { nearest, suggestion } from '../terminal/nearest.js';
import { isNameable, printable } from '../terminal/printable.js';
import { definitionsOf, describeNumber, exampleEntries, type OptionDefinition } from './definitions.js';
import { refuseForeignKeys, refuseTwoLengths, type ValueOrigins } from './value-origins.js';
import { executionSchema, inputSchema, optionOf, type ExperimentInput } from './schema.js';
import { isName, shippedFile, shippedNames } from './shipped.js';
import { offsetOf, parseMapping, startOf, yamlKey, plainValues, type YamlSource } from './yaml.js';

export interface ExperimentFile {
  /** As the user typed it. */
  readonly path: string;
  /** `lenet-mnist` for `experiments/lenet-mnist.yaml`: the name of its run if no other is given. */
  readonly name: string;
  /** What the file says, and nothing else. The dataset's name is not parsed yet: a flag may name another. */
  readonly values: Partial<ExperimentInput> & Pick<ExperimentInput, 'arch'>;
  readonly places: ValueOrigins;
}

/** Experiment files have a few lines; a larger file was probably named by mistake. */
const maxBytes = 1_000_000;

/**
 * Reads and checks one of the lab's experiments by name, or a file by path: text without folder or extension is a name
 * if there is such an experiment. Throws UsageError, one line, at the first mistake in it.
 */
export async function loadExperiment(nameOrFile: string): Promise<ExperimentFile> {
  const file = (await shippedFile(nameOrFile)) ?? nameOrFile;
  return parseExperiment(await readText(file), file);
}

/** `loadExperiment` for a text; `file` says where it is from. */
export function parseExperiment(text: string, file: string): ExperimentFile {
  const source = parseMapping(text, printable(file));
  refuseKeys(source);
  const values = plainValues(source);
  const parsed = inputSchema.safeParse(values);
  if (!parsed.success) throw firstMistake(parsed.error.issues, values, source);
  const given = values as ExperimentFile['values'];
  const places = placesOf(source);
  refuseForeignKeys(given, places);
  refuseTwoLengths(given, places);
  return { path: printable(file), name: experimentName(file), values: given, places };
}

const extension = /\.ya?ml$/i;

function experimentName(file: string): string {
  return path.basename(file).replace(extension, '');
}

async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError('is not UTF-8 text', printable(file), 'save it as UTF-8');
  }
}

async function readBytes(file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  if (await isPipe(file))
    throw new UsageError('is a pipe or a socket, not a file', printable(file), 'give a YAML file');
  try {
    // One byte more than allowed: something that isn't a regular file has no size to check.
    for await (const chunk of createReadStream(file, { end: maxBytes })) chunks.push(chunk as Buffer);
  } catch (error) {
    throw await unreadable(file, error);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length <= maxBytes) return bytes;
  throw new UsageError('is more than 1 MB', printable(file), 'give an experiment, a YAML file of a few lines');
}

async function unreadable(file: string, error: unknown): Promise<UsageError> {
  const where = printable(file);
  const code = codeOf(error);
  if (code === 'EISDIR') return new UsageError('is a folder', where, 'give a YAML file');
  if (code === 'EACCES') return new UsageError("can't be read, permission denied", where, 'make it readable');
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return new UsageError(`can't be read: ${messageOf(error)}`, where);
  const shipped = await shippedNames();
  if (isName(file))
    return new UsageError('is neither a shipped experiment nor a file', where, suggestion(file, shipped));
  const folder = path.dirname(file);
  const others = (await readdir(folder).catch(() => [])).filter((name) => extension.test(name));
  const meant = nearest(experimentName(file), others.map(experimentName));
  const other = others.find((name) => experimentName(name) === meant);
  // Without an experiments/ folder, the files are those shipped with the lab.
  const named = other === undefined ? nearest(experimentName(file), shipped) : path.join(folder, other);
  const remedy = named === undefined ? 'give a YAML file' : `did you mean ${printable(named)}?`;
  return new UsageError('does not exist', where, remedy);
}

function refuseKeys({ mapping, at }: YamlSource): void {
  const seen = new Set<string>();
  for (const { key } of mapping.items) {
    const text = yamlKey(key);
    const where = `${at(startOf(key))}: ${keyText(text)}`;
    if (!known.includes(text)) throw unknownKey(text, where);
    if (seen.has(text)) throw new UsageError('is given twice', where, 'give it once');
    seen.add(text);
  }
}

const known: readonly string[] = inputSchema.keyof().options;

function unknownKey(key: string, where: string): UsageError {
  const execution = executionSchema
    .keyof()
    .options.find((option) => option === key || optionOf(option) === key.toLowerCase());
  if (execution !== undefined) {
    return new UsageError(
      'is not a key of an experiment: it says how to train, not what',
      where,
      `give --${optionOf(execution)} on the command line`,
    );
  }
  return new UsageError('is not a key of an experiment', where, suggestion(key, known));
}

function keyText(key: string): string {
  return /^[\w.-]{1,40}$/.test(key) ? key : shown(key);
}

function placesOf({ mapping, at }: YamlSource): ValueOrigins {
  return Object.fromEntries(
    mapping.items.map(({ key, value }) => [yamlKey(key), `${at(startOf(value ?? key))}: ${yamlKey(key)}`]),
  );
}

type Issues = z.ZodError['issues'];

/** The first mistake in the file. */
function firstMistake(issues: Issues, values: Readonly<Record<string, unknown>>, source: YamlSource): UsageError {
  const mistakes = issues.flatMap((issue) => describeIssue(issue, values, source));
  const { what, offset, key, remedy } = firstOf(mistakes.sort((a, b) => a.offset - b.offset));
  return new UsageError(what, `${source.at(offset)}: ${key}`, remedy);
}

interface Mistake {
  readonly offset: number;
  readonly key: string;
  readonly what: string;
  readonly remedy: string | undefined;
}

function describeIssue(
  { path, message }: Issues[number],
  values: Record<string, unknown>,
  source: YamlSource,
): Mistake {
  const key = String(path[0]);
  const definition = present(definitions.get(key));
  const value = values[key];
  const entries: readonly unknown[] = path.length === 1 && Array.isArray(value) ? value : [];
  const isFactor = 'isFactor' in definition.value;
  // For a factor, the schema only says that neither a number nor a list fits.
  const twice = isFactor ? -1 : entries.findIndex(isRepeated);
  const wrong = isFactor ? entries.findIndex((entry) => !definition.schema.safeParse(entry).success) : -1;
  const entry = Math.max(twice, wrong);
  const place = entry < 0 ? path : [key, entry];
  const described = describeValue(place.length > 1 ? (value as unknown[])[Number(place[1])] : value, {
    definition,
    entry: place.length > 1,
    repeated: twice >= 0,
  });
  const [what, remedy] = described ?? [message, undefined];
  return { offset: offsetOf(place, source), key, what, remedy };
}

const definitions = new Map(definitionsOf(inputSchema).map((definition) => [definition.key, definition]));

function isRepeated(entry: unknown, i: number, all: readonly unknown[]): boolean {
  return all.indexOf(entry) < i;
}

interface Context {
  readonly definition: OptionDefinition;
  /** The value is an entry of a list. */
  readonly entry: boolean;
  /** The same entry occurs earlier in the list. */
  readonly repeated: boolean;
}

/** What is wrong with a value that the schema rejects, and what is allowed; undefined if its kind doesn't say. */
function describeValue(
  value: unknown,
  context: Context,
): readonly [what: string, remedy?: string | undefined] | undefined {
  const { definition, entry, repeated } = context;
  const { value: wanted } = definition;
  const needed = !definition.schema.safeParse(undefined).success;
  const known = wanted.kind === 'choice' ? `known: ${wanted.choices.join(', ')}` : 'give one';
  if (value === undefined) return ['is missing', known];
  if (value === null && !entry) return ['has no value', needed ? known : 'give one, or leave the key out'];
  if (value === null) return ['an entry has no value', 'give one, or leave the entry out'];
  if (repeated) return [`${shown(value)} is listed twice`, 'list each value once'];
  switch (wanted.kind) {
    case 'choice':
      return [
        `${shown(value)} is unknown`,
        suggestion(typeof value === 'string' ? value : shown(value), wanted.choices),
      ];
    case 'text':
      if (typeof value === 'string' && !isNameable(value)) return [`${shown(value)} has control characters`];
      return value === '' ? ['the value is empty'] : [`${shown(value)} is not text`, 'put it in quotes'];
    case 'switch':
      return [`${shown(value)} is neither true nor false`];
    case 'integer':
    case 'number':
      if (Array.isArray(value)) return ['the list is empty', 'give a number, or several'];
      return [`${shown(value)} is not a ${describeNumber(wanted.kind, wanted.range)}`, unquote(value, definition)];
    case 'list': {
      const remedy = `write a list such as [${exampleEntries(wanted.range).join(', ')}]`;
      if (entry) return [`${shown(value)} is not a ${describeNumber('list', wanted.range)}`, remedy];
      return [Array.isArray(value) ? 'the list is empty' : `${shown(value)} is not a list`, remedy];
    }
  }
}

/** A number in quotes is text. */
function unquote(value: unknown, { schema }: OptionDefinition): string | undefined {
  if (typeof value !== 'string' || !/^-?[\d.]+$/.test(value)) return undefined;
  return schema.safeParse(Number(value)).success ? 'write it without quotes' : undefined;
}

/** A value as shown in a message: on one line, shortened if it is long. */
function shown(value: unknown): string {
  const text =
    typeof value === 'number' ? String(value) : printable(JSON.stringify(value, (_, each: unknown) => special(each)));
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** JSON would turn NaN and infinity into null. */
function special(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
