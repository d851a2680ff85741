/** A run's members with their outcomes: what every analysis begins with. Without TensorFlow, a few columns at a time. */
import * as path from 'node:path';
import { messageOf, isReported, RunError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { decodeWithGroup, outcomeNames, type OutcomeName, type OutcomeTable } from './outcomes.js';
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
import { memberFolder, membersOf, readMemberFile, readMemberRecord, readRunRecord } from './run.js';

export interface LoadedMember {
  readonly record: MemberRecord;
  readonly folder: string;
  readonly outcomes: Partial<OutcomeTable>;
}

export interface LoadedRun {
  readonly folder: string;
  readonly record: RunRecord;
  /** The complete ones, by width and seed. */
  readonly members: readonly LoadedMember[];
  /** `cnn-w8-s0 (2 of 5 epochs done)`: members that are not in it, and why. */
  readonly absent: readonly string[];
  /** Columns that the outcomes have, read or not. */
  readonly columns: readonly OutcomeName[];
  /** What the user should know of the run's files, a line each. */
  readonly notes: readonly string[];
}

/** A run that is opened: its record and columns are known, no outcome is read yet. */
export interface OpenRun extends Omit<LoadedRun, 'members'> {
  readonly complete: readonly MemberRecord[];
}

/**
 * @throws RunError where run.json is damaged, or no member is complete
 */
export async function openRun(folder: string): Promise<OpenRun> {
  const record = await readRunRecord(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const complete: MemberRecord[] = [];
  const absent: string[] = [];
  for (const key of membersOf(record.experiment).sort((a, b) => a.width - b.width || a.seed - b.seed)) {
    const found = await completeMember(folder, key, record);
    if (typeof found === 'string') absent.push(`${memberId(key)} (${found})`);
    else complete.push(found);
  }
  if (complete.length === 0)
    throw new RunError(`none of the ${absent.length} members is complete; the first: ${absent[0] ?? ''}`, folder);
  const columns = await columnsOf(folder, complete);
  return { folder, record, complete, absent, columns, notes: unsealedNotes(folder, record, complete) };
}

/** Of the first member whose file is whole; the others are told when theirs are read. */
async function columnsOf(folder: string, complete: readonly MemberRecord[]): Promise<OutcomeName[]> {
  let first: unknown;
  for (const member of complete) {
    const file = outcomesFile(folder, member);
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
async function completeMember(folder: string, key: MemberKey, run: RunRecord): Promise<MemberRecord | string> {
  try {
    const record = await readMemberRecord(memberFolder(folder, key));
    if (record === undefined) return 'no epoch done';
    if (record.experiment !== digestOfRun(run)) return otherExperiment;
    return record.status === 'complete' ? record : `${record.epochsDone} of ${counted(epochsOf(run), 'epoch')} done`;
  } catch (error) {
    if (!isReported(error)) throw error;
    return messageOf(error);
  }
}

/**
 * Reads columns of every complete member. A file is checked against its hash; a damaged one is named among the absent.
 *
 * @throws RunError where all are damaged, or where a value is no number
 */
export async function readColumns(run: OpenRun, names: readonly OutcomeName[]): Promise<LoadedRun> {
  const { folder, record, complete, columns } = run;
  const absent = [...run.absent];
  const members: LoadedMember[] = [];
  for (const member of complete) {
    const file = outcomesFile(folder, member);
    const bytes = await readMemberFile(path.dirname(file), member, path.basename(file));
    if (typeof bytes === 'string') {
      absent.push(`${member.id} (${bytes})`);
      continue;
    }
    const outcomes = await decodeWithGroup(bytes, names, file);
    for (const name of names) refuseNaN(outcomes[name] ?? [], name, file);
    members.push({ record: member, folder: path.dirname(file), outcomes });
  }
  if (members.length === 0)
    throw new RunError(`none of the ${absent.length} members can be read; the first: ${absent[0] ?? ''}`, folder);
  const rows = new Set(members.map(({ outcomes }) => outcomes[names[0]!]?.length));
  if (rows.size > 1) throw new RunError(`its members have outcomes of ${[...rows].join(' and ')} rows`, folder);
  return { folder, record, members: withSameGroups(members), absent, columns, notes: run.notes };
}

/** A run has one test set: groups that one member's file has are all members'. */
export function withSameGroups<Member extends Pick<LoadedMember, 'outcomes'>>(
  members: readonly Member[],
): readonly Member[] {
  const group = members.find(({ outcomes }) => outcomes.group !== undefined)?.outcomes.group;
  if (group === undefined) return members;
  return members.map((member) => ({ ...member, outcomes: { ...member.outcomes, group } }));
}

function outcomesFile(folder: string, { arch, width, seed }: MemberKey): string {
  return path.join(memberFolder(folder, { arch, width, seed }), 'outcomes.parquet');
}

function refuseNaN(values: ArrayLike<number>, name: string, file: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) throw new RunError(`column ${name} is not a number in row ${i}`, file);
  }
}
