/** LeNet family (Schaeffer et al. 2023, Fig. 10). One knob, `width` w; every layer is a multiple of it. */
import type * as tf from '@tensorflow/tfjs-core';
import { relu } from '../engine/ops.js';
import { classificationLoss, classificationOutcomes } from './classification.js';
import type { Family, Parameters, Task } from './family.js';
import { conv, convFlops, convParameters, dense, denseFlops, denseParameters, flatten, maxPool } from './layers.js';

const kernelSize = 5;

/** Side of an image after a valid convolution, and after the pool behind it. */
const convolved = (side: number) => side - kernelSize + 1;
const pooled = (side: number) => Math.floor(convolved(side) / 2);

/** Values that the second pool leaves of an image, for each channel. */
function positions({ height, width }: Task): number {
  return pooled(pooled(height)) * pooled(pooled(width));
}

/**
 * Logits [n, classes] of images [n, height, width, channels]. The pool stands before the relu, not behind it: relu and max
 * commute, so values and gradients are the same, on a quarter of the elements. For 28 x 28:
 */
function apply(parameters: Parameters, images: tf.Tensor4D): tf.Tensor2D {
  let x = relu(maxPool(conv(parameters, 'conv1', images))); // [n, 12, 12, w]
  x = relu(maxPool(conv(parameters, 'conv2', x))); // [n, 4, 4, 2w]
  const hidden = relu(dense(parameters, 'hidden', flatten(x))); // [n, 8w]
  return dense(parameters, 'head', hidden);
}

export const cnn: Family = {
  name: 'cnn',
  summary: 'LeNet: conv5x5 w, pool, conv5x5 2w, pool, dense 8w, dense classes',
  figure: 'Fig. 10',
  smallestSide: 16,
  parameters: (w, task) => ({
    ...convParameters('conv1', kernelSize, task.channels, w),
    ...convParameters('conv2', kernelSize, w, 2 * w),
    ...denseParameters('hidden', positions(task) * 2 * w, 8 * w, { relu: true }),
    ...denseParameters('head', 8 * w, task.classes, { relu: false }),
  }),
  loss: (parameters, { images, labels }) => classificationLoss(apply(parameters, images), labels),
  outcomes: (parameters, { images, labels }) => classificationOutcomes(apply(parameters, images), labels),
  flops: (w, task) => {
    const first = convFlops(kernelSize, task.channels, w, convolved(task.height) * convolved(task.width));
    const second = convFlops(kernelSize, w, 2 * w, convolved(pooled(task.height)) * convolved(pooled(task.width)));
    const forward = first + second + denseFlops(positions(task) * 2 * w, 8 * w) + denseFlops(8 * w, task.classes);
    return { forward, training: 3 * forward - first };
  },
};
