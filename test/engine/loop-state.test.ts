/**
 * Which state of a training loop would be in host memory on a GPU: all int32 and all variable handles, according to TensorFlow's
 * registrations for Enter, Merge, Switch, NextIteration and Exit. Such state is copied at each step, so it has to be small.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backend, dataTypes, type Binding } from '../../src/engine/backend.js';
import { loopGraph } from '../../src/engine/graph.js';
import { integersOf, packBytes, packIntegers } from '../../src/engine/packing.js';
import { compileLoop } from '../../src/engine/program.js';
import { architectures, type Architecture } from '../../src/experiment/architectures.js';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { imagesPerExample } from '../../src/families/family.js';
import { families } from '../../src/families/index.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, toTensors } from '../../src/training/state.js';
import { planConstants, stateNames, trainingStep } from '../../src/training/step.js';
import { nodesOf, type Node } from '../support/graph-def.js';
import { loadTensorFlow } from '../support/tensorflow.js';

beforeAll(loadTensorFlow);

const loopOps = ['Enter', 'Merge', 'Switch', 'NextIteration', 'Exit'];
/** tensorflow/core/kernels/control_flow_ops.cc; the table also lists string, which no loop here has. */
const inHostMemory: readonly number[] = [dataTypes.int32, dataTypes.string, dataTypes.resource];

const steps = 3;
const examples = 40;

/** The loop that `member.ts` compiles, with rotation and dropout if the family has them, and the names of its inputs. */
function loopOf(arch: Architecture): { nodes: readonly Node[]; nameOf: ReadonlyMap<string, string> } {
  const experiment = resolveExperiment({ arch, widths: [8], batchSize: 4, augmentRotation: 10 });
  const family = families[arch];
  const task = { height: 28, width: 28, channels: 1, classes: 10, meanPixel: 0.25 };
  const model = family.model(8, task, experiment);
  const optimizer = createOptimizer(experiment);
  const state = toTensors(initialHostState(model.parameters, optimizer, 0));
  const count = steps * experiment.batchSize * imagesPerExample(family, experiment);
  const constants = [
    packBytes(new Uint8Array(examples * 784), examples, 784),
    ...planConstants({
      indices: new Int32Array(count),
      labels: new Int32Array(count),
      rates: Array.from({ length: steps }, () => [0.001, 0.001] as const),
      seeds: new Int32Array(2 * steps),
    }),
  ];
  const step = trainingStep({ model, experiment, optimizer, task });
  const program = compileLoop(step, { state, constants });
  program.close();
  const names = [
    ...stateNames(model.parameters, optimizer),
    ...['images', 'indices', 'labels', 'learning rates', 'seeds of random numbers'],
  ];
  const nameOf = new Map(names.map((name, i) => [`carried${i}`, name]));
  nameOf.set('begin', 'the step').set('end', 'the last step');
  return { nodes: nodesOf(loopGraph(program.traced, state.length, { precision: 'float32' }).savedModel), nameOf };
}

describe.each(architectures)('%s', (arch) => {
  let nodes: readonly Node[] = [];
  let nameOf: ReadonlyMap<string, string> = new Map();
  const host = (node: Node) => loopOps.includes(node.op) && inHostMemory.includes(node.type);
  beforeAll(() => {
    ({ nodes, nameOf } = loopOf(arch));
  });

  test('host memory holds two counters, the seeds of an epoch, and handles of variables', () => {
    const entered = nodes.filter((node) => node.op === 'Enter' && host(node)).map(({ inputs }) => inputs[0]!);
    const fed = entered.flatMap((edge) => nameOf.get(edge) ?? []);
    expect(fed.sort()).toEqual(['seeds of random numbers', 'the last step', 'the step']);
    const handles = entered.filter((edge) => !nameOf.has(edge));
    expect(handles.every((edge) => nodes.find(({ name }) => name === edge)?.op === 'VarHandleOp')).toBe(true);
    // Each has one entry into the loop, and carried state passes through one op of each kind; variables only enter.
    const rounds = nodes.filter((node) => host(node) && node.op !== 'Enter').map(({ op }) => op);
    expect(rounds.sort()).toEqual(['Exit', 'Merge', 'Merge', 'NextIteration', 'NextIteration', 'Switch', 'Switch']);
  });

  test('the counter bypasses the node that copies what a step reads into device memory', () => {
    const gate = nodes.find(({ op }) => op === 'IdentityN')!.name;
    const byName = new Map(nodes.map((node) => [node.name, node]));
    const next = nodes.find(({ op, type }) => op === 'NextIteration' && type === dataTypes.int32)!;
    const increment = byName.get(next.inputs[0]!)!;
    const data = increment.inputs.filter((edge) => !edge.startsWith('^'));
    expect(increment.op).toBe('AddV2');
    expect(data.map((edge) => byName.get(edge.replace(/:\d+$/, ''))!.op)).toEqual(['Switch', 'Const']);
    expect(data).not.toContain(gate);
  });
});

/**
 * Ops for which TensorFlow 2.21 has no deterministic GPU kernel: with TF_DETERMINISTIC_OPS they fail, as their messages say ("... is not
 * deterministic", "Determinism is not yet supported ...", "Deterministic GPU implementation ... not available").
 */
const unrepeatable =
  /^(Sparse)?SoftmaxCrossEntropyWithLogits$|^(Unsorted)?Segment|^(Resource)?Scatter|^(Dense)?Bincount$|^AdjustContrast|^CropAndResizeGrad|^ResizeNearestNeighborGrad$|^SparseTensorDenseMatMul$|^Dilation2DBackprop|^MaxPoolGradWithArgmax$|^FakeQuant/;

describe.each(architectures)('%s on a GPU', (arch) => {
  test('the loop contains no op that is nondeterministic on a GPU', () => {
    const engine = backend() as { binding: Binding };
    const { binding } = engine;
    engine.binding = Object.create(binding, { isUsingGpuDevice: { value: () => true } }) as Binding;
    try {
      expect(loopOf(arch).nodes.filter(({ op }) => unrepeatable.test(op))).toEqual([]);
    } finally {
      engine.binding = binding;
    }
    const onCpu = loopOf(arch).nodes.filter(({ op }) => unrepeatable.test(op));
    expect(onCpu.length > 0).toBe(arch !== 'autoencoder'); // that these are found on the CPU shows that the search works
  });
});

// Among them values that float32 reads as signalling and quiet NaN, infinity, denormal numbers and both zeros.
const integers = [0, 1, -1, 59_999, 2 ** 31 - 1, -(2 ** 31), 0x7f800000, 0x7f800001, 0x7fc00001, 0x007fffff];

test('integers packed into the bits of float32 survive, whatever float32 makes of them', () => {
  const packed = packIntegers(Int32Array.from(integers), [2, 5]);
  expect([...integersOf(packed).dataSync()]).toEqual(integers);
});

test('they also survive a loop and a gather', () => {
  const packed = packIntegers(Int32Array.from(integers), [2, 5]);
  const zeros = tf.zeros([5], 'int32');
  const step = (_: tf.Scalar, __: tf.Tensor[], [table]: tf.Tensor[]) => [
    integersOf(tf.reshape(tf.slice(table!, [1, 0], [1, 5]), [5])),
  ];
  const loop = compileLoop(step, { state: [zeros], constants: [packed] });
  expect([...loop.run(0, 3, [zeros], [packed])[0]!.dataSync()]).toEqual(integers.slice(5));
  loop.close();
});
