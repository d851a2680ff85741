/**
 * Collects outcomes of many models, a row at a time in any order, then aligns them on one test set: the examples that all models have,
 * ordered by id, so that every member has the same rows.
 */
import { createHash } from 'node:crypto';
import { firstOf, nth, present, zip } from '../machine/present.js';
import type { OutcomeColumns } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import { condensed, counted } from '../terminal/format.js';
import { isNameable, isShowable } from '../terminal/printable.js';
import { columnsLike, refuseOtherExamples, type KnownRun } from './known-run.js';
import { commonColumns, ImportedModel, type OutcomeRow } from './model.js';
import { Growing, Names } from './names.js';

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
  /** SHA-256 over the ids, and over the labels if known. */
  readonly fingerprint: string;
  /** SHA-256 over the hashes of the examples' contents; undefined if some have none. */
  readonly contents: string | undefined;
  readonly dropped: number;
  /** Names of the classes; undefined if they are numbers, or none are known. */
  readonly classNames: readonly string[] | undefined;
  /** How many classes the labels and predictions imply; null without them. */
  readonly classes: number | null;
  /** Distinct groups; undefined if there are none. */
  readonly groups: number | undefined;
  /** What was left out, one line each. */
  readonly notes: readonly string[];
}

export interface CollectOptions {
  /** Reject examples that are missing from some models instead of leaving them out. */
  readonly strict: boolean;
  /** The run to add the models to; undefined for a new run. */
  readonly onto?: KnownRun | undefined;
}

/** Most outcomes of all models together, limited by memory. */
const mostRows = 50_000_000;

/** Maximum length of a model's name, which appears in tables, pictures and messages. */
const mostName = 1000;

/** Coordinates of a model, and the row they are from. */
export interface PlacedCoordinates {
  readonly coordinates: Readonly<Record<string, number>>;
  readonly where: string;
}

interface Placed {
  readonly name: string;
  readonly coordinates: Readonly<Record<string, number>>;
  readonly placedAt: string | undefined;
}

export class Collector {
  readonly #examples = new Names();
  readonly #classes = new Names();
  readonly #groups = new Names();
  readonly #contents = new Names();
  readonly #models = new Map<string, ImportedModel>();
  /** One for each example, -1 if unknown. */
  readonly #label = new Growing(Int32Array, -1);
  /** True if it is true of all rows. */
  #isCompared = true;
  readonly #group = new Growing(Int32Array, -1);
  readonly #content = new Growing(Int32Array, -1);
  #rows = 0;

