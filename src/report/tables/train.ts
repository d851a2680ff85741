/** The table that ends a training: a line per member, or a line per width where there are several seeds. */
import type { Measurement, Metric } from '../../metrics/metric.js';
import { meanOf } from '../../statistics/intervals.js';
import { overSeeds } from '../../statistics/seeds.js';
import type { Sampling } from './sampling.js';
import { textTable } from './text-table.js';
import { grouped } from '../../terminal/format.js';

/** A complete member and what it reached. */
export interface SummaryRow {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  /** Trainable ones. */
  readonly parameters: number;
  /** By the metric's id; null where the test set is too small for it. */
  readonly metrics: Readonly<Record<string, Measurement | null>>;
  /** Of training and evaluation. */
  readonly seconds: number;
}

export interface SummaryTable {
  readonly rows: readonly SummaryRow[];
  /** In the order of the columns. */
  readonly metrics: readonly Metric[];
  /** `10 000 test images`. */
  readonly testSet: string;
  /** What intervals of members are over the draw of. */
  readonly sampling: Sampling;
}

/** As text, without a line break at the end. Rows in the order in which they are to stand. */
export function summaryTable(table: SummaryTable): string {
  const severalSeeds = new Set(table.rows.map(({ seed }) => seed)).size > 1;
  const { note } = table.sampling;
  return [severalSeeds ? seedsTable(table) : membersTable(table), ...(note === undefined ? [] : [note])].join('\n');
}

function headings(metrics: readonly Metric[]): string[] {
  return metrics.map(({ title, unit }) => (unit === '' ? title : `${title} (${unit === 'probability' ? '%' : unit})`));
}

function membersTable({ rows, metrics, sampling }: SummaryTable): string {
  const lines = rows.map((row) => [
    String(row.width),
    grouped(row.parameters),
    ...metrics.map((metric) => measured(metric, row.metrics[metric.id])),
    row.seconds.toFixed(1),
  ]);
  const shares = metrics.filter(isShare);
  const intervals = [...new Set(shares.map(({ interval }) => interval))].join('; ');
  const note = `In brackets: 95 % intervals over the draw of ${sampling.text} (${intervals}).`;
  return `${textTable(['width', 'parameters', ...headings(metrics), 'seconds'], lines)}\n${note}`;
}

function isShare({ unit }: Metric): boolean {
  return unit === 'probability';
}

/** A share with its interval, anything else alone. */
function measured(metric: Metric, measurement: Measurement | null | undefined): string {
  if (!measurement) return '-';
  const { value, lower, upper } = measurement;
  return isShare(metric) && Number.isFinite(upper - lower)
    ? `${percent(value)} [${percent(lower)}, ${percent(upper)}]`
    : isShare(metric)
      ? percent(value)
      : plain(metric, value);
}

/** As many digits as the unit wants. */
function plain({ unit, name }: Metric, value: number): string {
  if (unit === 'dB') return value.toFixed(2);
  return name === 'mse' ? value.toPrecision(3) : value.toFixed(4);
}

function seedsTable({ rows, metrics, testSet }: SummaryTable): string {
  const widths = [...new Set(rows.map(({ width }) => width))];
  const lines = widths.map((width) => {
    const seeds = rows.filter((row) => row.width === width);
    return [
      String(width),
      grouped(seeds[0]!.parameters),
      String(seeds.length),
      ...metrics.map((metric) =>
        meanWithInterval(
          metric,
          seeds.flatMap((row) => row.metrics[metric.id]?.value ?? []),
        ),
      ),
      meanOf(seeds.map(({ seconds }) => seconds)).mean.toFixed(1),
    ];
  });
  const note =
    `Means over seeds, each on ${testSet}; seconds are a member's.\n` +
    "In brackets: 95 % intervals of the mean over seeds (Student's t on the logit scale).";
  return `${textTable(['width', 'parameters', 'seeds', ...headings(metrics), 'seconds'], lines)}\n${note}`;
}

/** The mean; of shares with its interval, for which it takes two. */
function meanWithInterval(metric: Metric, values: readonly number[]): string {
  if (values.length === 0) return '-';
  const mean = meanOf(values);
  if (!isShare(metric)) return plain(metric, mean.mean);
  // Seeds that agree to the last image say nothing of their spread: an interval of no width would be a lie.
  if (values.length === 1 || mean.standardDeviation === 0) return percent(mean.mean);
  const { lower, upper } = overSeeds(values, metric.limits);
  return `${percent(mean.mean)} [${percent(lower)}, ${percent(upper)}]`;
}

/** Two decimals; two digits where those would show nothing. */
function percent(share: number): string {
  const value = 100 * share;
  return value === 0 || Math.abs(value) >= 0.01 ? value.toFixed(2) : value.toPrecision(2);
}
