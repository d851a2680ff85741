/** A run's members with their outcomes: what every analysis begins with. Without TensorFlow, a few columns at a time. */
import * as path from 'node:path';
import { outcomeKinds } from '../experiment/architectures.js';
import { momentsOf } from '../experiment/moments.js';
import { nth, present } from '../machine/present.js';
import { messageOf, isReported, RunError, UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { suggestion } from '../terminal/nearest.js';
import {
  importedFolder,
  isImported,
  readImportedMember,
  shownId,
  type AnyRun,
  type ImportedMember,
  type ImportedRun,
} from './imported.js';
import {
  atRows,
  changesWithTraining,
  columnsAtMoments,
  decodeOutcomes,
  decodeWithGroup,
  momentFile,
  outcomeNames,
  type OutcomeName,
  type OutcomeTable,
} from './outcomes.js';
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
import {
  alongTraining,
  coordinatesOf,
  refuseFixed,
  varyingFactors,
  viewOf,
  type Placed,
  type ViewOptions,
} from './view.js';
import { importedWords, type FamilyWords } from './words.js';

/**
 * A member as curves take it. Where curves are drawn over a coordinate, `width` and `parameters` are both that coordinate, and `seed`
 * tells members at one scale apart.
 */
export interface FamilyMember {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  /** Every number that places it: `width`, further factors, `parameters`, `flops`, `examples`, `steps`; of an imported one its own. */
  readonly coordinates: Readonly<Record<string, number>>;
  readonly parameters: number;
  /** NaN where nobody knows. */
  readonly trainingFlops: number;
  /** SHA-256 by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Its folder. */
  readonly folder: string;
  /** The step of training after which its outcomes were taken; undefined for the last. */
  readonly moment?: number | undefined;
  /** Undefined for an imported member. */
  readonly trained: MemberRecord | undefined;
  /** Undefined for a trained one. */
  readonly imported: ImportedMember | undefined;
}

export interface LoadedMember {
  readonly record: FamilyMember;
  readonly folder: string;
  readonly outcomes: Partial<OutcomeTable>;
}

export interface LoadedRun {
  readonly folder: string;
  readonly record: AnyRun;
  /** What its scales and examples are called. */
  readonly words: FamilyWords;
  /** The complete ones, by width and seed. */
  readonly members: readonly LoadedMember[];
  /** `cnn-w8-s0 (2 of 5 epochs done)`: members that are not in it, and why. */
  readonly absent: readonly string[];
  /** Columns that the outcomes have, read or not. */
  readonly columns: readonly OutcomeName[];
  /** What the user should know of the run's files and of what is shown of it, a line each. */
  readonly notes: readonly string[];
  /** The run's name, with the values of factors that set its curves apart from others of the same run. */
  readonly label: string;
  /** Factors that are held, and at what. */
  readonly held: Readonly<Record<string, number>>;
  /** The same for names of files: `-depth2`; empty where the run's name is enough. */
  readonly suffix: string;
}

/** A run that is opened: its record and columns are known, no outcome is read yet. */
export interface OpenRun extends Omit<LoadedRun, 'members'> {
  readonly complete: readonly FamilyMember[];
}

export interface OpenOptions extends ViewOptions {
  /** A factor whose values each have curves of their own. */
  readonly curvePer?: string | undefined;
}

/**
 * A run as the options ask for it; with `curvePer` once for each value of that factor, in ascending order.
 *
 * @throws RunError where run.json is damaged, or no member is complete; UsageError where the members have no such coordinate
 */
export async function openRuns(folder: string, options: OpenOptions = {}): Promise<OpenRun[]> {
  const record = await readAnyRun(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  if (!isImported(record)) return openTrained(folder, record, options);
  const unknown =
    options.curvePer === undefined ? (options.where === undefined ? undefined : '--where') : '--curve-per';
  if (unknown !== undefined)
    throw new UsageError('the run has imported members, which have no factors', unknown, 'give --axis instead');
  return [await openImported(folder, record, options.axis ?? record.axis)];
}

/** `openRuns` of one. */
export async function openRun(folder: string, options: ViewOptions = {}): Promise<OpenRun> {
  return nth(await openRuns(folder, options), 0);
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
      imported: undefined,
    }))
    .sort((a, b) => a.width - b.width || a.seed - b.seed);
  const points = momentsIn(members, { record, options });
  const all = await columnsOf(members);
  const columns = points.some(({ moment }) => moment !== undefined) ? columnsAtMoments(all) : all;
  const { curvePer } = options;
  const values = curvePer === undefined ? [undefined] : valuesPer(curvePer, { record, members: points, options });
  const opened: OpenRun[] = [];
  for (const value of values) {
    const where = value === undefined ? options.where : { ...options.where, [present(curvePer)]: value };
    const { words, coordinate, members: shown, notes, held } = viewOf(record, points, { ...options, where });
    const placed = coordinate === undefined ? shown : await placeBy(shown, coordinate, { folder, columns });
    opened.push({
      ...{ folder, record: withClasses(record, shown), words, complete: placed, absent, columns },
      notes: [...files, ...notes],
      label: value === undefined ? record.name : `${record.name}, ${present(curvePer)} ${value}`,
      held,
      suffix: value === undefined ? '' : `-${present(curvePer)}${value}`,
    });
  }
  return opened;
}

