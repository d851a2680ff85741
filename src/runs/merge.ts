/**
 * Joins two runs of one experiment, such as clones that were trained on clusters without a common disk: whatever the first is
 * missing is copied from the second, which is not changed. Everything is checked first. Then each member is copied under its lock,
 * its record last, and run.json at the very end: if killed at any moment, both runs are intact, and the same merge resumes.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { group } from 'd3-array';
import { extendExperiment, furtherFactors } from '../experiment/factors.js';
import { optionOf, type ExperimentInput } from '../experiment/schema.js';
import { copyFileAtomic, createFolder } from '../machine/files.js';
import { sha256File } from '../machine/inputs.js';
import type { Held } from '../machine/lock.js';
import { firstOf, lastOf, present } from '../machine/present.js';
import { codeOf, RunError, UsageError } from '../terminal/errors.js';
import { isOfRun } from './contents.js';
import { isImported } from './imported.js';
import { beingTrained, busyMembers, holdRun, lockMember, lockRun, trainerOf } from './lock.js';
import { planTuning } from './merge-tuning.js';
import { copyPlanned, planSealed, type CopyPlan, type StartedMember } from './merge-sealed.js';
import { digestOfRun, memberId, randomStart, type MemberKey, type RunRecord } from './record.js';
import { contradictions, memberFolder, membersOf, readAnyRun, writeMemberRecord, writeRunRecord } from './run.js';
import { sizeOfStep } from './step-size.js';
import { stateOfMember, type MemberState } from './verify.js';
import { isTemporary } from '../machine/temporary.js';
import { unsetFactors } from './coordinates.js';

/** Ids, each in exactly one list, in the merged run's order. */
export interface Merge {
  /** The run that has all members afterwards. */
  readonly folder: string;
  /** Copied from the other run. */
  readonly taken: readonly string[];
  /** Complete in both, with the same bits. */
  readonly same: readonly string[];
  /** Further here than in the other run. */
  readonly kept: readonly string[];
  /** In neither. */
  readonly missing: readonly string[];
  /** Those of all that are incomplete afterwards. */
  readonly unfinished: readonly string[];
  /** Whether the run now has members that it was not planned with. */
  readonly isExtended: boolean;
  /** Sealed forecasts and claims that were copied: `forecasts/wide.json`. */
  readonly sealed: readonly string[];
  /** Notes for the user, a line each. */
  readonly notes: readonly string[];
}

/**
 * Copies what `into` is missing from `from`.
 *
 * @throws UsageError if they belong to different experiments, a member exists in both with different bits, or their seals contradict;
 * RunError if a file is damaged or a process is working on what is to be copied. Nothing is written then
 */
export async function mergeRunFolders(into: string, from: string): Promise<Merge> {
  if ((await fs.realpath(into)) === (await fs.realpath(from)))
    throw new UsageError('is both runs', into, 'name two different ones');
  refuseOther(await mergeableRecord(into), await mergeableRecord(from), [into, from]);
  const locks: Held[] = [];
  try {
    const lock = async (folder: string, take: typeof holdRun) => {
      const held = await lockWritable(folder, take);
      if (held !== undefined) locks.push(held);
      return held;
    };
    const own = await lock(into, lockRun);
    if (own === undefined) throw new UsageError('is read-only, and members are to be added to it', into);
    // The members of the run that is added to are locked one by one: others may be trained meanwhile.
    const trainer = await trainerOf(from);
    if (trainer !== undefined) throw beingTrained(from, trainer.owner);
    const other = await lock(from, holdRun);
    const plan = await planMerge(into, from);
    // Before the members that they belong to: a member that is trained here reads them.
    await copyPlanned(plan.tuning, into, () => own.confirm());
    for (const member of plan.members) await copyMember(member, { into, from, isShared: other !== undefined });
    await copyPlanned(plan.sealed, into, () => own.confirm());
    if (plan.isChanged) await writeRunRecord(into, plan.record, () => own.confirm());
    return plan.merge;
  } finally {
    for (const lock of locks.reverse()) await lock.release();
  }
}

