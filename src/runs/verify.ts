/** Whether what is on disk is what was written: by the digests of the records and the hashes in each member.json. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as z from 'zod';
import { readFileIfThere, readTextIfThere, sha256Of } from '../machine/inputs.js';
import { isReported, RunError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { encodeHistory } from './history.js';
import { parseJson } from './json.js';
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
  readMemberFile,
  readMemberRecord,
  readRunRecord,
} from './run.js';
import { decodeSafetensors, matchesDigest } from './safetensors.js';

export type MemberStatus = 'complete' | 'training' | 'no epoch done' | 'damaged';

export interface MemberState {
  readonly key: MemberKey;
  readonly id: string;
  readonly folder: string;
  readonly status: MemberStatus;
  /** Undefined if no epoch of the member is done, or its record cannot be read. */
  readonly record: MemberRecord | undefined;
  /** What is damaged, naming the file; undefined if nothing is. */
  readonly problem: string | undefined;
  /** Number of epochs of its training; 0 for an imported member. */
  readonly epochs: number;
}

/** How a complete member's files are checked: every byte, or only whether they exist. */
export type Scrutiny = 'hashes' | 'presence';

/**
 * The state of every member of a run, in the run's order. Members are complete if all their files match their hashes.
 *
 * @throws RunError if there is no run, or run.json is damaged
 */
export async function verifyRun(folder: string, scrutiny: Scrutiny = 'hashes'): Promise<MemberState[]> {
  const record = await readRunRecord(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const states: MemberState[] = [];
  // One after the other: a run's files are read whole, and several at once would only fill the memory.
  for (const key of membersOf(record.experiment))
    states.push(await stateOfMember(folder, key, { run: record, scrutiny }));
  return states;
}

/** The state of a member, trained or imported. */
export type AnyMemberState = Omit<MemberState, 'key'>;

/** `verifyRun` for any run; for an imported one also what is wrong with its list of examples. Throws likewise. */
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

/** Progress of an unfinished member: `2 of 5 epochs done`. */
export function unfinished(record: Pick<MemberRecord, 'epochsDone'> | undefined, of: number): string {
  return `${record?.epochsDone ?? 0} of ${counted(of, 'epoch')} done`;
}

/** Why the member is incomplete; undefined if it is complete. */
export function whyMissing({ status, record, problem, epochs }: AnyMemberState): string | undefined {
  if (status === 'complete') return undefined;
  return problem ?? (status === 'training' ? unfinished(record, epochs) : status);
}

interface Expected {
  readonly run: RunRecord;
  readonly scrutiny: Scrutiny;
}

/** State of one member, which belongs to the family that `run` describes, whatever run.json there is. */
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

/** The first file that is missing or does not match its hash, and which of the two; undefined if all are intact. */
export async function verifyMember(folder: string, record: Pick<MemberRecord, 'files'>): Promise<string | undefined> {
  for (const name of Object.keys(record.files)) {
    const bytes = await readMemberFile(folder, record, name);
    if (typeof bytes === 'string') return bytes;
  }
  return undefined;
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
 * What is wrong with the files of a member in training. The checkpoint is written first, then the history, then the record: after
 * a kill, or just now, the history may be one epoch ahead of the record.
 */
async function trainingProblem(folder: string, record: MemberRecord): Promise<string | undefined> {
  const [name, checkpoint] = ['history.jsonl', 'training.safetensors'];
  const expected = record.files[name];
  const history = await readTextIfThere(path.join(folder, name));
  const state = await readFileIfThere(path.join(folder, checkpoint));
  for (const each of checkpointFiles) {
    const bytes = each === checkpoint ? state : await readFileIfThere(path.join(folder, each));
    if (bytes !== undefined && matchesDigest(bytes) === false)
      return `${each} is damaged: it does not match its SHA-256`;
  }
  if (expected === undefined || sha256Of(history ?? '') === expected) return undefined;
  const isEarlier = history !== undefined && sha256Of(history.replace(/[^\n]*\n$/, '')) === expected;
  if (isEarlier && (state === undefined || history === historyIn(state, checkpoint))) return undefined;
  const now = await readMemberRecord(folder);
  // Its training continued while the files were read.
  if (now !== undefined && now.files[name] !== expected)
    return now.status === 'training' ? trainingProblem(folder, now) : verifyMember(folder, now);
  return history === undefined
    ? `${name} is missing`
    : `${name} is damaged: it does not match its SHA-256 in member.json`;
}

/** The history that a checkpoint holds, as history.jsonl has it. */
function historyIn(checkpoint: Uint8Array, where: string): string {
  const { metadata } = decodeSafetensors(checkpoint, where);
  return encodeHistory(parseJson(z.array(epochRecordSchema), metadata['history'] ?? '[]', where));
}
