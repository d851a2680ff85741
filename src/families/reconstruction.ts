/** Outcomes of every model that reconstructs images: how far each is from the original. */
import * as tf from '@tensorflow/tfjs-core';
import type { ImageShape } from '../datasets/dataset.js';
import { matMul } from '../engine/ops.js';

/** Per image, [n] each: the columns of outcomes.parquet. Both are [n, height, width, channels] in 0..1. */
export function reconstructionOutcomes(images: tf.Tensor4D, originals: tf.Tensor4D): Record<string, tf.Tensor1D> {
  const difference = tf.sub(images, originals);
  const mse = tf.mean<tf.Tensor1D>(tf.square(difference), [1, 2, 3]);
  return {
    mse,
    // Infinite if nothing differs.
    psnr: tf.mul(tf.log(mse), -10 / Math.LN10),
    ssim: structuralSimilarity(images, originals),
    max_error: tf.max<tf.Tensor1D>(tf.abs(difference), [1, 2, 3]),
  };
}

/** Wang et al. 2004: constants for a range of 1. */
const [c1, c2] = [0.01 ** 2, 0.03 ** 2];

/**
 * Mean structural similarity of each pair, [n] (Wang, Bovik, Sheikh, Simoncelli 2004): a Gaussian window of 11 x 11 and
 * deviation 1.5, population covariances, the mean over all places where the window fits, and over the channels. Images
 * smaller than the window get a uniform one of 7 x 7.
 */
function structuralSimilarity(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor1D {
  const [n, height, width, channels] = a.shape;
  const window = Math.min(height, width) < 11 ? uniformWindow(7) : gaussianWindow(11, 1.5);
  const rows = (x: tf.Tensor): tf.Tensor3D => tf.reshape(x, [n, height, width * channels]);
  const blur = blurOf({ height, width, channels }, window);
  const [x, y] = [rows(a), rows(b)];
  const [mx, my] = [blur(x), blur(y)];
  const product = tf.mul(mx, my);
  const squares = tf.add(tf.square(mx), tf.square(my));
  const covariance = tf.sub(blur(tf.mul(x, y)), product);
  const variances = tf.sub(blur(tf.add(tf.square(x), tf.square(y))), squares);
  const above = tf.mul(tf.add(tf.mul(product, 2), c1), tf.add(tf.mul(covariance, 2), c2));
  const below = tf.mul(tf.add(squares, c1), tf.add(variances, c2));
  return tf.mean<tf.Tensor1D>(tf.reshape(tf.div(above, below), [n, -1]), 1);
}

/**
 * The window's weighted mean at every place where it fits, for images with their channels interleaved, [n, h, w c] ->
 * [n, h', w' c]. Computed as products with banded matrices, several times as fast as convolutions of few channels.
 */
function blurOf({ height, width, channels }: ImageShape, window: readonly number[]): (x: tf.Tensor3D) => tf.Tensor {
  const down = tf.expandDims(tf.transpose(bands(height, window, 1)), 0); // [1, h', h]
  const across = bands(width, window, channels); // [w c, w' c]
  return (x) => {
    const rows = tf.matMul(down, x);
    return matMul(tf.reshape(rows, [-1, width * channels]), across);
  };
}

/** [size c, (size - window + 1) c]: column (j, k) holds the window from row (j, k) on, every c-th row. */
function bands(size: number, window: readonly number[], channels: number): tf.Tensor2D {
  const places = size - window.length + 1;
  const values = new Float32Array(size * channels * places * channels);
  for (let j = 0; j < places; j++) {
    for (let k = 0; k < channels; k++) {
      window.forEach((weight, i) => (values[((i + j) * channels + k) * places * channels + j * channels + k] = weight));
    }
  }
  return tf.tensor2d(values, [size * channels, places * channels]);
}

function gaussianWindow(size: number, deviation: number): number[] {
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * deviation ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function uniformWindow(size: number): number[] {
  return Array.from({ length: size }, () => 1 / size);
}
