/**
 * Chooses an option for a member before it is trained: each trial trains the member with one value, and the final loss on the
 * validation split decides. The test set is not used. Results are on disk after each trial, so that a member that is stopped resumes
 * with the next.
 */
import * as path from 'node:path';
import { bestTrial, nextValue, sharedSeed, tuningOf, type Tuning } from '../experiment/tuning.js';
import type { Splits } from '../datasets/index.js';
import type { Experiment } from '../experiment/schema.js';
import { createFolder } from '../machine/files.js';
import { lockFileOf, tryLock, waitForLock } from '../machine/lock.js';
import { firstOf, lastOf } from '../machine/present.js';
import { memberId, type MemberRecord } from '../runs/record.js';
import { readTuning, tuningFile, writeTuning, type TuningRecord } from '../runs/tuning.js';
import { RunError } from '../terminal/errors.js';
import { Diverged, trainEpochs } from './epochs.js';
import { MemberTest } from './evaluation.js';
import { memberKeyOf, type WorkerJob } from './job.js';
import { jobData, openMembers } from './open-member.js';
import { initialHostState } from './state.js';
import { OwnSteps } from './stepper.js';
import type { StopSignal } from './stop.js';

type Stop = Pick<StopSignal, 'came'>;
type Trial = TuningRecord['trials'][number];

export interface Tuned {
  /** As in member.json. */
  readonly tuned: NonNullable<MemberRecord['tuned']>;
  /** When the first trial started, and so the member; undefined if an older version made it. */
  readonly trialsBegun: string | undefined;
}

/** The value for the member; undefined without `--tune`. Throws RunError if every trial diverged. */
export async function tuneMember(job: WorkerJob, stop: Stop): Promise<Tuned | undefined> {
  const tuning = tuningOf(job.experiment);
  if (tuning === undefined) return undefined;
  const seed = tuning.per === 'width' ? sharedSeed : job.seed;
  const id = memberId({ ...memberKeyOf(job), seed });
  const file = tuningFile(job.runFolder, id);
  await createFolder(path.dirname(file));
  const { trials, begun } = await underLock(file, () => makeTrials({ ...job, seed }, { id, file, tuning, stop }));
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

/** Members of a width wait for the one that makes their trials. */
async function underLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const held = await waitForLock(() => tryLock(lockFileOf(file)), { every: 500 });
  try {
    return await work();
  } finally {
    await held.release();
  }
}

interface Context {
  readonly id: string;
  readonly file: string;
  readonly tuning: Tuning;
  readonly stop: Stop;
}

async function makeTrials(job: WorkerJob, { id, file, tuning, stop }: Context): Promise<TuningRecord> {
  const known = await readTuning(file);
  if (known !== undefined && (known.experiment !== job.digest || known.id !== id))
    throw new RunError('has trials of another experiment', file, 'delete it to make the trials again');
  const begun = new Date().toISOString();
  const record: TuningRecord = known ?? {
    ...{ format: 2, id, experiment: job.digest, factor: tuning.factor, begun, trials: [] },
  };
  // Before the result of the first trial is known, whenever it is interrupted.
  if (known === undefined) await writeTuning(file, record);
  const trials = [...record.trials];
  let data: Splits | undefined;
  for (;;) {
    const value = nextValue(tuning, trials);
    if (value === undefined) return { ...record, trials };
    // Tuning changes none of it, so all trials share it.
    data ??= await jobData(job);
    trials.push(await trialOf(value, job, { data, tuning, stop }));
    await writeTuning(file, { ...record, trials });
  }
}

async function trialOf(
  value: number,
  job: WorkerJob,
  { data, tuning, stop }: Pick<Context, 'tuning' | 'stop'> & { readonly data: Splits },
): Promise<Trial> {
  const began = performance.now();
  const experiment = trialExperiment(job.experiment, tuning, value);
  const member = firstOf(openMembers([{ ...job, experiment, tensorboardFolder: null }], data));
  const state = initialHostState(member.model.parameters, member.optimizer, job.seed);
  const evaluation = new MemberTest(member);
  const nothing = () => Promise.resolve();
  const end = (scores: Pick<Trial, 'loss' | 'accuracy'>): Trial => ({
    ...{ value, ...scores, diverged: scores.loss === null, steps: member.length.steps },
    seconds: (performance.now() - began) / 1000,
  });
  try {
    const { history } = await trainEpochs(
      member,
      { stopped: nothing, checkpoint: nothing, moment: nothing },
      { state, history: [], begun: new Date().toISOString() },
      {
        stepper: new OwnSteps(member),
        evaluation,
        stop,
        report: () => undefined,
        summaries: { epoch: () => undefined, complete: () => undefined },
      },
    );
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
    evaluation.close();
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
