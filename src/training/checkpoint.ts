/**
 * The files that a member leaves on disk while it trains and when it is done. Training resumes from one of two files, each whole or
 * absent, with a hash over all of it: that of the last whole epoch, or that of a stop within the next. Both go once it is complete.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as z from 'zod';
import { probeNames, type ProbeName } from '../datasets/probes.js';
import { createFolder, writeFileAtomic, type FileContent } from '../machine/files.js';
import { readFileIfThere, sha256File } from '../machine/inputs.js';
import { confirmLock, type Held } from '../machine/lock.js';
import { present } from '../machine/present.js';
import { encodeHistory } from '../runs/history.js';
import { parseJson } from '../runs/json.js';
import { encodeMoment, encodeOutcomes, momentFile, probeFile, type OutcomeColumns } from '../runs/outcomes.js';
import {
  epochRecordSchema,
  memberId,
  recordFormat,
  type EpochRecord,
  type MemberKey,
  type MemberRecord,
} from '../runs/record.js';
import { checkpointFiles, memberFolder, writeMemberRecord } from '../runs/run.js';
import { decodeSafetensors, encodeSafetensors, encodeWithDigest, matchesDigest } from '../runs/safetensors.js';
import { RunError } from '../terminal/errors.js';
import type { HostState } from './state.js';

export interface Checkpoint {
  readonly state: HostState;
  readonly history: readonly EpochRecord[];
  /** When the member's training began (UTC). */
  readonly begun: string;
  /** Progress in the epoch after the history, including sums of losses in the state; default: not started. */
  readonly within?: WithinEpoch | undefined;
}

/** Number of steps of the epoch taken, and the seconds that they took. */
export interface WithinEpoch {
  readonly step: number;
  readonly seconds: number;
}

export const epochStart: WithinEpoch = { step: 0, seconds: 0 };

const withinSchema = z.strictObject({ step: z.int().min(1), seconds: z.number().min(0) });

const [checkpointFile, stoppedFile] = checkpointFiles;

/** Outcomes of the requested probes. */
export type Probed = Readonly<Partial<Record<ProbeName, OutcomeColumns>>>;

export interface Finished {
  readonly weights: HostState;
  readonly outcomes: OutcomeColumns;
  readonly probes: Probed;
  /** `[classes]`, where the classes have names. */
  readonly classNames: readonly string[] | undefined;
  readonly history: readonly EpochRecord[];
  /** Further files by name. */
  readonly pictures: Readonly<Record<string, Uint8Array>>;
  /** Steps at which outcomes were taken during training. */
  readonly moments: readonly number[];
}

/** The part of member.json that training knows. */
export type TrainingRecord = Omit<
  MemberRecord,
  'format' | 'id' | 'arch' | 'width' | 'seed' | 'factors' | 'status' | 'files'
>;

export class MemberFiles {
  readonly folder: string;
  readonly id: string;
  readonly #key: MemberKey;
  readonly #confirm: (() => Promise<void>) | undefined;

  /** @param lock the member's, without which nothing is written; null if nobody else could write */
  constructor(runFolder: string, key: MemberKey, lock: Pick<Held, 'file' | 'token'> | null = null) {
    this.#key = key;
    this.#confirm = lock === null ? undefined : () => confirmLock(lock);
    this.id = memberId(key);
    this.folder = memberFolder(runFolder, key);
  }

  readonly path = (file: string): string => path.join(this.folder, file);

  #write(file: string, data: FileContent): Promise<void> {
    return writeFileAtomic(this.path(file), data, { confirm: this.#confirm });
  }

  /** After an epoch: the checkpoint first, since it alone decides where training resumes. */
  async checkpoint(progress: TrainingRecord, { state, history }: Pick<Checkpoint, 'state' | 'history'>): Promise<void> {
    await createFolder(this.folder);
    const { experiment, begun } = progress;
    await this.#write(checkpointFile, encodeCheckpoint({ id: this.id, experiment }, { state, history, begun }));
    await this.#write('history.jsonl', encodeHistory(history));
    await this.#record(progress, 'training', ['history.jsonl']);
    await fs.rm(this.path(stoppedFile), { force: true });
  }

  /** Within an epoch: a separate file, so that the last whole epoch is kept. */
  async stopped(digest: string, checkpoint: Checkpoint): Promise<void> {
    await createFolder(this.folder);
    await this.#write(stoppedFile, encodeCheckpoint({ id: this.id, experiment: digest }, checkpoint));
  }

  /** Outcomes during training. A member that resumes before them writes them again, to the same bits. */
  async moment(step: number, outcomes: OutcomeColumns, probes: Probed): Promise<void> {
    await createFolder(this.folder);
    await this.#write(momentFile(step), encodeMoment(outcomes));
    for (const [probe, columns] of probed(probes)) await this.#write(probeFile(probe, step), encodeMoment(columns));
  }

  /** At the end: results, then the record that declares them complete, then the checkpoint is deleted. */
  async complete(
    progress: TrainingRecord,
    { weights, outcomes, probes, classNames, history, pictures, moments }: Finished,
  ): Promise<void> {
    const { arch, width, seed, factors = {} } = this.#key;
    const others = Object.entries(factors).map(([key, value]) => [key, String(value)] as const);
    const about = { arch, width: String(width), ...Object.fromEntries(others), seed: String(seed) };
    await this.#write('weights.safetensors', encodeSafetensors(weights, about));
    await this.#write('outcomes.parquet', encodeOutcomes(outcomes, classNames));
    for (const [probe, columns] of probed(probes)) await this.#write(probeFile(probe), encodeOutcomes(columns));
    await this.#write('history.jsonl', encodeHistory(history));
    for (const [name, bytes] of Object.entries(pictures)) await this.#write(name, bytes);
    const names = ['weights.safetensors', 'outcomes.parquet', 'history.jsonl', ...Object.keys(pictures)];
    names.push(...moments.map(momentFile));
    for (const [probe] of probed(probes)) names.push(...[undefined, ...moments].map((step) => probeFile(probe, step)));
    await this.#record(progress, 'complete', names);
    await removeCheckpoint(this.folder);
  }

  async #record(progress: TrainingRecord, status: MemberRecord['status'], names: readonly string[]): Promise<void> {
    const files = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await sha256File(this.path(name))] as const)),
    );
    await writeMemberRecord(
      this.folder,
      {
        format: recordFormat,
        id: this.id,
        ...this.#key,
        status,
        ...progress,
        files,
      },
      this.#confirm,
    );
  }
}

