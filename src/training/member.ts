/**
 * One member from start to end: dataset, first or resumed state, epochs with a checkpoint after each, evaluation, files.
 * What is computed depends on the job and on nothing else: not on the clock, not on how often it was stopped.
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadSplits, type Splits } from '../datasets/index.js';
import type { ImageShape } from '../datasets/dataset.js';
import { loadBackend } from '../engine/backend.js';
import { packBytes } from '../engine/ops.js';
import { compile, compileLoop, type LoopProgram } from '../engine/program.js';
import { lengthOf, stepsIn, type TrainingLength } from '../experiment/length.js';
import { families } from '../families/index.js';
import { imagesPerExample, parameterCount, type Family, type Model, type Task } from '../families/family.js';
import { encodeStrips, reconstructedImages, type Strips } from '../runs/pictures.js';
import type { EpochRecord } from '../runs/record.js';
import { RunError } from '../terminal/errors.js';
import { Random } from '../statistics/random.js';
import { loadCheckpoint, MemberFiles, type Checkpoint } from './checkpoint.js';
import type { TrainingEvent } from './events.js';
import type { WorkerJob } from './job.js';
import { createOptimizer, type Optimizer } from './optimizers.js';
import { epochItems, testItems, type TestItems } from './sampling.js';
import { learningRate } from './schedule.js';
import { atEpochStart, initialState, parametersOf, toHost, toTensors, type HostState } from './state.js';
import { taskOf } from './task.js';
import { evaluationBatch, named, planConstants, stateNames, trainingStep } from './step.js';
import { openSummaries } from './tensorboard.js';

/** Seconds of steps per call into TensorFlow: how often the display moves and the process can listen. */
const secondsPerCall = 0.5;
/** Images of an evaluation batch, about: whole examples go in. */
const evaluationBatchSize = 250;

export type Report = (event: TrainingEvent) => void;

/** All that stays the same while a member trains. */
interface Member {
  readonly id: string;
  readonly job: WorkerJob;
  readonly experiment: WorkerJob['experiment'];
  readonly family: Family;
  readonly task: Task;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly data: Splits;
  readonly length: TrainingLength;
  readonly imagesPerStep: number;
}

/** What is recorded of how the training went; nothing computed depends on it. */
interface Log {
  readonly begun: string;
  readonly history: readonly EpochRecord[];
}

/**
 * Trains what is left of the member, evaluates it and writes its files; resolves to its last event. Throws RunError on
 * disk trouble, damage or divergence.
 */
export async function trainMember(job: WorkerJob, id: string, report: Report): Promise<TrainingEvent> {
  loadBackend(job.bindingPath);
  const member = await openMember(job, id);
  const files = new MemberFiles(job.runFolder, { ...job.experiment, width: job.width, seed: job.seed });
  const checkpoint = await loadCheckpoint(files, stateNames(member.model.parameters, member.optimizer));
  const fromEpoch = checkpoint?.history.length ?? 0;
  report({
    type: 'started',
    member: id,
    threads: job.threads,
    ...member.length,
    fromEpoch,
  });

  const begun = checkpoint?.begun ?? new Date().toISOString();
  const state = checkpoint?.state ?? initialState(member.model.parameters, member.optimizer, job.seed);
  const trained = await trainEpochs(member, files, { state, begun, history: checkpoint?.history ?? [] }, report);
  const started = performance.now();
  const items = testItems(member.family, job.experiment, member.data);
  const outcomes = evaluate(member, trained.state, items);
  const evaluationSeconds = (performance.now() - started) / 1000;
  report({ type: 'evaluated', member: id, examples: items.indices.length, seconds: evaluationSeconds });
  const strips = reconstruct(member, trained.state);
  const pictures = strips === undefined ? {} : { 'reconstructions.png': await encodeStrips(strips) };

  const weights = parametersOf(trained.state, member.model.parameters);
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const record = { ...recordOf(member, { begun, history: trained.history }), evaluationSeconds, peakMemoryBytes };
  const { classNames } = member.data;
  await files.complete(record, { weights, outcomes, classNames, history: trained.history, pictures });
  return { type: 'complete', member: id, seconds: record.trainingSeconds, peakMemoryBytes };
}

