/** Both precisions on a member's first steps, in turn and from the same start: how their losses differ, and which is faster. */
import * as tf from '@tensorflow/tfjs-core';
import { median } from 'd3-array';
import { loadBackend } from '../engine/backend.js';
import { compileLoop } from '../engine/program.js';
import { stepsIn } from '../experiment/length.js';
import { firstOf, present } from '../machine/present.js';
import type { PrecisionPilot } from '../runs/record.js';
import { epochConstants } from './epochs.js';
import type { WorkerJob } from './job.js';
import { jobData, openMembers, packed } from './open-member.js';
import { initialHostState, toTensors } from './state.js';
import { counters, trainingStep } from './step.js';

/** Pairs timed; with fewer, a slow moment of the machine would decide. */
const pairs = 5;
/** Steps of each, so that the two losses are compared over at least 20 steps. */
const leastSteps = 4;
/** Of the processor, for the steps of one of a pair. */
const secondsEach = 0.3;
/** Before time is taken: TensorFlow optimises a graph when it first runs it. */
const warmUp = 2;

/** The job's own precision is ignored. Nothing is written. */
export async function comparePrecisions(job: WorkerJob, bindingPath: string): Promise<PrecisionPilot> {
  loadBackend(bindingPath);
  const member = firstOf(openMembers([job], await jobData(job)));
  const steps = stepsIn(0, member.length);
  const constants = [packed(member.data.train), ...epochConstants(member, 0)];
  const start = toTensors(initialHostState(member.model.parameters, member.optimizer, job.seed));
  const step = trainingStep({ ...member, branches: job.branches });
  const { xla } = member.experiment;
  const [single, half] = (['float32', 'bfloat16'] as const).map(
    (precision) => new Runner(compileLoop(step, { state: start, constants }, { precision, xla }), start, constants),
  ) as [Runner, Runner];
  let at = 0;
  const take = (count: number, runners: readonly Runner[]) => {
    // A small training set's steps are repeated: what matters is that both take the same.
    if (at + count > steps) at = 0;
    for (const runner of runners) runner.take(at, at + count);
    at += count;
  };
  take(Math.min(warmUp, steps), [single, half]);
  take(Math.min(warmUp, steps), [single, half]);
  const wanted = Math.round(secondsEach / Math.max(1e-4, single.last.secondsPerStep));
  const each = Math.min(steps, Math.max(leastSteps, wanted));
  const found = Array.from({ length: pairs }, (_, i) => {
    take(each, i % 2 === 0 ? [single, half] : [half, single]);
    return {
      speedup: single.last.secondsPerStep / half.last.secondsPerStep,
      lossDifference: Math.abs(half.last.loss / single.last.loss - 1),
    };
  });
  single.close();
  half.close();
  tf.dispose([...constants, ...start]);
  const differences = found.map(({ lossDifference }) => lossDifference);
  return {
    steps: pairs * each,
    speedup: present(median(found, ({ speedup }) => speedup)),
    // A loss that is no longer a number in one of the two is not a small difference; JSON has no infinity.
    lossDifference: differences.every(Number.isFinite) ? Math.max(...differences) : null,
  };
}

/** A program and its current state. */
class Runner {
  readonly #program: ReturnType<typeof compileLoop>;
  readonly #constants: readonly tf.Tensor[];
  #state: tf.Tensor[];
  /** Of the steps that were taken last: processor seconds of one, of all threads together, and their mean loss. */
  last = { secondsPerStep: 0, loss: 0 };

  constructor(program: ReturnType<typeof compileLoop>, start: readonly tf.Tensor[], constants: readonly tf.Tensor[]) {
    this.#program = program;
    this.#constants = constants;
    this.#state = start.map((tensor) => tf.clone(tensor));
  }

  take(begin: number, end: number): void {
    const before = this.#lossSum();
    const started = process.cpuUsage();
    const next = this.#program.run(begin, end, this.#state, this.#constants);
    const { user, system } = process.cpuUsage(started);
    tf.dispose(this.#state);
    this.#state = next;
    const count = end - begin;
    this.last = { secondsPerStep: (user + system) / 1e6 / count, loss: (this.#lossSum() - before) / count };
  }

  #lossSum(): number {
    const place = counters.indexOf('lossSum') - counters.length;
    return firstOf(present(this.#state.at(place)).dataSync());
  }

  close(): void {
    this.#program.close();
    tf.dispose(this.#state);
  }
}
