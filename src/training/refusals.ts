/**
 * Requests that are rejected before anything is written: an option that contradicts the run, data that have changed, a
 * dataset or width that the architecture cannot have. Each is a UsageError, one line.
 */
import { refuseParts as refuseCombinations } from '../datasets/composition.js';
import type { Dataset } from '../datasets/dataset.js';
import { availableMemory } from '../experiment/cores.js';
import { probeRefusal, probesOf } from '../datasets/probes.js';
import { experimentAt, pointsOf } from '../experiment/factors.js';
import { lengthOf } from '../experiment/length.js';
import { momentsOf } from '../experiment/moments.js';
import { originOf, type ValueOrigins } from '../experiment/value-origins.js';
import type { Execution, Experiment } from '../experiment/schema.js';
import { parameterCount, type Task } from '../families/family.js';
import { families } from '../families/index.js';
import { present } from '../machine/present.js';
import { memberId, randomStart, type MemberKey, type RunRecord } from '../runs/record.js';
import { contradictions, membersOf } from '../runs/run.js';
import { sizeOfStep } from '../runs/step-size.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { createOptimizer } from './optimizers.js';
import { probeOptions } from './sampling.js';
import { taskAt } from './task.js';

const contradictionRemedy = 'leave the option out, or give another --run NAME';

/** The request, as far as a run's record can contradict it. */
export interface Asked {
  readonly experiment: Experiment;
  readonly places?: ValueOrigins;
  readonly execution: Execution;
  readonly eager: boolean;
}

export function refuseContradictions(
  record: RunRecord,
  { experiment, places, execution, eager }: Asked,
  folder: string,
): void {
  const remedy = contradictionRemedy;
  const [first] = contradictions(record, experiment);
  if (first !== undefined) {
    throw new UsageError(
      `${first.asked} contradicts ${first.recorded}, with which ${folder} was started`,
      originOf(first.key, places),
      originOf(first.key, places).startsWith('--') ? remedy : 'change the file, or give another --run NAME',
    );
  }
  if (execution.device !== 'auto' && execution.device !== record.device.kind) {
    throw new UsageError(
      `${execution.device} contradicts ${record.device.kind}, on which ${folder} was started`,
      '--device',
      remedy,
    );
  }
  if (eager !== record.eager) {
    const kind = (is: boolean) => (is ? 'eager' : 'compiled');
    throw new UsageError(
      `${kind(eager)} contradicts ${kind(record.eager)}, with which ${folder} was started`,
      '--eager',
      'give another --run NAME',
    );
  }
}

/**
 * `--threads` applies to the members that are trained now: one of them that was started with other threads contradicts
 * it, and if nothing is left to train, any member does.
 */
export function refuseOtherThreads(
  record: RunRecord,
  { threads }: Pick<Execution, 'threads'>,
  { folder, missing }: { readonly folder: string; readonly missing: readonly MemberKey[] },
): void {
  if (threads === undefined) return;
  const ids = missing.length > 0 ? missing.map(memberId) : Object.keys(record.threads);
  const other = ids.find((id) => (record.threads[id] ?? threads) !== threads);
  if (other === undefined) return;
  throw new UsageError(
    `${threads} contradicts ${present(record.threads[other])}, with which ${other} in ${folder} was started`,
    '--threads',
    contradictionRemedy,
  );
}

/** Members that are still to be trained would start differently from the run's own. */
export function refuseOtherStart(record: RunRecord, folder: string): void {
  const random = randomStart(record);
  if (random === undefined) return;
  throw new UsageError(
    `is a muP run of an earlier version, whose ${random} were random at the start: those of members trained now start at 0, so they do not belong to it`,
    folder,
    'train all of them as another --run NAME',
  );
}

/** XLA compiles whole steps, and has no op that moves images. */
export function refuseXla({ eager, places }: Pick<Asked, 'eager' | 'places'>, experiment: Experiment): void {
  if (experiment.xla !== true) return;
  if (eager)
    throw new UsageError(
      'XLA compiles the steps, so they do not run op by op',
      '--eager',
      'leave --eager or --xla out',
    );
  for (const point of pointsOf(experiment)) {
    const own = experimentAt(experiment, point);
    const moved = (['augmentShift', 'augmentRotation', 'augmentScale'] as const).find((key) => own[key] !== 0);
    if (moved !== undefined)
      throw new UsageError('XLA has no op that moves images', originOf(moved, places), 'leave it or --xla out');
  }
}

/** Stacks are trained by one process, and compiled. */
export function refuseStack(
  { execution: { stack = 1 }, eager, planOnly }: Pick<Asked, 'execution' | 'eager'> & { readonly planOnly: boolean },
  record: RunRecord | undefined,
  { tune }: Pick<Experiment, 'tune'>,
): void {
  if (tune !== undefined && stack !== 1 && stack !== 'auto')
    throw new UsageError(
      'each member of a stack would wait for the trials of the others',
      '--stack',
      'leave --stack or --tune out',
    );
  if (eager && stack !== 1 && stack !== 'auto')
    throw new UsageError('a stack needs compiled programs', '--eager', 'leave --stack or --eager out');
  if (!planOnly || (stack === 1 && record?.stacks === undefined)) return;
  const remedy = 'plan another --run NAME without --stack';
  throw new UsageError('train-member trains members one by one: it has no stacks', '--plan-only', remedy);
}