async function mergeableRecord(folder: string): Promise<RunRecord> {
  const record = await readAnyRun(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  if (isImported(record))
    throw new UsageError('is a run of imported members', folder, 'import them into one run: import --add');
  return record;
}

/** Throws UsageError, one line, for the first reason why members of the two do not form a family. */
function refuseOther(a: RunRecord, b: RunRecord, [into, from]: readonly [string, string]): void {
  const differ = (what: string, one: string, other: string) =>
    new UsageError(`${what} is ${one} in ${into} and ${other} in ${from}`, 'merge', 'merge runs of one experiment');
  const [first] = contradictions(a, b.experiment);
  if (first !== undefined) throw differ(`--${optionOf(first.key)}`, first.recorded, first.asked);
  if (a.dataset.fingerprint !== b.dataset.fingerprint)
    throw new UsageError(
      `the two runs saw different images or labels of ${a.dataset.name}: its fingerprint is ${a.dataset.fingerprint.slice(0, 8)} in ${into} and ${b.dataset.fingerprint.slice(0, 8)} in ${from}`,
      'merge',
      'merge runs on the same data',
    );
  const way = ({ eager }: RunRecord) => (eager ? 'op by op (--eager)' : 'compiled');
  if (a.eager !== b.eager) throw differ('training', way(a), way(b));
  const starts = [randomStart(a), randomStart(b)] as const;
  if (starts[0] !== starts[1]) {
    const what = starts.includes('output weights') ? 'output weights' : 'queries';
    const [one, other] = starts.map((random) => (random === what ? 'random (earlier versions)' : '0'));
    throw differ(`the start of ${what}`, present(one), present(other));
  }
  if (a.device.kind !== b.device.kind) throw differ('--device', a.device.kind, b.device.kind);
  if (a.experiment.zip !== b.experiment.zip)
    throw differ('--zip', String(a.experiment.zip ?? false), String(b.experiment.zip ?? false));
  // Options that are factors of one run and settings of the other.
  if (digestOfRun(a) !== digestOfRun(b))
    throw new UsageError(`${from} has other options than ${into}`, 'merge', 'merge runs of one experiment');
}

/** The run's lock; undefined if nothing can be written. */
async function lockWritable(folder: string, lock: (folder: string) => Promise<Held>): Promise<Held | undefined> {
  try {
    return await lock(folder);
  } catch (error) {
    if (error instanceof RunError && ['EROFS', 'EACCES', 'EPERM'].includes(codeOf(error.cause) ?? '')) return undefined;
    throw error;
  }
}

interface MergePlan {
  readonly record: RunRecord;
  /** Whether run.json changes. */
  readonly isChanged: boolean;
  readonly members: readonly TakenMember[];
  readonly sealed: CopyPlan;
  readonly tuning: CopyPlan;
  readonly merge: Merge;
}

interface TakenMember {
  readonly key: MemberKey;
  readonly run: RunRecord;
  /** As it was when it was checked. */
  readonly there: MemberState;
  readonly here: MemberState;
}

async function planMerge(into: string, from: string): Promise<MergePlan> {
  const [a, b] = [await mergeableRecord(into), await mergeableRecord(from)];
  refuseOther(a, b, [into, from]);
  const experiment = merged(a, b);
  const whole: RunRecord = { ...a, experiment };
  const pairs: TakenMember[] = [];
  const lists = { taken: [] as string[], same: [] as string[], kept: [] as string[], missing: [] as string[] };
  const taken: TakenMember[] = [];
  const unfinished: string[] = [];
  for (const key of membersOf(experiment)) {
    const id = memberId(key);
    const here = await stateOfMember(into, key, { run: whole, scrutiny: 'presence' });
    const there = await stateOfMember(from, key, { run: whole, scrutiny: 'hashes' });
    for (const { problem, folder } of [here, there])
      if (problem !== undefined)
        throw new RunError(problem, folder, 'delete that folder, or restore it, and merge again');
    const pair = { key, run: whole, there, here };
    pairs.push(pair);
    const list = fateOf(pair);
    lists[list].push(id);
    if (list === 'same') refuseOtherBits(pair, [a, b]);
    if (list === 'taken') taken.push(pair);
    if ((list === 'taken' ? there : here).status !== 'complete') unfinished.push(id);
  }
  const busy = await busyMembers(into, lists.taken);
  for (const [id, owner] of busy) throw beingTrained(path.join(into, 'members', id), owner);
  const sealed = await planSealed({ into, from, run: whole, members: pairs.map(startedOf) });
  const tuning = await planTuning({ into, from, perWidth: experiment.tunePer === 'width' }, lists.taken);
  const dataset = { ...a.dataset, ...onlyIn(b.dataset, a.dataset) };
  const record: RunRecord = { ...whole, ...countsOf(a, b, taken), dataset };
  if (record.stacks?.length === 0) delete record.stacks;
  const isExtended = membersOf(experiment).length > membersOf(a.experiment).length;
  const merge = { folder: into, ...lists, unfinished, isExtended, sealed: sealed.files.map(({ name }) => name) };
  return {
    ...{ record, members: taken, sealed, tuning },
    isChanged: JSON.stringify(record) !== JSON.stringify(a),
    merge: { ...merge, notes: [...notesOn(a, b, [into, from]), ...mixedNotes(record)] },
  };
}

/** All widths, seeds and values of factors of both. */
function merged(a: RunRecord, { experiment: b }: RunRecord) {
  const factors = Object.fromEntries(furtherFactors(b).map((key) => [key, b.grid?.[key]]));
  const asked = { widths: b.widths, seeds: b.seeds, ...factors } as Partial<ExperimentInput>;
  return extendExperiment(a.experiment, asked, { unset: unsetFactors(a.dataset) });
}

function fateOf({ here, there }: TakenMember): 'taken' | 'same' | 'kept' | 'missing' {
  if (here.status === 'complete') return there.status === 'complete' ? 'same' : 'kept';
  if (there.status === 'complete') return 'taken';
  if (here.status !== 'training') return there.status === 'training' ? 'taken' : 'missing';
  return (there.record?.epochsDone ?? -1) > (here.record?.epochsDone ?? -1) ? 'taken' : 'kept';
}

function startedOf(pair: TakenMember): StartedMember {
  const [ours, theirs] = [pair.here.record, pair.there.record];
  return { ours, theirs, merged: fateOf(pair) === 'taken' ? theirs : ours };
}

/**
 * The part of a member that is compared bit by bit: its history contains a machine's timings, and pictures are drawn
 * from the rest.
 */
const isBits = (name: string) => /\.(safetensors|parquet)$/.test(name);

function refuseOtherBits({ here, there }: TakenMember, [a, b]: readonly [RunRecord, RunRecord]): void {
  const [ours, theirs] = [here.record, there.record];
  if (ours === undefined || theirs === undefined) return;
  const names = [...new Set([...Object.keys(ours.files), ...Object.keys(theirs.files)])].filter(isBits);
  const other = names.find((name) => ours.files[name] !== theirs.files[name]);
  if (other === undefined) return;
  const [one, two] = [a, b].map(({ precisions }) => precisions?.[here.id]?.precision);
  const [mine, yours] = [a, b].map(({ branches }) => branches?.[here.id] ?? 1);
  const ways = [
    ...(ours.threads === theirs.threads ? [] : [`on ${ours.threads} and on ${theirs.threads} threads`]),
    ...(mine === yours ? [] : [`with ${mine} and with ${yours} branches`]),
    ...(one === undefined || two === undefined || one === two ? [] : [`in ${one} and in ${two}`]),
  ];
  const why = ways.length === 0 ? '' : ` (trained ${ways.join(', ')})`;
  throw new UsageError(
    `${here.id} is in both runs, with different bits in ${other}${why}`,
    'merge',
    `delete ${here.folder} or ${there.folder} and merge again`,
  );
}

/** Threads, stacks, branches, precisions and operations by member: of those that were taken as they were trained there. */
function countsOf(
  a: RunRecord,
  b: RunRecord,
  taken: readonly TakenMember[],
): Pick<RunRecord, 'threads' | 'flops' | 'precisions' | 'branches'> & Required<Pick<RunRecord, 'stacks'>> {
  const trained = Object.fromEntries(taken.map(({ key, there }) => [memberId(key), there.record?.threads ?? 1]));
  const isTheirs = (id: string) => id in trained || !(id in a.threads);
  const stacks = [
    ...(a.stacks ?? []).map((ids) => ids.map((id) => (id === null || isTheirs(id) ? null : id))),
    ...(b.stacks ?? []).map((ids) => ids.map((id) => (id !== null && isTheirs(id) ? id : null))),
  ].filter((ids) => ids.some((id) => id !== null));
  // A member without an entry has one branch, so nothing is filled in from the other run.
  const branches = [
    ...Object.entries(a.branches ?? {}).filter(([id]) => !isTheirs(id)),
    ...Object.entries(b.branches ?? {}).filter(([id]) => isTheirs(id)),
  ];
  return {
    threads: { ...a.threads, ...onlyIn(b.threads, a.threads), ...trained },
    stacks,
    ...(a.precisions === undefined && b.precisions === undefined ? {} : { precisions: precisionsOf(a, b, taken) }),
    ...(a.branches === undefined && b.branches === undefined ? {} : { branches: Object.fromEntries(branches) }),
    ...(a.flops === undefined && b.flops === undefined
      ? {}
      : { flops: { ...a.flops, ...onlyIn(b.flops ?? {}, a.flops ?? {}) } }),
  };
}

function precisionsOf(
  { precisions: ours = {} }: RunRecord,
  { precisions: theirs = {} }: RunRecord,
  taken: readonly TakenMember[],
): RunRecord['precisions'] {
  const ids = new Set(taken.map(({ key }) => memberId(key)));
  const trained = Object.fromEntries(Object.entries(theirs).filter(([id]) => ids.has(id)));
  return { ...ours, ...onlyIn(theirs, ours), ...trained };
}

/** What of `from` is not in `there`, to be spread over it. */
function onlyIn<T extends object>(from: T, there: object): T {
  return Object.fromEntries(Object.entries(from).filter(([key]) => !(key in there))) as T;
}

function notesOn(a: RunRecord, b: RunRecord, [into, from]: readonly [string, string]): string[] {
  const keys = ['tensorflow', 'tfjs', 'platform'] as const;
  const other = keys.filter((key) => a.versions[key] !== b.versions[key]);
  if (other.length === 0) return [];
  const texts = other.map((key) => `${key} is ${a.versions[key]} in ${into} and ${b.versions[key]} in ${from}`);
  return [`${texts.join('; ')}: the last bits of a member depend on it`];
}

/** Two machines may choose differently by `--precision auto`: members with equal steps then differ in more than seed or length. */
function mixedNotes({ experiment, precisions }: RunRecord): string[] {
  const mixed = [...group(membersOf(experiment), sizeOfStep).values()].filter(
    (keys) => new Set(keys.flatMap((key) => precisions?.[memberId(key)]?.precision ?? [])).size > 1,
  );
  if (mixed.length === 0) return [];
  const widths = new Set(mixed.map((keys) => firstOf(keys).width));
  return [
    `width ${[...widths].join(', ')}: some members were trained in float32 and some in bfloat16, as --precision auto chose in each run`,
  ];
}

interface Place {
  readonly into: string;
  readonly from: string;
  /** Whether locks can be written in the other run. */
  readonly isShared: boolean;
}

/**
 * The record is removed first and written last: in between, the member has not started, or resumes from its checkpoint.
 */
async function copyMember(member: TakenMember, { into, from, isShared }: Place): Promise<void> {
  const id = memberId(member.key);
  const locks: Held[] = [];
  try {
    for (const run of isShared ? [from, into] : [into]) {
      const attempt = await lockMember(run, id);
      if ('busy' in attempt) throw beingTrained(path.join(run, 'members', id), attempt.busy);
      locks.push(attempt.held);
    }
    const confirm = () => lastOf(locks).confirm();
    await refuseChanged(member, { into, from });
    const [source, target] = [memberFolder(from, member.key), memberFolder(into, member.key)];
    const record = member.there.record;
    if (record === undefined) return;
    await createFolder(target);
    for (const name of ['member.json', 'stopped.safetensors']) await fs.rm(path.join(target, name), { force: true });
    for (const [name, sha256] of await filesOf(source, member)) {
      await copyFileAtomic(path.join(source, name), path.join(target, name), { sha256, confirm });
    }
    await writeMemberRecord(target, record, confirm);
    if (record.status === 'complete') await fs.rm(path.join(target, 'training.safetensors'), { force: true });
  } finally {
    for (const lock of locks.reverse()) await lock.release();
  }
}

/** For a complete member the files that its record names; for an unfinished one everything that it resumes from. */
async function filesOf(folder: string, { there: { id, record } }: TakenMember): Promise<(readonly [string, string])[]> {
  if (record?.status === 'complete') return Object.entries(record.files);
  const names = (await fs.readdir(folder)).filter(
    (name) => name !== 'member.json' && !isTemporary(name) && isOfRun(['members', id, name], false),
  );
  return Promise.all(names.map(async (name) => [name, await sha256File(path.join(folder, name))] as const));
}

/** Throws RunError if the member has changed, here or there, since everything was checked. */
async function refuseChanged(
  { key, run, here, there }: TakenMember,
  { into, from }: Omit<Place, 'isShared'>,
): Promise<void> {
  for (const [folder, before] of [
    [into, here],
    [from, there],
  ] as const) {
    const now = await stateOfMember(folder, key, { run, scrutiny: 'presence' });
    if (JSON.stringify(now.record) === JSON.stringify(before.record)) continue;
    throw new RunError('changed after it was checked', before.folder, 'run the same command again to resume');
  }
}
