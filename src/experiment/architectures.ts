/**
 * What is specific to an architecture: the options that only some have, with their defaults, and better-suited defaults
 * of the shared options. Data only, so that help and checks need no TensorFlow; what is computed is in `families/`.
 */
import * as z from 'zod';
import { probeNames, probesProblem, usualWays } from '../datasets/probes.js';

export const architectures = ['cnn', 'autoencoder', 'transformer'] as const;
export type Architecture = (typeof architectures)[number];

/** What a member's outcomes describe: it determines metrics, tables and pictures. */
export const outcomeKinds = {
  cnn: 'classification',
  autoencoder: 'reconstruction',
  transformer: 'sequences',
} as const satisfies Readonly<Record<Architecture, string>>;
export type OutcomeKind = (typeof outcomeKinds)[Architecture];

const activations = ['relu', 'tanh', 'sigmoid'] as const;

const count = z.int().min(1);
const share = z.number().min(0).max(1);

/** Options that not every architecture has. */
export const ownOptions = {
  depth: count
    .max(16)
    .describe(
      'cnn: convolutions, the first two each followed by a pool; autoencoder: layers from the image to the bottleneck, and as many back, each twice as wide as the next one inwards',
    ),
  activation: z.enum(activations).describe('nonlinearity of the hidden layers'),
  pairs: count.max(64).describe('(image, label) pairs in a sequence'),
  blocks: count.max(48).describe('attention blocks'),
  heads: count.max(64).describe('attention heads; the width must be a multiple'),
  burstiness: share.describe(
    'share of sequences in which the last class and one other appear up to 3 times earlier (Chan et al. 2022 train with 0.9)',
  ),
  labelRemapping: share.describe(
    'share of sequences whose classes get new random labels that only the context reveals (Chan et al. 2022 train with 0)',
  ),
  zipf: z
    .number()
    .min(0)
    .max(3)
    .describe(
      'draw the class of rank r in proportion to 1 / r to this power, with random ranks that are the same for every member (default: all classes equally often)',
    ),
  heldOutClasses: count
    .max(65535)
    .describe('keep this many classes, the last by label, out of all sequences except those of the probe held-out'),
  probe: z
    .string()
    .refine((text) => probesProblem(text) === undefined, { error: ({ input }) => probesProblem(String(input)) })
    .describe(
      `test abilities on separate sequences, at every moment too; a comma-separated list of ${probeNames.join(', ')} (Chan et al. 2022)`,
    ),
  ways: count
    .min(2)
    .max(64)
    .describe(`classes in the context of the probes few-shot and held-out (default: ${usualWays})`),
  testSequences: count.max(1_000_000).describe('sequences drawn from the test images, the same for every member'),
  dropout: z.number().min(0).lt(1).describe('share of activations set to 0 while training'),
} as const;
export type OwnOption = keyof typeof ownOptions;

/** Which architecture has which of them, with its default; undefined if omitting it has its own meaning. */
export const ownDefaults: {
  readonly [Key in OwnOption]: Readonly<Partial<Record<Architecture, z.output<(typeof ownOptions)[Key]> | undefined>>>;
} = {
  depth: { cnn: 2, autoencoder: 1 },
  activation: { autoencoder: 'relu' },
  pairs: { transformer: 8 },
  blocks: { transformer: 2 },
  heads: { transformer: 4 },
  burstiness: { transformer: 0 },
  labelRemapping: { transformer: 0 },
  zipf: { transformer: undefined },
  heldOutClasses: { transformer: undefined },
  probe: { transformer: undefined },
  ways: { transformer: undefined },
  testSequences: { transformer: 1000 },
  dropout: { cnn: 0, transformer: 0 },
};

/** Defaults of shared options for architectures where they differ from the schema's. */
export const sharedDefaults: Readonly<Partial<Record<Architecture, Readonly<Record<string, unknown>>>>> = {
  // Short, and at a tenth of the usual rate, so that width determines how far training gets: accuracy then climbs from
  // a third to nine tenths over widths 8 to 64, whereas after three epochs at 0.001 all are within a point of each
  // other (docs/emergence.md).
  cnn: { seeds: [0, 1, 2], steps: 64, learningRate: 1e-4 },
  autoencoder: { epochs: 3 },
  transformer: { dataset: 'omniglot-small', batchSize: 32, epochs: 100 },
};

/** Whether an architecture has an option: every architecture has the shared ones. */
export function hasOption(arch: Architecture, key: string): boolean {
  return !Object.hasOwn(ownDefaults, key) || Object.hasOwn(ownDefaults[key as OwnOption], arch);
}
