/** LeNet family (Schaeffer et al. 2023, Fig. 10). One knob, `width` w; every layer is a multiple of it. */
import type * as tf from '@tensorflow/tfjs-core';
import { relu } from '../engine/ops.js';
import { classificationLoss, classificationOutcomes } from './classification.js';
import { setting, type Family, type Parameters, type ParameterSpecs, type Task } from './family.js';
import {
  conv,
  convFlops,
  convParameters,
  dense,
  denseFlops,
  denseParameters,
  dropout,
  flatten,
  maxPool,
  noDropout,
} from './layers.js';

const kernelSize = 5;
const valid = { stride: 1, padding: 'valid' } as const;

/** Side of an image after a valid convolution, and after the pool behind it. */
const convolved = (side: number) => side - kernelSize + 1;
const pooled = (side: number) => Math.floor(convolved(side) / 2);

/** Values that the second pool leaves of an image, for each channel. */
function positions({ height, width }: Task): number {
  return pooled(pooled(height)) * pooled(pooled(width));
}

function parameters(w: number, task: Task): ParameterSpecs {
  return {
    ...convParameters('conv1', { size: kernelSize, from: task.channels, to: w }),
    ...convParameters('conv2', { size: kernelSize, from: w, to: 2 * w }),
    ...denseParameters('hidden', positions(task) * 2 * w, 8 * w, { relu: true }),
    ...denseParameters('head', 8 * w, task.classes, { relu: false }),
  };
}

/**
 * Logits [n, classes] of images [n, height, width, channels]. The pool comes before the relu, not behind it: relu and max
 * commute, so values and gradients are the same, on a quarter of the elements. For 28 x 28:
 */
function apply(parameters: Parameters, images: tf.Tensor4D, drop = noDropout): tf.Tensor2D {
  let x = relu(maxPool(conv(parameters, 'conv1', images, valid))); // [n, 12, 12, w]
  x = relu(maxPool(conv(parameters, 'conv2', x, valid))); // [n, 4, 4, 2w]
  const hidden = relu(dense(parameters, 'hidden', flatten(x))); // [n, 8w]
  return dense(parameters, 'head', drop(hidden));
}

function flops(w: number, task: Task): { forward: number; training: number } {
  const first = convFlops(kernelSize, task.channels, w, convolved(task.height) * convolved(task.width));
  const second = convFlops(kernelSize, w, 2 * w, convolved(pooled(task.height)) * convolved(pooled(task.width)));
  const forward = first + second + denseFlops(positions(task) * 2 * w, 8 * w) + denseFlops(8 * w, task.classes);
  return { forward, training: 3 * forward - first };
}

export const cnn: Family = {
  name: 'cnn',
  summary: 'LeNet: conv5x5 w, pool, conv5x5 2w, pool, dense 8w, dense classes',
  figure: 'Fig. 10',
  examples: 'images',
  smallestSide: 16,
  model: (w, task, settings) => ({
    parameters: parameters(w, task),
    hasAccuracy: true,
    loss: (values, { images, labels }, noise) =>
      classificationLoss(apply(values, images, dropout(setting(settings, 'dropout'), noise)), labels),
    outcomes: (values, { images, labels }) => classificationOutcomes(apply(values, images), labels),
    flops: flops(w, task),
  }),
};