  /** @param where place of the row, for messages @throws UsageError if the row contradicts another, or a value is out of range */
  add(row: OutcomeRow, where: () => string): void {
    if (++this.#rows > mostRows)
      throw new UsageError(`more than ${mostRows} outcomes`, where(), 'import fewer models at once');
    const { count: known } = this.#examples;
    const example = this.#examples.numberOf(row.example);
    if (example === known && !isShowable(row.example))
      throw new UsageError(`the id of the example "${row.example}" has control characters`, where());
    const model = this.#modelOf(row, where);
    this.#isCompared &&= row.isCompared === true;
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

  /** Sets coordinates that do not come from the rows. Returns the names of models without any. */
  place(placementOf: (model: string) => PlacedCoordinates | undefined): string[] {
    const without: string[] = [];
    for (const model of this.#models.values()) {
      const found = placementOf(model.name);
      if (found === undefined) {
        without.push(model.name);
        continue;
      }
      Object.assign(model.coordinates, found.coordinates);
      model.placedAt = found.where;
    }
    return [...new Set(without)];
  }

  get models(): readonly Placed[] {
    return [...this.#models.values()];
  }

  /**
   * @throws UsageError if no example is shared by all models, none is marked right or wrong, `strict` is violated, or the models do not
   * match the run they are added to
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
      // Adding models adds no information about the run's examples.
      if (hasGroups && (onto === undefined || onto.group !== undefined)) columns['group'] = renumbered(groups);
      if (hasLabels && (onto === undefined || onto.label !== undefined))
        columns['label'] = Int32Array.from(labels, (code) => nth(classes.codes, code));
      for (const column of names) columns[column] = columnOf(column, rows, classes.codes);
      const { label, predicted } = columns;
      if (this.#isCompared && 'correct' in columns && label !== undefined && predicted !== undefined)
        columns['correct'] = Uint8Array.from(label, (code, i) => (code === predicted[i] ? 1 : 0));
      return { name, seed, coordinates, columns };
    });
    const examples = shared.map((example) => this.#examples.nameOf(example));
    notes.push(...neverRight(members, { examples, nameOf: (code) => classes.names?.[code] ?? String(code) }));
    const contents = this.#contentsOf(shared);
    if (onto !== undefined) refuseOtherExamples(onto, { columns: firstOf(members).columns, contents });
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

  /** An é of one code point and one of two are the same letter: systems write either. */
  #classOf(name: string | undefined): number {
    return name === undefined ? -1 : this.#classes.numberOf(name.normalize());
  }

  #modelOf({ model: name, seed, coordinates = {} }: OutcomeRow, where: () => string): ImportedModel {
    const key = `${seed ?? ''} ${name}`;
    let model = this.#models.get(key);
    if (model === undefined) {
      if (!isNameable(name) || name === '')
        throw new UsageError('the name of the model is empty or has control characters', where());
      if (name.length > mostName)
        throw new UsageError(`the name of a model has ${name.length} characters`, where(), 'is this the right column?');
      model = new ImportedModel(name, seed);
      this.#models.set(key, model);
    }
    for (const [coordinate, value] of Object.entries(coordinates)) {
      const known = model.coordinates[coordinate];
      if (known !== undefined && known !== value)
        throw new UsageError(`${coordinate} of ${name} is ${value}, but was ${known} earlier`, where());
      model.coordinates[coordinate] = value;
      model.placedAt ??= where();
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

  #sharedExamples(models: readonly ImportedModel[], strict: boolean): number[] {
    const shared: number[] = [];
    for (let example = 0; example < this.#examples.count; example++) {
      const without = models.find((model) => !model.has(example));
      if (without === undefined) shared.push(example);
      else if (strict)
        throw new UsageError(
          `${without.title} has no outcome of example ${this.#examples.nameOf(example)}`,
          '--strict',
          'without it, such examples are left out',
        );
    }
    if (shared.length === 0)
      throw new UsageError(
        `no example has an outcome from all ${counted(models.length, 'model')}`,
        undefined,
        'do they use the same ids and the same test set?',
      );
    return this.#inOrder(shared);
  }

  /** The run's examples, in its order. */
  #examplesOf(
    { name, examples }: KnownRun,
    { models, strict }: { readonly models: readonly ImportedModel[]; readonly strict: boolean },
  ): number[] {
    const found = examples.map((id) => this.#examples.find(id));
    for (const model of models) {
      const missing = examples.filter((_, i) => !model.has(found[i] ?? -1));
      if (missing.length > 0)
        throw new UsageError(
          `${model.title} has no outcome of ${counted(missing.length, 'example')} of the run ${name}, ${firstOf(missing)} for one`,
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

  /** Whole numbers sorted by value, other ids as text, so that the order does not depend on that of the rows. */
  #inOrder(shared: readonly number[]): number[] {
    const ids = shared.map((example) => this.#examples.nameOf(example));
    const areNumbers = ids.every((id) => /^\d{1,15}$/.test(id));
    const order = zip(shared, ids).map(([example, id]) => ({ example, id, number: areNumbers ? Number(id) : 0 }));
    order.sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    return order.map(({ example }) => example);
  }

  /** Each class's number in the files: if all names are whole numbers they are kept, otherwise they are numbered in order. */
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
    // A run's classes keep their numbers; classes its models never named come after them.
    const before = new Set(known);
    const sorted = [...(known ?? []), ...names.filter((name) => !before.has(name)).sort()];
    const place = new Map(sorted.map((name, i) => [name, i]));
    return { codes: Int32Array.from(names, (name) => present(place.get(name))), names: sorted, count: sorted.length };
  }
}

/** On fewer examples, a model that guesses among four classes often gets none right. */
const fewestToDoubt = 10;

/** A note if models never predict the true class: labels may be of other images, or use other class names. */
function neverRight(
  members: readonly Pick<CollectedMember, 'name' | 'columns'>[],
  { examples, nameOf }: { readonly examples: readonly string[]; readonly nameOf: (code: number) => string },
): string[] {
  if (examples.length < fewestToDoubt) return [];
  const never = members.filter(
    ({ columns: { label, predicted } }) =>
      label !== undefined && predicted !== undefined && label.every((code, i) => code !== predicted[i]),
  );
  const [first] = never;
  if (first === undefined) return [];
  const { label, predicted } = first.columns;
  const of = (codes: OutcomeColumns[string] | undefined) => nameOf(Number(present(codes)[0]));
  return [
    `${condensed([...new Set(never.map(({ name }) => name))])} never predicted the true class, such as ${of(label)} of example ${firstOf(examples)}, predicted to be ${of(predicted)}: are the labels of these examples, and do they name classes as the predictions do?`,
  ];
}

/** A class name that is its own number. */
const wholeClass = /^\d{1,9}(\.0)?$/;
/** Columns that hold classes. */
const classColumns: ReadonlySet<string> = new Set(['label', 'predicted']);

/** From 0, in order of first use. */
function renumbered(values: readonly number[]): Int32Array {
  const numbers = new Map<number, number>();
  return Int32Array.from(values, (value) => {
    const number = numbers.get(value) ?? numbers.size;
    numbers.set(value, number);
    return number;
  });
}
