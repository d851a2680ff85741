/** The contents of `run.json` and `member.json`: types, and the checks made when they are read back. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { levelsSchema } from '../datasets/files/deep.js';
import type { ProbeName } from '../datasets/probes.js';
import { imagesOf } from '../datasets/subsets.js';
import { architectures } from '../experiment/architectures.js';
import { lengthOf } from '../experiment/length.js';
import { experimentAt, refuseGrid, type Factors } from '../experiment/factors.js';
import { tunableKeys } from '../experiment/tunable.js';
import { tuningOf } from '../experiment/tuning.js';
import { experimentSchema, factorKeys, runNameSchema, type Experiment } from '../experiment/schema.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { isNameable } from '../terminal/printable.js';

/** Hex. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hex');
/** A one-line text that may safely appear in any file made from it. */
export const textSchema = z.string().refine(isNameable, 'has control characters');
export const memberIdSchema = z
  .string()
  .regex(
    new RegExp(
      `^(${architectures.join('|')})-w[0-9]{1,16}(-(${factorKeys.join('|')})[0-9][0-9.e-]{0,24})*-s[0-9]{1,16}$`,
    ),
    'is not the id of a member',
  );
const count = z.int().min(1);
/** A file directly in a member's folder. */
const fileNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'is not the name of a file');

/**
 * Raised when a reader of the older one could misunderstand the newer. Since 2 a record has a digest (json.ts), so any change shows.
 * Those of 1 are read without a check. Since 3 members may differ in further factors.
 */
const formatSchema = z.literal([1, 2, 3]);

/**
 * The format of records that an earlier version can read too, and of those that it would misread: members that differ in
 * more than width and seed.
 */
export const recordFormat = 2;
export const factorFormat = 3;

/** Whether a record has no digest, so that a change in it goes unnoticed. */
function isUnsealed({ format }: { readonly format: number }): boolean {
  return format < 2;
}

/** Why nobody can have trained an experiment, although each of its values is possible. */
function problemOf(experiment: Experiment): string | undefined {
  if ((experiment.epochs === undefined) === (experiment.steps === undefined)) return 'needs either epochs or steps';
  try {
    refuseGrid(experiment);
    tuningOf(experiment);
  } catch (error) {
    if (error instanceof UsageError) return `cannot have been trained: ${error.message}`;
    throw error;
  }
  return undefined;
}

/** How bfloat16 compared with float32 over a member's first steps. */
const precisionPilotSchema = z.strictObject({
  /** That each took. */
  steps: z.int().min(1),
  /** Of the processor's time that float32 took, in that of bfloat16. */
  speedup: z.number(),
  /** Largest relative difference of their mean losses over a fifth of the steps; null if one diverged. */
  lossDifference: z.number().nullable(),
});
export type PrecisionPilot = z.output<typeof precisionPilotSchema>;

const precisionChoiceSchema = z.strictObject({
  precision: z.enum(['float32', 'bfloat16']),
  /** A pilot; or that there was none as the processor has no such instructions, as it is a GPU, as training is short. */
  because: z.enum(['pilot', 'processor', 'gpu', 'length']),
  pilot: precisionPilotSchema.optional(),
});
export type PrecisionChoice = z.output<typeof precisionChoiceSchema>;

