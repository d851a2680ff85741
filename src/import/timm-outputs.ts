/**
 * Outputs of all classes, as timm's inference.py writes them with --topk 0: a list in each row (in CSV as NumPy prints it), or with
 * --results-separate-col a column for each class. Class k is at position k. With --topk K and neither --include-index nor labels the
 * columns look the same, but are sorted by value.
 */
import { firstOf, nth } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { outcomesOfChoices, type ChoiceOutcomes } from './choices.js';
import { Misread, readNumber } from './values.js';

type Kind = 'prob' | 'logit';

export interface OutputColumns {
  readonly kind: Kind;
  /** One column of lists, or one for each class. */
  readonly names: readonly string[];
}

/** Undefined if there are none. */
export function outputColumns(present: readonly string[]): OutputColumns | undefined {
  const kind = (['prob', 'logit'] as const).find((each) => present.includes(each) || present.includes(`${each}_0`));
  if (kind === undefined) return undefined;
  if (present.includes(kind)) return { kind, names: [kind] };
  const count = present.filter((name) => new RegExp(`^${kind}_\\d+$`).test(name)).length;
  return { kind, names: Array.from({ length: count }, (_, i) => `${kind}_${i}`) };
}

/** Reads the outputs of one file. */
export class Outputs {
  #isSorted = true;
  #classes: number | undefined;

  constructor(
    readonly columns: OutputColumns,
    readonly file: string,
  ) {}

  /** @param label number of the true class @throws UsageError if these are not outputs of all classes */
  outcomes(row: Readonly<Record<string, unknown>>, label: string, where: () => string): ChoiceOutcomes {
    const values = this.#valuesOf(row, where);
    if (values.length < 2)
      throw new UsageError(
        `has a ${this.columns.kind} and not its class`,
        where(),
        'run inference.py with --label-type name or --include-index',
      );
    this.#classes ??= values.length;
    if (values.length !== this.#classes)
      throw new UsageError(`has ${counted(values.length, 'output')}, but there are ${this.#classes} classes`, where());
    this.#isSorted &&= values.every((value, i) => i === 0 || value <= nth(values, i - 1));
    const truth = /^\d{1,9}$/.test(label) ? Number(label) : NaN;
    if (!(truth < values.length))
      throw new UsageError(
        `the true class ${JSON.stringify(label)} is not a number below ${values.length}, and outputs of --topk 0 have no names`,
        where(),
        'give class numbers: a file with the columns example and label as --label-from',
      );
    return outcomesOfChoices(this.columns.kind === 'logit' ? values : this.#logsOf(values, where), truth);
  }

  /** Throws UsageError if these could be the outputs of only the K best classes. */
  refuseSorted(): void {
    if (!this.#isSorted) return;
    throw new UsageError(
      'has outputs without their classes: they are sorted, as those of --topk K are',
      this.file,
      'run inference.py with --label-type name or --include-index, or with --topk 0',
    );
  }

  #valuesOf(row: Readonly<Record<string, unknown>>, where: () => string): Float64Array {
    const { names } = this.columns;
    const cells = names.length === 1 ? listOf(row[firstOf(names)]) : names.map((name) => row[name]);
    return Float64Array.from(cells, (cell) => {
      const value = readNumber(cell);
      if (!(value instanceof Misread) && Number.isFinite(value)) return value;
      const what = value instanceof Misread ? value.what : `is ${value}, which is not finite`;
      throw new UsageError(`${this.columns.kind} ${what}`, where());
    });
  }

  #logsOf(values: Float64Array, where: () => string): Float64Array {
    const sum = values.reduce((total, value) => total + value, 0);
    if (values.every((value) => value >= 0) && Math.abs(sum - 1) <= 1e-3) return values.map(Math.log);
    throw new UsageError(
      `its ${values.length} probabilities add up to ${sum}`,
      where(),
      'run inference.py with --label-type name or --include-index, or with --topk 0',
    );
  }
}

function listOf(cell: unknown): readonly unknown[] {
  if (Array.isArray(cell) || ArrayBuffer.isView(cell)) return Array.from(cell as ArrayLike<unknown>);
  const inside = typeof cell === 'string' ? /^\s*\[([^[\]]*)\]\s*$/.exec(cell)?.[1] : undefined;
  return inside === undefined ? [cell] : inside.split(/[\s,]+/).filter((part) => part !== '');
}
