/** The state of a training loop on both sides: tensors in TensorFlow, arrays on the host and in a checkpoint. */
import * as tf from '@tensorflow/tfjs-core';
import type { Initial, ParameterSpecs } from '../families/family.js';
import { lastOf, nth, present } from '../machine/present.js';
import type { HostTensor } from '../runs/safetensors.js';
import { Random } from '../statistics/random.js';
import type { Optimizer } from './optimizers.js';
import { counters, stateNames } from './step.js';

/** Host state by name, in the order of `stateNames`. */
export type HostState = ReadonlyMap<string, HostTensor>;

/** Initial state of a member: parameters from the streams named by seed and parameter, everything else 0. */
export function initialHostState(specs: ParameterSpecs, optimizer: Optimizer, seed: number): HostState {
  const state = new Map<string, HostTensor>();
  for (const name of stateNames(specs, optimizer)) {
    const spec = specs[name];
    state.set(
      name,
      spec === undefined
        ? zeros(shapeOf(name, specs))
        : { shape: spec.shape, data: draw(spec.shape, spec.initial, seed, name) },
    );
  }
  return state;
}

function draw(shape: readonly number[], initial: Initial, seed: number, name: string): Float32Array {
  const data = new Float32Array(sizeOf(shape));
  if (initial.kind === 'constant') return data.fill(initial.value);
  const random = Random.named(seed, 'init', name);
  for (let i = 0; i < data.length; i++) data[i] = initial.deviation * random.normal();
  if (initial.zeroColumns === undefined) return data;
  // Drawn all the same, so that the other columns are those of the standard parametrization.
  const columns = lastOf(shape);
  for (let row = 0; row < data.length; row += columns) data.fill(0, row, row + initial.zeroColumns);
  return data;
}

function zeros(shape: readonly number[]): HostTensor {
  return { shape, data: new Float32Array(sizeOf(shape)) };
}

/** Shape of a slot (`mean/conv1.kernel` has that of its parameter) or a counter (a scalar). */
function shapeOf(name: string, specs: ParameterSpecs): readonly number[] {
  return specs[name.slice(name.indexOf('/') + 1)]?.shape ?? [];
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export function toTensors(state: HostState): tf.Tensor[] {
  return [...state.values()].map(({ shape, data }) => tf.tensor(data as Float32Array, [...shape], 'float32'));
}

export function toHost(names: readonly string[], tensors: readonly tf.Tensor[]): HostState {
  return new Map(
    names.map((name, i) => [name, { shape: nth(tensors, i).shape, data: nth(tensors, i).dataSync<'float32'>() }]),
  );
}

/** Only the parameters, as stored in weights.safetensors. */
export function parametersOf(state: HostState, specs: ParameterSpecs): HostState {
  return new Map(Object.keys(specs).map((name) => [name, present(state.get(name))]));
}

/** The counters at the start of an epoch: sums start at 0, steps continue. */
export function atEpochStart(tensors: readonly tf.Tensor[]): tf.Tensor[] {
  const sums = counters.length - 1;
  tf.dispose(tensors.slice(-sums));
  return [...tensors.slice(0, -sums), tf.scalar(0), tf.scalar(0)];
}