export const runRecordSchema = z.strictObject({
  format: formatSchema,
  name: runNameSchema,
  created: z.iso.datetime(),
  experiment: experimentSchema.refine((experiment) => problemOf(experiment) === undefined, {
    error: ({ input }) => problemOf(input as Experiment),
  }),
  dataset: z.strictObject({
    name: textSchema.min(1),
    fingerprint: sha256,
    shape: z.strictObject({ height: count, width: count, channels: count }),
    classes: count,
    /** Mean of all training pixels, 0 to 1: autoencoders subtract it from their input. */
    meanPixel: z.number().min(0).max(1),
    trainCount: count,
    testCount: count,
    licence: textSchema,
    citation: textSchema,
    /** What the column `group` distinguishes, in the plural, and how many of them the test images have; if known. */
    groups: z.strictObject({ noun: textSchema.min(1), count }).optional(),
    /** If classes are combinations of attributes: the attributes, and which combinations are trained. */
    composition: z
      .strictObject({
        attributes: z
          .array(z.strictObject({ name: textSchema.min(1), values: z.array(textSchema).min(1).readonly() }))
          .min(1)
          .max(30)
          .readonly(),
        rule: textSchema,
      })
      .optional(),
    /** The values treated as black and white in image files that do not say. */
    levels: levelsSchema.optional(),
    /** `[classes]`, if the classes have names. */
    classNames: z.array(textSchema).optional(),
    /** Images of each class as used, `[classes]`; missing from runs of older versions. */
    classCounts: z.strictObject({ train: z.array(z.int()), test: z.array(z.int()) }).optional(),
    /** Images of each class in the dataset's whole training set, used or not; missing from runs of older versions. */
    trainCounts: z.array(z.int()).optional(),
  }),
  /** `cpu` or `gpu` as resolved, with the device's name: `AMD EPYC`, `NVIDIA H200`. */
  device: z.strictObject({ kind: z.enum(['cpu', 'gpu']), name: textSchema }),
  /** Threads of each member, by member id. Recorded because the last bits of results depend on it. */
  threads: z.record(memberIdSchema, count.max(1024)),
  /**
   * Members that were started as one program, a list for each: their number and position decide the last bits. Null for a member that is
   * in another list since runs were merged. Absent if there are none.
   */
  stacks: z.array(z.array(memberIdSchema.nullable()).min(1).max(1024)).optional(),
  /**
   * Equal parts of a batch that a member computes side by side, by member id: they decide the last bits too. Missing for
   * members that compute a batch as a whole.
   */
  branches: z.record(memberIdSchema, z.int().min(2)).optional(),
  /** What `--precision auto` is for each member, by member id, and why; missing if a precision was given. */
  precisions: z.record(memberIdSchema, precisionChoiceSchema).optional(),
  /** Floating-point operations of each member's training, by member id, as in member.json; missing from runs of older versions. */
  flops: z.record(memberIdSchema, z.number()).optional(),
  /** Trained op by op instead of compiled (`--eager`): the last bits differ. */
  eager: z.boolean(),
  /** What output weights begin at under muP; missing from its earlier runs, where they are random, and without muP. */
  outputStart: z.literal('zero').optional(),
  /** The same of the queries of a transformer. */
  queryStart: z.literal('zero').optional(),
  versions: z.strictObject({
    lab: textSchema,
    node: textSchema,
    tensorflow: textSchema,
    tfjs: textSchema,
    platform: textSchema,
  }),
  gitCommit: textSchema.nullable(),
  digest: sha256.optional(),
});
/**
 * Without the digest, which belongs to the file; for a view, with the probe whose outcomes are shown, which is in no
 * file.
 */
export type RunRecord = Omit<z.output<typeof runRecordSchema>, 'digest'> & { readonly probe?: ProbeName | undefined };

/** What `--tune` chose. */
export const tunedSchema = z.strictObject({
  factor: z.enum(tunableKeys),
  value: z.number(),
  /** Number of values tried: tuning/MEMBER.json has them. */
  trials: z.int().min(1),
  /** The value is the smallest or largest of the grid, so the best may lie beyond. */
  atEdge: z.boolean(),
});

export const memberRecordSchema = z.strictObject({
  format: formatSchema,
  id: memberIdSchema,
  arch: z.string(),
  width: z.int(),
  seed: z.int(),
  /** Further options in which it differs from its run's own. */
  factors: z.partialRecord(z.enum(factorKeys), z.number()).optional(),
  status: z.enum(['training', 'complete']),
  /** In place of its run's option, if that was tuned. */
  tuned: tunedSchema.optional(),
  /** `experimentDigest` of its training, which identifies a member that was copied from another run. */
  experiment: sha256,
  /**
   * When its training started (UTC), by the machine's clock: a forecast sealed later is void. Restarts keep it. For a tuned member, the
   * start of its first trial.
   */
  begun: z.iso.datetime(),
  /** Trainable parameters. */
  parameters: z.int(),
  /**
   * Floating-point operations of all training steps: those of convolutions and matrix products, counting a multiply-add as
   * two.
   */
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
  /** SHA-256 of each of the member's files in the same folder, by file name. */
  files: z.record(fileNameSchema, sha256),
  digest: sha256.optional(),
});
/** Without the digest, which belongs to the file. */
export type MemberRecord = Omit<z.output<typeof memberRecordSchema>, 'digest'>;

/**
 * Which weights of its members began random, under muP in earlier versions; undefined if none did. Further members, in which they begin
 * at 0, do not form a family with them.
 */
export function randomStart({
  experiment: { arch, parametrization },
  outputStart,
  queryStart,
}: Pick<RunRecord, 'experiment' | 'outputStart' | 'queryStart'>): 'output weights' | 'queries' | undefined {
  if (parametrization !== 'mup') return undefined;
  if (outputStart === undefined) return 'output weights';
  return arch === 'transformer' && queryStart === undefined ? 'queries' : undefined;
}

/** A line for the user if changes of some records would go unnoticed. */
export function unsealedNotes(folder: string, run: RunRecord, members: readonly MemberRecord[]): string[] {
  const old = members.filter(isUnsealed).length;
  const which = [
    ...(isUnsealed(run) ? ['run.json'] : []),
    ...(old > 0 ? [`member.json of ${counted(old, 'member')}`] : []),
  ];
  if (which.length === 0) return [];
  return [
    `${folder}: ${which.join(' and ')} from an earlier version, without a hash: changes in them would not be seen`,
  ];
}

