/**
 * Frees space: first a plan, which lists every file and folder to be removed and writes nothing; then its execution,
 * under the locks of all runs involved, and only if a second plan equals the one that the user has seen.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { namesIn } from '../machine/listing.js';
import { removeAll, type Removal, type Removed } from '../machine/removal.js';
import { isLeftover } from '../machine/temporary.js';
import { entriesAt, type DiskEntry } from '../machine/usage.js';
import { isReported, messageOf, RunError, UsageError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';
import { nearest } from '../terminal/nearest.js';
import { isOfRun } from './contents.js';
import { runNames } from './locate.js';
import {
  beingTrained,
  holdRun,
  isLockName,
  lockMembers,
  memberLocksFolder,
  memberLocksName,
  trainerOf,
} from './lock.js';
import type { Held } from '../machine/lock.js';
import { verifyAnyRun, type AnyMemberState } from './verify.js';
import { memberIdSchema } from './record.js';
import { checkpointFiles } from './run.js';
import { commandLine } from '../machine/installation.js';

export interface CleanRequest {
  /** The folder that holds all runs: `checkpoints`. */
  readonly root: string;
  /** Names of runs; none means all, but never whole runs. */
  readonly names: readonly string[];
  /** Only the checkpoints of unfinished members. */
  readonly unfinished: boolean;
}

export interface CleanPlan {
  readonly removals: readonly Removal[];
  /** Folders of the runs that are touched. */
  readonly runs: readonly string[];
  /** What is kept although the user may expect it to go, and why. */
  readonly notes: readonly string[];
}

/**
 * What would be removed. Writes nothing.
 *
 * @throws UsageError for a name that is not a run in `root`, RunError for a named run that is being trained
 */
export async function planClean(request: CleanRequest): Promise<CleanPlan> {
  const { root, names } = request;
  const folders =
    names.length > 0 ? await foldersOf(root, names) : (await runNames(root)).map((n) => path.join(root, n));
  const plans: CleanPlan[] = names.length > 0 ? [] : [{ removals: await probesIn(root), runs: [], notes: [] }];
  for (const folder of folders) {
    const trainer = await trainerOf(folder);
    if (trainer === undefined) plans.push(await planRun(folder, request));
    else if (names.length > 0)
      throw beingTrained(folder, trainer.owner, 'nothing was removed; stop it, or wait until it has finished');
    else plans.push({ removals: [], runs: [], notes: [`${folder} is being trained now and was skipped`] });
  }
  return {
    removals: plans.flatMap(({ removals }) => removals).filter(({ entries }) => entries.length > 0),
    runs: plans.flatMap(({ runs }) => runs),
    notes: plans.flatMap(({ notes }) => notes),
  };
}

/**
 * Removes what the plan lists.
 *
 * @throws RunError, having removed nothing, if a run is being trained by then or the plan would now be different
 */
export async function executeClean(plan: CleanPlan, request: CleanRequest): Promise<Removed> {
  const locks: Held[] = [];
  // In reverse order: a folder that holds a lock can only be removed once the lock is released.
  const release = async () => {
    for (const each of locks.splice(0).reverse()) await each.release();
  };
  try {
    for (const folder of plan.runs) {
      locks.push(await holdRun(folder));
      locks.push(...(await lockMembers(folder, await lockableMembers(folder))));
    }
    const now = await Promise.all(plan.runs.map((folder) => planRun(folder, request)));
    const listed = plan.removals.filter(({ entries }) => plan.runs.some((folder) => isInside(entries, folder)));
    if (pathsOf(now.flatMap(({ removals }) => removals)) !== pathsOf(listed))
      throw new RunError('changed after it was listed; nothing was removed', request.root, 'run the command again');
    const folders = new Set(plan.runs);
    const split = (isWanted: (entry: DiskEntry) => boolean) =>
      plan.removals.map(({ what, entries }) => ({ what, entries: entries.filter(isWanted) }));
    const first = await removeAll(split((entry) => !folders.has(entry.path) && !isHeldEntry(entry)));
    // The locks of dead processes go together with ours, which have replaced them.
    await release();
    if (first.problem !== undefined) return first;
    const last = await removeAll(split((entry) => folders.has(entry.path)));
    return { left: [...first.left, ...last.left], problem: last.problem };
  } finally {
    await release();
  }
}

function isInside(entries: readonly DiskEntry[], folder: string): boolean {
  return entries.some(({ path: each }) => each === folder || each.startsWith(folder + path.sep));
}

/** Whoever holds the locks must leave them out of the comparison. */
function pathsOf(removals: readonly Removal[]): string {
  const paths = removals.flatMap(({ entries }) => entries.filter((entry) => !isLockEntry(entry)).map((e) => e.path));
  return JSON.stringify(paths.sort());
}

/** Locks of members are in a folder of their own, which is removed with the last of them. */
function isLockEntry({ path: place }: DiskEntry): boolean {
  return isLockName(path.basename(place)) || [place, path.dirname(place)].some(isMemberLocks);
}

/** A lock that we hold while we hold all of a run. */
function isHeldEntry(entry: DiskEntry): boolean {
  return isLockEntry(entry) && !/\.taken-|-owner\.json$|-guard$/.test(path.basename(entry.path));
}

function isMemberLocks(place: string): boolean {
  return path.basename(place) === memberLocksName;
}

/** Members that exist, or whose lock was left by a dead process. */
async function lockableMembers(folder: string): Promise<string[]> {
  const names = [...(await namesIn(path.join(folder, 'members'))), ...(await namesIn(memberLocksFolder(folder)))];
  return [...new Set(names)].filter((name) => memberIdSchema.safeParse(name).success);
}

