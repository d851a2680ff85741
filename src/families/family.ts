/**
 * What a model family is: for a width, a pure description of the parameters, and pure functions from parameters and a
 * batch to a loss and outcomes. Its size is set by `width` alone. No state, no values read on the host and no
 * JavaScript randomness inside, since all of it is traced into a graph.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Experiment } from '../experiment/schema.js';

/** What the dataset requires of a model. */
export interface Task {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
  /** Mean of all pixels of all training images, 0 to 1. */
  readonly meanPixel: number;
  /** How many values each attribute has, if classes are combinations of attributes (datasets/composition.ts). */
  readonly attributes?: readonly number[] | undefined;
}

/** How a parameter tensor is initialised. Numbers come from the stream named after seed and parameter. */
export type Initial =
  | {
      readonly kind: 'normal';
      readonly deviation: number;
      /** How many of the first columns are 0 instead; default: none. */
      readonly zeroColumns?: number | undefined;
    }
  | { readonly kind: 'constant'; readonly value: number };

export interface ParameterSpec {
  readonly shape: readonly number[];
  /**
   * Inputs that each output sums over; for a table, its rows. With the shape it says how the tensor grows with the
   * width.
   */
  readonly fanIn: number;
  readonly initial: Initial;
  /** How many of its first columns give the queries of attention; default: none. */
  readonly queries?: number | undefined;
  /** How the optimiser treats it under muP; omitted if it uses the experiment's own learning rate. */
  readonly scaling?: Scaling | undefined;
  /** Weight decay applies: true for kernels, false for biases and gains. */
  readonly decays: boolean;
}

/** Factors of one tensor, relative to the base width (parametrization.ts). */
export interface Scaling {
  /** Of the learning rate, for Adam-like optimisers and for SGD. */
  readonly adam: number;
  readonly sgd: number;
  /** Of the size of its gradient's entries, with which Adam's epsilon is scaled. */
  readonly gradient: number;
}

/** Parameters by name, `conv1.kernel`: the name in weights.safetensors. */
export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;
export type Parameters<Name extends string = string> = Readonly<Record<Name, tf.Tensor>>;

/**
 * One batch: images [n, height, width, channels] in 0..1 and labels [n] (int32). If an example is a sequence of images,
 * its images are consecutive.
 */
export interface Batch {
  readonly images: tf.Tensor4D;
  readonly labels: tf.Tensor1D;
}

/** Random numbers of one training step: uniform in [0, 1), different at each call. */
export interface StepRandom {
  uniform(shape: readonly number[]): tf.Tensor;
}

/** A family's member of one width, before its parameters have values. */
export type Model = ModelParts & ModelAnswers;

/** Its answers for images: what `predict` shows and exported members return. */
type ModelAnswers =
  | {
      /** One number per image and class, [n, classes], whose softmax gives the class probabilities. */
      logits(parameters: Parameters, batch: Batch): tf.Tensor2D;
      readonly reconstruct?: undefined;
    }
  | {
      readonly logits?: undefined;
      /** The images as the model reconstructs them, 0..1. */
      reconstruct(parameters: Parameters, images: tf.Tensor4D): tf.Tensor4D;
    };

interface ModelParts {
  readonly parameters: ParameterSpecs;
  /** Whether there are correct answers, so that the loss comes with an accuracy. */
  readonly hasAccuracy: boolean;
  /**
   * What each layer passes on for a batch, by the layer's name, in the order of the layers; the last one is the model's
   * answer.
   */
  layers(parameters: Parameters, batch: Batch): Readonly<Record<string, tf.Tensor>>;
  /** Training loss of the batch, a scalar; and the share of correct answers, if there are any to compare with. */
  loss(parameters: Parameters, batch: Batch, noise: StepRandom): { loss: tf.Scalar; accuracy?: tf.Scalar };
  /** One value per image of the batch, by column name of `outcomes.parquet`. */
  outcomes(parameters: Parameters, batch: Batch): Readonly<Record<string, tf.Tensor1D>>;
  /**
   * Floating-point operations of convolutions and matrix products (a multiply-add counts as two) per example: of
   * `forward` alone, and of one training step (forward and both backward products; none for the images' gradient).
   */
  readonly flops: { readonly forward: number; readonly training: number };
}

/** What a model gets besides its width and task: the experiment, with its architecture's own options filled in. */
export type Settings = Experiment;

export interface Family {
  readonly name: string;
  /** An example is one image, or a sequence of `pairs` of them. */
  readonly examples: 'images' | 'sequences';
  /** Smallest height and width of an image for which its layers have any output. */
  readonly smallestSide: number;
  /** Why this width is not possible, and what to do instead; undefined if it is. */
  refuses?(width: number, settings: Settings): { readonly what: string; readonly remedy: string } | undefined;
  model(width: number, task: Task, settings: Settings): Model;
}

/** Images in one example. */
export function imagesPerExample({ examples }: Pick<Family, 'examples'>, settings: Settings): number {
  return examples === 'sequences' ? setting(settings, 'pairs') : 1;
}

/** An option specific to the architecture; throws Error if the experiment was not resolved. */
export function setting<Key extends keyof Settings>(settings: Settings, key: Key): NonNullable<Settings[Key]> {
  const value = settings[key];
  if (value === undefined) throw new Error(`${key} is missing: the experiment is not resolved`);
  return value;
}

/** Trainable parameters. */
export function parameterCount(specs: ParameterSpecs): number {
  return Object.values(specs).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
