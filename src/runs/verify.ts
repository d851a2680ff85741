/** Whether what is on disk is what was written: by the digests of the records and the hashes that stand in each member.json. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as z from 'zod';
import { readFileIfThere, readTextIfThere, sha256Of } from '../machine/files.js';
import { isReported, RunError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { encodeHistory } from './history.js';
import {
  examplesProblem,
  importedFolder,
  isImported,
  readImportedMember,
  shownId,
  type ImportedRun,
} from './imported.js';
import {
  digestOfRun,
  epochRecordSchema,
  epochsOf,
  memberId,
  otherExperiment,
  type MemberKey,
  type MemberRecord,
  type RunRecord,
} from './record.js';
import {
  checkpointFiles,
  memberFolder,
  membersOf,
  readAnyRun,
  readMemberRecord,
  readRunRecord,
  verifyMember,
} from './run.js';
import { decodeSafetensors, isSealIntact } from './safetensors.js';

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
  /** Epochs that its training has; 0 of an imported member. */
  readonly epochs: number;
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
    states.push(await stateOfMember(folder, key, { run: record, scrutiny }));
  return states;
}

/** A member's state, however it came to be. */
export type AnyMemberState = Omit<MemberState, 'key'>;

/** `verifyRun` of any run; of one that was imported, with what is wrong with the list of its examples. Throws as that. */
export async function verifyAnyRun(
  folder: string,
  scrutiny: Scrutiny = 'hashes',
): Promise<{ readonly states: readonly AnyMemberState[]; readonly problem: string | undefined }> {
  const record = await readAnyRun(folder);
  if (record === undefined || !isImported(record))
    return { states: await verifyRun(folder, scrutiny), problem: undefined };
  const states: AnyMemberState[] = [];
  for (const id of record.members) states.push(await stateOfImported(folder, id, { record, scrutiny }));
  return { states, problem: scrutiny === 'hashes' ? await examplesProblem(folder, record) : undefined };
}

async function stateOfImported(
  runFolder: string,
  id: string,
  { record, scrutiny }: { readonly record: ImportedRun; readonly scrutiny: Scrutiny },
): Promise<AnyMemberState> {
  const folder = importedFolder(runFolder, id);
  const state = { id: shownId(id), folder, record: undefined, epochs: 0 };
  try {
    const member = await readImportedMember(runFolder, id, record);
    const problem = scrutiny === 'hashes' ? await verifyMember(folder, member) : absentFile(folder, member);
    return { ...state, problem, status: problem === undefined ? 'complete' : 'damaged' };
  } catch (error) {
    if (!isReported(error)) throw error;
    return { ...state, status: 'damaged', problem: error.message };
  }
}

/** How far a member is that is not finished: `2 of 5 epochs done`. */
export function unfinished(record: Pick<MemberRecord, 'epochsDone'> | undefined, of: number): string {
  return `${record?.epochsDone ?? 0} of ${counted(of, 'epoch')} done`;
}

/** Why the member is not complete; undefined where it is. */
export function whyMissing({ status, record, problem, epochs }: AnyMemberState): string | undefined {
  if (status === 'complete') return undefined;
  return problem ?? (status === 'training' ? unfinished(record, epochs) : status);
}

interface Expected {
  readonly run: RunRecord;
  readonly scrutiny: Scrutiny;
}

/** Of one member, which is of the family that `run` says, whatever run.json there is. */
export async function stateOfMember(
  runFolder: string,
  key: MemberKey,
  { run, scrutiny }: Expected,
): Promise<MemberState> {
  const folder = memberFolder(runFolder, key);
  const state = { key, id: memberId(key), folder, record: undefined, problem: undefined, epochs: epochsOf(run, key) };
  try {
    const record = await readMemberRecord(folder);
    if (record === undefined) return { ...state, status: 'no epoch done' };
    if (record.experiment !== digestOfRun(run, key))
      return { ...state, record, status: 'damaged', problem: otherExperiment };
    if (record.status === 'training') {
      const problem = scrutiny === 'hashes' ? await trainingProblem(folder, record) : undefined;
      return { ...state, record, problem, status: problem === undefined ? 'training' : 'damaged' };
    }
    const problem = scrutiny === 'hashes' ? await verifyMember(folder, record) : absentFile(folder, record);
    return { ...state, record, problem, status: problem === undefined ? 'complete' : 'damaged' };
  } catch (error) {
    if (!isReported(error)) throw error;
    return { ...state, status: 'damaged', problem: error.message };
  }
}

function absentFile(folder: string, { files }: Pick<MemberRecord, 'files'>): string | undefined {
  const absent = Object.keys(files).find((name) => !isFile(path.join(folder, name)));
  return absent === undefined ? undefined : `${absent} is missing`;
}

function isFile(place: string): boolean {
  try {
    return fs.statSync(place, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // In a folder that may not be looked into.
    return false;
  }
}

/**
 * What of a member in training is not as it was written. The checkpoint is written first, then the history, then the record: after
 * a kill, or just now, the history may have an epoch more than the record knows.
 */
async function trainingProblem(folder: string, record: MemberRecord): Promise<string | undefined> {
  const [name, checkpoint] = ['history.jsonl', 'training.safetensors'];
  const expected = record.files[name];
  const history = await readTextIfThere(path.join(folder, name));
  const state = await readFileIfThere(path.join(folder, checkpoint));
  for (const each of checkpointFiles) {
    const bytes = each === checkpoint ? state : await readFileIfThere(path.join(folder, each));
    if (bytes !== undefined && isSealIntact(bytes) === false)
      return `${each} is damaged: it does not match its SHA-256`;
  }
  if (expected === undefined || sha256Of(history ?? '') === expected) return undefined;
  const isEarlier = history !== undefined && sha256Of(history.replace(/[^\n]*\n$/, '')) === expected;
  if (isEarlier && (state === undefined || history === historyIn(state, checkpoint))) return undefined;
  const now = await readMemberRecord(folder);
  // Its training went on while the files were read.
  if (now !== undefined && now.files[name] !== expected)
    return now.status === 'training' ? trainingProblem(folder, now) : verifyMember(folder, now);
  return history === undefined
    ? `${name} is missing`
    : `${name} is damaged: it does not match its SHA-256 in member.json`;
}

/** The history that a checkpoint holds, as history.jsonl has it. */
function historyIn(checkpoint: Uint8Array, where: string): string {
  const { metadata } = decodeSafetensors(checkpoint, where);
  return encodeHistory(z.array(epochRecordSchema).parse(JSON.parse(metadata['history'] ?? '[]')));
}
