/** One trained member on its own: its name, its records and its weights. */
import * as path from 'node:path';
import type { Experiment } from '../experiment/schema.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { nearest } from '../terminal/nearest.js';
import { isImported } from './imported.js';
import { completeMember } from './open.js';
import { locateRun } from './locate.js';
import { memberId, memberIdSchema, trainingOf, type MemberRecord, type RunRecord } from './record.js';
import { memberFolder, membersOf, readAnyRun, readMemberFile } from './run.js';
import { decodeSafetensors, type SafeTensors } from './safetensors.js';

export interface TrainedMember {
  /** `cnn-w16-s0`. */
  readonly id: string;
  readonly folder: string;
  readonly run: RunRecord;
  readonly record: MemberRecord;
  /** Its own experiment, with its factors and tuned values filled in. */
  readonly experiment: Experiment;
  readonly weights: SafeTensors['tensors'];
}

/** Whether a text such as `lenet-mnist/cnn-w16-s0` means a member; a run's name alone does not. */
export function namesMember(text: string): boolean {
  return memberIdSchema.safeParse(path.basename(path.resolve(text))).success;
}

/**
 * Reads the member `RUN/MEMBER`, or the one whose folder a path is. Its weights are checked against their hash.
 *
 * @throws UsageError if there is none, or it has no weights; RunError if it is incomplete or damaged
 */
export async function readTrainedMember(text: string, root: string): Promise<TrainedMember> {
  if (!namesMember(text)) throw await notOne(text, root);
  const id = path.basename(path.resolve(text));
  const above = path.dirname(path.basename(text) === id ? text : path.resolve(text));
  const folder = await locateRun(path.basename(above) === 'members' ? path.dirname(above) : above, root);
  const run = await trainedRun(folder);
  const keys = membersOf(run.experiment);
  const key = keys.find((each) => memberId(each) === id);
  if (key === undefined) throw noSuchMember(run, id);
  const own = memberFolder(folder, key);
  const record = await completeMember(folder, key, run);
  if (typeof record === 'string') throw new RunError(`is not complete: ${record}`, own);
  const bytes = await readMemberFile(own, record, 'weights.safetensors');
  if (typeof bytes === 'string') throw new RunError(bytes, own);
  const { tensors } = decodeSafetensors(bytes, path.join(own, 'weights.safetensors'));
  return { id, folder: own, run, record, experiment: trainingOf(run, record).experiment, weights: tensors };
}

async function trainedRun(folder: string): Promise<RunRecord> {
  const run = await readAnyRun(folder);
  // A link that leads nowhere.
  if (run === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  if (isImported(run)) throw new UsageError('is a run of imported members, which have no weights', folder);
  return run;
}

function noSuchMember(run: RunRecord, id: string): UsageError {
  const ids = membersOf(run.experiment).map(memberId);
  const meant = nearest(id, ids);
  return new UsageError(
    `${run.name} has no member ${id}`,
    'MEMBER',
    meant === undefined ? `it has ${ids.slice(0, 3).join(', ')}, ...` : `did you mean ${meant}?`,
  );
}

/**
 * The error for a text that is not the id of a member: for a run, which members it has; for a path below a run, that there is no such
 * member.
 */
async function notOne(text: string, root: string): Promise<UsageError> {
  const above = text.includes('/') ? await locateRun(path.dirname(text), root).catch(() => undefined) : undefined;
  if (above !== undefined) return noSuchMember(await trainedRun(above), path.basename(text));
  const run = await trainedRun(await locateRun(text, root));
  const ids = membersOf(run.experiment).map(memberId);
  const [first] = ids;
  const examples = first === undefined ? '' : `, such as ${path.join(text, first)}`;
  return new UsageError(`${text} is a run of ${ids.length} members`, 'MEMBER', `give one of them${examples}`);
}
