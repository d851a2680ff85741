/** Compares two runs on the examples that both were tested on. */
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { compareRuns, type FamilyDifference } from '../analysis/diff/difference.js';
export type { FamilyDifference } from '../analysis/diff/difference.js';
import {
  exampleColumnsOf,
  matchExamples,
  matchScales,
  type MatchedExamples,
  type MatchedScales,
} from '../analysis/diff/match.js';
import { nth } from '../machine/present.js';
import type { Metric } from '../metrics/metric.js';
import { readExamples } from '../runs/imported.js';
import type { LoadedRun, OpenRun } from '../runs/opened.js';
import type { OutcomeName } from '../runs/outcomes.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import {
  metricFor,
  openRun,
  readRun,
  refuseImpossible,
  registryOf,
  type MetricOptions,
  type RunLike,
} from './family.js';

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
  const { note, draws } = options;
  const [a, b] = [await openSide(first, options), await openSide(second, options)];
  if (a.folder === b.folder && a.label === b.label)
    throw new UsageError('is given twice', a.label, 'give two runs: a run does not differ from itself');
  const asked = await metricFor(a, options.metric, options);
  if (asked !== undefined) refuseImpossible(b, [asked], await registryOf(options, b), '--metric');
  refuseOtherData(a, b);
  const columnsOf = (run: OpenRun): OutcomeName[] => [
    ...(asked?.needs ?? defaultColumnsOf(run)),
    ...exampleColumnsOf(run),
  ];
  const [one, other] = [await readRun(a, columnsOf(a), options), await readRun(b, columnsOf(b), options)];
  const metric = asked ?? standardOf(one, other);
  const examples = matchExamples(
    { run: one, ids: await readExamples(one) },
    { run: other, ids: await readExamples(other) },
  );
  const { matched, only, scale } = matchScales(one, other);
  for (const line of notesOf([one, other], { examples, only, scale })) note?.(`note: ${line}`);
  const found = compareRuns({
    metric,
    one: examples.one,
    other: examples.other,
    scales: matched,
    draws: draws ?? 2000,
  });
  const { common, only: left, isChecked } = examples;
  return { ...found, metric, one, other, examples: { common, only: left, isChecked }, unmatched: only };
}

/** Axis, probe and moment apply to both runs: if only one of them lacks something, the message is about that one. */
async function openSide(run: RunLike, options: DiffOptions): Promise<OpenRun> {
  try {
    return await openRun(run, options);
  } catch (error) {
    if (!(error instanceof UsageError) || error.option === undefined) throw error;
    throw new UsageError(error.message, typeof run === 'string' ? run : run.label);
  }
}

/** Numbers of examples are of one dataset. */
function refuseOtherData(a: OpenRun, b: OpenRun): void {
  const [one, other] = [a, b].map(({ record, words }) => (words.isImported ? undefined : record.dataset.name));
  if (one === undefined || other === undefined || one === other) return;
  throw new UsageError(
    `are tested on ${one} and on ${other}`,
    `${a.label} and ${b.label}`,
    'give two runs that are tested on the same examples',
  );
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

function notesOf(
  runs: readonly [LoadedRun, LoadedRun],
  { examples, only, scale }: { readonly examples: MatchedExamples } & Pick<MatchedScales, 'only' | 'scale'>,
): string[] {
  return [
    ...runs.flatMap(({ label }, side) => {
      const left = nth(only, side);
      return left.length === 0 ? [] : [`only ${label} has ${scale} ${left.join(', ')}: not compared`];
    }),
    ...runs.flatMap(({ label }, side) => {
      const left = nth(examples.only, side);
      return left === 0 ? [] : [`only ${label} has ${counted(left, 'test example')} more: left out`];
    }),
    ...(examples.isChecked
      ? []
      : ['the runs do not both have the true classes: examples are matched by their ids alone']),
  ];
}
