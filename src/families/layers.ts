/** Layers that families share, each with its parameters, its computation and its cost. */
import * as tf from '@tensorflow/tfjs-core';
import { biasAdd, conv2d, layerNorm, matMul, type Convolution } from '../engine/ops.js';
import { present } from '../machine/present.js';
import type { StepRandom, ParameterSpec, ParameterSpecs, Parameters } from './family.js';

/** He et al. 2015 (arXiv 1502.01852): keeps the variance of activations through a relu. */
function heNormal(shape: readonly number[], fanIn: number): ParameterSpec {
  return normal(shape, fanIn, Math.sqrt(2 / fanIn));
}

/** LeCun et al. 1998 (Efficient BackProp): for a layer with no relu after it. */
function lecunNormal(shape: readonly number[], fanIn: number): ParameterSpec {
  return normal(shape, fanIn, Math.sqrt(1 / fanIn));
}

function normal(shape: readonly number[], fanIn: number, deviation: number): ParameterSpec {
  return { shape, fanIn, initial: { kind: 'normal', deviation }, decays: true };
}

/** Each value belongs to one unit and affects only that one. */
function constant(shape: readonly number[], value: number): ParameterSpec {
  return { shape, fanIn: 1, initial: { kind: 'constant', value }, decays: false };
}

export interface LayerOptions {
  /** Whether a relu follows; it determines the scale of the initial weights. */
  readonly relu: boolean;
  /** Has a bias unless this is false. */
  readonly bias?: boolean;
}

function withBias(
  name: string,
  kernel: ParameterSpec,
  to: number,
  { bias = true }: Partial<LayerOptions>,
): ParameterSpecs {
  return { [`${name}.kernel`]: kernel, ...(bias ? { [`${name}.bias`]: constant([to], 0) } : {}) };
}

/** Kernel [size, size, from, to] and bias [to]; a relu follows. */
export function convParameters(
  name: string,
  { size, from, to, ...options }: { size: number; from: number; to: number; bias?: boolean },
): ParameterSpecs {
  return withBias(name, heNormal([size, size, from, to], size * size * from), to, options);
}

/** Kernel [from, to] and bias [to]. */
export function denseParameters(name: string, from: number, to: number, options: LayerOptions): ParameterSpecs {
  return withBias(name, (options.relu ? heNormal : lecunNormal)([from, to], from), to, options);
}

/** Kernel [to, from], transposed, and bias [to]; no relu follows. */
export function transposedParameters(name: string, from: number, to: number): ParameterSpecs {
  return withBias(name, lecunNormal([to, from], from), to, {});
}

/** Gain and bias [size]. */
export function normParameters(name: string, size: number): ParameterSpecs {
  return { [`${name}.gain`]: constant([size], 1), [`${name}.bias`]: constant([size], 0) };
}

/** A table of vectors [rows, size] of about unit length. Not a kernel: no weight decay. */
export function tableParameters(name: string, rows: number, size: number): ParameterSpecs {
  return { [name]: { ...normal([rows, size], rows, Math.sqrt(1 / size)), decays: false } };
}

/** [n, h, w, from] -> [n, h', w', to]. */
export function conv(parameters: Parameters, name: string, images: tf.Tensor4D, shape: Convolution): tf.Tensor4D {
  return biased(parameters, name, conv2d(images, parameters[`${name}.kernel`] as tf.Tensor4D, shape));
}

/** [n, from] -> [n, to]. */
export function dense(parameters: Parameters, name: string, inputs: tf.Tensor2D): tf.Tensor2D {
  return biased(parameters, name, matMul(inputs, parameters[`${name}.kernel`] as tf.Tensor2D));
}

/** With the layer's bias added, if it has one. */
export function biased<X extends tf.Tensor>(parameters: Parameters, name: string, x: X): X {
  const bias = parameters[`${name}.bias`];
  return bias === undefined ? x : biasAdd(x, bias);
}

/** Each row of [n, size] normalised to mean 0 and variance 1, then gain and bias. */
export function norm(parameters: Parameters, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return layerNorm(x, present(parameters[`${name}.gain`]), present(parameters[`${name}.bias`]));
}

/**
 * Sees what a layer passes on, by the layer's name: its magnitude shows how a network scales with its width. The
 * identity elsewhere.
 */
export type Watch = <X extends tf.Tensor>(name: string, x: X) => X;
export const unwatched: Watch = (_, x) => x;

/** Everything that a computation shows to its watch. */
export function watched(compute: (watch: Watch) => unknown): Readonly<Record<string, tf.Tensor>> {
  const seen: Record<string, tf.Tensor> = {};
  compute((name, x) => (seen[name] = x));
  return seen;
}

/** A factor of 1 returns the tensor itself, so that the graph has no extra operation. */
export function times<X extends tf.Tensor>(x: X, factor: number): X {
  return factor === 1 ? x : tf.mul(x, factor);
}

/** 2x2, stride 2; an odd last row or column is dropped. */
export function maxPool(images: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(images, 2, 2, 'valid');
}

/** [n, ...] -> [n, product]. */
export function flatten(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [x.shape[0], x.size / x.shape[0]]);
}

/** Sets activations to 0 while training; the identity elsewhere. */
export type Dropout = <X extends tf.Tensor>(x: X) => X;
export const noDropout: Dropout = (x) => x;

/** Srivastava et al. 2014: a share `rate` of activations is set to 0, the others are scaled by 1 / (1 - rate). */
export function dropout(rate: number, noise: StepRandom): Dropout {
  if (rate === 0) return noDropout;
  return (x) => {
    const kept = tf.cast(tf.greaterEqual(noise.uniform(x.shape), rate), 'float32');
    return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
  };
}

/** Of a convolution's forward product, per image, at `outputs` positions. */
export function convFlops(size: number, from: number, to: number, outputs: number): number {
  return 2 * size * size * from * to * outputs;
}

/** Of a dense layer's forward product, per row. */
export function denseFlops(from: number, to: number): number {
  return 2 * from * to;
}