/** The record with as many classes as the members of a view have; where they differ in it, with the run's own. */
function withClasses(record: RunRecord, members: readonly Placed[]): RunRecord {
  const [classes, ...others] = classesOf(members);
  if (classes === undefined || others.length > 0 || classes === record.dataset.classes) return record;
  return {
    ...record,
    dataset: { ...record.dataset, classes, classNames: record.dataset.classNames?.slice(0, classes) },
  };
}

/**
 * The members at the moments that are asked for: at one step, along training, or at their end.
 *
 * @throws UsageError where none has outcomes of the step
 */
function momentsIn(
  members: readonly TrainedMember[],
  { record, options: { at, axis, all } }: { readonly record: RunRecord; readonly options: OpenOptions },
): readonly TrainedMember[] {
  if (all === 'ends') return members;
  const isAlong = all === true || (axis !== undefined && alongTraining.includes(axis));
  if (at === undefined && !isAlong) return members;
  const stepsOf = (member: TrainedMember) => [
    ...momentsOf(record.experiment.moments, member.trained.steps),
    member.trained.steps,
  ];
  const points = members.flatMap((member) =>
    stepsOf(member)
      .filter((step) => at === undefined || step === at)
      .map((step) => atStep(record, member, step)),
  );
  if (points.length > 0) return points;
  const steps = [...new Set(members.flatMap(stepsOf))].sort((a, b) => a - b);
  throw new UsageError(`no member has outcomes after step ${present(at)}`, '--at', `there are ${steps.join(', ')}`);
}

