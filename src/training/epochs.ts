/**
 * The loop over a member's epochs: each is sampled, stepped through inside TensorFlow (stepper.ts runs the step of step.ts), recorded
 * and saved. Stopping it, between epochs or within one, changes nothing: the state resumes as it was, and the input of an epoch's steps
 * depends only on the seed and the epoch.
 */
import * as tf from '@tensorflow/tfjs-core';
import { stepsIn } from '../experiment/length.js';
import { momentsOf } from '../experiment/moments.js';
import { parameterCount } from '../families/family.js';
import { firstOf, present } from '../machine/present.js';
import type { EpochRecord } from '../runs/record.js';
import { Random } from '../statistics/random.js';
import { RunError } from '../terminal/errors.js';
import { epochStart, type Checkpoint, type MemberFiles } from './checkpoint.js';
import type { MemberTest } from './evaluation.js';
import type { Member, ReportEvent } from './open-member.js';
import { epochItems } from './sampling.js';
import { learningRate } from './schedule.js';
import { atEpochStart, toHost, toTensors, type HostState } from './state.js';
import { Stopped, type StopSignal } from './stop.js';
import { planConstants, stateNames } from './step.js';
import type { Stepper } from './stepper.js';
import type { Summaries } from './tensorboard.js';

/** Seconds of steps per call into TensorFlow: how often the display is updated and signals are handled. */
const secondsPerCall = 0.5;

export interface TrainedState {
  readonly state: HostState;
  readonly history: readonly EpochRecord[];
}

/** Files written during training. */
export type TrainingFiles = Pick<MemberFiles, 'stopped' | 'checkpoint' | 'moment'>;

export interface TrainingContext {
  readonly stepper: Stepper;
  readonly evaluation: MemberTest;
  readonly summaries: Summaries;
  readonly report: ReportEvent;
  readonly stop: Pick<StopSignal, 'came'>;
}

/**
 * Throws RunError if the loss is no longer a number: the checkpoint of the previous epoch stays. Throws Stopped once a signal was
 * received and the steps taken so far are saved.
 */
export async function trainEpochs(
  member: Member,
  files: TrainingFiles,
  { state: start, begun, history: done, within = epochStart }: Checkpoint,
  { stepper, evaluation, summaries, report, stop }: TrainingContext,
): Promise<TrainedState> {
  const { id, experiment, length, imagesPerStep } = member;
  if (done.length >= length.epochs) {
    stepper.close();
    return { state: start, history: done };
  }
  const names = stateNames(member.model.parameters, member.optimizer);
  const history = [...done];
  let state = toTensors(start);
  let inputs = epochConstants(member, history.length);
  const count = Object.keys(member.model.parameters).length;
  const moments = new Moments(member, files, evaluation);
  try {
    while (history.length < length.epochs) {
      const epoch = history.length + 1;
      const before = (epoch - 1) * length.stepsPerEpoch;
      const steps = stepsIn(epoch - 1, length);
      const earlier = epoch === done.length + 1 ? within : epochStart;
      const began = performance.now() - 1000 * earlier.seconds;
      const secondsSoFar = () => (performance.now() - began) / 1000 - moments.seconds;
      if (earlier.step === 0) state = atEpochStart(state);
      for (let step = earlier.step, stepsPerCall = 4; step < steps;) {
        const end = Math.min(steps, step + stepsPerCall, moments.after(before + step) - before);
        const taken = await stepper.take({ epoch, begin: step, end, state, inputs });
        const secondsPerStep = taken.seconds / (taken.end - step);
        tf.dispose(state);
        [state, step] = [taken.state, taken.end];
        stepsPerCall = Math.max(1, Math.min(4 * stepsPerCall, Math.round(secondsPerCall / secondsPerStep)));
        report({
          ...{ type: 'progress', member: id, epoch, step, steps, ...means(state, step, member) },
          examplesPerSecond: imagesPerStep / secondsPerStep,
          etaSeconds: (length.steps - before - step) * secondsPerStep,
        });
        await new Promise(setImmediate); // lets messages go out and signals come in
        await moments.take(before + step, state.slice(0, count));
        if (!stop.came) continue;
        const now = { step, seconds: secondsSoFar() };
        await files.stopped(member.job.digest, { state: toHost(names, state), begun, history, within: now });
        throw new Stopped();
      }
      const seconds = secondsSoFar();
      moments.seconds = 0;
      const { loss, accuracy } = means(state, steps, member);
      refuseDivergence(member, epoch, loss);
      const record = {
        ...{ epoch, step: before + steps, trainLoss: loss, trainAccuracy: accuracy },
        learningRate: learningRate(experiment, before + steps - 1, length.steps),
        examplesPerSecond: (steps * imagesPerStep) / seconds,
        seconds,
        ...evaluation.afterEpoch(state.slice(0, count)),
      };
      history.push(record);
      await files.checkpoint(recordOf(member, begun, history), { state: toHost(names, state), history });
      summaries.epoch(record);
      report({ type: 'epoch', member: id, ...record });
      tf.dispose(inputs);
      // Of the next epoch: these count from 0.
      inputs = epoch < length.epochs ? epochConstants(member, epoch) : [];
    }
    return { state: toHost(names, state), history };
  } finally {
    stepper.close();
    tf.dispose([...state, ...inputs]);
  }
}

