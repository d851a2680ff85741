/** What `run.json` and `member.json` say: types, and the checks made when they are read back. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { experimentSchema, type Experiment } from '../experiment/schema.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const runRecordSchema = z.strictObject({
  /** Raised when a reader of the older one could misunderstand the newer. */
  format: z.literal(1),
  name: z.string(),
  created: z.iso.datetime(),
  experiment: experimentSchema,
  dataset: z.strictObject({
    name: z.string(),
    fingerprint: sha256,
    shape: z.strictObject({ height: z.int(), width: z.int(), channels: z.int() }),
    classes: z.int(),
    /** Mean of all training pixels, 0 to 1: autoencoders take it off their input. */
    meanPixel: z.number(),
    trainCount: z.int(),
    testCount: z.int(),
    licence: z.string(),
    citation: z.string(),
  }),
  /** `cpu` or `gpu` as resolved, with the device's name: `AMD EPYC`, `NVIDIA H200`. */
  device: z.strictObject({ kind: z.enum(['cpu', 'gpu']), name: z.string() }),
  /** Threads of each member, by member id. Part of the record since results depend on it in the last bits. */
  threads: z.record(z.string(), z.int().min(1)),
  /** Trained op by op instead of compiled (`--eager`): the last bits differ. */
  eager: z.boolean(),
  versions: z.strictObject({
    lab: z.string(),
    node: z.string(),
    tensorflow: z.string(),
    tfjs: z.string(),
    platform: z.string(),
  }),
  gitCommit: z.string().nullable(),
});
export type RunRecord = z.output<typeof runRecordSchema>;

export const memberRecordSchema = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  arch: z.string(),
  width: z.int(),
  seed: z.int(),
  status: z.enum(['training', 'complete']),
  /** `experimentDigest` of what it was trained as: a member that was copied from another run is known by it. */
  experiment: sha256,
  /** When its training began (UTC), by the machine's clock: a forecast sealed after it is none. Restarts keep it. */
  begun: z.iso.datetime(),
  /** Trainable parameters. */
  parameters: z.int(),
  /** Floating-point operations of all training steps: those of convolutions and matrix products, a multiply-add as two. */
  trainingFlops: z.number(),
  threads: z.int(),
  epochsDone: z.int(),
  steps: z.int(),
  /** Seconds in training steps, summed over all epochs (and over restarts). */
  trainingSeconds: z.number(),
  /** Seconds to evaluate the test set. */
  evaluationSeconds: z.number().nullable(),
  /** Peak resident memory of the worker in bytes. */
  peakMemoryBytes: z.number().nullable(),
  /** SHA-256 of each file beside this one that belongs to the member, by file name. */
  files: z.record(z.string(), sha256),
});
export type MemberRecord = z.output<typeof memberRecordSchema>;

/** What a member's outcomes depend on besides its width, seed, threads and device. */
export interface Trained {
  readonly experiment: Experiment;
  /** The dataset's. */
  readonly fingerprint: string;
  readonly eager: boolean;
}

/** SHA-256 (hex) over the experiment without widths and seeds, the dataset's fingerprint, and whether it is eager. */
export function experimentDigest({ experiment, fingerprint, eager }: Trained): string {
  const entries = Object.entries(experiment)
    .filter(([key, value]) => key !== 'widths' && key !== 'seeds' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([entries, fingerprint, eager]))
    .digest('hex');
}

/** The digest that a run's members have. */
export function digestOfRun({ experiment, dataset, eager }: RunRecord): string {
  return experimentDigest({ experiment, fingerprint: dataset.fingerprint, eager });
}

/** What is said of a member with another digest than its run's. */
export const otherExperiment = 'belongs to another experiment than run.json: it was trained with other options or data';

/** One line of history.jsonl. */
export const epochRecordSchema = z.strictObject({
  epoch: z.int().min(1),
  step: z.int(),
  /** Mean training loss over the epoch's steps (cross-entropy in nats; autoencoder: squared error per pixel). */
  trainLoss: z.number(),
  /** Share of the epoch's training images that were right when they were seen; null where no answer is right or wrong. */
  trainAccuracy: z.number().nullable(),
  learningRate: z.number(),
  examplesPerSecond: z.number(),
  seconds: z.number(),
});
export type EpochRecord = z.output<typeof epochRecordSchema>;

export interface MemberKey {
  readonly arch: string;
  readonly width: number;
  readonly seed: number;
}

/** `cnn-w16-s0`: the member's folder and its name in every message. */
export function memberId({ arch, width, seed }: MemberKey): string {
  return `${arch}-w${width}-s${seed}`;
}
