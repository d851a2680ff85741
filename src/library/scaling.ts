/** A run's scaling law: its loss against parameters, training examples and FLOPs. */
import { drawMembers } from '../analysis/curves.js';
import { defaultColumnsOf, defaultMetrics } from '../analysis/defaults.js';
import { notFalling, scalingLaw, untold, type ScalingLaw, type ScalingMember } from '../analysis/scaling/scaling.js';
import type { Metric } from '../metrics/metric.js';
import type { FamilyMember, LoadedMember, LoadedRun, OpenRun } from '../runs/load.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { metricFor, openRun, readRun, track, type MetricOptions, type RunLike } from './family.js';

export interface ScalingOptions extends MetricOptions {
  /** A continuous metric that is lower for better members; left out: the cross-entropy, of autoencoders the squared error. */
  readonly metric?: string | undefined;
  /**
   * What the law is over: `parameters`, `examples`, `flops` or another coordinate of the members, or two of them with a comma; left out:
   * `parameters,examples` where both vary, else the one that does.
   */
  readonly axis?: string | undefined;
  /** Bootstrap draws of the test set; left out: 400. */
  readonly draws?: number | undefined;
}

export interface FamilyScaling extends ScalingLaw {
  readonly run: LoadedRun;
  readonly metric: Metric;
}

/**
 * E + A / N^a, or with two factors E + A / N^a + B / D^b: intervals, residuals, the largest members predicted from the others, and
 * of two factors the compute-optimal frontier.
 *
 * @example
 *     const { exponents, heldOut } = await scaling('lenet-mnist', { axis: 'parameters' });
 *     [exponents[0].value, exponents[0].interval, heldOut?.predicted[0].isInside];
 *
 * @throws UsageError for fewer than three scales, a coordinate that members do not have, and a metric that is thresholded, rises with
 * scale or is not above 0
 */
export async function scaling(run: RunLike, options: ScalingOptions = {}): Promise<FamilyScaling> {
  const asked = factorsOf(options.axis);
  const open = await openOver(run, asked, options);
  const wanted = await metricFor(open, options.metric, options);
  const loaded = await readRun(open, [...defaultColumnsOf(open), ...(wanted?.needs ?? [])], options);
  const metric = lossOf(wanted ?? defaultMetrics(loaded.record, loaded.members).loss, loaded);
  const factors = asked ?? usualFactors(loaded);
  const members = placed(loaded, factors, options);
  const untoldBy = untold(
    members.map(({ record }) => ({ coordinates: factors.map((factor) => coordinatesOf(record)[factor]!) })),
    factors,
  );
  if (untoldBy !== undefined) {
    const { isImported, further } = loaded.words;
    throw new UsageError(untoldBy, loaded.record.name, isImported ? further : 'train members that differ in it');
  }
  const { observed, draws } = drawMembers(metric, members, { draws: options.draws ?? 400 });
  const points = members.map(({ record }, i): ScalingMember => {
    const value = observed[i]!;
    if (!(value > 0 && value < Infinity))
      throw new UsageError(
        `${metric.title} of ${record.id} is ${value}, and a scaling law is of losses above 0`,
        loaded.record.name,
      );
    return { coordinates: coordinatesOf(record), value };
  });
  refuseFlat(points, { factors, metric, run: loaded });
  noteOthers(members, factors, options);
  // A draw in which the metric has no value, or none above 0, has no law.
  const fitting = draws.filter((values) => values.every((value) => value > 0 && value < Infinity));
  const law = await track(options, 'intervals', (onStep) =>
    scalingLaw({ members: points, factors, draws: fitting, onStep }),
  );
  return { ...law, run: loaded, metric };
}

/** D after N, as the law has them. */
function factorsOf(axis: string | undefined): string[] | undefined {
  const asked = axis?.split(',').map((name) => name.trim());
  if (asked === undefined) return undefined;
  if (asked.length > 2)
    throw new UsageError(`${asked.length} coordinates`, '--axis', 'give one, or two such as parameters,examples');
  if (asked[0] === asked[1]) throw new UsageError(`${asked[0]} is given twice`, '--axis', 'give two coordinates');
  return namesOfD.includes(asked[0]!) ? asked.reverse() : asked;
}

