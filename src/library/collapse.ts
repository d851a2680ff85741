/** Whether a run's ability is a function of its loss alone. */
import { choosesFromFew } from '../datasets/probes.js';
import { chanceOf } from '../analysis/collapse/chance.js';
import { collapseOverLoss as collapseOf, type Collapse } from '../analysis/collapse/collapse.js';
import { drawMembers } from '../analysis/draws/members.js';
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { firstOf, nth, present, zip } from '../machine/present.js';
import type { Metric } from '../metrics/metric.js';
import { isImported } from '../runs/imported.js';
import type { LoadedRun } from '../runs/opened.js';
import { onePerTraining, varyingFactors } from '../runs/view.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { drawsOf, metricFor, openRun, readRun, type MetricOptions, type RunLike } from './run-and-metrics.js';

export interface CollapseOptions extends Omit<MetricOptions, 'axis' | 'all'> {
  /** The ability; default: the metric that induces emergence, chosen as `compare` does. */
  readonly metric?: string | undefined;
  /** The ability at chance level; default: that of guessing, if the metric has such a value. */
  readonly chance?: number | undefined;
  /** Distance from chance at which an ability counts as having left it; default: 0.05. */
  readonly margin?: number | undefined;
  /** Bootstrap draws of the test set, and draws of the null; default: 1000. */
  readonly draws?: number | undefined;
}

export interface FamilyCollapse extends Collapse {
  readonly run: LoadedRun;
  /** The ability. */
  readonly metric: Metric;
  readonly loss: Metric;
}

/**
 * The ability of all members over their test loss: what each factor adds once the loss is known, and the loss at which
 * it leaves chance.
 *
 * @example
 *     const { factors, onset } = await collapse('lenet-mnist', { metric: 'accuracy', draws: 200 });
 *     [factors.map(({ factor, adjusted }) => `${factor}: ${adjusted}`), onset?.loss];
 *
 * @throws UsageError for members that differ in no factor or are too few, outcomes without a loss, and a metric that is
 * the loss
 */
export async function collapse(run: RunLike, options: CollapseOptions = {}): Promise<FamilyCollapse> {
  const draws = drawsOf(options, 1000);
  const every = await openRun(run, { ...options, all: true });
  const open = { ...every, complete: onePerTraining(every.complete) };
  const wanted = await metricFor(open, options.metric, options);
  const loaded = await readRun(open, [...defaultColumnsOf(open), ...(wanted?.needs ?? [])], options);
  const { loss, induced } = await lossAndInduced(loaded);
  if (loss === undefined)
    throw new UsageError(
      'its outcomes have no log-probabilities, and so no loss',
      loaded.record.name,
      'import them too',
    );
  const metric = wanted ?? induced;
  if (metric.id === loss.id)
    throw new UsageError(`${metric.id} is the loss itself`, '--metric', 'give another metric as the ability');
  const factors = factorsOf(loaded);
  const { members } = loaded;
  refuseFew(loaded);
  const [losses, abilities] = [loss, metric].map((each) => drawMembers(each, members, { draws })) as [
    DrawnMembers,
    DrawnMembers,
  ];
  refuseOdd(loss, losses.observed, loaded, true);
  refuseOdd(metric, abilities.observed, loaded, false);
  const points = members.map(({ record }, i) => ({
    values: factors.map((factor) => present(record.coordinates[factor])),
    seed: record.seed,
    loss: nth(losses.observed, i),
    ability: nth(abilities.observed, i),
  }));
  const redrawn = zip(losses.draws, abilities.draws)
    .map(([each, drawn]) => ({ losses: each, abilities: drawn }))
    .filter(({ losses: x, abilities: y }) => x.every((value) => value > 0) && y.every(Number.isFinite));
  const found = collapseOf({
    ...{ points, factors, redrawn, draws, limits: metric.limits },
    sign: metric.better === 'higher' ? 1 : -1,
    chance: options.chance ?? chanceOf(metric, commonClassCount(loaded)),
    margin: options.margin ?? 0.05,
  });
  return { ...found, run: loaded, metric, loss };
}

/** Null if members differ in it, or if it is unknown: there is then no single chance level. */
function commonClassCount({ record, members }: LoadedRun): number | null {
  const own = new Set(members.map((member) => member.record.coordinates['classes'] ?? record.dataset.classes));
  if (isImported(record) || choosesFromFew(record.probe)) return record.dataset.classes;
  return own.size === 1 ? firstOf([...own]) : null;
}

type DrawnMembers = ReturnType<typeof drawMembers>;

/** The loss, and the metric that `compare` would choose from the members on the curve that it draws. */
async function lossAndInduced({ record, members, folder }: LoadedRun) {
  const shown = new Set((await openRun(folder)).complete.map(({ id }) => id));
  const among = members.filter((member) => shown.has(member.record.id));
  return defaultMetrics(record, among.length > 0 ? among : members);
}

/**
 * The factors in which the members differ; for imported ones every coordinate that all of them have. Moments of one
 * training differ only in their steps.
 */
function factorsOf({ members, record }: LoadedRun): string[] {
  const all = members.map((member) => member.record);
  const differing = (name: string) => new Set(all.map(({ coordinates }) => coordinates[name])).size > 1;
  const factors = isImported(record)
    ? Object.keys(firstOf(all).coordinates).filter(
        (name) => differing(name) && all.every(({ coordinates }) => coordinates[name] !== undefined),
      )
    : varyingFactors(record, all);
  const places = new Set(all.map((each) => [...factors.map((name) => each.coordinates[name]), each.seed].join(' ')));
  const isOfMoments = places.size < all.length && !factors.includes('steps') && differing('steps');
  if (isOfMoments) return [...factors, 'steps'];
  if (factors.length > 0) return factors;
  throw new UsageError(
    'its members differ only in their seed, so no factor can be tested',
    record.name,
    isImported(record) ? 'import members that differ in a coordinate' : 'train more with --widths or another factor',
  );
}

/** Fewest members that show the shape of a curve. */
const fewestMembers = 12;

function refuseFew({ members, record, words }: LoadedRun): void {
  if (members.length >= fewestMembers) return;
  throw new UsageError(
    `has ${counted(members.length, 'member')}, but a curve over loss needs ${fewestMembers}`,
    record.name,
    words.further,
  );
}

/** Throws UsageError for a loss that has no logarithm, and for an ability without a value. */
function refuseOdd(metric: Metric, values: Float64Array, { members, record }: LoadedRun, isLoss: boolean): void {
  const wrong = values.findIndex((value) => !Number.isFinite(value) || (isLoss && value <= 0));
  if (wrong < 0) return;
  throw new UsageError(
    `${metric.title} of ${nth(members, wrong).record.id} is ${values[wrong]}, and ${isLoss ? 'a loss is above 0' : 'an ability is a finite number'}`,
    record.name,
  );
}
