/** Whether what is on disk is what was written: by the hashes that stand in each member.json. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { isReported, RunError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { digestOfRun, memberId, otherExperiment, type MemberKey, type MemberRecord } from './record.js';
import { memberFolder, membersOf, readMemberRecord, readRunRecord, verifyMember } from './run.js';

export type MemberStatus = 'complete' | 'training' | 'no epoch done' | 'damaged';

export interface MemberState {
  readonly key: MemberKey;
  readonly id: string;
  readonly folder: string;
  readonly status: MemberStatus;
  /** Undefined where no epoch of the member is done, or its record can't be read. */
  readonly record: MemberRecord | undefined;
  /** What is damaged, naming the file; undefined where nothing is. */
  readonly problem: string | undefined;
}

/** What of a complete member's files is looked at: every byte, or only whether they are there. */
export type Scrutiny = 'hashes' | 'presence';

/**
 * The state of every member of a run, in the run's order. Complete are those whose files all match their hashes.
 *
 * @throws RunError where there is no run, or run.json is damaged
 */
export async function verifyRun(folder: string, scrutiny: Scrutiny = 'hashes'): Promise<MemberState[]> {
  const record = await readRunRecord(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const states: MemberState[] = [];
  // One after the other: a run's files are read whole, and many at once would only fill the memory.
  for (const key of membersOf(record.experiment))
    states.push(await stateOf(folder, key, { digest: digestOfRun(record), scrutiny }));
  return states;
}

/** Why the member is not complete; undefined where it is. `of` is how many epochs it is to have. */
export function whyMissing({ status, record, problem }: MemberState, of: number): string | undefined {
  if (status === 'complete') return undefined;
  return problem ?? (status === 'training' ? `${record?.epochsDone ?? 0} of ${counted(of, 'epoch')} done` : status);
}

interface Expected {
  readonly digest: string;
  readonly scrutiny: Scrutiny;
}

async function stateOf(runFolder: string, key: MemberKey, { digest, scrutiny }: Expected): Promise<MemberState> {
  const folder = memberFolder(runFolder, key);
  const state = { key, id: memberId(key), folder, record: undefined, problem: undefined };
  try {
    const record = await readMemberRecord(folder);
    if (record === undefined) return { ...state, status: 'no epoch done' };
    if (record.experiment !== digest) return { ...state, record, status: 'damaged', problem: otherExperiment };
    // The history of a member in training is written before its record, so their hashes may disagree after a kill.
    if (record.status === 'training') return { ...state, record, status: 'training' };
    const problem = scrutiny === 'hashes' ? await verifyMember(folder, record) : await absentFile(folder, record);
    return { ...state, record, problem, status: problem === undefined ? 'complete' : 'damaged' };
  } catch (error) {
    if (!isReported(error)) throw error;
    return { ...state, status: 'damaged', problem: error.message };
  }
}

async function absentFile(folder: string, { files }: MemberRecord): Promise<string | undefined> {
  for (const name of Object.keys(files)) {
    const stats = await fs.stat(path.join(folder, name)).catch(() => undefined);
    if (stats?.isFile() !== true) return `${name} is missing`;
  }
  return undefined;
}
