/**
 * What can be trained, as one schema: the type, the defaults, the checks and the help text of `emergence train` all
 * come from here. An `Experiment` is resolved: nothing is left to a default, so two equal ones train to the same bits.
 */
import * as z from 'zod';
import { colours, symmetryNames } from '../datasets/dataset.js';
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
import { factorKeys, type FactorKey } from './factor-names.js';
import { momentsProblem } from './moments.js';

export { factorKeys, keyOfOption, optionOf, type FactorKey } from './factor-names.js';

export const optimizers = ['adam', 'adamw', 'sgd'] as const;
const schedules = ['constant', 'cosine', 'warm-up'] as const;
export const parametrizations = ['standard', 'mup'] as const;
const precisions = ['float32', 'bfloat16', 'auto'] as const;
export const devices = ['auto', 'cpu', 'gpu'] as const;

/** The smallest of the default widths. A constant, so that it does not change when a run gets further widths. */
const defaultBaseWidth = 8;

const positiveInteger = z.int().min(1);
const distinct = (schema: z.ZodType<number, number>) =>
  z
    .array(schema)
    .min(1)
    .refine((values) => new Set(values).size === values.length, 'lists a value twice')
    // A refinement does not show in a JSON Schema.
    .meta({ uniqueItems: true });

const share = z.number().min(0);

/** Every own option may be omitted: its architecture's default is filled in by `resolveExperiment`. */
const optionalOwn = Object.fromEntries(
  Object.entries(ownOptions).map(([key, schema]) => [
    key,
    schema.optional().describe(`${schema.description ?? ''} (${ownersOf(key as OwnOption)})`),
  ]),
) as { [Key in OwnOption]: z.ZodOptional<(typeof ownOptions)[Key]> };

/** `transformer; default: 8`; `cnn, autoencoder; default: 2, 1`. */
function ownersOf(key: OwnOption): string {
  const owners = Object.entries(ownDefaults[key]);
  const names = owners.map(([arch]) => arch).join(', ');
  const values = owners.flatMap(([, value]) => (value === undefined ? [] : [String(value)]));
  const shown = new Set(values).size === 1 ? values.slice(0, 1) : values;
  return shown.length === 0 ? names : `${names}; default: ${shown.join(', ')}`;
}

/** Random streams take seeds as int32. */
export const largestSeed = 2 ** 31 - 1;

