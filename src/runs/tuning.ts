/** The trials of `--tune` on disk: `RUN/tuning/MEMBER.json`, one file for each choice. */
import * as path from 'node:path';
import * as z from 'zod';
import { sharedSeed, type Tuning } from '../experiment/tuning.js';
import { createFolder, writeFileAtomic } from '../machine/files.js';
import { readTextIfThere } from '../machine/inputs.js';
import { jsonWithDigest, parseRecord } from './json.js';
import { memberIdSchema, sha256, tunedSchema, type MemberKey } from './record.js';

const tuningSchema = z.strictObject({
  /** With a digest, as all records have since format 2. */
  format: z.literal(2),
  /**
   * The member that the trials belong to: for the members of a width, the one of seed 0, whether the run has it or not.
   */
  id: memberIdSchema,
  /** Digest of the experiment, as in member.json. */
  experiment: sha256,
  factor: tunedSchema.shape.factor,
  /** When the first trial started (UTC), by the machine's clock; absent from files of older versions. */
  begun: z.iso.datetime().optional(),
  /** In the order in which they were made. */
  trials: z.array(
    z.strictObject({
      value: z.number(),
      /** Mean over the validation split, in the unit of history.jsonl; null if the trial diverged. */
      loss: z.number().nullable(),
      /** Share that was right; null if answers are not right or wrong, or the trial diverged. */
      accuracy: z.number().nullable(),
      diverged: z.boolean(),
      /** Training steps. */
      steps: z.int(),
      seconds: z.number(),
    }),
  ),
  digest: sha256.optional(),
});
export type TuningRecord = Omit<z.output<typeof tuningSchema>, 'digest'>;

/** The member that names a member's trials. */
export function trialsKey({ per }: Pick<Tuning, 'per'>, key: MemberKey): MemberKey {
  return per === 'width' ? { ...key, seed: sharedSeed } : key;
}

export function tuningFolder(runFolder: string): string {
  return path.join(runFolder, 'tuning');
}

export function tuningFile(runFolder: string, id: string): string {
  return path.join(tuningFolder(runFolder), `${id}.json`);
}

/** What resuming an interrupted trial needs, replaced by the next one's; gone when all are finished. */
export function trialStateFile(runFolder: string, id: string): string {
  return path.join(tuningFolder(runFolder), `${id}.safetensors`);
}

/** Undefined if there were no trials. Throws RunError, one line, if it is damaged. */
export async function readTuning(file: string): Promise<TuningRecord | undefined> {
  const text = await readTextIfThere(file);
  return text === undefined ? undefined : parseRecord(tuningSchema, text, file, 'delete it to run the trials again');
}

export async function writeTuning(file: string, record: TuningRecord): Promise<void> {
  await createFolder(path.dirname(file));
  await writeFileAtomic(file, jsonWithDigest(record).text);
}
