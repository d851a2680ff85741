/** Sealed forecasts of runs, and whether they are unchanged. */
import * as path from 'node:path';
import { whyVoid } from '../../runs/forecast-validity.js';
import { locateSeal, readSeals, type ReadSeal, type Seal } from '../../runs/forecasts.js';
import type { AnyRun } from '../../runs/imported.js';
import { checkpoints, locateRun, runNames } from '../../runs/locate.js';
import { readAnyRun } from '../../runs/run.js';
import { isReported, UsageError } from '../../terminal/errors.js';
import type { RunOptions } from '../run-and-metrics.js';

export interface VerifiedForecast {
  /** Null for a file that cannot be read. */
  readonly name: string | null;
  readonly digest: string | null;
  /** Why it is void, or cannot be read; none if it is valid. */
  readonly reasons: readonly string[];
}

/** Whether sealed forecasts, their inputs and their order are unchanged: a run's, a single one, or all. */
export async function verifyForecasts(name?: string, { root = checkpoints }: RunOptions = {}) {
  const verified: VerifiedForecast[] = [];
  for (const { folder, record, seals, unreadable } of await sealsOf(name, root)) {
    for (const line of unreadable) verified.push({ name: null, digest: null, reasons: [line] });
    for (const read of seals) {
      const { name: of, digest } = read.seal;
      const reasons = typeof record === 'string' ? [record] : await whyVoid(folder, record, read);
      verified.push({ name: of, digest, reasons });
    }
  }
  return verified;
}

/**
 * Sealed forecasts, of a run or of all; unreadable and changed files are reported as notes.
 *
 * @example
 *     const seals = await listForecasts('lenet-mnist');
 *     seals.map(({ name }) => name);
 */
export async function listForecasts(name?: string, { root = checkpoints, note }: RunOptions = {}): Promise<Seal[]> {
  const found = await sealsOf(name, root);
  for (const line of found.flatMap(({ unreadable }) => unreadable)) note?.(`not listed: ${line}`);
  for (const { record, seals } of found)
    if (typeof record === 'string' && seals.length > 0) note?.(`void because their run can't be read: ${record}`);
  const read = found.flatMap(({ seals }) => seals);
  for (const { seal, unchanged } of read)
    if (!unchanged) note?.(`void because it was changed after it was sealed: ${seal.name}`);
  return read.map(({ seal }) => seal);
}

interface SealsOfRun {
  readonly folder: string;
  /** Or why it cannot be read. */
  readonly record: AnyRun | string;
  readonly seals: readonly ReadSeal[];
  readonly unreadable: readonly string[];
}

async function sealsOf(name: string | undefined, root: string): Promise<SealsOfRun[]> {
  const ofRun = async (folder: string) => ({
    folder,
    record: await recordOrProblem(folder),
    ...(await readSeals(folder)),
  });
  if (name === undefined) return Promise.all((await runNames(root)).map((each) => ofRun(path.join(root, each))));
  const folder = await locateRun(name, root).catch((error: unknown) => {
    if (error instanceof UsageError) return undefined;
    throw error;
  });
  if (folder !== undefined) return [await ofRun(folder)];
  const { runFolder, read } = await locateSeal(name, root);
  return [{ folder: runFolder, record: await recordOrProblem(runFolder), seals: [read], unreadable: [] }];
}

async function recordOrProblem(folder: string): Promise<AnyRun | string> {
  try {
    return (await readAnyRun(folder)) ?? `${folder}: run.json is missing`;
  } catch (error) {
    if (!isReported(error)) throw error;
    return error.message;
  }
}
