/**
 * Training throughput of one member on random data of MNIST's shape, after compilation and a warm-up: one JSON line. A
 * process of its own, as the number of threads is fixed when TensorFlow is loaded.
 *
 *     node --import tsx test/bench/throughput.ts WIDTH STEPS PRECISION     (environment of runtimeEnvironment)
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../src/engine/backend.js';
import { packBytes } from '../../src/engine/ops.js';
import { compileLoop } from '../../src/engine/program.js';
import { ensureRuntime } from '../../src/engine/runtime.js';
import { families } from '../../src/families/index.js';
import { Random } from '../../src/statistics/random.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialState, toTensors } from '../../src/training/state.js';
import { trainingStep } from '../../src/training/step.js';

const [width, steps, precision] = [
  Number(process.argv[2]),
  Number(process.argv[3]),
  process.argv[4] as 'float32' | 'bfloat16',
];
const batch = 128;
const task = { height: 28, width: 28, channels: 1, classes: 10 };
loadBackend((await ensureRuntime({ device: 'auto' })).bindingPath);

const family = families.cnn;
const specs = family.parameters(width, task);
const optimizer = createOptimizer({ optimizer: 'adam', weightDecay: 0 });
const random = Random.named(0, 'bench');
const count = batch * steps;
const constants = [
  packBytes(
    Uint8Array.from({ length: count * 784 }, () => random.integer(256)),
    count,
    784,
  ),
  tf.tensor1d(
    Int32Array.from({ length: count }, () => random.integer(10)),
    'int32',
  ),
  tf.tensor2d(random.permutation(count), [steps, batch], 'int32'),
  tf.fill([steps, 2], 1e-3),
];
let state = toTensors(initialState(specs, optimizer, 0));
const program = compileLoop(trainingStep({ family, specs, optimizer, task }), { state, constants }, { precision });
state = program.run(0, Math.min(5, steps), state, constants);
const started = performance.now();
state = program.run(0, steps, state, constants);
state[0]!.dataSync();
const seconds = (performance.now() - started) / 1000;
const flops = family.flops(width, task).training * count;
console.log(JSON.stringify({ width, precision, examples_per_second: count / seconds, gflops: flops / seconds / 1e9 }));
process.exit();
