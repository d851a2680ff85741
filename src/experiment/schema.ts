/**
 * What can be trained, as one schema: the type, the defaults, the checks and the help text of `emergence train` all come
 * from here. An `Experiment` is resolved: nothing is left to a default, so two equal ones train the same bits.
 */
import * as z from 'zod';
import { colours } from '../datasets/dataset.js';
import { isNameable } from '../terminal/printable.js';
import {
  architectures,
  hasOption,
  ownDefaults,
  ownOptions,
  sharedDefaults,
  type Architecture,
  type OwnOption,
} from './architectures.js';

export const optimizers = ['adam', 'adamw', 'sgd'] as const;
export const schedules = ['constant', 'cosine', 'warm-up'] as const;
export const precisions = ['float32', 'bfloat16'] as const;
export const devices = ['auto', 'cpu', 'gpu'] as const;

const positiveInteger = z.int().min(1);
const distinct = (schema: z.ZodType<number, number>) =>
  z
    .array(schema)
    .min(1)
    .refine((values) => new Set(values).size === values.length, 'lists a value twice')
    // A refinement does not show in a JSON Schema.
    .meta({ uniqueItems: true });

const share = z.number().min(0);

/** Every own option may be missing: its architecture's default is filled in by `resolveExperiment`. */
const optionalOwn = Object.fromEntries(
  Object.entries(ownOptions).map(([key, schema]) => [
    key,
    schema.optional().describe(`${schema.description ?? ''} (${ownersOf(key as OwnOption)})`),
  ]),
) as { [Key in OwnOption]: z.ZodOptional<(typeof ownOptions)[Key]> };

/** `transformer; default: 8`. */
function ownersOf(key: OwnOption): string {
  const owners = Object.entries(ownDefaults[key]);
  return `${owners.map(([arch]) => arch).join(', ')}; default: ${String(owners[0]?.[1])}`;
}

export const experimentSchema = z.strictObject({
  arch: z.enum(architectures).describe('architecture of the family'),
  dataset: z
    .string()
    .min(1)
    .refine(isNameable, 'has control characters')
    .default('mnist')
    .describe('mnist, omniglot-small, images:PATH, ...: the command `datasets list` shows all'),
  widths: distinct(positiveInteger.max(65536)).default([8, 16, 32, 64]).describe('width of each member'),
  seeds: distinct(z.int().min(0).max(2147483647)).default([0]).describe('seeds to train every width with, once each'),
  epochs: positiveInteger.max(100000).optional().describe('passes over the training examples, in place of --steps'),
  steps: positiveInteger
    .max(100_000_000)
    .optional()
    .describe('training length in optimiser steps, in place of --epochs'),
  batchSize: positiveInteger
    .max(65536)
    .default(128)
    .describe('examples per step; an incomplete batch at the end of an epoch is dropped'),
  learningRate: z.number().positive().max(100).default(0.001).describe('peak learning rate'),
  optimizer: z.enum(optimizers).default('adam').describe('adam, adamw (decoupled weight decay) or sgd (momentum 0.9)'),
  weightDecay: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('L2 penalty for adam and sgd, decoupled decay for adamw; kernels only'),
  schedule: z
    .enum(schedules)
    .default('constant')
    .describe('learning rate over the steps: constant, cosine to 0, or warm-up over the first 5 % then cosine'),
  precision: z
    .enum(precisions)
    .default('float32')
    .describe('precision of convolutions and matrix products; parameters and optimiser stay float32'),
  trainSize: positiveInteger
    .optional()
    .describe('train on a random subset of this many examples (the same for every member)'),
  testSize: positiveInteger
    .optional()
    .describe('test on a random subset of this many examples (the same for every member)'),
  imageSize: positiveInteger
    .max(1024)
    .optional()
    .describe("pixels of each side of an image (default: the dataset's own; images: 32)"),
  colour: z.enum(colours).optional().describe("images in grey or rgb (default: the dataset's own; images: rgb)"),
  augmentShift: share
    .max(0.5)
    .default(0)
    .describe('shift training images by up to this share of their side, drawn anew each time'),
  augmentRotation: share.max(180).default(0).describe('rotate training images by up to this many degrees'),
  augmentScale: share.max(0.5).default(0).describe('enlarge or shrink training images by up to this share'),
  ...optionalOwn,
});

/** As written in a file or on the command line: defaults may be left out. */
export type ExperimentInput = z.input<typeof experimentSchema>;
/** Resolved. */
export type Experiment = z.output<typeof experimentSchema>;
export type ExperimentKey = keyof Experiment;

/** Fills in every default, the architecture's before the schema's. Throws ZodError on values out of range. */
export function resolveExperiment(input: ExperimentInput): Experiment {
  const said = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const defaults = Object.entries(defaultsOf(input.arch)).filter(([key]) => !isReplacedBy(key, said));
  return experimentSchema.parse({ ...Object.fromEntries(defaults), ...said });
}

const lengths: readonly string[] = ['epochs', 'steps'];

/** Whether a value gives way to those that were said: of the same key, or of the other one of `epochs` and `steps`. */
export function isReplacedBy(key: string, said: Readonly<Record<string, unknown>>): boolean {
  return said[key] !== undefined || (lengths.includes(key) && lengths.some((other) => said[other] !== undefined));
}

/** An architecture's own options and the shared defaults that are its own. */
function defaultsOf(arch: Architecture): Record<string, unknown> {
  const own = Object.entries(ownDefaults).map(([key, defaults]) => [key, (defaults as Record<string, unknown>)[arch]]);
  const had = Object.fromEntries(own.filter(([, value]) => value !== undefined)) as Record<string, unknown>;
  return { ...had, ...sharedDefaults[arch] };
}

/** `batch-size` of `batchSize`. */
export function optionOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Keys with a value that the architecture does not have. */
export function foreignKeys({
  arch,
  ...rest
}: Partial<ExperimentInput> & { readonly arch: Architecture }): ExperimentKey[] {
  return (Object.keys(rest) as Exclude<ExperimentKey, 'arch'>[]).filter(
    (key) => rest[key] !== undefined && !hasOption(arch, key),
  );
}

/** The name of a run is a folder's, and stands in file names, links and labels of reports. */
export const runNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'is not a name: letters, digits, ".", "_" and "-", starting with a letter or digit, 100 at most',
  );

/** How, not what, to train. Threads and device change the last bits of a result, so both are recorded too. */
export const executionSchema = z.strictObject({
  run: runNameSchema
    .optional()
    .describe(
      'name of the run, a folder under checkpoints/; an existing run is resumed (default: ARCH-DATASET, such as cnn-mnist)',
    ),
  device: z.enum(devices).default('auto').describe('cpu, gpu, or auto: a GPU if one is found, else the CPU'),
  jobs: positiveInteger
    .max(1024)
    .optional()
    .describe('members trained at once (default: whatever finishes the family soonest)'),
  threads: positiveInteger
    .max(1024)
    .optional()
    .describe('threads of each member (default: whatever finishes the family soonest)'),
  dataDir: z
    .string()
    .min(1)
    .optional()
    .describe('folder of downloaded datasets (default: EMERGENCE_DATA_DIR, else one in ~/.local/share)'),
});
export type Execution = z.output<typeof executionSchema>;
