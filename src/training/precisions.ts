/**
 * The choice of `--precision auto` for each member: bfloat16 if the processor has instructions for it and a pilot of
 * both shows the same losses in less time, otherwise float32. Chosen once, on the machine that starts the run, and
 * recorded in run.json, so that a resumed member continues in the same bits. Members with equal steps share a choice,
 * so that a curve over lengths or training sets is not one over precisions, and a large family needs few pilots.
 */
import { readFileSync } from 'node:fs';
import { greatest, rollup } from 'd3-array';
import type { Runtime } from '../install/runtime.js';
import { memberId, type MemberKey, type PrecisionChoice, type PrecisionPilot, type RunRecord } from '../runs/record.js';
import { sizeOfStep } from '../runs/step-size.js';
import { present } from '../machine/present.js';
import { formatNumber } from '../terminal/format.js';

/** Least gain that is worth rounding to 8 bits: the median of a pilot's pairs is accurate to a few per cent. */
const leastSpeedup = 1.1;
/** Largest difference of the losses of both over the same steps; another seed's differ by more. */
const mostDifference = 0.02;
/** A pilot is some 60 steps and the start of a process: for a shorter training it would take more than it can save. */
const leastTraining = 500;

/** By the pilot, which has to be there where processor and length ask for one. */
export function choiceOf(pilot: PrecisionPilot): PrecisionChoice {
  const { speedup, lossDifference } = pilot;
  const isSame = lossDifference !== null && lossDifference <= mostDifference;
  return { precision: isSame && speedup >= leastSpeedup ? 'bfloat16' : 'float32', because: 'pilot', pilot };
}

/** Why no pilot is needed; undefined if one is. */
export function withoutPilot(
  device: Runtime['device']['kind'],
  steps: number,
  hasInstructions = hasBfloat16(),
): PrecisionChoice | undefined {
  // What a GPU gains by it was not measured in pilots.
  if (device === 'gpu') return { precision: 'float32', because: 'gpu' };
  if (!hasInstructions) return { precision: 'float32', because: 'processor' };
  if (steps < leastTraining) return { precision: 'float32', because: 'length' };
  return undefined;
}

/** Whether Linux reports that the processor multiplies bfloat16; elsewhere this is unknown, and false. */
export function hasBfloat16(file = '/proc/cpuinfo'): boolean {
  try {
    const [flags = ''] = /^flags\s*:.*$/m.exec(readFileSync(file, 'utf8')) ?? [];
    return /\b(avx512_bf16|amx_bf16)\b/.test(flags);
  } catch {
    return false; // not Linux
  }
}

export interface PrecisionContext {
  readonly record: Pick<RunRecord, 'precisions'> | undefined;
  readonly device: Runtime['device']['kind'];
  /** Whether the processor supports bfloat16; default: whether this machine's does. */
  readonly hasInstructions?: boolean;
  readonly stepsOf: (key: MemberKey) => number;
  readonly pilotOf: (key: MemberKey) => Promise<PrecisionPilot>;
  /** Called with each choice that is made now. */
  readonly note: (line: string) => void;
}

/**
 * The choices for missing members, by id: as recorded, as for a member with equal steps, or made now, for the longest
 * of them.
 */
export async function choosePrecisions(
  missing: readonly MemberKey[],
  all: readonly MemberKey[],
  { record, device, hasInstructions, stepsOf, pilotOf, note }: PrecisionContext,
): Promise<Record<string, PrecisionChoice>> {
  const known = new Map<string, PrecisionChoice>();
  for (const key of all) {
    const recorded = record?.precisions?.[memberId(key)];
    if (recorded !== undefined) known.set(sizeOfStep(key), recorded);
  }
  const longest = rollup(missing, (keys) => present(greatest(keys, (key) => stepsOf(key))), sizeOfStep);
  const chosen: Record<string, PrecisionChoice> = {};
  for (const key of missing) {
    const step = sizeOfStep(key);
    let choice = record?.precisions?.[memberId(key)] ?? known.get(step);
    if (choice === undefined) {
      const tried = present(longest.get(step));
      choice = withoutPilot(device, stepsOf(tried), hasInstructions) ?? choiceOf(await pilotOf(tried));
      note(`--precision auto: ${memberId(tried)} in ${choiceText(choice)}`);
      known.set(step, choice);
    }
    chosen[memberId(key)] = choice;
  }
  return chosen;
}

const reasons = {
  processor: 'the processor has no instructions for bfloat16',
  gpu: 'on GPUs bfloat16 is chosen by hand: --precision bfloat16',
  length: `fewer than ${leastTraining} steps, too short for a pilot`,
} as const;

/** `bfloat16: 1.43 times float32's speed, losses within 0.3 % over 40 steps`. */
export function choiceText({ precision, because, pilot }: PrecisionChoice): string {
  if (because !== 'pilot') return `${precision}: ${reasons[because]}`;
  if (pilot === undefined) return precision;
  const { steps, speedup, lossDifference } = pilot;
  const losses = lossDifference === null ? 'one diverged' : `losses within ${formatNumber(100 * lossDifference, 2)} %`;
  const isSlow = lossDifference !== null && lossDifference <= mostDifference && speedup < leastSpeedup;
  const asked = isSlow ? `, less than the required ${leastSpeedup} times` : '';
  // A speedup of 1.099 would be shown as 1.1 with fewer digits.
  const times = formatNumber(speedup, Math.abs(speedup - leastSpeedup) < 0.005 ? 5 : 3);
  return `${precision}: bfloat16 has ${times} times float32's speed${asked}, ${losses} over ${steps} steps`;
}
