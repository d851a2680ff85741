/**
 * TensorFlow's own ops where tfjs's are wasteful or can't be traced. tfjs differentiates relu with seven element-wise
 * ops over the whole activation and a bias with a generic broadcast sum; TensorFlow has one kernel for each. tfjs's
 * gather reads its indices on the host. Each function here works both eagerly and while being traced.
 */
import * as tf from '@tensorflow/tfjs-core';
import { attributeTypes, backend, dataTypes, type OpAttribute } from './backend.js';
import { T, bool, ints, run, text, type, typeOf } from './native-op.js';

/** How a square window moves over images. */
export interface Patches {
  readonly size: number;
  readonly stride: number;
  readonly padding: string;
}

/** Patches [n, h', w', size size channels] of images [n, h, w, channels], each in the order of a kernel's weights. */
export function imagePatches(images: tf.Tensor, { size, stride, padding }: Patches): tf.Tensor {
  const square = (name: string, side: number) => ints(name, [1, side, side, 1]);
  const windows = [square('ksizes', size), square('strides', stride), square('rates', 1)];
  return run('ExtractImagePatches', [...windows, T(images), text('padding', padding)], [images]);
}

/** max(x, 0). */
export const relu = tf.customGrad((x, save) => {
  const y = run('Relu', [T(x as tf.Tensor)], [x as tf.Tensor]);
  (save as tf.GradSaveFunc)([y]);
  return { value: y, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => run('ReluGrad', [T(dy)], [dy, saved[0]!]) };
}) as <X extends tf.Tensor>(x: X) => X;

/** x + bias, `bias` of shape [channels] along x's last axis. */
export const biasAdd = tf.customGrad((x, bias) => {
  const layout = text('data_format', 'NHWC');
  const value = run('BiasAdd', [T(x as tf.Tensor), layout], [x as tf.Tensor, bias as tf.Tensor]);
  return { value, gradFunc: (dy: tf.Tensor) => [dy, run('BiasAddGrad', [T(dy), layout], [dy])] };
}) as <X extends tf.Tensor>(x: X, bias: tf.Tensor) => X;

function product(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  return run('MatMul', [T(a), bool('transpose_a', transposeA), bool('transpose_b', transposeB)], [a, b]);
}

/** [m, k] x [k, n] -> [m, n]. */
export const matMul = tf.customGrad((a, b, save) => {
  (save as tf.GradSaveFunc)([a as tf.Tensor, b as tf.Tensor]);
  return {
    value: product(a as tf.Tensor, b as tf.Tensor, false, false),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [product(dy, saved[1]!, false, true), transposedA(saved[0]!, dy)],
  };
}) as (a: tf.Tensor2D, b: tf.Tensor2D) => tf.Tensor2D;

/** Widest result for which `transposedA` computes the transpose instead. */
const narrow = 16;

/**
 * aᵀ b, [k, m] x [k, n] -> [m, n]: a narrow one as (bᵀ a)ᵀ, since a row of 8 fills half a vector register (90 vs. 145
 * us).
 */
function transposedA(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return b.shape[1]! <= narrow ? tf.transpose(product(b, a, true, false)) : product(a, b, true, false);
}

/**
 * (inputs - offset) x kernel, [m, k] x [k, n] -> [m, n], without a pass over the inputs. Gradients flow only to the
 * kernel: it is meant for a first layer.
 */
export function shiftedMatMul(inputs: tf.Tensor2D, kernel: tf.Tensor2D, offset: number): tf.Tensor2D {
  const withGradient = tf.customGrad((values, save) => {
    const k = values as tf.Tensor;
    (save as tf.GradSaveFunc)([inputs]);
    return {
      value: tf.sub(product(inputs, k, false, false), tf.mul(tf.sum(k, 0), offset)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.sub(transposedA(saved[0]!, dy), tf.mul(tf.sum(dy, 0), offset)),
    };
  });
  return withGradient(kernel) as tf.Tensor2D;
}

/**
 * The device that TensorFlow uses in this process. Its GPU kernels for SparseSoftmaxCrossEntropyWithLogits and
 * UnsortedSegmentSum add in no fixed order, and are rejected where results must be reproducible (TF_DETERMINISTIC_OPS).
 */
const computesOn = (): 'cpu' | 'gpu' => (backend().binding.isUsingGpuDevice() ? 'gpu' : 'cpu');

/**
 * Cross-entropy in nats of each row, [n], from logits [n, classes] and labels [n] (int32). Gradients flow only to the
 * logits.
 */
export function sparseSoftmaxCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  device = computesOn(),
): tf.Tensor1D {
  const lossAndSlope = device === 'gpu' ? repeatableCrossEntropy : fusedCrossEntropy;
  const withGradient = tf.customGrad((z, save) => {
    const [loss, slope] = lossAndSlope(z as tf.Tensor2D, labels);
    (save as tf.GradSaveFunc)([slope]);
    return {
      value: loss,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(tf.reshape(dy, [-1, 1]), saved[0]!),
    };
  });
  return withGradient(logits) as tf.Tensor1D;
}