/** Options that were added later, with the value that they had before, so that digests stay the same. */
const laterDefaults: Partial<Experiment> = { depth: 2 };

/** What a member's outcomes depend on besides its width, seed, threads and device. */
export interface TrainingConditions {
  readonly experiment: Experiment;
  /** The dataset's. */
  readonly fingerprint: string;
  readonly eager: boolean;
}

/**
 * SHA-256 (hex) of a member's experiment without widths and seeds, the fingerprint of its run's dataset, and whether it is eager.
 */
export function experimentDigest({ experiment, fingerprint, eager }: TrainingConditions): string {
  const isLater = (key: string, value: unknown) =>
    experiment.arch === 'cnn' && key === 'depth' && value === laterDefaults[key];
  const entries = Object.entries(experiment)
    .filter(([key, value]) => key !== 'widths' && key !== 'seeds' && value !== undefined && !isLater(key, value))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([entries, fingerprint, eager]))
    .digest('hex');
}

/** A member's own experiment, with tuned values filled in, and the number of images it trains on. */
export function trainingOf(
  {
    experiment,
    dataset,
  }: {
    readonly experiment: Experiment;
    readonly dataset: Pick<RunRecord['dataset'], 'trainCount' | 'trainCounts'>;
  },
  key: Pick<MemberKey, 'factors'> & Pick<MemberRecord, 'tuned'>,
): { readonly experiment: Experiment; readonly trainCount: number } {
  const { tuned } = key;
  const own = { ...experimentAt(experiment, key), ...(tuned === undefined ? {} : { [tuned.factor]: tuned.value }) };
  const { classes } = key.factors ?? {};
  const all =
    classes === undefined
      ? dataset.trainCount
      : imagesOf(dataset.trainCounts ?? [], classes, experiment.validationSize);
  return { experiment: own, trainCount: own.trainSize ?? all };
}

/** Number of epochs that a member trains for; the last one may be cut short. */
export function epochsOf(run: RunRecord, key: Pick<MemberKey, 'factors'>): number {
  const { experiment, trainCount } = trainingOf(run, key);
  return lengthOf(experiment, trainCount).epochs;
}

/** The digest of a member of the run; default: of one that differs only in width and seed. */
export function digestOfRun(
  {
    experiment,
    dataset,
    eager,
  }: Pick<RunRecord, 'experiment' | 'eager'> & {
    readonly dataset: Pick<RunRecord['dataset'], 'fingerprint'>;
  },
  key: Pick<MemberKey, 'factors'> = {},
): string {
  return experimentDigest({ experiment: experimentAt(experiment, key), fingerprint: dataset.fingerprint, eager });
}

/** The message for a member with a different digest from its run's. */
export const otherExperiment = 'belongs to another experiment than run.json: it was trained with other options or data';

/** One line of history.jsonl. */
export const epochRecordSchema = z.strictObject({
  epoch: z.int().min(1),
  step: z.int(),
  /** Mean training loss over the epoch's steps (cross-entropy in nats; autoencoder: squared error per pixel). */
  trainLoss: z.number(),
  /** Share of the epoch's training images that were right when they were seen; null if answers are not right or wrong. */
  trainAccuracy: z.number().nullable(),
  learningRate: z.number(),
  examplesPerSecond: z.number(),
  seconds: z.number(),
  /**
   * Measured after the epoch on examples that were not trained on: some or all of the test set, and the validation split. Otherwise as
   * in training.
   */
  testLoss: z.number().optional(),
  testAccuracy: z.number().nullable().optional(),
  /** Number of test examples. */
  testExamples: z.int().min(1).optional(),
  validationLoss: z.number().optional(),
  validationAccuracy: z.number().nullable().optional(),
});
export type HeldOutScores = Pick<
  EpochRecord,
  'testLoss' | 'testAccuracy' | 'testExamples' | 'validationLoss' | 'validationAccuracy'
>;

/** That part of an epoch's line. */
export function heldOutOf(epoch: EpochRecord): HeldOutScores {
  const { testLoss, testAccuracy, testExamples, validationLoss, validationAccuracy } = epoch;
  return {
    ...(testLoss === undefined ? {} : { testLoss, testAccuracy, testExamples }),
    ...(validationLoss === undefined ? {} : { validationLoss, validationAccuracy }),
  };
}
export type EpochRecord = z.output<typeof epochRecordSchema>;

export interface MemberKey {
  readonly arch: string;
  readonly width: number;
  readonly seed: number;
  readonly factors?: Factors | undefined;
}

/** `cnn-w16-s0`, `cnn-w16-trainSize500-s0`: the member's folder and its name in every message. */
export function memberId({ arch, width, seed, factors = {} }: MemberKey): string {
  const others = factorKeys.flatMap((key) => (factors[key] === undefined ? [] : [`${key}${factors[key]}`]));
  return [arch, `w${width}`, ...others, `s${seed}`].join('-');
}
