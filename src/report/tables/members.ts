/** Members' results: one table and number format for train, evaluate and report. */
import { firstOf, nth, present } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import type { CurveName } from '../../runs/view.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import type { Interval } from '../../statistics/intervals.js';
import { formatCount, formatNumber, formatShare, withSpaces } from '../../terminal/format.js';
import { textTable } from './text-table.js';

/** A member, or all seeds of a scale. */
export interface MembersRow {
  /** The member's id; left out for a scale. */
  readonly id?: string;
  /** The scale's number. */
  readonly width: number;
  readonly parameters: number;
  readonly seeds?: number;
  readonly trainingFlops?: number;
  /** Time of training and evaluation; NaN if unknown. */
  readonly seconds?: number;
  /** The curve it is on, if each value of a factor has one. */
  readonly curve?: CurveName | undefined;
}

export interface MembersColumn {
  readonly metric: Pick<Metric, 'title' | 'unit'>;
  /** One for each row; NaN if the test set is too small. */
  readonly values: readonly (Partial<Interval> & { readonly value: number })[];
}

/** As printed: names of columns, which of them are left-aligned, and lines. */
export interface TableText {
  readonly heading: readonly string[];
  readonly left: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** A share with four decimals, anything else with four digits; with its interval if it has one. */
export function metricText(
  { unit }: Pick<Metric, 'unit'>,
  { value, lower, upper }: MembersColumn['values'][number],
): string {
  const shown = unit === 'probability' ? formatShare : (each: number) => formatNumber(each, 4);
  if (lower === undefined || upper === undefined || !Number.isFinite(upper - lower)) return shown(value);
  return `${shown(value)} [${shown(lower)}, ${shown(upper)}]`;
}

/** At least one row, all of the same kind. For imported members a scale is a single number. */
export function membersTable(
  rows: readonly MembersRow[],
  columns: readonly MembersColumn[],
  words: FamilyWords = trainedWords,
): TableText {
  const first = firstOf(rows);
  const about: [heading: string, text: (row: MembersRow) => string][] = [];
  if (first.curve !== undefined) about.push([first.curve.factor, ({ curve }) => formatCount(present(curve).value, 5)]);
  if (first.id !== undefined) about.push(['member', ({ id }) => present(id)]);
  if (first.id === undefined || words.isCoordinate) about.push([words.scale, ({ width }) => scaleText(width, words)]);
  if (!words.isCoordinate) about.push(['parameters', ({ parameters }) => withSpaces(parameters)]);
  if (first.seeds !== undefined) about.push(['seeds', ({ seeds }) => String(seeds)]);
  if (rows.some(({ trainingFlops }) => Number.isFinite(trainingFlops)))
    about.push(['training FLOPs', ({ trainingFlops }) => formatNumber(present(trainingFlops))]);
  const timed = first.seconds === undefined ? [] : ['seconds'];
  return {
    heading: [...about.map(([name]) => name), ...columns.map(({ metric }) => titleWithUnit(metric)), ...timed],
    left: ['member'],
    lines: rows.map((row, i) => [
      ...about.map(([, text]) => text(row)),
      ...columns.map(({ metric, values }) => metricText(metric, nth(values, i))),
      ...timed.map(() => present(row.seconds).toFixed(1)),
    ]),
  };
}

/** With the unit, unless it is a share. */
export function titleWithUnit({ title, unit }: MembersColumn['metric']): string {
  return unit === '' || unit === 'probability' ? title : `${title} (${unit})`;
}

/** For a terminal, without a line break at the end. */
export function printed({ heading, lines, left }: TableText): string {
  return textTable(heading, lines, left);
}