async function planRun(folder: string, { names, unfinished }: CleanRequest): Promise<CleanPlan> {
  if (names.length > 0 && !unfinished) return planWhole(folder);
  const all = entriesAt(folder);
  const leftovers: DiskEntry[] = [];
  for (const entry of all) if (isOurs(entry, folder) && (await isLeftBehind(entry))) leftovers.push(entry);
  const states = await statesOf(folder);
  if (typeof states === 'string') {
    if (names.length > 0) throw new RunError(states);
    return planOf(folder, [leftoversOf(folder, leftovers)], unfinished ? [`${folder} was skipped: ${states}`] : []);
  }
  const begun = unfinished ? states.filter((state) => isUnfinished(state, all)) : [];
  const ofBegun = begun.flatMap((state) => oursIn(state.folder, all, folder));
  // A kill between the last two steps of a member leaves this, and the next training would remove it.
  const complete = states.filter(({ status }) => status === 'complete');
  const spent = new Set(complete.flatMap(({ folder: own }) => checkpointFiles.map((name) => path.join(own, name))));
  const useless = [...leftovers, ...all.filter((entry) => spent.has(entry.path))];
  return planOf(folder, [
    { what: `checkpoints of ${condensed(begun.map(({ id }) => id))} in ${folder}`, entries: ofBegun },
    leftoversOf(
      folder,
      useless.filter((entry) => !ofBegun.includes(entry)),
    ),
  ]);
}

async function isLeftBehind(entry: DiskEntry): Promise<boolean> {
  // No living process holds a lock, or the run would be skipped.
  return isLockEntry(entry) || isLeftover(entry.path);
}

function leftoversOf(folder: string, entries: readonly DiskEntry[]): Removal {
  return { what: `leftovers of killed processes in ${folder}`, entries };
}

function planOf(folder: string, removals: readonly Removal[], notes: readonly string[] = []): CleanPlan {
  const isTouched = removals.some(({ entries }) => entries.length > 0);
  return { removals: removals.filter(({ entries }) => entries.length > 0), runs: isTouched ? [folder] : [], notes };
}

function planWhole(folder: string): CleanPlan {
  const all = entriesAt(folder);
  const record = path.join(folder, 'run.json');
  const rank = ({ path: place }: DiskEntry) => (place === folder ? 2 : place === record ? 1 : 0);
  // The record comes last: a run that is half removed is still a run, and the same command removes the rest.
  const entries = oursIn(folder, all, folder).toSorted((a, b) => rank(a) - rank(b));
  const foreign = all.filter((entry) => !isOurs(entry, folder));
  return planOf(
    folder,
    [{ what: `${folder}, the whole run`, entries }],
    foreign.map(({ path: place }) => `${place} is kept: the lab did not create it`),
  );
}

function isOurs({ path: place, isFolder }: DiskEntry, runFolder: string): boolean {
  const relative = path.relative(runFolder, place);
  return isOfRun(relative === '' ? [] : relative.split(path.sep), isFolder);
}

/** The files and folders in a folder that are ours, without folders in which something is kept. */
function oursIn(within: string, all: readonly DiskEntry[], runFolder: string): DiskEntry[] {
  const inside = all.filter(({ path: place }) => place === within || place.startsWith(within + path.sep));
  const foreign = inside.filter((entry) => !isOurs(entry, runFolder));
  const holdsForeign = ({ path: place }: DiskEntry) => foreign.some((each) => each.path.startsWith(place + path.sep));
  return inside.filter((entry) => isOurs(entry, runFolder) && !holdsForeign(entry));
}

async function statesOf(folder: string): Promise<readonly AnyMemberState[] | string> {
  try {
    return (await verifyAnyRun(folder, 'presence')).states;
  } catch (error) {
    if (isReported(error)) return messageOf(error);
    throw error;
  }
}

function isUnfinished({ status, folder }: AnyMemberState, entries: readonly DiskEntry[]): boolean {
  return (status === 'training' || status === 'no epoch done') && entries.some(({ path: place }) => place === folder);
}

async function foldersOf(root: string, names: readonly string[]): Promise<string[]> {
  const known = await runNames(root);
  const chosen = new Set<string>();
  for (const text of names) {
    // `checkpoints/lenet`, as a shell completes it.
    const isPath = path.dirname(path.resolve(text)) === path.resolve(root);
    const name = isPath ? path.basename(path.resolve(text)) : text;
    if (!known.includes(name)) throw noRun(text, root, known);
    const folder = path.join(root, name);
    if ((await fs.lstat(folder)).isSymbolicLink())
      throw new UsageError(`${folder} is a link to ${await fs.readlink(folder)}`, 'RUN', 'remove that yourself');
    chosen.add(folder);
  }
  return [...chosen];
}

function noRun(text: string, root: string, known: readonly string[]): UsageError {
  const meant = nearest(text, known);
  const remedy = meant === undefined ? `${commandLine('runs')} lists those that are` : `did you mean ${meant}?`;
  return new UsageError(`"${text}" is not a run in ${root}`, 'RUN', remedy);
}

/** Leftovers of disk probes that were killed. */
async function probesIn(root: string): Promise<Removal[]> {
  const entries: DiskEntry[][] = [];
  for (const name of await namesIn(root))
    if (await isLeftover(path.join(root, name))) entries.push(entriesAt(path.join(root, name)));
  return [leftoversOf(root, entries.flat())];
}
