/** Whether a jump survives tuning: a family compared with its twin that was trained with `--tune`. */
import { defaultColumnsOf, defaultInduced, defaultMetrics } from '../analysis/defaults.js';
import { compareTwins, type TunedComparison } from '../analysis/compare-tuned.js';
export type { TunedComparison } from '../analysis/compare-tuned.js';
import { allAt, nth } from '../machine/present.js';
import { isImported } from '../runs/imported.js';
import type { LoadedMember, OpenRun } from '../runs/opened.js';
import { contradictions } from '../runs/run.js';
import { UsageError } from '../terminal/errors.js';
import type { ExperimentKey } from '../experiment/schema.js';
import type { TunableKey } from '../experiment/tunable.js';
import { tuningOf } from '../experiment/tuning.js';
import type { RunRecord } from '../runs/record.js';
import type { CompareOptions } from './compare.js';
import {
  drawsOf,
  metricFor,
  refuseImpossible,
  refuseSame,
  registryOf,
  track,
  type RunLike,
} from './run-and-metrics.js';
import { openTwo, readTwo } from './two-runs.js';

/**
 * The curves of a family and of its tuned twin, and their scores, paired over test examples.
 *
 * @example
 *     const { induced } = await compareTuned('untuned', 'tuned', { induced: 'subset-accuracy:k=20', draws: 200 });
 *     [induced.verdict, induced.scores.bow.difference.interval];
 *
 * @throws UsageError for runs that are not twins, of which only the second was tuned
 */
export async function compareTuned(
  run: RunLike,
  tuned: RunLike,
  options: Omit<CompareOptions, 'natural'> = {},
): Promise<TunedComparison> {
  const draws = drawsOf(options, 2000);
  const [a, b] = await openTwo(run, tuned, options);
  const factor = tunedOf(a, b);
  const standard = await metricFor(a, options.standard, options, '--standard');
  const induced = await metricFor(a, options.induced, options, '--induced');
  const registry = await registryOf(options, b);
  if (standard !== undefined) refuseImpossible(b, [standard], registry, '--standard');
  if (induced !== undefined) refuseImpossible(b, [induced], registry, '--induced');
  const { one, other, examples, matched } = await readTwo(a, b, {
    ...options,
    columnsOf: (each) => [...defaultColumnsOf(each), ...(standard?.needs ?? []), ...(induced?.needs ?? [])],
  });
  if (matched.length < 2)
    throw new UsageError(
      `have one ${one.words.scale} in common; a curve needs two`,
      `${one.label} and ${other.label}`,
      one.words.further,
    );
  const at = (members: readonly LoadedMember[], side: 'one' | 'other') =>
    matched.flatMap((scale) => allAt(members, scale[side].members));
  const [untunedMembers, tunedMembers] = [at(examples.one, 'one'), at(examples.other, 'other')];
  const shown = {
    standard: { metric: standard ?? defaultMetrics(one.record, untunedMembers).standard },
    induced: induced === undefined ? defaultInduced(one.record, untunedMembers) : { metric: induced },
  };
  refuseSame(shown.standard.metric, shown.induced.metric, induced === undefined ? '--standard' : '--induced');
  const request = { ...shown, untuned: untunedMembers, tuned: tunedMembers, draws };
  const found = await track(options, 'smooth families', (onStep) => compareTwins({ ...request, onStep }));
  const chosen = matched.map(({ other: { width, members } }) => {
    const all = members.flatMap((place) => nth(examples.other, place).record.trained?.tuned ?? []);
    const values = all.map(({ value }) => value);
    const atEdge = all.filter((each) => each.atEdge).length;
    return { width, least: Math.min(...values), largest: Math.max(...values), members: all.length, atEdge };
  });
  return { ...found, one, other, common: examples.common, factor, chosen };
}

/** Options that determine what is recorded during training, without changing it. */
const onTheWay: readonly ExperimentKey[] = ['moments', 'momentsSize', 'epochTestSize', 'probe', 'ways'];
const tuning: readonly ExperimentKey[] = ['tune', 'tunePer', 'tuneBudget', 'tuneSteps'];

/**
 * What was tuned. Throws UsageError unless the second run was tuned, the first was not, and they differ in nothing
 * else.
 */
function tunedOf(a: OpenRun, b: OpenRun): TunableKey {
  const [one, other] = [trainedHere(a), trainedHere(b)];
  const tuned = tuningOf(other.experiment);
  if (tuned === undefined)
    throw new UsageError(`${b.label} was not tuned`, '--tuned', 'give a run that was trained with --tune');
  if (one.experiment.tune !== undefined)
    throw new UsageError(
      'was tuned too',
      a.label,
      'give a run that was trained without --tune, and its tuned twin after --tuned',
    );
  const free = new Set([...onTheWay, ...tuning, tuned.factor]);
  const [first] = contradictions(one, other.experiment).filter(({ key }) => !free.has(key));
  if (first !== undefined)
    throw new UsageError(
      `${b.label} has ${first.key} ${first.asked}, ${a.label} has ${first.recorded}: they differ in more than tuning`,
      '--tuned',
      'give runs that were trained with the same options but for --tune',
    );
  return tuned.factor;
}

function trainedHere({ record, label }: OpenRun): RunRecord {
  if (!isImported(record)) return record;
  throw new UsageError('is a run of imported members, which were not tuned here', label);
}