/** Imported members are in it that have the first of the coordinates. */
async function openOver(run: RunLike, asked: readonly string[] | undefined, options: ScalingOptions): Promise<OpenRun> {
  const open = await openRun(run, { ...options, axis: undefined, all: true });
  const known = [...new Set(open.complete.flatMap((member) => Object.keys(coordinatesOf(member))))];
  for (const name of asked ?? [])
    if (!known.includes(name))
      throw new UsageError(`no member has a coordinate ${name}`, '--axis', suggestion(name, known));
  return open.words.isImported && asked !== undefined ? openRun(run, { ...options, axis: asked[0] }) : open;
}

/** What N and D are called, here and in imports. */
const namesOfN = ['parameters', 'params'];
const namesOfD = ['examples', 'tokens'];

function usualFactors({ members, record }: LoadedRun): string[] {
  const varied = (name: string) => new Set(members.map((member) => coordinatesOf(member.record)[name])).size > 2;
  const all = Object.keys(coordinatesOf(members[0]!.record));
  const [n, d] = [namesOfN, namesOfD].map((names) => names.find((name) => all.includes(name) && varied(name)));
  const both = [n, d].filter((name) => name !== undefined);
  const isTold = untold(
    members.map((member) => ({ coordinates: both.map((name) => coordinatesOf(member.record)[name]!) })),
    both,
  );
  if (both.length === 2 && isTold === undefined) return both;
  return both.length > 0 ? [both[0]!] : ['axis' in record ? record.axis : 'parameters'];
}

/** Those that have all coordinates; others are told as notes. */
function placed(
  { members, record: { name } }: LoadedRun,
  factors: readonly string[],
  { note }: ScalingOptions,
): LoadedMember[] {
  const kept: LoadedMember[] = [];
  for (const member of members) {
    const coordinates = coordinatesOf(member.record);
    const missing = factors.find((factor) => !(coordinates[factor]! > 0 && coordinates[factor]! < Infinity));
    if (missing === undefined) kept.push(member);
    else note?.(`not included: ${member.record.id} (its ${missing} is not known, or not above 0)`);
  }
  if (kept.length === 0) throw new UsageError(`no member has ${factors.join(' and ')} above 0`, name);
  return kept;
}

function lossOf(metric: Metric | undefined, { record }: LoadedRun): Metric {
  if (metric === undefined)
    throw new UsageError('its outcomes have no loss', record.name, 'name a continuous metric of them with --metric');
  if (metric.kind !== 'continuous')
    throw new UsageError(
      `${metric.id} is thresholded, and a scaling law is of a continuous loss`,
      '--metric',
      'leave it out, or give another',
    );
  if (metric.better === 'higher')
    throw new UsageError(
      `${metric.id} rises where members get better, and a scaling law falls`,
      '--metric',
      'give a loss or an error',
    );
  return metric;
}

function refuseFlat(
  members: readonly ScalingMember[],
  { factors, metric, run }: { readonly factors: readonly string[]; readonly metric: Metric; readonly run: LoadedRun },
): void {
  const flat = notFalling(members, factors);
  if (flat !== undefined)
    throw new UsageError(
      `${metric.title} does not fall with ${flat}`,
      run.record.name,
      'there is no scaling law over it',
    );
}

/** Says what else differs between members that the law takes for replicates. */
function noteOthers(members: readonly LoadedMember[], factors: readonly string[], { note }: ScalingOptions): void {
  const keyOf = (coordinates: Readonly<Record<string, number>>, names: readonly string[]) =>
    names.map((name) => coordinates[name]).join(' ');
  const other = [...namesOfN, ...namesOfD].filter((name) => !factors.includes(name));
  const all = members.map(({ record }) => coordinatesOf(record));
  const differing = other.find((name) => {
    const [alone, both] = [factors, [...factors, name]].map(
      (names) => new Set(all.map((each) => keyOf(each, names))).size,
    );
    return both! > alone!;
  });
  if (differing !== undefined)
    note?.(
      `note: members with the same ${factors.join(' and ')} differ in ${differing}, which the law takes for scatter`,
    );
}

function coordinatesOf(member: FamilyMember): Readonly<Record<string, number>> {
  const { parameters, trainingFlops, width, trained, imported } = member;
  return imported?.coordinates ?? { parameters, flops: trainingFlops, width, steps: trained!.steps };
}