/** An experiment's options, with a single value each except for widths and seeds. */
const optionShape = {
  arch: z.enum(architectures).describe('architecture of the family'),
  dataset: z
    .string()
    .min(1)
    .refine(isNameable, 'has control characters')
    .default('mnist')
    .describe('mnist, omniglot-small, images:PATH, ...: the command `datasets list` shows all'),
  widths: distinct(positiveInteger.max(65536)).default([8, 16, 32, 64]).describe('width of each member'),
  seeds: distinct(z.int().min(0).max(largestSeed)).default([0]).describe('seeds to train every width with, once each'),
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
  parametrization: z
    .enum(parametrizations)
    .optional()
    .describe(
      'how initial weights and learning rates scale with the width: standard, or mup (Yang et al. 2022), which keeps the best learning rate where it is (default: standard)',
    ),
  baseWidth: positiveInteger
    .max(65536)
    .optional()
    .describe(`width at which mup equals the standard parametrization (default: ${defaultBaseWidth})`),
  precision: z
    .enum(precisions)
    .default('float32')
    .describe(
      'precision of convolutions and matrix products; parameters and optimiser stay float32. auto: for each width what a pilot on this machine finds faster with the same losses',
    ),
  xla: z
    .boolean()
    .optional()
    .describe(
      'have XLA compile the training steps into one program: meant for GPUs, where it has not been tried; slower on CPUs, same numbers up to rounding',
    ),
  trainSize: positiveInteger
    .optional()
    .describe('train on a random subset of this many examples (the same for every member)'),
  testSize: positiveInteger
    .optional()
    .describe('test on a random subset of this many examples (the same for every member)'),
  validationSize: positiveInteger
    .optional()
    .describe(
      'hold out a random subset of this many training images (the same for every member); their loss and accuracy are recorded after each epoch',
    ),
  tune: z
    .string()
    .min(1)
    .optional()
    .describe(
      'choose an option for each member on the validation split before it is trained, such as learningRate=1e-4:1e-1:7:log',
    ),
  tunePer: z
    .enum(['member', 'width'])
    .optional()
    .describe('choose for each member, or once for all seeds of a width: member, width (default: member)'),
  tuneBudget: positiveInteger
    .optional()
    .describe('trials of each choice: the middle value, then those nearest to the best (default: all values)'),
  tuneSteps: positiveInteger
    .max(100_000_000)
    .optional()
    .describe('training length of a trial in optimiser steps (default: that of the member)'),
  epochTestSize: z
    .int()
    .min(0)
    .optional()
    .describe(
      'record test loss and accuracy after each epoch, on a random subset of this many test examples, 0 for none (default: 1000 images if an epoch trains on 20 times as many, else none)',
    ),
  classes: z
    .int()
    .min(2)
    .max(65536)
    .optional()
    .describe('train and test on images of this many classes, the first by label (default: all)'),
  symmetries: z
    .enum(symmetryNames)
    .optional()
    .describe(
      'turn the images rotated by 90, 180 and 270 degrees into additional classes (rotations: 4 times the classes), or these and their mirror images (all: 8 times)',
    ),
  imageSize: positiveInteger
    .max(1024)
    .optional()
    .describe("pixels of each side of an image (default: the dataset's own; images: 32)"),
  colour: z.enum(colours).optional().describe("images in grey or rgb (default: the dataset's own; images: rgb)"),
  augmentShift: share.max(0.5).default(0).describe('shift training images at random by up to this share of their side'),
  augmentRotation: share.max(180).default(0).describe('rotate training images at random by up to this many degrees'),
  augmentScale: share.max(0.5).default(0).describe('enlarge or shrink training images at random by up to this share'),
  labelNoise: share
    .max(1)
    .optional()
    .describe(
      'share of training images that get the label of another class (the same ones for every member; default: 0)',
    ),
  moments: z
    .string()
    .refine((text) => momentsProblem(text) === undefined, { error: ({ input }) => momentsProblem(String(input)) })
    .optional()
    .describe('also take outcomes during training: 12:log, 12:linear, or after these steps: 10,100,1000'),
  momentsSize: positiveInteger
    .optional()
    .describe(
      'take those outcomes on a random subset of this many test examples (the same for every member); the final ones are on all',
    ),
  ...optionalOwn,
};

/** Without the default, which has no place in a list. */
function scalarOf(key: FactorKey): z.ZodType<number, number> {
  const schema: z.ZodType = optionShape[key];
  return (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema) as z.ZodType<
    number,
    number
  >;
}

const lists = Object.fromEntries(
  factorKeys.map((key) => [
    key,
    z
      .array(z.union([scalarOf(key), z.null()]))
      .min(2)
      .optional(),
  ]),
) as Record<FactorKey, z.ZodOptional<z.ZodArray<z.ZodUnion<[z.ZodType<number, number>, z.ZodNull]>>>>;

/**
 * Resolved. If members differ in more than width and seed, `grid` has the values of each further factor and the option
 * itself the one that the run started with; null in a list is an omitted option, and so the dataset's own value.
 */
export const experimentSchema = z.strictObject({
  ...optionShape,
  grid: z.strictObject(lists).optional(),
  zip: z.literal(true).optional(),
});

/** Options that a run keeps: new widths and seeds are added to it, as are lists of other options. */
export const settingKeys = experimentSchema
  .keyof()
  .options.filter((key) => key !== 'widths' && key !== 'seeds' && key !== 'grid' && key !== 'zip');
type SettingKey = (typeof settingKeys)[number];

/** Whether members differ in an option. */
export function isFactor({ grid = {} }: Pick<Experiment, 'grid'>, key: SettingKey): boolean {
  return Object.hasOwn(grid, key);
}