type LossAndSlope = [loss: tf.Tensor, slope: tf.Tensor];

function fusedCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): LossAndSlope {
  const types = [type('T', dataTypes.float32), type('Tlabels', dataTypes.int32)];
  const results = backend().executeMultipleOutputs('SparseSoftmaxCrossEntropyWithLogits', types, [logits, labels], 2);
  return results as LossAndSlope;
}

function repeatableCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): LossAndSlope {
  const logChances = run('LogSoftmax', [T(logits)], [logits]) as tf.Tensor2D;
  const slope = tf.sub(tf.exp(logChances), oneHot(labels, logits.shape[1]));
  return [tf.neg(gatherColumns(logChances, labels)), slope];
}

/** [n] (int32) -> [n, depth] float32. */
function oneHot(indices: tf.Tensor1D, depth: number): tf.Tensor2D {
  const attributes = [
    { name: 'axis', type: attributeTypes.int, value: -1 },
    type('T', dataTypes.float32),
    type('TI', dataTypes.int32),
  ];
  return run('OneHot', attributes, [indices, tf.scalar(depth, 'int32'), tf.scalar(1), tf.scalar(0)]) as tf.Tensor2D;
}

/** Rows of `table` [rows, ...] at `indices` [n] (int32): [n, ...]. TensorFlow throws if an index is out of range. */
export function gatherRows(table: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const attributes: OpAttribute[] = [
    { name: 'batch_dims', type: attributeTypes.int, value: 0 },
    type('Tparams', typeOf(table.dtype)),
    type('Tindices', dataTypes.int32),
    type('Taxis', dataTypes.int32),
  ];
  return run('GatherV2', attributes, [table, indices, tf.scalar(0, 'int32')]);
}

/** For each row of `values` [n, classes], the entry at `columns` [n] (int32): [n]. */
export function gatherColumns(values: tf.Tensor2D, columns: tf.Tensor1D): tf.Tensor1D {
  const attributes: OpAttribute[] = [
    { name: 'batch_dims', type: attributeTypes.int, value: 1 },
    type('Tparams', typeOf(values.dtype)),
    type('Tindices', dataTypes.int32),
    type('Taxis', dataTypes.int32),
  ];
  return run('GatherV2', attributes, [values, columns, tf.scalar(1, 'int32')]) as tf.Tensor1D;
}

export interface Convolution {
  readonly stride: number;
  readonly padding: 'valid' | 'same';
}

/** 2-D convolution: images [n, h, w, in], kernel [kh, kw, in, out] -> [n, h', w', out]. */
export function conv2d(images: tf.Tensor4D, kernel: tf.Tensor4D, { stride, padding }: Convolution): tf.Tensor4D {
  const attributes = (dtype: tf.Tensor): OpAttribute[] => [
    T(dtype),
    ints('strides', [1, stride, stride, 1]),
    text('padding', padding.toUpperCase()),
    text('data_format', 'NHWC'),
    ints('dilations', [1, 1, 1, 1]),
    bool('use_cudnn_on_gpu', true),
  ];
  const withGradient = tf.customGrad((x, k, save) => {
    const images = x as tf.Tensor4D;
    const kernel = k as tf.Tensor4D;
    (save as tf.GradSaveFunc)([images, kernel]);
    return {
      value: run('Conv2D', attributes(images), [images, kernel]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => [
        run('Conv2DBackpropInput', attributes(dy), [tf.tensor1d(saved[0]!.shape, 'int32'), saved[1]!, dy]),
        run('Conv2DBackpropFilter', attributes(dy), [saved[0]!, tf.tensor1d(saved[1]!.shape, 'int32'), dy]),
      ],
    };
  });
  return withGradient(images, kernel) as tf.Tensor4D;
}

/** 1 / (1 + exp(-x)). */
export const sigmoid = tf.customGrad((x, save) => {
  const y = run('Sigmoid', [T(x as tf.Tensor)], [x as tf.Tensor]);
  (save as tf.GradSaveFunc)([y]);
  return { value: y, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => run('SigmoidGrad', [T(dy)], [saved[0]!, dy]) };
}) as <X extends tf.Tensor>(x: X) => X;

/** tanh(x). */
export const tanh = tf.customGrad((x, save) => {
  const y = run('Tanh', [T(x as tf.Tensor)], [x as tf.Tensor]);
  (save as tf.GradSaveFunc)([y]);
  return { value: y, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => run('TanhGrad', [T(dy)], [saved[0]!, dy]) };
}) as <X extends tf.Tensor>(x: X) => X;

/**
 * The last layer of an autoencoder, sigmoid(hidden x kernelᵀ + bias), [n, pixels].
 *
 * @param hidden [n, w]
 * @param kernel [pixels, w]: in this order the gradient's product with it takes half the time
 * @param bias [pixels]
 */
export function decode(hidden: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor): tf.Tensor2D {
  return run('Sigmoid', [T(hidden)], [decodedLogits(hidden, kernel, bias)]) as tf.Tensor2D;
}

function decodedLogits(hidden: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const logits = product(hidden, kernel, false, true);
  return run('BiasAdd', [T(logits), text('data_format', 'NHWC')], [logits, bias]);
}

/**
 * Mean over all elements of (decode(hidden, kernel, bias) - targets)². Gradients flow to the first three. Their
 * constant factor, 2 over the number of elements, is applied to the small tensors, not to [n, pixels].
 */
export function decodingLoss(
  inputs: readonly [hidden: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor],
  targets: tf.Tensor2D,
): tf.Scalar {
  const withGradient = tf.customGrad((...values) => {
    const [hidden, kernel, bias, save] = values as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const decoded = run('Sigmoid', [T(hidden)], [decodedLogits(hidden, kernel, bias)]);
    const difference = tf.sub(decoded, targets);
    save([hidden, kernel, decoded, difference]);
    const factor = 2 / difference.size;
    return {
      // L2Loss is half the sum of squares, in one pass.
      value: tf.mul(run('L2Loss', [T(difference)], [difference]), factor),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [hidden, kernel, decoded, difference] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const slope = run('SigmoidGrad', [T(decoded)], [decoded, difference]);
        const scale = tf.mul(dy, factor);
        const layout = text('data_format', 'NHWC');
        return [
          tf.mul(product(slope, kernel, false, false), scale),
          transposedA(slope, tf.mul(hidden, scale)),
          tf.mul(run('BiasAddGrad', [T(slope), layout], [slope]), scale),
        ];
      },
    };
  });
  return withGradient(...inputs) as tf.Scalar;
}

