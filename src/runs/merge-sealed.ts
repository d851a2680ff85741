/** Joins the sealed files of two runs: forecasts form a chain, which can only be extended at its end, and claims are independent. */
import * as path from 'node:path';
import { copyFileAtomic, createFolder } from '../machine/files.js';
import { readTextIfThere, sha256File } from '../machine/inputs.js';
import { namesIn } from '../machine/listing.js';
import { firstOf, nth } from '../machine/present.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { claimsFolder } from './claims.js';
import { isPredicted } from './forecast-validity.js';
import { forecastsFolder, readSeals, type ReadSeal } from './forecasts.js';
import { isUnchanged } from './json.js';
import type { MemberRecord, RunRecord } from './record.js';

/** Small files, by their path in a run. */
export interface CopyPlan {
  /** In the order in which they are copied: no forecast before the one that it names. */
  readonly files: readonly { readonly name: string; readonly from: string; readonly sha256: string }[];
}

interface Sealing {
  readonly into: string;
  readonly from: string;
  /** As it will be. */
  readonly run: RunRecord;
  /** Its members, as far as they have started. */
  readonly members: readonly StartedMember[];
}

/** A member as the run that is added to has it, as the other one does, and as the merged run will. */
export type StartedMember = Readonly<Record<'ours' | 'theirs' | 'merged', MemberRecord | undefined>>;

/**
 * Throws UsageError if sealed files of the two contradict each other, or a forecast would be void; RunError if one is
 * damaged.
 */
export async function planSealed(sealing: Sealing): Promise<CopyPlan> {
  const seals = await furtherSeals(sealing);
  const claims = await furtherClaims(sealing);
  const files = [...claims, ...seals].map(async ({ name, file }) => ({
    ...{ name, from: file },
    sha256: await sha256File(file),
  }));
  return { files: await Promise.all(files) };
}

export async function copyPlanned({ files }: CopyPlan, into: string, confirm: () => Promise<void>): Promise<void> {
  for (const { name, from, sha256 } of files) {
    const to = path.join(into, name);
    await createFolder(path.dirname(to));
    await copyFileAtomic(from, to, { sha256, confirm });
  }
}

interface Further {
  /** `forecasts/wide.json`. */
  readonly name: string;
  readonly file: string;
}

async function furtherSeals({ into, from, run, members }: Sealing): Promise<Further[]> {
  const [ours, theirs] = [await sealsOf(into), await sealsOf(from)];
  for (const [i, one] of ours.slice(0, theirs.length).entries()) {
    const other = nth(theirs, i);
    if (one.seal.digest === other.seal.digest) continue;
    throw new UsageError(
      `both runs have their own sealed forecasts, ${one.file} and ${other.file}, and a chain can't hold both`,
      'merge',
      `move ${forecastsFolder(from)} elsewhere to merge the members alone`,
    );
  }
  for (const [side, seals] of [
    ['ours', ours],
    ['theirs', theirs],
  ] as const)
    for (const read of seals)
      refuseVoid(
        read,
        run,
        members.map((member) => [member[side], member.merged]),
      );
  return theirs.slice(ours.length).map(({ seal, file }) => ({ name: `forecasts/${seal.name}.json`, file }));
}

/** In the order of the chain. */
async function sealsOf(runFolder: string): Promise<readonly ReadSeal[]> {
  const { seals, unreadable } = await readSeals(runFolder);
  const changed = seals.find(({ unchanged }) => !unchanged);
  if (changed !== undefined)
    throw new RunError('was changed after it was sealed', changed.file, 'restore it from a copy');
  if (unreadable.length > 0) throw new RunError(firstOf(unreadable));
  return seals;
}

/**
 * For a forecast that is valid in its own run: a member that it predicts may have started in the other one before it was
 * sealed.
 */
function refuseVoid(
  { file, seal }: ReadSeal,
  run: RunRecord,
  members: readonly (readonly [own: MemberRecord | undefined, merged: MemberRecord | undefined])[],
): void {
  for (const [own, merged] of members) {
    const isVoid = own !== undefined && own.begun <= seal.sealed;
    if (isVoid || merged === undefined || merged.begun > seal.sealed || !isPredicted(run, merged, seal)) continue;
    throw new UsageError(
      `would be void: ${merged.id}, which it predicts, started in the other run at ${merged.begun}, before it was sealed (${seal.sealed})`,
      file,
      'move it elsewhere to merge the members alone',
    );
  }
}

async function furtherClaims({ into, from }: Sealing): Promise<Further[]> {
  const further: Further[] = [];
  for (const name of await namesIn(claimsFolder(from))) {
    if (!name.endsWith('.json') || name.startsWith('.')) continue;
    const [file, own] = [path.join(claimsFolder(from), name), path.join(claimsFolder(into), name)];
    const [text, ours] = [(await readTextIfThere(file)) ?? '', await readTextIfThere(own)];
    if (!isUnchanged(text))
      throw new RunError('was changed after it was sealed, or is damaged', file, 'restore it from a copy');
    if (ours === undefined) further.push({ name: `claims/${name}`, file });
    else if (ours !== text)
      throw new UsageError(`is a different claim from ${own}`, file, 'move one of the two elsewhere');
  }
  return further;
}
