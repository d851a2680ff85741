/**
 * The factors in which a family's members differ besides their seed: the width and any of `factorKeys`. Without further
 * factors there is one member per width; with them, every combination of a width and a value of each factor, or with
 * `zip` the first of each, the second of each, and so on. A member's point is its width and the factors in which it
 * differs from the experiment's own value.
 */
import { firstOf, lastOf, nth, present } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import {
  factorKeys,
  inputOf,
  resolveExperiment,
  type Experiment,
  type ExperimentInput,
  type FactorKey,
} from './schema.js';
import { furtherFactors } from './factor-names.js';
import { originOf, type ValueOrigins } from './value-origins.js';

export { furtherFactors } from './factor-names.js';

/** Values of further factors, in the order of `factorKeys`. */
export type Factors = Readonly<Partial<Record<FactorKey, number>>>;

export interface Point {
  readonly width: number;
  /** Those that differ from the experiment's own; omitted if none do. */
  readonly factors?: Factors | undefined;
}

type Gridded = Pick<Experiment, 'widths' | 'grid' | 'zip'> & Partial<Experiment>;

const mostMembers = 1_000_000;

/** In the experiment's order, widths outermost. */
export function pointsOf(experiment: Gridded): Point[] {
  const { widths, grid = {}, zip } = experiment;
  const keys = furtherFactors(experiment);
  if (keys.length === 0) return widths.map((width) => ({ width }));
  if (zip === true) {
    const { length } = present(grid[firstOf(keys)]);
    return Array.from({ length }, (_, i) =>
      pointOf(experiment, nth(widths, widths.length === 1 ? 0 : i), (key) => nth(present(grid[key]), i)),
    );
  }
  let combinations: Partial<Record<FactorKey, number | null>>[] = [{}];
  for (const key of keys)
    combinations = combinations.flatMap((rest) => present(grid[key]).map((value) => ({ ...rest, [key]: value })));
  return widths.flatMap((width) =>
    combinations.map((values) => pointOf(experiment, width, (key) => present(values[key]))),
  );
}

function pointOf(experiment: Gridded, width: number, valueOf: (key: FactorKey) => number | null): Point {
  const others = furtherFactors(experiment).flatMap((key) => {
    const value = valueOf(key);
    return value === null || value === experiment[key] ? [] : [[key, value] as const];
  });
  return others.length === 0 ? { width } : { width, factors: Object.fromEntries(others) };
}

/** The experiment of one member: everything its training depends on besides width and seed. */
export function experimentAt(experiment: Experiment, { factors = {} }: Pick<Point, 'factors'>): Experiment {
  const own: Experiment = { ...experiment, ...factors };
  delete own.grid;
  delete own.zip;
  return own;
}

/** Throws UsageError for lists that cannot be combined, and for more members than anyone trains. */
export function refuseGrid(experiment: Experiment, places: ValueOrigins = {}, zip?: unknown): void {
  const { widths, grid = {}, seeds } = experiment;
  const keys = furtherFactors(experiment);
  if (keys.length === 0 && zip === true)
    throw new UsageError(
      'there is nothing to combine by position',
      originOf('zip', places),
      'give further lists, such as --depth 1,2,4',
    );
  const isZipped = experiment.zip === true && keys.length > 0;
  const lists = [
    ...(isZipped && widths.length === 1 ? [] : [{ key: 'widths', length: widths.length } as const]),
    ...keys.map((key) => ({ key, length: present(grid[key]).length })),
  ];
  const first = firstOf(lists);
  const other = isZipped ? lists.find(({ length }) => length !== first.length) : undefined;
  if (other !== undefined)
    throw new UsageError(
      `has ${counted(other.length, 'value')} and ${originOf(first.key, places)} ${first.length}`,
      originOf(other.key, places),
      'lists that are combined by position need equal lengths',
    );
  for (const key of isZipped ? [] : keys) {
    const twice = present(grid[key]).find((value, i, all) => all.indexOf(value) < i);
    if (twice !== undefined)
      throw new UsageError(`${String(twice)} is listed twice`, originOf(key, places), 'list each value once');
  }
  const lengths = [...(isZipped ? [first] : lists).map(({ length }) => length), seeds.length];
  if (lengths.reduce((product, length) => product * length) > mostMembers)
    throw new UsageError(
      `${lengths.join(' x ')} are more than ${mostMembers} members`,
      originOf(keys[0] ?? 'widths', places),
      'give fewer values',
    );
}

type Given = Partial<ExperimentInput>;

/** A list as it was given; empty for an omitted option. */
function given(value: unknown): number[] {
  return value === undefined ? [] : Array.isArray(value) ? (value as number[]) : [value as number];
}

/**
 * An experiment extended by what was given: further widths, seeds and values of factors. Widths and seeds are in
 * ascending order; values of factors keep the first, which is the experiment's own, in its place. `unset` has the
 * values of omitted options.
 *
 * @throws UsageError if only some of the lists are given for a family that is combined by position
 */
export function extendExperiment(
  recorded: Experiment,
  asked: Given,
  { places = {}, unset = {} }: { readonly places?: ValueOrigins | undefined; readonly unset?: Factors } = {},
): Experiment {
  const seeds = union(recorded.seeds, asked.seeds ?? []);
  if (recorded.zip === true) return { ...extendByPosition(recorded, asked, places), seeds };
  const input: Record<string, unknown> = {
    ...inputOf(recorded),
    widths: union(recorded.widths, asked.widths ?? []),
    seeds,
  };
  for (const key of factorKeys) {
    const own = recorded.grid?.[key] ?? [recorded[key] ?? null];
    // The value of an omitted option is one that the run has.
    const has = (value: number) => own.includes(value) || (own.includes(null) && value === unset[key]);
    const further = given(asked[key]).filter((value) => !has(value));
    if (further.length > 0 && (recorded.grid?.[key] !== undefined || isList(asked[key])))
      input[key] = [...own, ...further];
  }
  return resolveExperiment(input as ExperimentInput);
}

function extendByPosition(recorded: Experiment, asked: Given, places: ValueOrigins): Experiment {
  const keys = (['widths', ...furtherFactors(recorded)] as const).filter(
    (key) => key !== 'widths' || recorded.widths.length > 1,
  );
  const said = keys.filter((key) => asked[key] !== undefined);
  const [first] = said;
  if (first === undefined) return recorded;
  const missing = keys.find((key) => asked[key] === undefined);
  const rows = given(asked[first]).length;
  const other = missing ?? said.find((key) => given(asked[key]).length !== rows);
  if (other !== undefined)
    throw new UsageError(
      `the run combines ${keys.map((key) => originOf(key)).join(', ')} by position`,
      originOf(first, places),
      'give all of them, each with the same number of values',
    );
  const listOf = (key: (typeof keys)[number]) =>
    key === 'widths' ? recorded.widths : present(present(recorded.grid)[key]);
  const known = new Set(listOf(lastOf(keys)).map((_, i) => keys.map((key) => listOf(key)[i]).join(' ')));
  const fresh = given(asked[first]).flatMap((_, i) =>
    known.has(keys.map((key) => given(asked[key])[i]).join(' ')) ? [] : [i],
  );
  const extended = (key: (typeof keys)[number]) => [...listOf(key), ...fresh.map((i) => nth(given(asked[key]), i))];
  return {
    ...recorded,
    ...(keys.includes('widths') ? { widths: extended('widths') as number[] } : {}),
    grid: { ...recorded.grid, ...Object.fromEntries(furtherFactors(recorded).map((key) => [key, extended(key)])) },
  };
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 1;
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
