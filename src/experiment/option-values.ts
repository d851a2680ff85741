/** What was typed for an option becomes its value: numbers, lists, names, and the lists of `--depths` and `--grid`. */
import { present } from '../machine/present.js';
import { parseAxis } from '../terminal/grid-axis.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import {
  definitionsOf,
  describeNumber,
  exampleEntries,
  isInside,
  type AnyObject,
  type OptionDefinition,
  type Range,
} from './definitions.js';
import { factorKeys, inputSchema, keyOfOption, optionOf, type FactorKey } from './schema.js';
import type { ValueOrigins } from './value-origins.js';

/** Values by key as typed on the command line: text, or a list of texts for an option given more than once. */
export type RawOptions = Readonly<Record<string, unknown>>;

export const gridFlag = '--grid';

/** For factors that have one: `--depths 1,2,4` is `--depth 1,2,4`. */
export const plurals: readonly (readonly [FactorKey, string])[] = factorKeys
  .filter((key) => !/s$|Noise$|Decay$|Shift$|Rotation$|Scale$|Remapping$|burstiness|zipf|dropout/.test(key))
  .map((key) => [key, `${key}s`]);

/** Flags of factors that were typed in another form: `--depths`, `--grid`. */
export function typedAs(raw: RawOptions): ValueOrigins {
  const named = plurals.filter(([, plural]) => raw[plural] !== undefined);
  const gridded = ((raw['grid'] ?? []) as readonly string[]).map((text) => text.split('=')[0] ?? '');
  return Object.fromEntries([
    ...gridded.map((name) => [gridKey(name), `${gridFlag} ${name}`]),
    ...named.map(([key, plural]) => [key, `--${optionOf(plural)}`]),
  ]) as ValueOrigins;
}

/** `widths` for `width`, `trainSize` for `train-size`. */
function gridKey(name: string): string {
  const key = keyOfOption(name);
  return ['width', 'seed'].includes(key) ? `${key}s` : key;
}

/** Whether members can differ in the option, so that it takes a list. */
export function takesList(value: OptionDefinition['value']): boolean {
  return 'isFactor' in value;
}

/** What was typed for the options of a schema. Throws UsageError, one line, for the first that is wrong. */
export function optionValues(raw: RawOptions, schema: AnyObject): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const definition of definitionsOf(schema)) {
    if (definition.value.kind === 'switch') {
      if (raw[definition.key] === true) values[definition.key] = true;
      continue;
    }
    const text = optionText(raw[definition.key], definition);
    if (text !== undefined) values[definition.key] = parseValue(text, definition);
  }
  return values;
}

/** Values with the lists of plural options and of `--grid`. Throws UsageError if an option is given in two ways. */
export function withGrid(values: Record<string, unknown>, raw: RawOptions): Record<string, unknown> {
  const all = { ...values };
  const add = (key: string, value: unknown, flag: string) => {
    if (all[key] !== undefined) throw new UsageError(`--${optionOf(key)} is given too`, flag, 'give one of the two');
    all[key] = value;
  };
  const definitions = definitionsOf(inputSchema);
  for (const [key, plural] of plurals) {
    const flag = `--${optionOf(plural)}`;
    const text = optionText(raw[plural], { flag });
    const definition = present(definitions.find((each) => each.key === key));
    if (text !== undefined) add(key, parseValue(text, { ...definition, flag }), flag);
  }
  const texts = (raw['grid'] ?? []) as readonly string[];
  for (const text of texts) {
    const axis = parseAxis(text, gridFlag);
    const definition = gridDefinition(axis.key, definitions);
    // Values spaced in ratio are rounded if only whole numbers are allowed.
    const isWhole = definition.value.kind !== 'number';
    const listed = text.includes(':') && isWhole ? [...new Set(axis.values.map(Math.round))] : axis.values;
    add(definition.key, parseValue(listed.join(','), { ...definition, flag: `${gridFlag} ${axis.key}` }), gridFlag);
  }
  return all;
}

/** `width`, `train-size` or `trainSize`: the option that a list of `--grid` is for. */
function gridDefinition(name: string, definitions: readonly OptionDefinition[]): OptionDefinition {
  const known = definitions.filter(({ key, value }) => takesList(value) || key === 'widths' || key === 'seeds');
  const found = known.find(({ key }) => [key, key.replace(/s$/, '')].includes(keyOfOption(name)));
  if (found !== undefined) return found;
  const names = known.map(({ key }) => (key === 'widths' || key === 'seeds' ? key.slice(0, -1) : key));
  throw new UsageError(`"${name}" is not an option in which members can differ`, gridFlag, suggestion(name, names));
}

/** The text typed for an option; undefined if it was not given. Throws UsageError if it was given more than once. */
export function optionText(given: unknown, { flag }: Pick<OptionDefinition, 'flag'>): string | undefined {
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
      if (takesList(value) && text.includes(',')) return readList(text, flag, value);
      if (text === value.word) return text;
      return readNumber(
        text,
        flag,
        value.kind,
        value.range,
        value.word === undefined ? undefined : `give one, or ${value.word}`,
      );
    case 'list':
      return readList(text, flag, { kind: 'integer', range: value.range });
    case 'switch':
      return true;
    case 'choice':
      if (value.choices.includes(text)) return text;
      throw new UsageError(`"${text}" is unknown`, flag, suggestion(text, value.choices));
    case 'text':
      if (text === '') throw new UsageError('the value is empty', flag);
      return text;
  }
}

function readList(
  text: string,
  flag: string,
  { kind, range }: { readonly kind: 'integer' | 'number'; readonly range: Range },
): number[] {
  const remedy = `give a comma-separated list such as ${exampleEntries(range).join(',')}`;
  if (text.trim() === '') throw new UsageError('the list is empty', flag, remedy);
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.includes('')) throw new UsageError(`"${text}" has an empty entry`, flag, remedy);
  return entries.map((entry) => readNumber(entry, flag, kind, range, remedy));
}

/** A number as people write it: neither hexadecimal nor without digits. */
export const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Only digits: "1e2" and "02" are more likely typos than widths. */
const plainWhole = /^(0|-?[1-9]\d*)$/;

function readNumber(text: string, flag: string, kind: 'integer' | 'number', range: Range, remedy?: string): number {
  const number = (kind === 'integer' ? plainWhole : decimal).test(text.trim()) ? Number(text) : NaN;
  if (isInside(number, range) && (kind === 'number' || Number.isSafeInteger(number))) return number;
  throw new UsageError(`"${text}" is not a ${describeNumber(kind, range)}`, flag, remedy);
}
