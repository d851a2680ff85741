/**
 * Outcomes of many models, gathered a row at a time in any order, then put on one test set: the examples that all models have, in the
 * order of their ids, the same rows for every member.
 */
import { createHash } from 'node:crypto';
import { nth, present } from '../machine/present.js';
import type { ImportedColumn } from '../runs/imported.js';
import type { OutcomeColumns } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { isNameable } from '../terminal/printable.js';

/** Numbers that a row may have, by the column of the outcomes that they become. */
export const numberColumns = ['log_probability', 'brier', 'confidence', 'margin', 'rank', 'score'] as const;
export type NumberColumn = (typeof numberColumns)[number];

/** What one model did on one example. */
export interface OutcomeRow {
  readonly model: string;
  /** Tells models apart that differ in nothing else; null where the source doesn't. */
  readonly seed: number | null;
  readonly example: string;
  readonly correct?: 0 | 1 | undefined;
  /** Classes by their names. */
  readonly label?: string | undefined;
  readonly predicted?: string | undefined;
  /** Who the example is from. */
  readonly group?: string | undefined;
  /** A hash of the example's content, where the source has one. */
  readonly content?: string | undefined;
  readonly numbers?: Readonly<Partial<Record<NumberColumn, number>>> | undefined;
  /** Of the model: the same in all of its rows. */
  readonly coordinates?: Readonly<Record<string, number>> | undefined;
}

export interface CollectedMember {
  readonly name: string;
  readonly seed: number | null;
  readonly coordinates: Readonly<Record<string, number>>;
  readonly columns: OutcomeColumns;
}

export interface Collected {
  readonly members: readonly CollectedMember[];
  /** Ids of the examples, in the order of the rows. */
  readonly examples: readonly string[];
  /** SHA-256 over the ids, and over the labels where they are known. */
  readonly fingerprint: string;
  /** SHA-256 over the hashes of the examples' contents; undefined where some have none. */
  readonly contents: string | undefined;
  readonly dropped: number;
  /** Names of the classes; undefined where they are numbers, or none are known. */
  readonly classNames: readonly string[] | undefined;
  /** How many classes labels and predictions tell; null without them. */
  readonly classes: number | null;
  /** Distinct groups; undefined where there are none. */
  readonly groups: number | undefined;
  /** What was left out, a line each. */
  readonly notes: readonly string[];
}

export interface CollectOptions {
  /** Refuse examples that are missing from some models, instead of leaving them out. */
  readonly strict: boolean;
  /** A run that the models are added to; undefined: they make a run of their own. */
  readonly onto?: KnownRun | undefined;
}

/** What models have to agree with that are added to a run. */
export interface KnownRun {
  readonly name: string;
  /** Ids of its examples: all of them, in this order. */
  readonly examples: readonly string[];
  readonly contents: string | undefined;
  readonly classNames: readonly string[] | undefined;
  /** The columns of its outcomes. */
  readonly columns: readonly string[];
  /** True classes and groups of the examples, by number. */
  readonly label: Int32Array | undefined;
  readonly group: Int32Array | undefined;
}

/** A limit that memory sets: outcomes of all models together. */
const mostRows = 50_000_000;

export class Collector {
  readonly #examples = new Names();
  readonly #classes = new Names();
  readonly #groups = new Names();
  readonly #contents = new Names();
  readonly #models = new Map<string, Model>();
  /** Of each example, -1 where unknown. */
  readonly #label = new Growing(Int32Array, -1);
  readonly #group = new Growing(Int32Array, -1);
  readonly #content = new Growing(Int32Array, -1);
  #rows = 0;

