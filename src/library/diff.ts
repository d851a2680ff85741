/** Compares two runs on the examples that both were tested on. */
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { adjustedTogether, compareRuns, type FamilyDifference } from '../analysis/diff/difference.js';
export type { FamilyDifference } from '../analysis/diff/difference.js';
import { lastOf } from '../machine/present.js';
import type { Metric } from '../metrics/metric.js';
import type { LoadedRun } from '../runs/opened.js';
import { UsageError } from '../terminal/errors.js';
import {
  drawsOf,
  metricFor,
  refuseImpossible,
  registryOf,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';
import { openTwo, readTwo, twoCurves } from './two-runs.js';

export interface DiffOptions extends Omit<MetricOptions, 'all'> {
  /** Default: the standard one. */
  readonly metric?: string | undefined;
  /** Bootstrap draws; default: 2000. */
  readonly draws?: number | undefined;
}

/**
 * The second run minus the first, scale by scale and over the family: paired by test example, seeds as replicates of
 * each run.
 *
 * @example
 *     await importOutcomes('table', ['outcomes.csv'], { run: 'before', scale: 'models.csv' });
 *     await importOutcomes('table', ['after.csv'], { run: 'after', scale: 'models.csv' });
 *     const { scales } = await diff('before', 'after', { metric: 'accuracy' });
 *     scales.map(({ one, difference, p }) => [one.parameters, difference, p]);
 *
 * @throws UsageError for runs with no test example or no scale in common, and for a metric that one of them can't have
 */
export async function diff(first: RunLike, second: RunLike, options: DiffOptions = {}): Promise<FamilyDifference> {
  const draws = drawsOf(options, 2000);
  const [a, b] = await openTwo(first, second, options);
  const asked = await metricFor(a, options.metric, options);
  if (asked !== undefined) refuseImpossible(b, [asked], await registryOf(options, b), '--metric');
  const { one, other, examples, matched, only } = await readTwo(a, b, {
    ...options,
    columnsOf: (run) => asked?.needs ?? defaultColumnsOf(run),
  });
  const metric = asked ?? standardOf(one, other);
  const found = compareRuns({
    metric,
    one: examples.one,
    other: examples.other,
    scales: matched,
    draws,
  });
  const { common, only: left, isChecked } = examples;
  return { ...found, metric, one, other, examples: { common, only: left, isChecked }, unmatched: only };
}

/**
 * `diff` once for each value of a factor that both runs have; p is adjusted for all scales of all of them.
 *
 * @example
 *     const found = await diffCurves('half', 'lenet-mnist', { curvePer: 'width', axis: 'flops' });
 *     found.map(({ one, scales }) => [one.curve?.value, scales.length]);
 *
 * @throws UsageError as `diff`, and for a factor that the members of one run do not differ in, or that has no value in
 * both
 */
export async function diffCurves(
  first: string,
  second: string,
  { note, curvePer, ...rest }: DiffOptions & { readonly curvePer?: string | undefined } = {},
): Promise<FamilyDifference[]> {
  const noted = new Set<string>();
  // What applies to every curve is said once.
  const once = (line: string) => {
    if (!noted.has(line)) note?.(line);
    noted.add(line);
  };
  const options = { ...rest, note: once };
  if (curvePer === undefined) return [await diff(first, second, options)];
  const pairs = await twoCurves(first, second, { ...options, curvePer });
  const last = lastOf(pairs);
  // A metric that is chosen on the outcomes is that of the largest value, for all.
  const ofLast = await diff(...last, options);
  const found: FamilyDifference[] = [];
  for (const pair of pairs.slice(0, -1)) found.push(await diff(...pair, { ...options, metric: ofLast.metric.id }));
  return adjustedTogether([...found, ofLast]);
}

function standardOf(one: LoadedRun, other: LoadedRun): Metric {
  const standardIn = ({ record, members }: LoadedRun) => defaultMetrics(record, members).standard;
  const [a, b] = [standardIn(one), standardIn(other)];
  if (a.id === b.id) return a;
  throw new UsageError(
    `have no standard metric in common: ${a.id} and ${b.id}`,
    `${one.label} and ${other.label}`,
    'give --metric',
  );
}
