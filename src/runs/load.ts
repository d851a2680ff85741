/** A run's members with their outcomes, the input of every analysis. Without TensorFlow, a few columns at a time. */
import { outcomeKinds } from '../experiment/architectures.js';
import { availableMemory } from '../experiment/cores.js';
import { packer, type Packer } from '../machine/packed.js';
import { firstOf, lastOf, nth, present } from '../machine/present.js';
import { mostBlocks, mostUnits } from '../statistics/resamples.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { counted, formatBytes } from '../terminal/format.js';
import { isImported, pairsOf } from './imported.js';
import { atRows, changesWithTraining, type OutcomeName, type OutcomeTable } from './outcomes.js';
import { type RunRecord } from './record.js';
import { withKnown } from './read-member.js';
import { readInOrder } from './reading.js';
import { type Placed } from './view.js';
import { membersAtOnce, type FamilyMember, type LoadedMember, type LoadedRun, type OpenRun } from './opened.js';

/** Called with a member's outcomes when they are read; returns those to keep. */
export type OutcomeReader = (outcomes: Partial<OutcomeTable>, member: FamilyMember) => Partial<OutcomeTable>;

/**
 * Reads columns of every complete member. A file is checked against its hash; a damaged one is listed among the absent.
 *
 * @throws RunError if all are damaged, a value is not a number, or members have no test example in common
 */
export async function readColumns(
  run: OpenRun,
  names: readonly OutcomeName[],
  look?: OutcomeReader,
): Promise<LoadedRun> {
  const { folder, complete, record } = run;
  const { found, absent, notes, part } = await readMembers(complete, names, { folder, look });
  const all = [...run.absent, ...absent];
  if (found.length === 0)
    throw new RunError(`none of the ${all.length} members can be read; the first: ${all[0] ?? ''}`, folder);
  const rows = new Set(found.map(({ outcomes }) => outcomes[firstOf(names)]?.length));
  if (rows.size > 1) throw new RunError(`its members have outcomes of ${[...rows].join(' and ')} rows`, folder);
  const shown = isImported(record) ? record : testedOn(record, present([...rows][0]));
  return {
    ...run,
    record: shown,
    members: withSameGroups(found),
    absent: all,
    notes: [...run.notes, ...notes],
    rows: part,
  };
}

/** The record with a test set of this many rows, so that statements about the test set are about the rows shown. */
function testedOn(record: RunRecord, rows: number): RunRecord {
  const { experiment, dataset } = record;
  if (outcomeKinds[experiment.arch] !== 'sequences')
    return rows === dataset.testCount ? record : { ...record, dataset: { ...dataset, testCount: rows } };
  const testSequences = rows / pairsOf(record);
  return testSequences === experiment.testSequences
    ? record
    : { ...record, experiment: { ...experiment, testSequences } };
}

/**
 * Columns of members that are read together, for the same test examples, and which part of the test set that is; what is damaged; notes for
 * the user.
 */
export async function readMembers(
  members: readonly FamilyMember[],
  names: readonly OutcomeName[],
  { folder, look }: { readonly folder: string; readonly look?: OutcomeReader | undefined },
) {
  const classes = classCounts(members);
  if (classes.length > 1) refuseOtherSequences(members);
  const wanted = classes.length > 1 ? [...new Set([...names, 'example' as const])] : names;
  const found: ReadMember[] = [];
  const absent: string[] = [];
  const pack = columnPacker();
  for await (const [member, read] of readInOrder(members, wanted)) {
    if (typeof read === 'string') {
      absent.push(`${member.id} (${read})`);
      continue;
    }
    const outcomes = withKnown(read.outcomes, found.at(-1)?.outcomes);
    found.push({
      record: member,
      folder: member.folder,
      rows: read.rows,
      outcomes: pack(look?.(outcomes, member) ?? outcomes),
    });
    if (found.length === 1) refuseTooLarge(members, firstOf(found).outcomes, folder);
  }
  const whole = Math.max(0, ...found.map(({ outcomes }) => outcomes[firstOf(names)]?.length ?? 0));
  const shared = classes.length > 1 ? onSharedExamples(found, folder) : onSameRows(found, folder);
  const rows = shared[0]?.outcomes[firstOf(names)]?.length ?? 0;
  const notes =
    classes.length > 1
      ? [
          `members distinguish ${firstOf(classes)} to ${lastOf(classes)} classes and are compared on the ${counted(rows, 'test image')} that all have; ` +
            `a guess is right 1 time in ${classes.join(', ')}; --where classes=VALUE and --curve-per classes use whole test sets`,
        ]
      : rows < whole
        ? [`outcomes are of ${counted(rows, 'row')} of the ${whole} of the test set, those of moments (--moments-size)`]
        : [];
  const part = classes.length > 1 ? undefined : found.find((member) => member.rows !== undefined)?.rows;
  return { found: shared, absent, notes, part };
}

