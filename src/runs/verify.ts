/** Whether what is on disk is what was written: by the hashes that stand in each member.json. */
import { isReported, RunError } from '../terminal/errors.js';
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

/**
 * The state of every member of a run, in the run's order. Complete are those whose files all match their hashes.
 *
 * @throws RunError where there is no run, or run.json is damaged
 */
export async function verifyRun(folder: string): Promise<MemberState[]> {
  const record = await readRunRecord(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const states: MemberState[] = [];
  // One after the other: a run's files are read whole, and many at once would only fill the memory.
  for (const key of membersOf(record.experiment)) states.push(await stateOf(folder, key, digestOfRun(record)));
  return states;
}

async function stateOf(runFolder: string, key: MemberKey, digest: string): Promise<MemberState> {
  const folder = memberFolder(runFolder, key);
  const state = { key, id: memberId(key), folder, record: undefined, problem: undefined };
  try {
    const record = await readMemberRecord(folder);
    if (record === undefined) return { ...state, status: 'no epoch done' };
    if (record.experiment !== digest) return { ...state, record, status: 'damaged', problem: otherExperiment };
    // The history of a member in training is written before its record, so their hashes may disagree after a kill.
    if (record.status === 'training') return { ...state, record, status: 'training' };
    const problem = await verifyMember(folder, record);
    return { ...state, record, problem, status: problem === undefined ? 'complete' : 'damaged' };
  } catch (error) {
    if (!isReported(error)) throw error;
    return { ...state, status: 'damaged', problem: error.message };
  }
}
