/**
 * Chooses an option for a member before it is trained: each trial trains the member with one value, and the final loss
 * on the validation split decides. The test set is not used. Results are on disk after each trial, and the state of a
 * trial after each epoch, so that a member that is stopped resumes where it was.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { bestTrial, nextValue, tuningOf, type Tuning } from '../experiment/tuning.js';
import type { Experiment } from '../experiment/schema.js';
import { createFolder, writeFileAtomic } from '../machine/files.js';
import { readFileIfThere } from '../machine/inputs.js';
import { removeTemporaries } from '../machine/leftovers.js';
import { lockFileOf, tryLock, waitForLock } from '../machine/lock.js';
import { processText } from '../machine/owner.js';
import { firstOf, lastOf } from '../machine/present.js';
import { memberId, type MemberRecord } from '../runs/record.js';
import { openSafetensors } from '../runs/safetensors.js';
import { readTuning, trialsKey, trialStateFile, tuningFile, writeTuning, type TuningRecord } from '../runs/tuning.js';
import { RunError } from '../terminal/errors.js';
import {
  damagedRemedy,
  decodeCheckpoint,
  encodeCheckpoint,
  epochStart,
  type Checkpoint,
  type CheckpointOf,
  type TrainingRecord,
} from './checkpoint.js';
import { Diverged, trainEpochs, type TrainingFiles } from './epochs.js';
import { MemberTest } from './evaluation.js';
import { memberKeyOf, type WorkerJob } from './job.js';
import type { TrainingEvent } from './events.js';
import { jobData, openMembers, type ReportEvent } from './open-member.js';
import { initialHostState } from './state.js';
import { stateNames } from './step.js';
import { OwnSteps } from './stepper.js';
import type { StopSignal } from './stop.js';

type Trial = TuningRecord['trials'][number];

export interface Tuned {
  /** As in member.json. */
  readonly tuned: NonNullable<MemberRecord['tuned']>;
  /** When the first trial started, and so the member; undefined if an older version made it. */
  readonly trialsBegun: string | undefined;
}

/** The value for the member; undefined without `--tune`. Throws RunError if every trial diverged. */
export async function tuneMember(
  job: WorkerJob,
  { stop, report }: { readonly stop: StopSignal; readonly report: ReportEvent },
): Promise<Tuned | undefined> {
  const tuning = tuningOf(job.experiment);
  if (tuning === undefined) return undefined;
  const key = trialsKey(tuning, memberKeyOf(job));
  const id = memberId(key);
  const file = tuningFile(job.runFolder, id);
  await createFolder(path.dirname(file));
  const member = memberId(memberKeyOf(job));
  const held = await waitForLock(() => tryLock(lockFileOf(file)), {
    every: 500,
    onWait: (owner) => {
      report({ type: 'waiting', member, owner: processText(owner) });
    },
  });
  const made = async () => {
    await removeTemporaries(path.dirname(file), id);
    return makeTrials({ ...job, seed: key.seed }, { id, member, file, tuning, stop, report });
  };
  const { trials, begun } = await made().finally(() => held.release());
  const value = bestTrial(trials);
  if (value === undefined)
    throw new RunError(
      `all ${trials.length} trials of ${tuning.factor} diverged`,
      id,
      'train another run with lower values',
    );
  const atEdge = value === tuning.values[0] || value === lastOf(tuning.values);
  return { tuned: { factor: tuning.factor, value, trials: trials.length, atEdge }, trialsBegun: begun };
}

interface Context {
  /** The member of the record. */
  readonly id: string;
  /** The member that is trained afterwards. */
  readonly member: string;
  readonly file: string;
  readonly tuning: Tuning;
  readonly stop: StopSignal;
  readonly report: ReportEvent;
}

/** Which trial it is, as its events say. */
type TrialPlace = Pick<Extract<TrainingEvent, { type: 'tried' }>, 'member' | 'factor' | 'value' | 'trial' | 'trials'>;

async function makeTrials(job: WorkerJob, context: Context): Promise<TuningRecord> {
  const { id, member, file, tuning, report } = context;
  const known = await readTuning(file);
  if (known !== undefined && (known.experiment !== job.digest || known.id !== id))
    throw new RunError('has trials of another experiment', file, 'delete it to run the trials again');
  const begun = new Date().toISOString();
  const record: TuningRecord = known ?? {
    ...{ format: 2, id, experiment: job.digest, factor: tuning.factor, begun, trials: [] },
  };
  // Before the result of the first trial is known, whenever it is interrupted.
  if (known === undefined) await writeTuning(file, record);
  const trials = [...record.trials];
  for (;;) {
    const value = nextValue(tuning, trials);
    if (value === undefined) break;
    const place: TrialPlace = {
      ...{ member, factor: tuning.factor, value },
      ...{ trial: trials.length + 1, trials: tuning.budget },
    };
    const trial = await trialOf(place, job, context);
    trials.push(trial);
    await writeTuning(file, { ...record, trials });
    report({ type: 'tried', ...place, loss: trial.loss, seconds: trial.seconds });
  }
  // Here, not after the last trial: one that was killed in between has left it.
  await fs.rm(trialStateFile(job.runFolder, id), { force: true });
  return { ...record, trials };
}

