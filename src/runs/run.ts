/**
 * A run on disk: one trained family. `checkpoints/README.md` describes every file. The members of a run are all
 * combinations of its widths and seeds; extending it adds widths or seeds, and the family stays balanced.
 */
import * as path from 'node:path';
import { usualWays } from '../datasets/probes.js';
import { pointsOf } from '../experiment/factors.js';
import { lengthText } from '../experiment/length.js';
import {
  inputOf,
  isFactor,
  resolveExperiment,
  runNameSchema,
  settingKeys,
  type Experiment,
  type ExperimentKey,
} from '../experiment/schema.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { createFolder, writeFileAtomic, type Writing } from '../machine/files.js';
import { readFileIfThere, readTextIfThere, sha256Of } from '../machine/inputs.js';
import { importedRunSchema, isImported, type AnyRun } from './imported.js';
import { jsonWithDigest, parseRecord } from './json.js';
import {
  factorFormat,
  memberId,
  memberRecordSchema,
  recordFormat,
  runRecordSchema,
  type MemberKey,
  type MemberRecord,
  type RunRecord,
} from './record.js';

/** `checkpoints/lenet` of `checkpoints` and `lenet`. */
export function runFolder(root: string, name: string): string {
  return path.join(root, name);
}

/** `checkpoints/lenet/members/cnn-w8-s0`. */
export function memberFolder(runFolder: string, key: MemberKey): string {
  return path.join(runFolder, 'members', memberId(key));
}

/** Every point of the family with every seed, in the experiment's order. */
export function membersOf(
  experiment: Pick<Experiment, 'arch' | 'widths' | 'seeds' | 'grid' | 'zip'> & Partial<Experiment>,
): MemberKey[] {
  const { arch, seeds } = experiment;
  return pointsOf(experiment).flatMap((point) => seeds.map((seed) => ({ arch, ...point, seed })));
}

const runFile = (folder: string) => path.join(folder, 'run.json');
const memberFile = (folder: string) => path.join(folder, 'member.json');

/**
 * The contents of run.json; undefined if there is no run. The run is named by its folder, so that files and hints of a copied or
 * renamed run do not refer to the original. Throws RunError, one line, if it is damaged.
 */
export async function readAnyRun(folder: string): Promise<AnyRun | undefined> {
  const file = runFile(folder);
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  const remedy = 'restore it from a copy, or give another --run NAME';
  const record = saysImported(text)
    ? parseRecord(importedRunSchema, text, file, remedy)
    : parseRecord(runRecordSchema, text, file, remedy);
  const own = runNameSchema.safeParse(path.basename(path.resolve(folder)));
  const named = own.success ? { ...record, name: own.data } : record;
  // An option that was added later has its earlier value.
  return isImported(named) ? named : { ...named, experiment: resolveExperiment(inputOf(named.experiment)) };
}

/** `readAnyRun` of a trained family. Throws UsageError for one of imported members, which cannot be trained. */
export async function readRunRecord(folder: string): Promise<RunRecord | undefined> {
  const record = await readAnyRun(folder);
  if (record === undefined || !isImported(record)) return record;
  throw new UsageError(
    'is a run of imported members: only their outcomes are known, so they cannot be trained',
    folder,
  );
}

/** Whether a text, which need not be JSON, is the record of a run of imported members. */
function saysImported(text: string): boolean {
  try {
    return (JSON.parse(text) as { kind?: unknown } | null)?.kind === 'imported';
  } catch {
    return false;
  }
}

/** Creates or replaces run.json, in the newest format, and the folder if necessary; `confirm` as in `writeFileAtomic`. */
export async function writeRunRecord(folder: string, record: RunRecord, confirm?: Writing['confirm']): Promise<void> {
  await createFolder(folder);
  await writeFileAtomic(
    runFile(folder),
    jsonWithDigest({ ...record, format: record.experiment.grid === undefined ? recordFormat : factorFormat }).text,
    { confirm },
  );
}

