/** Which members are trained as one program. */
import { group } from 'd3-array';
import type { Architecture } from '../experiment/architectures.js';
import { gpuSpeed, secondsPerStep } from '../experiment/step-seconds.js';
import { memberId, type MemberKey, type RunRecord } from '../runs/record.js';
import { RunError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';

/**
 * The missing members, each in one list: together with those that a run's record has in the same stack; alone if the
 * record says so; and others with those that differ only in seed and learning rate, at most `sizeFor` these.
 *
 * @param missing in the run's order
 * @throws RunError for a recorded stack that nobody can have started
 */
export function stacksOf(
  missing: readonly MemberKey[],
  record: Pick<RunRecord, 'stacks' | 'threads'> | undefined,
  sizeFor: (alike: readonly MemberKey[]) => number,
): MemberKey[][] {
  const recorded = new Map((record?.stacks ?? []).flatMap((ids, i) => ids.map((id) => [id, i] as const)));
  const begun = (key: MemberKey) => record?.threads[memberId(key)] !== undefined;
  const together = group(
    missing.filter((key) => recorded.has(memberId(key))),
    (key) => recorded.get(memberId(key)),
  );
  const mixed = [...together.values()].find((keys) => new Set(keys.map(alikeExceptSeedAndRate)).size > 1);
  if (mixed !== undefined)
    throw new RunError(
      `has a stack of ${condensed(mixed.map(memberId))}, which differ in more than seed and learning rate`,
      'run.json',
      'restore it from a copy',
    );
  const single = missing.filter((key) => !recorded.has(memberId(key)) && begun(key));
  const alike = group(
    missing.filter((key) => !begun(key)),
    alikeExceptSeedAndRate,
  );
  return [
    ...together.values(),
    ...single.map((key) => [key]),
    ...[...alike.values()].flatMap((keys) => chunksOf(keys, sizeFor(keys))),
  ];
}

/** The same text for members that differ only in those. */
function alikeExceptSeedAndRate({ arch, width, factors = {} }: MemberKey): string {
  const others = Object.entries(factors).filter(([name]) => name !== 'learningRate');
  return JSON.stringify([arch, width, others.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** As evenly as possible: 10 by at most 4 are 4, 3 and 3. */
function chunksOf<T>(list: readonly T[], size: number): T[][] {
  const count = Math.ceil(list.length / size);
  const start = (i: number) => Math.ceil((i * list.length) / count);
  return Array.from({ length: count }, (_, i) => list.slice(start(i), start(i + 1)));
}

/**
 * Speed of a stack's steps on a CPU, relative to training its members one after the other (docs/gpu.md). Convolutions
 * become patches, and products of a batch of small matrices are slow.
 */
export const stackedSpeed: Readonly<Record<Architecture, number>> = { autoencoder: 0.85, cnn: 0.15, transformer: 0.16 };

/** What a stack saves for each further member: data that are read once, and one compilation (docs/gpu.md). */
const memberSeconds = 0.35;

/** Members of a stack on a CPU: more were not measured. */
const mostOnCpu = 8;
const mostOnGpu = 64;

/** What `--stack auto` decides by. */
export interface StackCost {
  readonly arch: Architecture;
  /** Of one member. */
  readonly flopsPerStep: number;
  readonly steps: number;
  readonly parameters: number;
  /** Pixels of a batch's images, times their channels. */
  readonly batchPixels: number;
}

/**
 * How many alike members `--stack auto` trains as one program. On a CPU autoencoders, if what is done once takes longer
 * than the slower steps: it was measured for them alone. On a GPU as many as fit into the share of the memory that a
 * worker gets.
 *
 * @param each members for each core, if they are spread evenly
 */
export function automaticStack(
  count: number,
  cost: StackCost,
  {
    device,
    each,
    gpuMemoryBytes = 0,
  }: { readonly device: 'cpu' | 'gpu'; readonly each: number; readonly gpuMemoryBytes?: number | undefined },
): number {
  if (device === 'gpu') {
    const size = Math.floor(gpuMemoryBytes / (2 * gpuSpeed.jobs) / stackedBytes(cost));
    return Math.max(1, Math.min(count, size, mostOnGpu));
  }
  const size = Math.max(1, Math.min(count, each, mostOnCpu));
  const slower = (1 / stackedSpeed[cost.arch] - 1) * cost.steps * secondsPerStep(cost, 1);
  const pays = cost.arch === 'autoencoder' && size * slower < (size - 1) * memberSeconds;
  return pays ? size : 1;
}

/**
 * Upper estimate of a stacked member's memory: parameters, gradients and slots, in the loop and outside it;
 * activations, and the patches of convolutions, of which two bytes for each operation are more than there are from one
 * channel on.
 */
function stackedBytes({ flopsPerStep, parameters, batchPixels }: StackCost): number {
  return 4 * 8 * parameters + 2 * flopsPerStep + 4 * 16 * batchPixels;
}
