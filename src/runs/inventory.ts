/** All runs of a folder, each with its state: what is complete, what is missing, what it takes on disk. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { readTextIfThere } from '../machine/inputs.js';
import { namesIn } from '../machine/listing.js';
import { bytesOf, entriesAt } from '../machine/usage.js';
import { isReported } from '../terminal/errors.js';
import { claimsFolder } from './claims.js';
import { forecastsFolder } from './forecasts.js';
import { isUnchanged } from './json.js';
import { isLiving, jobText, type MemberJob } from './jobs.js';
import { busyMembers, trainerOf } from './lock.js';
import { runNames } from './locate.js';
import { isImported, makeOf, type AnyRun } from './imported.js';
import { unsealedNotes } from './record.js';
import { readAnyRun } from './run.js';
import { verifyAnyRun, whyMissing, type AnyMemberState, type MemberState, type Scrutiny } from './verify.js';

/**
 * `training`: a process is working on it; `queued`: jobs of a cluster are waiting or starting; `stopped`: members are missing and no
 * process is training them.
 */
export type RunStatus = 'complete' | 'training' | 'queued' | 'stopped' | 'damaged';

export interface MissingMember {
  readonly id: string;
  /** `2 of 5 epochs done`, or what is damaged. */
  readonly why: string;
}

export interface RunSummary {
  /** The folder's name, by which commands know the run. */
  readonly name: string;
  readonly folder: string;
  /** The architecture, or `imported`; null if run.json cannot be read. */
  readonly arch: string | null;
  readonly dataset: string | null;
  /** UTC. */
  readonly created: string | null;
  readonly status: RunStatus;
  readonly members: { readonly complete: number; readonly total: number } | null;
  /** In the run's order. */
  readonly missing: readonly MissingMember[];
  /** What is wrong with run.json; null if nothing is. */
  readonly problem: string | null;
  /** Further findings, a line each: sealed files that were changed, records without a hash. Only if files are read. */
  readonly notes: readonly string[];
  /** On the disk, as `du` counts. */
  readonly sizeBytes: number;
}

/**
 * The runs in `root` by name; none if there is no such folder. A folder is a run if it holds a run.json, members or a lock.
 *
 * @throws RunError if `root` cannot be read
 */
export async function summariseRuns(
  root: string,
  scrutiny: Scrutiny = 'presence',
  jobsOf: JobsOf = () => Promise.resolve(new Map()),
): Promise<RunSummary[]> {
  const summaries: RunSummary[] = [];
  for (const name of await runNames(root))
    summaries.push(await summariseFolder(path.join(root, name), scrutiny, jobsOf));
  return summaries;
}

/** Asks a cluster for the jobs of a run's members, by their ids. */
export type JobsOf = (runFolder: string) => Promise<ReadonlyMap<string, MemberJob>>;

async function summariseFolder(folder: string, scrutiny: Scrutiny, jobsOf: JobsOf): Promise<RunSummary> {
  const name = path.basename(folder);
  // A run may be a link to another disk, and is as large as what it points at.
  const sizeBytes = bytesOf(entriesAt(await fs.realpath(folder).catch(() => folder)));
  const isBusy = (await trainerOf(folder)) !== undefined;
  const none = { arch: null, dataset: null, created: null, members: null, missing: [], notes: [] };
  const unread = { name, folder, ...none, status: isBusy ? 'training' : 'damaged', sizeBytes } as const;
  try {
    const record = await readAnyRun(folder);
    if (record === undefined) return { ...unread, problem: 'run.json is missing' };
    const { states: read, problem } = await verifyAnyRun(folder, scrutiny);
    const states = await asSeen(folder, read);
    // A cluster has no jobs for a complete run.
    const isWhole = isImported(record) || states.every(({ status }) => status === 'complete');
    const jobs = isWhole ? new Map<string, MemberJob>() : await jobsOf(folder);
    const summary = { name, folder, ...membersOfSummary(record, states, { isBusy, jobs }), problem: null, sizeBytes };
    if (scrutiny === 'presence') return { ...summary, notes: [] };
    const changed = [...(problem === undefined ? [] : [`${folder}: ${problem}`]), ...(await changedSeals(folder))];
    const trained = states.flatMap((state) => state.record ?? []);
    const unsealed = isImported(record) ? [] : unsealedNotes(folder, record, trained);
    const status = changed.length > 0 && !isBusy ? 'damaged' : summary.status;
    return { ...summary, status, notes: [...changed, ...unsealed] };
  } catch (error) {
    if (!isReported(error)) throw error;
    return { ...unread, problem: error.message };
  }
}

/** Sealed files of a run that were changed after they were sealed. */
async function changedSeals(folder: string): Promise<string[]> {
  const changed: string[] = [];
  for (const within of [forecastsFolder(folder), claimsFolder(folder)]) {
    for (const name of await namesIn(within)) {
      const file = path.join(within, name);
      if (name.endsWith('.json') && !name.startsWith('.') && !isUnchanged((await readTextIfThere(file)) ?? ''))
        changed.push(`${file} was changed after it was sealed, or is damaged`);
    }
  }
  return changed;
}

function membersOfSummary(
  record: AnyRun,
  states: readonly AnyMemberState[],
  { isBusy, jobs }: { readonly isBusy: boolean; readonly jobs: ReadonlyMap<string, MemberJob> },
) {
  const missing = states.flatMap((state) => {
    const why = whyMissing(state);
    const job = jobs.get(state.id);
    return why === undefined ? [] : { id: state.id, why: job === undefined ? why : `${why}; ${jobText(job)}` };
  });
  const total = states.length;
  return {
    arch: makeOf(record),
    dataset: isImported(record) ? record.dataset.name : record.experiment.dataset,
    created: record.created,
    status: statusOf(states, isBusy, jobs),
    members: { complete: total - missing.length, total },
    missing,
  };
}

/**
 * What an onlooker may say of members: one that a living process holds is in training, even if the files that it replaces are
 * damaged. Nobody is to delete them meanwhile.
 */
export async function asSeen<State extends Pick<AnyMemberState, 'id' | 'status' | 'problem'>>(
  folder: string,
  states: readonly State[],
): Promise<State[]> {
  const damaged = states.flatMap(({ id, status }) => (status === 'damaged' ? [id] : []));
  const held = damaged.length === 0 ? new Map<string, unknown>() : await busyMembers(folder, damaged);
  return states.map((state) =>
    state.status === 'damaged' && held.has(state.id) ? { ...state, status: 'training', problem: undefined } : state,
  );
}

/** For a run whose run.json can be read. */
export function statusOf(
  states: readonly Pick<MemberState, 'status' | 'id'>[],
  isBusy: boolean,
  jobs: ReadonlyMap<string, MemberJob> = new Map(),
): RunStatus {
  if (isBusy) return 'training';
  if (states.some(({ status }) => status === 'damaged')) return 'damaged';
  const missing = states.filter(({ status }) => status !== 'complete');
  if (missing.length === 0) return 'complete';
  return missing.flatMap(({ id }) => jobs.get(id) ?? []).some(isLiving) ? 'queued' : 'stopped';
}
