/** Ops that XLA lacks, has in no deterministic form, or computes otherwise than TensorFlow, as ops that it has. */
import * as tf from '@tensorflow/tfjs-core';
import { dataTypes, type DataTypeNumber, type OpAttribute } from './backend.js';
import { attribute, type Edge, type GraphBuilder } from './graph-def.js';
import { TraceError, type OpForms } from './trace.js';

/** `trace` takes these in place of TensorFlow's ops. */
export const xlaForms: OpForms = { MaxPoolGrad: poolGradient };

/**
 * Gradient of a maximum over squares that do not overlap. As with TensorFlow's own op, all of it goes to the first of equal
 * maxima: MNIST's background has many.
 *
 * @param inputs images [n, h, w, channels], their maxima [n, h / size, w / size, channels], and the gradient of these
 */
function poolGradient(
  attributes: readonly OpAttribute[],
  [images, maxima, slope]: readonly tf.Tensor[],
): tf.Tensor<tf.Rank.R4> {
  const valueOf = (name: string) => attributes.find((each) => each.name === name)?.value;
  const [, size, across] = valueOf('ksize') as number[];
  const isOther = size !== across || String(valueOf('strides')) !== String([1, size, size, 1]);
  if (size === undefined || isOther || valueOf('padding') !== 'VALID' || valueOf('data_format') !== 'NHWC')
    throw new TraceError(
      'no-graph-form',
      'MaxPoolGrad: XLA has it only for squares that do not overlap: leave --xla out',
    );
  const [n, height, width, channels] = images!.shape as [number, number, number, number];
  const [, rows, columns] = maxima!.shape as [number, number, number, number];
  const cropped = tf.slice(images!, [0, 0, 0, 0], [n, rows * size, columns * size, channels]);
  const squares = tf.reshape(cropped, [n * rows, size, columns, size * channels]);
  const [high, gradient] = [maxima!, slope!].map((each) => tf.reshape(each, [n * rows, 1, columns, channels]));
  let left = tf.onesLike(high!);
  const parts = Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => {
      const values = tf.slice(squares, [0, y, 0, x * channels], [n * rows, 1, columns, channels]);
      const isFirst = tf.mul(left, tf.cast(tf.equal(values, high!), 'float32'));
      left = tf.sub(left, isFirst);
      return tf.mul(isFirst, gradient!);
    }),
  );
  const whole = tf.concat(
    parts.map((row) => tf.concat(row, 3)),
    1,
  );
  return tf.pad(tf.reshape<tf.Rank.R4>(whole, [n, rows * size, columns * size, channels]), [
    [0, 0],
    [0, height - rows * size],
    [0, width - columns * size],
    [0, 0],
  ]);
}

/**
 * TensorFlow's StatelessRandomUniform in float32, from the same generator's bits: XLA's op of this name takes another part of them, and
 * mixes a negative seed otherwise. Both start Philox at what Philox makes of the seed (random_ops_util.h, GenerateKey).
 *
 * @param inputs shape and seed [2], both int32
 */
export function addUniform(graph: GraphBuilder, [shape, seed]: readonly [Edge, Edge]): Edge {
  const { int32, int64, uint32, uint64, float32 } = dataTypes;
  const T = attribute.type;
  const after = [`^${seed.replace(/:\d+$/, '')}`];
  const constant = (dtype: DataTypeNumber, values: Int32Array | Uint32Array, sizes: readonly number[] = []) =>
    graph.constant({ dtype, shape: sizes }, new Uint8Array(values.buffer), after);
  const number = (value: number) => constant(int32, Int32Array.of(value));
  const list = (...values: number[]) => constant(int32, Int32Array.from(values), [values.length]);
  const bitcast = (edge: Edge, from: DataTypeNumber, to: DataTypeNumber) =>
    graph.add('Bitcast', [edge], { T: T(from), type: T(to) });
  const bitwise = (op: string, edge: Edge, bits: number) =>
    graph.add(op, [edge, constant(uint32, Uint32Array.of(bits))], { T: T(uint32) });
  const philox = number(1);
  const bitsOf = (size: Edge, key: Edge, counter: Edge) =>
    graph.add('StatelessRandomUniformFullIntV2', [size, key, counter, philox], { dtype: T(uint32), Tshape: T(int32) });
  const slice = (edge: Edge, at: number) =>
    graph.add('Slice', [edge, list(at), list(1)], { T: T(uint64), Index: T(int32) });

  const wide = graph.add('Cast', [seed], { SrcT: T(int32), DstT: T(int64), Truncate: attribute.bool(false) });
  const mixing = constant(uint64, Uint32Array.of(0x3ec8f720, 0x02461e29), [1]);
  const mixed = bitsOf(list(4), mixing, bitcast(wide, int64, uint64));
  const pairs = graph.add('Reshape', [mixed, list(2, 2)], { T: T(uint32), Tshape: T(int32) });
  const words = bitcast(pairs, uint32, uint64);
  const zero = constant(uint64, Uint32Array.of(0, 0), [1]);
  const counter = graph.add('ConcatV2', [zero, slice(words, 1), number(0)], {
    ...{ T: T(uint64), Tidx: T(int32), N: attribute.int(2) },
  });
  // 23 bits of mantissa under the exponent of 1: a number in [1, 2).
  const mantissa = bitwise('BitwiseAnd', bitsOf(shape, slice(words, 0), counter), 0x7fffff);
  const above1 = bitcast(bitwise('BitwiseOr', mantissa, 0x3f800000), uint32, float32);
  return graph.add('Sub', [above1, constant(float32, Uint32Array.of(0x3f800000))], { T: T(float32) });
}