/**
 * Layer normalisation of each row (Ba et al. 2016, arXiv 1607.06450): (x - mean) / sqrt(variance + 1e-5) * gain + bias.
 * x [rows, n], gain and bias [n].
 */
export const layerNorm = tf.customGrad((x, gain, bias, save) => {
  const centred = tf.sub(x as tf.Tensor2D, tf.mean(x as tf.Tensor2D, 1, true));
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-5));
  const normal = tf.mul(centred, scale);
  (save as tf.GradSaveFunc)([normal, scale, gain as tf.Tensor]);
  return {
    value: biasAdd(tf.mul(normal, gain as tf.Tensor), bias as tf.Tensor),
    gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [normal, scale, gain] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const slope = tf.mul(dy, gain);
      const across = tf.mul(normal, tf.mean(tf.mul(slope, normal), 1, true));
      const dx = tf.mul(scale, tf.sub(tf.sub(slope, tf.mean(slope, 1, true)), across));
      const layout = text('data_format', 'NHWC');
      return [dx, tf.sum(tf.mul(dy, normal), 0), run('BiasAddGrad', [T(dy), layout], [dy])];
    },
  };
}) as (x: tf.Tensor2D, gain: tf.Tensor, bias: tf.Tensor) => tf.Tensor2D;

/**
 * Rows of a trained table [rows, n] at `indices` [m] (int32): [m, n]. Its gradient sums the contributions to each row:
 * on a CPU in the order of the indices, on a GPU as a matrix product.
 */
export function embed(table: tf.Tensor2D, indices: tf.Tensor1D, device = computesOn()): tf.Tensor2D {
  const rows = table.shape[0];
  const withGradient = tf.customGrad((values, save) => {
    (save as tf.GradSaveFunc)([indices]);
    return {
      value: gatherRows(values as tf.Tensor, indices),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => {
        const at = saved as tf.Tensor1D;
        if (device === 'gpu') return product(oneHot(at, rows), dy, true, false);
        const attributes = [T(dy), type('Tindices', dataTypes.int32), type('Tnumsegments', dataTypes.int32)];
        return run('UnsortedSegmentSum', attributes, [dy, at, tf.scalar(rows, 'int32')]);
      },
    };
  });
  return withGradient(table) as tf.Tensor2D;
}

/**
 * Numbers in [0, 1) that depend only on `seed` [2] (int32): the same on every machine, device and thread count
 * (Philox).
 */
export function statelessUniform(shape: readonly number[], seed: tf.Tensor1D): tf.Tensor {
  const attributes = [type('dtype', dataTypes.float32), type('T', dataTypes.int32), type('Tseed', dataTypes.int32)];
  return run('StatelessRandomUniform', attributes, [tf.tensor1d([...shape], 'int32'), seed]);
}

/**
 * Images [n, h, w, c], each seen through a projective map, bilinear; beyond the edge the nearest pixel is repeated.
 *
 * @param transforms [n, 8]: pixel (x, y) of the result is the image's at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) /
 * k)
 *   with k = c0 x + c1 y + 1
 */
export function projectImages(images: tf.Tensor4D, transforms: tf.Tensor2D): tf.Tensor4D {
  const [, height, width] = images.shape;
  const attributes = [
    type('dtype', typeOf(images.dtype)),
    text('interpolation', 'BILINEAR'),
    text('fill_mode', 'NEAREST'),
  ];
  const size = tf.tensor1d([height, width], 'int32');
  return run('ImageProjectiveTransformV3', attributes, [images, transforms, size, tf.scalar(0)]) as tf.Tensor4D;
}
