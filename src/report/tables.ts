/** The table that ends a training: a line per member, or a line per width where there are several seeds. */
import Table from 'cli-table3';
import type { Measurement } from '../metrics/metric.js';
import { meanOf, tInterval } from '../statistics/intervals.js';

/** A complete member and what it reached. */
export interface SummaryRow {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  /** Trainable ones. */
  readonly parameters: number;
  readonly accuracy: Measurement;
  /** In nats. */
  readonly crossEntropy: Measurement;
  /** For K = 5; null where the test set has fewer images. */
  readonly subsetAccuracy: Measurement | null;
  /** Of training and evaluation. */
  readonly seconds: number;
}

const shareHeading = ['accuracy, %', 'cross-entropy, nats', 'K=5 subset accuracy, %', 'seconds'];

/** As text, without a line break at the end. Rows in the order in which they are to stand. */
export function summaryTable(rows: readonly SummaryRow[]): string {
  const severalSeeds = new Set(rows.map(({ seed }) => seed)).size > 1;
  return severalSeeds ? seedsTable(rows) : membersTable(rows);
}

function membersTable(rows: readonly SummaryRow[]): string {
  const lines = rows.map((row) => [
    String(row.width),
    grouped(row.parameters),
    withInterval(row.accuracy, percent),
    row.crossEntropy.value.toFixed(4),
    row.subsetAccuracy === null ? '-' : withInterval(row.subsetAccuracy, percent),
    row.seconds.toFixed(1),
  ]);
  const note = `In brackets: 95 % intervals over the draw of ${grouped(rows[0]?.accuracy.count ?? 0)} test images (Wilson).`;
  return `${draw(['width', 'parameters', ...shareHeading], lines)}\n${note}`;
}

function withInterval({ value, lower, upper }: Measurement, format: (share: number) => string): string {
  return `${format(value)} [${format(lower)}, ${format(upper)}]`;
}

function seedsTable(rows: readonly SummaryRow[]): string {
  const widths = [...new Set(rows.map(({ width }) => width))];
  const lines = widths.map((width) => {
    const seeds = rows.filter((row) => row.width === width);
    return [
      String(width),
      grouped(seeds[0]!.parameters),
      String(seeds.length),
      overSeeds(
        seeds.map(({ accuracy }) => accuracy.value),
        percent,
      ),
      meanOf(seeds.map(({ crossEntropy }) => crossEntropy.value)).mean.toFixed(4),
      overSeeds(
        seeds.flatMap(({ subsetAccuracy }) => subsetAccuracy?.value ?? []),
        percent,
      ),
      meanOf(seeds.map(({ seconds }) => seconds)).mean.toFixed(1),
    ];
  });
  const note =
    `Means over seeds, each on ${grouped(rows[0]?.accuracy.count ?? 0)} test images; seconds are a member's.\n` +
    "In brackets: 95 % intervals of the mean over seeds (Student's t, cut at 0 and 100 %).";
  return `${draw(['width', 'parameters', 'seeds', ...shareHeading], lines)}\n${note}`;
}

/** Shares; of one value alone there is no interval. */
function overSeeds(values: readonly number[], format: (value: number) => string): string {
  if (values.length === 0) return '-';
  const mean = meanOf(values);
  if (values.length === 1) return format(mean.mean);
  const { lower, upper } = tInterval(mean);
  return `${format(mean.mean)} [${format(Math.max(0, lower))}, ${format(Math.min(1, upper))}]`;
}

/** Two decimals; two digits where those would show nothing. */
function percent(share: number): string {
  const value = 100 * share;
  return value === 0 || Math.abs(value) >= 0.01 ? value.toFixed(2) : value.toPrecision(2);
}

/** 1234567 as 1 234 567. */
function grouped(value: number): string {
  return value.toLocaleString('en-US').replaceAll(',', ' ');
}

/** Columns set to the right, a rule below the heading and nothing else. */
function draw(heading: readonly string[], lines: readonly (readonly string[])[]): string {
  const none = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ];
  const table = new Table({
    head: [...heading],
    colAligns: heading.map(() => 'right'),
    chars: { ...Object.fromEntries(none.map((name) => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...lines.map((line) => [...line]));
  return table.toString();
}
