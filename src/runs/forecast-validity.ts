/** Whether a run is still what a sealed forecast says: what was known has not changed, and what is predicted came later. */
import * as path from 'node:path';
import { momentsOf } from '../experiment/moments.js';
import { sha256File } from '../machine/inputs.js';
import { unlessReported } from '../terminal/errors.js';
import { coordinatesOf } from './coordinates.js';
import { chainFaults, isOfImported, type ReadSeal, type Seal } from './forecasts.js';
import { isImported, readImportedMember, type AnyRun, type ImportedRun } from './imported.js';
import { shownFile } from './outcomes.js';
import { digestOfRun, trainingOf, type MemberRecord, type RunRecord } from './record.js';
import { memberFolder, membersOf, readMemberRecord } from './run.js';
import { alongTraining, isAt } from './view.js';

/**
 * What makes a forecast void: it was changed, the chain is broken before it or forks at it, the known members have changed, or a
 * predicted member started, or was imported, before it was sealed. Empty if nothing does.
 */
export async function whyVoid(runFolder: string, run: AnyRun, read: ReadSeal): Promise<string[]> {
  const { seal, unchanged } = read;
  const reasons: string[] = [];
  if (!unchanged) reasons.push('the file was changed after it was sealed: its digest does not match');
  if (isOfImported(seal) !== isImported(run))
    return [...reasons, `it predicts ${isOfImported(seal) ? 'imported' : 'trained'} members, unlike those of the run`];
  if (!isImported(run) && seal.experiment !== digestOfRun(run)) reasons.push('the run now has another experiment');
  else if (seal.fingerprint !== run.dataset.fingerprint) reasons.push('the run now has another test set');
  reasons.push(...(await chainFaults(runFolder, seal)));
  for (const { member, step, outcomes } of seal.evidence) {
    const file = shownFile({ moment: step, probe: seal.probe });
    // Of the file itself: the hash in member.json may be out of date.
    const now = await unlessReported(sha256File(path.join(runFolder, 'members', member, file)));
    if (now === undefined) reasons.push(`${member}, on which it is based, was removed or can't be read`);
    else if (now !== outcomes) reasons.push(`${member}, on which it is based, has other outcomes now`);
  }
  const early = isImported(run) ? importedEarly(runFolder, run, seal) : startedEarly(runFolder, run, seal);
  return [...reasons, ...(await early)];
}

/** Members that started before they were predicted. */
async function startedEarly(runFolder: string, run: RunRecord, seal: Seal): Promise<string[]> {
  const { axis, sealed } = seal;
  const begun = await (axis === undefined ? startedWidths(runFolder, run, seal) : startedMembers(runFolder, run));
  return begun
    .filter((record) => record.begun <= sealed && isPredicted(run, record, seal))
    .map((record) => `${record.id} started ${record.begun}, but the forecast was sealed ${sealed}`);
}

/** Whether a member that has started is one of those that a seal of trained members predicts. */
export function isPredicted(run: RunRecord, record: MemberRecord, seal: Seal): boolean {
  const { axis, targets, seeds } = seal;
  if (!seeds.includes(record.seed)) return false;
  if (axis === undefined) return record.factors === undefined && targets.some(({ width }) => width === record.width);
  const scales = scalesIn(run, record, { ...seal, axis });
  return scales.some((scale) => targets.some(({ width }) => isAtTarget(scale, width)));
}

async function startedWidths(runFolder: string, { experiment }: RunRecord, { targets, seeds }: Seal) {
  const found: MemberRecord[] = [];
  for (const { width } of targets) {
    for (const seed of seeds) {
      const record = await unlessReported(
        readMemberRecord(memberFolder(runFolder, { arch: experiment.arch, width, seed })),
      );
      if (record !== undefined) found.push(record);
    }
  }
  return found;
}

/** Members whose training has begun, or ended. Damaged ones, which are on no curve, are left out. */
export async function startedMembers(runFolder: string, run: RunRecord): Promise<MemberRecord[]> {
  const found: MemberRecord[] = [];
  for (const key of membersOf(run.experiment)) {
    const record = await unlessReported(readMemberRecord(memberFolder(runFolder, key)));
    if (record !== undefined) found.push(record);
  }
  return found;
}

/** Where on an axis a trained member is, at its end, after the step `at`, or along its training; nowhere if it differs from `held`. */
export function scalesIn(
  run: RunRecord,
  record: MemberRecord,
  { axis, held = {}, at }: Pick<Seal, 'held' | 'at'> & { readonly axis: string },
): number[] {
  const { steps } = record;
  // One that has all classes: their number is that of the answers where a probe is shown.
  const hasAll = trainingOf(run, record).experiment.classes === undefined;
  const agreed = hasAll ? Object.fromEntries(Object.entries(held).filter(([key]) => key !== 'classes')) : held;
  const along = [...momentsOf(run.experiment.moments, steps), steps];
  const shown = along.filter((step) => step === (at ?? (alongTraining.includes(axis) ? step : steps)));
  return shown
    .map((step) => coordinatesOf(run, record, step))
    .filter((coordinates) => isAt(coordinates, agreed))
    .flatMap((coordinates) => coordinates[axis] ?? []);
}

/** Members at a predicted scale that were imported before, and known ones whose scale has changed since. */
async function importedEarly(runFolder: string, run: ImportedRun, seal: Seal): Promise<string[]> {
  const reasons: string[] = [];
  for (const id of run.members) {
    const member = await unlessReported(readImportedMember(runFolder, id, run));
    // A damaged one is not scored.
    if (member === undefined) continue;
    const at = member.coordinates[seal.axis ?? ''] ?? NaN;
    const known = seal.evidence.find((each) => each.member === id);
    if (known !== undefined && known.parameters !== at)
      reasons.push(`${id}, on which it is based, has other coordinates now`);
    if (member.imported <= seal.sealed && seal.targets.some(({ width }) => isAtTarget(at, width)))
      reasons.push(`${id} was imported ${member.imported}, but the forecast was sealed ${seal.sealed}`);
  }
  return reasons;
}

/** A model of 6.86e9 parameters is the one called 6.9e9: over an axis, a member is at a predicted scale if it is within a hundredth of it. */
const targetTolerance = 0.01;

export function isAtTarget(scale: number, target: number): boolean {
  return Math.abs(scale / target - 1) <= targetTolerance;
}