const inputLists = Object.fromEntries(
  factorKeys.map((key) => {
    const scalar = scalarOf(key);
    const { description = '' } = optionShape[key];
    const value = z.union([scalar, z.array(scalar).min(1)]);
    const option: z.ZodType = optionShape[key];
    return [
      key,
      (option instanceof z.ZodDefault ? value.default(option.parse(undefined) as number) : value.optional()).describe(
        description,
      ),
    ];
  }),
) as Record<FactorKey, z.ZodOptional<z.ZodUnion<[z.ZodType<number, number>, z.ZodArray<z.ZodType<number, number>>]>>>;

/** As written in a file or on the command line: options with defaults may be omitted, and factors may be lists. */
export const inputSchema = z.strictObject({
  ...optionShape,
  ...inputLists,
  zip: z
    .boolean()
    .optional()
    .describe(
      'combine lists by position, the first value of each with the first of the others, instead of every value with every other',
    ),
});
export type ExperimentInput = z.input<typeof inputSchema>;
/** Resolved. */
export type Experiment = z.output<typeof experimentSchema>;
export type ExperimentKey = keyof z.output<typeof inputSchema>;

/** Fills in every default, the architecture's before the schema's. Throws ZodError on values out of range. */
export function resolveExperiment(input: ExperimentInput): Experiment {
  const said: Record<string, unknown> = Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined),
  );
  const defaults = Object.entries(defaultsOf(input.arch)).filter(([key]) => !isReplacedBy(key, said));
  const { zip, ...options } = said;
  const grid: Partial<Record<FactorKey, unknown[]>> = {};
  for (const key of factorKeys) {
    const value = options[key];
    if (!Array.isArray(value)) continue;
    options[key] = value[0] ?? undefined;
    if (value.length > 1) grid[key] = value;
  }
  return experimentSchema.parse({
    ...Object.fromEntries(defaults),
    ...withoutUsual(options),
    ...(Object.keys(grid).length === 0 ? {} : { grid, ...(zip === true ? { zip } : {}) }),
  });
}

/** What runs did before there was a choice is omitted, as in their records: the standard parametrization, and no XLA. */
function withoutUsual({ parametrization, xla, ...options }: Record<string, unknown>): Record<string, unknown> {
  const rest = xla === undefined || xla === false ? options : { ...options, xla };
  if (parametrization === undefined || parametrization === 'standard') return rest;
  return { baseWidth: defaultBaseWidth, ...rest, parametrization };
}

/** The input from which `resolveExperiment` makes this experiment. */
export function inputOf({ grid = {}, zip, ...options }: Experiment): ExperimentInput {
  // Values that are not set are null in a list; `resolveExperiment` handles them.
  const lists = grid as Partial<Record<FactorKey, number[]>>;
  return { ...options, ...lists, ...(zip === undefined ? {} : { zip }) };
}

const lengths: readonly string[] = ['epochs', 'steps'];

/** Whether a value is replaced by those given: of the same key, or of the other one of `epochs` and `steps`. */
export function isReplacedBy(key: string, said: Readonly<Record<string, unknown>>): boolean {
  return said[key] !== undefined || (lengths.includes(key) && lengths.some((other) => said[other] !== undefined));
}

/** An architecture's own options and its own defaults of shared ones. */
function defaultsOf(arch: Architecture): Record<string, unknown> {
  const own = Object.entries(ownDefaults).map(([key, defaults]) => [key, (defaults as Record<string, unknown>)[arch]]);
  const had = Object.fromEntries(own.filter(([, value]) => value !== undefined)) as Record<string, unknown>;
  return { ...had, ...sharedDefaults[arch] };
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

/** The name of a run is that of its folder, and is used in file names, links and labels of reports. */
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
  stack: z
    .union([positiveInteger.max(1024), z.literal('auto')])
    .optional()
    .describe(
      'number of members trained as one program, which may differ only in seed or learning rate; auto: as many as pay on this device (default: 1)',
    ),
  dataDir: z
    .string()
    .min(1)
    .optional()
    .describe('folder of downloaded datasets (default: EMERGENCE_DATA_DIR, else one in ~/.local/share)'),
});
export type Execution = z.output<typeof executionSchema>;