function atStep(record: RunRecord, member: TrainedMember, step: number): TrainedMember {
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

/** Values of the factor that has curves of its own. Throws UsageError where it is none. */
function valuesPer(
  key: string,
  {
    record,
    members,
    options,
  }: { readonly record: RunRecord; readonly members: readonly Placed[]; readonly options: OpenOptions },
): number[] {
  const varying = varyingFactors(record, members);
  refuseFixed(key, varying, '--curve-per');
  if (options.where !== undefined && key in options.where)
    throw new UsageError(`${key} is held by --where`, '--curve-per', 'give one of the two');
  return [...new Set(members.map(({ coordinates }) => present(coordinates[key])))].sort((a, b) => a - b);
}

/** With the coordinate in place of the width. */
async function placeBy(
  members: readonly TrainedMember[],
  coordinate: string,
  of: { readonly folder: string; readonly columns: readonly OutcomeName[] },
): Promise<FamilyMember[]> {
  const losses = coordinate === 'loss' ? await testLosses(members, of) : undefined;
  const at = (member: TrainedMember) => losses?.get(member) ?? present(member.coordinates[coordinate]);
  return onScale(members, at).map(({ member, scale, seed }) => ({
    ...{ ...member, width: scale, parameters: scale, seed },
  }));
}

type TrainedMember = FamilyMember & { readonly trained: MemberRecord };

/** Means over the test set of what training minimises: cross-entropy in nats, or the squared error per pixel. */
async function testLosses(
  members: readonly TrainedMember[],
  { folder, columns }: { readonly folder: string; readonly columns: readonly OutcomeName[] },
): Promise<Map<FamilyMember, number>> {
  const name = columns.includes('mse') ? 'mse' : 'log_probability';
  const { found, absent } = await readMembers(members, [name], folder);
  if (absent.length > 0) throw new RunError(nth(absent, 0), folder);
  return new Map(
    found.map(({ record, outcomes }) => {
      const values = present(outcomes[name]);
      return [record, Math.abs(values.reduce((total, value) => total + value, 0) / values.length)];
    }),
  );
}

async function openImported(folder: string, record: ImportedRun, axis: string): Promise<OpenRun> {
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
  const placed = found.filter(({ coordinates }) => (coordinates[axis] ?? 0) > 0);
  for (const { id, coordinates } of found)
    if (!((coordinates[axis] ?? 0) > 0))
      absent.push(`${shownId(id)} (${coordinates[axis] === undefined ? `has no ${axis}` : `${axis} is not above 0`})`);
  if (placed.length === 0)
    throw new RunError(`none of the ${absent.length} members can be read; the first: ${absent[0] ?? ''}`, folder);
  const complete = onScale(placed, ({ coordinates }) => present(coordinates[axis])).map(({ member, seed }) =>
    placeOf(folder, member, { axis, seed }),
  );
  const columns = await columnsOf(complete);
  if (!columns.includes('correct')) throw new RunError('its outcomes do not say which answers are right', folder);
  const words = importedWords(axis);
  return { folder, record, words, complete, absent, columns, notes: [], label: record.name, held: {}, suffix: '' };
}

/**
 * In order of the coordinate, and each with the place that seeds have: models at one scale are its replicates, those of one seed
 * together where seeds are told.
 */
function onScale<T extends { readonly id: string; readonly seed: number | null }>(
  members: readonly T[],
  scaleOf: (member: T) => number,
): { member: T; scale: number; seed: number }[] {
  const sorted = [...members].sort(
    (a, b) => scaleOf(a) - scaleOf(b) || (a.seed ?? 0) - (b.seed ?? 0) || (a.id < b.id ? -1 : 1),
  );
  const taken = new Map<number, Set<number>>();
  return sorted.map((member) => {
    const scale = scaleOf(member);
    const used = taken.get(scale) ?? new Set<number>();
    taken.set(scale, used);
    let seed = member.seed ?? 0;
    while (used.has(seed)) seed++;
    used.add(seed);
    return { member, scale, seed };
  });
}

function placeOf(
  folder: string,
  member: ImportedMember,
  { axis, seed }: { readonly axis: string; readonly seed: number },
): FamilyMember {
  const { id, coordinates, files } = member;
  const scale = present(coordinates[axis]);
  return {
    ...{ id: shownId(id), width: scale, seed, parameters: scale, trainingFlops: coordinates['flops'] ?? NaN },
    ...{ coordinates, files, folder: importedFolder(folder, id), trained: undefined, imported: member },
  };
}

/** Of the first member whose file is whole; the others are told when theirs are read. */
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

/** Its record, or why it is not complete. */
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

/**
 * Reads columns of every complete member. A file is checked against its hash; a damaged one is named among the absent.
 *
 * @throws RunError where all are damaged, where a value is no number, or where members have no test example in common
 */
export async function readColumns(run: OpenRun, names: readonly OutcomeName[]): Promise<LoadedRun> {
  const { folder, complete, record } = run;
  const { found, absent, notes } = await readMembers(complete, names, folder);
  const all = [...run.absent, ...absent];
  if (found.length === 0)
    throw new RunError(`none of the ${all.length} members can be read; the first: ${all[0] ?? ''}`, folder);
  const rows = new Set(found.map(({ outcomes }) => outcomes[nth(names, 0)]?.length));
  if (rows.size > 1) throw new RunError(`its members have outcomes of ${[...rows].join(' and ')} rows`, folder);
  const shown = isImported(record) ? record : testedOn(record, present([...rows][0]));
  return { ...run, record: shown, members: withSameGroups(found), absent: all, notes: [...run.notes, ...notes] };
}

/** The record with a test set of so many rows: what is said of the test set is said of those that are shown. */
function testedOn(record: RunRecord, rows: number): RunRecord {
  const { experiment, dataset } = record;
  if (outcomeKinds[experiment.arch] !== 'sequences')
    return rows === dataset.testCount ? record : { ...record, dataset: { ...dataset, testCount: rows } };
  const testSequences = rows / (experiment.pairs ?? 1);
  return testSequences === experiment.testSequences
    ? record
    : { ...record, experiment: { ...experiment, testSequences } };
}

/** Columns of members that are read together, of the same test examples; what is damaged; what the user should know. */
async function readMembers(members: readonly FamilyMember[], names: readonly OutcomeName[], folder: string) {
  const classes = classesOf(members);
  if (classes.length > 1) refuseOtherSequences(members);
  const wanted = classes.length > 1 ? [...new Set([...names, 'example' as const])] : names;
  const found: ReadMember[] = [];
  const absent: string[] = [];
  for (const member of members) {
    const file = outcomesFile(member);
    const bytes = await readMemberFile(member.folder, member, path.basename(file));
    const read =
      typeof bytes === 'string'
        ? bytes
        : member.moment === undefined
          ? { outcomes: await decodeWithGroup(bytes, wanted, file), rows: undefined }
          : await atMoment(member, { bytes, file, names: wanted });
    if (typeof read === 'string') {
      absent.push(`${member.id} (${read})`);
      continue;
    }
    for (const name of names) refuseNaN(read.outcomes[name] ?? [], name, file);
    found.push({ record: member, folder: member.folder, ...read });
  }
  const whole = Math.max(0, ...found.map(({ outcomes }) => outcomes[nth(names, 0)]?.length ?? 0));
  const shared = classes.length > 1 ? onSharedExamples(found, folder) : onSameRows(found, folder);
  const rows = shared[0]?.outcomes[nth(names, 0)]?.length ?? 0;
  const notes =
    classes.length > 1
      ? [
          `members tell from ${nth(classes, 0)} to ${nth(classes, -1)} classes apart and are compared on the ${counted(rows, 'test image')} that all have; ` +
            `a guess is right for 1 in ${classes.join(', ')}; --where classes=VALUE and --curve-per classes take whole test sets`,
        ]
      : rows < whole
        ? [`outcomes are of ${counted(rows, 'row')} of the ${whole} of the test set, those of moments (--moments-size)`]
        : [];
  return { found: shared, absent, notes };
}

interface ReadMember extends LoadedMember {
  /** Rows of outcomes.parquet that it holds; undefined for all. */
  readonly rows: Int32Array | undefined;
}

/** Numbers of classes that trained members tell apart, ascending. */
function classesOf(members: readonly (Placed & Partial<Pick<FamilyMember, 'imported'>>)[]): number[] {
  const known = members.flatMap(({ coordinates, imported }) =>
    imported === undefined ? (coordinates['classes'] ?? []) : [],
  );
  return [...new Set(known)].sort((a, b) => a - b);
}

function refuseOtherSequences(members: readonly FamilyMember[]): void {
  if (!members.some(({ trained }) => trained?.arch === 'transformer')) return;
  throw new UsageError(
    'members with other classes are tested on other sequences',
    '--where',
    'hold them with --where classes=VALUE, or give --curve-per classes',
  );
}

/** Of members of other classes: the outcomes of examples that all have, in the order of the test set. */
function onSharedExamples(members: readonly ReadMember[], folder: string): LoadedMember[] {
  const counts = new Map<number, number>();
  for (const { outcomes } of members)
    for (const example of present(outcomes.example)) counts.set(example, (counts.get(example) ?? 0) + 1);
  const isShared = (example: number) => counts.get(example) === members.length;
  const shared = members.map(({ record, outcomes }) => {
    const examples = present(outcomes.example);
    const own = Int32Array.from([...examples.keys()].filter((row) => isShared(nth(examples, row))));
    return { record, folder: record.folder, outcomes: atRows(outcomes, own) };
  });
  if (shared[0]?.outcomes.example?.length === 0)
    throw new RunError('its members have no test example in common', folder);
  return shared;
}

/** Columns of a moment: what changes from its own file, which item a row is from the member's last outcomes. Or what is damaged. */
async function atMoment(
  member: FamilyMember,
  { bytes, file, names }: { readonly bytes: Buffer; readonly file: string; readonly names: readonly OutcomeName[] },
): Promise<{ readonly outcomes: Partial<OutcomeTable>; readonly rows: Int32Array | undefined } | string> {
  const name = momentFile(present(member.moment));
  const own = await readMemberFile(member.folder, member, name);
  if (typeof own === 'string') return own;
  const where = path.join(member.folder, name);
  const rows = await partOf(own, await outcomeNames(own, where), where);
  const keys = await decodeWithGroup(
    bytes,
    names.filter((each) => !changesWithTraining(each)),
    file,
  );
  const changed = await decodeOutcomes(own, names.filter(changesWithTraining), where);
  return { outcomes: { ...(rows === undefined ? keys : atRows(keys, rows)), ...changed }, rows };
}

/** Rows of outcomes.parquet that a moment's file holds; undefined where it holds all. */
async function partOf(bytes: Buffer, names: readonly OutcomeName[], where: string): Promise<Int32Array | undefined> {
  return names.includes('row') ? (await decodeOutcomes(bytes, ['row'], where)).row : undefined;
}

/** Where some have a part of the test set alone, that part of all: what is compared is of the same examples. */
function onSameRows(members: readonly ReadMember[], folder: string): LoadedMember[] {
  const part = members.find(({ rows }) => rows !== undefined)?.rows;
  return members.map(({ rows, ...member }) => {
    if (part === undefined) return member;
    if (rows === undefined) return { ...member, outcomes: atRows(member.outcomes, part) };
    if (Buffer.compare(Buffer.from(rows.buffer), Buffer.from(part.buffer)) !== 0)
      throw new RunError('its moments hold different parts of the test set', folder);
    return member;
  });
}

/** A run has one test set: groups that one member's file has are all members'. */
export function withSameGroups<Member extends Pick<LoadedMember, 'outcomes'>>(
  members: readonly Member[],
): readonly Member[] {
  const group = members.find(({ outcomes }) => outcomes.group !== undefined)?.outcomes.group;
  if (group === undefined) return members;
  return members.map((member) => ({ ...member, outcomes: { ...member.outcomes, group } }));
}

function outcomesFile({ folder }: FamilyMember): string {
  return path.join(folder, 'outcomes.parquet');
}

function refuseNaN(values: ArrayLike<number>, name: string, file: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) throw new RunError(`column ${name} is not a number in row ${i}`, file);
  }
}