async function openMember(job: WorkerJob, id: string): Promise<Member> {
  const { experiment } = job;
  const data = await loadSplits(experiment.dataset, { ...experiment, dataDir: job.dataDir });
  const family = families[experiment.arch];
  const task = taskOf(data);
  return {
    id,
    job,
    experiment,
    family,
    task,
    model: family.model(job.width, task, experiment),
    optimizer: createOptimizer(experiment),
    data,
    length: lengthOf(experiment, data.train.count),
    imagesPerStep: experiment.batchSize * imagesPerExample(family, experiment),
  };
}

/** What member.json says of training, whether it is over or not. */
function recordOf({ job, model, length: { steps } }: Member, { begun, history }: Log) {
  const { batchSize } = job.experiment;
  return {
    parameters: parameterCount(model.parameters),
    trainingFlops: model.flops.training * batchSize * steps,
    experiment: job.digest,
    begun,
    threads: job.threads,
    epochsDone: history.length,
    steps,
    trainingSeconds: history.reduce((sum, epoch) => sum + epoch.seconds, 0),
    evaluationSeconds: null,
    peakMemoryBytes: null,
  };
}

/** A split's images as the traced functions take them: packed four bytes to a word. */
function packed({ images, count }: { readonly images: Uint8Array; readonly count: number }): tf.Tensor2D {
  return packBytes(images, count, images.length / count);
}

async function trainEpochs(
  member: Member,
  files: MemberFiles,
  { state: start, begun, history: done }: Checkpoint,
  report: Report,
): Promise<{ state: HostState; history: readonly EpochRecord[] }> {
  const { job, data } = member;
  const { epochs } = member.length;
  const { precision } = job.experiment;
  if (done.length >= epochs) return { state: start, history: done };
  const names = stateNames(member.model.parameters, member.optimizer);
  const images = packed(data.train);
  const summaries = openSummaries(job.tensorboardFolder, member.id);
  let state = toTensors(start);
  let constants = [images, ...epochConstants(member, done.length)];
  const program = compileLoop(trainingStep(member), { state, constants }, { precision, eager: job.eager });
  const history = [...done];
  try {
    while (history.length < epochs) {
      const epoch = history.length;
      if (epoch > done.length) constants = [images, ...epochConstants(member, epoch)];
      const began = performance.now();
      state = await runEpoch(member, program, { state: atEpochStart(state), constants, epoch: epoch + 1 }, report);
      tf.dispose(constants.slice(1));
      const record = epochRecord(member, state, epoch + 1, (performance.now() - began) / 1000);
      refuseDivergence(member, record);
      history.push(record);
      await files.checkpoint(recordOf(member, { begun, history }), { state: toHost(names, state), history });
      summaries.write(record);
      report({ type: 'epoch', member: member.id, ...record });
    }
    return { state: toHost(names, state), history };
  } finally {
    program.close();
    tf.dispose([...state, images]);
  }
}

/** A loss that is no number any more is no result; the checkpoint of the epoch before stays. */
function refuseDivergence({ id, job }: Member, { epoch, trainLoss }: EpochRecord): void {
  if (Number.isFinite(trainLoss)) return;
  const remedy = `train again under another run name with a --learning-rate below ${job.experiment.learningRate}`;
  throw new RunError(`training diverged in epoch ${epoch}: the loss is ${trainLoss}`, id, remedy);
}

/**
 * What each step of the epoch is told, as constants of the loop. It is of a whole
 * epoch also where the last one is cut short: shapes stay, and a step sees the same however long training is.
 */
function epochConstants(member: Member, epoch: number): tf.Tensor[] {
  const { job, data, family, experiment, optimizer } = member;
  const { stepsPerEpoch: steps, steps: total } = member.length;
  const { indices, labels } = epochItems(family, experiment, data, { seed: job.seed, epoch });
  const rates = Array.from({ length: steps }, (_, i) => {
    const step = epoch * steps + i;
    const rate = learningRate(experiment, step, total);
    return [rate, optimizer.effectiveRate(rate, step + 1)] as const;
  });
  const noise = Random.named(job.seed, 'noise', epoch);
  const seeds = Int32Array.from({ length: 2 * steps }, () => noise.uint32());
  return planConstants({ indices, labels, rates, seeds });
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
  const { length, imagesPerStep, id } = member;
  const steps = stepsIn(epoch - 1, length);
  const later = length.steps - (epoch - 1) * length.stepsPerEpoch - steps;
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
    const left = later + steps - end;
    const { loss, accuracy } = means(state, end, member);
    report({
      type: 'progress',
      member: id,
      epoch,
      step: end,
      steps,
      loss,
      accuracy,
      examplesPerSecond: imagesPerStep / secondsPerStep,
      etaSeconds: left * secondsPerStep,
    });
    await new Promise(setImmediate); // lets messages go out and signals come in
  }
  return state;
}