  /** @param where of the row, for messages @throws UsageError where the row contradicts another, or a value is out of its range */
  add(row: OutcomeRow, where: () => string): void {
    if (++this.#rows > mostRows)
      throw new UsageError(`more than ${mostRows} outcomes`, where(), 'import fewer models at once');
    const example = this.#examples.numberOf(row.example);
    const model = this.#modelOf(row, where);
    model.add(example, row, { predicted: this.#classOf(row.predicted), where });
    this.#note(this.#label, example, this.#classOf(row.label), { what: 'label', of: row.example, where });
    const group = row.group === undefined ? -1 : this.#groups.numberOf(row.group);
    this.#note(this.#group, example, group, { what: 'group', of: row.example, where });
    const content = row.content === undefined ? -1 : this.#contents.numberOf(row.content);
    this.#note(this.#content, example, content, { what: 'content', of: row.example, where });
  }

  get rows(): number {
    return this.#rows;
  }

  /** Coordinates that come from elsewhere than the rows. Returns the names of models that it has none of. */
  place(coordinatesOf: (model: string) => Readonly<Record<string, number>> | undefined): string[] {
    const without: string[] = [];
    for (const model of this.#models.values()) {
      const found = coordinatesOf(model.name);
      if (found === undefined) without.push(model.name);
      else Object.assign(model.coordinates, found);
    }
    return [...new Set(without)];
  }

  get models(): readonly { readonly name: string; readonly coordinates: Readonly<Record<string, number>> }[] {
    return [...this.#models.values()];
  }

  /**
   * @throws UsageError where there is no example that all models have, none is right or wrong, `strict` is not met, or the models differ
   * from those of the run that they are added to
   */
  finish({ strict, onto }: CollectOptions): Collected {
    const models = [...this.#models.values()];
    if (models.length === 0) throw new UsageError('the input has no outcomes');
    const shared =
      onto === undefined ? this.#sharedExamples(models, strict) : this.#examplesOf(onto, { models, strict });
    const labels = shared.map((example) => this.#label.at(example));
    const groups = shared.map((example) => this.#group.at(example));
    const hasLabels = labels.every((label) => label >= 0);
    const hasGroups = groups.every((group) => group >= 0);
    const classes = this.#classCodes(onto);
    const notes: string[] = [];
    const names = onto === undefined ? commonColumns(models, notes) : columnsLike(onto, { models, notes });
    const members = models.map(({ name, seed, coordinates, rowsOf, columnOf }) => {
      const rows = rowsOf(shared);
      const columns: Record<string, OutcomeColumns[string]> = { example: Int32Array.from(shared, (_, i) => i) };
      // What a run does not know of its examples, it goes on not knowing.
      if (hasGroups && (onto === undefined || onto.group !== undefined)) columns['group'] = renumbered(groups);
      if (hasLabels && (onto === undefined || onto.label !== undefined))
        columns['label'] = Int32Array.from(labels, (code) => nth(classes.codes, code));
      for (const column of names) columns[column] = columnOf(column, rows, classes.codes);
      return { name, seed, coordinates, columns };
    });
    const examples = shared.map((example) => this.#examples.nameOf(example));
    const contents = this.#contentsOf(shared);
    if (onto !== undefined) refuseOtherExamples(onto, { columns: nth(members, 0).columns, contents });
    const hash = createHash('sha256').update(examples.map((id) => `${JSON.stringify(id)}\n`).join(''));
    if (hasLabels) hash.update(labels.map((code) => `${JSON.stringify(this.#classes.nameOf(code))}\n`).join(''));
    return {
      members,
      examples,
      fingerprint: hash.digest('hex'),
      contents,
      dropped: this.#examples.count - shared.length,
      classNames: classes.names,
      classes: classes.count,
      groups: hasGroups ? new Set(groups).size : undefined,
      notes,
    };
  }

  #classOf(name: string | undefined): number {
    return name === undefined ? -1 : this.#classes.numberOf(name);
  }

  #modelOf({ model: name, seed, coordinates = {} }: OutcomeRow, where: () => string): Model {
    const key = `${seed ?? ''} ${name}`;
    let model = this.#models.get(key);
    if (model === undefined) {
      if (!isNameable(name) || name === '')
        throw new UsageError('the name of the model is empty or has control characters', where());
      model = new Model(name, seed);
      this.#models.set(key, model);
    }
    for (const [coordinate, value] of Object.entries(coordinates)) {
      const known = model.coordinates[coordinate];
      if (known !== undefined && known !== value)
        throw new UsageError(`${coordinate} of ${name} is ${value}, but was ${known} earlier`, where());
      model.coordinates[coordinate] = value;
    }
    return model;
  }

  #note(
    column: Growing<Int32Array>,
    example: number,
    value: number,
    { what, of, where }: { readonly what: string; readonly of: string; readonly where: () => string },
  ): void {
    if (value < 0) return;
    const known = column.at(example);
    if (known >= 0 && known !== value)
      throw new UsageError(`the ${what} of example ${of} differs from an earlier one`, where(), 'give one test set');
    column.set(example, value);
  }

  #sharedExamples(models: readonly Model[], strict: boolean): number[] {
    const shared: number[] = [];
    for (let example = 0; example < this.#examples.count; example++) {
      const lacking = models.find((model) => !model.has(example));
      if (lacking === undefined) shared.push(example);
      else if (strict)
        throw new UsageError(
          `${lacking.title} has no outcome of example ${this.#examples.nameOf(example)}`,
          '--strict',
          'without it, such examples are left out',
        );
    }
    if (shared.length === 0)
      throw new UsageError(
        `no example has an outcome from all ${models.length} models`,
        undefined,
        'do they use the same ids and the same test set?',
      );
    return this.#inOrder(shared);
  }

  /** Those of a run, in its order. */
  #examplesOf(
    { name, examples }: KnownRun,
    { models, strict }: { readonly models: readonly Model[]; readonly strict: boolean },
  ): number[] {
    const found = examples.map((id) => this.#examples.find(id));
    for (const model of models) {
      const missing = examples.filter((_, i) => !model.has(found[i] ?? -1));
      if (missing.length > 0)
        throw new UsageError(
          `${model.title} has no outcome of ${counted(missing.length, 'example')} of the run ${name}, ${nth(missing, 0)} for one`,
          '--add',
          `the ${counted(examples.length, 'example')} of the run are needed from each model`,
        );
    }
    const shared = found.map((example) => present(example));
    const others = this.#examples.count - shared.length;
    if (!strict || others === 0) return shared;
    const known = new Set(examples);
    throw new UsageError(
      `the run ${name} does not have example ${present(this.#examples.all.find((id) => !known.has(id)))}`,
      '--strict',
      'without it, such examples are left out',
    );
  }

  #contentsOf(shared: readonly number[]): string | undefined {
    const contents = shared.map((example) => this.#content.at(example));
    if (contents.some((content) => content < 0)) return undefined;
    return createHash('sha256')
      .update(contents.map((content) => `${JSON.stringify(this.#contents.nameOf(content))}\n`).join(''))
      .digest('hex');
  }

  /** Whole numbers by their size, other ids as texts: the same whatever order the rows came in. */
  #inOrder(shared: readonly number[]): number[] {
    const ids = shared.map((example) => this.#examples.nameOf(example));
    const areNumbers = ids.every((id) => /^\d{1,15}$/.test(id));
    const order = shared.map((example, i) => ({ example, id: nth(ids, i), number: areNumbers ? Number(ids[i]) : 0 }));
    order.sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    return order.map(({ example }) => example);
  }

  /** Each class's number in the files: names that are all whole numbers stand for themselves, others are numbered in order. */
  #classCodes(onto: KnownRun | undefined): {
    codes: Int32Array;
    names: readonly string[] | undefined;
    count: number | null;
  } {
    const names = this.#classes.all;
    if (names.length === 0) return { codes: new Int32Array(), names: undefined, count: null };
    const known = onto?.classNames;
    const areNumbers = known === undefined && names.every((name) => wholeClass.test(name));
    const isOfNumbers =
      onto !== undefined && known === undefined && onto.columns.some((each) => classColumns.has(each));
    if (isOfNumbers && !areNumbers)
      throw new UsageError(
        `the run ${onto.name} has classes by number, and ${JSON.stringify(names.find((name) => !wholeClass.test(name)))} is none`,
        '--add',
      );
    if (areNumbers) {
      const codes = Int32Array.from(names, Number);
      return { codes, names: undefined, count: codes.reduce((most, code) => Math.max(most, code), 0) + 1 };
    }
    // Of a run's classes each keeps its number; what its models never named comes after them.
    const before = new Set(known);
    const sorted = [...(known ?? []), ...names.filter((name) => !before.has(name)).sort()];
    const place = new Map(sorted.map((name, i) => [name, i]));
    return { codes: Int32Array.from(names, (name) => present(place.get(name))), names: sorted, count: sorted.length };
  }
}

/** A class that stands for itself. */
const wholeClass = /^\d{1,9}(\.0)?$/;
/** Columns that hold classes. */
const classColumns: ReadonlySet<string> = new Set(['label', 'predicted']);

/** Names as numbers, in order of their first use. */
class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.length;
      this.#numbers.set(name, number);
      this.#names.push(name);
    }
    return number;
  }

