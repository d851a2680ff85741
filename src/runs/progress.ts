/** How far a run is, judged by the files in its folder alone: members write after each epoch, so nothing more recent is known. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { nth, present } from '../machine/present.js';
import { RunError } from '../terminal/errors.js';
import { readHistory } from './history.js';
import { statusOf, type RunStatus } from './inventory.js';
import type { MemberJob } from './jobs.js';
import { trainerOf } from './lock.js';
import { heldOutOf, type EpochRecord, type HeldOutScores, type RunRecord } from './record.js';
import { readMemberFile, readRunRecord } from './run.js';
import { verifyRun, type MemberState, type MemberStatus } from './verify.js';

export interface MemberProgress extends HeldOutScores {
  readonly id: string;
  readonly status: MemberStatus;
  readonly epochsDone: number;
  /** Of the last epoch; null before the first. Accuracy is null if answers are not right or wrong. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly examplesPerSecond: number | null;
  /** Estimated; null if unknown, 0 if complete. */
  readonly etaSeconds: number | null;
  /** What is damaged. */
  readonly problem: string | null;
  /** The cluster's job of an incomplete member that was launched; null for others. */
  readonly job: MemberJob | null;
  /** For each finished epoch. */
  readonly losses: readonly number[];
}

export interface RunProgress {
  readonly run: string;
  readonly arch: string;
  readonly dataset: string;
  /** The largest number over the members. */
  readonly epochs: number;
  readonly status: RunStatus;
  readonly complete: number;
  /** Of all remaining members; null if unknown, or if no process is training them. */
  readonly etaSeconds: number | null;
  /** In the run's order. */
  readonly members: readonly MemberProgress[];
}

/**
 * @param jobs of members that were launched, by id
 * @param now milliseconds, as `Date.now()`
 * @throws RunError if there is no run, or run.json is damaged
 */
export async function readProgress(
  folder: string,
  jobs: ReadonlyMap<string, MemberJob> = new Map(),
  now = Date.now(),
): Promise<RunProgress> {
  const record = await readRunRecord(folder);
  if (record === undefined) throw new RunError('there is no longer a run here: run.json is missing', folder);
  const states = await verifyRun(folder, 'presence');
  const isBusy = (await trainerOf(folder)) !== undefined;
  const { arch, dataset } = record.experiment;
  const epochs = Math.max(...states.map((state) => state.epochs));
  const timed = await Promise.all(states.map((state) => timingOf(state, record, now)));
  const left = timed.map((timing) => secondsLeft(timing, timed));
  const members = states.map((state, i) => ({
    ...memberProgress(state, nth(timed, i), isBusy ? nth(left, i) : null),
    job: state.status === 'complete' ? null : (jobs.get(state.id) ?? null),
  }));
  return {
    run: record.name,
    arch,
    dataset,
    epochs,
    status: statusOf(states, isBusy, jobs),
    complete: states.filter(({ status }) => status === 'complete').length,
    etaSeconds: isBusy ? familySeconds(timed, left) : null,
    members,
  };
}

/** What is known of a member's pace. */
export interface Timing {
  /** Floating-point operations of an epoch; undefined in runs of older versions, which did not count them. */
  readonly flops: number | undefined;
  readonly epochs: number;
  readonly history: readonly Pick<EpochRecord, 'seconds'>[];
  /** Time since its last epoch ended. */
  readonly idleSeconds: number;
  readonly isComplete: boolean;
}

async function timingOf({ id, folder, status, record, epochs }: MemberState, run: RunRecord, now: number) {
  const file = path.join(folder, 'history.jsonl');
  // Nothing is shown of a damaged one; its `problem` says why, or the next command that reads it will.
  const read = status === 'complete' ? await readMemberFile(folder, present(record), 'history.jsonl') : undefined;
  const problem = typeof read === 'string' ? read : undefined;
  const history = problem === undefined ? await readHistory(file).catch(() => []) : [];
  const stats = await fs.stat(file).catch(() => undefined);
  const idleSeconds = stats === undefined ? 0 : Math.max(0, (now - stats.mtimeMs) / 1000);
  const all = record?.trainingFlops ?? run.flops?.[id];
  const flops = all === undefined ? undefined : all / epochs;
  return { flops, epochs, history, problem, idleSeconds, isComplete: status === 'complete' };
}

