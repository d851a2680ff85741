/**
 * Training throughput of one member on random data of the peers' shapes, after compilation and a warm-up: one JSON line. A
 * process of its own, as the number of threads is fixed when TensorFlow is loaded: that of all cores, or THREADS.
 *
 *     node --import tsx test/bench/throughput.ts ARCH WIDTH STEPS PRECISION[+xla] [THREADS [BRANCHES]]
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../src/engine/backend.js';
import { packBytes } from '../../src/engine/packing.js';
import { compile, compileLoop } from '../../src/engine/program.js';
import { availableCores } from '../../src/experiment/cores.js';
import { ensureRuntime, runtimeEnvironment } from '../../src/install/runtime.js';
import type { Architecture } from '../../src/experiment/architectures.js';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { imagesPerExample } from '../../src/families/family.js';
import { families } from '../../src/families/index.js';
import { Random } from '../../src/statistics/random.js';
import { branchesFor } from '../../src/training/branches.js';
import { createOptimizer } from '../../src/training/optimizers.js';
import { initialHostState, parametersOf, toTensors } from '../../src/training/state.js';
import { evaluationBatch, named, planConstants, trainingStep } from '../../src/training/step.js';

const arch = process.argv[2] as Architecture;
const [width, steps] = [Number(process.argv[3]), Number(process.argv[4])];
const [precision, compiler] = process.argv[5]!.split('+') as ['float32' | 'bfloat16', 'xla' | undefined];
const xla = compiler === 'xla';
const threads = Number(process.argv[6] ?? availableCores());
/** Shared by all peers (bench.py): image sizes, classes and examples per step. */
const workloads = {
  cnn: { task: { height: 28, width: 28, channels: 1, classes: 10, meanPixel: 0.25 }, batchSize: 128 },
  autoencoder: { task: { height: 32, width: 32, channels: 3, classes: 100, meanPixel: 0.25 }, batchSize: 128 },
  transformer: { task: { height: 28, width: 28, channels: 1, classes: 242, meanPixel: 0.25 }, batchSize: 32 },
} as const;
const { task, batchSize } = workloads[arch];
const experiment = resolveExperiment({ arch, batchSize, xla });
const runtime = await ensureRuntime({ device: 'auto' });
const usual = xla ? 1 : branchesFor(experiment, { threads, device: runtime.device.kind });
const branches = Number(process.argv[7] ?? usual);
Object.assign(process.env, runtimeEnvironment({ runtime, threads, branches, xla }));
loadBackend(runtime.bindingPath);

const family = families[arch];
const model = family.model(width, task, experiment);
const optimizer = createOptimizer(experiment);
const random = Random.named(0, 'bench');
const perStep = batchSize * imagesPerExample(family, experiment);
const count = perStep * steps;
const pixels = task.height * task.width * task.channels;
const labels = Int32Array.from({ length: count }, () => random.integer(task.classes));
const images = packBytes(
  Uint8Array.from({ length: count * pixels }, () => random.integer(256)),
  count,
  pixels,
);
const constants = [
  images,
  ...planConstants({
    indices: random.permutation(count),
    labels,
    rates: Array.from({ length: steps }, () => [1e-3, 1e-3]),
    seeds: new Int32Array(2 * steps),
  }),
];
const start = initialHostState(model.parameters, optimizer, 0);
let state = toTensors(start);
const step = trainingStep({ model, experiment, optimizer, task, branches });
const program = compileLoop(step, { state, constants }, { precision, xla });
const starting = timed(() => {
  state = program.run(0, Math.min(5, steps), state, constants);
  state[0]!.dataSync();
});
const training = timed(() => {
  state = program.run(0, steps, state, constants);
  state[0]!.dataSync();
});

const evaluation = evaluate();
console.log(
  JSON.stringify({
    arch,
    width,
    precision,
    xla,
    threads,
    branches,
    first_steps_seconds: starting.seconds,
    examples_per_second: count / training.seconds,
    examples_per_cpu_second: count / training.cpuSeconds,
    gflops: (model.flops.training * batchSize * steps) / training.seconds / 1e9,
    evaluation_examples_per_second: count / evaluation.seconds,
    evaluation_examples_per_cpu_second: count / evaluation.cpuSeconds,
  }),
);
process.exit();

interface Taken {
  readonly seconds: number;
  /** Of all threads together: it hardly depends on the machine's other load. */
  readonly cpuSeconds: number;
}

function timed(work: () => void): Taken {
  const [started, before] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/** Time for the outcomes of as many images, in batches of 256. */
function evaluate(): Taken {
  const size = Math.min(256, count);
  const parameters = toTensors(parametersOf(start, model.parameters));
  const names = Object.keys(model.parameters);
  const blank = {
    images: tf.zeros<tf.Rank.R4>([8, task.height, task.width, task.channels]),
    labels: tf.zeros<tf.Rank.R1>([8], 'int32'),
  };
  const columns = Object.keys(model.outcomes(named(names, parameters), blank));
  const inputs = [images, tf.range(0, count, 1, 'int32'), tf.tensor1d(labels, 'int32'), ...parameters];
  const evaluation = compile(
    evaluationBatch({ model, task, branches }, columns, { pairs: imagesPerExample(family, experiment) }),
    [tf.range(0, size, 1, 'int32'), ...inputs],
  );
  const run = (begin: number) => {
    const from = Math.min(begin, count - size);
    for (const tensor of evaluation.run([tf.range(from, from + size, 1, 'int32'), ...inputs])) tensor.dataSync();
  };
  run(0);
  return timed(() => {
    for (let begin = 0; begin < count; begin += size) run(begin);
  });
}
