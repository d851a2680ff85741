/** Members that a forecast predicts: by width, by values on an axis, or imported ones. None of them may exist yet. */
import { scalesOf } from '../../analysis/curves.js';
import { placeOf, type SealedPlace } from '../../analysis/forecast/seal.js';
import { factorKeys, optionOf } from '../../experiment/schema.js';
import { firstOf, lastOf, nth } from '../../machine/present.js';
import { isAtTarget, scalesIn, startedMembers } from '../../runs/forecast-validity.js';
import type { Seal } from '../../runs/forecasts.js';
import { isImported, readImportedMember, type AnyRun, type ImportedRun } from '../../runs/imported.js';
import type { LoadedRun } from '../../runs/opened.js';
import { memberId, type MemberKey, type RunRecord } from '../../runs/record.js';
import { memberFolder, membersOf, readAnyRun, readMemberRecord, readRunRecord } from '../../runs/run.js';
import { UsageError } from '../../terminal/errors.js';
import { trainedRecord } from '../run-and-metrics.js';
import type { ForecastOptions } from './metrics.js';

export interface SealOptions extends ForecastOptions {
  /** Widths of the members to predict, if the lab trains them. */
  readonly widths?: readonly number[] | undefined;
  /** Default: the run's. */
  readonly seeds?: readonly number[] | undefined;
  /** Values on the axis to predict, if it is not the width. */
  readonly scales?: readonly number[] | undefined;
  /** Name of the forecast; default: the run's with a number. */
  readonly name?: string | undefined;
}

/** What is predicted: none of it exists yet, which can be checked again. */
interface Targets extends Pick<Seal, 'targets' | 'seeds'> {
  readonly place: SealedPlace;
  /** Members that nobody may start meanwhile. */
  readonly keys: readonly MemberKey[];
  /** Throws UsageError if a predicted member, or a larger one, exists or was begun by now. */
  readonly refuseKnown: () => Promise<void>;
}

/** Of a family on its axis. Throws UsageError for members that are known or in training. */
export async function targetsOf(family: LoadedRun, options: SealOptions): Promise<Targets> {
  const { record, words } = family;
  if (isImported(record)) return importedTargets({ ...family, record }, options);
  return words.isCoordinate ? scaledTargets({ ...family, record }, options) : widthTargets(family, options);
}

async function widthTargets(family: LoadedRun, options: SealOptions): Promise<Targets> {
  const { folder, members } = family;
  if (options.scales !== undefined)
    throw new UsageError(
      'is for values on an axis',
      '--scales',
      'name the widths to predict with --widths, or give --axis',
    );
  const { widths } = options;
  if (widths === undefined)
    throw new UsageError('is missing', '--widths', 'name the widths to predict, or give --axis and --scales');
  const { memberSizes } = await import('../../training/sizes.js');
  const record = trainedRecord(family, 'they are forecast at --scales');
  if (record.experiment.grid !== undefined)
    throw new UsageError(
      `members of ${record.name} differ in more than width and seed`,
      '--widths',
      'give --axis width and --scales',
    );
  const { seeds = record.experiment.seeds } = options;
  // Where a probe is shown, the record has the number of its answers in place of the classes.
  const targets = memberSizes((await readRunRecord(folder)) ?? record, widths, '--widths');
  const refuseKnown = () => refuseTrained({ folder, record }, widths, seeds);
  await refuseKnown();
  const widest = lastOf(scalesOf(members));
  const known = targets.find(({ parameters }) => parameters <= widest.parameters);
  if (known !== undefined)
    throw new UsageError(
      `${known.width} is not above ${widest.width}, the largest trained width`,
      '--widths',
      'forecasts are for larger members',
    );
  const place = placeOf(undefined, members);
  return { targets, seeds: [...seeds], place, keys: keysOf(record, widths, seeds), refuseKnown };
}

/** Of trained members, over an axis other than the width. */
async function scaledTargets(
  { folder, record, words: { scale: axis }, members }: LoadedRun & { readonly record: RunRecord },
  { widths, scales, seeds = record.experiment.seeds }: SealOptions,
): Promise<Targets> {
  if (axis === 'loss')
    throw new UsageError('the loss of a member is known only when it is trained', '--axis', 'give another one');
  if (widths !== undefined)
    throw new UsageError(`the curves are over ${axis}`, '--widths', `name values of ${axis} with --scales`);
  const asked = scalesAsked(scales, axis);
  const { refuseFactorValues } = await import('../../training/sizes.js');
  refuseFactorValues(record, axis, asked, '--scales');
  const place = { ...placeOf(axis, members), axis };
  const largest = lastOf(scalesOf(members)).width;
  const small = asked.find((scale) => scale < largest || isAtTarget(scale, largest));
  if (small !== undefined)
    throw new UsageError(
      `${small} is not above ${largest}, the largest known value of ${axis}`,
      '--scales',
      `name values more than 1 % above it`,
    );
  refuseFar(asked, largest, axis);
  const smallest = firstOf(asked);
  // Also members in training, which are not known.
  const refuseKnown = async () => {
    for (const member of await startedMembers(folder, (await readRunRecord(folder)) ?? record)) {
      const at = scalesIn(record, member, place).find((scale) => scale > smallest || isAtTarget(scale, smallest));
      if (at !== undefined)
        throw new UsageError(
          `${member.id} with ${axis} ${at} has started, and a forecast is for larger members`,
          '--scales',
          'name values more than 1 % above it',
        );
    }
  };
  await refuseKnown();
  const targets = asked.map((scale) => ({ width: scale, parameters: scale }));
  const started = new Set((await startedMembers(folder, record)).map(({ id }) => id));
  const keys = membersOf(record.experiment).filter((key) => !started.has(memberId(key)));
  return { targets, seeds: [...seeds], place, keys, refuseKnown };
}

