/** A run's scaling law: its loss against parameters, training examples and FLOPs. */
import { drawMembers } from '../analysis/draws/members.js';
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import {
  lossCells,
  notFalling,
  scalingLaw,
  untold,
  type ScalingLaw,
  type ScalingMember,
} from '../analysis/scaling/scaling.js';
import type { LossCell } from '../analysis/scaling/law.js';
import { firstOf, nth, present } from '../machine/present.js';
import type { Metric } from '../metrics/metric.js';
import type { FamilyMember, LoadedMember, LoadedRun, OpenRun } from '../runs/opened.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { drawsOf, metricFor, openRun, readRun, track, type MetricOptions, type RunLike } from './run-and-metrics.js';

export interface ScalingOptions extends MetricOptions {
  /**
   * A continuous metric that is lower for better members; default: the cross-entropy, for autoencoders the squared
   * error.
   */
  readonly metric?: string | undefined;
  /**
   * The factors of the law: `parameters`, `examples` (seen in training), `flops` or another coordinate of the members,
   * or two of them with a comma; default: `parameters,examples` if both vary, else the one that does.
   */
  readonly axis?: string | undefined;
  /** Bootstrap draws of the test set; default: 400. */
  readonly draws?: number | undefined;
}

export interface FamilyScaling extends ScalingLaw {
  readonly run: LoadedRun;
  readonly metric: Metric;
}

/**
 * E + A / N^a, or with two factors E + A / N^a + B / D^b: intervals, residuals, the largest members predicted from the
 * others, and of two factors the compute-optimal frontier.
 *
 * @example
 *     const { exponents, heldOut } = await scaling('lenet-mnist', { axis: 'parameters' });
 *     [exponents[0].value, exponents[0].interval, heldOut?.predicted[0].isInside];
 *
 * @throws UsageError for fewer than three scales, a coordinate that members do not have, and a metric that is
 * thresholded, rises with scale or is not above 0
 */
export async function scaling(run: RunLike, options: ScalingOptions = {}): Promise<FamilyScaling> {
  const drawCount = drawsOf(options, 400);
  const { open, factors } = await openOver(run, options);
  const wanted = await metricFor(open, options.metric, options);
  const loaded = await readRun(open, [...defaultColumnsOf(open), ...(wanted?.needs ?? [])], options);
  const { record } = loaded;
  const metric = lossOf(wanted ?? defaultMetrics(record, loaded.members).loss, loaded);
  const members = placed(loaded, factors, options);
  const { observed, draws } = drawMembers(metric, members, { draws: drawCount });
  const points = members.map(({ record: { id, coordinates } }, i): ScalingMember => {
    const value = nth(observed, i);
    if (!(value > 0 && value < Infinity))
      throw new UsageError(`${metric.title} of ${id} is ${value}, but a scaling law needs losses above 0`, record.name);
    return { coordinates, value };
  });
  const flat = notFalling(points, factors);
  if (flat !== undefined)
    throw new UsageError(`${metric.title} does not fall with ${flat}`, record.name, 'there is no scaling law over it');
  noteOthers(members, factors, options);
  // A draw in which the metric has no value, or none above 0, has no law.
  const fitting = draws.filter((values) => values.every((value) => value > 0 && value < Infinity));
  const law = await track(options, 'intervals', (onStep) =>
    scalingLaw({ members: points, factors, draws: fitting, onStep }),
  );
  const { curve, label } = typeof run === 'string' ? loaded : run;
  return { ...law, run: { ...loaded, curve, label }, metric };
}

/** The names of N and D, here and in imports. */
const namesOfN = ['parameters', 'params'];
const namesOfD = ['examples', 'tokens'];

/** The factors, and the members along them; for trained runs, whatever else members differ in is held. */
async function openOver(
  run: RunLike,
  { axis, root, where: given, at, probe, note }: ScalingOptions,
): Promise<{ open: OpenRun; factors: string[] }> {
  const asked = factorsOf(axis);
  // An open run shows some members; the law may need others.
  const name = typeof run === 'string' ? run : run.folder;
  const factor = typeof run === 'string' ? undefined : run.curve?.factor;
  const where =
    typeof run === 'string' || factor === undefined ? given : { ...given, [factor]: present(run.held[factor]) };
  const over = (coordinate?: string) => openRun(name, { root, where, at, probe, axis: coordinate });
  const whole = await openRun(name, { root, where, at, probe, all: true });
  const { isImported } = whole.words;
  const known = [...new Set(whole.complete.flatMap(({ coordinates }) => Object.keys(coordinates)))];
  const unknown = asked?.find((each) => !known.includes(each));
  if (unknown !== undefined)
    throw new UsageError(`no member has a coordinate ${unknown}`, '--axis', suggestion(unknown, known));
  // Over FLOPs, members may differ in their architecture and in how long they were trained; other factors are held.
  const long = isImported ? whole : await over('flops');
  const factors = asked ?? usualFactors(long);
  const isLong = untold(cellsAt(long.complete, factors), factors) === undefined;
  const open = isImported || factors.length === 1 ? await over(factors[0]) : isLong ? long : whole;
  const reason = untold(cellsAt(open.complete, factors), factors);
  if (reason !== undefined)
    throw new UsageError(reason, open.record.name, isImported ? open.words.further : 'train members that differ in it');
  for (const line of open.notes) note?.(`note: ${line}`);
  return { open, factors };
}

