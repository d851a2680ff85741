/** Training images shifted, rotated and scaled at random, as graph ops: bilinear, with the border extended outwards. */
import * as tf from '@tensorflow/tfjs-core';
import { projectImages } from '../engine/ops.js';
import type { Experiment } from '../experiment/schema.js';
import type { StepRandom } from '../families/family.js';
import { present } from '../machine/present.js';

export type AugmentationOptions = Pick<Experiment, 'augmentShift' | 'augmentRotation' | 'augmentScale'>;

/** Images [n, h, w, c], each with its own random numbers; returned unchanged if no augmentation is requested. */
export function augment(images: tf.Tensor4D, options: AugmentationOptions, noise: StepRandom): tf.Tensor4D {
  const { augmentShift, augmentRotation, augmentScale } = options;
  if (augmentShift === 0 && augmentRotation === 0 && augmentScale === 0) return images;
  const [n, height, width] = images.shape;
  const [right, down, turn, growth] = tf.unstack(tf.sub(tf.mul(noise.uniform([4, n]), 2), 1)) as tf.Tensor1D[];
  const angle = tf.mul<tf.Tensor1D>(present(turn), (augmentRotation * Math.PI) / 180);
  const scale = tf.add<tf.Tensor1D>(tf.mul(present(growth), augmentScale), 1);
  return projectImages(
    images,
    aboutCentre(
      {
        angle,
        scale,
        right: tf.mul<tf.Tensor1D>(present(right), augmentShift * width),
        down: tf.mul<tf.Tensor1D>(present(down), augmentShift * height),
      },
      { height, width },
    ),
  );
}

export interface Movement {
  /** Radians, scale factor and pixels, [n] each. */
  readonly angle: tf.Tensor1D;
  readonly scale: tf.Tensor1D;
  readonly right: tf.Tensor1D;
  readonly down: tf.Tensor1D;
}

/** The maps [n, 8] that `projectImages` takes: rotated and scaled about the image's centre, then shifted. */
export function aboutCentre(
  { angle, scale, right, down }: Movement,
  { height, width }: { readonly height: number; readonly width: number },
): tf.Tensor2D {
  const [x0, y0] = [(width - 1) / 2, (height - 1) / 2];
  const cos = tf.div(tf.cos(angle), scale);
  const sin = tf.div(tf.sin(angle), scale);
  const [x, y] = [tf.add(right, x0), tf.add(down, y0)]; // where the centre goes
  const a2 = tf.sub(x0, tf.add(tf.mul(cos, x), tf.mul(sin, y)));
  const b2 = tf.sub(y0, tf.sub(tf.mul(cos, y), tf.mul(sin, x)));
  const zero = tf.zerosLike(cos);
  return tf.stack([cos, sin, a2, tf.neg(sin), cos, b2, zero, zero], 1) as tf.Tensor2D;
}
