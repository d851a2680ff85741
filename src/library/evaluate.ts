/** A run's stored outcomes under any metrics. */
import { defaultColumnsOf, usualMetrics } from '../analysis/defaults.js';
import {
  answerColumns,
  cutColumn,
  evaluateMetrics,
  flatness,
  mayHaveOneAnswer,
  oneAnswer,
  type MetricEvaluation,
} from '../analysis/evaluate.js';
import { lastOf, nth } from '../machine/present.js';
import { readMembers } from '../runs/load.js';
import type { LoadedMember, LoadedRun, OpenRun } from '../runs/opened.js';
import { changesWithTraining, type OutcomeName } from '../runs/outcomes.js';
import {
  drawsOf,
  metricsFor,
  namedNotes,
  openCurves,
  openRun,
  readRun,
  type MetricOptions,
  type RunLike,
} from './run-and-metrics.js';

export interface EvaluateOptions extends MetricOptions {
  /** Such as `subset-accuracy:k=5`; default: the standard one, the induced one and the loss. */
  readonly metrics?: readonly string[] | undefined;
  /** Bootstrap draws; default: 2000. */
  readonly draws?: number | undefined;
  /**
   * Whether the columns of members that were drawn, which take most of the memory, may be dropped from `run`; default:
   * false.
   */
  readonly forget?: boolean | undefined;
}

export interface Evaluation {
  readonly run: LoadedRun;
  readonly metrics: readonly MetricEvaluation[];
}

/**
 * Every member and every scale under each metric, with intervals.
 *
 * @example
 *     const { metrics } = await evaluate('lenet-mnist', { metrics: ['accuracy', 'subset-accuracy:k=5'] });
 *     metrics[0].scales.map(({ scale, value }) => [scale.parameters, value]);
 *
 * @throws UsageError for a metric that the run can't have
 */
export async function evaluate(run: RunLike, options: EvaluateOptions = {}): Promise<Evaluation> {
  const { metrics: texts = [], note } = options;
  const draws = drawsOf(options, 2000);
  const open = await openRun(run, options);
  const asked = await metricsFor(open, texts, options);
  const needs = asked.length > 0 ? asked.flatMap((metric) => metric.needs) : defaultColumnsOf(open);
  const predicts = [...answerColumns, 'predicted' as const].every((column) => open.columns.includes(column));
  const loaded = await ownMembers(readRun(open, [...needs, ...(predicts ? answerColumns : [])], options));
  const { members } = loaded;
  if (asked.length === 0) for (const line of missingLines(open)) note?.(`note: ${line}`);
  const metrics = asked.length > 0 ? asked : usualMetrics(loaded.record, loaded.members);
  const forgotten = needs.filter(
    (name) => changesWithTraining(name) && name !== 'correct' && metrics.every((metric) => cutColumn(metric) !== name),
  );
  const onDrawn = (places: readonly number[]) => {
    // The first one's columns tell what was sampled.
    for (const i of places) if (i > 0) members[i] = without(nth(members, i), forgotten);
  };
  const evaluations = evaluateMetrics(metrics, members, { draws, ...(options.forget === true ? { onDrawn } : {}) });
  const odd = evaluations.flatMap((evaluation) => flatness(evaluation, loaded.members) ?? []);
  for (const line of [...odd, ...(predicts ? await answersOf(loaded) : [])]) note?.(`note: ${line}`);
  return { run: loaded, metrics: evaluations };
}

/**
 * Members in a separate list. Not inlined where they are used: a function that resumes keeps what it awaited until it
 * waits again.
 */
async function ownMembers(reading: Promise<LoadedRun>): Promise<LoadedRun & { members: LoadedMember[] }> {
  const loaded = await reading;
  return { ...loaded, members: [...loaded.members] };
}

function without(member: LoadedMember, names: readonly OutcomeName[]): LoadedMember {
  const left = Object.entries(member.outcomes).filter(([name]) => !names.some((each) => each === name));
  return { ...member, outcomes: Object.fromEntries(left) };
}

/** `oneAnswer`, for which predictions are read of the few members that may have a single one. */
async function answersOf({ members, record: { dataset }, folder }: LoadedRun): Promise<string[]> {
  const few = members.filter(({ outcomes }) => mayHaveOneAnswer(outcomes)).map(({ record }) => record);
  const { found } = await readMembers(few, ['label', 'predicted'], { folder });
  return oneAnswer(found, dataset);
}

/**
 * `evaluate` once for each value of a factor, under the same metrics: where they are chosen on the outcomes, those of
 * the largest value.
 *
 * @example
 *     const curves = await evaluateCurves('lenet-mnist', { curvePer: 'width', axis: 'flops' });
 *     curves.map(({ run, metrics }) => [run.curve?.value, metrics.length]);
 *
 * @throws UsageError as `evaluate`, and for a factor that the members do not differ in
 */
export async function evaluateCurves(
  run: RunLike,
  options: EvaluateOptions & { readonly curvePer?: string | undefined } = {},
): Promise<Evaluation[]> {
  const opened = await openCurves(run, options);
  const optionsOf = ({ curve }: OpenRun) => namedNotes(options, curve?.name);
  const last = await evaluate(lastOf(opened), optionsOf(lastOf(opened)));
  const metrics = last.metrics.map(({ metric }) => metric.id);
  const found: Evaluation[] = [];
  for (const open of opened.slice(0, -1)) found.push(await evaluate(open, { ...optionsOf(open), metrics }));
  return [...found, last];
}

/** The usual metrics whose columns imported outcomes do not have. */
function missingLines({ columns, words }: OpenRun): string[] {
  if (!words.isImported || columns.includes('log_probability')) return [];
  return ['no cross-entropy: the imported outcomes do not include the log-probability of the right answer'];
}
