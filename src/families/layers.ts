/** Layers that families share: for each what its parameters are, what it computes, and what it costs. */
import * as tf from '@tensorflow/tfjs-core';
import { biasAdd, conv2d, matMul } from '../engine/ops.js';
import type { ParameterSpec, Parameters } from './family.js';

/** He et al. 2015 (arXiv 1502.01852): keeps the variance of activations through a relu. */
function heNormal(shape: readonly number[], fanIn: number): ParameterSpec {
  return { shape, initial: { kind: 'normal', deviation: Math.sqrt(2 / fanIn) }, decays: true };
}

/** LeCun et al. 1998 (Efficient BackProp): for a layer with no relu behind it. */
function lecunNormal(shape: readonly number[], fanIn: number): ParameterSpec {
  return { shape, initial: { kind: 'normal', deviation: Math.sqrt(1 / fanIn) }, decays: true };
}

function zeros(shape: readonly number[]): ParameterSpec {
  return { shape, initial: { kind: 'constant', value: 0 }, decays: false };
}

export interface LayerOptions {
  /** Whether a relu follows; it decides the scale of the first weights. */
  readonly relu: boolean;
}

/** Kernel [size, size, from, to] and bias [to]. */
export function convParameters<N extends string>(name: N, size: number, from: number, to: number) {
  return {
    [`${name}.kernel`]: heNormal([size, size, from, to], size * size * from),
    [`${name}.bias`]: zeros([to]),
  } as Record<`${N}.kernel` | `${N}.bias`, ParameterSpec>;
}

/** Kernel [from, to] and bias [to]. */
export function denseParameters<N extends string>(name: N, from: number, to: number, { relu }: LayerOptions) {
  return {
    [`${name}.kernel`]: (relu ? heNormal : lecunNormal)([from, to], from),
    [`${name}.bias`]: zeros([to]),
  } as Record<`${N}.kernel` | `${N}.bias`, ParameterSpec>;
}

/** Valid padding, stride 1: [n, h, w, from] -> [n, h - size + 1, w - size + 1, to]. */
export function conv(parameters: Parameters, name: string, images: tf.Tensor4D): tf.Tensor4D {
  const kernel = parameters[`${name}.kernel`] as tf.Tensor4D;
  return biasAdd(conv2d(images, kernel, { stride: 1, padding: 'valid' }), parameters[`${name}.bias`]!);
}

/** [n, from] -> [n, to]. */
export function dense(parameters: Parameters, name: string, inputs: tf.Tensor2D): tf.Tensor2D {
  return biasAdd(matMul(inputs, parameters[`${name}.kernel`] as tf.Tensor2D), parameters[`${name}.bias`]!);
}

/** 2x2, stride 2; an odd last row or column is dropped. */
export function maxPool(images: tf.Tensor4D): tf.Tensor4D {
  return tf.maxPool(images, 2, 2, 'valid');
}

/** [n, ...] -> [n, product]. */
export function flatten(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [x.shape[0], x.size / x.shape[0]]);
}

/** Of a convolution's forward product, per example, at `outputs` positions. */
export function convFlops(size: number, from: number, to: number, outputs: number): number {
  return 2 * size * size * from * to * outputs;
}

/** Of a dense layer's forward product, per example. */
export function denseFlops(from: number, to: number): number {
  return 2 * from * to;
}
