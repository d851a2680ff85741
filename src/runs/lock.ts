/**
 * Locks of a run and of its members. The run's lock is held briefly while run.json is planned or changed; a member's lock while
 * the member is trained. So processes on any host can train members of one run at once, and no two write the same one.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import {
  holderOf,
  lockFileOf,
  tryLock,
  waitForLock,
  type LockAttempt,
  type Held,
  type Holder,
} from '../machine/lock.js';
import { processText, type Owner } from '../machine/owner.js';
import { RunError, codeOf } from '../terminal/errors.js';
import { diskError } from '../machine/disk-errors.js';
import { createFolder } from '../machine/files.js';
import { removeLeftovers } from '../machine/leftovers.js';
import { diskClock } from '../machine/temporary.js';
import { memberIdSchema } from './record.js';

export interface Patience {
  /** Milliseconds to wait for another process that holds the lock. */
  readonly patience?: number;
  /** Called once if it has to wait. */
  readonly onWait?: (line: string) => void;
  /** Ends the waiting, which then throws. */
  readonly signal?: AbortSignal | undefined;
}

const lookAgainMilliseconds = 100;
const minute = 60_000;

/**
 * Locks a run's folder, creating it if necessary. Once it is locked, leftovers of killed processes next to the run's files are
 * removed.
 *
 * @throws RunError, one line, if another process holds it for longer than the patience (a minute)
 */
export async function lockRun(runFolder: string, { patience = minute, ...patiently }: Patience = {}): Promise<Held> {
  const attempt = async (): Promise<LockAttempt> => {
    // Each time: a process that planned nothing, because it was stopped or failed, removes the folder that it created.
    await createFolder(runFolder);
    return tryLock(lockOfRun(runFolder)).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return { busy: undefined };
      throw diskError(error, runFolder);
    });
  };
  const held = await waitFor(runFolder, attempt, { patience, ...patiently }).catch(async (error: unknown) => {
    // Nothing half-made is left: an empty folder is removed, one with anything in it is not.
    await fs.rmdir(runFolder).catch(() => undefined);
    throw error;
  });
  await removeLeftovers(runFolder).catch(async (error: unknown) => {
    await held.release();
    throw error;
  });
  return held;
}

function lockOfRun(runFolder: string): string {
  return lockFileOf(runFolder + path.sep);
}

function waitFor(
  runFolder: string,
  attempt: () => Promise<LockAttempt>,
  { patience = 0, onWait, signal }: Patience,
): Promise<Held> {
  return waitForLock(attempt, {
    ...{ every: lookAgainMilliseconds, signal },
    onWait: (owner) => onWait?.(`waiting for ${processText(owner)}, which is planning ${runFolder}`),
    atMost: { milliseconds: patience, error: (owner) => busy(runFolder, owner) },
  });
}

/** Takes only the lock, of an existing folder and without waiting or tidying. Throws as `lockRun`. */
export async function holdRun(runFolder: string): Promise<Held> {
  const attempt = () =>
    tryLock(lockOfRun(runFolder)).catch((error: unknown) => {
      throw diskError(error, runFolder);
    });
  return waitFor(runFolder, attempt, {});
}

/** Name of the folder inside a run's folder that holds the locks of its members, each a file with the member's name. */
export const memberLocksName = '.locks';

export function memberLocksFolder(runFolder: string): string {
  return path.join(runFolder, memberLocksName);
}

/**
 * Locks a member of a run. The run's folder must exist, the member's need not.
 *
 * @throws RunError if the disk cannot be written, or the run is gone
 */
export async function lockMember(runFolder: string, id: string): Promise<LockAttempt> {
  const folder = memberLocksFolder(runFolder);
  const file = path.join(folder, id);
  for (let round = 0; ; round++) {
    // Whoever releases the last lock removes the folder.
    await fs.mkdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw diskError(error, runFolder);
    });
    try {
      const attempt = await tryLock(file);
      if ('busy' in attempt) return attempt;
      return { held: { ...attempt.held, release: () => release(attempt.held, folder) } };
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || round === 8) throw diskError(error, runFolder);
    }
  }
}

/** Locks several, or none. Throws RunError if one is busy. */
export async function lockMembers(runFolder: string, ids: readonly string[]): Promise<Held[]> {
  const held: Held[] = [];
  for (const id of ids) {
    const attempt = await lockMember(runFolder, id);
    if ('held' in attempt) {
      held.push(attempt.held);
      continue;
    }
    for (const each of held) await each.release();
    throw beingTrained(path.join(runFolder, 'members', id), attempt.busy);
  }
  return held;
}

/** The error for what cannot be done while another process trains it. */
export function beingTrained(
  where: string,
  owner: Owner | undefined,
  remedy = 'stop it, or wait until it has finished',
): RunError {
  const who = owner === undefined ? '' : ` by ${processText(owner)}`;
  return new RunError(`is being trained now${who}`, where, remedy);
}

async function release(held: Held, folder: string): Promise<void> {
  await held.release();
  await fs.rmdir(folder).catch(() => undefined);
}

/** Members of a run that living processes on any host hold, each with its owner. */
async function* heldMembers(runFolder: string, ids?: readonly string[]): AsyncGenerator<readonly [string, Holder]> {
  const folder = memberLocksFolder(runFolder);
  const clock = diskClock(folder);
  const asked = ids === undefined ? undefined : new Set(ids);
  for (const name of await fs.readdir(folder).catch(() => [])) {
    if (asked === undefined ? !memberIdSchema.safeParse(name).success : !asked.has(name)) continue;
    const holder = await holderOf(path.join(folder, name), clock);
    if (holder !== undefined) yield [name, holder];
  }
}

/** Which of a run's members living processes on any host hold, with their owners if known; default: of all. */
export async function busyMembers(
  runFolder: string,
  ids?: readonly string[],
): Promise<ReadonlyMap<string, Owner | undefined>> {
  const busy = new Map<string, Owner | undefined>();
  for await (const [id, { owner }] of heldMembers(runFolder, ids)) busy.set(id, owner);
  return busy;
}

/** Who is working on the run, or on one of its members; undefined if nobody is. */
export async function trainerOf(runFolder: string): Promise<Holder | undefined> {
  const ofRun = await holderOf(lockOfRun(runFolder));
  if (ofRun !== undefined) return ofRun;
  for await (const [, holder] of heldMembers(runFolder)) return holder;
  return undefined;
}

const lockName = /^\.lock(-guard|-owner\.json|\.taken-.+)?$/;
const memberLockName = /^(.+?)(\.taken-.+)?$/;

/** Whether a name in a run's folder belongs to the run's own lock, of this version or an earlier one. */
export function isLockName(name: string): boolean {
  return lockName.test(name);
}

/** Whether a name in the folder of the members' locks is that of a lock. */
export function isMemberLockName(name: string): boolean {
  return memberIdSchema.safeParse(memberLockName.exec(name)?.[1]).success;
}

function busy(runFolder: string, owner: Owner | undefined): RunError {
  const who = owner === undefined ? '' : ` (${processText(owner)})`;
  const remedy = 'wait until it has finished, or give another name with --run';
  return new RunError(`another command is working on run "${path.basename(runFolder)}"${who}`, undefined, remedy);
}
