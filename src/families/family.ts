/**
 * What a model family is: a pure description of its parameters, and pure functions from parameters and a batch to
 * predictions, a loss and outcomes. One size knob, `width`. No state, no value read on the host and no JavaScript
 * randomness inside, since all of it is traced into a graph.
 */
import type * as tf from '@tensorflow/tfjs-core';

/** What the dataset asks of a model. */
export interface Task {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}

/** How one parameter tensor begins. Numbers come from the stream named after seed and parameter. */
export type Initial =
  { readonly kind: 'normal'; readonly deviation: number } | { readonly kind: 'constant'; readonly value: number };

export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly initial: Initial;
  /** Weight decay applies: true for kernels, false for biases and gains. */
  readonly decays: boolean;
}

/** Parameters by name, `conv1.kernel`: the name in weights.safetensors. */
export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;
export type Parameters<Name extends string = string> = Readonly<Record<Name, tf.Tensor>>;

/** One batch: images [n, height, width, channels] in 0..1 and labels [n] (int32). */
export interface Batch {
  readonly images: tf.Tensor4D;
  readonly labels: tf.Tensor1D;
}

export interface Family {
  readonly name: string;
  /** One line for help and docs. */
  readonly summary: string;
  /** The figure of Schaeffer et al. 2023 (arXiv 2304.15004) that it is for. */
  readonly figure: string;
  /** Least height and width of an image that its layers leave something of. */
  readonly smallestSide: number;
  parameters(width: number, task: Task): ParameterSpecs;
  /** Training loss of the batch, a scalar, and its share of right answers. */
  loss(parameters: Parameters, batch: Batch): { loss: tf.Scalar; accuracy: tf.Scalar };
  /** One value per example of the batch, by column name of `outcomes.parquet`. */
  outcomes(parameters: Parameters, batch: Batch): Readonly<Record<string, tf.Tensor1D>>;
  /**
   * Floating-point operations of convolutions and matrix products (a multiply-add is two) per example: of `forward`
   * alone, and of one training step (forward and both backward products; none for the images' gradient).
   */
  flops(width: number, task: Task): { readonly forward: number; readonly training: number };
}

/** Trainable parameters. */
export function parameterCount(specs: ParameterSpecs): number {
  return Object.values(specs).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