async function trialOf(place: TrialPlace, job: WorkerJob, { id, tuning, stop, report }: Context): Promise<Trial> {
  const { value } = place;
  const experiment = trialExperiment(job.experiment, tuning, value);
  const member = firstOf(openMembers([{ ...job, experiment, tensorboardFolder: null }], await jobData(job)));
  const files = new TrialFiles(trialStateFile(job.runFolder, id), {
    id,
    names: stateNames(member.model.parameters, member.optimizer),
    experiment: `${job.digest} ${tuning.factor}=${value}`,
  });
  const from = (await files.read()) ?? {
    ...{ history: [], begun: new Date().toISOString() },
    state: initialHostState(member.model.parameters, member.optimizer, job.seed),
  };
  const began = performance.now() - 1000 * secondsOf(from);
  const secondsSoFar = () => (performance.now() - began) / 1000;
  const evaluation = new MemberTest(member);
  const end = (scores: Pick<Trial, 'loss' | 'accuracy'>): Trial => ({
    ...{ value, ...scores, diverged: scores.loss === null, steps: member.length.steps },
    seconds: secondsSoFar(),
  });
  const { stepsPerEpoch, steps } = member.length;
  stop.hear();
  try {
    const { history } = await trainEpochs(member, files, from, {
      ...{ stepper: new OwnSteps(member), evaluation, stop },
      report: (event) => {
        if (event.type !== 'progress') return;
        const done = ((event.epoch - 1) * stepsPerEpoch + event.step) / steps;
        const etaSeconds = (secondsSoFar() / done) * (place.trials - place.trial + 1 - done);
        report({ type: 'trial', ...place, done, loss: event.loss, etaSeconds });
      },
      summaries: { epoch: () => undefined, complete: () => undefined },
    });
    const { validationLoss = NaN, validationAccuracy = null } = lastOf(history);
    return end(
      Number.isFinite(validationLoss)
        ? { loss: validationLoss, accuracy: validationAccuracy }
        : { loss: null, accuracy: null },
    );
  } catch (error) {
    if (error instanceof Diverged) return end({ loss: null, accuracy: null });
    throw error;
  } finally {
    stop.release();
    evaluation.close();
  }
}

/** Seconds in training steps before a checkpoint. */
function secondsOf({ history, within = epochStart }: Checkpoint): number {
  return history.reduce((sum, { seconds }) => sum + seconds, within.seconds);
}

/**
 * The state of a trial on disk, so that a trial that is stopped or killed resumes as a member does: one file for both
 * cases.
 */
class TrialFiles implements TrainingFiles {
  readonly #file: string;
  readonly #of: CheckpointOf;

  constructor(file: string, of: CheckpointOf) {
    this.#file = file;
    this.#of = of;
  }

  /** Undefined if this trial has none. Throws RunError if it is damaged. */
  async read(): Promise<Checkpoint | undefined> {
    const bytes = await readFileIfThere(this.#file);
    // It may be that of the trial before, which is finished.
    const isOwn =
      bytes !== undefined &&
      openSafetensors(bytes, this.#file, damagedRemedy).metadata['experiment'] === this.#of.experiment;
    return isOwn ? decodeCheckpoint(bytes, this.#file, this.#of) : undefined;
  }

  async checkpoint({ begun }: TrainingRecord, progress: Pick<Checkpoint, 'state' | 'history'>): Promise<void> {
    await this.#write({ ...progress, begun });
  }

  async stopped(_: string, progress: Checkpoint): Promise<void> {
    await this.#write(progress);
  }

  async moment(): Promise<void> {
    // A trial has no outcomes.
  }

  async #write(progress: Checkpoint): Promise<void> {
    await writeFileAtomic(this.#file, encodeCheckpoint(this.#of, progress));
  }
}

/** The member's experiment with the value and the length of a trial, and without outcomes during training. */
function trialExperiment(experiment: Experiment, { factor, steps }: Tuning, value: number): Experiment {
  const own: Experiment = {
    ...{ ...experiment, [factor]: value, epochTestSize: 0 },
    ...{ tune: undefined, tunePer: undefined, tuneBudget: undefined, tuneSteps: undefined },
    ...{ moments: undefined, momentsSize: undefined, probe: undefined },
  };
  if (steps === undefined) return own;
  return { ...own, epochs: undefined, steps };
}
