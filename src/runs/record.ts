/** What `run.json` and `member.json` say: types, and the checks made when they are read back. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { levelsSchema } from '../datasets/files/deep.js';
import type { ProbeName } from '../datasets/probes.js';
import { imagesOf } from '../datasets/subsets.js';
import { architectures } from '../experiment/architectures.js';
import { lengthOf } from '../experiment/length.js';
import { experimentAt, type Factors } from '../experiment/factors.js';
import { tunableKeys } from '../experiment/tunable.js';
import { experimentSchema, factorKeys, runNameSchema, type Experiment } from '../experiment/schema.js';
import { counted } from '../terminal/format.js';
import { isNameable } from '../terminal/printable.js';

/** Hex. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A text on one line, as it may stand in any file that is made of it. */
export const textSchema = z.string().refine(isNameable, 'has control characters');
export const memberIdSchema = z
  .string()
  .regex(
    new RegExp(
      `^(${architectures.join('|')})-w[0-9]{1,16}(-(${factorKeys.join('|')})[0-9][0-9.e-]{0,24})*-s[0-9]{1,16}$`,
    ),
    'is not the id of a member',
  );
/** In a member's folder, and nowhere else. */
const fileNameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'is not the name of a file');

/**
 * Raised when a reader of the older one could misunderstand the newer. Since 2 a record is sealed (json.ts): any change shows. Those
 * of 1 are read as they are. Since 3 members may differ in further factors.
 */
const formatSchema = z.literal([1, 2, 3]);

/** Of what an earlier version reads too, and of what it would misread: members that differ in more than width and seed. */
export const recordFormat = 2;
export const factorFormat = 3;

/** Whether a record has no digest: a change in it is not seen. */
function isUnsealed({ format }: { readonly format: number }): boolean {
  return format < 2;
}

/** How bfloat16 compared with float32 over a member's first steps. */
const precisionPilotSchema = z.strictObject({
  /** That each took. */
  steps: z.int().min(1),
  /** Of the processor's time that float32 took, in that of bfloat16. */
  speedup: z.number(),
  /** Largest relative difference of their mean losses over a fifth of the steps; null where one diverged. */
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
  experiment: experimentSchema.refine(({ epochs, steps }) => (epochs === undefined) !== (steps === undefined), {
    error: 'needs either epochs or steps',
  }),
  dataset: z.strictObject({
    name: textSchema.min(1),
    fingerprint: sha256,
    shape: z.strictObject({ height: z.int(), width: z.int(), channels: z.int() }),
    classes: z.int(),
    /** Mean of all training pixels, 0 to 1: autoencoders take it off their input. */
    meanPixel: z.number(),
    trainCount: z.int(),
    testCount: z.int(),
    licence: textSchema,
    citation: textSchema,
    /** What the column `group` tells apart, in the plural, and how many of them the test images have; where they are known. */
    groups: z.strictObject({ noun: textSchema.min(1), count: z.int() }).optional(),
    /** Where classes are combinations of attributes: these, and which combinations are trained. */
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
    /** What was taken for black and white in image files that don't tell. */
    levels: levelsSchema.optional(),
    /** `[classes]`, where the classes have names. */
    classNames: z.array(textSchema).optional(),
    /** Images of each class as used, `[classes]`; missing from runs of older versions. */
    classCounts: z.strictObject({ train: z.array(z.int()), test: z.array(z.int()) }).optional(),
    /** Images of each class in the dataset's whole training set, used or not; missing from runs of older versions. */
    trainCounts: z.array(z.int()).optional(),
  }),
  /** `cpu` or `gpu` as resolved, with the device's name: `AMD EPYC`, `NVIDIA H200`. */
  device: z.strictObject({ kind: z.enum(['cpu', 'gpu']), name: textSchema }),
  /** Threads of each member, by member id. Part of the record since results depend on it in the last bits. */
  threads: z.record(memberIdSchema, z.int().min(1)),
  /**
   * Members that were begun as one program, a list for each: how many they are and at which place decides the last bits. Null where one is
   * in another list since runs were merged. Missing where there are none.
   */
  stacks: z.array(z.array(memberIdSchema.nullable()).min(1)).optional(),
  /** What `--precision auto` is for each member, by member id, and why; missing where a precision was given. */
  precisions: z.record(memberIdSchema, precisionChoiceSchema).optional(),
  /** Floating-point operations of each member's training, by member id, as in member.json; missing from runs of older versions. */
  flops: z.record(memberIdSchema, z.number()).optional(),
  /** Trained op by op instead of compiled (`--eager`): the last bits differ. */
  eager: z.boolean(),
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
/** Without the digest, which is of the file; of a view with the probe whose outcomes are shown, which no file says. */
export type RunRecord = Omit<z.output<typeof runRecordSchema>, 'digest'> & { readonly probe?: ProbeName | undefined };

/** What `--tune` chose. */
export const tunedSchema = z.strictObject({
  factor: z.enum(tunableKeys),
  value: z.number(),
  /** How many values were tried: tuning/MEMBER.json has them. */
  trials: z.int().min(1),
  /** The value is the least or the largest of the grid: the best may lie beyond. */
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
  /** In place of its run's option, where that was tuned. */
  tuned: tunedSchema.optional(),
  /** `experimentDigest` of what it was trained as: a member that was copied from another run is known by it. */
  experiment: sha256,
  /** When its training began (UTC), by the machine's clock: a forecast sealed after it is none. Restarts keep it. Of a tuned one its first trial. */
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
  files: z.record(fileNameSchema, sha256),
  digest: sha256.optional(),
});
/** Without the digest, which is of the file. */
export type MemberRecord = Omit<z.output<typeof memberRecordSchema>, 'digest'>;

/** A line for the user where changes of some records can't be seen. */
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

/** Options that came later, with the value that they had before: their digests stay. */
const laterDefaults: Partial<Experiment> = { depth: 2 };

/** What a member's outcomes depend on besides its width, seed, threads and device. */
export interface TrainingConditions {
  readonly experiment: Experiment;
  /** The dataset's. */
  readonly fingerprint: string;
  readonly eager: boolean;
}

/**
 * SHA-256 (hex) over a member's experiment without widths and seeds, the fingerprint of its run's dataset, and whether it is eager.
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

/** A member's own experiment, with what was tuned in place, and how many images it trains on. */
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

/** Epochs that a member trains for; the last one may be cut short. */
export function epochsOf(run: RunRecord, key: Pick<MemberKey, 'factors'>): number {
  const { experiment, trainCount } = trainingOf(run, key);
  return lengthOf(experiment, trainCount).epochs;
}

/** The digest that a run's member has; left out: one that differs in width and seed alone. */
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
  /** After the epoch, of examples that were not trained on: some or all of the test set, and the validation split. As the training's. */
  testLoss: z.number().optional(),
  testAccuracy: z.number().nullable().optional(),
  /** How many test examples. */
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
