/**
 * Autoencoder family (Schaeffer et al. 2023, Fig. 7): image, hidden layers, a bottleneck of `width` w units, hidden layers,
 * image. With `depth` 1 the bottleneck is the only hidden layer; each further layer is twice as wide as the next inwards.
 */
import * as tf from '@tensorflow/tfjs-core';
import { decode, decodingLoss, relu, shiftedMatMul, sigmoid, tanh } from '../engine/ops.js';
import { firstOf, lastOf, nth, present } from '../machine/present.js';
import { setting, type Family, type Parameters, type ParameterSpecs, type Settings, type Task } from './family.js';
import {
  biased,
  dense,
  denseFlops,
  denseParameters,
  flatten,
  times,
  transposedParameters,
  unwatched,
  watched,
} from './layers.js';
import { outputMultiplier } from './parametrization.js';
import { reconstructionOutcomes } from './reconstruction.js';

const nonlinearities = { relu, tanh, sigmoid } as const;

/** Units of each layer from image to image: [784, w, 784], [784, 2w, w, 2w, 784]. */
function sizes(w: number, { height, width, channels }: Task, settings: Settings): number[] {
  const pixels = height * width * channels;
  const inner = Array.from({ length: setting(settings, 'depth') }, (_, i) => w * 2 ** i);
  return [pixels, ...inner.toReversed(), ...inner.slice(1), pixels];
}

const layerName = (i: number) => `dense${i + 1}`;

/** Inputs and outputs of each layer. */
function layersOf(units: readonly number[]): [from: number, to: number][] {
  return units.slice(1).map((to, i) => [nth(units, i), to]);
}

function parameters(units: readonly number[], settings: Settings): ParameterSpecs {
  const hidden = layersOf(units).slice(0, -1);
  const relu = setting(settings, 'activation') === 'relu';
  const [from, pixels] = lastOf(layersOf(units));
  return Object.assign(
    {},
    ...hidden.map(([from, to], i) => denseParameters(layerName(i), from, to, { relu })),
    transposedParameters('output', from, pixels),
  ) as ParameterSpecs;
}

/**
 * Images as rows [n, pixels] -> the last layer's input. The training set's mean is subtracted from the pixels: the
 * model can express the same functions, as the bias can undo it, but a step of Adam then moves a unit for all images
 * only a little. Without it one step moves a unit of 3072 pixels by 1.4, the first steps push it below 0 for every
 * image, and it never recovers.
 */
function encode(
  parameters: Parameters,
  rows: tf.Tensor2D,
  { layers, meanPixel, multiplier }: Form,
  settings: Settings,
  watch = unwatched,
): tf.Tensor2D {
  const nonlinearity = nonlinearities[setting(settings, 'activation')];
  const kernel = parameters[`${layerName(0)}.kernel`] as tf.Tensor2D;
  let x = watch(layerName(0), nonlinearity(biased(parameters, layerName(0), shiftedMatMul(rows, kernel, meanPixel))));
  for (let i = 1; i < layers - 1; i++) x = watch(layerName(i), nonlinearity(dense(parameters, layerName(i), x)));
  return times(x, multiplier);
}

interface Form {
  readonly layers: number;
  readonly meanPixel: number;
  /** Factor of the last layer's input. */
  readonly multiplier: number;
}

/** Kernel [pixels, from] and bias [pixels] of the last layer. */
function outputOf(parameters: Parameters): [kernel: tf.Tensor2D, bias: tf.Tensor] {
  return [parameters['output.kernel'] as tf.Tensor2D, present(parameters['output.bias'])];
}

export const autoencoder: Family = {
  name: 'autoencoder',
  examples: 'images',
  smallestSide: 7,
  model(w, task, settings) {
    const units = sizes(w, task, settings);
    const form = {
      ...{ layers: units.length - 1, meanPixel: task.meanPixel },
      multiplier: outputMultiplier(w, settings),
    };
    const reconstruct = (values: Parameters, images: tf.Tensor4D): tf.Tensor4D =>
      tf.reshape(decode(encode(values, flatten(images), form, settings), ...outputOf(values)), images.shape);
    const costs = layersOf(units).map(([from, to]) => denseFlops(from, to));
    const forward = costs.reduce((sum, cost) => sum + cost, 0);
    return {
      parameters: parameters(units, settings),
      hasAccuracy: false,
      layers: (values, { images }) =>
        watched((watch) => {
          const last = encode(values, flatten(images), form, settings, watch);
          const [kernel, bias] = outputOf(values);
          // Before the sigmoid, which would hide its magnitude.
          watch('output', tf.add(tf.matMul(last, kernel, false, true), bias));
        }),
      loss(values, { images }) {
        const rows = flatten(images);
        return { loss: decodingLoss([encode(values, rows, form, settings), ...outputOf(values)], rows) };
      },
      outcomes: (values, { images }) => reconstructionOutcomes(reconstruct(values, images), images),
      reconstruct,
      flops: { forward, training: 3 * forward - firstOf(costs) },
    };
  },
};
