/**
 * One member from start to end: dataset, first or resumed state, epochs with a checkpoint after each, evaluation, files.
 * What is computed depends on the job and on nothing else: not on the clock, not on how often it was stopped.
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadSplits, type Splits } from '../datasets/index.js';
import type { Split } from '../datasets/dataset.js';
import { loadBackend } from '../engine/backend.js';
import { packBytes } from '../engine/ops.js';
import { compile, compileLoop, type LoopProgram } from '../engine/program.js';
import { families } from '../families/index.js';
import { parameterCount, type Family, type ParameterSpecs, type Task } from '../families/family.js';
import type { EpochRecord } from '../runs/record.js';
import { RunError } from '../terminal/errors.js';
import { Random } from '../statistics/random.js';
import { loadCheckpoint, MemberFiles } from './checkpoint.js';
import type { TrainingEvent } from './events.js';
import type { WorkerJob } from './job.js';
import { createOptimizer, type Optimizer } from './optimizers.js';
import { learningRate } from './schedule.js';
import { atEpochStart, initialState, parametersOf, toHost, toTensors, type HostState } from './state.js';
import { evaluationBatch, stateNames, trainingStep } from './step.js';
import { openSummaries } from './tensorboard.js';

/** Seconds of steps per call into TensorFlow: how often the display moves and the process can listen. */
const secondsPerCall = 0.5;
const evaluationBatchSize = 250;

export type Report = (event: TrainingEvent) => void;

/** All that stays the same while a member trains. */
interface Member {
  readonly id: string;
  readonly job: WorkerJob;
  readonly family: Family;
  readonly task: Task;
  readonly specs: ParameterSpecs;
  readonly optimizer: Optimizer;
  readonly data: Splits;
  readonly stepsPerEpoch: number;
}

/**
 * Trains what is left of the member, evaluates it and writes its files; resolves to its last event. Throws RunError on
 * disk trouble, damage or divergence.
 */
export async function trainMember(job: WorkerJob, id: string, report: Report): Promise<TrainingEvent> {
  loadBackend(job.bindingPath);
  const member = await openMember(job, id);
  const files = new MemberFiles(job.runFolder, { ...job.experiment, width: job.width, seed: job.seed });
  const checkpoint = await loadCheckpoint(files, stateNames(member.specs, member.optimizer));
  const fromEpoch = checkpoint?.history.length ?? 0;
  report({
    type: 'started',
    member: id,
    threads: job.threads,
    epochs: job.experiment.epochs,
    stepsPerEpoch: member.stepsPerEpoch,
    fromEpoch,
  });

  const state = checkpoint?.state ?? initialState(member.specs, member.optimizer, job.seed);
  const trained = await trainEpochs(member, files, state, checkpoint?.history ?? [], report);
  const started = performance.now();
  const outcomes = evaluate(member, trained.state);
  const evaluationSeconds = (performance.now() - started) / 1000;
  report({ type: 'evaluated', member: id, examples: member.data.test.count, seconds: evaluationSeconds });

  const weights = parametersOf(trained.state, member.specs);
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const record = { ...recordOf(member, trained.history), evaluationSeconds, peakMemoryBytes };
  await files.complete(record, { weights, outcomes, history: trained.history });
  return { type: 'complete', member: id, seconds: record.trainingSeconds, peakMemoryBytes };
}

async function openMember(job: WorkerJob, id: string): Promise<Member> {
  const { experiment } = job;
  const data = await loadSplits(experiment.dataset, { ...experiment, dataDir: job.dataDir });
  const family = families[experiment.arch];
  const task: Task = { ...data.shape, classes: data.classes };
  return {
    id,
    job,
    family,
    task,
    specs: family.parameters(job.width, task),
    optimizer: createOptimizer(experiment),
    data,
    stepsPerEpoch: Math.floor(data.train.count / experiment.batchSize),
  };
}

