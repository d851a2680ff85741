/**
 * Opens a run: which members it has, at which moments, and where they are on a curve. No outcome is read, except for an
 * axis of losses.
 */
import * as path from 'node:path';
import { choicesOf, choosesFromFew, isProbe, probeNames, probesOf, usualWays } from '../datasets/probes.js';
import { momentsOf } from '../experiment/moments.js';
import { firstOf, present, zip } from '../machine/present.js';
import { mean } from '../statistics/mean.js';
import { messageOf, isReported, RunError, UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import {
  importedFolder,
  isImported,
  readImportedMember,
  shownId,
  titleOf,
  type ImportedMember,
  type ImportedRun,
} from './imported.js';
import { columnsAtMoments, outcomeNames, type OutcomeName } from './outcomes.js';
import {
  digestOfRun,
  epochsOf,
  memberId,
  otherExperiment,
  unsealedNotes,
  type MemberKey,
  type MemberRecord,
  type RunRecord,
} from './record.js';
import { memberFolder, membersOf, readAnyRun, readMemberFile, readMemberRecord } from './run.js';
import { unfinished } from './verify.js';
import { coordinatesOf } from './coordinates.js';
import {
  curvesPer,
  isAt,
  membersWith,
  onScale,
  pointsAt,
  coordinateValues,
  varyingCoordinates,
  varyingFactors,
  viewOf,
  type Placed,
  type ViewOptions,
} from './view.js';
import { importedWords } from './words.js';
import { classCounts, readMembers } from './load.js';
import { outcomesFile } from './read-member.js';
import type { FamilyMember, OpenRun, OpenOptions } from './opened.js';

/**
 * A run as the options ask for it; with `curvePer`, once for each value of that factor, in ascending order.
 *
 * @throws RunError if run.json is damaged, or no member is complete; UsageError if the members have no such coordinate
 */
export async function openRuns(folder: string, options: OpenOptions = {}): Promise<OpenRun[]> {
  const record = await readAnyRun(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  if (!isImported(record)) return openTrained(folder, probed(record, options.probe), options);
  if (options.probe !== undefined)
    throw new UsageError('the run has imported members, of which there are no probes', '--probe', 'leave it out');
  return openImported(folder, record, options);
}

/** `openRuns` for a single one. */
export async function openRunFolder(folder: string, options: ViewOptions = {}): Promise<OpenRun> {
  return firstOf(await openRuns(folder, options));
}

async function openTrained(folder: string, record: RunRecord, options: OpenOptions): Promise<OpenRun[]> {
  const complete: MemberRecord[] = [];
  const absent: string[] = [];
  for (const key of membersOf(record.experiment)) {
    const found = await completeMember(folder, key, record);
    if (typeof found === 'string') absent.push(`${memberId(key)} (${found})`);
    else complete.push(found);
  }
  if (complete.length === 0)
    throw new RunError(`none of the ${absent.length} members is complete; the first: ${absent[0] ?? ''}`, folder);
  const files = unsealedNotes(folder, record, complete);
  const members = complete
    .map((member) => ({
      ...member,
      coordinates: coordinatesOf(record, member),
      folder: memberFolder(folder, member),
      trained: member,
      training: member.id,
      imported: undefined,
      probe: record.probe,
    }))
    .sort((a, b) => a.width - b.width || a.seed - b.seed);
  const points = momentsIn(members, { record, options });
  const all = await columnsOf(members);
  const columns = points.some(({ moment }) => moment !== undefined) ? columnsAtMoments(all) : all;
  const opened: OpenRun[] = [];
  for (const { where, label, curve } of viewsOf(record, points, options)) {
    const { words, coordinate, members: shown, notes, held } = viewOf(record, points, { ...options, where });
    // If other values of the factor have members, the run has separate curves for them.
    if (shown.length === 0) continue;
    const placed = coordinate === undefined ? shown : await placeBy(shown, coordinate, { folder, columns });
    opened.push({
      ...{ folder, record: withClasses(record, shown), words, complete: placed, absent, columns },
      notes: [...files, ...probeNotes(record), ...lengthNotes(record, members, points), ...notes],
      ...{ label, held, curve },
    });
  }
  if (opened.length === 0) {
    const wanted = Object.entries(options.where ?? {}).map(([key, value]) => `${key} ${value}`);
    throw new UsageError(`no member is complete with ${wanted.join(' and ')}`, '--where', 'hold other values');
  }
  return opened;
}

/**
 * The record of a view of a probe: its classes are the labels that can be answers. Throws UsageError if the run does
 * not have it.
 */
function probed(record: RunRecord, name: string | undefined): RunRecord {
  if (name === undefined) return record;
  const known = probesOf(record.experiment.probe);
  const probe = known.find((each) => each === name);
  if (probe === undefined)
    throw new UsageError(
      isProbe(name) ? `${record.name} was trained without the probe ${name}` : `"${name}" is not a probe`,
      '--probe',
      known.length > 0
        ? `it has ${known.join(', ')}`
        : isProbe(name)
          ? `train another run with --probe ${name}`
          : suggestion(name, probeNames),
    );
  const { classNames, ...dataset } = record.dataset;
  const { ways = usualWays } = record.experiment;
  const classes = choicesOf(probe, { classes: dataset.classes, ways });
  const named = classes === dataset.classes && probe === 'in-weights' ? { classNames } : {};
  return { ...record, dataset: { ...dataset, ...named, classes }, probe };
}

function probeNotes({ probe, dataset, experiment }: RunRecord): string[] {
  if (probe === undefined) return [];
  return [
    `outcomes are of the probe ${probe}, for the last of ${experiment.pairs ?? 1} images; a guess is right 1 time in ${dataset.classes}`,
  ];
}

/** The record with the number of classes of the members in a view; the run's own if they differ. */
function withClasses(record: RunRecord, members: readonly Placed[]): RunRecord {
  const [classes, ...others] = classCounts(members);
  if (choosesFromFew(record.probe) || classes === undefined || others.length > 0 || classes === record.dataset.classes)
    return record;
  return {
    ...record,
    dataset: { ...record.dataset, classes, classNames: record.dataset.classNames?.slice(0, classes) },
  };
}

/**
 * The members at the requested moments: at one step, along training, or at their end.
 *
 * @throws UsageError if none has outcomes of the step
 */
function momentsIn(
  members: readonly MemberTrainedHere[],
  { record, options }: { readonly record: RunRecord; readonly options: OpenOptions },
): readonly MemberTrainedHere[] {
  const { at, all } = options;
  if (all === 'ends') return members;
  const points = members.flatMap((member) => {
    const { steps } = member.trained;
    return [...momentsOf(record.experiment.moments, steps), steps].map((step) => atStep(record, member, step));
  });
  const shown = pointsAt(points, options);
  if (shown.length > 0) return shown;
  const steps = coordinateValues('steps', points);
  throw new UsageError(`no member has outcomes after step ${present(at)}`, '--at', `there are ${steps.join(', ')}`);
}

/** For points at which members of several lengths are identical, or, with a schedule, nearly so. */
function lengthNotes(
  { experiment: { schedule } }: RunRecord,
  members: readonly MemberTrainedHere[],
  points: readonly MemberTrainedHere[],
): string[] {
  const lengths = new Set(members.map(({ trained }) => trained.steps));
  if (lengths.size < 2 || points.every(({ moment }) => moment === undefined)) return [];
  const alike =
    schedule === 'constant' ? 'are identical at first' : 'start alike, but with different learning rates (--schedule)';
  return [`members that differ only in their length ${alike}: at each step a seed counts once, from the longest`];
}

function atStep(record: RunRecord, member: MemberTrainedHere, step: number): MemberTrainedHere {
  if (step === member.trained.steps) return member;
  const coordinates = coordinatesOf(record, member.trained, step);
  return {
    ...member,
    id: `${member.id} at ${step}`,
    coordinates,
    trainingFlops: present(coordinates['flops']),
    moment: step,
  };
}

/** One view, or one for each value of the factor with separate curves. Throws UsageError if it is not a factor. */
function viewsOf(
  record: RunRecord,
  members: readonly Placed[],
  { axis, curvePer, where }: OpenOptions,
): Pick<OpenRun & OpenOptions, 'where' | 'label' | 'curve'>[] {
  const name = titleOf(record);
  if (curvePer === undefined) return [{ where, label: name, curve: undefined }];
  if (curvePer === axis) throw new UsageError(`${axis} is on the axis`, '--curve-per', 'give another factor');
  return curvesPer(curvePer, varyingFactors(record, members), { members, where }).map((curve) => ({
    where: { ...where, [curvePer]: curve.value },
    label: `${name}, ${curve.name}`,
    curve,
  }));
}

/** With the coordinate in place of the width. */
async function placeBy(
  members: readonly MemberTrainedHere[],
  coordinate: string,
  of: { readonly folder: string; readonly columns: readonly OutcomeName[] },
): Promise<FamilyMember[]> {
  const losses = coordinate === 'loss' ? await testLosses(members, of) : undefined;
  const at = (member: MemberTrainedHere) => losses?.get(member) ?? present(member.coordinates[coordinate]);
  return onScale(members, at);
}

type MemberTrainedHere = FamilyMember & { readonly trained: MemberRecord };

/**
 * Means over the test set, or over that of a probe, of what training minimises: cross-entropy in nats, or the squared
 * error per pixel.
 */
export async function testLosses(
  members: readonly FamilyMember[],
  { folder, columns }: { readonly folder: string; readonly columns: readonly OutcomeName[] },
): Promise<Map<FamilyMember, number>> {
  const name = columns.includes('mse') ? 'mse' : 'log_probability';
  const { found, absent } = await readMembers(
    members.map((member) => ({ ...member, probe: undefined })),
    [name],
    { folder },
  );
  if (absent.length > 0) throw new RunError(firstOf(absent), folder);
  return new Map(
    zip(members, found).map(([member, { outcomes }]) => [member, Math.abs(mean(present(outcomes[name])))]),
  );
}

async function openImported(folder: string, record: ImportedRun, options: OpenOptions): Promise<OpenRun[]> {
  const { axis = record.axis, curvePer } = options;
  const found: ImportedMember[] = [];
  const absent: string[] = [];
  for (const id of record.members) {
    try {
      found.push(await readImportedMember(folder, id, record));
    } catch (error) {
      if (!isReported(error)) throw error;
      absent.push(`${shownId(id)} (${error.message})`);
    }
  }
  const known = [...new Set(found.flatMap(({ coordinates }) => Object.keys(coordinates)))];
  if (found.length > 0 && !known.includes(axis))
    throw new UsageError(`no member has a coordinate ${axis}`, '--axis', suggestion(axis, known));
  const shown = membersWith(found, options.where);
  const placed = shown.filter(({ coordinates }) => (coordinates[axis] ?? 0) > 0);
  for (const { id, coordinates } of shown)
    if (!((coordinates[axis] ?? 0) > 0))
      absent.push(`${shownId(id)} (${coordinates[axis] === undefined ? `has no ${axis}` : `${axis} is not above 0`})`);
  if (placed.length === 0)
    throw new RunError(`none of the ${absent.length} members can be read; the first: ${absent[0] ?? ''}`, folder);
  if (curvePer === axis) throw new UsageError(`${axis} is on the axis`, '--curve-per', 'give another coordinate');
  const complete = placed.map((member) => familyMemberOf(folder, member));
  const scaled = (members: typeof complete) => onScale(members, ({ coordinates }) => present(coordinates[axis]));
  const columns = await columnsOf(scaled(complete));
  if (!columns.includes('correct')) throw new RunError('its outcomes do not say which answers are right', folder);
  const curves =
    curvePer === undefined
      ? [undefined]
      : curvesPer(curvePer, varyingCoordinates(placed), { ...options, members: placed });
  return curves.map((curve) => {
    const held = { ...options.where, ...(curve === undefined ? {} : { [curve.factor]: curve.value }) };
    return {
      ...{ folder, record, words: importedWords(axis), absent, columns, notes: [], held, curve },
      complete: scaled(complete.filter(({ coordinates }) => isAt(coordinates, held))),
      label: curve === undefined ? record.name : `${record.name}, ${curve.name}`,
    };
  });
}

/** Without its place on an axis. */
function familyMemberOf(folder: string, member: ImportedMember) {
  const { id, seed, coordinates, files } = member;
  return {
    ...{ id: shownId(id), seed, trainingFlops: coordinates['flops'] ?? NaN, coordinates, files },
    ...{ folder: importedFolder(folder, id), trained: undefined, imported: member },
  };
}

/** From the first member whose file is intact; problems with the others are reported when theirs are read. */
async function columnsOf(complete: readonly FamilyMember[]): Promise<OutcomeName[]> {
  let first: unknown;
  for (const member of complete) {
    const file = outcomesFile(member);
    try {
      const bytes = await readMemberFile(path.dirname(file), member, path.basename(file));
      if (typeof bytes === 'string') throw new RunError(bytes, path.dirname(file));
      return await outcomeNames(bytes, file);
    } catch (error) {
      if (!isReported(error)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** Its record, or why it is incomplete. */
export async function completeMember(folder: string, key: MemberKey, run: RunRecord): Promise<MemberRecord | string> {
  try {
    const record = await readMemberRecord(memberFolder(folder, key));
    if (record === undefined) return 'no epoch done';
    if (record.experiment !== digestOfRun(run, key)) return otherExperiment;
    return record.status === 'complete' ? record : unfinished(record, epochsOf(run, key));
  } catch (error) {
    if (!isReported(error)) throw error;
    return messageOf(error);
  }
}