/** Mean loss over the epoch's steps so far, and mean accuracy where there are right answers. */
function means(
  state: readonly tf.Tensor[],
  steps: number,
  { model }: Pick<Member, 'model'>,
): { loss: number; accuracy: number | null } {
  const [loss, accuracy] = state.slice(-2).map((tensor) => tensor.dataSync()[0]! / steps);
  return { loss: loss!, accuracy: model.hasAccuracy ? accuracy! : null };
}

function epochRecord(member: Member, state: readonly tf.Tensor[], epoch: number, seconds: number): EpochRecord {
  const { experiment, length, imagesPerStep } = member;
  const steps = stepsIn(epoch - 1, length);
  const { loss, accuracy } = means(state, steps, member);
  const step = (epoch - 1) * length.stepsPerEpoch + steps;
  return {
    epoch,
    step,
    trainLoss: loss,
    trainAccuracy: accuracy,
    learningRate: learningRate(experiment, step - 1, length.steps),
    examplesPerSecond: (steps * imagesPerStep) / seconds,
    seconds,
  };
}

type Column = Int32Array | Float32Array | Uint8Array;

/** Every test image's outcome, in float32 whatever precision trained. The last batch overlaps the one before it. */
function evaluate(member: Member, state: HostState, items: TestItems): Record<string, Column> {
  const { data, model, job } = member;
  const count = items.indices.length;
  const size = Math.min(count, items.pairs * Math.max(1, Math.floor(evaluationBatchSize / items.pairs)));
  const constants = [packed(data.test), tf.tensor1d(items.indices, 'int32'), tf.tensor1d(items.labels, 'int32')];
  const parameters = toTensors(parametersOf(state, model.parameters));
  const names = outcomeNames(member, items.pairs);
  const examples = [tf.scalar(0, 'int32'), ...constants, ...parameters];
  const program = compile(evaluationBatch(member, size, names), examples, { eager: job.eager });
  const columns: Record<string, Column> = { ...items.columns };
  for (let at = 0; at < count; at += size) {
    const begin = Math.min(at, count - size);
    const start = tf.scalar(begin, 'int32');
    const results = program.run([start, ...constants, ...parameters]);
    names.forEach((name, i) => {
      const values: Column = results[i]!.dataSync<'float32' | 'int32' | 'bool'>();
      const column = (columns[name] ??= new (values.constructor as new (length: number) => Column)(count));
      column.set(values, begin);
    });
    tf.dispose([start, ...results]);
  }
  program.close();
  tf.dispose([...examples]);
  return columns;
}

/** Column names without a computation: the model is asked on one blank example. */
function outcomeNames({ model, task }: Member, pairs: number): string[] {
  return tf.tidy(() => {
    const { parameters } = model;
    const blank = Object.values(parameters).map(({ shape }) => tf.zeros([...shape]));
    const images = tf.zeros<tf.Rank.R4>([pairs, task.height, task.width, task.channels]);
    const batch = { images, labels: tf.zeros<tf.Rank.R1>([pairs], 'int32') };
    return Object.keys(model.outcomes(named(Object.keys(parameters), blank), batch));
  });
}

/** Some test images, the same for every member, and what the model gives back of them; for families that give any. */
function reconstruct({ model, data }: Member, state: HostState): Strips | undefined {
  const { test, shape } = data;
  const { parameters } = model;
  if (model.reconstruct === undefined) return undefined;
  const chosen = reconstructedImages(test.count);
  const size = shape.height * shape.width * shape.channels;
  const originals = new Uint8Array(chosen.length * size);
  chosen.forEach((index, i) => {
    originals.set(test.images.subarray(index * size, (index + 1) * size), i * size);
  });
  const values = tf.tidy(() => {
    const images = tf.tensor4d(
      Float32Array.from(originals, (byte) => byte / 255),
      [chosen.length, ...sides(shape)],
    );
    const given = model.reconstruct!(
      named(Object.keys(parameters), toTensors(parametersOf(state, parameters))),
      images,
    );
    return given.dataSync<'float32'>();
  });
  return { shape, originals, reconstructions: Uint8Array.from(values, (value) => Math.round(255 * value)) };
}

function sides({ height, width, channels }: ImageShape): [number, number, number] {
  return [height, width, channels];
}