/** The contents of member.json; undefined if the member has not started. Throws RunError, one line, if it is damaged. */
export async function readMemberRecord(folder: string): Promise<MemberRecord | undefined> {
  const file = memberFile(folder);
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  const remedy = `delete ${folder} to train this member again`;
  const record = parseRecord(memberRecordSchema, text, file, remedy);
  const missing = record.status === 'complete' ? completeFiles.find((name) => !(name in record.files)) : undefined;
  if (missing !== undefined) throw new RunError(`is damaged: complete, but without a hash of ${missing}`, file, remedy);
  if (record.id !== path.basename(folder)) throw new RunError(`is the record of ${record.id}`, file, remedy);
  if (record.id !== memberId(record))
    throw new RunError(`is damaged: ${record.id} with width ${record.width} and seed ${record.seed}`, file, remedy);
  return record;
}

/** What a member resumes from: after its last whole epoch, and within the next if it was stopped there. */
export const checkpointFiles = ['training.safetensors', 'stopped.safetensors'] as const;

/** Files without which a member is incomplete. */
const completeFiles = ['weights.safetensors', 'history.jsonl', 'outcomes.parquet'] as const;

/** Creates or replaces member.json, in the newest format, and the folder if necessary; `confirm` as in `writeFileAtomic`. */
export async function writeMemberRecord(
  folder: string,
  record: MemberRecord,
  confirm?: Writing['confirm'],
): Promise<void> {
  await createFolder(folder);
  await writeFileAtomic(
    memberFile(folder),
    jsonWithDigest({ ...record, format: record.factors === undefined ? recordFormat : factorFormat }).text,
    { confirm },
  );
}

/**
 * A file next to a member's record, checked against its hash there; if it is damaged, what is wrong with it, by name.
 */
export async function readMemberFile(
  folder: string,
  { files }: Pick<MemberRecord, 'files'>,
  name: string,
): Promise<Buffer | string> {
  const bytes = await readFileIfThere(path.join(folder, name));
  if (bytes === undefined) return `${name} is missing`;
  if (sha256Of(bytes) === files[name]) return bytes;
  return `${name} is damaged: it does not match its SHA-256 in member.json`;
}

/** An option whose value would make it a different run. Values are formatted for messages. */
export interface Contradiction {
  readonly key: ExperimentKey;
  readonly recorded: string;
  readonly asked: string;
}

/** What prevents an experiment from resuming a run. Widths, seeds and factors extend it and never contradict it. */
export function contradictions(record: RunRecord, experiment: Experiment): Contradiction[] {
  return (
    settingKeys
      .filter((key) => record.experiment[key] !== experiment[key])
      .filter((key) => !isFactor(record.experiment, key) && !isFactor(experiment, key))
      // Of a length that was asked for in the other unit, the unit that was asked for speaks.
      .filter((key) => !(isLength(key) && experiment[key] === undefined))
      .map((key) => ({
        key,
        recorded: shown(record.experiment, key),
        asked: shown(experiment, key),
      }))
  );
}

function isLength(key: string): boolean {
  return key === 'epochs' || key === 'steps';
}

/** The effective value of an omitted option; undefined if it has none. */
const unsetTexts: Readonly<Partial<Record<keyof Experiment, string>>> = {
  trainSize: 'all examples',
  testSize: 'all examples',
  classes: "the dataset's own",
  imageSize: "the dataset's own",
  colour: "the dataset's own",
  ways: String(usualWays),
};

function shown(experiment: Experiment, key: Exclude<keyof Experiment, 'grid' | 'zip'>): string {
  if (isLength(key)) return lengthText(experiment);
  if (key === 'parametrization') return experiment[key] ?? 'standard';
  if (key === 'xla') return experiment[key] === true ? 'compiled with XLA' : 'compiled without XLA';
  return String(experiment[key] ?? unsetTexts[key] ?? 'none');
}