/** A pilot measures the machine that it runs on, but planned members are trained on others. */
export function refusePlannedPilot({
  experiment,
  record,
  planOnly,
}: {
  readonly experiment: Experiment;
  readonly record: RunRecord | undefined;
  readonly planOnly: boolean;
}): void {
  if (!planOnly || experiment.precision !== 'auto') return;
  const keys = membersOf(experiment);
  const chosen = new Set(keys.filter((key) => record?.precisions?.[memberId(key)] !== undefined).map(sizeOfStep));
  if (keys.every((key) => chosen.has(sizeOfStep(key)))) return;
  const remedy = `${record === undefined ? 'give' : 'plan another --run NAME with'} --precision float32 or bfloat16`;
  throw new UsageError('auto is chosen by a pilot on the machine that trains', '--precision', remedy);
}

export function refuseOtherData(record: RunRecord, dataset: Dataset, folder: string): void {
  if (record.dataset.fingerprint === dataset.fingerprint) return;
  throw new UsageError(
    `its content has changed since ${folder} was started (fingerprint ${dataset.fingerprint.slice(0, 12)}, recorded ${record.dataset.fingerprint.slice(0, 12)})`,
    record.dataset.name,
    'restore the files, or give another --run NAME',
  );
}

export function refuseUnfit(
  experiment: Experiment,
  {
    train,
    test,
    shape,
    name,
    composition,
  }: Pick<Dataset, 'shape' | 'name' | 'composition'> &
    Readonly<Record<'train' | 'test', Pick<Dataset['train'], 'count'>>>,
  places?: ValueOrigins,
): void {
  refuseCombinations({ name, composition }, experiment);
  const { arch, batchSize } = experiment;
  const family = families[arch];
  refuseParts(experiment, family.examples === 'images' ? test.count : (experiment.testSequences ?? 0), places);
  if (family.examples === 'images' && batchSize > train.count) {
    throw new UsageError(
      `${batchSize} is more than the ${counted(train.count, 'training example')}`,
      originOf('batchSize', places),
      `give at most ${train.count}`,
    );
  }
  const { smallestSide } = family;
  const resized = experiment.imageSize !== undefined;
  if (Math.min(shape.height, shape.width) < smallestSide) {
    throw new UsageError(
      `has images of ${shape.height} x ${shape.width}, too small for ${arch}`,
      resized ? originOf('imageSize', places) : name,
      `images must be at least ${smallestSide} x ${smallestSide}`,
    );
  }
  momentsOf(experiment.moments, lengthOf(experiment, train.count).steps, originOf('moments', places));
}

/** Parts of the test set that are larger than it, or of moments that are not taken. */
function refuseParts(experiment: Experiment, testExamples: number, places?: ValueOrigins): void {
  for (const key of ['epochTestSize', 'momentsSize'] as const) {
    const size = experiment[key] ?? 0;
    if (size > testExamples)
      throw new UsageError(
        `${size} is more than the ${counted(testExamples, 'test example')}`,
        originOf(key, places),
        `give at most ${testExamples}`,
      );
  }
  if (experiment.momentsSize !== undefined && experiment.moments === undefined)
    throw new UsageError('no moments are taken', originOf('momentsSize', places), 'add --moments, such as 8:log');
}

/**
 * Held-out classes that leave none to train on, and probes that cannot be drawn.
 *
 * @param counts images of each class, `[classes]`
 */
export function refuseSequences(
  experiment: Experiment,
  { name, train, test }: { readonly name: string; readonly train: Int32Array; readonly test: Int32Array },
  places?: ValueOrigins,
): void {
  const { heldOutClasses = 0, ways } = experiment;
  const classes = train.length;
  const isEmpty = [train, test].some((counts) =>
    counts.slice(0, Math.max(0, classes - heldOutClasses)).every((n) => n === 0),
  );
  if (heldOutClasses > 0 && isEmpty)
    throw new UsageError(
      `${heldOutClasses} held-out classes leave none to train on: ${name} has ${classes}`,
      originOf('heldOutClasses', places),
      classes > 2 ? `give fewer, such as ${Math.max(1, Math.floor(classes / 5))}` : 'leave it out',
    );
  const probes = probesOf(experiment.probe);
  if (ways !== undefined && !probes.some((probe) => probe !== 'in-weights'))
    throw new UsageError(
      'no few-shot probe is taken',
      originOf('ways', places),
      'add --probe few-shot, or leave it out',
    );
  const labels = Int32Array.from(Array.from(test).flatMap((count, label) => new Array<number>(count).fill(label)));
  for (const probe of probes) {
    const refusal = probeRefusal(probe, probeOptions(experiment, labels, classes));
    if (refusal !== undefined) throw new UsageError(refusal.what, originOf(refusal.option, places), refusal.remedy);
  }
}

/** A width that the architecture cannot have. */
export function refuseWidth(experiment: Experiment, width: number, places?: ValueOrigins): void {
  const refusal = families[experiment.arch].refuses?.(width, experiment);
  if (refusal !== undefined) throw new UsageError(refusal.what, originOf('widths', places), refusal.remedy);
}

/** A member whose parameters, gradients and optimiser state alone exceed the machine's memory cannot be trained. */
export function refuseTooLarge(experiment: Experiment, task: Task, places?: ValueOrigins): void {
  const family = families[experiment.arch];
  const { slots } = createOptimizer(experiment);
  const memory = availableMemory();
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
  for (const point of pointsOf(experiment)) {
    const { width } = point;
    const model = family.model(width, taskAt(task, point), experimentAt(experiment, point));
    const parameters = parameterCount(model.parameters);
    const bytes = 4 * parameters * (2 + slots.length);
    if (bytes <= memory) continue;
    throw new UsageError(
      `${width} has ${parameters.toPrecision(3)} parameters, which need at least ${gigabytes(bytes)} of memory; this process may use ${gigabytes(memory)}`,
      originOf('widths', places),
      'give smaller ones',
    );
  }
}