/** D after N, as in the law. */
function factorsOf(axis: string | undefined): string[] | undefined {
  const asked = axis?.split(',').map((name) => name.trim());
  if (asked === undefined) return undefined;
  if (asked.length > 2)
    throw new UsageError(`${asked.length} coordinates`, '--axis', 'give one, or two such as parameters,examples');
  if (asked[0] === asked[1]) throw new UsageError(`${asked[0]} is given twice`, '--axis', 'give two coordinates');
  return namesOfD.includes(firstOf(asked)) ? asked.reverse() : asked;
}

/** Both N and D if they determine a law; otherwise the one that varies, or the axis of the run. */
function usualFactors({ complete, record }: OpenRun): string[] {
  const varied = (name: string) => new Set(complete.map(({ coordinates }) => coordinates[name])).size > 2;
  const both = [namesOfN, namesOfD].flatMap((names) => names.find(varied) ?? []);
  if (both.length === 2 && untold(cellsAt(complete, both), both) === undefined) return both;
  return both.length > 0 ? [firstOf(both)] : ['axis' in record ? record.axis : 'parameters'];
}

/** Each combination of coordinates once, for members that have them all. */
function cellsAt(members: readonly FamilyMember[], factors: readonly string[]): Pick<LossCell, 'coordinates'>[] {
  const points = members.flatMap(({ coordinates }) =>
    hasAll(coordinates, factors) ? { coordinates, value: NaN } : [],
  );
  return lossCells(points, factors);
}

function hasAll(coordinates: Readonly<Record<string, number>>, factors: readonly string[]): boolean {
  return factors.every((factor) => present(coordinates[factor]) > 0 && present(coordinates[factor]) < Infinity);
}

/** Those that have all coordinates; others are reported as notes. */
function placed({ members }: LoadedRun, factors: readonly string[], { note }: ScalingOptions): LoadedMember[] {
  const kept: LoadedMember[] = [];
  for (const member of members) {
    const { coordinates } = member.record;
    if (hasAll(coordinates, factors)) kept.push(member);
    else note?.(`not included: ${member.record.id} (its ${factors.join(' or ')} is not known, or not above 0)`);
  }
  return kept;
}

function lossOf(metric: Metric | undefined, { record }: LoadedRun): Metric {
  if (metric === undefined)
    throw new UsageError(
      'its outcomes have no log-probabilities, and so no loss',
      record.name,
      'name a continuous metric of them with --metric',
    );
  if (metric.kind !== 'continuous')
    throw new UsageError(
      `${metric.id} is thresholded, but a scaling law needs a continuous loss`,
      '--metric',
      'leave it out, or give another',
    );
  if (metric.better === 'higher')
    throw new UsageError(
      `${metric.id} rises as members get better, but a scaling law falls`,
      '--metric',
      'give a loss or an error',
    );
  return metric;
}

/** Says what else differs between members that the law treats as replicates. */
function noteOthers(members: readonly LoadedMember[], factors: readonly string[], { note }: ScalingOptions): void {
  const keyOf = (coordinates: Readonly<Record<string, number>>, names: readonly string[]) =>
    names.map((name) => coordinates[name]).join(' ');
  const other = [...namesOfN, ...namesOfD].filter((name) => !factors.includes(name));
  const all = members.map(({ record }) => record.coordinates);
  const differing = other.find((name) => {
    const [alone, both] = [factors, [...factors, name]].map(
      (names) => new Set(all.map((each) => keyOf(each, names))).size,
    );
    return present(both) > present(alone);
  });
  if (differing !== undefined)
    note?.(
      `note: members with the same ${factors.join(' and ')} differ in ${differing}, which the law treats as scatter`,
    );
}