/** What member.json says of training, whether it is over or not. */
function recordOf({ job, family, task, specs, stepsPerEpoch }: Member, history: readonly EpochRecord[]) {
  const { epochs, batchSize } = job.experiment;
  const steps = epochs * stepsPerEpoch;
  return {
    parameters: parameterCount(specs),
    trainingFlops: family.flops(job.width, task).training * batchSize * steps,
    threads: job.threads,
    epochsDone: history.length,
    steps,
    trainingSeconds: history.reduce((sum, epoch) => sum + epoch.seconds, 0),
    evaluationSeconds: null,
    peakMemoryBytes: null,
  };
}

/** Tensors of a split as the traced functions take them: images packed four bytes to a word. */
function splitTensors({ images, labels, count }: Split): { images: tf.Tensor2D; labels: tf.Tensor1D } {
  return { images: packBytes(images, count, images.length / count), labels: tf.tensor1d(labels, 'int32') };
}

async function trainEpochs(
  member: Member,
  files: MemberFiles,
  start: HostState,
  done: readonly EpochRecord[],
  report: Report,
): Promise<{ state: HostState; history: readonly EpochRecord[] }> {
  const { job, data } = member;
  const { epochs, precision } = job.experiment;
  if (done.length >= epochs) return { state: start, history: done };
  const names = stateNames(member.specs, member.optimizer);
  const { images, labels } = splitTensors(data.train);
  const summaries = openSummaries(job.tensorboardFolder, member.id);
  let state = toTensors(start);
  let constants = [images, labels, ...epochPlan(member, done.length)];
  const program = compileLoop(trainingStep(member), { state, constants }, { precision, eager: job.eager });
  const history = [...done];
  try {
    while (history.length < epochs) {
      const epoch = history.length;
      if (epoch > done.length) constants = [images, labels, ...epochPlan(member, epoch)];
      const began = performance.now();
      state = await runEpoch(member, program, { state: atEpochStart(state), constants, epoch: epoch + 1 }, report);
      tf.dispose(constants.slice(2));
      const record = epochRecord(member, state, epoch + 1, (performance.now() - began) / 1000);
      refuseDivergence(member, record);
      history.push(record);
      await files.checkpoint(recordOf(member, history), { state: toHost(names, state), history });
      summaries.write(record);
      report({ type: 'epoch', member: member.id, ...record });
    }
    return { state: toHost(names, state), history };
  } finally {
    program.close();
    tf.dispose([...state, images, labels]);
  }
}

/** A loss that is no number any more is no result; the checkpoint of the epoch before stays. */
function refuseDivergence({ id, job }: Member, { epoch, trainLoss }: EpochRecord): void {
  if (Number.isFinite(trainLoss)) return;
  const remedy = `train again under another run name with a --learning-rate below ${job.experiment.learningRate}`;
  throw new RunError(`training diverged in epoch ${epoch}: the loss is ${trainLoss}`, id, remedy);
}

/** The epoch's order [steps, batch] and learning rates [steps, 2], as `trainingStep` takes them. */
function epochPlan({ job, data, stepsPerEpoch, optimizer }: Member, epoch: number): tf.Tensor[] {
  const { batchSize, epochs } = job.experiment;
  const order = Random.named(job.seed, 'shuffle', epoch)
    .permutation(data.train.count)
    .subarray(0, stepsPerEpoch * batchSize);
  const total = epochs * stepsPerEpoch;
  const rates = Array.from({ length: stepsPerEpoch }, (_, i) => {
    const step = epoch * stepsPerEpoch + i;
    const rate = learningRate(job.experiment, step, total);
    return [rate, optimizer.effectiveRate(rate, step + 1)];
  });
  return [tf.tensor2d(order, [stepsPerEpoch, batchSize], 'int32'), tf.tensor2d(rates, [stepsPerEpoch, 2])];
}

interface Epoch {
  readonly state: tf.Tensor[];
  readonly constants: readonly tf.Tensor[];
  /** From 1. */
  readonly epoch: number;
}