function memberProgress(
  { id, status, problem }: MemberState,
  { history, problem: ofHistory }: Awaited<ReturnType<typeof timingOf>>,
  etaSeconds: number | null,
): Omit<MemberProgress, 'job'> {
  const last = history.at(-1);
  return {
    id,
    status,
    epochsDone: history.length,
    loss: last?.trainLoss ?? null,
    accuracy: last?.trainAccuracy ?? null,
    ...(last === undefined ? {} : heldOutOf(last)),
    examplesPerSecond: last?.examplesPerSecond ?? null,
    etaSeconds: status === 'complete' ? 0 : etaSeconds,
    problem: problem ?? ofHistory ?? null,
    losses: history.map(({ trainLoss }) => trainLoss),
  };
}

/** The number of epochs whose mean predicts the next one: the first is slower. */
const recentEpochs = 3;

/** Seconds of an epoch; undefined before the first. */
function pace({ history }: Timing): number | undefined {
  const recent = history.slice(-recentEpochs);
  return recent.length === 0 ? undefined : recent.reduce((sum, { seconds }) => sum + seconds, 0) / recent.length;
}

/** Estimated remaining time of a member; null if no other member provides a basis. */
export function secondsLeft(timing: Timing, all: readonly Timing[]): number | null {
  if (timing.isComplete) return 0;
  const own = pace(timing);
  if (own === undefined) {
    const estimate = timing.flops === undefined ? undefined : paceAt(timing.flops, all);
    return estimate === undefined ? null : estimate * timing.epochs;
  }
  // One that was stopped in between was not training all that time.
  const under = Math.min(timing.idleSeconds, own);
  return Math.max(0, (timing.epochs - timing.history.length) * own - under);
}

/**
 * Time of an epoch with this many operations for a member without one yet: the mean of members with the same number, otherwise a power
 * law through the two nearest, otherwise in proportion to the only one.
 */
function paceAt(flops: number, all: readonly Timing[]): number | undefined {
  const paces = new Map<number, number[]>();
  for (const timing of all) {
    const own = pace(timing);
    if (own === undefined || timing.flops === undefined) continue;
    paces.set(timing.flops, [...(paces.get(timing.flops) ?? []), own]);
  }
  const known = [...paces]
    .map(([at, each]) => ({ at, seconds: each.reduce((sum, one) => sum + one, 0) / each.length }))
    .sort((a, b) => Math.abs(Math.log(a.at / flops)) - Math.abs(Math.log(b.at / flops)));
  const [near, far] = known;
  if (near === undefined) return undefined;
  const exponent = far === undefined ? 1 : Math.log(far.seconds / near.seconds) / Math.log(far.at / near.at);
  return near.seconds * (flops / near.at) ** exponent;
}

/** With as many at once as are training now; but at least as long as the longest takes. */
export function familySeconds(timed: readonly Timing[], left: readonly (number | null)[]): number | null {
  const known = left.filter((seconds) => seconds !== null);
  if (known.length < left.length) return null;
  const atOnce = timed.filter((timing) => !timing.isComplete && isActive(timing)).length;
  const sum = known.reduce((total, seconds) => total + seconds, 0);
  return Math.max(...known, sum / Math.max(1, atOnce));
}

/** Whether its last epoch ended no longer ago than three epochs take. */
function isActive(timing: Timing): boolean {
  const own = pace(timing);
  return own !== undefined && timing.idleSeconds < 3 * own + 10;
}
