/** Outcomes of every model that gives images back: how far each is from the original. */
import * as tf from '@tensorflow/tfjs-core';
import { matMul } from '../engine/ops.js';

/** Per image, [n] each: the columns of outcomes.parquet. Both are [n, height, width, channels] in 0..1. */
export function reconstructionOutcomes(images: tf.Tensor4D, originals: tf.Tensor4D): Record<string, tf.Tensor1D> {
  const difference = tf.sub(images, originals);
  const mse = tf.mean<tf.Tensor1D>(tf.square(difference), [1, 2, 3]);
  return {
    mse,
    // Infinite where nothing differs.
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
export function structuralSimilarity(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor1D {
  const [n, height, width, channels] = a.shape;
  const window = Math.min(height, width) < 11 ? uniformWindow(7) : gaussianWindow(11, 1.5);
  const planes = (x: tf.Tensor4D): tf.Tensor3D =>
    tf.reshape(channels === 1 ? x : tf.transpose(x, [0, 3, 1, 2]), [n * channels, height, width]);
  const [x, y] = [planes(a), planes(b)];
  const means = blur(tf.concat([x, y, tf.add(tf.square(x), tf.square(y)), tf.mul(x, y)], 0), window);
  const [mx, my, squared, mixed] = tf.split(means, 4, 0) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const product = tf.mul(mx, my);
  const squares = tf.add(tf.square(mx), tf.square(my));
  const above = tf.mul(tf.add(tf.mul(product, 2), c1), tf.add(tf.mul(tf.sub(mixed, product), 2), c2));
  const below = tf.mul(tf.add(squares, c1), tf.add(tf.sub(squared, squares), c2));
  return tf.mean<tf.Tensor1D>(tf.reshape(tf.div(above, below), [n, -1]), 1);
}

/**
 * The window's weighted mean at every place where it fits, [m, h, w] -> [m, w', h'], one direction after the other. As
 * products with banded matrices: several times as fast as convolutions of one channel.
 */
function blur(planes: tf.Tensor3D, window: readonly number[]): tf.Tensor3D {
  const [m, height, width] = planes.shape;
  const along = (rows: tf.Tensor2D) => matMul(rows, bands(rows.shape[1], window));
  const across = along(tf.reshape(planes, [m * height, width]));
  const turned = tf.transpose(tf.reshape(across, [m, height, -1]), [0, 2, 1]);
  return tf.reshape(along(tf.reshape(turned, [-1, height])), [m, turned.shape[1]!, -1]);
}

/** [size, size - window + 1]: column j holds the window from row j on. */
function bands(size: number, window: readonly number[]): tf.Tensor2D {
  const places = size - window.length + 1;
  const values = new Float32Array(size * places);
  for (let j = 0; j < places; j++) window.forEach((weight, i) => (values[(i + j) * places + j] = weight));
  return tf.tensor2d(values, [size, places]);
}

function gaussianWindow(size: number, deviation: number): number[] {
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * deviation ** 2)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function uniformWindow(size: number): number[] {
  return Array.from({ length: size }, () => 1 / size);
}
