/** Published curves of a file as a table. */
import type { NaturalCurve } from '../../analysis/natural.js';
import { formatNumber } from '../../terminal/format.js';
import { textTable } from './text-table.js';

export function naturalTable(file: string, curves: readonly NaturalCurve[]): string {
  const range = (values: readonly number[]) =>
    `${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))}`;
  const lines = curves.map(({ name, points, metric, unit }) => [
    ...[name, String(points.length), range(points.map(({ params }) => params))],
    ...[metric, range(points.map(({ value }) => value)), unit],
  ]);
  const heading = [`${file}:`, 'sizes', 'parameters', 'metric', 'values', 'unit'];
  return textTable(heading, lines, [`${file}:`, 'metric', 'unit']);
}
