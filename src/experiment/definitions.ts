/**
 * What each key of a schema accepts, read from the schema itself: the command line's flags, the messages about an
 * experiment file and their tests are made from this, so that a key is described once.
 */
import * as z from 'zod';
import { present } from '../machine/present.js';
import { inputSchema, optionOf, type FactorKey } from './schema.js';

export interface Range {
  readonly minimum: number;
  readonly maximum: number;
  /** The minimum itself is not allowed. */
  readonly above: boolean;
  /** The maximum itself is not allowed. */
  readonly below: boolean;
}

export type OptionValue =
  | {
      readonly kind: 'integer' | 'number';
      readonly range: Range;
      /** May be given several values. */
      readonly isFactor?: true;
      /** A word that stands for a number, such as auto. */
      readonly word?: string;
    }
  | { readonly kind: 'list'; readonly range: Range }
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'text' };

export interface OptionDefinition {
  readonly key: string;
  /** `--batch-size` for `batchSize`. */
  readonly flag: string;
  readonly description: string;
  /** Undefined if there is none. */
  readonly default: unknown;
  readonly value: OptionValue;
  readonly schema: z.ZodType;
}

export type AnyObject = z.ZodObject<Readonly<Record<string, z.ZodType>>>;
type Property = Exclude<z.core.JSONSchema._JSONSchema, boolean>;

/** Every key of a schema, in its order. Throws if one has a type that can't be written as a flag. */
export function definitionsOf(schema: AnyObject): OptionDefinition[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([key, property]) => {
    if (typeof property === 'boolean') throw new Error(`${key} cannot become an option`);
    return {
      key,
      flag: `--${optionOf(key)}`,
      description: property.description ?? '',
      default: property.default,
      value: valueOf(property),
      schema: present(schema.shape[key]),
    };
  });
}

function valueOf(property: Property): OptionValue {
  if (property.enum !== undefined) return { kind: 'choice', choices: property.enum.map(String) };
  if (property.type === 'integer' || property.type === 'number')
    return { kind: property.type, range: rangeOf(property) };
  if (property.type === 'string') return { kind: 'text' };
  if (property.type === 'boolean') return { kind: 'switch' };
  const [one, other] = property.anyOf ?? [];
  if (typeof one === 'object' && typeof other === 'object') {
    const value = valueOf(one) as Extract<OptionValue, { kind: 'integer' | 'number' }>;
    return typeof other.const === 'string' ? { ...value, word: other.const } : { ...value, isFactor: true };
  }
  const { items } = property;
  if (typeof items !== 'object' || Array.isArray(items) || items.type !== 'integer') {
    throw new Error(`no option can be made of the type ${String(property.type)}`);
  }
  return { kind: 'list', range: rangeOf(items) };
}

function rangeOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Property): Range {
  // JSON Schema before draft 6 used booleans here; zod writes the later form.
  const above = typeof exclusiveMinimum === 'number' ? exclusiveMinimum : undefined;
  const below = typeof exclusiveMaximum === 'number' ? exclusiveMaximum : undefined;
  const upper = maximum ?? below;
  return {
    minimum: minimum ?? above ?? -Infinity,
    // zod's own bound of a whole number is not a limit to tell users about.
    maximum: upper === undefined || upper === Number.MAX_SAFE_INTEGER ? Infinity : upper,
    above: above !== undefined,
    below: below !== undefined,
  };
}

export function isInside(number: number, { minimum, maximum, above, below }: Range): boolean {
  return (above ? number > minimum : number >= minimum) && (below ? number < maximum : number <= maximum);
}

/** `whole number from 1 to 65536`: what a number, or an entry of a list, must be. */
export function describeNumber(kind: 'integer' | 'number' | 'list', range: Range): string {
  return `${kind === 'number' ? 'number' : 'whole number'} ${describeRange(range)}`;
}

function describeRange({ minimum, maximum, above, below }: Range): string {
  if (!above && !below && maximum !== Infinity) return `from ${minimum} to ${maximum}`;
  const lower = above ? `above ${minimum}` : `of at least ${minimum}`;
  if (maximum === Infinity) return lower;
  return `${lower} and ${below ? 'below' : 'at most'} ${maximum}`;
}

/** `whole number from 1 to 16`: what a value of a factor, or each of the widths, must be. */
export function describeFactor(key: FactorKey | 'widths'): string {
  const { value } = present(definitionsOf(inputSchema).find((each) => each.key === key));
  if (!('range' in value)) throw new Error(`${key} is not a number`);
  return describeNumber(value.kind, value.range);
}

/**
 * Example entries for a list, all of them allowed: widths such as 8, 16, 32, seeds such as 0, 1, 2, shares such as 0.1,
 * 0.2.
 */
export function exampleEntries(range: Range): readonly number[] {
  const lists = [range.minimum > 0 ? [8, 16, 32] : [0, 1, 2], [1, 2, 4], [0.1, 0.2]];
  const fits =
    range.above || range.maximum <= 2 ? [] : lists.filter((list) => list.every((entry) => isInside(entry, range)));
  return fits[0] ?? [0.1, 0.2];
}