/**
 * Throws UsageError, before all but the first are read, if the columns of this many members, and the draws of one metric, are more than
 * this process may hold in memory.
 */
function refuseTooLarge(members: readonly FamilyMember[], first: Partial<OutcomeTable>, folder: string): void {
  const columns = Object.entries(first);
  const rows = Math.max(0, ...columns.map(([, { length }]) => length));
  const bytes = columns.map(
    ([name, { byteLength }]) => byteLength * (changesWithTraining(name as OutcomeName) ? members.length : 1),
  );
  const drawn = Math.min(members.length, membersAtOnce) * drawnBytes(columns, rows);
  const needed = bytes.reduce((sum, each) => sum + each, 0) + drawn;
  const available = availableMemory();
  if (needed <= available) return;
  throw new UsageError(
    `${counted(members.length, 'member')} with ${counted(rows, 'test example')} take at least ${formatBytes(needed)} of memory, and this process may use ${formatBytes(available)}`,
    folder,
    'take fewer members (--where, --at), or give the process more memory',
  );
}

/**
 * Of a member whose metric is drawn: values of real numbers are made of its columns, and fill two planes of 16 bits; those of shares are
 * a column itself, and fill one. Of many test examples groups are drawn.
 */
function drawnBytes(columns: readonly (readonly [string, OutcomeTable[OutcomeName]])[], rows: number): number {
  const isReal = columns.some(([, column]) => column instanceof Float32Array || column instanceof Float64Array);
  const units = rows > mostUnits ? mostBlocks : rows;
  return isReal ? 8 * rows + 4 * units : 2 * units;
}

/** Columns of members' own, those of one name side by side, as all of a name may be forgotten: see `packed.ts`. */
function columnPacker(): (outcomes: Partial<OutcomeTable>) => Partial<OutcomeTable> {
  const packers = new Map<string, Packer>();
  const packed = (name: string, column: OutcomeTable[OutcomeName]) => {
    const pack = packers.get(name) ?? packer();
    packers.set(name, pack);
    return pack(column);
  };
  return (outcomes) =>
    Object.fromEntries(
      Object.entries(outcomes).map(([name, column]) => [
        name,
        changesWithTraining(name as OutcomeName) ? packed(name, column) : column,
      ]),
    );
}

interface ReadMember extends LoadedMember {
  /** Rows of outcomes.parquet that it holds; undefined for all. */
  readonly rows: Int32Array | undefined;
}

/** Numbers of classes that trained members distinguish, ascending. */
export function classCounts(members: readonly (Placed & Partial<Pick<FamilyMember, 'imported'>>)[]): number[] {
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

/** For members of different classes: the outcomes of the examples they share, in the order of the test set. */
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

/** If some hold only part of the test set, that part of all of them, so that the same examples are compared. */
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

/** A run has one test set: groups in one member's file apply to all members. */
function withSameGroups<Member extends Pick<LoadedMember, 'outcomes'>>(members: readonly Member[]): readonly Member[] {
  const group = members.find(({ outcomes }) => outcomes.group !== undefined)?.outcomes.group;
  if (group === undefined) return members;
  return members.map((member) => ({ ...member, outcomes: { ...member.outcomes, group } }));
}
