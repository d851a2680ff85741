/**
 * tfjs-node-gpu's backend, with a binding that is in the cache and not in node_modules. The package's own index.js
 * locates the binding through node-pre-gyp, so the backend class and the kernels are required one by one. This is the
 * only file that touches tfjs-node's untyped parts.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { restoreNodeApi } from './node-api.js';

const require = createRequire(import.meta.url);

/** TensorFlow's DataType numbers (types.proto). */
export const dataTypes = {
  float32: 1,
  uint8: 4,
  int32: 3,
  string: 7,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  resource: 20,
  uint32: 22,
  uint64: 23,
} as const;
export type DataTypeNumber = (typeof dataTypes)[keyof typeof dataTypes];

/** An op's attribute as tfjs-node passes it: `type` is a TF_AttrType. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** TF_AttrType (c_api.h). */
export const attributeTypes = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export interface Binding {
  readonly TF_Version: string;
  createTensor(shape: number[], dtype: number, data: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): TensorMetadata[];
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
  isUsingGpuDevice(): boolean;
}

export interface TensorEntry {
  readonly shape: number[];
  readonly dtype: number;
  readonly id: number;
  readonly values: Float32Array | Int32Array | Uint8Array | Uint8Array[] | null;
}

/** The parts of tfjs-node's NodeJSKernelBackend that the engine uses. */
export interface Backend {
  readonly binding: Binding;
  readonly tensorMap: { get(dataId: object): TensorEntry; has(dataId: object): boolean };
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: tf.Tensor[]): tf.Tensor;
  executeMultipleOutputs(name: string, attributes: OpAttribute[], inputs: tf.Tensor[], count: number): tf.Tensor[];
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  move(dataId: object, values: unknown, shape: number[], dtype: tf.DataType, refCount: number): void;
}

/**
 * Loads TensorFlow into this process and makes it tfjs's backend. The environment variables of `runtimeEnvironment`
 * must already be set. A second call with the same path does nothing.
 *
 * @param bindingPath compiled tfjs_binding.node; it finds TensorFlow's libraries by its own run path
 */
export function loadBackend(bindingPath: string): Backend {
  if (!loaded()) {
    const module = { exports: {} as Binding };
    process.dlopen(module, bindingPath);
    restoreNodeApi();
    const { NodeJSKernelBackend } = require('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js') as {
      NodeJSKernelBackend: new (binding: Binding, packageName: string) => tf.KernelBackend;
    };
    require('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
    tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(module.exports, '@tensorflow/tfjs-node-gpu'), 3);
    tf.engine().setBackend('tensorflow').catch(rethrowLater);
  }
  return backend();
}

/** tfjs types `findBackend` as if it always found one. */
function loaded(): boolean {
  return (tf.findBackend('tensorflow') as tf.KernelBackend | null) !== null;
}

/** The backend in use. Throws if `loadBackend` has not been called. */
export function backend(): Backend {
  return tf.backend() as unknown as Backend;
}

function rethrowLater(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
