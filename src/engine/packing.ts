/** Bytes and integers as float32 tensors hold them: tfjs has no byte tensors, and a loop on a GPU keeps no integers there. */
import * as tf from '@tensorflow/tfjs-core';
import { dataTypes } from './backend.js';
import { bool, run, type } from './native-op.js';

function castTo(values: tf.Tensor, from: number, to: number): tf.Tensor {
  return run('Cast', [type('SrcT', from), type('DstT', to), bool('Truncate', false)], [values]);
}

/**
 * Whole numbers 0..255 as TensorFlow's bytes, a type that tfjs does not have: for models that take bytes as input, and
 * for `fromBytes`.
 */
export function toBytes<X extends tf.Tensor>(values: X): X {
  return castTo(values, dataTypes.float32, dataTypes.uint8) as X;
}

/** Bytes as numbers in 0..1, float32. */
export function fromBytes<X extends tf.Tensor>(bytes: X): X {
  return tf.mul(castTo(bytes, dataTypes.uint8, dataTypes.float32), 1 / 255);
}

function bitcast(values: tf.Tensor, from: number, to: number): tf.Tensor {
  return run('Bitcast', [type('T', from), type('type', to)], [values]);
}

/**
 * Bytes as numbers in 0..1. tfjs has no byte tensors, so four bytes are stored in the bits of one float32
 * (little-endian, as laid out by `packBytes`), a quarter of the memory that a float32 each would take. Not int32,
 * because a loop on a GPU keeps int32 state in host memory and would copy all images over at each step (docs/gpu.md).
 *
 * @param packed [n, ceil(size / 4)] float32, of which only the bits matter
 * @returns [n, size] float32
 */
export function unpackBytes(packed: tf.Tensor2D, size: number): tf.Tensor2D {
  const [n, words] = packed.shape;
  const bytes = bitcast(packed, dataTypes.float32, dataTypes.uint8);
  const numbers = castTo(bytes, dataTypes.uint8, dataTypes.float32);
  const rows = tf.reshape<tf.Rank.R2>(numbers, [n, words * 4]);
  return tf.mul(words * 4 === size ? rows : tf.slice(rows, [0, 0], [n, size]), 1 / 255);
}

/** `count` rows of `size` bytes as the words that `unpackBytes` reads, each row padded to whole words. */
export function packBytes(bytes: Uint8Array, count: number, size: number): tf.Tensor2D {
  const words = Math.ceil(size / 4);
  if (words * 4 === size && bytes.byteOffset % 4 === 0) {
    return tf.tensor2d(new Float32Array(bytes.buffer, bytes.byteOffset, count * words), [count, words]);
  }
  const padded = new Uint8Array(count * words * 4);
  for (let i = 0; i < count; i++) padded.set(bytes.subarray(i * size, (i + 1) * size), i * words * 4);
  return tf.tensor2d(new Float32Array(padded.buffer), [count, words]);
}

/** Integers [rows, columns] in the bits of float32, for the same reason; `integersOf` reverses it. */
export function packIntegers(values: Int32Array, shape: [rows: number, columns: number]): tf.Tensor2D {
  return tf.tensor2d(new Float32Array(values.buffer, values.byteOffset, values.length), shape);
}

/** Integers packed by `packIntegers`, or rows of them: int32 of the same shape. */
export function integersOf(packed: tf.Tensor): tf.Tensor {
  return bitcast(packed, dataTypes.float32, dataTypes.int32);
}
