/**
 * A lock between processes. It is proper-lockfile's: a folder whose time the owner keeps fresh. Beside it stands who the
 * owner is, since its age alone decides badly at both ends: an owner that is stopped or busy looks dead after some
 * seconds, and one that was killed looks alive for as long. On the owner's own machine its process decides; the age counts
 * only from another machine (a shared disk) or after a restart of this one.
 */
import * as fs from 'node:fs/promises';
import { codeOf } from '../terminal/errors.js';
import { isRunning, ownerSchema, thisProcess, type Owner } from './owner.js';

/** How long after its last sign of life an owner on another machine counts as dead. */
const staleMilliseconds = 30_000;
/** A guard is held for some milliseconds; one this old belongs to a process that was killed in just these. */
const staleGuardMilliseconds = 2000;

export interface Lock {
  /** Names that the lock, its guard and its owner's record take, all in one folder that exists. */
  readonly lockFolder: string;
  readonly guardFolder: string;
  readonly ownerFile: string;
  /** Called when another process took or removed the lock, which happens only to one on another machine. */
  readonly onLost: (error: Error) => void;
}

/** Where the lock of a file or a folder is: beside it, or inside a folder that is given with the slash at its end. */
export function placesOf(target: string): Pick<Lock, 'lockFolder' | 'guardFolder' | 'ownerFile'> {
  return {
    lockFolder: `${target}.lock`,
    guardFolder: `${target}.lock-guard`,
    ownerFile: `${target}.lock-owner.json`,
  };
}

export type Attempt =
  | { readonly release: () => Promise<void> }
  /** Whose it is, where that is known. */
  | { readonly busy: Owner | undefined };

/** Takes the lock or says who has it. Looks and takes in one go: two that find a dead owner must not both clear it away. */
export async function tryLock(lock: Lock): Promise<Attempt> {
  const leaveGuard = await enterGuard(lock);
  if (leaveGuard === undefined) return { busy: undefined };
  try {
    const owner = await readOwner(lock);
    const alive = owner === undefined ? undefined : isRunning(owner);
    if (alive === true && (await isLocked(lock))) return { busy: owner };
    if (alive === false) await fs.rm(lock.lockFolder, { recursive: true, force: true });
    const release = await take(lock);
    return release === undefined ? { busy: owner } : { release };
  } finally {
    await leaveGuard();
  }
}

/** Who holds the lock, found without taking it; undefined if it is free. The owner is undefined if unknown. */
export async function holderOf(
  lock: Pick<Lock, 'lockFolder' | 'ownerFile'>,
): Promise<{ readonly owner: Owner | undefined } | undefined> {
  const held = await fs.stat(lock.lockFolder).catch(() => undefined);
  if (held === undefined) return undefined;
  const owner = await readOwner(lock);
  const alive = owner === undefined ? undefined : isRunning(owner);
  return (alive ?? Date.now() - held.mtimeMs < staleMilliseconds) ? { owner } : undefined;
}

/** It listens to every signal once it is loaded, so that Ctrl-C would wait for whoever computes without a pause: only for who locks. */
async function locks() {
  return (await import('proper-lockfile')).default;
}

/** Undefined where others are in it all the time. */
async function enterGuard({ guardFolder }: Lock): Promise<(() => Promise<void>) | undefined> {
  const retries = { retries: 80, factor: 1, minTimeout: 50, maxTimeout: 50 };
  return orBusy(
    (await locks()).lock(guardFolder, {
      realpath: false,
      lockfilePath: guardFolder,
      stale: staleGuardMilliseconds,
      retries,
    }),
  );
}

async function take({ lockFolder, ownerFile, onLost }: Lock): Promise<(() => Promise<void>) | undefined> {
  const release = await orBusy(
    (await locks()).lock(lockFolder, {
      realpath: false,
      lockfilePath: lockFolder,
      stale: staleMilliseconds,
      onCompromised: onLost,
    }),
  );
  if (release === undefined) return undefined;
  const unlock = async (): Promise<void> => {
    await fs.rm(ownerFile, { force: true });
    await release();
  };
  try {
    await fs.writeFile(ownerFile, JSON.stringify(thisProcess()));
  } catch (error) {
    await unlock();
    throw error;
  }
  return unlock;
}

async function orBusy<T>(locked: Promise<T>): Promise<T | undefined> {
  try {
    return await locked;
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return undefined;
    throw error;
  }
}

async function readOwner({ ownerFile }: Pick<Lock, 'ownerFile'>): Promise<Owner | undefined> {
  try {
    return ownerSchema.parse(JSON.parse(await fs.readFile(ownerFile, 'utf8')));
  } catch {
    // None, or killed while it was written: nothing is known of the owner, so the age of the lock decides.
    return undefined;
  }
}

async function isLocked({ lockFolder }: Lock): Promise<boolean> {
  return (await fs.stat(lockFolder).catch(() => undefined)) !== undefined;
}