/** Outcomes during training: after each of the experiment's moments, with the current parameters. */
class Moments {
  readonly #files: TrainingFiles;
  readonly #evaluation: MemberTest;
  readonly #steps: readonly number[];
  /** Seconds that outcomes took since this was last reset: they do not count as training time. */
  seconds = 0;

  constructor({ experiment, length }: Member, files: TrainingFiles, evaluation: MemberTest) {
    this.#files = files;
    this.#evaluation = evaluation;
    this.#steps = momentsOf(experiment.moments, length.steps);
  }

  /** The first one after a step; infinity if there is none. */
  after(step: number): number {
    return this.#steps.find((moment) => moment > step) ?? Infinity;
  }

  async take(step: number, parameters: readonly tf.Tensor[]): Promise<void> {
    if (!this.#steps.includes(step)) return;
    const started = performance.now();
    await this.#files.moment(step, this.#evaluation.moment(parameters), this.#evaluation.probes(parameters));
    this.seconds += (performance.now() - started) / 1000;
  }
}

/**
 * The input of each step of the epoch, as constants of the loop. It covers a whole epoch even if the last one is cut
 * short: shapes stay the same, and a step sees the same data however long training is.
 *
 * @param epoch from 0
 */
export function epochConstants(member: Member, epoch: number): tf.Tensor[] {
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

/** Mean loss over the epoch's steps so far, and mean accuracy if there are right answers. */
function means(
  state: readonly tf.Tensor[],
  steps: number,
  { model }: Pick<Member, 'model'>,
): { loss: number; accuracy: number | null } {
  const [loss, accuracy] = state.slice(-2).map((tensor) => firstOf(tensor.dataSync()) / steps);
  return { loss: present(loss), accuracy: model.hasAccuracy ? present(accuracy) : null };
}

/** The loss is no longer a number. */
export class Diverged extends RunError {}

function refuseDivergence({ id, experiment }: Member, epoch: number, loss: number): void {
  if (Number.isFinite(loss)) return;
  const remedy = `train again under another run name with a --learning-rate below ${experiment.learningRate}`;
  throw new Diverged(`training diverged in epoch ${epoch}: the loss is ${loss}`, id, remedy);
}

/** What member.json says about training, whether it has ended or not. */
export function recordOf(
  { job, model, tuned, length: { steps } }: Member,
  begun: string,
  history: readonly EpochRecord[],
) {
  const { batchSize } = job.experiment;
  return {
    ...(tuned === undefined ? {} : { tuned }),
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