/** No curve says anything about a scale this many times the largest known one: it is a slip of the keyboard. */
const farthest = 1e6;

/** @param asked ascending */
function refuseFar(asked: readonly number[], largest: number, axis: string): void {
  const far = asked.find((scale) => scale > farthest * largest);
  if (far !== undefined)
    throw new UsageError(
      `${far} is more than a million times ${largest}, the largest known value of ${axis}`,
      '--scales',
      'name values nearer to it',
    );
}

/** Ascending. */
function scalesAsked(scales: readonly number[] | undefined, axis: string): readonly number[] {
  if (scales === undefined)
    throw new UsageError('is missing', '--scales', `name the values of ${axis} to predict, such as 2.8e9,6.9e9`);
  const ascending = scales.toSorted((a, b) => a - b);
  const close = ascending.find((scale, i) => i > 0 && isAtTarget(scale, nth(ascending, i - 1)));
  if (close !== undefined)
    throw new UsageError(`${close} is within 1 % of the one before it`, '--scales', 'a member could belong to either');
  return ascending;
}

async function importedTargets(
  { folder, record, words: { axis }, members }: LoadedRun & { readonly record: ImportedRun },
  { widths, seeds, scales }: SealOptions,
): Promise<Targets> {
  for (const [flag, value] of [
    ['--widths', widths],
    ['--seeds', seeds],
  ] as const)
    if (value !== undefined)
      throw new UsageError(
        `${record.name} has imported members, which have no ${flag.slice(2)}`,
        flag,
        `name values of ${axis} with --scales`,
      );
  const asked = scalesAsked(scales, axis);
  const refuseKnown = () => refuseImported({ folder, record, axis }, asked);
  await refuseKnown();
  refuseFar(asked, lastOf(scalesOf(members)).width, axis);
  const targets = asked.map((scale) => ({ width: scale, parameters: scale }));
  return { targets, seeds: [], place: { axis }, keys: [], refuseKnown };
}

/**
 * Members that are already imported, at this scale or a larger one, cannot be predicted. Throws UsageError; RunError if that is
 * unknown.
 */
async function refuseImported(
  { folder, record, axis }: { readonly folder: string; readonly record: ImportedRun; readonly axis: string },
  scales: readonly number[],
): Promise<void> {
  const smallest = firstOf(scales);
  const now = await readAnyRun(folder);
  for (const id of now !== undefined && isImported(now) ? now.members : record.members) {
    const { name, coordinates } = await readImportedMember(folder, id, record);
    const at = coordinates[axis] ?? 0;
    if (at < smallest && !isAtTarget(at, smallest)) continue;
    throw new UsageError(
      `${name} with ${axis} ${at} is already imported, and a forecast is for larger members`,
      '--scales',
      `name values more than 1 % above it`,
    );
  }
}

/** Members that are trained or being trained cannot be predicted. Throws UsageError. */
async function refuseTrained(
  { folder, record }: { readonly folder: string; readonly record: RunRecord },
  widths: readonly number[],
  seeds: readonly number[],
) {
  for (const key of keysOf(record, widths, seeds)) {
    const found = await readMemberRecord(memberFolder(folder, key));
    if (found === undefined) continue;
    const what = found.status === 'complete' ? 'is already trained' : 'is already being trained';
    throw new UsageError(`${memberId(key)} ${what}`, '--widths', 'choose members that have not started');
  }
}

function keysOf({ experiment: { arch } }: RunRecord, widths: readonly number[], seeds: readonly number[]): MemberKey[] {
  return widths.flatMap((width) => seeds.map((seed) => ({ arch, width, seed })));
}

/** The command that makes the members that a seal predicts; in capitals what it leaves open. */
export function afterSeal({ axis = 'width', run, targets }: Seal, record: AnyRun): string {
  if (isImported(record)) return `import FORMAT FILES --run ${run} --add`;
  const scales = targets.map(({ width }) => width);
  if (axis === 'width') return `train --run ${run} --widths ${scales.join(',')}`;
  const { experiment } = record;
  const factor = factorKeys.find((key) => key === axis);
  // A run that has one value of a factor is extended by a list with that value.
  const own = factor && experiment.grid?.[factor] === undefined ? [experiment[factor]] : [];
  if (factor === undefined || own.includes(undefined)) return `train --run ${run} OPTIONS`;
  return `train --run ${run} --${optionOf(factor)} ${[...own, ...scales].join(',')}`;
}