  find(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  nameOf(number: number): string {
    return nth(this.#names, number);
  }

  get all(): readonly string[] {
    return this.#names;
  }

  get count(): number {
    return this.#names.length;
  }
}

/** A typed array that grows; what was not set has the value that it is made with. */
class Growing<T extends Int32Array | Float64Array | Uint8Array> {
  #values: T;

  constructor(
    readonly type: new (length: number) => T,
    readonly unset: number,
  ) {
    this.#values = new type(1024).fill(unset) as T;
  }

  at(place: number): number {
    return this.#values[place] ?? this.unset;
  }

  set(place: number, value: number): void {
    if (place >= this.#values.length) {
      const larger = new this.type(Math.max(2 * this.#values.length, place + 1)).fill(this.unset) as T;
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[place] = value;
  }
}

const columnNames = ['predicted', 'correct', ...numberColumns] as const;
type ModelColumn = (typeof columnNames)[number];

/** What a number has to be, in words where it is not. */
const limits: Readonly<Record<NumberColumn, { readonly fits: (value: number) => boolean; readonly wanted: string }>> = {
  // What rounding makes of a probability of 1.
  log_probability: { fits: (value) => value <= 1e-4, wanted: 'a logarithm of a probability, at most 0' },
  brier: { fits: (value) => value >= 0 && value <= 2, wanted: 'a Brier score, 0 to 2' },
  confidence: { fits: (value) => value >= 0 && value <= 1.0001, wanted: 'a probability, 0 to 1' },
  margin: { fits: (value) => value >= -1.0001 && value <= 1.0001, wanted: 'a difference of probabilities, -1 to 1' },
  rank: {
    fits: (value) => Number.isInteger(value) && value >= 1 && value < 2 ** 31,
    wanted: 'a rank, 1 for the first',
  },
  score: { fits: Number.isFinite, wanted: 'a finite number' },
};

class Model {
  readonly coordinates: Record<string, number> = {};
  readonly #rowOf = new Growing(Int32Array, -1);
  readonly #columns = new Map<ModelColumn, { values: Growing<Float64Array>; count: number }>();
  #rows = 0;

  constructor(
    readonly name: string,
    readonly seed: number | null,
  ) {}

  get title(): string {
    return this.seed === null ? this.name : `${this.name}, seed ${this.seed},`;
  }

  has(example: number): boolean {
    return this.#rowOf.at(example) >= 0;
  }

  add(
    example: number,
    { example: id, correct, numbers = {} }: OutcomeRow,
    { predicted, where }: { readonly predicted: number; readonly where: () => string },
  ): void {
    if (this.has(example))
      throw new UsageError(`${this.title} has a second outcome of example ${id}`, where(), 'give each once');
    this.#rowOf.set(example, this.#rows);
    if (correct !== undefined) this.#set('correct', correct);
    if (predicted >= 0) this.#set('predicted', predicted);
    for (const name of numberColumns) {
      const value = numbers[name];
      if (value === undefined) continue;
      const { fits, wanted } = limits[name];
      if (!fits(value)) throw new UsageError(`${name.replace('_', '-')} is ${value}`, where(), `it must be ${wanted}`);
      this.#set(name, value);
    }
    this.#rows++;
  }

  #set(name: ModelColumn, value: number): void {
    let column = this.#columns.get(name);
    if (column === undefined) {
      column = { values: new Growing(Float64Array, NaN), count: 0 };
      this.#columns.set(name, column);
    }
    column.values.set(this.#rows, value);
    column.count++;
  }

  /** Whether all rows have it, some, or none. */
  hasColumn(name: ModelColumn): 'all' | 'some' | 'none' {
    const count = this.#columns.get(name)?.count ?? 0;
    return count === 0 ? 'none' : count === this.#rows ? 'all' : 'some';
  }

  readonly rowsOf = (examples: readonly number[]): Int32Array =>
    Int32Array.from(examples, (example) => this.#rowOf.at(example));

  /** A column's values in these rows, as outcomes.parquet has them. */
  readonly columnOf = (name: ModelColumn, rows: Int32Array, classCodes: Int32Array): OutcomeColumns[string] => {
    const { values } = present(this.#columns.get(name));
    switch (name) {
      case 'correct':
        return Uint8Array.from(rows, (row) => values.at(row));
      case 'predicted':
        return Int32Array.from(rows, (row) => nth(classCodes, values.at(row)));
      case 'rank':
        return Int32Array.from(rows, (row) => values.at(row));
      case 'score':
        return Float64Array.from(rows, (row) => values.at(row));
      case 'log_probability':
        return Float32Array.from(rows, (row) => Math.min(0, values.at(row)));
      case 'brier':
      case 'confidence':
      case 'margin':
        return Float32Array.from(rows, (row) => values.at(row));
    }
  };
}

/** Columns that every row of every model has; of others a line. */
function commonColumns(models: readonly Model[], notes: string[]): (ModelColumn & ImportedColumn)[] {
  const common: ModelColumn[] = [];
  for (const name of columnNames) {
    const states = models.map((model) => ({ model, state: model.hasColumn(name) }));
    const lacking = states.filter(({ state }) => state !== 'all');
    if (lacking.length === 0) common.push(name);
    else if (lacking.length < models.length || lacking.some(({ state }) => state === 'some')) {
      const { model, state } = nth(lacking, 0);
      const others = lacking.length === 1 ? '' : ` and ${counted(lacking.length - 1, 'other model')}`;
      notes.push(
        `${name} is left out: ${model.title}${others} ${state === 'none' ? 'has none' : 'does not have it for some examples'}`,
      );
    }
  }
  if (!common.includes('correct'))
    throw new UsageError(
      'some outcomes do not say whether the answer is right',
      undefined,
      'name the column with --correct, or those of the true and the given answer with --label and --predicted',
    );
  return common;
}

/** The columns of a run. Throws UsageError where a model lacks one; of those that the run does not have a line. */
function columnsLike(
  { name: run, columns }: KnownRun,
  { models, notes }: { readonly models: readonly Model[]; readonly notes: string[] },
): (ModelColumn & ImportedColumn)[] {
  const wanted = columnNames.filter((name) => columns.includes(name));
  for (const model of models) {
    const missing = wanted.find((name) => model.hasColumn(name) !== 'all');
    if (missing !== undefined)
      throw new UsageError(
        `${model.title} has no ${missing}${model.hasColumn(missing) === 'some' ? ' for some examples' : ''}, which the models of the run ${run} have`,
        '--add',
        'models that are added need the same columns',
      );
  }
  const others = columnNames.filter(
    (name) => !columns.includes(name) && models.some((model) => model.hasColumn(name) !== 'none'),
  );
  if (others.length > 0)
    notes.push(`${others.join(', ')} left out: the run ${run} does not have ${others.length === 1 ? 'it' : 'them'}`);
  return wanted;
}

/** Throws UsageError where true classes, groups or contents of the examples are not those of the run. */
function refuseOtherExamples(
  run: KnownRun,
  { columns, contents }: { readonly columns: OutcomeColumns; readonly contents: string | undefined },
): void {
  const differs = (what: string, remedy?: string) => new UsageError(`${what} the run ${run.name}`, '--add', remedy);
  for (const name of ['label', 'group'] as const) {
    const [theirs, ours] = [columns[name], run[name]];
    if (ours === undefined) continue;
    if (theirs === undefined)
      throw differs(`no ${name} of the examples is given, unlike in`, `give it as for the models that are there`);
    const other = ours.findIndex((value, i) => value !== theirs[i]);
    if (other >= 0)
      throw differs(
        `the ${name} of example ${nth(run.examples, other)} differs from that of`,
        'is it the same test set?',
      );
  }
  if (contents !== undefined && run.contents !== undefined && contents !== run.contents)
    throw differs(
      'examples of these ids have other contents (by their hashes) than those of',
      'is it the same version of the task?',
    );
}

/** From 0, in order of first use. */
function renumbered(values: readonly number[]): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(values, (value) => {
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  });
}
