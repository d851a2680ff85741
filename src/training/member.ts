/**
 * One member from start to end: dataset, initial or resumed state, epochs with a checkpoint after each and on a signal within one,
 * evaluation, files. The result depends on the job and on nothing else: not on the clock, not on how often it was stopped.
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../engine/backend.js';
import { momentsOf } from '../experiment/moments.js';
import { encodeStrips } from '../runs/pictures.js';
import { loadCheckpoint, MemberFiles, type Checkpoint } from './checkpoint.js';
import { recordOf, trainEpochs, type TrainingContext, type TrainingFiles } from './epochs.js';
import { MemberTest, reconstruct, testScoresOf } from './evaluation.js';
import type { TrainingEvent } from './events.js';
import { memberKeyOf, type WorkerJob } from './job.js';
import { peakMemory, resetPeakMemory } from '../machine/peak-memory.js';
import { firstOf } from '../machine/present.js';
import { jobData, openMembers, type Member, type ReportEvent } from './open-member.js';
import { initialHostState, parametersOf, toTensors, type HostState } from './state.js';
import { Stopped, type StopSignal } from './stop.js';
import { tuneMember } from './tune.js';
import { stateNames } from './step.js';
import { OwnSteps, Stack, type Stepper } from './stepper.js';
import { openSummaries } from './tensorboard.js';

/** A member, and what runs its steps. */
export interface OpenedMember {
  readonly member: Member;
  readonly stepper: Stepper;
}

interface Reporting {
  readonly report: ReportEvent;
  readonly stop: StopSignal;
}

/** TensorFlow, the members' data and what runs their steps, together in a stack; a tuned member's trials come first. */
export async function openTraining(jobs: readonly WorkerJob[], reporting: Reporting): Promise<OpenedMember[]> {
  resetPeakMemory();
  loadBackend(firstOf(jobs).bindingPath);
  const tuned = await Promise.all(jobs.map((job) => withTuning(job, reporting)));
  const members = openMembers(tuned, await jobData(firstOf(tuned)));
  const { stack } = firstOf(jobs);
  if (stack === null) return members.map((member) => ({ member, stepper: new OwnSteps(member) }));
  const together = new Stack(members, stack.size);
  return members.map((member) => ({ member, stepper: together.join(member.job.stack?.place ?? 0) }));
}

/** With the choice of its trials, which are run now if it is tuned. */
async function withTuning(
  job: WorkerJob,
  reporting: Reporting,
): Promise<WorkerJob & Pick<Member, 'tuned' | 'trialsBegun'>> {
  const found = await tuneMember(job, reporting);
  if (found === undefined) return job;
  const { tuned, trialsBegun } = found;
  return { ...job, experiment: { ...job.experiment, [tuned.factor]: tuned.value }, tuned, trialsBegun };
}

/**
 * Trains the rest of the member, evaluates it and writes its files; resolves to its last event. Throws RunError on disk
 * trouble, damage or divergence; Stopped once a signal is received while steps are taken.
 */
export async function trainAndEvaluate(
  { member, stepper }: OpenedMember,
  { report, stop }: Reporting,
): Promise<TrainingEvent> {
  const { job, id } = member;
  const files = new MemberFiles(job.runFolder, memberKeyOf(job), job.lock);
  const checkpoint = await loadCheckpoint(files, {
    names: stateNames(member.model.parameters, member.optimizer),
    experiment: job.digest,
  });
  const fromEpoch = checkpoint?.history.length ?? 0;
  report({
    type: 'started',
    member: id,
    threads: job.threads,
    ...member.length,
    fromEpoch,
  });

  const begun = checkpoint?.begun ?? member.trialsBegun ?? new Date().toISOString();
  const state = checkpoint?.state ?? initialHostState(member.model.parameters, member.optimizer, job.seed);
  const history = checkpoint?.history ?? [];
  const summaries = openSummaries(member);
  const from = { state, begun, history, within: checkpoint?.within };
  const { trained, outcomes, probes, evaluationSeconds } = await trainAndTest(member, files, from, {
    ...{ stepper, summaries, report, stop },
  });
  const strips = reconstruct(member, trained.state);
  const pictures = strips === undefined ? {} : { 'reconstructions.png': await encodeStrips(strips) };

  const weights = parametersOf(trained.state, member.model.parameters);
  const peakMemoryBytes = peakMemory();
  const record = { ...recordOf(member, begun, trained.history), evaluationSeconds, peakMemoryBytes };
  const { classNames } = member.data;
  const moments = momentsOf(member.experiment.moments, member.length.steps);
  await files.complete(record, { weights, outcomes, probes, classNames, history: trained.history, pictures, moments });
  summaries.complete(testScoresOf(outcomes), member.length.steps);
  return { type: 'complete', member: id, seconds: record.trainingSeconds, peakMemoryBytes };
}

interface Training extends Omit<TrainingContext, 'evaluation'> {
  readonly stop: StopSignal;
}

/** What TensorFlow holds for it is freed, however it ends. */
async function trainAndTest(member: Member, files: TrainingFiles, from: Checkpoint, training: Training) {
  const { stop, report } = training;
  const evaluation = new MemberTest(member);
  try {
    stop.hear();
    const trained = await trainEpochs(member, files, from, { ...training, evaluation }).finally(() => {
      stop.release();
    });
    // One that came in the last moment: the last epoch is saved.
    if (stop.came) throw new Stopped();
    const started = performance.now();
    const { outcomes, probes } = testOf(evaluation, parametersOf(trained.state, member.model.parameters));
    const evaluationSeconds = (performance.now() - started) / 1000;
    report({ type: 'evaluated', member: member.id, examples: evaluation.count, seconds: evaluationSeconds });
    return { trained, outcomes, probes, evaluationSeconds };
  } finally {
    evaluation.close();
  }
}

function testOf(evaluation: MemberTest, parameters: HostState) {
  const tensors = toTensors(parameters);
  try {
    return { outcomes: evaluation.outcomes(tensors), probes: evaluation.probes(tensors) };
  } finally {
    tf.dispose(tensors);
  }
}