function probed(probes: Probed): (readonly [ProbeName, OutcomeColumns])[] {
  return probeNames.flatMap((probe) => {
    const columns = probes[probe];
    return columns === undefined ? [] : [[probe, columns] as const];
  });
}

/** What a checkpoint belongs to. */
export interface CheckpointOf {
  readonly id: string;
  /** `experimentDigest` of the member; for a trial, with the value that is tried. */
  readonly experiment: string;
  /** The state's names in their order. */
  readonly names: readonly string[];
}

/** A checkpoint as a file, with a hash over all of it. */
export function encodeCheckpoint(
  { id, experiment }: Omit<CheckpointOf, 'names'>,
  { state, history, begun, within }: Checkpoint,
): Uint8Array {
  return encodeWithDigest(state, {
    ...{ member: id, experiment, begun, history: JSON.stringify(history) },
    ...(within === undefined ? {} : { within: JSON.stringify(within) }),
  });
}

/** A complete member no longer needs the files for resuming. */
export async function removeCheckpoint(memberFolder: string): Promise<void> {
  for (const name of checkpointFiles) await fs.rm(path.join(memberFolder, name), { force: true });
}

/**
 * The last checkpoint, within an epoch or after one, or undefined if training has not got that far.
 *
 * @param names the state's names in their order
 * @throws RunError naming the file where it is damaged, or of another member or experiment
 */
export async function loadCheckpoint(
  files: MemberFiles,
  { names, experiment }: StateOf,
): Promise<Checkpoint | undefined> {
  const whole = await readCheckpoint(files, checkpointFile, { names, experiment });
  const stopped = await readCheckpoint(files, stoppedFile, { names, experiment });
  // After a kill between writing the whole epoch's file and deleting the stopped one's, this is of an epoch that has ended.
  return stopped !== undefined && stopped.history.length >= (whole?.history.length ?? 0) ? stopped : whole;
}

type StateOf = Omit<CheckpointOf, 'id'>;

async function readCheckpoint(
  { id, path: inFolder }: Pick<MemberFiles, 'id' | 'path'>,
  name: string,
  { names, experiment }: StateOf,
): Promise<Checkpoint | undefined> {
  const file = inFolder(name);
  const bytes = await readFileIfThere(file);
  return bytes === undefined ? undefined : decodeCheckpoint(bytes, file, { id, names, experiment });
}

/** For a checkpoint that cannot be read. */
export const damagedRemedy = 'delete the file to train this member from its last whole epoch, or its start';

/** Throws RunError naming the file if it is damaged, or of another member or experiment. */
export function decodeCheckpoint(bytes: Uint8Array, file: string, { id, names, experiment }: CheckpointOf): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, file, damagedRemedy);
  const damaged = (what: string) => new RunError(what, file, damagedRemedy);
  if (names.some((name) => !tensors.has(name)) || tensors.size !== names.length)
    throw damaged('does not hold the tensors of this member');
  const state = new Map(names.map((name) => [name, present(tensors.get(name))]));
  const text = metadata['history'] ?? '';
  if (!(matchesDigest(bytes) ?? contentDigest(state, text) === metadata['sha256']))
    throw damaged('is damaged: its content does not match its hash');
  // Checkpoints of earlier versions do not contain it.
  const { member = id, experiment: own = experiment } = metadata;
  if (member !== id) throw damaged(`belongs to the member ${member}`);
  if (own !== experiment) throw damaged('belongs to another experiment');
  const begun = metadata['begun'];
  if (begun === undefined) throw damaged('is damaged: it does not say when training began');
  const { within } = metadata;
  return {
    ...{ state, begun, history: parseJson(z.array(epochRecordSchema), text, file, damagedRemedy) },
    ...(within === undefined ? {} : { within: parseJson(withinSchema, within, file, damagedRemedy) }),
  };
}

/** The hash in a checkpoint of format 1. */
function contentDigest(state: HostState, history: string): string {
  const hash = createHash('sha256').update(history);
  for (const [name, { shape, data }] of state) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
