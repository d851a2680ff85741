/**
 * LeNet family (Schaeffer et al. 2023, Fig. 10). Every layer is a multiple of `width` w; `depth` counts its
 * convolutions. LeNet has two, each followed by a pool; depth 1 omits the second, and further ones are 3x3 convolutions
 * from 2w to 2w channels that keep the size of their input, so that any depth fits any image. If classes are
 * combinations of attributes, the head has an output for each attribute's values, and a combination's logit is the sum
 * of its values' outputs.
 */
import type * as tf from '@tensorflow/tfjs-core';
import { relu } from '../engine/ops.js';
import { firstOf, lastOf } from '../machine/present.js';
import { classificationLoss, classificationOutcomes, combined } from './classification.js';
import { setting, type Batch, type Family, type Parameters, type ParameterSpecs, type Task } from './family.js';
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
  times,
  unwatched,
  watched,
} from './layers.js';
import { outputMultiplier } from './parametrization.js';

const kernelSize = 5;
const valid = { stride: 1, padding: 'valid' } as const;
const furtherKernelSize = 3;
const same = { stride: 1, padding: 'same' } as const;

/** Side of an image after a valid convolution, and after the pool that follows it. */
const convolved = (side: number) => side - kernelSize + 1;
const pooled = (side: number) => Math.floor(convolved(side) / 2);

interface Stage {
  readonly name: string;
  readonly size: number;
  readonly from: number;
  readonly to: number;
  /** Positions of its output, and of what it passes on. */
  readonly outputs: number;
  readonly positions: number;
}

function stagesOf(w: number, { height, width, channels }: Task, depth: number): Stage[] {
  const stages: Stage[] = [];
  let [rows, columns, from] = [height, width, channels];
  for (let i = 1; i <= depth; i++) {
    const isPooled = i <= 2;
    const outputs = isPooled ? convolved(rows) * convolved(columns) : rows * columns;
    if (isPooled) [rows, columns] = [pooled(rows), pooled(columns)];
    const to = i === 1 ? w : 2 * w;
    const size = isPooled ? kernelSize : furtherKernelSize;
    stages.push({ name: `conv${i}`, size, from, to, outputs, positions: rows * columns });
    from = to;
  }
  return stages;
}

/** Values per image after the last stage. */
function valuesAfter(stages: readonly Stage[]): number {
  const { to, positions } = lastOf(stages);
  return positions * to;
}

/** Outputs of the head. */
function answersOf({ classes, attributes }: Task): number {
  return attributes?.reduce((sum, size) => sum + size, 0) ?? classes;
}

function parameters(w: number, task: Task, depth: number): ParameterSpecs {
  const stages = stagesOf(w, task, depth);
  return {
    ...(Object.assign({}, ...stages.map(({ name, ...shape }) => convParameters(name, shape))) as ParameterSpecs),
    ...denseParameters('hidden', valuesAfter(stages), 8 * w, { relu: true }),
    ...denseParameters('head', 8 * w, answersOf(task), { relu: false }),
  };
}

/**
 * Logits [n, classes] of images [n, height, width, channels]. The pool comes before the relu, not after it: relu and
 * max commute, so values and gradients are the same, on a quarter of the elements. For 28 x 28 and two stages:
 */
function apply(
  parameters: Parameters,
  images: tf.Tensor4D,
  { depth, attributes, multiplier }: Form,
  { drop = noDropout, watch = unwatched } = {},
): tf.Tensor2D {
  let x = watch('conv1', relu(maxPool(conv(parameters, 'conv1', images, valid)))); // [n, 12, 12, w]
  if (depth > 1) x = watch('conv2', relu(maxPool(conv(parameters, 'conv2', x, valid)))); // [n, 4, 4, 2w]
  for (let i = 3; i <= depth; i++) x = watch(`conv${i}`, relu(conv(parameters, `conv${i}`, x, same)));
  const hidden = watch('hidden', relu(dense(parameters, 'hidden', flatten(x)))); // [n, 8w]
  const answers = watch('head', dense(parameters, 'head', times(drop(hidden), multiplier)));
  return attributes === undefined ? answers : combined(answers, attributes);
}

interface Form extends Pick<Task, 'attributes'> {
  readonly depth: number;
  /** Factor of the head's input. */
  readonly multiplier: number;
}

function flops(w: number, task: Task, depth: number): { forward: number; training: number } {
  const stages = stagesOf(w, task, depth);
  const costs = stages.map(({ size, from, to, outputs }) => convFlops(size, from, to, outputs));
  const dense = denseFlops(valuesAfter(stages), 8 * w) + denseFlops(8 * w, answersOf(task));
  const forward = costs.reduce((sum, each) => sum + each, dense);
  return { forward, training: 3 * forward - firstOf(costs) };
}

export const cnn: Family = {
  name: 'cnn',
  examples: 'images',
  smallestSide: 16,
  model: (w, task, settings) => {
    const depth = setting(settings, 'depth');
    const form = { depth, attributes: task.attributes, multiplier: outputMultiplier(w, settings) };
    const logits = (values: Parameters, { images }: Batch) => apply(values, images, form);
    return {
      parameters: parameters(w, task, depth),
      hasAccuracy: true,
      layers: (values, { images }) => watched((watch) => apply(values, images, form, { watch })),
      loss: (values, { images, labels }, noise) =>
        classificationLoss(apply(values, images, form, { drop: dropout(setting(settings, 'dropout'), noise) }), labels),
      outcomes: (values, batch) => classificationOutcomes(logits(values, batch), batch.labels),
      logits,
      flops: flops(w, task, depth),
    };
  },
};
