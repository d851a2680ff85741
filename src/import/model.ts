/** One model's outcomes, collected a row at a time, and the columns that models have in common. */
import { firstOf, nth, present } from '../machine/present.js';
import type { ImportedColumn } from '../runs/imported.js';
import type { OutcomeColumns } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { Growing } from './names.js';

/** Numbers that a row may have, named after the outcome columns they become. */
export const numberColumns = ['log_probability', 'brier', 'confidence', 'margin', 'rank', 'score'] as const;
export type NumberColumn = (typeof numberColumns)[number];

/** The outcome of one model on one example. */
export interface OutcomeRow {
  readonly model: string;
  /** Distinguishes models that are otherwise the same; null if the source has none. */
  readonly seed: number | null;
  readonly example: string;
  readonly correct?: 0 | 1 | undefined;
  /** Whether `correct` only says that label and predicted are spelt alike: 007 and 7 may turn out to be one class. */
  readonly isCompared?: boolean | undefined;
  /** Classes by their names. */
  readonly label?: string | undefined;
  readonly predicted?: string | undefined;
  /** The group the example belongs to, such as its writer. */
  readonly group?: string | undefined;
  /** A hash of the example's content, if the source has one. */
  readonly content?: string | undefined;
  readonly numbers?: Readonly<Partial<Record<NumberColumn, number>>> | undefined;
  /** The model's coordinates: the same in all of its rows. */
  readonly coordinates?: Readonly<Record<string, number>> | undefined;
}

export const columnNames = ['predicted', 'correct', ...numberColumns] as const;
export type ModelColumn = (typeof columnNames)[number];

/** The range of each number, and how to say so if a value is outside it. */
const limits: Readonly<Record<NumberColumn, { readonly fits: (value: number) => boolean; readonly wanted: string }>> = {
  // Rounding can put a probability slightly above 1.
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

export class ImportedModel {
  readonly coordinates: Record<string, number> = {};
  /** The row that its coordinates are from, for messages. */
  placedAt: string | undefined;
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

/** Columns that every row of every model has; each of the others gets a note. */
export function commonColumns(models: readonly ImportedModel[], notes: string[]): (ModelColumn & ImportedColumn)[] {
  const common: ModelColumn[] = [];
  for (const name of columnNames) {
    const states = models.map((model) => ({ model, state: model.hasColumn(name) }));
    const partial = states.filter(({ state }) => state !== 'all');
    if (partial.length === 0) common.push(name);
    else if (partial.length < models.length || partial.some(({ state }) => state === 'some')) {
      const { model, state } = firstOf(partial);
      const others = partial.length === 1 ? '' : ` and ${counted(partial.length - 1, 'other model')}`;
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
