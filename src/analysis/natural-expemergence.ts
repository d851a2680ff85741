/**
 * Tables of ExpEmergence (Wu and Lo 2024, arXiv 2410.01692) as natural curves: a model per row, and for each group of questions of
 * similar difficulty, starting at `0_1404` in the source's order, accuracy (`_acc`) or the Brier score of the true choice (`_brier`). A
 * curve is a group of one family. Families of fewer than four models do not make curves. Columns taken from other tables (`MMLU`, ...)
 * are not read. A model with two sizes, such as GPT-2 in the table of arithmetic, was measured once; the size at which it was measured
 * is unknown, so it is left out.
 */
import * as path from 'node:path';
import { rollup } from 'd3-array';
import { nth } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';

export interface GroupRow {
  readonly family: string;
  readonly model: string;
  readonly params: number;
  readonly tokens: number | undefined;
  /** `mmlu-0-1404` */
  readonly task: string;
  readonly metric: string;
  readonly value: number;
  /** Questions of the group. */
  readonly examples: number;
  readonly line: number;
}

const groupName = /^(\d+)_(\d+)_(acc|brier)$/;

export function isGroupTable(columns: readonly string[]): boolean {
  return (
    ['Model', 'Model Family', 'Model Size (B)'].every((name) => columns.includes(name)) &&
    columns.some((name) => groupName.test(name))
  );
}

const fewestModels = 4;
const dataSize = 'Pretraining Data Size (T)';

const distinct = (key: 'params' | 'model') => (rows: readonly GroupRow[]) => new Set(rows.map((row) => row[key])).size;

/** Rows of models that were measured. Throws UsageError with the line for an invalid row. */
export function groupRows(columns: readonly string[], lines: readonly (readonly string[])[], file: string): GroupRow[] {
  const groups = columns.flatMap((name, place) => {
    const [, from, to, metric] = groupName.exec(name) ?? [];
    return metric === undefined ? [] : [{ name, place, from: Number(from), to: Number(to), metric }];
  });
  const empty = groups.find(({ from, to }) => to <= from);
  if (empty !== undefined) throw new UsageError(`the group ${empty.name} has no questions`, `${file}:1`);
  const topic = topicOf(file);
  const rows = lines.flatMap((cells, i): GroupRow[] => {
    const line = i + 2;
    if (cells.length !== columns.length)
      throw new UsageError(
        `has ${counted(cells.length, 'cell')}, but the heading has ${columns.length}`,
        `${file}:${line}`,
      );
    const cell = (name: string) => (cells[columns.indexOf(name)] ?? '').trim();
    const number = (name: string) => {
      const value = Number(cell(name));
      if (cell(name) === '' || !Number.isFinite(value) || value < 0)
        throw new UsageError(`${name} is "${cell(name)}"`, `${file}:${line}`, 'give a number of at least 0');
      return value;
    };
    return groups.flatMap(({ name, place, from, to, metric }): GroupRow[] => {
      // A model that the authors did not run themselves.
      if (nth(cells, place).trim() === '') return [];
      const value = number(name);
      if (value > (metric === 'acc' ? 1 : 2)) throw new UsageError(`${name} is ${value}`, `${file}:${line}`);
      return [
        {
          ...{
            family: cell('Model Family'),
            model: cell('Model'),
            task: `${topic}-${from}-${to}`,
            metric,
            value,
            line,
          },
          params: Number((1e9 * number('Model Size (B)')).toFixed(0)),
          tokens: cell(dataSize) === '' ? undefined : 1e12 * number(dataSize),
          examples: to - from,
        },
      ];
    });
  });
  const sizes = rollup(rows, distinct('params'), ({ model }) => model);
  const sized = rows.filter(({ model, params }) => params > 0 && sizes.get(model) === 1);
  const models = rollup(sized, distinct('model'), ({ family }) => family);
  const kept = sized.filter(({ family }) => (models.get(family) ?? 0) >= fewestModels);
  if (kept.length === 0) throw new UsageError(`has no family of ${fewestModels} models`, file);
  return kept;
}

/** `mmlu` of `expemergence-mmlu.csv` and of the source's `acc_mmlu_10_redist.csv` and `mmlu_instance_brier_10_redist.csv`. */
function topicOf(file: string): string {
  return path
    .basename(file)
    .replace(/\.csv$/, '')
    .replace(/^(expemergence-|acc_)/, '')
    .replace(/(_\d+_redist|-brier)$/, '')
    .replace(/_instance_brier$/, '');
}
