/**
 * Why each default of an experiment is what it is, and what to try instead. Shown by `train --help`, in
 * docs/commands.md and, through experiments/schema.json, in editors.
 */
import { optionOf, inputSchema, type ExperimentKey } from './schema.js';

const reasons: Partial<Readonly<Record<ExperimentKey, string>>> = {
  dataset:
    'MNIST is included and trains in seconds; sequences need the many classes of Omniglot. Try fashion-mnist or cifar10 for a harder task',
  widths:
    "three doublings, over which a cnn's accuracy climbs from a third to nine in ten. Add smaller or larger ones where a curve is still flat or still rising: a bow needs 3 widths, a test of its shape 7",
  seeds:
    'three are the fewest with more than one degree of freedom for their spread; architectures that train longer start with one. Try 5 or more before you trust an interval over seeds',
  epochs:
    'enough to show a trend in minutes, not to converge. Try 20 for an autoencoder and 200 for a transformer, as the shipped experiments do, or a list to see the length as a scale',
  steps:
    'short on purpose: width then decides how far a member gets, while cnns trained for three epochs at 0.001 end within a point of each other. Try --epochs 3 --learning-rate 0.001 for members that converge',
  batchSize:
    'the usual 128 images; 32 sequences of 8 pairs are 256 images. Halve it if memory runs out; it changes the number of steps in an epoch',
  learningRate:
    "Adam's usual rate; a tenth of it for cnns, whose short training must not converge. The best rate depends on the width: try --tune learningRate=1e-4:1e-1:7:log, or --parametrization mup",
  optimizer:
    'adam adapts the rate of each weight, so that one rate suits more widths. Try adamw with --weight-decay for long training, sgd to see whether a jump depends on the optimiser',
  weightDecay:
    'none, so that nothing but width limits a member. Try 0.01 to 0.3 with --optimizer adamw if members overfit',
  schedule:
    'constant, so that a moment has the outcomes of a member whose training ends there. Try cosine for better final values, warm-up for transformers at higher rates',
  parametrization:
    'standard, as in the paper. Try mup to see whether a jump is only a learning rate that suits some widths better than others',
  baseWidth:
    'the smallest of the default widths, so that mup changes the wider members. Try the width whose learning rate you know',
  precision:
    'float32 is the reference, and works everywhere. Try bfloat16 where the processor or GPU is built for it (docs/performance.md)',
  labelNoise: 'none: the labels as they are. Try 0.1 to see what members memorise',
  augmentShift: 'none: the images as they are. Try 0.1, about three pixels of 28',
  augmentRotation: 'none. Try 15 to 20 degrees, as much as handwriting leans',
  augmentScale: 'none. Try 0.25 if sizes differ between training and test images',
  depth: "the paper's models: LeNet, and a single hidden layer. Try 1,2,3,4: depth as a scale",
  activation: "relu, the usual choice. Try tanh or sigmoid to see whether a curve's shape depends on it",
  pairs: 'long enough that "all right" bends the curve, short enough for an epoch of seconds. Try 4 or 16',
  blocks:
    'the fewest with which attention can copy a label from an earlier pair (Olsson et al. 2022). Try 4 for harder tasks',
  heads: 'divides every default width, and leaves two dimensions per head at width 8. Try 1 for widths below 4',
  burstiness:
    'none: classes are drawn uniformly, as in Fig. 8. Try 0.9 to have members learn from the context (docs/in-context.md)',
  labelRemapping: 'none: labels are fixed, so weights can learn them. Try 0.2 to reward reading the context',
  testSequences:
    'shows every test image of omniglot-small about eight times, after which more add little. Try 200 with many --moments',
  dropout: 'none, so that nothing but width limits a member. Try 0.1 for long training on few images',
};

/**
 * A sentence that gives the reason, and one that starts with what to try; undefined for an option without a default.
 */
export function reasonOf(key: string): string | undefined {
  return (reasons as Readonly<Record<string, string>>)[key];
}

/** `--batch-size`, with the reason for its default, in the order of the schema. */
export function explainedDefaults(): readonly (readonly [flag: string, reason: string])[] {
  return inputSchema.keyof().options.flatMap((key) => {
    const reason = reasonOf(key);
    return reason === undefined ? [] : [[`--${optionOf(key)}`, reason] as const];
  });
}
