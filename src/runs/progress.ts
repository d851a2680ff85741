/** How far a run is, judged by the files in its folder alone: members write after each epoch, so nothing more recent is known. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { group, least } from 'd3-array';
import { tuningOf } from '../experiment/tuning.js';
import { nth, present } from '../machine/present.js';
import { RunError, unlessReported } from '../terminal/errors.js';
import { readHistory } from './history.js';
import { asSeen, statusOf, type RunStatus } from './inventory.js';
import type { MemberJob } from './jobs.js';
import { trainerOf } from './lock.js';
import { heldOutOf, memberId, type EpochRecord, type HeldOutScores, type RunRecord } from './record.js';
import { readMemberFile, readRunRecord } from './run.js';
import { readTuning, trialsKey, tuningFile } from './tuning.js';
import { verifyRun, type MemberState, type MemberStatus } from './verify.js';
import { mean } from '../statistics/mean.js';

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
  /** Of `--tune`, before its first epoch; null otherwise. */
  readonly trials: { readonly made: number; readonly of: number } | null;
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
  const states = await asSeen(folder, await verifyRun(folder, 'presence'));
  const isBusy = (await trainerOf(folder)) !== undefined;
  const { arch, dataset } = record.experiment;
  const epochs = Math.max(...states.map((state) => state.epochs));
  const timed = await Promise.all(states.map((state) => timingOf(state, record, now)));
  const paces = pacesOf(timed);
  const left = timed.map((timing) => secondsLeft(timing, paces));
  const trials = await Promise.all(states.map((state) => trialsOf(state, folder, record)));
  const members = states.map((state, i) => ({
    ...memberProgress(state, nth(timed, i), isBusy ? nth(left, i) : null),
    trials: nth(trials, i),
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

async function trialsOf(
  { key, status }: MemberState,
  folder: string,
  { experiment }: RunRecord,
): Promise<MemberProgress['trials']> {
  const tuning = status === 'no epoch done' ? tuningOf(experiment) : undefined;
  if (tuning === undefined) return null;
  // Nothing is shown of damaged ones; the training says so.
  const made = await unlessReported(readTuning(tuningFile(folder, memberId(trialsKey(tuning, key)))));
  return { made: made?.trials.length ?? 0, of: tuning.budget };
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
): Omit<MemberProgress, 'job' | 'trials'> {
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
  return recent.length === 0 ? undefined : mean(recent.map(({ seconds }) => seconds));
}

/** What an epoch of a number of operations takes. */
interface Pace {
  readonly flops: number;
  readonly seconds: number;
}

/** Of the members that have epochs: for each number of operations the mean of those with the same. */
export function pacesOf(all: readonly Timing[]): Pace[] {
  const known = all.flatMap((timing) => {
    const seconds = pace(timing);
    return seconds === undefined || timing.flops === undefined ? [] : { flops: timing.flops, seconds };
  });
  return [...group(known, ({ flops }) => flops)].map(([flops, each]) => {
    return { flops, seconds: mean(each.map(({ seconds }) => seconds)) };
  });
}

/** Estimate of what a member still takes; null if no other member says anything of it. */
export function secondsLeft(timing: Timing, paces: readonly Pace[]): number | null {
  if (timing.isComplete) return 0;
  const own = pace(timing);
  if (own === undefined) {
    const estimate = timing.flops === undefined ? undefined : paceAt(timing.flops, paces);
    return estimate === undefined ? null : estimate * timing.epochs;
  }
  // One that was stopped in between was not training all that time.
  const under = Math.min(timing.idleSeconds, own);
  return Math.max(0, (timing.epochs - timing.history.length) * own - under);
}

/**
 * Of an epoch of this many operations, if the member has none yet: that of members with the same number, else a power law through the two
 * nearest, else in proportion to the only one.
 */
function paceAt(flops: number, paces: readonly Pace[]): number | undefined {
  const distance = (known: Pace) => Math.abs(Math.log(known.flops / flops));
  const near = least(paces, distance);
  if (near === undefined) return undefined;
  const far = least(paces, (known) => (known === near ? Infinity : distance(known)));
  const exponent =
    far === undefined || far === near ? 1 : Math.log(far.seconds / near.seconds) / Math.log(far.flops / near.flops);
  return near.seconds * (flops / near.flops) ** exponent;
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
