/**
 * One member of a planned run: the part that any scheduler starts, on any host that sees the run's folder. run.json is read and never
 * written.
 */
import { loadDataset } from '../datasets/index.js';
import { ensureRuntime } from '../install/runtime.js';
import { firstOf } from '../machine/present.js';
import { busyMembers } from '../runs/lock.js';
import { digestOfRun, memberId, type MemberKey, type RunRecord } from '../runs/record.js';
import { memberFolder, membersOf, readMemberRecord, readRunRecord } from '../runs/run.js';
import { commandLine } from '../machine/installation.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { nearest } from '../terminal/nearest.js';
import { isComplete, memberJob } from './member-job.js';
import { runPool } from './pool.js';
import { refuseOtherData, refuseOtherStart } from './refusals.js';
import type { TrainListener } from './train-family.js';
import { workerFile } from './worker-file.js';

/**
 * Which member: by its id, by its position in the run's list from 0, or the longest that is neither complete nor held.
 */
export type MemberChoice = { readonly member: string } | { readonly index: number } | { readonly next: true };

export interface TrainMemberRequest {
  readonly folder: string;
  readonly choice: MemberChoice;
  readonly tensorboard: boolean;
  readonly dataDir: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface TrainMemberResult {
  readonly folder: string;
  /** `complete` also if it was before; `busy`: another process has it, or for `next` all remaining ones. */
  readonly status: 'complete' | 'failed' | 'busy' | 'stopped';
  /** The one that was trained or requested; null if `next` found none. */
  readonly member: string | null;
  /** Members that other processes have. */
  readonly busy: readonly string[];
}

/**
 * Trains one member with the threads and on the device that run.json records.
 *
 * @throws UsageError for a member that the run does not have, and one that is not planned; RunError for damage and failures of the
 * machine
 */
export async function trainOne(request: TrainMemberRequest, listener: TrainListener): Promise<TrainMemberResult> {
  const { folder, choice, signal } = request;
  const run = await readRunRecord(folder);
  if (run === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const keys = membersOf(run.experiment);
  const stacked = new Set(run.stacks?.flat());
  const candidates = 'next' in choice ? await missingLongestFirst(folder, run, keys) : [chosen(choice, run, keys)];
  const digestOf = (key: MemberKey) => digestOfRun(run, key);
  const open: MemberKey[] = [];
  for (const key of candidates) if (!(await isComplete(memberFolder(folder, key), key, digestOf(key)))) open.push(key);
  const asked = 'next' in choice ? null : memberId(firstOf(candidates));
  // With --next, those that can be trained alone come first.
  const single = open.filter((key) => !stacked.has(memberId(key)));
  if (single.length === 0 && open.length > 0) throw stackedError(run, memberId(firstOf(open)));
  if (open.length === 0) {
    listener.note(asked === null ? `all members of ${folder} are complete` : `${asked} is complete already`);
    return { folder, status: 'complete', member: asked, busy: [] };
  }
  refuseOtherStart(run, folder);
  // Owners are known without a dataset; whether one is being trained is checked when its turn comes.
  const ids = single.map(memberId);
  const busy = await busyMembers(folder, ids);
  if (ids.every((id) => busy.has(id))) return { folder, status: 'busy', member: asked, busy: ids };
  const dataset = await loadDataset(run.experiment.dataset, { ...run.experiment, dataDir: request.dataDir });
  for (const line of dataset.notes) listener.note(line);
  refuseOtherData(run, dataset, folder);
  const runtime = await ensureRuntime({
    device: run.device.kind,
    onProgress: (line) => {
      listener.note(line);
    },
    signal,
  });
  const { dataDir, tensorboard } = request;
  const surroundings = {
    experiment: run.experiment,
    runFolder: folder,
    runtime,
    eager: run.eager,
    tensorboard,
    dataDir,
  };
  for (const key of single) {
    const id = memberId(key);
    const threads = threadsOf(run, id);
    const job = memberJob(
      [{ key, digest: digestOf(key), stack: null, branches: run.branches?.[id], precision: precisionOf(run, id) }],
      {
        ...surroundings,
        threads,
      },
    );
    listener.planned([id]);
    const result = await runPool({
      ...{ jobs: [job], maxThreads: threads, workerFile, signal },
      onEvent: (event) => {
        listener.event(event);
      },
    });
    const isOther = 'next' in choice && (result.busy.length > 0 || result.kept.length > 0);
    if (isOther) continue;
    const status = (['failed', 'stopped', 'busy'] as const).find((each) => result[each].length > 0) ?? 'complete';
    return { folder, status, member: id, busy: result.busy };
  }
  const missing = (await missingLongestFirst(folder, run, keys)).map(memberId);
  const left = missing.filter((id) => !stacked.has(id));
  // As at the start: others have trained the last of those that can be trained alone.
  if (left.length === 0 && missing.length > 0) throw stackedError(run, firstOf(missing));
  return { folder, status: left.length === 0 ? 'complete' : 'busy', member: null, busy: left };
}

/** By the operations of their trainings; if those are unknown, in reverse order of the run, as widths grow. */
async function missingLongestFirst(folder: string, run: RunRecord, keys: readonly MemberKey[]): Promise<MemberKey[]> {
  const missing: MemberKey[] = [];
  for (const key of keys)
    if ((await readMemberRecord(memberFolder(folder, key)))?.status !== 'complete') missing.push(key);
  const flops = (key: MemberKey) => run.flops?.[memberId(key)] ?? 0;
  return missing.reverse().sort((a, b) => flops(b) - flops(a));
}

function chosen(
  choice: Exclude<MemberChoice, { readonly next: true }>,
  run: RunRecord,
  keys: readonly MemberKey[],
): MemberKey {
  if ('index' in choice) {
    const key = keys[choice.index];
    if (key !== undefined) return key;
    const last = keys.length - 1;
    throw new UsageError(
      `${choice.index} is not a position in ${run.name}'s list of ${counted(keys.length, 'member')}`,
      '--index',
      `give 0 to ${last}`,
    );
  }
  const found = keys.find((key) => memberId(key) === choice.member);
  if (found !== undefined) return found;
  const ids = keys.map(memberId);
  const meant = nearest(choice.member, ids);
  const remedy = meant === undefined ? `it has ${ids.slice(0, 3).join(', ')}, ...` : `did you mean ${meant}?`;
  throw new UsageError(`${run.name} has no member ${choice.member}`, 'MEMBER', remedy);
}

function stackedError(run: RunRecord, id: string): UsageError {
  const remedy = `train it with ${commandLine(`train --run ${run.name}`)}`;
  return new UsageError(`${id} was started in a stack of members that are trained as one program`, run.name, remedy);
}

/** For `--precision auto`: members that were never planned by a training command have none. */
function precisionOf({ experiment, precisions, name }: RunRecord, id: string) {
  const chosen = precisions?.[id]?.precision;
  if (chosen !== undefined || experiment.precision !== 'auto') return chosen;
  const remedy = `train it with ${commandLine(`train --run ${name}`)}`;
  throw new UsageError(`run.json has no precision for ${id}`, name, remedy);
}

function threadsOf(run: RunRecord, id: string): number {
  const threads = run.threads[id];
  if (threads !== undefined) return threads;
  const remedy = `plan it with ${commandLine(`train --run ${run.name} --plan-only`)}`;
  throw new UsageError(`run.json has no threads for ${id}`, run.name, remedy);
}
