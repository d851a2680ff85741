/** A single TensorFlow op with its attributes, eagerly or traced. */
import type * as tf from '@tensorflow/tfjs-core';
import { attributeTypes, backend, dataTypes, type OpAttribute } from './backend.js';

export const typeOf = (dtype: tf.DataType): number => dataTypes[dtype as 'float32' | 'int32' | 'bool'];
export const type = (name: string, value: number): OpAttribute => ({ name, type: attributeTypes.type, value });
export const T = (tensor: tf.Tensor): OpAttribute => type('T', typeOf(tensor.dtype));
export const bool = (name: string, value: boolean): OpAttribute => ({ name, type: attributeTypes.bool, value });
export const text = (name: string, value: string): OpAttribute => ({ name, type: attributeTypes.string, value });
export const ints = (name: string, value: number[]): OpAttribute => ({ name, type: attributeTypes.int, value });

export function run(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor {
  return backend().executeSingleOutput(name, attributes, inputs);
}