/** Runs an epoch in calls of about half a second. Where it is cut changes nothing: the state goes on as it is. */
async function runEpoch(
  member: Member,
  program: LoopProgram,
  { state, constants, epoch }: Epoch,
  report: Report,
): Promise<tf.Tensor[]> {
  const { stepsPerEpoch: steps, job, id } = member;
  const { batchSize, epochs } = job.experiment;
  let stepsPerCall = 4;
  for (let begin = 0; begin < steps;) {
    const end = Math.min(steps, begin + stepsPerCall);
    const started = performance.now();
    const next = program.run(begin, end, state, constants);
    const secondsPerStep = (performance.now() - started) / 1000 / (end - begin);
    tf.dispose(state);
    state = next;
    begin = end;
    stepsPerCall = Math.max(1, Math.min(4 * stepsPerCall, Math.round(secondsPerCall / secondsPerStep)));
    const left = (epochs - epoch) * steps + steps - end;
    const { loss, accuracy } = means(state, end);
    report({
      type: 'progress',
      member: id,
      epoch,
      step: end,
      steps,
      loss,
      accuracy,
      examplesPerSecond: batchSize / secondsPerStep,
      etaSeconds: left * secondsPerStep,
    });
    await new Promise(setImmediate); // lets messages go out and signals come in
  }
  return state;
}

/** Mean loss and accuracy over the epoch's steps so far. */
function means(state: readonly tf.Tensor[], steps: number): { loss: number; accuracy: number } {
  const [loss, accuracy] = state.slice(-2).map((tensor) => tensor.dataSync()[0]! / steps);
  return { loss: loss!, accuracy: accuracy! };
}

function epochRecord(
  { job, stepsPerEpoch }: Member,
  state: readonly tf.Tensor[],
  epoch: number,
  seconds: number,
): EpochRecord {
  const { loss, accuracy } = means(state, stepsPerEpoch);
  const step = epoch * stepsPerEpoch;
  return {
    epoch,
    step,
    trainLoss: loss,
    trainAccuracy: accuracy,
    learningRate: learningRate(job.experiment, step - 1, job.experiment.epochs * stepsPerEpoch),
    examplesPerSecond: (stepsPerEpoch * job.experiment.batchSize) / seconds,
    seconds,
  };
}

type Column = Int32Array | Float32Array | Uint8Array;

/** Every test example's outcome, in float32 whatever precision trained. The last batch overlaps the one before it. */
function evaluate(member: Member, state: HostState): Record<string, Column> {
  const { data, specs, job } = member;
  const { count, indices, labels } = data.test;
  const size = Math.min(evaluationBatchSize, count);
  const { images, labels: labelTensor } = splitTensors(data.test);
  const parameters = toTensors(parametersOf(state, specs));
  const names = outcomeNames(member);
  const program = compile(
    evaluationBatch(member, size, names),
    [tf.scalar(0, 'int32'), images, labelTensor, ...parameters],
    { eager: job.eager },
  );
  const columns: Record<string, Column> = { example: indices, label: labels };
  for (let at = 0; at < count; at += size) {
    const begin = Math.min(at, count - size);
    const start = tf.scalar(begin, 'int32');
    const results = program.run([start, images, labelTensor, ...parameters]);
    names.forEach((name, i) => {
      const values: Column = results[i]!.dataSync<'float32' | 'int32' | 'bool'>();
      const column = (columns[name] ??= new (values.constructor as new (length: number) => Column)(count));
      column.set(values, begin);
    });
    tf.dispose([start, ...results]);
  }
  program.close();
  tf.dispose([images, labelTensor, ...parameters]);
  return columns;
}

/** Column names without a computation: the family is asked on one blank image. */
function outcomeNames({ family, specs, task }: Member): string[] {
  return tf.tidy(() => {
    const parameters = Object.fromEntries(
      Object.entries(specs).map(([name, { shape }]) => [name, tf.zeros([...shape])]),
    );
    const images = tf.zeros<tf.Rank.R4>([1, task.height, task.width, task.channels]);
    return Object.keys(family.outcomes(parameters, { images, labels: tf.zeros([1], 'int32') }));
  });
}
